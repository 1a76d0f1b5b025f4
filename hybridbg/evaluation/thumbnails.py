"""Small pictures for the report: a picture, or a cut-out on a checkerboard, as JPEG.

They are for looking at: colours are mixed as sRGB codes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np

from hybridbg.core.compositing import checkerboard
from hybridbg.core.image import as_float
from hybridbg.core.resample import fit_inside, resample

if TYPE_CHECKING:
    from hybridbg.core.types import ByteArray, FloatArray

__all__ = ["LONG_SIDE", "draw"]

LONG_SIDE: Final = 240
_SQUARE: Final = 8
_QUALITY: Final = 80


def draw(colours: ByteArray | FloatArray, alpha: FloatArray | None) -> bytes:
    """Draw a small picture.

    Parameters
    ----------
    colours : ndarray of shape (H, W, 3), uint8 or float32 in [0, 1]
        Straight, sRGB-coded.
    alpha : ndarray of shape (H, W), float32 in [0, 1], or None
        None is opaque.

    Returns
    -------
    bytes
        Of a JPEG file whose long side is at most 240 pixels.
    """
    from PIL import Image as PILImage

    shape = fit_inside((colours.shape[0], colours.shape[1]), LONG_SIDE)
    small = as_float(colours)
    if alpha is None:
        shown = resample(small, shape)
    else:  # premultiplied, so that what is clear lends no colour to its neighbours
        over = resample(np.ascontiguousarray(small * alpha[..., None]), shape)
        shown = over + (1 - resample(alpha, shape)[..., None]) * checkerboard(shape, square=_SQUARE)
    packed = io.BytesIO()
    pixels = np.rint(255 * shown.clip(0, 1)).astype(np.uint8)
    PILImage.fromarray(pixels).save(packed, "JPEG", quality=_QUALITY)
    return packed.getvalue()
