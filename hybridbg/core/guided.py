"""The fast guided filter (He & Sun 2015, "Fast Guided Filter"): a small map, a large picture.

Inside each window of the small picture the map is explained as a linear function of the colours,
alpha = a . I + b, with a ridge on the slopes (He, Sun & Tang 2013, eqs. 19-21). The coefficients,
averaged over windows and enlarged, are applied to the large picture, so that the map's edges come
to lie on the picture's. Sums of products run in float64: with float32 the covariance of a nearly
flat window is lost in rounding, and edges with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.resample import resample
from hybridbg.core.types import FloatArray

__all__ = ["guided_enlarge"]


def guided_enlarge(
    plane: FloatArray, guide: FloatArray, *, radius: int = 2, epsilon: float = 1e-4
) -> FloatArray:
    """Enlarge a map to a picture's size along the picture's edges.

    Parameters
    ----------
    plane : ndarray of shape (h, w), float32 in [0, 1]
        The map, no larger than the picture.
    guide : ndarray of shape (H, W, 3), float32 in [0, 1]
        The picture, RGB, sRGB-coded.
    radius : int
        Windows reach this many pixels of the map to each side.
    epsilon : float
        Variance of colours below which a window counts as flat.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        A new array.

    Examples
    --------
    >>> guide = np.zeros((4, 12, 3), dtype=np.float32)
    >>> guide[:, 5:] = 1
    >>> plane = np.array([[0, 0, 1, 1]], dtype=np.float32)  # its edge lies at column 6
    >>> (guided_enlarge(plane, guide, radius=1)[0] > 0.5).astype(int).tolist()
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    """
    shape = (guide.shape[0], guide.shape[1])
    slopes, offset = _coefficients(
        plane.astype(np.float64),
        resample(guide, (plane.shape[0], plane.shape[1])).astype(np.float64),
        radius,
        epsilon,
    )
    # Channel by channel: the enlarged slopes of a large picture never stand in memory together.
    enlarged = resample(offset, shape).copy()
    for channel in range(3):
        enlarged += resample(slopes[channel], shape) * guide[..., channel]
    return enlarged.clip(0, 1)


def _coefficients(
    plane: NDArray[np.float64], guide: NDArray[np.float64], radius: int, epsilon: float
) -> tuple[list[FloatArray], FloatArray]:
    """Slopes for the three channels and the offset, averaged over all windows of each pixel."""
    mean_guide = _mean(guide, radius)
    mean_plane = _mean(plane, radius)
    # Upper triangle of the 3 x 3 covariance of colours, and their covariance with the map.
    covariance = np.empty((*plane.shape, 3, 3))
    cross = np.empty((*plane.shape, 3))
    for one in range(3):
        cross[..., one] = _mean(guide[..., one] * plane, radius)
        cross[..., one] -= mean_guide[..., one] * mean_plane
        for two in range(one, 3):
            entry = _mean(guide[..., one] * guide[..., two], radius)
            entry -= mean_guide[..., one] * mean_guide[..., two]
            covariance[..., one, two] = covariance[..., two, one] = entry
    # a = (covariance + epsilon 1)^-1 cross;  b = mean of map - a . mean of colours
    covariance += epsilon * np.eye(3)
    slopes = np.linalg.solve(covariance, cross[..., None])[..., 0]
    offset = mean_plane - (slopes * mean_guide).sum(axis=2)
    smooth = np.moveaxis(_mean(slopes, radius), 2, 0).astype(np.float32)
    return [np.ascontiguousarray(one) for one in smooth], _mean(offset, radius).astype(np.float32)


def _mean(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    import cv2

    size = (2 * radius + 1, 2 * radius + 1)
    mean: NDArray[np.float64] = cv2.blur(values, size, borderType=cv2.BORDER_REFLECT)
    return mean
