"""Turn arrays into picture files with the metadata of the picture they came from.

What the formats hold: PNG 8 or 16 bits, JPEG 8 bits without alpha, WebP 8 bits, TIFF 8 or 16 bits
or float, OpenEXR half or float. Deeper arrays are rounded to what the format holds. Colours are
written as they are, in the encoding of `like`, and its ICC profile says so in the file; linear and
float pictures without a profile get one, because readers disagree on what those mean without.
OpenEXR alone is linear light and premultiplied whatever `like` is, and carries no metadata.
"""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_count
from hybridbg.core.errors import ImageWriteError, InvalidImageError
from hybridbg.core.icc_format import make_profile
from hybridbg.core.image import Image, as_dtype, checked_values
from hybridbg.core.types import PixelArray
from hybridbg.io import exr, png, tiff
from hybridbg.io.files import check_folder, write_bytes
from hybridbg.io.reader import STANDARD_STREAM

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["FORMATS", "check_target", "encode", "format_of", "save"]

FORMATS = {
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "webp": (".webp",),
    "tiff": (".tif", ".tiff"),
    "exr": (".exr",),
}
"""Formats that can be written, with their suffixes."""

DEFAULT_QUALITY = 95  # above it JPEG files grow fast and differ by less than their own rounding
LONGEST_SIDE = {"jpeg": 65_500, "webp": 16_383}  # of libjpeg and of the WebP format
JPEG_SEGMENT = 65_533  # bytes a JPEG marker segment can hold behind its length
EXIF_PREFIX = b"Exif\0\0"
XMP_PREFIX_SIZE = len(b"http://ns.adobe.com/xap/1.0/\0")


def save(
    path: str | os.PathLike[str],
    array: NDArray[Any],
    *,
    like: Image | None = None,
    format: str | None = None,  # noqa: A002
    dtype: Any = None,
    quality: int = DEFAULT_QUALITY,
    lossless: bool = False,
    premultiplied: bool = True,
) -> None:
    """Save an array as a picture, whole or not at all.

    Parameters
    ----------
    path : path or "-"
        Where to; "-" is standard output. An existing file is replaced.
    array, like, dtype, quality, lossless, premultiplied
        As in `encode`.
    format : str, optional
        As in `encode`; by default the suffix decides, for standard output PNG.

    Raises
    ------
    ImageWriteError
        If suffix or format is unknown, the format cannot hold the array, or the place cannot be
        written. Nothing is left behind, and an existing file is untouched.
    InvalidImageError
        If `array` has another shape or dtype, NaN, or floats outside [0, 1].

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from hybridbg.io import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "deep.png")
    ...     save(path, np.full((4, 4, 4), 1000, dtype=np.uint16))
    ...     load(path).dtype
    dtype('uint16')
    """
    check_target(path, format=format)
    file_format = format_of(path, format)
    data = encode(
        array,
        file_format,
        like=like,
        dtype=dtype,
        quality=quality,
        lossless=lossless,
        premultiplied=premultiplied,
    )
    write_bytes(path, data)


def encode(
    array: NDArray[Any],
    format: str,  # noqa: A002
    *,
    like: Image | None = None,
    dtype: Any = None,
    quality: int = DEFAULT_QUALITY,
    lossless: bool = False,
    premultiplied: bool = True,
) -> bytes:
    """Encode an array as the bytes of a picture file.

    Parameters
    ----------
    array : ndarray of shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float in [0, 1]
        Grey (a matte), RGB, or RGB with straight alpha, in the encoding of `like`.
    format : {"png", "jpeg", "webp", "tiff", "exr"}
        "jpg", "tif" and suffixes are understood as well.
    like : Image, optional
        The picture it came from: its EXIF, XMP and ICC profile are written (a matte gets no
        profile). Without it colours are sRGB-coded.
    dtype : uint8, uint16 or float32, optional
        Depth wanted. By default that of `array`, and in any case what the format holds: PNG makes
        16 bits of floats, JPEG and WebP 8 bits of everything, OpenEXR half of everything unless
        float32 is asked for here.
    quality : int
        1 to 100, for JPEG and WebP.
    lossless : bool
        For WebP. PNG and TIFF always are, JPEG cannot be.
    premultiplied : bool
        For OpenEXR: whether its colours are multiplied by alpha, as its convention has it.

    Returns
    -------
    bytes
        The same for the same input.

    Raises
    ------
    ImageWriteError
        If the format is unknown or cannot hold the array: alpha in JPEG, too large for WebP.
    InvalidImageError
        If `array` has another shape or dtype, NaN, or floats outside [0, 1].
    InvalidOptionError
        If `quality` is out of range.

    Warns
    -----
    UserWarning
        If EXIF or XMP is too long for a JPEG file and is left out.

    Examples
    --------
    >>> import numpy as np
    >>> encode(np.zeros((4, 4, 3), dtype=np.uint8), "png")[1:4]
    b'PNG'
    """
    file_format = format_of("", format)
    quality = as_count(quality, "quality", minimum=1, maximum=100)
    if file_format == "exr":
        return exr.encode(_checked(array), like, dtype=dtype, premultiplied=premultiplied)
    pixels = _storable(_checked(array), file_format, dtype)
    profile = _profile(pixels, like)
    if file_format == "png":
        return png.encode(pixels, like, profile)
    if file_format == "tiff":
        return tiff.encode(pixels, like, profile)
    if max(pixels.shape[:2]) > LONGEST_SIDE[file_format]:
        raise ImageWriteError(
            f"{file_format.upper()} holds at most {LONGEST_SIDE[file_format]} pixels a side, "
            f"got {pixels.shape[0]} x {pixels.shape[1]}; choose PNG or TIFF"
        )
    if file_format == "jpeg":
        return _encode_jpeg(pixels, like, profile, quality, lossless=lossless)
    return _encode_webp(pixels, like, profile, quality, lossless=lossless)


def check_target(path: str | os.PathLike[str], *, format: str | None = None) -> None:  # noqa: A002
    """Raise `ImageWriteError` if `save` would fail for the sake of its path or format.

    To be asked before the work is done.
    """
    format_of(path, format)
    if os.fspath(path) != STANDARD_STREAM:
        check_folder(path)


def format_of(path: str | os.PathLike[str], format: str | None = None) -> str:  # noqa: A002
    """Tell the format to write: the one named, else the suffix's, else PNG for "-".

    Raises
    ------
    ImageWriteError
        If it is none of `FORMATS`, or needs a package that is not installed.

    Examples
    --------
    >>> format_of("cutout.TIF"), format_of("-"), format_of("x.png", "jpg")
    ('tiff', 'png', 'jpeg')
    """
    if format is None and os.fspath(path) == STANDARD_STREAM:
        return "png"
    wanted = Path(path).suffix if format is None else "." + format.removeprefix(".")
    for name, suffixes in FORMATS.items():
        if wanted.lower() in suffixes:
            if name == "exr" and not exr.installed():
                raise ImageWriteError(f"{os.fspath(path) or name!r}: {exr.INSTALL}")
            return name
    known = ", ".join(suffix for suffixes in FORMATS.values() for suffix in suffixes)
    what = f"{os.fspath(path)!r} has the suffix '{wanted}'" if format is None else f"{format!r}"
    raise ImageWriteError(f"{what}, which is no format that can be written; expected {known}")


def _checked(array: NDArray[Any]) -> PixelArray:
    array = np.asarray(array)
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or not array.size:
        raise InvalidImageError(
            f"expected an array of shape (H, W), (H, W, 3) or (H, W, 4), got {array.shape}"
        )
    return np.ascontiguousarray(checked_values(array))


def _storable(array: PixelArray, file_format: str, dtype: Any) -> PixelArray:
    """Bring to the depth wanted, then to one the format holds."""
    if file_format == "jpeg" and array.shape[2:] == (4,):
        raise ImageWriteError(
            "JPEG has no alpha; lay the cut-out over a background first, or save PNG, WebP or TIFF"
        )
    if dtype is not None:
        array = as_dtype(array, dtype)
    if file_format in ("jpeg", "webp"):
        return as_dtype(array, np.uint8)
    if file_format == "png" and array.dtype == np.float32:
        return as_dtype(array, np.uint16)
    return array


def _profile(array: PixelArray, like: Image | None) -> bytes | None:
    if array.ndim == 2:
        return None
    if like is not None and like.icc_profile is not None:
        return like.icc_profile
    if like is not None and like.encoding == "linear":
        return make_profile("linear")
    return make_profile("srgb") if array.dtype == np.float32 else None


def _encode_jpeg(
    array: PixelArray, like: Image | None, profile: bytes | None, quality: int, *, lossless: bool
) -> bytes:
    if lossless:
        raise ImageWriteError("JPEG cannot be lossless; choose PNG, WebP or TIFF")
    exif = None if like is None or like.exif is None else EXIF_PREFIX + like.exif
    xmp = None if like is None else like.xmp
    options = {
        "quality": quality,
        "subsampling": 0,  # 4:4:4: halved colour would smear over the edges just cut
        "icc_profile": profile,
        "exif": _fitting(exif, "EXIF", JPEG_SEGMENT),
        "xmp": _fitting(xmp, "XMP", JPEG_SEGMENT - XMP_PREFIX_SIZE),
    }
    return _through_pillow(array, "JPEG", options)


def _encode_webp(
    array: PixelArray, like: Image | None, profile: bytes | None, quality: int, *, lossless: bool
) -> bytes:
    options = {
        "quality": quality,
        "lossless": lossless,
        "exact": True,  # keep the colours under alpha 0, as PNG and TIFF do
        "icc_profile": profile,
        "exif": like.exif if like is not None else None,
        "xmp": like.xmp if like is not None else None,
    }
    return _through_pillow(array, "WEBP", options)


def _fitting(block: bytes | None, what: str, most: int) -> bytes | None:
    if block is None or len(block) <= most:
        return block
    warnings.warn(
        f"{what} of {len(block)} bytes is too long for JPEG and was left out",
        UserWarning,
        stacklevel=2,
    )
    return None


def _through_pillow(array: PixelArray, pillow_format: str, options: dict[str, Any]) -> bytes:
    from PIL import Image as PILImage

    buffer = io.BytesIO()
    picture: PIL.Image.Image = PILImage.fromarray(array)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        picture.save(buffer, pillow_format, **given)
    except (OSError, ValueError) as error:
        raise ImageWriteError(f"the {pillow_format} file cannot be encoded: {error}") from error
    return buffer.getvalue()
