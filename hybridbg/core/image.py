"""One picture in memory: pixels, alpha, and what the file said about their meaning.

`Image` is what travels through the house. Its pixels keep the dtype and the encoding of the file
(no rounding on the way in); the methods decode them for whoever computes: `rgb` as they are,
`srgb` for the network and the matting Laplacian, `linear` for keying and compositing. Alpha is
straight (not premultiplied) and always linear coverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from hybridbg.core import colour
from hybridbg.core.checks import RANGE_TOLERANCE, one_of
from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.core.types import Encoding, FloatArray, PixelArray, Shape

if TYPE_CHECKING:
    import PIL.Image

__all__ = [
    "MIN_SIDE",
    "Image",
    "as_dtype",
    "as_float",
    "check_size",
    "checked_values",
    "full_scale",
]

MIN_SIDE = 4
"""Smallest height and width: a 3x3 matting window needs a neighbour that it does not cover."""

_ROWS = 64
"""Of a picture that are converted at a time."""

PIXEL_DTYPES = (np.uint8, np.uint16, np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class Image:
    """A picture with its encoding and metadata.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8, uint16 or float32 in [0, 1]
        Red, green, blue, C-contiguous, in the file's own `encoding`.
    alpha : ndarray of shape (H, W), dtype of `pixels`, optional
        Straight alpha.
    encoding : {"srgb", "linear", "icc"}
        sRGB-coded; linear light with sRGB primaries; or as `icc_profile` says.
    icc_profile, exif, xmp : bytes, optional
        Metadata carried to the output. EXIF holds no orientation: pixels are upright.
    path, format : str, optional
        Where it came from, and the file format ("png", "jpeg", "webp", "tiff").

    Raises
    ------
    InvalidImageError
        If shape, dtype or size are others than described.
    InvalidOptionError
        If `encoding` is unknown, or "icc" without a profile.

    Examples
    --------
    >>> import numpy as np
    >>> image = Image.from_array(np.full((4, 6), 255, dtype=np.uint8))
    >>> image.shape, image.dtype, float(image.linear().max())
    ((4, 6), dtype('uint8'), 1.0)
    """

    pixels: PixelArray
    alpha: PixelArray | None = None
    encoding: Encoding = "srgb"
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    path: str | None = None
    format: str | None = None

    def __post_init__(self) -> None:
        pixels, alpha = self.pixels, self.alpha
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in PIXEL_DTYPES:
            raise InvalidImageError(
                "expected pixels of shape (H, W, 3) and dtype uint8, uint16 or float32, "
                f"got {pixels.shape} {pixels.dtype}"
            )
        check_size(self.shape)
        if alpha is not None and (alpha.shape != self.shape or alpha.dtype != pixels.dtype):
            raise InvalidImageError(
                f"expected alpha of shape {self.shape} and dtype {pixels.dtype}, "
                f"got {alpha.shape} {alpha.dtype}"
            )
        if self.encoding not in get_args(Encoding):
            raise InvalidOptionError(
                f"encoding: expected one of {', '.join(get_args(Encoding))}; got {self.encoding!r}"
            )
        if self.encoding == "icc" and self.icc_profile is None:
            raise InvalidOptionError("encoding 'icc' needs icc_profile")

    def __repr__(self) -> str:
        rows, columns = self.shape
        parts = [f"{rows} x {columns} {self.dtype}", self.encoding]
        parts += ["alpha"] if self.alpha is not None else []
        parts += [repr(self.path)] if self.path is not None else []
        return f"Image({', '.join(parts)})"

    @property
    def shape(self) -> Shape:
        """Rows and columns."""
        rows, columns = self.pixels.shape[:2]
        return rows, columns

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of `pixels` and `alpha`."""
        return self.pixels.dtype

    def rgb(self) -> FloatArray:
        """Pixels as new (H, W, 3) float32 in [0, 1], in the file's own encoding."""
        return as_float(self.pixels)

    def srgb(self, rows: slice = slice(None)) -> FloatArray:
        """Pixels as new (H, W, 3) float32 in [0, 1], sRGB-coded, clipped to the sRGB gamut.

        Parameters
        ----------
        rows : slice
            Rows to decode, for those who cannot hold all of a large picture; default all.
        """
        return self.decode(self.pixels[rows])

    def decode(self, values: PixelArray) -> FloatArray:
        """Bring colours in this image's own encoding to sRGB, as new float32; undoes `recode`.

        Parameters
        ----------
        values : ndarray of shape (H, W, 3), uint8, uint16 or float32 in [0, 1]
            Colours of any size of picture: a small copy is decoded much sooner than all of it.

        Returns
        -------
        ndarray of shape (H, W, 3), float32 in [0, 1]
            sRGB-coded, clipped to the sRGB gamut.
        """
        if self.encoding == "linear":
            return colour.linear_to_srgb(as_float(values))
        if self.encoding == "icc":
            from hybridbg.core import icc

            return icc.to_srgb(values, self._profile())
        return as_float(values)

    def linear(self) -> FloatArray:
        """Pixels as new (H, W, 3) float32 in [0, 1], linear light with sRGB primaries."""
        if self.encoding == "linear":
            return self.rgb()
        if self.encoding == "srgb" and self.pixels.dtype != np.float32:
            table = colour.linear_table(full_scale(self.pixels.dtype) + 1)
            if self.pixels.dtype == np.uint8:
                import cv2

                looked_up: FloatArray = cv2.LUT(self.pixels, table)  # several times as quick
                return looked_up
            decoded: FloatArray = table[self.pixels]
            return decoded
        return colour.srgb_to_linear(self.srgb())

    def recode(self, values: FloatArray, *, encoding: Encoding = "srgb") -> FloatArray:
        """Bring colours to this image's own encoding, as new (H, W, 3) float32 in [0, 1].

        Parameters
        ----------
        values : ndarray of shape (H, W, 3), float32 in [0, 1]
            Colours of any size of picture.
        encoding : {"srgb", "linear"}
            What they are in.

        Raises
        ------
        InvalidOptionError
            If `encoding` is neither.

        Examples
        --------
        >>> import numpy as np
        >>> image = Image.from_array(np.zeros((4, 4, 3), dtype=np.float32), encoding="linear")
        >>> image.recode(np.full((1, 1, 3), 0.5, dtype=np.float32))[0, 0, 0].round(3)
        np.float32(0.214)
        """
        one_of(encoding, "encoding", ("srgb", "linear"))
        if encoding == self.encoding:
            return values.astype(np.float32)
        if self.encoding == "linear":
            return colour.srgb_to_linear(values)
        coded = colour.linear_to_srgb(values) if encoding == "linear" else values
        if self.encoding == "srgb":
            return coded
        from hybridbg.core import icc

        return icc.from_srgb(coded, self._profile())

    def alpha_float(self) -> FloatArray | None:
        """Alpha as new (H, W) float32 in [0, 1], or None."""
        return None if self.alpha is None else as_float(self.alpha)

    def _profile(self) -> bytes:
        assert self.icc_profile is not None  # noqa: S101 - held by __post_init__
        return self.icc_profile

    @classmethod
    def from_array(cls, array: NDArray[Any], *, encoding: Encoding = "srgb") -> Image:
        """Make an image of an array.

        Parameters
        ----------
        array : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
            Grey, RGB, or RGB with straight alpha; uint8, uint16, or float in [0, 1]. It is not
            copied when it already fits, and never written to.
        encoding : {"srgb", "linear"}
            What the numbers stand for.

        Raises
        ------
        InvalidImageError
            On another shape or dtype, a side below 4 pixels, NaN, or floats outside [0, 1].
        """
        array = np.asarray(array)
        if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
            raise InvalidImageError(
                f"expected an array of shape (H, W), (H, W, 3) or (H, W, 4), got {array.shape}"
            )
        check_size(array.shape[:2])
        array = checked_values(array)
        if array.ndim == 2:
            array = np.repeat(array[:, :, None], 3, axis=2)
        pixels = np.ascontiguousarray(array[:, :, :3])
        alpha = np.ascontiguousarray(array[:, :, 3]) if array.shape[2] == 4 else None
        return cls(pixels, alpha, encoding)

    @classmethod
    def from_pil(cls, image: PIL.Image.Image, *, encoding: Encoding | None = None) -> Image:
        """Make an image of a PIL image of any mode, upright as its EXIF orientation asks.

        Parameters
        ----------
        image : PIL.Image.Image
            Grey and CMYK become sRGB through their profile; metadata is taken along.
        encoding : {"srgb", "linear", "icc"}, optional
            What the numbers stand for; by default the ICC profile decides, or else sRGB.

        Raises
        ------
        InvalidImageError
            If the mode is unknown, a side below 4 pixels, or floats are outside [0, 1].
        ImageReadError
            If it was opened lazily and its file turns out to be damaged.
        """
        from hybridbg.core import pillow

        return pillow.to_image(image, encoding=encoding)


def check_size(shape: tuple[int, ...]) -> None:
    """Raise `InvalidImageError` unless both sides are at least `MIN_SIDE`."""
    if min(shape) < MIN_SIDE:
        raise InvalidImageError(
            f"expected an image of at least {MIN_SIDE} x {MIN_SIDE} pixels, "
            f"got {shape[0]} rows x {shape[1]} columns"
        )


def full_scale(dtype: Any) -> int:
    """Give the number that stands for 1.0: 255, 65535, or 1 for floats."""
    return int(np.iinfo(dtype).max) if np.dtype(dtype).kind == "u" else 1


def as_float(array: PixelArray) -> FloatArray:
    """Bring uint8, uint16 or float32 to new float32 in [0, 1], dividing by the dtype's maximum."""
    if array.dtype == np.float32:
        return array.astype(np.float32)
    return np.divide(array, np.float32(full_scale(array.dtype)), dtype=np.float32)


def as_dtype(array: PixelArray, dtype: Any) -> PixelArray:
    """Bring pixels to uint8, uint16 or float32, rounding to nearest.

    Parameters
    ----------
    array : ndarray of uint8, uint16 or float32 in [0, 1], any shape
        Floats outside [0, 1] are clipped.
    dtype : dtype
        uint8, uint16 or float32.

    Returns
    -------
    ndarray of `dtype`, same shape
        `array` itself when it has that dtype already.

    Examples
    --------
    >>> import numpy as np
    >>> as_dtype(np.array([0, 128, 255], dtype=np.uint8), np.uint16).tolist()
    [0, 32896, 65535]
    """
    dtype = np.dtype(dtype)
    if dtype not in PIXEL_DTYPES or array.dtype not in PIXEL_DTYPES:
        raise InvalidImageError(
            f"expected uint8, uint16 or float32, got {array.dtype} to turn into {dtype}"
        )
    if array.dtype == dtype:
        return array
    if dtype == np.float32 or array.ndim == 0:
        values = as_float(array)
        return values if dtype == np.float32 else _rounded(values, dtype)
    converted: PixelArray = np.empty(array.shape, dtype)
    for start in range(0, len(array), _ROWS):  # a large picture never is float as a whole
        rows = slice(start, start + _ROWS)
        converted[rows] = _rounded(as_float(array[rows]), dtype)
    return converted


def _rounded(values: FloatArray, dtype: np.dtype[Any]) -> PixelArray:
    """Bring floats, which are overwritten, to whole numbers."""
    values.clip(0, 1, out=values)
    values *= np.float32(full_scale(dtype))
    whole: PixelArray = np.rint(values, out=values).astype(dtype)
    return whole


def checked_values(array: NDArray[Any]) -> PixelArray:
    """Bring to uint8, uint16 or float32; floats are checked for NaN and range."""
    if array.dtype in (np.uint8, np.uint16):
        return array
    if array.dtype.kind != "f":
        raise InvalidImageError(
            f"expected uint8, uint16 or float in 0..1, got {array.dtype}; "
            "convert with .astype(np.uint8) or divide by the maximum"
        )
    low, high = float(array.min()), float(array.max())
    if not (low >= -RANGE_TOLERANCE and high <= 1 + RANGE_TOLERANCE):  # false for NaN as well
        raise InvalidImageError(
            f"expected float values in 0..1 without NaN, got {low:g}..{high:g}; scale them first"
        )
    values: FloatArray = array.astype(np.float32, copy=False)
    return values.clip(0, 1) if low < 0 or high > 1 else values
