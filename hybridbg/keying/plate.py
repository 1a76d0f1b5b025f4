"""The plate: what a picture would show without its subject, from the pixels that show the screen.

Studio light falls off smoothly, so a low-order polynomial in both coordinates, fitted per channel
with outliers trimmed round by round, carries the light behind the subject. What it cannot
follow is multiplied on by normalised convolution (Knutsson & Westin 1993), the tint at wide scales
and the light at fine ones too: creases and shadows change a screen's light and not its tint, while
glass and smoke before it change both, and so stay out of the plate. Linear light throughout, at the
working size of `hybridbg.keying.screen`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.resample import SMALLEST_SIGMA, resample, smooth
from hybridbg.core.types import BoolArray, FloatArray

__all__ = [
    "DARKEST",
    "estimate_plate",
    "light_on",
    "match_gain",
    "match_lamps",
    "relative_distance",
]

_DEGREE: Final = 3
# The polynomial is fitted to means of square cells of this side, in working pixels, of which at
# least this share shows the screen.
_CELL: Final = 8
_LEAST_SHARE: Final = 0.5
# A polynomial needs this many cells for each of its coefficients.
_CELLS_PER_TERM: Final = 3
# Rounds of fitting, and the multiple of the median absolute residual beyond which a cell is left
# out of the next one; 3 keeps 96 % of a normal distribution.
_ROUNDS: Final = 6
_TRIM: Final = 3.0
# Cells closer to the surface than this are never left out: quantisation of an even screen.
_LEAST_TRIM: Final = 0.01
# Standard deviations of the local averages, in working pixels, coarse to fine: the screen's tint
# drifts over wide distances only, its light also with creases and shadows.
_TINT_SCALES: Final = (96.0, 24.0)
_LIGHT_SCALES: Final = (96.0, 24.0, 6.0, 2.0)
# Rounds of tint and of light. A pixel off the plate's tint by more than `_TRIM` times the median
# deviation, kept within these relative bounds, is no screen: smoke and glass desaturate, creases
# and shadows do not.
_TINT_ROUNDS: Final = 4
_LIGHT_ROUNDS: Final = 6
_TINT_TRIM: Final = (0.012, 0.05)
# Screen may be this much darker or lighter than the surface: a shadow on the floor, a hot spot.
_LIGHT_RANGE: Final = (0.25, 2.0)
# Screen seen through dark hair has the screen's tint too. Within so many working pixels of
# anything else only light that continues the plate's, this closely, counts.
_FAR: Final = 6
_CONTINUES: Final = 0.12
# Noise is averaged over this many working pixels before tints are compared.
_CALM: Final = 1.2
# A scale takes over from the coarser one where this share of its window shows the screen.
_REST_SUPPORT: Final = 0.05
# The surface stays within the cells it was fitted to, give or take this factor: behind a large
# subject or in a far corner a cubic may run away, light does not.
_RUNAWAY: Final = 0.8
# Light has no holes: the plate is at least this, of 1.
DARKEST: Final = 1e-3


def estimate_plate(linear: FloatArray, core: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Estimate the plate from the pixels that show the screen.

    Parameters
    ----------
    linear : ndarray of shape (H, W, 3), float32
        Linear light.
    core : ndarray of shape (H, W), bool
        Pixels that show the screen, at least one; some may be wrong.

    Returns
    -------
    plate : ndarray of shape (H, W, 3), float32
        Linear light, positive.
    light : ndarray of shape (H, W), float32
        The light on it, relative to a screen without creases and shadows.
    """
    plate = _surface(linear, core)
    calm = _average(linear, core, _CALM)
    shows = core
    for _ in range(_TINT_ROUNDS):
        gain, off = _gain_and_tint(calm, plate)
        known = core & _lit_like_screen(gain) & (off < _trim(off[shows]))
        if not known.any():
            break
        shows = known
        ratio = calm / np.maximum(gain[..., None] * plate, DARKEST)
        plate = plate * (1 + _continued(ratio - 1, shows, _TINT_SCALES))
    plate = plate.clip(DARKEST, 1)
    light = _light(_gain_and_tint(linear, plate)[0], shows)
    lit: FloatArray = (plate * light[..., None]).clip(DARKEST, 1).astype(np.float32)
    return lit, light


def light_on(linear: FloatArray, plate: FloatArray, core: BoolArray) -> FloatArray:
    """Measure the light that falls on a screen whose plate is known.

    Parameters
    ----------
    linear, plate : ndarray of shape (H, W, 3), float32
        Linear light.
    core : ndarray of shape (H, W), bool
        As of `estimate_plate`.

    Returns
    -------
    ndarray of shape (H, W), float32
        1 where the screen is as light as its plate, less in a shadow; continued behind the subject.
    """
    gain, off = _gain_and_tint(_average(linear, core, _CALM), plate)
    shows = core & _lit_like_screen(gain) & (off < _trim(off[core]))
    return _light(_gain_and_tint(linear, plate)[0], shows)


def _lit_like_screen(gain: FloatArray) -> BoolArray:
    return (gain > _LIGHT_RANGE[0]) & (gain < _LIGHT_RANGE[1])


def _light(gain: FloatArray, shows: BoolArray) -> FloatArray:
    """Continue the light of the screen's pixels everywhere, from far to near."""
    far = _far_from_edge(shows)
    light = np.ones_like(gain)
    known = far if far.any() else shows
    for _ in range(_LIGHT_ROUNDS):
        if not known.any():
            break
        light = 1 + _continued((gain - 1)[..., None], known, _LIGHT_SCALES)[..., 0]
        light = light.clip(*_LIGHT_RANGE)
        before, known = known, shows & (far | (np.abs(gain / light - 1) < _CONTINUES))
        if np.array_equal(known, before):
            break
    return light


def _gain_and_tint(linear: FloatArray, plate: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the light of each pixel relative to the plate, and how far its tint is off."""
    square = np.maximum(squared_length(plate), np.float32(DARKEST**2))
    gain: FloatArray = np.divide(dot(linear, plate), square, dtype=np.float32)
    rest = _length(linear - gain[..., None] * plate)
    off = rest / (np.sqrt(square) * np.maximum(gain, _LIGHT_RANGE[0]))
    return gain, off


def _trim(off: FloatArray) -> float:
    return float(np.clip(_TRIM * np.median(off), *_TINT_TRIM)) if off.size else _TINT_TRIM[1]


def _average(values: FloatArray, where: BoolArray, sigma: float) -> FloatArray:
    """Average what is known around each pixel; elsewhere leave values alone."""
    import cv2

    weight = where.astype(np.float32)
    mean = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    near = np.maximum(total, np.finfo(np.float32).tiny)[..., None]
    averaged: FloatArray = np.where(where[..., None], mean / near, values)
    return averaged


def match_gain(linear: FloatArray, plate: FloatArray, core: BoolArray) -> FloatArray:
    """Give the gain (3,) per channel that brings a clean plate to the picture's exposure."""
    ratio = linear[core] / np.maximum(plate[core], DARKEST)
    gain: FloatArray = np.median(ratio, axis=0).astype(np.float32)
    return gain


def match_lamps(linear: FloatArray, plate: FloatArray, core: BoolArray) -> FloatArray:
    """Give the gain (H, W, 3) that brings a plate to a picture whose lamps flickered apart.

    It is a smooth surface, so that neither the subject's shadow nor its hair bends it.
    """
    ratio: FloatArray = np.divide(linear, np.maximum(plate, DARKEST), dtype=np.float32)
    return _surface(ratio, core)


def relative_distance(linear: FloatArray, plate: FloatArray) -> FloatArray:
    """Give abs(C - B) / abs(B) per pixel, lengths in linear RGB."""
    length = np.maximum(_length(plate), np.float32(DARKEST))
    return np.divide(_length(linear - plate), length, dtype=np.float32)


def _length(colours: FloatArray) -> FloatArray:
    length: FloatArray = np.sqrt(squared_length(colours))
    return length


def squared_length(colours: FloatArray) -> FloatArray:
    """Give the sum over channels of the squares: much quicker than a sum along a short axis."""
    return dot(colours, colours)


def dot(first: FloatArray, second: FloatArray) -> FloatArray:
    """Give the sum over channels of the products."""
    product: FloatArray = np.einsum("...c,...c->...", first, second)
    return product


def _far_from_edge(core: BoolArray) -> BoolArray:
    import cv2

    eroded = cv2.erode(core.view(np.uint8), np.ones((3, 3), dtype=np.uint8), iterations=_FAR)
    far: BoolArray = eroded == 1
    return far


def _surface(linear: FloatArray, core: BoolArray) -> FloatArray:
    """Fit the polynomial surface, robustly."""
    rows, columns = core.shape
    centres, colours, counts = _cells(linear, core)
    used = np.ones(len(counts), dtype=np.bool_)
    for _ in range(_ROUNDS):
        exponents = _exponents(int(np.count_nonzero(used)))
        terms = _terms(centres[used], exponents) * np.sqrt(counts[used])[:, None]
        values = colours[used] * np.sqrt(counts[used])[:, None]
        # Few terms of coordinates within [-1, 1]: normal equations are well behaved, and quick.
        coefficients = np.linalg.lstsq(terms.T @ terms, terms.T @ values, rcond=None)[0]
        fitted = _terms(centres, exponents) @ coefficients
        off = np.linalg.norm(colours - fitted, axis=1) / np.linalg.norm(colours, axis=1)
        used = off <= max(_TRIM * float(np.median(off[used])), _LEAST_TRIM)
    grid = np.zeros((_DEGREE + 1, _DEGREE + 1, 3))
    grid[tuple(np.transpose(exponents))] = coefficients
    down, across = (
        np.vander(_unit(np.arange(side), side), _DEGREE + 1, increasing=True)
        for side in (rows, columns)
    )
    surface = np.einsum("yi,ijc,xj->yxc", down, grid, across, optimize=True)
    low, high = colours[used].min(axis=0), colours[used].max(axis=0)
    bounded: FloatArray = surface.clip(_RUNAWAY * low, high / _RUNAWAY).astype(np.float32)
    return bounded


def _cells(
    linear: FloatArray, core: BoolArray
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centres in [-1, 1] (y, x), mean colours and pixel counts of the cells that show screen."""
    rows, columns = core.shape
    index = np.arange(rows)[:, None] // _CELL * (-(-columns // _CELL)) + np.arange(columns) // _CELL
    where = np.nonzero(core)
    label = index[where]
    counts = np.bincount(label).astype(np.float64)
    filled = np.maximum(counts, 1)
    means = [
        np.bincount(label, weights=values, minlength=len(counts)) / filled
        for values in (*linear[where].T, _unit(where[0], rows), _unit(where[1], columns))
    ]
    # A screen in slivers only has no cell half full: then any cell must do.
    kept = counts >= min(_LEAST_SHARE * _CELL**2, counts.max())
    table = np.stack(means, axis=1)[kept]
    return table[:, 3:], table[:, :3], counts[kept]


def _unit(index: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """Coordinates in [-1, 1] of pixel centres."""
    return (2.0 * index + 1) / count - 1


def _exponents(cells: int) -> list[tuple[int, int]]:
    """Exponents of (y, x) in the polynomial of the highest degree that so many cells support."""
    for degree in range(_DEGREE, -1, -1):
        exponents = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
        if cells >= _CELLS_PER_TERM * len(exponents):
            return exponents
    return [(0, 0)]


def _terms(places: NDArray[np.float64], exponents: list[tuple[int, int]]) -> NDArray[np.float64]:
    return np.stack([places[:, 0] ** i * places[:, 1] ** j for i, j in exponents], axis=1)


def _continued(rest: FloatArray, known: BoolArray, scales: tuple[float, ...]) -> FloatArray:
    """Continue known values, (H, W, C), into the whole picture, coarse to fine."""
    weighed = np.dstack([rest, known])
    weighed[..., :-1] *= known[..., None]
    shape = known.shape
    # What is as smooth as the finest scale needs no finer grid.
    step = max(1, int(min(scales) / SMALLEST_SIGMA))
    weighed = resample(weighed, (-(-shape[0] // step), -(-shape[1] // step)))
    total = np.zeros_like(weighed[..., :-1])
    for sigma in scales:
        blurred = smooth(weighed, sigma / step)
        # With mean = rest / support and trust = support / (support + least), this is
        # total += trust * (mean - total).
        total *= _REST_SUPPORT
        total += blurred[..., :-1]
        total /= blurred[..., -1:] + _REST_SUPPORT
    return resample(total, shape).reshape(rest.shape)
