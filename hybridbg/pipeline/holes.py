"""Holes closed: whatever the subject encloses becomes the subject's.

First in the trimap, so that nothing is solved there; then in the alpha, for matting sees holes of
its own in what was unknown.
"""

from __future__ import annotations

import numpy as np

from hybridbg.core.distance import distance_to
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import BoolArray, ByteArray, FloatArray

__all__ = ["filled", "made_opaque"]

_OPAQUE = 0.995
"""Alpha from which a wall is opaque, and what it encloses is the subject's, however small."""

_GAP_SHARE = 1e-3
"""Holes behind thinner walls count from this share of the subject's area on: smaller ones are
between hairs, where the background filled in is worse than seen through."""


def filled(
    trimap: ByteArray, probability: FloatArray | None = None, dropped: BoolArray | None = None
) -> ByteArray:
    """Close the holes of a trimap.

    Parameters
    ----------
    trimap : (H, W) uint8
    probability : (H, W) float32 in [0, 1], optional
        Which side unknown pixels are likely to be on; else they count with the nearer known ones.
    dropped : (H, W) bool, optional
        What is not the subject, whatever encloses it: a hole with some of it is kept.

    Returns
    -------
    (H, W) uint8
        Foreground where the subject encloses background, and where what is unknown is enclosed or
        lies along a hole; the trimap itself if it encloses nothing. What reaches the picture's
        border is no hole.

    Examples
    --------
    >>> ring = np.zeros((5, 5), np.uint8)
    >>> ring[1:4, 1:4] = 255
    >>> ring[2, 2] = 0
    >>> int(filled(ring)[2, 2])
    255
    """
    known = trimap == FOREGROUND
    if probability is None:
        likely = distance_to(known) <= distance_to(trimap == BACKGROUND)
    else:
        likely = probability >= 0.5
    subject = known | (likely & (trimap != BACKGROUND))
    outside = _reached(~subject, dropped)
    holes = ~(subject | outside)
    # What is not surely the subject and cannot be reached from outside, however thin the walls.
    enclosed = ~known & ~_reached(~known, dropped)
    if not (holes.any() or enclosed.any()):
        return trimap
    closed = trimap.copy()
    closed[holes | enclosed] = FOREGROUND
    if holes.any():
        closed[(trimap != BACKGROUND) & (distance_to(holes) < distance_to(outside))] = FOREGROUND
    return closed


def made_opaque(alpha: FloatArray, dropped: BoolArray | None = None) -> FloatArray:
    """Close the holes of an alpha.

    Parameters
    ----------
    alpha : (H, W) float32 in [0, 1]
    dropped : (H, W) bool, optional
        As of `filled`.

    Returns
    -------
    (H, W) float32 in [0, 1]
        1 in holes, and on their side of a soft wall.

    Examples
    --------
    >>> ring = np.ones((5, 5), np.float32)
    >>> ring[0], ring[2, 2] = 0, 0.3
    >>> float(made_opaque(ring)[2, 2])
    1.0
    """
    import cv2

    through = alpha < 0.5
    holes = through & ~_reached(through, dropped)
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(holes.view(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < _GAP_SHARE * np.count_nonzero(~through)
    subject = ~through | (holes & small[pieces])
    seen = np.where(alpha >= _OPAQUE, np.uint8(FOREGROUND), np.uint8(UNKNOWN))
    closed = filled(seen, subject.astype(np.float32), dropped) == FOREGROUND
    return np.where(closed & (seen == UNKNOWN), np.float32(1), alpha)


def _reached(region: BoolArray, dropped: BoolArray | None) -> BoolArray:
    """Those pieces of a region that touch the picture's border, or something dropped."""
    import cv2

    # The subject may touch diagonally: what it walls in is parted by edges, not by corners.
    _, pieces = cv2.connectedComponents(region.view(np.uint8), connectivity=4)
    starts = [pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]
    if dropped is not None:
        starts.append(pieces[dropped])
    reached: BoolArray = region & np.isin(pieces, np.unique(np.concatenate(starts)))
    return reached
