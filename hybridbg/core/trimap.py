"""Trimaps: what is known to be background, known to be foreground, and left for the solver.

A trimap is an (H, W) uint8 array of `BACKGROUND` (0), `UNKNOWN` (128) and `FOREGROUND` (255).
Every trimap that leaves this module holds at least one known background and one known foreground
pixel, because without both there is little to tell apart; only `as_trimap` accepts less where it is
told to. Distances are Euclidean, in
pixels, measured from the edge between two pixels, half a pixel from either centre; the border of
the picture is not an edge.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import InvalidMaskError, InvalidOptionError, InvalidTrimapError

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray, ByteArray

__all__ = [
    "BACKGROUND",
    "FOREGROUND",
    "UNKNOWN",
    "as_trimap",
    "from_alpha",
    "from_mask",
    "split",
    "widen",
]

BACKGROUND: Final = 0
UNKNOWN: Final = 128
FOREGROUND: Final = 255

# The largest tolerance for which the three accepted intervals cannot touch: 63 < 65, 191 < 192.
_MAX_TOLERANCE: Final = 63
# Half a grey level: alpha this close to 0 or 1 is 0 or 255 once it is written with eight bits.
_HALF_LEVEL: Final = 0.5 / 255
# How many distinct offending values an error message lists before it stops.
_LISTED_VALUES: Final = 5
# In grey levels: 128 / 255 lies half a level above one half, and stands for it all the same.
_FLOAT_ROUNDING: Final = 0.51
# Rows that are looked at together, so that what is worked out on the way stays in the cache.
_ROWS: Final = 64


def as_trimap(
    trimap: NDArray[Any],
    shape: tuple[int, int] | None = None,
    *,
    tolerance: float | None = None,
    need_known: bool = True,
) -> ByteArray:
    """Validate a trimap and return it as a new uint8 array.

    Parameters
    ----------
    trimap : ndarray of shape (H, W)
        uint8 with values 0, 128 and 255, or floating point with values 0, 0.5 (or 128 / 255) and
        1, for background, unknown and foreground. A boolean array is an error: a mask has no
        unknown pixels, `from_mask` gives it some.
    shape : (H, W), optional
        The size of the image the trimap belongs to.
    tolerance : float in [0, 63], optional
        Snap values at most this many grey levels (of 255) away from one of the three, as a
        trimap saved as JPEG or with 127 for unknown needs. By default no other value is accepted.
    need_known : bool
        Refuse trimaps without known foreground or without known background.

    Returns
    -------
    ndarray of shape (H, W), uint8
        C-contiguous, values 0, 128 and 255 only, never the array handed in.

    Raises
    ------
    InvalidTrimapError
        Wrong dtype, number of dimensions, size or values; if `need_known`, no known foreground or
        no known background pixel.
    InvalidOptionError
        `tolerance` outside [0, 63].

    Examples
    --------
    >>> as_trimap(np.array([[0.0, 0.5, 1.0]]))
    array([[  0, 128, 255]], dtype=uint8)
    >>> as_trimap(np.array([[3, 127, 250]], dtype=np.uint8), tolerance=5)
    array([[  0, 128, 255]], dtype=uint8)
    """
    if tolerance is not None and not 0 <= tolerance <= _MAX_TOLERANCE:
        raise InvalidOptionError(
            f"tolerance must be between 0 and {_MAX_TOLERANCE} grey levels, got {tolerance}"
        )
    trimap = np.asarray(trimap)
    levels = _levels(trimap)
    _check_size(trimap, shape)
    exact = 0.0 if trimap.dtype == np.uint8 else _FLOAT_ROUNDING
    reach = (exact if tolerance is None else max(tolerance, exact)) * levels[2] / FOREGROUND
    snapped: ByteArray = np.empty(trimap.shape, dtype=np.uint8)
    offenders = []
    for first in range(0, len(trimap), _ROWS):
        given = trimap[first : first + _ROWS]
        matched = np.zeros(given.shape, dtype=np.bool_)
        for level, name in zip(levels, (BACKGROUND, UNKNOWN, FOREGROUND), strict=True):
            # Two comparisons rather than a difference, so that uint8 cannot wrap around.
            near = (
                (given >= max(level - reach, 0)) & (given <= min(level + reach, levels[2]))
                if reach
                else given == level
            )
            snapped[first : first + _ROWS][near] = name
            matched |= near
        if not matched.all():
            offenders.append(given[~matched])
    if offenders:
        raise InvalidTrimapError(_describe_offenders(np.concatenate(offenders), levels))
    if need_known:
        _require_known(snapped, "mark at least one pixel of each as known")
    return snapped


def from_mask(mask: NDArray[Any], *, band: float | str = "2%") -> ByteArray:
    """Turn a mask into a trimap by leaving a band along its edge unknown.

    Parameters
    ----------
    mask : ndarray of shape (H, W)
        bool, uint8, uint16 or floating point in [0, 1]; at and above one half is foreground.
    band : float or str
        Full width of the unknown band, centred on the edge: a number of pixels, or a string such
        as ``"2%"`` for per cent of the subject's size, the square root of its area. With 0
        nothing is unknown.

    Returns
    -------
    ndarray of shape (H, W), uint8
        A trimap of 0, 128 and 255.

    Raises
    ------
    InvalidMaskError
        Not a mask, or a mask without foreground or without background.
    InvalidOptionError
        `band` is negative, not finite, or a string that is not a percentage.
    InvalidTrimapError
        The band swallows all of the foreground or all of the background.

    Examples
    --------
    >>> from_mask(np.array([[0, 0, 0, 1, 1, 1]], dtype=bool), band=2)
    array([[  0,   0, 128, 128, 255, 255]], dtype=uint8)
    """
    mask = np.asarray(mask)
    subject = as_mask(mask, mask.shape[:2], name="mask") >= 0.5
    area = int(np.count_nonzero(subject))
    if area in (0, subject.size):
        missing = "foreground" if area == 0 else "background"
        raise InvalidMaskError(
            f"expected a mask with both foreground and background, got one of shape "
            f"{mask.shape} without {missing}; mark some of it (values below and above one half)"
        )
    hard: ByteArray = np.where(subject, FOREGROUND, BACKGROUND).astype(np.uint8)
    return _widen(hard, _pixels(band, math.sqrt(area)) / 2, "band")


def from_alpha(
    alpha: NDArray[Any], *, pixels: float = 0, tolerance: float = _HALF_LEVEL
) -> ByteArray:
    """Turn an alpha matte into the trimap it could have been solved from.

    Parameters
    ----------
    alpha : ndarray of shape (H, W)
        Opacity: floating point in [0, 1], uint8, uint16 or bool.
    pixels : float
        Grow the unknown region by this many pixels on each side, as `widen` does.
    tolerance : float in [0, 0.5)
        How far from 0 and 1 alpha still counts as known. The default is half a grey level of
        eight bits, so that an alpha gives the same trimap before and after it is saved.

    Returns
    -------
    ndarray of shape (H, W), uint8
        A trimap of 0, 128 and 255.

    Raises
    ------
    InvalidMaskError
        `alpha` is not a matte.
    InvalidOptionError
        `pixels` or `tolerance` out of range.
    InvalidTrimapError
        No opaque or no transparent pixel is left.

    Examples
    --------
    >>> from_alpha(np.array([[0.0, 0.0, 0.3, 1.0, 1.0]]))
    array([[  0,   0, 128, 255, 255]], dtype=uint8)
    """
    if not 0 <= tolerance < 0.5:
        raise InvalidOptionError(f"tolerance must be in [0, 0.5), got {tolerance}")
    alpha = np.asarray(alpha)
    trimap = _known_of(alpha, tolerance)
    _require_known(trimap, "the alpha needs transparent and opaque pixels")
    return _widen(trimap, _pixels(pixels, 0), "pixels")


def widen(trimap: NDArray[Any], pixels: float) -> ByteArray:
    """Make the unknown region grow by so many pixels into both known regions.

    Where foreground and background touch without an unknown pixel between them, a band opens
    along their edge, `pixels` wide on each side.

    Parameters
    ----------
    trimap : ndarray of shape (H, W)
        What `as_trimap` accepts.
    pixels : float
        Non-negative Euclidean distance.

    Returns
    -------
    ndarray of shape (H, W), uint8
        A new trimap.

    Raises
    ------
    InvalidTrimapError
        Not a trimap, or no known foreground or background is left afterwards.
    InvalidOptionError
        `pixels` is negative or not finite.

    Examples
    --------
    >>> widen(np.array([[0, 0, 0, 128, 255, 255, 255]], dtype=np.uint8), 1)
    array([[  0,   0, 128, 128, 128, 255, 255]], dtype=uint8)
    """
    return _widen(as_trimap(trimap), _pixels(pixels, 0), "pixels")


def split(trimap: ByteArray) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Split a valid trimap into its three regions.

    Parameters
    ----------
    trimap : ndarray of shape (H, W), uint8
        A trimap that `as_trimap` or another function of this module returned.

    Returns
    -------
    background, unknown, foreground : ndarrays of shape (H, W), bool
        Each pixel is True in exactly one of them.

    Examples
    --------
    >>> background, unknown, foreground = split(np.array([[0, 128, 255]], dtype=np.uint8))
    >>> unknown
    array([[False,  True, False]])
    """
    return trimap == BACKGROUND, trimap == UNKNOWN, trimap == FOREGROUND


def _known_of(alpha: NDArray[Any], tolerance: float) -> ByteArray:
    """Return the trimap of an alpha."""
    if alpha.dtype not in (np.uint8, np.uint16) or alpha.ndim != 2 or alpha.max(initial=0) == 1:
        opacity = as_mask(alpha, alpha.shape[:2], name="alpha")
        trimap: ByteArray = np.full(opacity.shape, UNKNOWN, dtype=np.uint8)
        trimap[opacity <= tolerance] = BACKGROUND
        trimap[opacity >= 1 - tolerance] = FOREGROUND
        return trimap
    # Of integers it is enough to know which of them are transparent, and which opaque.
    every = np.arange(np.iinfo(alpha.dtype).max + 1, dtype=alpha.dtype)[None]
    marks = _known_of(as_mask(every, every.shape), tolerance)
    unknown = alpha.dtype.type(np.count_nonzero(marks == BACKGROUND))
    opaque = alpha.dtype.type(marks.size - np.count_nonzero(marks == FOREGROUND))
    trimap = np.empty(alpha.shape, dtype=np.uint8)
    for first in range(0, len(alpha), _ROWS):
        given = alpha[first : first + _ROWS]
        known = (given >= unknown).view(np.uint8) * np.uint8(UNKNOWN)
        known += (given >= opaque).view(np.uint8) * np.uint8(FOREGROUND - UNKNOWN)
        trimap[first : first + _ROWS] = known
    return trimap


def _levels(trimap: NDArray[Any]) -> tuple[float, float, float]:
    """Values of background, unknown and foreground in the trimap's own dtype."""
    if trimap.dtype == np.uint8:
        return BACKGROUND, UNKNOWN, FOREGROUND
    if np.issubdtype(trimap.dtype, np.floating):
        return 0.0, 0.5, 1.0
    advice = (
        "a mask has no unknown pixels, turn it into a trimap with a band along its edge first"
        if trimap.dtype == np.bool_
        else "convert it first"
    )
    raise InvalidTrimapError(
        f"expected a trimap of dtype uint8 (0, 128, 255) or float (0, 0.5, 1), "
        f"got {trimap.dtype}; {advice}"
    )


def _check_size(trimap: NDArray[Any], shape: tuple[int, int] | None) -> None:
    if trimap.ndim != 2 or trimap.size == 0:
        raise InvalidTrimapError(
            f"expected a trimap of shape (H, W), got {trimap.shape}; use a single channel"
        )
    if shape is not None and trimap.shape != tuple(shape):
        raise InvalidTrimapError(
            f"expected a trimap of the image's size {tuple(shape)} (rows, columns), "
            f"got {trimap.shape}; resize it with nearest-neighbour interpolation"
        )


def _describe_offenders(offenders: NDArray[Any], levels: tuple[float, float, float]) -> str:
    values, counts = np.unique(offenders, return_counts=True)
    listed = ", ".join(
        f"{value:g} ({count} pixels)"
        for value, count in zip(values[:_LISTED_VALUES], counts[:_LISTED_VALUES], strict=True)
    )
    more = f" and {len(values) - _LISTED_VALUES} more" if len(values) > _LISTED_VALUES else ""
    return (
        f"expected only the values {levels[0]:g}, {levels[1]:g} and {levels[2]:g} in a trimap, "
        f"got {offenders.size} pixels of other values: {listed}{more}; "
        "set them to the nearest of the three (core.trimap.as_trimap does it, given a tolerance)"
    )


def _require_known(trimap: ByteArray, advice: str) -> None:
    missing = [
        name
        for name, there in (
            ("foreground", trimap.max(initial=BACKGROUND) == FOREGROUND),
            ("background", trimap.min(initial=FOREGROUND) == BACKGROUND),
        )
        if not there
    ]
    if missing:
        raise InvalidTrimapError(
            "expected a trimap with known foreground and known background, "
            f"got one without known {' and without known '.join(missing)}; {advice}"
        )


def _pixels(width: float | str, size: float) -> float:
    """Read a width in pixels, or in per cent of `size` pixels when it is a string."""
    pixels = math.nan
    if not isinstance(width, str):
        pixels = float(width)
    elif width.strip().endswith("%"):
        try:
            pixels = float(width.strip()[:-1]) / 100 * size
        except ValueError:
            pixels = math.nan
    if not (math.isfinite(pixels) and pixels >= 0):
        raise InvalidOptionError(
            "expected a non-negative number of pixels such as 12, or for a band a percentage "
            f"of the subject's size such as '2%', got {width!r}"
        )
    return pixels


def _widen(trimap: ByteArray, pixels: float, option: str) -> ByteArray:
    """`widen` for a new trimap known to be valid; `option` is the parameter an error names."""
    widened = trimap
    if pixels > 0:
        widened = trimap.copy()
        for value in (BACKGROUND, FOREGROUND):
            widened[_margin(trimap == value, pixels)] = UNKNOWN
    _require_known(widened, f"choose a smaller {option} than {pixels:g} pixels on each side")
    return widened


def _margin(region: BoolArray, pixels: float) -> BoolArray:
    """Pixels of a region whose centre is less than `pixels` from the region's edge."""
    margin: BoolArray = region & (distance_to(~region) - 0.5 < pixels)
    return margin
