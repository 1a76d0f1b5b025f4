"""sRGB to linear light and back, and colours as people write them.

The transfer function is the exact piecewise one of IEC 61966-2-1:1999 (not a plain 2.2 gamma):
with C the sRGB-coded value and L the linear one, both in [0, 1],

    L = C / 12.92                        for C <= 0.04045,   ((C + 0.055) / 1.055) ** 2.4  above
    C = 12.92 L                          for L <= 0.0031308, 1.055 L ** (1 / 2.4) - 0.055  above

Values outside [0, 1] follow the same two pieces (negative ones the straight piece), so nothing is
clipped here; NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.core.types import ColourLike, FloatArray

__all__ = ["linear_table", "linear_to_srgb", "parse_colour", "srgb_to_linear"]

CODED_KNEE = 0.04045  # where IEC 61966-2-1 joins its straight and its power piece, sRGB-coded side
LINEAR_KNEE = 0.0031308  # the same joint, linear side
SLOPE = 12.92
OFFSET = 0.055
EXPONENT = 2.4

_PART = 1 << 16
"""Numbers that are converted at a time."""


def srgb_to_linear(values: NDArray[Any]) -> FloatArray:
    """Decode sRGB-coded values to linear light.

    Parameters
    ----------
    values : ndarray of float, any shape
        sRGB-coded, nominally in [0, 1].

    Returns
    -------
    ndarray of float32, same shape
        Linear light, 0 black and 1 white.

    Raises
    ------
    InvalidImageError
        If `values` are not floats: 128 of 255 and 128.0 would otherwise be confused.

    Examples
    --------
    >>> import numpy as np
    >>> srgb_to_linear(np.array([0.0, 0.5, 1.0])).round(4).tolist()
    [0.0, 0.21400000154972076, 1.0]
    """
    coded = _floats(values)
    linear = np.empty_like(coded)
    for some, out in _parts(coded, linear):
        np.maximum(some, CODED_KNEE, out=out)
        np.add(out, OFFSET, out=out)
        np.divide(out, 1 + OFFSET, out=out)
        np.power(out, EXPONENT, out=out)
        np.divide(some, SLOPE, out=out, where=some <= CODED_KNEE)
    return linear


def linear_to_srgb(values: NDArray[Any]) -> FloatArray:
    """Encode linear light as sRGB.

    Parameters
    ----------
    values : ndarray of float, any shape
        Linear light, nominally in [0, 1].

    Returns
    -------
    ndarray of float32, same shape
        sRGB-coded values.

    Raises
    ------
    InvalidImageError
        If `values` are not floats.

    Examples
    --------
    >>> import numpy as np
    >>> linear_to_srgb(np.array([0.0, 0.214, 1.0])).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    linear = _floats(values)
    coded = np.empty_like(linear)
    for some, out in _parts(linear, coded):
        np.maximum(some, LINEAR_KNEE, out=out)
        np.power(out, 1 / EXPONENT, out=out)
        np.multiply(out, 1 + OFFSET, out=out)
        np.subtract(out, OFFSET, out=out)
        np.multiply(some, SLOPE, out=out, where=some <= LINEAR_KNEE)
    return coded


@cache
def linear_table(levels: int) -> FloatArray:
    """Linear light of each of `levels` evenly spaced sRGB codes (256 or 65536), read-only."""
    table = srgb_to_linear(np.linspace(0, 1, levels))
    table.flags.writeable = False
    return table


def parse_colour(colour: ColourLike) -> FloatArray:
    """Read a colour as people write it.

    Parameters
    ----------
    colour : str or sequence of three numbers
        ``"#rgb"``, ``"#rrggbb"``, a CSS name or ``"rgb(...)"`` (whatever `PIL.ImageColor` reads);
        three integers in 0..255; or three numbers in [0, 1] of which at least one is a float.

    Returns
    -------
    ndarray of shape (3,), float32
        sRGB-coded red, green, blue in [0, 1].

    Raises
    ------
    InvalidOptionError
        If it is not a colour, out of range, or has an alpha below 1.

    Examples
    --------
    >>> parse_colour("#ff0000").tolist()
    [1.0, 0.0, 0.0]
    >>> parse_colour("white").tolist() == parse_colour((255, 255, 255)).tolist()
    True
    >>> parse_colour((0.0, 0.5, 1)).tolist()
    [0.0, 0.5, 1.0]
    """
    if isinstance(colour, str):
        return _named_colour(colour)
    try:
        values = np.asarray(colour)
    except ValueError:  # ragged
        values = np.empty(0)
    if values.shape != (3,) or values.dtype.kind not in "iuf":
        raise InvalidOptionError(
            f"a colour is '#rrggbb', a CSS name or three numbers; got {colour!r}"
        )
    limit = 1.0 if values.dtype.kind == "f" else 255.0
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= limit):
        raise InvalidOptionError(
            f"a colour is three integers in 0..255 or three floats in 0..1; got {colour!r}"
        )
    return (values / limit).astype(np.float32)


def _named_colour(text: str) -> FloatArray:
    from PIL import ImageColor

    try:
        red, green, blue, *alpha = ImageColor.getrgb(text.strip())
    except ValueError as error:
        raise InvalidOptionError(
            f"'{text}' is not a colour; write '#rrggbb' or a CSS name such as 'white'"
        ) from error
    if alpha and alpha[0] != 255:
        raise InvalidOptionError(f"'{text}' is translucent; a colour here has no alpha")
    return np.array([red, green, blue], dtype=np.float32) / np.float32(255)


def _parts(values: FloatArray, results: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Pair rows of a large array with those of the result, few enough to stay in the cache."""
    if values.ndim == 0:
        yield values, results
        return
    rows = max(1, _PART // max(1, values[0].size)) if len(values) else 1
    for start in range(0, len(values), rows):
        yield values[start : start + rows], results[start : start + rows]


def _floats(values: NDArray[Any]) -> FloatArray:
    array = np.asarray(values)
    if array.dtype.kind != "f":
        raise InvalidImageError(
            f"expected float values in 0..1, got {array.dtype}; divide by the dtype's maximum first"
        )
    return array.astype(np.float32, copy=False)
