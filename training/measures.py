"""Intersection over union, and the rough hint that hinted measurements start from.

The rough hint is the mask grown and moved so that its IoU is near .7, always the same for the same
mask and seed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

TARGET_OVERLAP = 0.7  # IoU of the rough hint


def overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 when both are empty."""
    union = np.count_nonzero(a | b)
    return 1.0 if union == 0 else np.count_nonzero(a & b) / union


def rough_hint(mask: NDArray[np.bool_], *, seed: int = 0) -> NDArray[np.float32]:
    """Grow and move `mask` in small steps until its IoU with itself falls to about .7."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi)
    size = np.sqrt(max(mask.sum(), 1))
    source = mask.astype(np.uint8)
    hint = source
    for step in range(1, 40):
        reach = 0.01 * step * size
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(0.6 * reach) + 1,) * 2)
        matrix = np.float32([[1, 0, reach * np.cos(angle)], [0, 1, reach * np.sin(angle)]])
        hint = cv2.warpAffine(cv2.dilate(source, kernel), matrix, mask.shape[::-1])
        if overlap(hint > 0, mask) <= TARGET_OVERLAP:
            break
    return hint.astype(np.float32)
