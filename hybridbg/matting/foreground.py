"""True foreground colours: what the subject looks like without the background shining through.

Method: T. Germer, T. Uelwer, S. Conrad, S. Harmeling, "Fast Multi-Level Foreground Estimation",
ICPR 2020: the colours are found on a 1 x 1 picture first and refined at every doubling of size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask, one_of
from hybridbg.core.errors import InvalidImageError
from hybridbg.core.image import Image
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import ColourLike, FloatArray, ImageLike
from hybridbg.io import as_colour_or_image, as_image

__all__ = ["estimate_foreground", "multilevel_foreground"]

_REGULARIZATION = 1e-5
"""Smoothness between pixels of equal alpha (the authors' value)."""

_SMALL_SIDE = 32
"""Levels up to this size, in pixels, get the many sweeps; they cost nothing."""

_SMALL_SWEEPS = 10
_BIG_SWEEPS = 2

_SURE = 0.9
"""Alpha from which a pixel counts as foreground, and 1 - it as background, in the first guess."""


def estimate_foreground(
    image: ImageLike,
    alpha: NDArray[np.generic],
    *,
    method: str = "multilevel",
    background: ImageLike | ColourLike | None = None,
    num_threads: int | None = None,
) -> FloatArray:
    """Estimate the foreground's own colours for a given alpha.

    Parameters
    ----------
    image : path, PIL image, Image, or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        The picture; uint8, uint16 or float in [0, 1].
    alpha : ndarray of shape (H, W)
        Straight alpha; bool, uint8, uint16 or float in [0, 1].
    method : {"multilevel"}
    background : image or colour, optional
        The known background (a clean plate of the image's size and encoding, or one colour). It
        is estimated when not given.
    num_threads : int, optional

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        Straight colours in the image's own encoding. Equal to the image where alpha is 1.

    Raises
    ------
    InvalidImageError, InvalidMaskError, InvalidOptionError, ImageReadError

    References
    ----------
    T. Germer et al., "Fast Multi-Level Foreground Estimation", ICPR 2020.

    Examples
    --------
    A grey of half red and half blue, and what it was made of:

    >>> import numpy as np
    >>> image = np.zeros((8, 8, 3), np.float32)
    >>> image[:, :4, 0] = image[:, 4:, 2] = 1
    >>> alpha = np.zeros((8, 8), np.float32)
    >>> alpha[:, :4] = 1
    >>> image[:, 3], alpha[:, 3] = (0.5, 0, 0.5), 0.5
    >>> estimate_foreground(image, alpha)[4, 3].round(1).tolist()
    [1.0, 0.0, 0.0]
    """
    one_of(method, "method", ("multilevel",))
    picture = as_image(image)
    plate = None if background is None else _plate(background, picture.shape)
    return multilevel_foreground(
        picture.rgb(),
        as_mask(alpha, picture.shape, name="alpha"),
        plate=plate,
        num_threads=resolve_num_threads(num_threads),
    )


def multilevel_foreground(
    image: FloatArray, alpha: FloatArray, *, plate: FloatArray | None = None, num_threads: int
) -> FloatArray:
    """Estimate foreground colours of checked arrays.

    Parameters
    ----------
    image : (H, W, 3) float32 in [0, 1]
    alpha : (H, W) float32 in [0, 1]
    plate : (H, W, 3) float32, optional
        Known background.
    num_threads : int

    Returns
    -------
    (H, W, 3) float32 in [0, 1]
    """
    from hybridbg._kernels import multilevel_foreground as kernel

    height, width = alpha.shape
    foreground = _mean_colour(image, alpha > _SURE).reshape(1, 1, 3)
    background = _mean_colour(image, alpha < 1 - _SURE).reshape(1, 1, 3)
    for size in _level_sizes(height, width):
        foreground = _resized(foreground, size)
        background = _resized(background if plate is None else plate, size)
        kernel.relax(
            _resized(image, size),
            _resized(alpha, size),
            _REGULARIZATION,
            _SMALL_SWEEPS if max(size) <= _SMALL_SIDE else _BIG_SWEEPS,
            plate is not None,
            foreground,
            background,
            num_threads,
        )
    np.copyto(foreground, image, where=(alpha >= 1)[..., None])
    return foreground


def _level_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes from one pixel to the full picture, both sides growing to the full by equal ratios."""
    count = max(1, int(np.ceil(np.log2(max(height, width)))))
    return [
        (round(height ** (level / count)), round(width ** (level / count)))
        for level in range(count + 1)
    ]


def _resized(array: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Resize to the nearest pixels, as the authors do: means would mix foreground and background.

    A picture that has the size already is returned as it is.
    """
    import cv2

    if array.shape[:2] == size:
        return array
    resized = cv2.resize(array, size[::-1], interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(resized.reshape(*size, *array.shape[2:]), dtype=np.float32)


def _mean_colour(image: FloatArray, where: NDArray[np.bool_]) -> FloatArray:
    """Mean colour of some pixels, or of all when there are none."""
    pixels = image[where] if where.any() else image.reshape(-1, 3)
    mean: FloatArray = pixels.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def _plate(background: ImageLike | ColourLike, shape: tuple[int, int]) -> FloatArray:
    """Bring a known background, an image or one colour, to an (H, W, 3) array."""
    given = as_colour_or_image(background)
    if not isinstance(given, Image):
        return np.ascontiguousarray(np.broadcast_to(given, (*shape, 3)), dtype=np.float32)
    if given.shape != shape:
        raise InvalidImageError(
            f"background: expected a plate of the image's size {shape}, got {given.shape}; "
            "crop or resize it first"
        )
    return given.rgb()
