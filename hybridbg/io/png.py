"""PNG: 16-bit pictures without loss, and metadata chunks (ISO/IEC 15948).

Pillow rounds 16-bit colour to 8 bits, so OpenCV decodes those and encodes all; what it leaves out
(ICC profile, EXIF, XMP, the colour key of grey pictures) is read from and spliced into the chunks
here. A chunk is its payload's length, a four-letter type, the payload and a CRC of both.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import ImageReadError, ImageWriteError
from hybridbg.core.image import Image
from hybridbg.core.samples import Samples
from hybridbg.core.types import PixelArray

__all__ = ["SIGNATURE", "bit_depth", "decode", "encode"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = len(SIGNATURE) + 4 + 4 + 13 + 4  # IHDR always comes first and has 13 bytes
XMP_KEYWORD = b"XML:com.adobe.xmp"
MOST_METADATA_BYTES = 16 << 20  # real profiles have at most 2 MB; guards against a zlib bomb
COLOUR_TYPE_AT = 25  # byte of the file, in IHDR
CRITICAL = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
GREY_ALPHA = 4  # a colour type

COMPRESSION = 3
"""zlib level. With run-length matching it hardly matters; on photographs this combination gives
smaller files than level 6 with full matching, at a fifth of its time."""


def bit_depth(head: bytes) -> int:
    """Bits per sample, from the first 26 bytes of the file."""
    return head[24] if len(head) > 24 else 0


def decode(data: bytes, name: str) -> Samples:
    """Decode a 16-bit PNG file.

    Raises
    ------
    ImageReadError
        If it is truncated or damaged.
    """
    import cv2

    chunks = _chunks(data, name)
    # Only what makes the pixels: libpng would comment on the metadata on standard error.
    bare = SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks if kind in CRITICAL)
    pixels = cv2.imdecode(np.frombuffer(bare, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ImageReadError(f"{name}: the PNG file is damaged")
    values, alpha = _split(pixels, data[COLOUR_TYPE_AT], _first(chunks, b"tRNS"))
    return Samples(
        values,
        alpha,
        icc_profile=_profile(_first(chunks, b"iCCP")),
        exif=_first(chunks, b"eXIf"),
        xmp=_xmp(_first(chunks, b"iTXt", XMP_KEYWORD + b"\0")),
    )


def encode(array: PixelArray, like: Image | None, profile: bytes | None) -> bytes:
    """Encode (H, W), (H, W, 3) or (H, W, 4) of uint8 or uint16, with the metadata of `like`."""
    import cv2

    if array.ndim == 3:
        order = cv2.COLOR_RGB2BGR if array.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        array = cv2.cvtColor(array, order)
    options = [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION]
    options += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    done, buffer = cv2.imencode(".png", array, options)
    if not done:
        raise ImageWriteError("OpenCV could not encode the PNG file")
    data: bytes = buffer.tobytes()
    added = b""
    if profile is not None:
        added += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
    if like is not None and like.exif is not None:
        added += _chunk(b"eXIf", like.exif)
    if like is not None and like.xmp is not None:
        added += _chunk(b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + like.xmp)
    return data[:HEADER_END] + added + data[HEADER_END:]


def _split(
    pixels: NDArray[np.uint16], colour_type: int, key: bytes | None
) -> tuple[PixelArray, PixelArray | None]:
    """Values and alpha of what OpenCV decoded: (H, W), or (H, W, 3 or 4) in BGR order."""
    if pixels.ndim == 2:
        if key is None:
            return pixels, None
        # OpenCV makes alpha of the colour key in colour pictures only.
        transparent = pixels == struct.unpack(">H", key[:2])[0]
        return pixels, np.where(transparent, 0, 65535).astype(np.uint16)
    values = pixels[:, :, 2::-1]
    alpha = pixels[:, :, 3] if pixels.shape[2] == 4 else None
    return (values[:, :, 0] if colour_type == GREY_ALPHA else values), alpha


def _chunks(data: bytes, name: str) -> list[tuple[bytes, bytes]]:
    """Type and payload of every chunk, checked to the end: OpenCV may take a truncated file."""
    chunks: list[tuple[bytes, bytes]] = []
    place = len(SIGNATURE)
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            break
        if zlib.crc32(data[place + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise ImageReadError(f"{name}: the PNG file is damaged (checksum of {kind!r})")
        chunks.append((kind, data[place + 8 : end]))
        if kind == b"IEND":
            return chunks
        place = end + 4
    raise ImageReadError(f"{name}: the PNG file is truncated")


def _first(chunks: list[tuple[bytes, bytes]], kind: bytes, start: bytes = b"") -> bytes | None:
    for found, payload in chunks:
        if found == kind and payload.startswith(start):
            return payload
    return None


def _chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(kind + payload)
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", checksum)


def _profile(payload: bytes | None) -> bytes | None:
    """Read an iCCP chunk: name, 0, method, zlib stream."""
    return None if payload is None else _unpacked(payload.partition(b"\0")[2][1:])


def _xmp(payload: bytes | None) -> bytes | None:
    """Read an iTXt chunk: keyword, 0, packed?, method, language, 0, translated keyword, 0, text."""
    if payload is None:
        return None
    flags, rest = payload[len(XMP_KEYWORD) + 1 :][:2], payload[len(XMP_KEYWORD) + 3 :]
    text = rest.split(b"\0", 2)[-1]
    return _unpacked(text) if flags[:1] == b"\1" else text


def _unpacked(stream: bytes) -> bytes:
    """Inflate; what cannot be inflated is empty, which no profile and no XMP is."""
    try:
        return zlib.decompressobj().decompress(stream, MOST_METADATA_BYTES)
    except zlib.error:
        return b""
