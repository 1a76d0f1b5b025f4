"""GrabCut (Rother, Kolmogorov & Blake 2004, "GrabCut") through OpenCV, from seeds to a trimap.

Two Gaussian mixtures, one of the colours of the foreground and one of the background, and a graph
cut that pays for edges where the colours are alike, take turns. OpenCV's cut works at a bounded
size; its hard mask is then carried to the full size by a fast guided filter (`core.guided`), so
that its edges follow the picture's. Colours are RGB, sRGB-coded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from hybridbg.core import trimap as trimaps
from hybridbg.core.checks import as_count, as_rect
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import InvalidOptionError, NoSubjectError
from hybridbg.core.guided import guided_enlarge
from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import BoolArray, ByteArray, FloatArray, ImageLike, Shape
from hybridbg.graphcut.seeds import (
    PROBABLE_BACKGROUND,
    PROBABLE_FOREGROUND,
    SURE_BACKGROUND,
    SURE_FOREGROUND,
    inside,
    seeds_from_hint,
    seeds_from_rect,
    seeds_from_trimap,
)
from hybridbg.io import as_grey, as_hint, as_image

__all__ = ["WORKING_SIDE", "grabcut", "segment", "working_cell"]

WORKING_SIDE: Final = 480
"""Long side at which a picture of 4:3 is cut, in pixels; others have as many pixels."""

# GrabCut's k-means starts from random centres. OpenCV's generator belongs to the thread, so that
# seeding it before each cut makes the answer the same in every thread and at every call.
_RANDOM_SEED: Final = 20040807
# A working pixel is sure as soon as sure seeds cover this much of it: thin strokes survive.
_SURE_COVERAGE: Final = 0.25
# Islands and holes below this share of the picture are noise: 17 pixels at 480 x 360.
_SPECK_SHARE: Final = 1e-4
# Unknown band to each side of the cut: what the working size could not see, or this share of the
# subject's size (half of the usual 2 % band), whichever is more ...
_BAND_CELLS: Final = 1.5
_BAND_SHARE: Final = 0.01
# ... but at most this share of the depth of the foreground or background, so that some stays known.
_MAX_BAND_DEPTH: Final = 0.5


def grabcut(
    image: ImageLike,
    *,
    rect: Sequence[int] | None = None,
    trimap: ImageLike | None = None,
    hint: ImageLike | None = None,
    iterations: int = 5,
) -> ByteArray:
    """Separate foreground from background by their colours.

    Parameters
    ----------
    image : path, PIL image, ndarray or Image
        The picture; where it has an alpha channel, fully transparent pixels are background.
    rect : (top, left, bottom, right), optional
        Half-open rectangle around the subject; outside is background. Alone, or with `hint`.
    trimap : path, PIL image, Image or ndarray of shape (H, W), optional
        0 / 128 / 255; known pixels stay as they are. Alone only.
    hint : path, PIL image, Image or ndarray of shape (H, W), optional
        bool, uint8, uint16 or float in [0, 1]: 0 background, 0.5 don't know, 1 foreground. It may
        be rough: only its depths are taken as sure.
    iterations : int
        How often models and cut take turns, from 1 to 100.

    Returns
    -------
    ndarray of shape (H, W), uint8
        0 background, 128 unknown (a band along the cut), 255 foreground.

    Raises
    ------
    NoSubjectError
        Nothing is left as foreground, or nothing as background.
    InvalidOptionError
        No seeds, seeds that exclude each other, a bad rectangle or number of iterations.
    InvalidImageError, InvalidTrimapError, InvalidMaskError
        The picture, trimap or hint cannot be used.

    References
    ----------
    Rother, Kolmogorov & Blake 2004, "GrabCut: interactive foreground extraction using iterated
    graph cuts", ACM Transactions on Graphics 23(3).

    Examples
    --------
    >>> image = np.full((40, 40, 3), 200, dtype=np.uint8)
    >>> image[10:30, 10:30] = (180, 20, 20)
    >>> trimap = grabcut(image, rect=(5, 5, 35, 35))
    >>> trimap[20, 20], trimap[20, 10], trimap[2, 2]
    (np.uint8(255), np.uint8(128), np.uint8(0))
    """
    as_count(iterations, "iterations", minimum=1, maximum=100)
    if trimap is not None and (rect is not None or hint is not None):
        raise InvalidOptionError("trimap goes alone, got a rect or hint beside it; leave one out")
    picture = as_image(image)
    shape = picture.shape
    given = None if trimap is None else trimaps.as_trimap(as_grey(trimap, name="trimap"), shape)
    if given is not None:
        seeds = seeds_from_trimap(given)
    elif hint is not None:
        seeds = seeds_from_hint(as_hint(hint, shape))
        if rect is not None:
            seeds[~inside(as_rect(rect, shape), shape)] = SURE_BACKGROUND
    elif rect is not None:
        seeds = seeds_from_rect(as_rect(rect, shape), shape)
    else:
        raise InvalidOptionError("expected a rect, trimap or hint to start from, got none")
    pixels, opacity = picture.srgb(), picture.alpha_float()
    if opacity is not None:
        _hide(pixels, seeds, opacity == 0)
    mask = segment(pixels, seeds, iterations=iterations)
    result = _with_band(mask >= 0.5, working_cell(shape))
    if opacity is not None:
        result[opacity == 0] = trimaps.BACKGROUND
    if given is not None:
        known = given != trimaps.UNKNOWN
        result[known] = given[known]
    return result


def segment(
    image: FloatArray,
    seeds: ByteArray,
    *,
    iterations: int = 5,
    long_side: int = WORKING_SIDE,
) -> FloatArray:
    """Run GrabCut from seeds of all four classes.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), float32 in [0, 1]
        RGB, sRGB-coded.
    seeds : ndarray of shape (H, W), uint8
        `SURE_BACKGROUND`, `SURE_FOREGROUND`, `PROBABLE_BACKGROUND` or `PROBABLE_FOREGROUND`.
    iterations : int
        How often models and cut take turns.
    long_side : int
        The cut runs at this size at most. It is the longer side of a picture of 4:3; others are
        cut at the same number of pixels.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        Nearly hard mask, at and above one half is foreground; soft within a few working pixels of
        the cut. Sure seeds are exactly 0 and 1.

    Raises
    ------
    NoSubjectError
        The seeds or the cut leave no foreground or no background.
    """
    shape = image.shape[:2]
    inner = fit_inside(shape, max(shape) / working_cell(shape, long_side))
    small = resample(image, inner)
    labels = _cut(np.rint(small * 255).astype(np.uint8), _shrink_seeds(seeds, inner), iterations)
    mask = labels.astype(np.float32)
    if inner != shape:
        mask = guided_enlarge(mask, image)
    mask[seeds == SURE_BACKGROUND] = 0
    mask[seeds == SURE_FOREGROUND] = 1
    _require_both(mask >= 0.5, "the mask at full size leaves")
    return mask


def working_cell(shape: Shape, long_side: int = WORKING_SIDE) -> float:
    """Side of a pixel of the cut, in pixels of the picture: nothing finer was seen.

    The cut has at most as many pixels as a picture of 4:3 with this long side.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the picture.
    long_side : int
        As for `segment`.

    Returns
    -------
    float
        At least 1.

    Examples
    --------
    >>> working_cell((360, 480)), working_cell((720, 960)), working_cell((5, 1000))
    (1.0, 2.0, 1.0)
    """
    return max(1.0, math.sqrt(shape[0] * shape[1] / 0.75) / long_side)


def _hide(pixels: FloatArray, seeds: ByteArray, transparent: BoolArray) -> None:
    """Make transparent pixels sure background, in place, without a say in the colour models.

    What a file keeps under them means nothing, and is often the subject's own colour; they take
    the mean colour of the background that can be seen.
    """
    visible = ~transparent & ((seeds == SURE_BACKGROUND) | (seeds == PROBABLE_BACKGROUND))
    if visible.any():
        pixels[transparent] = pixels[visible].mean(axis=0)
    seeds[transparent] = SURE_BACKGROUND


def _shrink_seeds(seeds: ByteArray, shape: Shape) -> ByteArray:
    """Bring seeds to the working size: the start by majority, sure classes by coverage."""
    if seeds.shape == shape:
        return seeds
    sure_background, sure_foreground, probable = (
        resample(np.isin(seeds, classes).astype(np.float32), shape)
        for classes in (
            (SURE_BACKGROUND,),
            (SURE_FOREGROUND,),
            (SURE_FOREGROUND, PROBABLE_FOREGROUND),
        )
    )
    small = np.where(probable >= 0.5, PROBABLE_FOREGROUND, PROBABLE_BACKGROUND).astype(np.uint8)
    background_wins = sure_background >= sure_foreground
    small[(sure_background >= _SURE_COVERAGE) & background_wins] = SURE_BACKGROUND
    small[(sure_foreground >= _SURE_COVERAGE) & ~background_wins] = SURE_FOREGROUND
    return small


def _cut(image: ByteArray, seeds: ByteArray, iterations: int) -> BoolArray:
    """Cut at the working size, (h, w, 3) uint8, and return where the foreground is.

    One iteration at a time gives the bits of all at once, and never lets OpenCV learn a mixture
    from no pixels at all, which it does not survive.
    """
    import cv2

    labels = seeds.copy()
    mixtures = (np.zeros((1, 65)), np.zeros((1, 65)))  # 5 x (weight, mean, covariance), OpenCV's
    cv2.setRNGSeed(_RANDOM_SEED)
    for turn in range(iterations):
        _require_both(_foreground(labels), "the seeds leave" if turn == 0 else "the cut leaves")
        mode = cv2.GC_INIT_WITH_MASK if turn == 0 else cv2.GC_EVAL
        cv2.grabCut(image, labels, None, *mixtures, 1, mode)
    subject = _without_specks(_foreground(labels), seeds)
    _require_both(subject, "the cut leaves")
    return subject


def _without_specks(subject: BoolArray, seeds: ByteArray) -> BoolArray:
    """Give islands and holes of a few working pixels to what surrounds them, but for sure seeds."""
    import cv2

    cleaned = subject.copy()
    for side, sure in ((subject, SURE_FOREGROUND), (~subject, SURE_BACKGROUND)):
        _, parts, stats, _ = cv2.connectedComponentsWithStats(side.view(np.uint8), connectivity=8)
        small = stats[:, cv2.CC_STAT_AREA] < _SPECK_SHARE * side.size
        small[parts[seeds == sure]] = False
        small[0] = False  # the other side
        cleaned ^= small[parts]
    return cleaned


def _foreground(labels: ByteArray) -> BoolArray:
    subject: BoolArray = (labels == SURE_FOREGROUND) | (labels == PROBABLE_FOREGROUND)
    return subject


def _require_both(subject: BoolArray, who: str) -> None:
    if not subject.any() or subject.all():
        raise NoSubjectError(
            f"GrabCut: {who} no {'background' if subject.all() else 'foreground'}; expected "
            "some of each, mark more of the subject and of its surroundings"
        )


def _with_band(subject: BoolArray, cell: float) -> ByteArray:
    """Make a trimap of a mask; the band follows the subject's size, and never takes all of it."""
    deepest = min(float(distance_to(side).max()) for side in (subject, ~subject))
    half = max(_BAND_CELLS * cell, _BAND_SHARE * math.sqrt(np.count_nonzero(subject)))
    return trimaps.from_mask(subject, band=2 * min(half, _MAX_BAND_DEPTH * deepest))
