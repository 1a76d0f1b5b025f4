"""Scores of masks: overlaps of areas and of outlines.

Intersection over union, its mean over both classes, the F-measure of Achanta et al. (CVPR 2009),
Boundary IoU (Cheng et al., CVPR 2021) and the boundary F-measure (Perazzi et al., CVPR 2016).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_number
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.metrics.pairs import mask_pair

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray

__all__ = ["boundary_f", "boundary_iou", "f_measure", "iou", "mean_iou"]


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
    return _overlap(*mask_pair(mask, truth))


def mean_iou(mask: NDArray[Any], truth: NDArray[Any]) -> float:
    """Mean of the intersections over union of the two classes, foreground and background.

    Long et al., "Fully Convolutional Networks for Semantic Segmentation" (CVPR 2015), section 5,
    for two classes and one picture. Parameters and errors are those of `iou`.

    Examples
    --------
    >>> mean_iou(np.array([[1, 1, 0, 0]], dtype=bool), np.array([[0, 1, 0, 0]], dtype=bool))
    0.5833333333333333
    """
    mask, truth = mask_pair(mask, truth)
    return (_overlap(mask, truth) + _overlap(~mask, ~truth)) / 2


def f_measure(mask: NDArray[Any], truth: NDArray[Any], *, beta_squared: float = 0.3) -> float:
    """Weighted harmonic mean of precision and recall of a mask's pixels.

    Achanta et al., "Frequency-tuned Salient Region Detection" (CVPR 2009), equation 6:
    F = (1 + b2) P R / (b2 P + R), with their b2 = 0.3, which weighs precision more. The mask is cut
    at one half; the largest F over all cuts, which some papers print, needs the truth to choose.

    Parameters
    ----------
    mask, truth : ndarrays of shape (H, W)
        As for `iou`.
    beta_squared : float above 0
        The weight of recall; 1 gives the Dice coefficient.

    Returns
    -------
    float in [0, 1]
        1 when both are empty, 0 when they have no pixel in common.

    Raises
    ------
    InvalidMaskError
        A mask that is not one, or of another size than the other.
    InvalidOptionError
        `beta_squared` not a finite number above 0.

    Examples
    --------
    >>> mask, truth = np.array([[1, 1, 0]], dtype=bool), np.array([[0, 1, 0]], dtype=bool)
    >>> round(f_measure(mask, truth), 3), round(f_measure(mask, truth, beta_squared=1), 3)
    (0.565, 0.667)
    """
    weight = as_number(beta_squared, "beta_squared", above=0)
    mask, truth = mask_pair(mask, truth)
    if not (mask.any() or truth.any()):
        return 1.0
    common = int(np.count_nonzero(mask & truth))
    if not common:
        return 0.0
    precision = common / int(np.count_nonzero(mask))
    recall = common / int(np.count_nonzero(truth))
    return (1 + weight) * precision * recall / (weight * precision + recall)


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
    mask, truth = mask_pair(mask, truth)
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
    outlines = [_outline(one) for one in mask_pair(mask, truth)]
    if not all(outline.any() for outline in outlines):
        return float(not any(outline.any() for outline in outlines))
    precision, recall = (
        float(np.mean(distance_to(other)[one] <= tolerance))
        for one, other in (outlines, reversed(outlines))
    )
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


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
