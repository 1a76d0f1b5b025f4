"""Alpha from the colours of known pixels, with a confidence: the prior that refines closed form.

The passes and their papers are described in ext/colour_matching.pyx, colour_pairing.pyx and
colour_estimate.pyx, and where to be silent in colour_evenness.pyx. Here are the constants, and the
scale: lengths are in pixels of a picture of half a megapixel and grow with its side, so that a
picture and its enlargement get the same alpha at the same cost per pixel.

Where the constants come from: benchmarks/alpha.py on nine pictures of alphamatting.com and on
generated samples. All stand on plateaus: changing one by half moved the mean SAD by less than 4 %,
mostly by less than 1 %.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.progress import Report, Rising
from hybridbg.core.trimap import BACKGROUND, FOREGROUND
from hybridbg.core.types import ByteArray, FloatArray, Shape

__all__ = ["NOT_ASKED", "STRENGTH", "sampling_prior"]

NOT_ASKED = np.uint8(64)
"""A trimap's value of pixels that are unknown, and of which nobody wants to know."""

_UNIT_PIXELS = 5e5
"""Size of a picture in which lengths below count as they stand."""

_PITCH = 2.0
"""Side of a cell that shoots rays, keeps a pair and is surveyed for evenness."""

_MATCH_PITCH = 1.0
"""Side of a cell of which one known pixel stands for its side in matching."""

_MATCH_COLOUR = 0.03
"""Colour difference (Euclidean, sRGB-coded) up to which an unknown pixel is one with a known."""

_VOUCH = 4.0
"""Squared colour difference allowed, as a multiple of the variance around the known pixel."""

_VOUCH_LEAST = 1.5e-5
"""Squared colour difference that 8-bit rounding makes: one level."""

_MATCH_REACH = 30.0
"""How far apart two pixels of the very same colour may be to be one."""

_MATCH_RATIO = 0.15
"""A match is this much nearer than anything of the other side, or it is none."""

_PAIR_NOISE = 1e-4
"""Squared colour error below which one pair explains a colour as well as another."""

_OVERSHOOT = 1.5
"""How far alpha of a pair may leave 0..1, in standard deviations of the pair's noise."""

_MISFIT = 4.0
"""What a squared colour error that a pair leaves counts for in the variance of alpha."""

_REACH = 12.0
"""How far a pixel looks for the pairs that cells have found."""

_EVEN = 0.25
"""Cells are an even slope where a plane leaves less than this, relative to what it explains."""

_FAINT = 5e-6
"""Sum of squares over 25 cells that is nothing."""

_ROUNDING = 1e-4
"""Sum of squares over 25 cells that 8-bit rounding leaves of an even slope."""

STRENGTH = 0.02
"""Weight of what is certain; the Laplacian's own diagonal is about 1."""

_DOUBT = 0.01
"""Variance of alpha at which its weight is halved."""

_LEAST = 0.02
"""Weight of alpha one half relative to that of 0 and 1, which are more often true."""

_TILE = 16
"""Side of the tiles that the kernels work on, in pixels."""

_LARGEST_PITCH = 181
"""Places in a cell are stored in 16 bits."""

_RAYS, _PHASES = 12, 64

_MATCHED, _SURVEYED, _PAIRED = 0.4, 0.5, 0.7
"""About how much of the work is done after each step."""


def sampling_prior(
    image: FloatArray,
    trimap: ByteArray,
    *,
    num_threads: int,
    progress: Report | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Estimate alpha from samples of known colours, and how much to trust it.

    Parameters
    ----------
    image : (H, W, 3) float32 in [0, 1], sRGB-coded, C-contiguous
    trimap : (H, W) uint8, 0 / 128 / 255 or `NOT_ASKED`, C-contiguous
    num_threads : int
        Does not change the result.
    progress : callable, optional
        Called with the fraction done after each step; what it raises stops the work.

    Returns
    -------
    prior, weight : (H, W) float32 arrays
        Alpha in [0, 1], or beyond by what noise makes of it, and how strongly to hold it, 0 or
        more, where the trimap is 128; zeros elsewhere, and everywhere if no foreground or no
        background is known.

    References
    ----------
    E. Gastal, M. Oliveira, "Shared Sampling for Real-Time Alpha Matting", Eurographics 2010.
    K. He, C. Rhemann, C. Rother, X. Tang, J. Sun, "A Global Sampling Method for Alpha Matting",
    CVPR 2011.
    """
    from hybridbg._kernels import colour_estimate, colour_evenness, colour_matching, colour_pairing

    shape = trimap.shape
    prior = np.zeros(shape, dtype=np.float32)
    weight = np.zeros(shape, dtype=np.float32)
    if trimap.min() > BACKGROUND or trimap.max() < FOREGROUND:
        return prior, weight
    work = Rising(progress)
    scale = max(1.0, math.sqrt(trimap.size / _UNIT_PIXELS))
    marks = _matched(image, trimap, scale, num_threads)
    work(_MATCHED)
    pitch = _whole(_PITCH * scale)
    picks = _empty_picks(shape, pitch)
    cells = picks.shape[1:]
    trust = np.zeros(cells, dtype=np.float32)
    means = np.empty((*cells, 3), dtype=np.float32)
    colour_matching.pick(trimap, pitch, picks, num_threads)
    colour_evenness.survey(image, picks, pitch, _EVEN, _FAINT, _ROUNDING, means, trust, num_threads)
    del means
    work(_SURVEYED)
    colour_matching.pick(marks, pitch, picks, num_threads)
    pairs = np.zeros((7, *cells), dtype=np.float32)
    colour_pairing.pair(
        image,
        marks,
        picks,
        _clearance(picks),
        _directions(),
        pitch,
        _PAIR_NOISE,
        _OVERSHOOT,
        pairs,
        num_threads,
    )
    work(_PAIRED)
    colour_estimate.estimate(
        image,
        trimap,
        marks,
        pairs,
        trust,
        pitch,
        _REACH * scale,
        _PAIR_NOISE,
        _OVERSHOOT,
        _MISFIT,
        STRENGTH,
        _DOUBT,
        _LEAST,
        prior,
        weight,
        num_threads,
    )
    work(1)
    return prior, weight


def _matched(image: FloatArray, trimap: ByteArray, scale: float, num_threads: int) -> ByteArray:
    """Return the trimap with unknown pixels that look like known ones made known."""
    from hybridbg._kernels import colour_matching as kernel

    pitch = _whole(_MATCH_PITCH * scale)
    picks = _empty_picks(trimap.shape, pitch)
    kernel.pick(trimap, pitch, picks, num_threads)
    _keep_near(picks, int(_MATCH_REACH * scale) // pitch + _TILE // pitch + 2)
    inverse = np.zeros((2, *picks.shape[1:]), dtype=np.float32)
    kernel.vouch(
        image, trimap, picks, pitch, _VOUCH, _VOUCH_LEAST, _MATCH_COLOUR**2, inverse, num_threads
    )
    blocks = (-(-cells // kernel.BLOCK_CELLS) for cells in picks.shape[1:])
    boxes = np.empty((2, *blocks, 7), dtype=np.float32)
    kernel.bound(image, picks, pitch, inverse, boxes, num_threads)
    marks = trimap.copy()
    kernel.match(
        image,
        trimap,
        picks,
        inverse,
        boxes,
        pitch,
        _MATCH_COLOUR**2,
        (_MATCH_COLOUR / (_MATCH_REACH * scale)) ** 2,
        _MATCH_RATIO,
        marks,
        num_threads,
    )
    return marks


def _keep_near(picks: NDArray[np.int16], reach: int) -> None:
    """Forget the known pixels of cells farther than `reach` cells from any that is asked."""
    import cv2

    square = np.ones((2 * reach + 1,) * 2, dtype=np.uint8)
    near = cv2.dilate((picks[1] >= 0).view(np.uint8), square)
    picks[:, near == 0] = -1


def _whole(pitch: float) -> int:
    return min(max(round(pitch), 1), _LARGEST_PITCH)


def _empty_picks(shape: Shape, pitch: int) -> NDArray[np.int16]:
    """Room for one pixel of each side in every cell."""
    return np.empty((3, -(-shape[0] // pitch), -(-shape[1] // pitch)), dtype=np.int16)


def _clearance(picks: NDArray[np.int16]) -> ByteArray:
    """Return how many cells each is from the nearest with known background, and foreground."""
    import cv2

    empty = (picks[::2] < 0).view(np.uint8)
    distances = [cv2.distanceTransform(side, cv2.DIST_C, 3) for side in empty]
    return np.stack([np.minimum(distance, 255) for distance in distances], axis=2).astype(np.uint8)


def _directions() -> NDArray[np.float32]:
    """Return (phases, rays, 2) unit steps down and across, turned a little from phase to phase."""
    turn = np.arange(_RAYS) + np.arange(_PHASES)[:, None] / _PHASES
    angle = 2 * np.pi / _RAYS * turn
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).astype(np.float32)
