"""Checks made once, at the public edge: masks, rectangles and numeric options.

Each returns the value in the one form the inside works with, or raises an error that says what was
expected, what came and what to do. Kernels and private functions assume that these have run.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from hybridbg.core.errors import InvalidMaskError, InvalidOptionError
from hybridbg.core.types import FloatArray, Rect, Shape

__all__ = ["as_count", "as_mask", "as_number", "as_points", "as_rect", "one_of"]

RANGE_TOLERANCE = 1e-5
"""How far floats may stray from [0, 1] and be clipped: rounding of resampled or divided data."""

Choice = TypeVar("Choice", bound=str)


def as_mask(mask: ArrayLike, shape: Shape, *, name: str = "mask") -> FloatArray:
    """Check a mask, hint or alpha against an image's size and bring it to float.

    Parameters
    ----------
    mask : ndarray of shape (H, W)
        bool, uint8 (0..255), uint16 (0..65535) or float in [0, 1].
    shape : (int, int)
        Rows and columns expected.
    name : str
        What to call it in messages.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        A new C-contiguous array.

    Raises
    ------
    InvalidMaskError
        On another shape or dtype, NaN, values out of range, or an integer mask of 0 and 1 only
        (it would count as almost black: pass ``mask.astype(bool)``).

    Examples
    --------
    >>> import numpy as np
    >>> as_mask(np.array([[0, 255]], dtype=np.uint8), (1, 2)).tolist()
    [[0.0, 1.0]]
    """
    array = np.asarray(mask)
    if array.shape != tuple(shape):
        raise InvalidMaskError(
            f"{name}: expected shape {tuple(shape)} like the image, got {array.shape}"
        )
    if array.dtype == np.bool_:
        return np.ascontiguousarray(array, dtype=np.float32)
    if array.dtype in (np.uint8, np.uint16):
        if array.size and array.max() == 1:
            raise InvalidMaskError(
                f"{name}: {array.dtype} runs from 0 to {np.iinfo(array.dtype).max}, but only 0 and "
                "1 came; pass a bool array, or multiply"
            )
        return np.ascontiguousarray(array / np.float32(np.iinfo(array.dtype).max), dtype=np.float32)
    if array.dtype.kind != "f":
        raise InvalidMaskError(
            f"{name}: expected bool, uint8, uint16 or float in 0..1, got {array.dtype}"
        )
    low, high = float(array.min(initial=0)), float(array.max(initial=0))
    if not (low >= -RANGE_TOLERANCE and high <= 1 + RANGE_TOLERANCE):  # false for NaN as well
        raise InvalidMaskError(
            f"{name}: expected values in 0..1 without NaN, got {low:g}..{high:g}"
        )
    return np.ascontiguousarray(array.clip(0, 1), dtype=np.float32)


def as_rect(rect: Sequence[int], shape: Shape, *, name: str = "rect") -> Rect:
    """Check a rectangle (top, left, bottom, right) against an image's size.

    Half-open, like a slice: ``image[top:bottom, left:right]`` is the inside.

    Raises
    ------
    InvalidOptionError
        If it is not four integers, empty, or reaches outside the image.

    Examples
    --------
    >>> as_rect((1, 2, 3, 4), (10, 10))
    (1, 2, 3, 4)
    """
    rows, columns = shape
    try:
        top, left, bottom, right = (operator.index(side) for side in rect)
    except (TypeError, ValueError) as error:
        raise InvalidOptionError(
            f"{name}: expected four integers top, left, bottom, right; got {rect!r}"
        ) from error
    if not (0 <= top < bottom <= rows and 0 <= left < right <= columns):
        raise InvalidOptionError(
            f"{name}: expected 0 <= top < bottom <= {rows} and 0 <= left < right <= {columns}, "
            f"got top {top}, left {left}, bottom {bottom}, right {right}"
        )
    return top, left, bottom, right


def as_points(
    points: Sequence[Sequence[int]], shape: Shape, *, name: str = "points"
) -> tuple[tuple[int, int], ...]:
    """Check points (row, column), each a pixel of an image of this size.

    Raises
    ------
    InvalidOptionError
        If they are not pairs of integers, or one lies outside the image.

    Examples
    --------
    >>> as_points([(3, 4)], (10, 10))
    ((3, 4),)
    """
    rows, columns = shape
    checked = []
    try:
        for point in points:
            row, column = (operator.index(value) for value in point)
            checked.append((row, column))
    except (TypeError, ValueError) as error:
        raise InvalidOptionError(
            f"{name}: expected points [(row, column), ...] of two integers each, got {points!r}"
        ) from error
    for row, column in checked:
        if not (0 <= row < rows and 0 <= column < columns):
            raise InvalidOptionError(
                f"{name}: expected rows 0 to {rows - 1} and columns 0 to {columns - 1}, got "
                f"({row}, {column})"
            )
    return tuple(checked)


def as_number(
    value: Any,
    name: str,
    *,
    above: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> float:
    """Check a finite real option: ``above`` is an exclusive lower bound, the others inclusive.

    Raises
    ------
    InvalidOptionError
        If it is not a finite number in the range.

    Examples
    --------
    >>> as_number(1e-7, "epsilon", above=0)
    1e-07
    """
    bounds = [
        f"above {above:g}" if above is not None else "",
        f"at least {minimum:g}" if minimum is not None else "",
        f"at most {maximum:g}" if maximum is not None else "",
    ]
    wanted = " and ".join(filter(None, bounds)) or "finite"
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InvalidOptionError(f"{name}: expected a number {wanted}, got {value!r}") from error
    inside = (
        math.isfinite(number)
        and (above is None or number > above)
        and (minimum is None or number >= minimum)
        and (maximum is None or number <= maximum)
    )
    if not inside:
        raise InvalidOptionError(f"{name}: expected a number {wanted}, got {value!r}")
    return number


def as_count(value: Any, name: str, *, minimum: int = 1, maximum: int | None = None) -> int:
    """Check an integer option against inclusive bounds.

    Raises
    ------
    InvalidOptionError
        If it is not an integer in the range.

    Examples
    --------
    >>> as_count(5, "iterations")
    5
    """
    wanted = f"at least {minimum}" + (f" and at most {maximum}" if maximum is not None else "")
    try:
        if isinstance(value, bool):
            raise TypeError
        count = operator.index(value)
    except TypeError as error:
        raise InvalidOptionError(f"{name}: expected an integer {wanted}, got {value!r}") from error
    if count < minimum or (maximum is not None and count > maximum):
        raise InvalidOptionError(f"{name}: expected an integer {wanted}, got {value!r}")
    return count


def one_of(value: Any, name: str, choices: Sequence[Choice]) -> Choice:
    """Check an option that is one of a few words.

    Raises
    ------
    InvalidOptionError
        If it is none of them.

    Examples
    --------
    >>> one_of("linear", "space", ("linear", "encoded"))
    'linear'
    """
    for choice in choices:
        if isinstance(value, str) and value == choice:
            return choice
    raise InvalidOptionError(f"{name}: expected one of {', '.join(choices)}; got {value!r}")
