"""Pictures in and out: PNG, JPEG, WebP, TIFF and OpenEXR, with their depth, encoding and metadata.

`load` and `save` are the two verbs; `encode` gives the bytes without writing them. `as_image`,
`as_grey`, `as_hint` and `as_scribbles` take whatever a public function was handed (path, "-", PIL
image, array).
"""

from __future__ import annotations

from hybridbg.io.files import remove_leftovers, write_bytes
from hybridbg.io.limits import DEFAULT_MAX_PIXELS, MAX_PIXELS_VARIABLE
from hybridbg.io.reader import READABLE, load, readable
from hybridbg.io.sources import as_colour_or_image, as_grey, as_hint, as_image, as_scribbles
from hybridbg.io.writer import FORMATS, check_target, encode, format_of, save

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "FORMATS",
    "MAX_PIXELS_VARIABLE",
    "READABLE",
    "as_colour_or_image",
    "as_grey",
    "as_hint",
    "as_image",
    "as_scribbles",
    "check_target",
    "encode",
    "format_of",
    "load",
    "readable",
    "remove_leftovers",
    "save",
    "write_bytes",
]
