"""The preview: a key and nothing but a key, fast enough for a live picture.

One pass over the pixels, in the kernel `key_pixels`: the classical colour difference against the
plate, the screen subtracted, the rest despilled. No palette, no trimap, no matting: greenish
clothes turn translucent, and noise shows unless it lies below the threshold.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from hybridbg.core.colour import linear_table, linear_to_srgb
from hybridbg.core.image import as_dtype
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import ByteArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.screen import Screen, check_plate

__all__ = ["key_preview"]

# Alpha of the colour difference that is taken for 0, and for 1.
_LOW: Final = 0.06
_HIGH: Final = 0.82
# Steps of linear light in the table that encodes it: a quarter of a grey level where it is worst.
_STEPS: Final = 1 << 14


def key_preview(image: ImageLike, screen: Screen, *, num_threads: int | None = None) -> ByteArray:
    """Cut out a picture by its colours alone, for looking while shooting.

    Parameters
    ----------
    image : path, PIL image or array
        The picture; taken for sRGB unless it has a profile. uint8 arrays go the fastest way.
    screen : Screen
        From `estimate_screen`, of this picture or of another frame of the shot.
    num_threads : int, optional
        Default: `OMP_NUM_THREADS`, else every core allowed. Does not change the result.

    Returns
    -------
    ndarray of shape (H, W, 4), uint8
        Straight RGBA, sRGB-coded.

    Raises
    ------
    InvalidImageError
        `image` is not an image, or has another size than the plate.
    InvalidOptionError
        `num_threads` is less than one.

    References
    ----------
    A. R. Smith, J. F. Blinn, "Blue Screen Matting", SIGGRAPH 1996.

    Examples
    --------
    >>> from hybridbg.keying import estimate_screen
    >>> picture = np.full((64, 64, 3), (70, 165, 80), dtype=np.uint8)
    >>> picture[16:48, 16:48] = (120, 90, 80)
    >>> cutout = key_preview(picture, estimate_screen(picture))
    >>> cutout[32, 32].tolist(), cutout[4, 4].tolist()
    ([120, 90, 80, 255], [0, 0, 0, 0])
    """
    from hybridbg._kernels import key_pixels

    threads = resolve_num_threads(num_threads)
    picture = as_image(image)
    check_plate(screen, picture.shape)
    pixels = picture.pixels
    if pixels.dtype != np.uint8 or picture.encoding != "srgb" or pixels.ndim != 3:
        pixels = as_dtype(picture.srgb(), np.uint8)
    cutout = np.empty((*picture.shape, 4), dtype=np.uint8)
    key_pixels.key_pixels(
        np.ascontiguousarray(pixels[..., :3]),
        np.ascontiguousarray(screen.plate),
        screen.channel,
        _LOW,
        _HIGH,
        linear_table(256),
        _encode_table(),
        cutout,
        threads,
    )
    return cutout


@cache
def _encode_table() -> ByteArray:
    """SRGB code of each of `_STEPS` steps of linear light."""
    linear = np.linspace(0, 1, _STEPS, dtype=np.float32)
    codes: ByteArray = np.rint(255 * linear_to_srgb(linear).clip(0, 1)).astype(np.uint8)
    codes.flags.writeable = False
    return codes
