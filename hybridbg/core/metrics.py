"""How far an alpha matte or a mask is from the truth.

The four matte errors are those of Rhemann et al., "A Perceptually Motivated Online Benchmark for
Image Matting" (CVPR 2009), computed as the benchmark's published evaluation code computes them.
Errors that sum over pixels (SAD, gradient, connectivity) are returned in thousands, as tables of
the field print them; MSE is a mean. Alpha is linear opacity in [0, 1]. Sums run in float64.

Mask scores are the plain intersection over union, Boundary IoU (Cheng et al., CVPR 2021) and the
boundary F-measure (Perazzi et al., CVPR 2016).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import InvalidOptionError, InvalidTrimapError
from hybridbg.core.trimap import UNKNOWN, as_trimap

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray, FloatArray

__all__ = [
    "boundary_f",
    "boundary_iou",
    "connectivity_error",
    "gradient_error",
    "iou",
    "mse",
    "sad",
]

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
    alpha, truth, scored = _pair(alpha, truth, region)
    return float(np.abs(_difference(alpha, truth)[scored]).sum()) / _THOUSAND


def mse(alpha: NDArray[Any], truth: NDArray[Any], *, region: NDArray[Any] | None = None) -> float:
    """Mean squared error over the scored pixels.

    Parameters, errors and accepted arrays are those of `sad`.

    Examples
    --------
    >>> mse(np.zeros((10, 10)), np.full((10, 10), 0.5))
    0.25
    """
    alpha, truth, scored = _pair(alpha, truth, region)
    return float(np.square(_difference(alpha, truth)[scored]).mean())


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
    alpha, truth, scored = _pair(alpha, truth, region)
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
    alpha, truth, scored = _pair(alpha, truth, region)
    connected = _connection_level(np.minimum(alpha, truth))
    difference = _connectivity(alpha, connected) - _connectivity(truth, connected)
    return float(np.abs(difference[scored]).sum()) / _THOUSAND


def iou(mask: NDArray[Any], truth: NDArray[Any]) -> float:
    """Intersection over union of two masks.

    Parameters
    ----------
    mask, truth : ndarrays of shape (H, W)
        bool, uint8, uint16 or floating point in [0, 1]; at and above one half is foreground.

    Returns
    -------
    float in [0, 1]
        1 when equal, also when both are empty.

    Raises
    ------
    InvalidMaskError
        A mask that is not one, or of another size than the other.

    Examples
    --------
    >>> iou(np.array([[1, 1, 0]], dtype=bool), np.array([[0, 1, 1]], dtype=bool))
    0.3333333333333333
    """
    return _overlap(*_binary_pair(mask, truth))


def boundary_iou(mask: NDArray[Any], truth: NDArray[Any], *, dilation_ratio: float = 0.02) -> float:
    """Intersection over union of the inner bands along the edges of two masks.

    Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation" (CVPR
    2021): of each mask only the pixels at most d pixels (chessboard distance) inside its edge
    count, the border of the picture being an edge as in the authors' code.

    Parameters
    ----------
    mask, truth : ndarrays of shape (H, W)
        As for `iou`.
    dilation_ratio : float in (0, 1]
        d as a part of the picture's diagonal; at least one pixel is used.

    Returns
    -------
    float in [0, 1]
        1 when equal, also when both are empty.

    Raises
    ------
    InvalidMaskError
        A mask that is not one, or of another size than the other.
    InvalidOptionError
        `dilation_ratio` out of range.

    Examples
    --------
    >>> square = np.zeros((64, 64), dtype=bool)
    >>> square[8:56, 8:56] = True
    >>> shifted = np.roll(square, 2, axis=1)
    >>> round(iou(square, shifted), 2), round(boundary_iou(square, shifted), 2)
    (0.92, 0.33)
    """
    if not 0 < dilation_ratio <= 1:
        raise InvalidOptionError(f"dilation_ratio must be in (0, 1], got {dilation_ratio}")
    mask, truth = _binary_pair(mask, truth)
    width = max(1, round(dilation_ratio * math.hypot(*mask.shape)))
    return _overlap(_inner_band(mask, width), _inner_band(truth, width))


def boundary_f(mask: NDArray[Any], truth: NDArray[Any], *, tolerance: float = 2) -> float:
    """F-measure of two masks' outlines, pixels of which match within a distance.

    Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation"
    (CVPR 2016), section 4: precision is the share of the mask's outline that lies within the
    tolerance of the truth's, recall the same the other way round, and F their harmonic mean. An
    outline is the mask's pixels with a side in common with a pixel outside; where the picture's
    border cuts the subject there is none. Distances are Euclidean.

    Parameters
    ----------
    mask, truth : ndarrays of shape (H, W)
        As for `iou`.
    tolerance : float, at least 0
        In pixels; give it in proportion to the picture's size where sizes differ.

    Returns
    -------
    float in [0, 1]
        1 where neither mask has an outline, 0 where only one has.

    Raises
    ------
    InvalidMaskError
        A mask that is not one, or of another size than the other.
    InvalidOptionError
        `tolerance` negative or not finite.

    Examples
    --------
    >>> square = np.zeros((64, 64), dtype=bool)
    >>> square[8:56, 8:56] = True
    >>> boundary_f(np.roll(square, 2, axis=1), square)
    1.0
    >>> round(boundary_f(np.roll(square, 3, axis=1), square), 2)
    0.52
    """
    if not 0 <= tolerance < math.inf:
        raise InvalidOptionError(f"tolerance must be 0 or more pixels, got {tolerance}")
    outlines = [_outline(one) for one in _binary_pair(mask, truth)]
    if not all(outline.any() for outline in outlines):
        return float(not any(outline.any() for outline in outlines))
    precision, recall = (
        float(np.mean(distance_to(other)[one] <= tolerance))
        for one, other in (outlines, reversed(outlines))
    )
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _pair(
    alpha: NDArray[Any], truth: NDArray[Any], region: NDArray[Any] | None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Validate two mattes and what to score of them."""
    truth = np.asarray(truth)
    truth = as_mask(truth, truth.shape[:2], name="truth")
    alpha = as_mask(alpha, truth.shape, name="alpha")
    if region is None:
        return alpha, truth, np.ones(truth.shape, dtype=np.bool_)
    region = np.asarray(region)
    if region.dtype != np.bool_:
        region = as_trimap(region, truth.shape) == UNKNOWN
    if region.shape != truth.shape:
        raise InvalidTrimapError(
            f"expected a region of the mattes' size {truth.shape}, got {region.shape}"
        )
    if not region.any():
        raise InvalidTrimapError(
            "expected a region with at least one pixel to score, got an empty one; "
            "a trimap is scored where it is unknown, leave it out to score the whole matte"
        )
    return alpha, truth, region


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


def _binary_pair(mask: NDArray[Any], truth: NDArray[Any]) -> tuple[BoolArray, BoolArray]:
    truth = np.asarray(truth)
    truth = as_mask(truth, truth.shape[:2], name="truth")
    mask = as_mask(mask, truth.shape, name="mask")
    return mask >= 0.5, truth >= 0.5


def _overlap(mask: BoolArray, truth: BoolArray) -> float:
    union = int(np.count_nonzero(mask | truth))
    return int(np.count_nonzero(mask & truth)) / union if union else 1.0


def _inner_band(mask: BoolArray, width: int) -> BoolArray:
    """Pixels of the mask at most `width` inside its edge."""
    import cv2

    square = np.ones((3, 3), dtype=np.uint8)
    kept = cv2.erode(
        mask.view(np.uint8),
        square,
        iterations=width,
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    band: BoolArray = mask & (kept == 0)
    return band


def _outline(mask: BoolArray) -> BoolArray:
    """Pixels of the mask that share a side with one outside it; the picture's border is none."""
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    # By default OpenCV takes what lies beyond the border as larger than every pixel.
    outline: BoolArray = mask & (cv2.erode(mask.view(np.uint8), cross) == 0)
    return outline
