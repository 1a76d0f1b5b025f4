"""Names for the array types that cross function borders, and for what counts as an image.

Arrays are C-contiguous and in (row, column, channel) order; channels are red, green, blue.
`ImageLike` is what every public function accepts where it says "image".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import PIL.Image

    from hybridbg.core.image import Image

__all__ = [
    "BoolArray",
    "ByteArray",
    "ColourLike",
    "Encoding",
    "FloatArray",
    "ImageLike",
    "PixelArray",
    "Rect",
    "Shape",
]

FloatArray: TypeAlias = NDArray[np.float32]
ByteArray: TypeAlias = NDArray[np.uint8]
BoolArray: TypeAlias = NDArray[np.bool_]
PixelArray: TypeAlias = NDArray[np.uint8 | np.uint16 | np.float32]
"""Pixels as files hold them: uint8, uint16, or float32 in [0, 1]."""

Encoding: TypeAlias = Literal["srgb", "linear", "icc"]
"""How numbers stand for light: sRGB-coded, linear light with sRGB primaries, or an ICC profile."""

Shape: TypeAlias = tuple[int, int]
"""(rows, columns)."""

Rect: TypeAlias = tuple[int, int, int, int]
"""(top, left, bottom, right) in pixels, half-open: bottom and right are one past the last."""

ColourLike: TypeAlias = "str | tuple[float, float, float] | list[float] | NDArray[Any]"
"""A colour: "#rrggbb", a CSS name, three integers 0..255, or three floats in [0, 1]."""

ImageLike: TypeAlias = "str | os.PathLike[str] | PIL.Image.Image | NDArray[Any] | Image"
"""A path, a PIL image, an array, or an `hybridbg.core.image.Image`."""
