"""The plate: what a picture would show without its subject, from the pixels that show the screen.

Studio light falls off smoothly, so a low-order polynomial in both coordinates, fitted per channel
with outliers trimmed round by round, carries the light behind the subject. What it cannot follow
(creases, seams, a hot spot) is added back as a local rest by normalised convolution (Knutsson &
Westin 1993) at three scales, the finest where screen pixels are near. Linear light throughout, at
the working size of `hybridbg.keying.screen`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.types import BoolArray, FloatArray

__all__ = ["estimate_plate", "match_gain", "relative_distance"]

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
# Standard deviations of the local rest's averages, in working pixels, coarse to fine.
_REST_SCALES: Final = (96.0, 24.0, 6.0, 2.0)
# Screen within this relative distance of the surface counts for the rest: creases, not shadows
# of hair.
_REST_REACH: Final = 0.2
# Rounds of the rest. Screen seen through dark hair has the screen's hue and purity: each round
# leaves out pixels that the one before it shows to be off, unless they lie at least so many
# working pixels away from anything else.
_REST_ROUNDS: Final = 3
_FAR: Final = 8
# A scale takes over from the coarser one where this share of its window shows the screen.
_REST_SUPPORT: Final = 0.05
# The surface stays within the cells it was fitted to, give or take this factor: behind a large
# subject or in a far corner a cubic may run away, light does not.
_RUNAWAY: Final = 0.8
# Light has no holes: the plate is at least this, of 1.
_DARKEST: Final = 1e-3


def estimate_plate(linear: FloatArray, core: BoolArray) -> FloatArray:
    """Estimate the plate from the pixels that show the screen.

    Parameters
    ----------
    linear : ndarray of shape (H, W, 3), float32
        Linear light.
    core : ndarray of shape (H, W), bool
        Pixels that show the screen, at least one; some may be wrong.

    Returns
    -------
    ndarray of shape (H, W, 3), float32
        Linear light, positive.
    """
    surface = _surface(linear, core)
    plate, reach = surface, _REST_REACH
    far = _far_from_edge(core)
    for _ in range(_REST_ROUNDS):
        distance = relative_distance(linear, plate)
        near = core & (distance < np.where(far, _REST_REACH, reach))
        if not near.any():
            break
        plate = np.clip(surface + _rest(linear - surface, near), _DARKEST, 1)
        reach = max(_TRIM * float(np.median(distance[near])), _LEAST_TRIM)
    return plate


def match_gain(linear: FloatArray, plate: FloatArray, core: BoolArray) -> FloatArray:
    """Give the gain (3,) per channel that brings a clean plate to the picture's exposure."""
    ratio = linear[core] / np.maximum(plate[core], _DARKEST)
    gain: FloatArray = np.median(ratio, axis=0).astype(np.float32)
    return gain


def relative_distance(linear: FloatArray, plate: FloatArray) -> FloatArray:
    """Give abs(C - B) / abs(B) per pixel, lengths in linear RGB."""
    distance = np.linalg.norm(linear - plate, axis=-1)
    relative: FloatArray = distance / np.maximum(np.linalg.norm(plate, axis=-1), _DARKEST)
    return relative


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
        coefficients = np.linalg.lstsq(terms, values, rcond=None)[0]
        fitted = _terms(centres, exponents) @ coefficients
        off = np.linalg.norm(colours - fitted, axis=1) / np.linalg.norm(colours, axis=1)
        used = off <= max(_TRIM * float(np.median(off[used])), _LEAST_TRIM)
    x, y = np.meshgrid(_unit(np.arange(columns), columns), _unit(np.arange(rows), rows))
    surface = _terms(np.stack([y.ravel(), x.ravel()], axis=1), exponents) @ coefficients
    low, high = colours[used].min(axis=0), colours[used].max(axis=0)
    surface = surface.clip(_RUNAWAY * low, high / _RUNAWAY)
    return surface.reshape(rows, columns, 3).astype(np.float32)


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


def _rest(rest: FloatArray, near: BoolArray) -> FloatArray:
    """Continue what the surface leaves over into the whole picture, coarse to fine."""
    import cv2

    weight = near.astype(np.float32)
    known = rest * weight[..., None]
    total = np.zeros_like(rest)
    for sigma in _REST_SCALES:
        support = cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        mean = cv2.GaussianBlur(known, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        mean /= np.maximum(support, np.finfo(np.float32).tiny)[..., None]
        trust = support / (support + _REST_SUPPORT)
        total += trust[..., None] * (mean - total)
    return total
