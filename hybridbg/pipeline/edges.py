"""How soft the edge is, where the caller says so: a wider unknown band, or a steep alpha."""

from __future__ import annotations

import numpy as np

from hybridbg.core.distance import distance_to
from hybridbg.core.pieces import without_small
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import ByteArray, FloatArray
from hybridbg.pipeline.settling import certain

__all__ = ["hardened", "own_colours", "softened"]

_SOFTER = 0.05
"""Width by which a soft edge's band grows on either side, in sides of a square of the subject's
area."""

_HELD = 0.04
"""How strongly matting holds on to what was known and a soft edge makes unknown, where the sources
are certain: with a twentieth, alpha of the fur and motion samples had up to a tenth more error;
hair gains as much."""

_SPECK_SHARE = 1e-3
"""Pieces of a hard-edged subject below this share of it, and such holes, are noise or ends of hair:
what a soft edge may leave floating, a hard one may not."""

_EVEN = 0.004
"""Standard deviation of the smoothing of what is not crisp, in sides of a square of the subject's
area: the line of half an alpha through soft or doubtful places is ragged."""

_CRISP, _VAGUE = 0.15, 0.45
"""Share of mixed pixels around a place up to which its edge is left as it is, and from which it is
smoothed altogether; along an edge one pixel wide it is below .14."""

_RIM, _RIM_SHARE = 4.0, 0.01
"""Depth up to which colours inside of a hard edge are the estimated ones: in pixels, or in sides of
a square of the subject's area if that is more; from twice that on they are the picture's."""

_FLATTEST = 1e-3
"""Slope of alpha, per pixel, below which a place lies on no edge."""


def softened(
    trimap: ByteArray, prior: FloatArray, prior_weight: FloatArray | None = None
) -> tuple[ByteArray, FloatArray]:
    """Widen the unknown band on both sides, but leave some of each known.

    Parameters
    ----------
    trimap : (H, W) uint8
    prior : (H, W) float32 in [0, 1]
        What the sources expect.
    prior_weight : (H, W) float32, optional
        How strongly matting holds on to that.

    Returns
    -------
    trimap : (H, W) uint8
    prior_weight : (H, W) float32
        Larger where the sources were sure and are doubted now.
    """
    wider = trimap.copy()
    width = max(1.0, _SOFTER * float(np.sqrt(np.count_nonzero(trimap != BACKGROUND))))
    for value in (BACKGROUND, FOREGROUND):
        known = trimap == value
        depth = distance_to(~known)
        # Nothing is left to know about a thin subject, or one that fills the picture, but its core.
        wider[known & (depth <= min(width, float(depth.max()) / 2))] = UNKNOWN
    held = np.zeros_like(prior) if prior_weight is None else prior_weight.copy()
    doubted = wider != trimap
    held[doubted] = np.maximum(held[doubted], _HELD * certain(prior[doubted]))
    return wider, held


def hardened(alpha: FloatArray) -> FloatArray:
    """Make an edge as steep as a product's: inside 1, outside 0, smoothed over a pixel.

    The edge runs where alpha is one half, evened out where it is soft. With g the change of alpha
    over two pixels across the edge, alpha is stretched around one half by 2 / g - 1: nothing is
    done to an edge one pixel wide (g = 1), and wider ones become as narrow.

    Parameters
    ----------
    alpha : (H, W) float32 in [0, 1]

    Returns
    -------
    (H, W) float32 in [0, 1]

    Examples
    --------
    >>> ramp = np.tile(np.linspace(0, 1, 21, dtype=np.float32), (3, 1))
    >>> hardened(ramp)[1, 8:13].round(3).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    import cv2

    alpha = _evened(alpha)
    across = np.array([[-1, 0, 1]], dtype=np.float32)
    border = cv2.BORDER_REPLICATE
    change = np.hypot(
        cv2.filter2D(alpha, -1, across, borderType=border),
        cv2.filter2D(alpha, -1, across.T, borderType=border),
    ).clip(2 * _FLATTEST, 1)
    steep = ((alpha - np.float32(0.5)) * (2 / change - 1) + np.float32(0.5)).clip(0, 1)
    subject = without_small(~without_small(alpha < 0.5, _SPECK_SHARE), _SPECK_SHARE)
    hard: FloatArray = np.where(subject == (alpha >= 0.5), steep, subject.astype(np.float32))
    # Around a piece that went, its edge goes too.
    far = cv2.dilate(subject.view(np.uint8), np.ones((3, 3), np.uint8)) == 0
    near = cv2.erode(subject.view(np.uint8), np.ones((3, 3), np.uint8)) == 1
    hard[far], hard[near] = 0, 1
    return hard


def own_colours(foreground: FloatArray, picture: FloatArray, alpha: FloatArray) -> FloatArray:
    """Give a hard-edged subject the picture's own colours, but for a rim.

    Where alpha was mixed, colours were estimated as if the background shone through; inside of a
    hard edge nothing does.

    Parameters
    ----------
    foreground, picture : (H, W, 3) float32
    alpha : (H, W) float32
        With the hard edge.

    Returns
    -------
    (H, W, 3) float32
        `foreground` along the edge, which the background's light reaches, and `picture` from
        some depth on.
    """
    depth = distance_to(alpha < 1)
    rim = max(_RIM, _RIM_SHARE * float(np.sqrt(np.count_nonzero(alpha >= 0.5))))
    own = ((depth - rim) / rim).clip(0, 1)[..., None].astype(np.float32)
    mixed: FloatArray = foreground + own * (picture - foreground)
    return mixed


def _evened(alpha: FloatArray) -> FloatArray:
    """Smooth alpha where it is mixed over more than the width of an edge."""
    import cv2

    size = float(np.sqrt(np.count_nonzero(alpha >= 0.5)))
    sigma = max(1.0, _EVEN * size)
    mixed = cv2.GaussianBlur(4 * alpha * (1 - alpha), (0, 0), 2 * sigma)
    vague = ((mixed - _CRISP) / (_VAGUE - _CRISP)).clip(0, 1)
    evened: FloatArray = alpha + vague * (cv2.GaussianBlur(alpha, (0, 0), sigma) - alpha)
    return evened
