"""Runs inside GIMP: makes images as a list of cases says, calls the plug-in, writes down what came.

GIMP's own Python runs this file, with the standard library alone. It reads ``cases.json`` in its
folder and writes ``results.json`` and, for everything with pixels, raw bytes beside it.
"""

import json
import os
import time
from contextlib import contextmanager
from pathlib import Path

import gi

gi.require_version("Babl", "0.1")
gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")

from gi.repository import Babl, Gegl, Gimp  # noqa: E402

FOLDER = Path(os.environ["HYBRIDBG_CASES"])

LARGE = 2**26
"""Pixels up to which a drawable is written down whole; of others a small copy is."""


def main():
    """Work off all cases."""
    Gegl.init(None)  # without it a small copy of a drawable is black
    cases = json.loads((FOLDER / "cases.json").read_text())
    results = {}
    for case in cases:
        before = time.time()
        try:
            results[case["name"]] = run(case)
        except Exception as error:  # told to the tests, which fail
            results[case["name"]] = {"crash": f"{type(error).__name__}: {error}"}
        results[case["name"]]["seconds"] = round(time.time() - before, 3)
    (FOLDER / "results.json").write_text(json.dumps(results))


def run(case):
    """Make the image of a case, call the procedure, and describe the image afterwards."""
    image, layers = make_image(case["image"])
    with recorded(case):
        return worked_on(case, image, layers)


@contextmanager
def recorded(case):
    """Let the plug-in know another worker for as long as a case lasts."""
    if "worker" not in case:
        yield
        return
    record = Path(Gimp.directory()) / "plug-ins/gimp-hybridbg/worker.json"
    kept = record.read_text()
    if case["worker"] is None:
        record.unlink()
    elif isinstance(case["worker"], str):
        record.write_text(case["worker"])
    else:
        python = json.loads(kept)["command"][0]
        words = [python if word == "python" else word for word in case["worker"]]
        record.write_text(json.dumps({"command": words, "version": "other"}))
    try:
        yield
    finally:
        record.write_text(kept)


def worked_on(case, image, layers):
    """Call the procedure, and describe the image afterwards."""
    work_on = [layers[name] for name in case.get("layers", ["layer"])]
    if case.get("edit_mask"):
        work_on = [layer.get_mask() for layer in work_on]
    before = Gimp.Selection.bounds(image)[1:]
    selection = image.get_selection()
    save(selection, Babl.get_name(selection.get_format()), case["name"] + ".before")
    answer = call(case, image, work_on, layers)
    answer["selection_before"] = list(before)
    answer["image"] = describe(case["name"], image)
    answer["base"] = image.get_base_type().value_nick
    answer["channels"] = [channel.get_name() for channel in image.get_channels()]
    answer["selected"] = [layer.get_name() for layer in image.get_selected_layers()]
    image.delete()
    return answer


def call(case, image, layers, named):
    """Call the procedure from Python."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-hybridbg-" + case["action"])
    config = procedure.create_config()
    mode = case.get("run_mode", "noninteractive")
    config.set_property("run-mode", getattr(Gimp.RunMode, mode.upper().replace("-", "_")))
    config.set_property("image", image)
    config.set_core_object_array("drawables", layers)
    for name, value in case.get("arguments", {}).items():
        if name == "trimap":
            value = named[value]  # noqa: PLW2901
        elif name == "screen-colour":
            value = Gegl.Color.new(value)  # noqa: PLW2901
        config.set_property(name, value)
    values = procedure.run(config)
    status = values.index(0)
    answer = {"status": status.value_nick}
    if status == Gimp.PDBStatusType.SUCCESS:
        answer["report"] = json.loads(values.index(1))
    else:
        answer["error"] = Gimp.get_pdb().get_last_error()
    return answer


def make_image(description):
    """Make an image with the layers that are described; return it and everything named."""
    base = getattr(Gimp.ImageBaseType, description.get("base", "rgb").upper())
    width, height = description["size"]
    precision = description.get("precision", "u8-non-linear").upper().replace("-", "_")
    image = Gimp.Image.new_with_precision(width, height, base, getattr(Gimp.Precision, precision))
    if description.get("profile"):
        data = (FOLDER / description["profile"]).read_bytes()
        image.set_color_profile(Gimp.ColorProfile.new_from_icc_profile(data))
    named = {}
    for part in description["layers"]:
        add_layer(image, named, part)
    for part in description["layers"]:  # a locked group takes no layers
        named[part["name"]].set_lock_content(part.get("locked", False))
    selection = description.get("selection")
    if selection:
        left, top, right, bottom = selection
        image.select_rectangle(Gimp.ChannelOps.REPLACE, left, top, right - left, bottom - top)
    if description.get("feather"):
        Gimp.Selection.feather(image, description["feather"])
    for name, pixels in description.get("channels", {}).items():
        channel = Gimp.Channel.new(image, name, width, height, 50, Gegl.Color.new("black"))
        image.insert_channel(channel, None, 0)
        fill(channel, Babl.get_name(channel.get_format()), pixels)
        named[name] = channel
    if description.get("indexed"):
        image.convert_indexed(
            Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, ""
        )
    return image, named


def add_layer(image, named, part):
    """Add one layer, group or painted trimap."""
    parent = named.get(part.get("parent"))
    if part.get("group"):
        layer = Gimp.GroupLayer.new(image, part["name"])
        image.insert_layer(layer, parent, 0)
        named[part["name"]] = layer
        return
    width, height = part["size"]
    grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kinds = {
        (False, False): Gimp.ImageType.RGB_IMAGE,
        (False, True): Gimp.ImageType.RGBA_IMAGE,
        (True, False): Gimp.ImageType.GRAY_IMAGE,
        (True, True): Gimp.ImageType.GRAYA_IMAGE,
    }
    kind = kinds[grey, part.get("alpha", False)]
    layer = Gimp.Layer.new(image, part["name"], width, height, kind, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, parent, 0)
    layer.set_offsets(*part.get("offset", (0, 0)))
    layer.set_opacity(part.get("opacity", 100))
    if part["pixels"] == "white":
        layer.fill(Gimp.FillType.WHITE)
    else:
        fill(layer, part.get("format") or Babl.get_name(layer.get_format()), part["pixels"])
    if part.get("mask"):
        mask = layer.create_mask(Gimp.AddMaskType.WHITE)
        layer.add_mask(mask)
        fill(mask, "Y u8", part["mask"])
    named[part["name"]] = layer


def fill(drawable, format_name, pixels):
    """Write a file's bytes into a drawable."""
    whole = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    buffer = drawable.get_buffer()
    buffer.set(whole, format_name, (FOLDER / pixels).read_bytes())
    buffer.flush()
    drawable.update(0, 0, whole.width, whole.height)


def describe(case, image):
    """Describe an image; pixels go into files."""
    told = []
    stack = [(layer, "") for layer in image.get_layers()]
    while stack:
        layer, parent = stack.pop(0)
        entry = {
            "name": layer.get_name(),
            "parent": parent,
            "size": [layer.get_width(), layer.get_height()],
            "offset": list(layer.get_offsets()[1:]),
            "opacity": layer.get_opacity(),
            "visible": layer.get_visible(),
            "alpha": layer.has_alpha(),
            "mask": None,
            "format": Babl.get_name(layer.get_format()),
        }
        label = f"{case}.{len(told)}"
        if layer.is_group():
            stack = [(child, layer.get_name()) for child in layer.get_children()] + stack
        else:
            entry["pixels"] = save(layer, entry["format"], label)
        mask = layer.get_mask()
        if mask is not None:
            entry["mask"] = save(mask, Babl.get_name(mask.get_format()), label + ".mask")
            entry["mask_format"] = Babl.get_name(mask.get_format())
        told.append(entry)
    selection = image.get_selection()
    return {
        "layers": told,
        "bounds": list(Gimp.Selection.bounds(image)[1:]),
        "selection": save(selection, Babl.get_name(selection.get_format()), f"{case}.selection"),
        "size": [image.get_width(), image.get_height()],
    }


def save(drawable, format_name, label):
    """Write a drawable's bytes into a file and return its name."""
    width, height = drawable.get_width(), drawable.get_height()
    scale = 1.0 if width * height <= LARGE else 1 / 16
    whole = Gegl.Rectangle.new(0, 0, round(width * scale), round(height * scale))
    data = drawable.get_buffer().get(whole, scale, format_name, Gegl.AbyssPolicy.NONE)
    (FOLDER / label).write_bytes(data)
    return label


main()
