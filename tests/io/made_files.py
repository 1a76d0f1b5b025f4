"""Picture files written by hand for tests: what no library on the way would write."""

from __future__ import annotations

import struct
import zlib

import numpy as np

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6  # colour types of PNG


def chunk(kind: bytes, payload: bytes) -> bytes:
    return (
        struct.pack(">I", len(payload))
        + kind
        + payload
        + struct.pack(">I", zlib.crc32(kind + payload))
    )


def png(array: np.ndarray, colour_type: int, *, before: bytes = b"", after: bytes = b"") -> bytes:
    """8- or 16-bit samples of shape (H, W, samples), with chunks before and after the pixels."""
    rows, columns = array.shape[:2]
    depth = 8 * array.dtype.itemsize
    scanlines = b"".join(
        b"\0" + row.astype(array.dtype.newbyteorder(">")).tobytes() for row in array
    )
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, colour_type, 0, 0, 0))
        + before
        + chunk(b"IDAT", zlib.compress(scanlines))
        + after
        + chunk(b"IEND", b"")
    )


def png_header(rows: int, columns: int) -> bytes:
    """A PNG that declares a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", columns, rows, 8, RGB, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999))
    )
