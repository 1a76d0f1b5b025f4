"""Errors of alpha mattes.

SAD, MSE, gradient and connectivity error are those of Rhemann et al., "A Perceptually Motivated
Online Benchmark for Image Matting" (CVPR 2009), computed as the benchmark's published evaluation
code computes them. Errors that sum over pixels (SAD, gradient, connectivity) are returned in
thousands, as tables of the field print them; MSE and MAD are means.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.metrics.pairs import matte_pair

if TYPE_CHECKING:
    from hybridbg.core.types import FloatArray

__all__ = ["connectivity_error", "gradient_error", "mad", "mse", "sad"]

_THOUSAND: Final = 1000
# Standard deviation of the Gaussian derivative filters, Rhemann et al. section 3.2.
_GRADIENT_SIGMA: Final = 1.4
# The filters are cut off where the Gaussian falls below this, as in the published code.
_GRADIENT_CUTOFF: Final = 1e-2
# theta of Rhemann et al. section 3.1: smaller gaps in connectivity are not visible.
_CONNECTIVITY_THETA: Final = 0.15
# Connectivity is examined at the alpha levels 0.1, 0.2 ... 1.
_CONNECTIVITY_LEVELS: Final = 10


def sad(alpha: NDArray[Any], truth: NDArray[Any], *, region: NDArray[Any] | None = None) -> float:
    """Sum of absolute differences, in thousands.

    Parameters
    ----------
    alpha, truth : ndarrays of shape (H, W)
        Mattes to compare: floating point in [0, 1], uint8, uint16 or bool.
    region : ndarray of shape (H, W), optional
        Score only these pixels: a bool array, or a trimap whose unknown pixels are meant. By
        default all.

    Returns
    -------
    float
        Zero when equal.

    Raises
    ------
    InvalidMaskError
        A matte that is not one, or of another size than the other.
    InvalidTrimapError
        `region` has another size, is no trimap, or holds no pixel to score.

    Examples
    --------
    >>> sad(np.zeros((100, 100)), np.full((100, 100), 0.5))
    5.0
    """
    alpha, truth, scored = matte_pair(alpha, truth, region)
    return float(np.abs(_difference(alpha, truth)[scored]).sum()) / _THOUSAND


def mse(alpha: NDArray[Any], truth: NDArray[Any], *, region: NDArray[Any] | None = None) -> float:
    """Mean squared error over the scored pixels.

    Parameters, errors and accepted arrays are those of `sad`.

    Examples
    --------
    >>> mse(np.zeros((10, 10)), np.full((10, 10), 0.5))
    0.25
    """
    alpha, truth, scored = matte_pair(alpha, truth, region)
    return float(np.square(_difference(alpha, truth)[scored]).mean())


def mad(alpha: NDArray[Any], truth: NDArray[Any], *, region: NDArray[Any] | None = None) -> float:
    """Mean absolute difference over the scored pixels; on masks the literature calls it MAE.

    Parameters, errors and accepted arrays are those of `sad`.

    Examples
    --------
    >>> mad(np.zeros((10, 10)), np.full((10, 10), 0.5))
    0.5
    """
    alpha, truth, scored = matte_pair(alpha, truth, region)
    return float(np.abs(_difference(alpha, truth)[scored]).mean())


def gradient_error(
    alpha: NDArray[Any], truth: NDArray[Any], *, region: NDArray[Any] | None = None
) -> float:
    """Squared difference of gradient magnitudes, summed, in thousands.

    Gradients are taken with first-order Gaussian derivative filters of sigma 1.4 normalised to
    unit energy, the picture continued beyond its border by repetition (Rhemann et al. 2009,
    section 3.2, exponent q = 2). Parameters, errors and accepted arrays are those of `sad`.

    Examples
    --------
    >>> gradient_error(np.eye(8), np.eye(8))
    0.0
    """
    alpha, truth, scored = matte_pair(alpha, truth, region)
    difference = _gradient_magnitude(alpha) - _gradient_magnitude(truth)
    return float(np.square(difference[scored]).sum()) / _THOUSAND


def connectivity_error(
    alpha: NDArray[Any], truth: NDArray[Any], *, region: NDArray[Any] | None = None
) -> float:
    """Difference in how firmly pixels hang together with the main opaque region, in thousands.

    At each level t = 0.1, 0.2 ... 1 the source region is the largest 4-connected component of
    the pixels where both mattes reach t. l is the highest level at which a pixel still belongs to
    it, d = alpha - l its distance, phi = 1 - d where d >= theta = 0.15 and 1 elsewhere; the error
    is the sum of abs(phi(alpha) - phi(truth)) (Rhemann et al. 2009, section 3.1, p = 1; the
    spatial weight lambda is 1 as in the benchmark's published code). Parameters, errors and
    accepted arrays are those of `sad`.

    Examples
    --------
    >>> connectivity_error(np.eye(8), np.eye(8))
    0.0
    """
    alpha, truth, scored = matte_pair(alpha, truth, region)
    connected = _connection_level(np.minimum(alpha, truth))
    difference = _connectivity(alpha, connected) - _connectivity(truth, connected)
    return float(np.abs(difference[scored]).sum()) / _THOUSAND


def _difference(alpha: FloatArray, truth: FloatArray) -> NDArray[np.float64]:
    return np.subtract(alpha, truth, dtype=np.float64)


def _gradient_magnitude(alpha: FloatArray) -> NDArray[np.float64]:
    import cv2

    sigma = _GRADIENT_SIGMA
    # The radius at which the normalised Gaussian falls to the cut-off.
    reach = sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * _GRADIENT_CUTOFF))
    radius = math.ceil(reach)
    offset = np.arange(-radius, radius + 1, dtype=np.float64)
    smooth = np.exp(-np.square(offset) / (2 * sigma**2))
    derivative = -offset * smooth
    # Unit energy of the outer product is unit energy of its factors.
    smooth /= np.linalg.norm(smooth)
    derivative /= np.linalg.norm(derivative)
    along_rows, along_columns = (
        cv2.sepFilter2D(alpha, cv2.CV_64F, x, y, borderType=cv2.BORDER_REPLICATE)
        for x, y in ((smooth, derivative), (derivative, smooth))
    )
    magnitude: NDArray[np.float64] = np.hypot(along_rows, along_columns)
    return magnitude


def _connection_level(common: FloatArray) -> NDArray[np.float64]:
    """Highest level at which each pixel still belongs to the largest component of `common`."""
    import cv2

    level = np.zeros(common.shape)
    still = np.ones(common.shape, dtype=np.bool_)
    for step in range(1, _CONNECTIVITY_LEVELS + 1):
        threshold = step / _CONNECTIVITY_LEVELS
        # In float32 as alpha is, so that an alpha of exactly 0.7 reaches the level 0.7.
        reached = (common >= np.float32(threshold)).view(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(reached, connectivity=4)
        if count < 2:
            break
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        still &= labels == largest
        level[still] = threshold
    return level


def _connectivity(alpha: FloatArray, connected: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = alpha - connected
    return 1 - np.where(distance >= _CONNECTIVITY_THETA, distance, 0)
