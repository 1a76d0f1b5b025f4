"""Seeds of GrabCut, from a rectangle, a trimap or a rough hint.

Seeds are (H, W) uint8 with OpenCV's four classes, named below: two stay what they are, two are only
where the cut starts.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from hybridbg.core import trimap as trimaps
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import InvalidMaskError, InvalidOptionError
from hybridbg.core.types import BoolArray, ByteArray, FloatArray, Rect, Shape

__all__ = [
    "PROBABLE_BACKGROUND",
    "PROBABLE_FOREGROUND",
    "SURE_BACKGROUND",
    "SURE_FOREGROUND",
    "inside",
    "seeds_from_hint",
    "seeds_from_rect",
    "seeds_from_trimap",
]

SURE_BACKGROUND: Final = 0
"""cv2.GC_BGD: stays background."""
SURE_FOREGROUND: Final = 1
"""cv2.GC_FGD: stays foreground."""
PROBABLE_BACKGROUND: Final = 2
"""cv2.GC_PR_BGD: starts as background."""
PROBABLE_FOREGROUND: Final = 3
"""cv2.GC_PR_FGD: starts as foreground."""

# A hint this close to one half says "don't know" (eight bits have no exact half).
_DONT_KNOW_REACH: Final = 0.1
# How deep inside a hint's foreground, and how far outside of it, a rough hint is trusted without
# reserve; in sides of a square of the foreground's area.
_SURE_DEPTH: Final = 0.12
_SURE_DISTANCE: Final = 0.1


def seeds_from_rect(rect: Rect, shape: Shape) -> ByteArray:
    """Seeds of a rectangle: sure background outside, probable foreground inside.

    Parameters
    ----------
    rect : (top, left, bottom, right)
        Half-open, inside the picture.
    shape : (int, int)
        Rows and columns of the picture.

    Returns
    -------
    ndarray of shape (H, W), uint8
        Classes for `segment`.

    Raises
    ------
    InvalidOptionError
        The rectangle is the whole picture.
    """
    if rect == (0, 0, *shape):
        raise InvalidOptionError(
            f"rect: expected some background outside, got the whole picture {rect}; draw it closer"
        )
    return np.where(inside(rect, shape), PROBABLE_FOREGROUND, SURE_BACKGROUND).astype(np.uint8)


def seeds_from_trimap(trimap: ByteArray) -> ByteArray:
    """Seeds of a trimap: known is sure, unknown starts like the nearest known pixel.

    Parameters
    ----------
    trimap : ndarray of shape (H, W), uint8
        Valid, of 0 / 128 / 255.

    Returns
    -------
    ndarray of shape (H, W), uint8
        Classes for `segment`.
    """
    background, unknown, foreground = trimaps.split(trimap)
    seeds: ByteArray = np.where(foreground, SURE_FOREGROUND, SURE_BACKGROUND).astype(np.uint8)
    nearer = distance_to(foreground) < distance_to(background)
    seeds[unknown] = np.where(nearer, PROBABLE_FOREGROUND, PROBABLE_BACKGROUND)[unknown]
    return seeds


def seeds_from_hint(hint: FloatArray) -> ByteArray:
    """Seeds of a rough hint: sure only deep inside and far outside of its foreground.

    What the hint does not know starts like the nearest that it knows; without any foreground it
    starts as foreground (a box drawn as "background outside"), without any background as
    background ("at least here").

    Parameters
    ----------
    hint : ndarray of shape (H, W), float32 in [0, 1]
        0 background, 0.5 don't know, 1 foreground.

    Returns
    -------
    ndarray of shape (H, W), uint8
        Classes for `segment`.

    Raises
    ------
    InvalidMaskError
        The hint says the same everywhere.
    """
    foreground = hint > 0.5 + _DONT_KNOW_REACH
    background = hint < 0.5 - _DONT_KNOW_REACH
    kinds = (foreground, background, ~(foreground | background))
    if any(kind.all() for kind in kinds):
        raise InvalidMaskError(
            "hint: expected values on both sides of 0.5, or of 0.5 beside them, got the same "
            f"everywhere ({hint.min():g}..{hint.max():g}); mark some foreground or background"
        )
    to_foreground, to_background = distance_to(foreground), distance_to(background)
    size = math.sqrt(np.count_nonzero(foreground))
    starts_inside = to_foreground < to_background
    if not foreground.any():
        starts_inside = ~background
    elif not background.any():
        starts_inside = foreground
    seeds = np.where(starts_inside, PROBABLE_FOREGROUND, PROBABLE_BACKGROUND).astype(np.uint8)
    seeds[background & (to_foreground > _SURE_DISTANCE * size)] = SURE_BACKGROUND
    seeds[distance_to(~foreground) > _SURE_DEPTH * size] = SURE_FOREGROUND
    return seeds


def inside(rect: Rect, shape: Shape) -> BoolArray:
    """Mask of a rectangle, half-open."""
    top, left, bottom, right = rect
    mask: BoolArray = np.zeros(shape, dtype=np.bool_)
    mask[top:bottom, left:right] = True
    return mask
