"""Exact Euclidean distances (Felzenszwalb & Huttenlocher 2012), in pixels between pixel centres."""

from __future__ import annotations

import numpy as np

from hybridbg.core.types import BoolArray, FloatArray

__all__ = ["distance_to"]


def distance_to(region: BoolArray) -> FloatArray:
    """Distance of every pixel to the nearest pixel of a region.

    Parameters
    ----------
    region : ndarray of shape (H, W), bool
        The depth of a region's own pixels is ``distance_to(~region)``.

    Returns
    -------
    ndarray of shape (H, W), float32
        0 in the region; infinite everywhere when it is empty.

    Examples
    --------
    >>> import numpy as np
    >>> distance_to(np.array([[True, False, False]])).tolist()
    [[0.0, 1.0, 2.0]]
    """
    import cv2

    if not region.any():
        return np.full(region.shape, np.inf, dtype=np.float32)
    outside = (~region).view(np.uint8)
    distance: FloatArray = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance
