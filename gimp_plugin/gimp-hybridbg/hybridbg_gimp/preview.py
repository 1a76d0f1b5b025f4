"""A small picture of what will happen, made by the worker of a small copy of the layer."""

import traceback

from gi.repository import GdkPixbuf, GLib, Gtk

from hybridbg_gimp.layers import Unusable
from hybridbg_gimp.requests import request_for
from hybridbg_gimp.texts import _
from hybridbg_gimp.worker import WorkerError

__all__ = ["Preview"]

_SIDE = 360
"""Pixels of the preview's long side."""

_POLL_MS = 80
_SQUARE = 16
_LIGHT, _DARK = 0xFFCCCCCC, 0xFF999999


class Preview:
    """A preview that follows the dialog.

    Parameters
    ----------
    action, image, layer, config, worker
        As for `requests.request_for`.

    Attributes
    ----------
    widget : Gtk.Widget
    """

    def __init__(self, action, image, layer, config, worker):
        self._what = (action, image, layer, config)
        self._worker = worker
        self._number = None
        self._timer = 0
        self._scale = min(1.0, _SIDE / max(layer.get_width(), layer.get_height()))
        self._picture = Gtk.Image()
        self._picture.set_size_request(-1, round(layer.get_height() * self._scale))
        self._caption = Gtk.Label(wrap=True, max_width_chars=52)
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=4)
        self.widget.pack_start(self._picture, True, True, 0)
        self.widget.pack_start(self._caption, False, False, 0)

    def start(self):
        """Make the preview anew; the one that is being made is given up."""
        self._worker_forget()
        try:
            action = self._what[0]
            want = ["trimap"] if action.outputs == ("trimap",) else ["layer"]
            request = request_for(*self._what, scale=self._scale, want=want)
            self._number = self._worker.begin(request.action, request.arrays, **request.header)
        except (Unusable, WorkerError) as error:
            self._say(str(error))
            return
        except Exception as error:  # GTK would swallow it: the layer may be gone
            self._fail(error)
            return
        self._say(_("Looking..."))
        if not self._timer:
            self._timer = GLib.timeout_add(_POLL_MS, self._poll)

    def stop(self):
        """Give up, and leave the worker to others."""
        self._worker_forget()
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0

    def _worker_forget(self):
        if self._number is not None:
            self._worker.cancel()
            self._number = None

    def _poll(self):
        try:
            while frame := self._worker.poll():
                if frame.header.get("id") == self._number:
                    self._hear(frame)
        except WorkerError as error:
            self._say(str(error))
            self._number = None
        except Exception as error:  # GTK would swallow it, and the caption promise a picture
            self._fail(error)
            self._number = None
        if self._number is None:
            self._timer = 0
            return False
        return True

    def _hear(self, frame):
        kind = frame.header["type"]
        if kind == "error":
            self._say(f"{frame.header['message']}\n{_(frame.header['hint'])}".strip())
        elif kind == "result":
            self._picture.set_from_pixbuf(_picture_of(frame.arrays))
            self._say(_("Preview of a small copy"))
        if kind in ("error", "result"):
            self._number = None

    def _fail(self, error):
        traceback.print_exc()
        self._say(f"{type(error).__name__}: {error}")

    def _say(self, text):
        self._caption.set_text(text)


def _picture_of(arrays):
    if "trimap" in arrays:
        _dtype, (height, width), data = arrays["trimap"]
        grey = b"".join(bytes((value,)) * 3 for value in data)
        return _pixbuf(grey, width, height, alpha=False)
    _dtype, (height, width, channels), data = arrays["layer"]
    cutout = _pixbuf(data, width, height, alpha=channels == 4)
    return cutout.composite_color_simple(
        width, height, GdkPixbuf.InterpType.NEAREST, 255, _SQUARE, _LIGHT, _DARK
    )


def _pixbuf(data, width, height, *, alpha):
    return GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(data),
        GdkPixbuf.Colorspace.RGB,
        alpha,
        8,
        width,
        height,
        width * (4 if alpha else 3),
    )
