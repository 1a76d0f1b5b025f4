"""TIFF (revision 6.0 and its extensions): 16-bit and float pictures in, every depth out.

Pillow and its libtiff read whatever has up to 8 bits, in every compression. Beyond 8 bits Pillow
rounds, so tifffile unpacks those; compressions it leaves to other packages (LZW, the float
predictor) go through OpenCV's libtiff. Files are written by tifffile, deflated, with ICC profile,
EXIF and XMP.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hybridbg.core import exif
from hybridbg.core.errors import HybridBgError, ImageReadError, ImageWriteError
from hybridbg.core.image import Image, full_scale
from hybridbg.core.pillow import DAMAGE, to_samples
from hybridbg.core.samples import Samples
from hybridbg.core.types import PixelArray
from hybridbg.io import raw
from hybridbg.io.limits import pillow_unlimited

__all__ = ["decode", "encode"]

XMP = 700
SUBFILE_TYPE = 254
DNG_VERSION = 50706
ICC_PROFILE = 34675
REDUCED = 1  # bit of SUBFILE_TYPE
BYTE, UNDEFINED = 1, 7  # types of a tag's value
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, SEPARATED = 0, 1, 2, 5  # photometric interpretations
ASSOCIATED, UNASSOCIATED = 1, 2  # kinds of extra samples: premultiplied and straight alpha
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, SEPARATED: 4}
HORIZONTAL_PREDICTOR = 2
DEFLATE_LEVEL = 6  # zlib's own default
DEEP = {("u", 16), ("f", 16), ("f", 32), ("f", 64)}  # kinds and bits above what Pillow keeps


def decode(stream: BinaryIO, name: str, check: Callable[[int, int], None]) -> Samples:
    """Decode the first picture of a TIFF file.

    Parameters
    ----------
    stream : seekable binary file
    name : str
        For messages.
    check : function of rows and columns
        Called before anything is decoded; raises if the picture is too large.

    Raises
    ------
    ImageReadError
        If the file is damaged, of a depth or colour space not understood, or raw sensor data that
        cannot be developed.
    """
    import tifffile

    try:
        with tifffile.TiffFile(stream) as file:
            page = file.pages[0]
            if _is_raw(page):
                return raw.decode(stream, name, check)
            check(page.imagelength, page.imagewidth)
            others = (file.pages[index] for index in range(1, len(file.pages)))
            if any(not (_tag(other, SUBFILE_TYPE) or 0) & REDUCED for other in others):
                warnings.warn(
                    f"{name}: only the first of its pages was read; save them one by one if all "
                    "are wanted",
                    UserWarning,
                    stacklevel=2,
                )
            stream.seek(0)
            data = stream.read()
            samples = _shallow(page, data) if page.bitspersample <= 8 else _deep(page, data, name)
            # Read here for both, so that nothing is lost in translation.
            return replace(
                samples,
                icc_profile=_tag(page, ICC_PROFILE),
                exif=exif.descriptive(data),
                xmp=_tag(page, XMP),
            )
    except HybridBgError:
        raise
    except (*DAMAGE, tifffile.TiffFileError) as error:
        raise ImageReadError(f"{name}: the TIFF file is damaged or truncated: {error}") from error


def encode(array: PixelArray, like: Image | None, profile: bytes | None) -> bytes:
    """Encode (H, W), (H, W, 3) or (H, W, 4) of any depth, with the metadata of `like`."""
    import tifffile

    block = None if like is None else like.exif
    xmp = None if like is None else like.xmp
    buffer = io.BytesIO()
    try:
        tifffile.imwrite(
            buffer,
            array,
            bigtiff=False,
            byteorder=exif.byte_order(block) if block else "<",  # EXIF is copied without swapping
            photometric="minisblack" if array.ndim == 2 else "rgb",
            extrasamples=["unassalpha"] if array.shape[2:] == (4,) else None,
            compression="adobe_deflate",
            compressionargs={"level": DEFLATE_LEVEL},
            predictor=HORIZONTAL_PREDICTOR if array.dtype.kind == "u" else None,
            extratags=[
                (tag, kind, len(payload), payload, True)
                for tag, kind, payload in ((XMP, BYTE, xmp), (ICC_PROFILE, UNDEFINED, profile))
                if payload
            ],
            metadata=None,
            software=False,
        )
    except ValueError as error:  # beyond the 4 GB that every reader takes
        raise ImageWriteError(f"the TIFF file cannot be encoded: {error}") from error
    data = buffer.getvalue()
    return exif.graft(data, block) if block else data


def _is_raw(page: Any) -> bool:
    """Raw files are TIFF too, with a small preview in front that must not pass for the picture."""
    return DNG_VERSION in page.tags or bool((_tag(page, SUBFILE_TYPE) or 0) & REDUCED)


def _shallow(page: Any, data: bytes) -> Samples:
    from PIL.TiffImagePlugin import TiffImageFile

    pixels = page.imagelength * page.imagewidth
    with pillow_unlimited(pixels), TiffImageFile(io.BytesIO(data)) as picture:
        picture.load()
        return to_samples(picture)


def _deep(page: Any, data: bytes, name: str) -> Samples:
    """Unpack what has more than 8 bits."""
    kind = "?" if page.dtype is None else page.dtype.kind
    if (kind, page.bitspersample) not in DEEP or page.photometric not in COLOURS:
        raise ImageReadError(
            f"{name}: expected grey, RGB or CMYK of 8 or 16 bits or float, got "
            f"{page.bitspersample} bits of kind '{kind}', photometric {int(page.photometric)}"
        )
    stored = zip(page.dataoffsets, page.databytecounts, strict=False)
    if any(offset + count > len(data) for offset, count in stored):
        raise ImageReadError(f"{name}: the TIFF file is truncated")
    planes = _planes(page, data, name)
    colours = COLOURS[page.photometric]
    values, alpha = planes[:, :, :colours], _alpha(planes, colours, page.extrasamples)
    if page.photometric == WHITE_IS_ZERO:
        values = full_scale(values.dtype) - values
    if alpha is not None and ASSOCIATED in page.extrasamples:
        values = _straight(values, alpha)
    values = values[:, :, 0] if colours == 1 else values
    return Samples(values, alpha, orientation=_tag(page, exif.ORIENTATION))


def _tag(page: Any, code: int) -> Any:
    return page.tags[code].value if code in page.tags else None


def _planes(page: Any, data: bytes, name: str) -> NDArray[Any]:
    """Every sample of every pixel, (H, W, samples), in native byte order."""
    try:
        planes = page.asarray(squeeze=False)  # (separate planes, depth, H, W, samples of a pixel)
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        return _through_opencv(page, data, name)
    planes = np.moveaxis(planes[:, 0], 0, 2).reshape(*planes.shape[2:4], -1)
    native: NDArray[Any] = planes.astype(planes.dtype.newbyteorder("="), copy=False)
    return native


def _through_opencv(page: Any, data: bytes, name: str) -> NDArray[Any]:
    import cv2

    patched = bytearray(data)
    turned = page.tags.get(exif.ORIENTATION)
    if turned is not None:  # OpenCV would turn the picture itself; it is done later for all alike
        struct.pack_into(exif.byte_order(data) + "H", patched, turned.valueoffset, 1)
    planes = cv2.imdecode(np.frombuffer(patched, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if planes is None or planes.size != page.size or page.photometric == WHITE_IS_ZERO:
        raise ImageReadError(
            f"{name}: TIFF compression {page.compression!r} cannot be read at this depth; "
            "save it deflated or uncompressed"
        )
    planes = planes.reshape(*planes.shape[:2], -1)
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(planes.shape[2])
    ordered: NDArray[Any] = planes if order is None else planes[:, :, order]
    return ordered


def _alpha(planes: NDArray[Any], colours: int, extra: tuple[int, ...]) -> NDArray[Any] | None:
    """Pick the alpha plane; a fourth RGB sample without a kind is alpha, as libtiff has it."""
    if not extra and colours == 3 and planes.shape[2] == 4:
        return planes[:, :, 3]
    for index, kind in enumerate(extra):
        if kind in (ASSOCIATED, UNASSOCIATED):
            return planes[:, :, colours + index]
    return None


def _straight(values: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Undo premultiplication (TIFF 6.0, section 18), which applies to the numbers as stored."""
    top = full_scale(values.dtype)
    cover = alpha[:, :, None].astype(np.float64)
    straight = np.divide(values * float(top), cover, out=np.zeros(values.shape), where=cover > 0)
    straight = straight.clip(0, top)
    rounded: NDArray[Any] = straight if top == 1 else np.rint(straight)
    converted: NDArray[Any] = rounded.astype(values.dtype)
    return converted
