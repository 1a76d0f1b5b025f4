"""Bytes of a paint program's buffer to an `Image`, and results back to such bytes.

Paint programs keep pixels in more types than the library: 8, 16 and 32-bit integers, half, float
and double. Inside, the wide ones are float32. On the way back every pixel that did not change keeps
its own bits, so that a picture of 32-bit integers or doubles loses nothing where nothing was done.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.core.image import Image, as_dtype, as_float
from hybridbg.core.types import FloatArray, PixelArray

__all__ = ["Picture", "to_native", "to_pixels"]


class Picture:
    """A layer as it came: its own bytes and the `Image` they stand for.

    Parameters
    ----------
    native : ndarray of shape (H, W, C), any dtype of the protocol
        C is 1 (grey), 2 (grey, alpha), 3 or 4.
    encoding : {"srgb", "linear"}
        What the numbers stand for, unless there is a profile.
    profile : bytes, optional
        ICC profile of the numbers.

    Attributes
    ----------
    native, image, warnings

    Raises
    ------
    InvalidImageError
        Another number of channels, NaN, or a profile that cannot be read.
    """

    def __init__(
        self, native: NDArray[Any], *, encoding: str = "srgb", profile: bytes | None = None
    ) -> None:
        if native.ndim != 3 or native.shape[2] not in (1, 2, 3, 4):
            raise InvalidImageError(f"expected pixels of 1 to 4 channels, got {native.shape}")
        self.native = native
        self.warnings: list[str] = []
        pixels = to_pixels(native)
        if pixels.dtype == np.float32:
            pixels = self._bounded(as_float(pixels))
        channels = pixels.shape[2]
        alpha = np.ascontiguousarray(pixels[..., -1]) if channels in (2, 4) else None
        colours = pixels[..., : channels - (alpha is not None)]
        if colours.shape[2] == 1:
            colours = np.repeat(colours, 3, axis=2)
        self.image = _image(np.ascontiguousarray(colours), alpha, encoding, profile)

    @property
    def is_grey(self) -> bool:
        """Whether there is one channel of colour."""
        return bool(self.native.shape[2] <= 2)

    def _bounded(self, pixels: FloatArray) -> FloatArray:
        low, high = float(pixels.min(initial=0)), float(pixels.max(initial=0))
        if not (np.isfinite(low) and np.isfinite(high)):
            raise InvalidImageError("expected numbers in every pixel, got NaN or infinity")
        if low < 0 or high > 1:
            self.warnings.append(
                f"values outside 0..1 ({low:.3g} to {high:.3g}) were clipped to find the edge"
            )
            return pixels.clip(0, 1)
        return pixels

    def with_alpha(self, alpha: FloatArray, colours: FloatArray | None = None) -> NDArray[Any]:
        """Give this picture an alpha, and other colours where they are others.

        Parameters
        ----------
        alpha : (H, W) float32 in [0, 1]
        colours : (H, W, 3) float32 in [0, 1], optional
            In the picture's own encoding. None leaves colours alone.

        Returns
        -------
        (H, W, 2) or (H, W, 4) array of the dtype of `native`
        """
        own = self.native[..., : 1 if self.is_grey else 3]
        result = np.empty((*alpha.shape, own.shape[2] + 1), dtype=self.native.dtype)
        result[..., -1] = to_native(alpha, self.native.dtype)
        result[..., :-1] = own
        if colours is not None:
            wanted = colours[..., : own.shape[2]]
            changed = as_float(to_pixels(own)).clip(0, 1) != wanted
            result[..., :-1][changed] = to_native(wanted[changed], self.native.dtype)
        return result


def _image(
    colours: PixelArray, alpha: PixelArray | None, encoding: str, profile: bytes | None
) -> Image:
    from hybridbg.core import icc

    if encoding not in ("srgb", "linear"):
        raise InvalidOptionError(f"encoding: expected srgb or linear, got {encoding!r}")
    if profile is None:
        return Image(colours, alpha, encoding)  # type: ignore[arg-type]
    return Image(colours, alpha, icc.classify(profile), icc_profile=profile)


def to_pixels(native: NDArray[Any]) -> PixelArray:
    """Bring any dtype of the protocol to uint8, uint16 or float32, without loss up to 24 bits."""
    if native.dtype in (np.uint8, np.uint16, np.float32):
        return native
    if native.dtype == np.uint32:
        return (native / np.float64(np.iinfo(np.uint32).max)).astype(np.float32)
    return native.astype(np.float32)


def to_native(values: FloatArray, dtype: Any) -> NDArray[Any]:
    """Bring float32 in [0, 1] to any dtype of the protocol, integers rounded to nearest.

    Examples
    --------
    >>> to_native(np.float32([0, 0.5, 1]), np.uint32).tolist()
    [0, 2147483648, 4294967295]
    """
    dtype = np.dtype(dtype)
    if dtype in (np.uint8, np.uint16, np.float32):
        return as_dtype(values, dtype)
    wide: NDArray[Any] = values.astype(np.float64)
    if dtype == np.uint32:
        wide = np.rint(wide.clip(0, 1) * np.iinfo(np.uint32).max)
    return wide.astype(dtype)
