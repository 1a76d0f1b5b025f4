"""Growing and shrinking regions by a disc, in time that does not depend on how large it is."""

from __future__ import annotations

from typing import Final

from hybridbg.core.types import ByteArray

__all__ = ["grown", "shrunk"]

# Up to this radius a disc's pixels are few enough to be tried one by one.
_SMALL: Final = 8


def grown(region: ByteArray, radius: int) -> ByteArray:
    """Add to a region all pixels within some distance of it.

    Parameters
    ----------
    region : ndarray of shape (H, W), uint8
        0 or 1. There is nothing of it outside the picture.
    radius : int
        At least 1, in pixels; larger ones are met to within 2 %.

    Returns
    -------
    ndarray of shape (H, W), uint8

    Examples
    --------
    >>> import numpy as np
    >>> grown(np.array([[0, 0, 0, 1]], dtype=np.uint8), 2).tolist()
    [[0, 1, 1, 1]]
    """
    import cv2

    if radius <= _SMALL:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
        dilated: ByteArray = cv2.dilate(region, disc)
        return dilated
    if not region.any():
        return region.copy()
    distance = cv2.distanceTransform(1 - region, cv2.DIST_L2, cv2.DIST_MASK_5)
    within: ByteArray = (distance <= radius).view("u1")
    return within


def shrunk(region: ByteArray, radius: int) -> ByteArray:
    """Take from a region all pixels within some distance of its edge, the picture's apart.

    Parameters
    ----------
    region : ndarray of shape (H, W), uint8
        0 or 1. It goes on outside the picture.
    radius : int
        As of `grown`.

    Returns
    -------
    ndarray of shape (H, W), uint8

    Examples
    --------
    >>> import numpy as np
    >>> shrunk(np.array([[0, 1, 1, 1]], dtype=np.uint8), 2).tolist()
    [[0, 0, 0, 1]]
    """
    return 1 - grown(1 - region, radius)
