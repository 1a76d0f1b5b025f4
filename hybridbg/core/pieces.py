"""Connected pieces of a region: what is left of it without the small ones."""

from __future__ import annotations

import numpy as np

from hybridbg.core.types import BoolArray

__all__ = ["without_small"]


def without_small(region: BoolArray, share: float) -> BoolArray:
    """Drop connected pieces much smaller than the largest.

    Parameters
    ----------
    region : ndarray of shape (H, W), bool
        Its pixels are connected along sides and corners.
    share : float in [0, 1]
        Of the largest piece's area; smaller pieces go.

    Returns
    -------
    ndarray of shape (H, W), bool

    Examples
    --------
    >>> row = np.array([[True, True, True, False, True]])
    >>> without_small(row, 0.5).tolist()
    [[True, True, True, False, False]]
    """
    import cv2

    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        region.view(np.uint8), connectivity=8
    )
    if count <= 2:
        return region
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = -1  # not a piece
    kept: BoolArray = (area >= share * area.max())[pieces]
    return kept
