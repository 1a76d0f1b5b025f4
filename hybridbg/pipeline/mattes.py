"""Garbage matte and core matte: what surely is not the subject, and what surely is, as one hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from hybridbg import io
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.types import BoolArray, FloatArray, ImageLike, Shape

__all__ = ["Matte", "Polygon", "hint_from_mattes"]

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners as (row, column), at least three; those of the picture's pixels have whole numbers."""

Matte: TypeAlias = "ImageLike | Polygon"


def hint_from_mattes(
    shape: Shape, *, garbage: Sequence[Matte] = (), core: Sequence[Matte] = ()
) -> FloatArray | None:
    """Say by a hint what is background (garbage) and what is foreground (core).

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the picture.
    garbage, core : sequence of masks and polygons
        What any of them marks counts: in a mask what is above one half, of a polygon the inside and
        the outline. Where both mark a pixel, it is garbage.

    Returns
    -------
    ndarray of shape (H, W), float32, or None
        0 garbage, 1 core, 0.5 elsewhere; None if nothing is marked.

    Raises
    ------
    InvalidMaskError, ImageReadError
        A mask cannot be read or has another size.
    InvalidOptionError
        A polygon has fewer than three corners, or lies wholly outside of the picture; or nothing
        is left beside garbage or core.

    Examples
    --------
    >>> hint_from_mattes((4, 6), garbage=[((0, 0), (0, 1), (3, 1), (3, 0))])[0].tolist()
    [0.0, 0.0, 0.5, 0.5, 0.5, 0.5]
    """
    hint = np.full(shape, 0.5, dtype=np.float32)
    for mattes, value, name in ((core, 1, "core"), (garbage, 0, "garbage")):
        for matte in mattes:
            hint[_marked(matte, shape, name)] = value
    for value, name in ((0, "garbage"), (1, "core")):
        if (hint == value).all():
            raise InvalidOptionError(
                f"{name}: expected a part of the picture, got all of it; leave out what is "
                f"{'the subject or not sure' if name == 'garbage' else 'background or not sure'}"
            )
    return hint if (hint != 0.5).any() else None


def _marked(matte: Matte, shape: Shape, name: str) -> BoolArray:
    if not isinstance(matte, tuple):
        marked: BoolArray = io.as_hint(matte, shape, name=name) > 0.5
        return marked
    import cv2

    if len(matte) < 3:
        raise InvalidOptionError(f"{name}: expected at least three corners, got {len(matte)}")
    corners = np.rint([(column, row) for row, column in matte]).astype(np.int32)
    filled = np.zeros(shape, dtype=np.uint8)
    cv2.fillPoly(filled, [corners], 1)
    if not filled.any():
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        raise InvalidOptionError(
            f"{name}: the polygon of rows {top} to {bottom} and columns {left} to {right} lies "
            f"outside of the picture, rows 0 to {shape[0] - 1} and columns 0 to {shape[1] - 1}; "
            "check its corners or leave it out"
        )
    return filled.view(np.bool_)
