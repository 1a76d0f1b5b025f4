"""The pixel limit: how large a picture may be, checked on its header before anything is decoded.

Two rules protect against decompression bombs. `DEFAULT_MAX_PIXELS` bounds what a picture may cost.
And since a bomb declares far more pixels than its bytes could describe, a picture of more than
`LARGE_PIXELS` must bring at least `LEAST_BITS_PER_PIXEL` in the file: cameras write 2 to 30 bits
per pixel, a heavily compressed web picture about 0.5, a bomb less than 0.1. Who sets a limit, by
argument or by ``HYBRIDBG_MAX_PIXELS``, has decided; then only that limit counts.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hybridbg.core.checks import as_count
from hybridbg.core.errors import ImageTooLargeError, InvalidOptionError

__all__ = ["DEFAULT_MAX_PIXELS", "MAX_PIXELS_VARIABLE", "PixelLimit", "pillow_unlimited"]

DEFAULT_MAX_PIXELS = 300_000_000
"""Twice the largest camera (Phase One IQ4, 151 megapixels); 0.9 GB as 8-bit RGB."""

LARGE_PIXELS = 64_000_000
"""Above this (0.2 GB as 8-bit RGB) the bytes in the file must be plausible."""

LEAST_BITS_PER_PIXEL = 0.25

MAX_PIXELS_VARIABLE = "HYBRIDBG_MAX_PIXELS"

_PILLOW_LOCK = threading.Lock()


class PixelLimit:
    """A limit from the argument, else from the environment, else the default rules.

    Parameters
    ----------
    max_pixels : int, optional
        Most pixels allowed.

    Raises
    ------
    InvalidOptionError
        If it, or the environment variable, is not an integer above 0.

    Examples
    --------
    >>> PixelLimit(100).check(rows=10, columns=10, file_size=5, name="small.png")
    >>> PixelLimit(99).check(rows=10, columns=10, file_size=5, name="small.png")
    Traceback (most recent call last):
    ...
    hybridbg.core.errors.ImageTooLargeError: small.png: 10 x 10 is 100 pixels, the limit is 99; ...
    """

    def __init__(self, max_pixels: int | None = None) -> None:
        set_by_hand = max_pixels if max_pixels is not None else _from_environment()
        self.chosen = set_by_hand is not None
        self.max_pixels = (
            DEFAULT_MAX_PIXELS if set_by_hand is None else as_count(set_by_hand, "max_pixels")
        )

    def check(self, *, rows: int, columns: int, file_size: int, name: str) -> None:
        """Raise `ImageTooLargeError` if a picture of this size must not be decoded."""
        pixels = rows * columns
        size = f"{name}: {columns} x {rows} is {pixels:,} pixels"
        advice = (
            f"if it is genuine, set max_pixels (--max-pixels, {MAX_PIXELS_VARIABLE}) to {pixels} "
            "or more"
        )
        if pixels > self.max_pixels:
            raise ImageTooLargeError(f"{size}, the limit is {self.max_pixels:,}; {advice}")
        implausible = file_size * 8 < pixels * LEAST_BITS_PER_PIXEL
        if not self.chosen and pixels > LARGE_PIXELS and implausible:
            raise ImageTooLargeError(
                f"{size} in a file of only {file_size / 1000:.1f} kB, which looks like a "
                f"decompression bomb; {advice}"
            )


@contextmanager
def pillow_unlimited(pixels: int) -> Iterator[None]:
    """Switch Pillow's own limit off while a picture that has passed ours is decoded.

    Pillow keeps it in a module variable. To disturb nobody, decoders are opened directly instead
    of through `PIL.Image.open`, which checks it. TIFF and WebP check it again inside; for those
    the variable is lifted, one picture at a time, and put back. Pictures within it need nothing.
    """
    from PIL import Image as PILImage

    if PILImage.MAX_IMAGE_PIXELS is None or pixels <= PILImage.MAX_IMAGE_PIXELS:
        yield
        return
    with _PILLOW_LOCK:
        saved = PILImage.MAX_IMAGE_PIXELS
        PILImage.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            PILImage.MAX_IMAGE_PIXELS = saved


def _from_environment() -> int | None:
    text = os.environ.get(MAX_PIXELS_VARIABLE, "").strip()
    if not text:
        return None
    try:
        return as_count(int(text), MAX_PIXELS_VARIABLE)
    except ValueError as error:
        raise InvalidOptionError(
            f"{MAX_PIXELS_VARIABLE}: expected an integer of at least 1, got {text!r}"
        ) from error
