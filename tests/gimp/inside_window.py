"""Runs inside a GIMP with a window and answers what the tests ask, until GIMP ends."""

import hashlib
import json
import os
import time
from pathlib import Path

FOLDER = Path(os.environ["HYBRIDBG_CASES"])
source = (FOLDER / "inside.py").read_text().replace("\nmain()\n", "\n")
exec(compile(source, "inside.py", "exec"))  # noqa: S102 - its functions, for the questions


def workers():
    """Count the worker's processes."""
    lines = [Path(path, "cmdline") for path in Path("/proc").glob("[0-9]*")]
    return sum("hybridbg.worker" in _text(line) for line in lines)


def _text(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def layers():
    """Describe the open image's layers: name, has a mask, visible, has alpha."""
    return [
        [layer.get_name(), layer.get_mask() is not None, layer.get_visible(), layer.has_alpha()]
        for layer in Gimp.get_images()[0].get_layers()  # noqa: F821 - from inside.py
    ]


def pixels(layer):
    """Return a digest of a layer's pixels."""
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())  # noqa: F821
    data = layer.get_buffer().get(whole, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE)  # noqa: F821
    return hashlib.sha256(data).hexdigest()


def opacity(column, row):
    """Return the alpha of a pixel of the topmost layer."""
    layer = Gimp.get_images()[0].get_layers()[0]  # noqa: F821 - from inside.py
    return layer.get_pixel(column, row).get_rgba()[-1]


def copied():
    """Return the text that was copied last, whoever did."""
    gi.require_version("Gtk", "3.0")  # noqa: F821
    from gi.repository import Gdk, Gtk

    Gtk.init()
    return Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text()


def serve():
    """Answer questions one after the other."""
    number = 0
    while True:
        number += 1
        question = FOLDER / f"ask-{number}"
        while not question.exists():
            time.sleep(0.1)
        images = Gimp.get_images()  # noqa: F821 - from inside.py
        scope = {**globals(), "image": images[0] if images else None}
        try:
            answer = eval(question.read_text(), scope)  # noqa: S307 - the tests' own words
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        draft = FOLDER / f"ask-{number}.half"
        draft.write_text(json.dumps(answer))
        draft.rename(FOLDER / f"ask-{number}.answer")


serve()
