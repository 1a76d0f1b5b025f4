"""Runs inside GIMP for `benchmarks.gimp`: the mattings in turn, and how long each took.

"theirs" is what GIMP's own tools call; "fully" the same operation at the picture's own resolution,
which no tool or procedure of GIMP offers: the operation of GEGL is called itself.
"""

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


def compare(name, full):
    """Return seconds of each on one picture; ours and GIMP's take turns in who is first."""
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

    def fully():
        graph = Gegl.Node()
        sources = [graph.create_child("gegl:buffer-source") for _ in range(2)]
        for source, drawable in zip(sources, (layer, trimap), strict=True):
            source.set_property("buffer", drawable.get_buffer())
        matting = graph.create_child("gegl:matting-levin")
        matting.set_property("levels", 0)
        sources[0].link(matting)
        sources[1].connect_to("output", matting, "aux")
        whole = layer.get_buffer().get_extent()
        written = Gegl.Buffer.new("Y float", 0, 0, whole.width, whole.height)
        sink = graph.create_child("gegl:write-buffer")
        sink.set_property("buffer", written)
        matting.link(sink)
        began = time.perf_counter()
        sink.process()
        seconds["full"] = time.perf_counter() - began
        data = written.get(whole, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
        (FOLDER / f"{name}.full").write_bytes(data)

    for run in (ours, theirs) if sum(name.encode()) % 2 else (theirs, ours):
        run()
    if full:
        fully()
    image.delete()
    return seconds


def main():
    """Work off the pictures; the first is seen once before, so that nothing is loaded in it."""
    cases = json.loads((FOLDER / "bench.json").read_text())
    Gegl.init(None)
    compare(**cases[0])
    results = {case["name"]: compare(**case) for case in cases}
    (FOLDER / "bench.results.json").write_text(json.dumps(results))


main()
