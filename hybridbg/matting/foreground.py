"""True foreground colours: what the subject looks like without the background shining through.

Method: T. Germer, T. Uelwer, S. Conrad, S. Harmeling, "Fast Multi-Level Foreground Estimation",
ICPR 2020: the colours are found on a 1 x 1 picture first and refined at every doubling of size.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask, one_of
from hybridbg.core.errors import InvalidImageError
from hybridbg.core.image import Image
from hybridbg.core.progress import Progress, Report, Rising, stage_report
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import ColourLike, FloatArray, ImageLike, Shape
from hybridbg.io import as_colour_or_image, as_image

__all__ = ["estimate_foreground", "multilevel_foreground"]

_REGULARIZATION = 1e-5
"""Smoothness between pixels of equal alpha (the authors' value)."""

_SMALL_SIDE = 32
"""Levels up to this size, in pixels, get the many sweeps, everywhere; they cost nothing."""

_SMALL_SWEEPS = 10
_BIG_SWEEPS = 3
"""The authors take two on larger levels. The third takes a twentieth off the error."""

_SETTLING_LEVELS = 3
"""The finest levels, on which pixels far from any edge of alpha are left as they come. On coarser
ones they are relaxed as well, so that colours go on smoothly where alpha is 0."""

_GUESS_PIXELS = 1 << 14
"""About how many pixels the first guess is the mean of; the coarse levels do not remember it."""

_BLOCK_PIXELS = 1 << 21
"""About how many pixels are refined between two reports of progress; enough for many threads."""

_SURE = 0.9
"""Alpha from which a pixel counts as foreground, and 1 - it as background, in the first guess."""


def estimate_foreground(
    image: ImageLike,
    alpha: NDArray[np.generic],
    *,
    method: str = "multilevel",
    background: ImageLike | ColourLike | None = None,
    num_threads: int | None = None,
    progress: Progress | None = None,
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
    progress : callable, optional
        Called with "foreground" and the fraction of work done; what it raises stops all.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        Straight colours in the image's own encoding. Equal to the image where alpha is 1. Where
        alpha is 0 they go on from the nearest foreground, smoothly, in blocks of up to 8 pixels.

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
    whole = picture.dtype == np.float32
    return multilevel_foreground(
        np.ascontiguousarray(picture.pixels) if whole else picture.rgb(),
        as_mask(alpha, picture.shape, name="alpha"),
        plate=plate,
        num_threads=resolve_num_threads(num_threads),
        progress=stage_report(progress, "foreground"),
    )


def multilevel_foreground(
    image: FloatArray,
    alpha: FloatArray,
    *,
    plate: FloatArray | None = None,
    num_threads: int,
    progress: Report | None = None,
) -> FloatArray:
    """Estimate foreground colours of checked arrays.

    Parameters
    ----------
    image : (H, W, 3) float32 in [0, 1]
    alpha : (H, W) float32 in [0, 1]
    plate : (H, W, 3) float32, optional
        Known background.
    num_threads : int
    progress : callable, optional
        Called with the fraction done; what it raises stops the work.

    Returns
    -------
    (H, W, 3) float32 in [0, 1]
    """
    work = Rising(progress)
    foreground, _ = _levels(image, alpha, plate, num_threads, work, want_background=False)
    return foreground


def multilevel_colours(
    image: FloatArray, alpha: FloatArray, *, plate: FloatArray | None = None, num_threads: int
) -> tuple[FloatArray, FloatArray]:
    """Estimate foreground and background colours of checked arrays, (H, W, 3) each.

    The foreground is `multilevel_foreground`'s; the background takes time and memory of its own.
    """
    foreground, background = _levels(
        image, alpha, plate, num_threads, Rising(), want_background=True
    )
    return foreground, background if plate is None else plate


def _levels(
    image: FloatArray,
    alpha: FloatArray,
    plate: FloatArray | None,
    num_threads: int,
    work: Rising,
    *,
    want_background: bool,
) -> tuple[FloatArray, FloatArray]:
    """Go from one pixel to the full picture, the background's last level only if it is wanted."""
    from hybridbg._kernels import multilevel_foreground as kernel

    work(0)
    foreground, background = _mean_colours(image, alpha)
    memory = np.zeros((num_threads, kernel.CELLS), np.float32)
    sizes = _level_sizes(*alpha.shape)
    pixels, done = sum(height * width for height, width in sizes), 0
    for left, size in zip(reversed(range(len(sizes))), sizes, strict=True):
        small = max(size) <= _SMALL_SIDE
        needed = plate is None and (want_background or left > 0)
        finer = np.empty((*size, 3), np.float32)
        finer_background = np.empty((*size, 3) if needed else (0, 0, 3), np.float32)
        for top, bottom in _blocks(size, kernel.ROWS_OF_TILES):
            kernel.refine(
                image,
                alpha,
                foreground,
                background if plate is None else plate,
                plate is not None,
                _REGULARIZATION,
                _SMALL_SWEEPS if small else _BIG_SWEEPS,
                not small and left < _SETTLING_LEVELS,
                top,
                bottom,
                finer,
                finer_background,
                memory,
                num_threads,
            )
            done += (bottom - top) * size[1]
            work(done / pixels)
        foreground, background = finer, finer_background
    return foreground, background


def _level_sizes(height: int, width: int) -> list[Shape]:
    """Sizes from one pixel to the full picture, both sides growing to the full by equal ratios."""
    count = max(1, int(np.ceil(np.log2(max(height, width)))))
    return [
        (round(height ** (level / count)), round(width ** (level / count)))
        for level in range(count + 1)
    ]


def _blocks(size: Shape, tile: int) -> list[tuple[int, int]]:
    """Rows of a level, half-open, in blocks of whole tiles and of some megapixels."""
    rows = max(_BLOCK_PIXELS // (size[1] * tile), 1) * tile
    return [(top, min(top + rows, size[0])) for top in range(0, size[0], rows)]


def _mean_colours(image: FloatArray, alpha: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean colours of foreground and background, (1, 1, 3) each, from pixels spread evenly."""
    step = max(1, math.isqrt(alpha.size // _GUESS_PIXELS))
    some, opacity = image[::step, ::step], alpha[::step, ::step]
    return _mean_colour(some, opacity > _SURE), _mean_colour(some, opacity < 1 - _SURE)


def _mean_colour(image: FloatArray, where: NDArray[np.bool_]) -> FloatArray:
    """Mean colour of some pixels, or of all when there are none."""
    pixels = image[where] if where.any() else image.reshape(-1, 3)
    mean: FloatArray = pixels.mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean.reshape(1, 1, 3)


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
