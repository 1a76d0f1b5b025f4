"""Resampling pictures and maps to another size, each axis by the method that suits it.

An axis that shrinks is averaged over the area of each new pixel, so that nothing is skipped and
nothing rings; an axis that grows is interpolated linearly. Pixels are squares that fill the
picture: the corners of the old and the new picture coincide, not the centres of their first pixels.
"""

from __future__ import annotations

from typing import Final

from hybridbg.core.types import ByteArray, FloatArray, Shape

__all__ = ["SMALLEST_SIGMA", "fit_inside", "nearest", "resample", "smooth", "smooth_copy"]

# A blur wider than this many pixels runs on a smaller copy, on which it still is this wide.
SMALLEST_SIGMA: Final = 4.0


def resample(array: FloatArray, shape: Shape) -> FloatArray:
    """Bring a picture or a map to another size.

    Parameters
    ----------
    array : ndarray of shape (H, W) or (H, W, C) with C of 2 to 4, float32
        Any range; the result stays within it.
    shape : (int, int)
        Rows and columns of the result.

    Returns
    -------
    ndarray of that shape, float32
        `array` itself when it has that shape already.

    Examples
    --------
    >>> import numpy as np
    >>> resample(np.array([[0, 1, 1, 1]], dtype=np.float32), (1, 2)).tolist()
    [[0.5, 1.0]]
    """
    import cv2

    rows, columns = shape
    smaller = (min(rows, array.shape[0]), min(columns, array.shape[1]))
    if smaller != array.shape[:2]:
        array = cv2.resize(array, smaller[::-1], interpolation=cv2.INTER_AREA)
    if (rows, columns) != array.shape[:2]:
        array = cv2.resize(array, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return array


def nearest(marks: ByteArray, shape: Shape) -> ByteArray:
    """Bring marks such as a trimap to another size: each pixel takes that of the nearest one.

    Parameters
    ----------
    marks : ndarray of shape (H, W), uint8
    shape : (int, int)
        Rows and columns of the result.

    Returns
    -------
    ndarray of that shape, uint8
        `marks` itself when it has that shape already.

    Examples
    --------
    >>> import numpy as np
    >>> nearest(np.array([[0, 255]], dtype=np.uint8), (1, 4)).tolist()
    [[0, 0, 255, 255]]
    """
    import cv2

    if marks.shape == shape:
        return marks
    resized: ByteArray = cv2.resize(marks, shape[::-1], interpolation=cv2.INTER_NEAREST)
    return resized


def fit_inside(shape: Shape, long_side: float, *, max_enlargement: float = 1.0) -> Shape:
    """Size that a picture has when its longer side is brought to `long_side`, aspect kept.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns now.
    long_side : float
        Wanted longer side in pixels.
    max_enlargement : float
        The picture is enlarged by at most this factor.

    Returns
    -------
    (int, int)
        Rows and columns, each at least 1.

    Examples
    --------
    >>> fit_inside((1000, 500), 320)
    (320, 160)
    >>> fit_inside((100, 50), 320)
    (100, 50)
    """
    scale = min(long_side / max(shape), max_enlargement)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def smooth(values: FloatArray, sigma: float) -> FloatArray:
    """Blur by a Gaussian; wide ones on a smaller copy, which they cannot tell from the picture.

    Parameters
    ----------
    values : ndarray of shape (H, W) or (H, W, C) with C of 2 to 4, float32
        Any range; the border is mirrored.
    sigma : float
        Standard deviation in pixels, above 0.

    Returns
    -------
    ndarray of the same shape, float32
    """
    return resample(smooth_copy(values, sigma), values.shape[:2])


def smooth_copy(values: FloatArray, sigma: float) -> FloatArray:
    """Do what `smooth` does, but leave the result as small as it is; the corners coincide."""
    import cv2

    shape = values.shape[:2]
    step = max(1, int(sigma / SMALLEST_SIGMA))
    if step > 1:
        values = resample(values, (-(-shape[0] // step), -(-shape[1] // step)))
    blurred: FloatArray = cv2.GaussianBlur(
        values, (0, 0), sigma / step, borderType=cv2.BORDER_REFLECT
    )
    return blurred
