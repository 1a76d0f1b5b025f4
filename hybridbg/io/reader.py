"""Read a picture from a path, standard input, bytes or a file object.

The format is told by the file's first bytes, never by its name. The header is checked against the
pixel limit before anything is decoded, so that an absurd size costs no memory. Formats are decoded
by Pillow, except what has more than 8 bits per sample (see `hybridbg.io.png`, `tiff` and `exr`).
Of animations and multi-page files the first picture is read.
"""

from __future__ import annotations

import io
import math
import os
import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from hybridbg.core.errors import HybridBgError, ImageReadError, InvalidImageError
from hybridbg.core.image import Image
from hybridbg.core.pillow import DAMAGE, to_samples
from hybridbg.core.samples import Samples, interpret
from hybridbg.core.types import Encoding
from hybridbg.io import exr, png, raw, tiff
from hybridbg.io.limits import PixelLimit, pillow_unlimited

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

__all__ = ["READABLE", "STANDARD_STREAM", "load", "readable"]

STANDARD_STREAM = "-"
"""The path that stands for standard input or output."""

READABLE = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".webp",
    ".tif",
    ".tiff",
    ".gif",
    ".bmp",
    ".exr",
)
"""Suffixes by which `readable` finds pictures; what a file is, its first bytes tell."""

SIGNATURES = {
    png.SIGNATURE: "png",
    b"\xff\xd8\xff": "jpeg",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",  # BigTIFF
    b"MM\0+": "tiff",
    b"GIF8": "gif",
    b"BM": "bmp",
    exr.SIGNATURE: "exr",
}
DECODERS = {
    "png": ("PngImagePlugin", "PngImageFile"),
    "jpeg": ("JpegImagePlugin", "JpegImageFile"),
    "webp": ("WebPImagePlugin", "WebPImageFile"),
    "gif": ("GifImagePlugin", "GifImageFile"),
    "bmp": ("BmpImagePlugin", "BmpImageFile"),
}
HEAD_SIZE = 32  # bytes that tell the format, the depth of PNG and the size of WebP
WEBP_HEADER_SIZE = 30


def readable(path: str | os.PathLike[str]) -> bool:
    """Whether a file of a folder is one of its pictures, by its suffix; RAW where it can be read.

    Examples
    --------
    >>> readable("cat.JPG"), readable("notes.txt")
    (True, False)
    """
    suffix = Path(path).suffix.lower()
    return suffix in READABLE or (suffix in raw.SUFFIXES and raw.installed())


def load(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    max_pixels: int | None = None,
    encoding: Encoding | None = None,
) -> Image:
    """Load a picture: PNG, JPEG, WebP, TIFF, GIF, BMP, or with their extras OpenEXR and camera RAW.

    Parameters
    ----------
    source : path, "-", bytes or binary file object
        "-" is standard input; bytes are the content of a file.
    max_pixels : int, optional
        Largest height times width. By default the environment variable ``HYBRIDBG_MAX_PIXELS``;
        where that is not set either, 300 million, and above 64 million the file must not be
        suspiciously small.
    encoding : {"srgb", "linear", "icc"}, optional
        What the numbers stand for, if the file does not say so or is wrong. By default its ICC
        profile decides; files without one count as sRGB-coded, floats included.

    Returns
    -------
    Image
        Upright as the EXIF orientation asks. 8 bits, 16 bits and float are kept; grey and palettes
        become RGB, CMYK becomes sRGB through its profile, premultiplied alpha becomes straight.

    Raises
    ------
    ImageReadError
        If it cannot be opened, is no picture, or is truncated.
    ImageTooLargeError
        If it has more pixels than allowed.
    InvalidImageError
        If a side is below 4 pixels, or floats are NaN or outside [0, 1].
    InvalidOptionError
        If `max_pixels` or `encoding` is none of the above.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridbg.io import encode
    >>> data = encode(np.zeros((4, 6, 3), dtype=np.uint8), "png")
    >>> load(data).shape, load(data).format
    ((4, 6), 'png')
    """
    limit = PixelLimit(max_pixels)
    with _opened(source) as (stream, name, path):
        try:
            head, file_size = _measure(stream)
            file_format = _recognise(head, name)

            def check(rows: int, columns: int) -> None:
                limit.check(rows=rows, columns=columns, file_size=file_size, name=name)

            if file_format == "tiff":
                samples = tiff.decode(stream, name, check)
            elif file_format == "raw":
                samples = raw.decode(stream, name, check)
            elif file_format == "exr":
                samples = exr.decode(stream, name, check)
                encoding = encoding or "linear"  # by the format's convention
            else:
                samples = _decode(stream, head, file_format, name, check)
            return interpret(samples, encoding=encoding, path=path, file_format=file_format)
        except InvalidImageError as error:
            raise InvalidImageError(f"{name}: {error}") from error
        except HybridBgError:
            raise
        except MemoryError as error:
            raise ImageReadError(f"{name}: there is not enough memory to decode it") from error
        except OSError as error:
            raise ImageReadError(f"{name}: cannot be read: {error.strerror or error}") from error


@contextmanager
def _opened(
    source: str | os.PathLike[str] | bytes | BinaryIO,
) -> Iterator[tuple[BinaryIO, str, str | None]]:
    """Yield a seekable stream, a name for messages, and the path if there is one."""
    if isinstance(source, bytes):
        yield io.BytesIO(source), "image data", None
    elif isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        if path == STANDARD_STREAM:
            yield io.BytesIO(sys.stdin.buffer.read()), "standard input", None
            return
        try:
            stream = Path(path).open("rb")  # noqa: SIM115 - closed below, errors told apart
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = getattr(error, "strerror", None) or error
            raise ImageReadError(f"{path!r} cannot be opened: {reason}") from error
        with stream:
            seekable = stream if stream.seekable() else io.BytesIO(stream.read())
            yield seekable, path, path
    else:
        content = source.read() if hasattr(source, "read") else None
        if not isinstance(content, bytes):
            raise ImageReadError(
                f"expected a path, bytes or a file opened in binary mode, got {source!r}"
            )
        yield io.BytesIO(content), str(getattr(source, "name", "image data")), None


def _measure(stream: BinaryIO) -> tuple[bytes, int]:
    """First bytes and length of the file; the stream is left at its beginning."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(HEAD_SIZE)
    stream.seek(0)
    return head, size


def _recognise(head: bytes, name: str) -> str:
    if not head:
        raise ImageReadError(f"{name}: the file is empty (0 bytes)")
    if raw.recognises(head):
        return "raw"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    for signature, file_format in SIGNATURES.items():
        if head.startswith(signature):
            return file_format
    if head[4:8] == b"ftyp":  # the container of HEIC and AVIF, and of films
        raise ImageReadError(
            f"{name}: HEIC, AVIF and films are not read; convert it to JPEG, PNG or TIFF first"
        )
    raise ImageReadError(
        f"{name}: not a picture in a known format; expected PNG, JPEG, WebP, TIFF, GIF, "
        "BMP or OpenEXR"
    )


def _decode(
    stream: BinaryIO, head: bytes, file_format: str, name: str, check: Callable[[int, int], None]
) -> Samples:
    """Decode any format but TIFF, sizes checked first."""
    module, decoder = DECODERS[file_format]
    # The decoder itself, not PIL.Image.open, which would apply its own global pixel limit.
    open_picture = getattr(import_module(f"PIL.{module}"), decoder)
    pixels = 0
    if file_format == "webp":  # whose decoder allocates two canvases before it tells their size
        check(*_webp_size(head))
        pixels = math.prod(_webp_size(head))
    try:
        with pillow_unlimited(pixels), cast("ImageFile", open_picture(stream)) as picture:
            check(picture.height, picture.width)
            if file_format == "png" and png.bit_depth(head) == 16:
                stream.seek(0)
                return png.decode(stream.read(), name)
            if getattr(picture, "is_animated", False):
                warnings.warn(
                    f"{name}: it is an animation, and only its first picture was read; "
                    "save its pictures one by one if all are wanted",
                    UserWarning,
                    stacklevel=2,
                )
            picture.load()
            return to_samples(picture)
    except HybridBgError:
        raise
    except DAMAGE as error:
        raise ImageReadError(
            f"{name}: the {file_format.upper()} file is damaged or truncated: {error}"
        ) from error


def _webp_size(head: bytes) -> tuple[int, int]:
    """Rows and columns from the header of a WebP file (RFC 9649); 0 x 0 where it has none."""
    if len(head) < WEBP_HEADER_SIZE:
        return 0, 0
    kind = head[12:16]
    if kind == b"VP8X":  # two 24-bit numbers, less 1
        return 1 + int.from_bytes(head[27:30], "little"), 1 + int.from_bytes(head[24:27], "little")
    if kind == b"VP8L":  # two 14-bit numbers, less 1
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF)
    columns, rows = struct.unpack_from("<HH", head, 26)  # two 14-bit numbers and scaling hints
    return rows & 0x3FFF, columns & 0x3FFF
