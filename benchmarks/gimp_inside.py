"""Runs inside GIMP for `benchmarks.gimp`: both mattings in turn, and how long each took."""

import json
import os
import time
from pathlib import Path

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")

from gi.repository import Gegl, Gimp, Gio  # noqa: E402

FOLDER = Path(os.environ["HYBRIDBG_CASES"])


def read(drawable, label):
    """Write 8-bit numbers of a mask or selection into a file."""
    whole = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    data = drawable.get_buffer().get(whole, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    (FOLDER / label).write_bytes(data)


def compare(name):
    """Return seconds of both on one picture; they take turns in who is first."""
    mode = Gimp.RunMode.NONINTERACTIVE
    image = Gimp.file_load(mode, Gio.File.new_for_path(str(FOLDER / f"{name}.png")))
    layer = image.get_layers()[0]
    trimap = Gimp.file_load_layer(
        mode, image, Gio.File.new_for_path(str(FOLDER / f"{name}.trimap.png"))
    )
    image.insert_layer(trimap, None, 0)
    seconds = {}

    def theirs():
        Gimp.Selection.none(image)
        began = time.perf_counter()
        done = layer.foreground_extract(Gimp.ForegroundExtractMode.MATTING, trimap)
        seconds["gimp"] = time.perf_counter() - began
        if not done:
            raise RuntimeError("gimp-drawable-foreground-extract failed")
        read(image.get_selection(), f"{name}.gimp")

    def ours():
        Gimp.Selection.none(image)
        procedure = Gimp.get_pdb().lookup_procedure("plug-in-hybridbg-refine")
        config = procedure.create_config()
        config.set_property("image", image)
        config.set_core_object_array("drawables", [layer])
        config.set_property("source", "trimap")
        config.set_property("trimap", trimap)
        began = time.perf_counter()
        status = procedure.run(config).index(0)
        seconds["ours"] = time.perf_counter() - began
        if status != Gimp.PDBStatusType.SUCCESS:
            raise RuntimeError(Gimp.get_pdb().get_last_error())
        read(layer.get_mask(), f"{name}.ours")

    for run in (ours, theirs) if sum(name.encode()) % 2 else (theirs, ours):
        run()
    image.delete()
    return seconds


def main():
    """Work off the pictures; the first is seen once before, so that nothing is loaded in it."""
    cases = json.loads((FOLDER / "bench.json").read_text())
    compare(cases[0]["name"])
    results = {case["name"]: compare(case["name"]) for case in cases}
    (FOLDER / "bench.results.json").write_text(json.dumps(results))


main()
