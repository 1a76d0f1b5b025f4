"""EXIF: which way up a picture is, and carrying the rest of it to another file untouched.

EXIF is a small TIFF file inside the picture (CIPA DC-008): a byte order, then directories of
12-byte entries (tag, type, count, value or its offset). Two kinds of care are taken here.

* In place: `without_orientation` only patches bytes, because maker notes hold offsets that no
  library knows. Orientation becomes 1, and the embedded thumbnail, which would still show the
  picture with its background, is cut off or blanked.
* Rewritten: a TIFF picture's first directory mixes what describes the picture with how the file
  stores it. `descriptive` takes the former out as a block of its own, `graft` puts such a block
  into another TIFF file.

Blocks are bytes that begin with the TIFF header (``II*`` or ``MM``), without an ``Exif`` prefix.
Damaged blocks are read as far as they go: bad EXIF is no reason to refuse a picture.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ORIENTATION",
    "byte_order",
    "descriptive",
    "graft",
    "normalised",
    "orientation_of",
    "upright",
    "without_orientation",
    "xmp_upright",
]

ORIENTATION = 0x0112
THUMBNAIL_OFFSET = 0x0201
THUMBNAIL_LENGTH = 0x0202
SUB_DIRECTORIES = (0x8769, 0x8825, 0xA005)  # Exif, GPS, interoperability (inside Exif)
DESCRIPTIVE_TAGS = frozenset(
    {
        0x010E,  # ImageDescription
        0x010F,  # Make
        0x0110,  # Model
        0x011A,  # XResolution
        0x011B,  # YResolution
        0x0128,  # ResolutionUnit
        0x0131,  # Software
        0x0132,  # DateTime
        0x013B,  # Artist
        0x013C,  # HostComputer
        0x4746,  # Rating
        0x8298,  # Copyright
        *range(0x9C9B, 0x9CA0),  # XPTitle, XPComment, XPAuthor, XPKeywords, XPSubject
        *SUB_DIRECTORIES[:2],
    }
)
"""Tags of a first directory that speak of the picture, not of how the file stores it."""

ARRAY_SHAPE = b'{"shape": ['
"""Some writers note the array's shape as the image's description; a cut-out has another shape."""

PREFIX = b"Exif\0\0"  # what JPEG and some WebP files put before the block
XMP_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)([1-8])")
HEADER_SIZE = 8
ENTRY_SIZE = 12
TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
LONG = 4  # type of an offset

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Entry:
    """One entry of a directory with its value's bytes, or with the directory it points to."""

    tag: int
    kind: int
    count: int
    payload: bytes
    children: tuple[Entry, ...] = ()


def upright(array: NDArray[Scalar], orientation: int) -> NDArray[Scalar]:
    """Turn and mirror an array as one of the eight EXIF orientations asks.

    Parameters
    ----------
    array : ndarray of shape (H, W) or (H, W, C)
        Pixels as stored.
    orientation : int
        1 to 8.

    Returns
    -------
    ndarray of shape (H, W), (W, H), (H, W, C) or (W, H, C)
        C-contiguous; `array` itself where nothing is to be done.

    Examples
    --------
    >>> import numpy as np
    >>> upright(np.array([[1, 2]]), 6).tolist()   # turned clockwise by 90 degrees
    [[1], [2]]
    """
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def normalised(exif: bytes | None) -> bytes | None:
    """Strip the prefix some containers add; None if no TIFF header follows."""
    block = (exif or b"").removeprefix(PREFIX)
    return block if block[:4] in (b"II*\0", b"MM\0*") else None


def byte_order(exif: bytes) -> str:
    """Byte order of a block as `struct` and tifffile write it."""
    return "<" if exif[:2] == b"II" else ">"


def orientation_of(exif: bytes | None, xmp: bytes | None = None) -> int:
    """Read the orientation from EXIF or, where that has none, from XMP.

    Returns
    -------
    int
        1 to 8; 1 (upright) if neither tells or the value is none of the eight.
    """
    place = None if exif is None else _find(exif, _first(exif), ORIENTATION)
    if exif is not None and place is not None:
        value = _number(exif, "H", place) or 1
        return value if value <= 8 else 1
    match = XMP_ORIENTATION.search(xmp or b"")
    return int(match[2]) if match else 1


def without_orientation(exif: bytes) -> bytes:
    """Set the orientation to 1 and remove the thumbnail; every other byte stays where it was."""
    block, order, first = bytearray(exif), byte_order(exif), _first(exif)
    place = _find(exif, first, ORIENTATION)
    if place is not None:
        struct.pack_into(order + "H", block, place, 1)
    link = first + 2 + ENTRY_SIZE * (_number(exif, "H", first) or 0)
    second = _number(exif, "I", link) if first else None
    if not second:
        return bytes(block)
    struct.pack_into(order + "I", block, link, 0)
    start, length = (
        _number(exif, "I", _find(exif, second, tag)) for tag in (THUMBNAIL_OFFSET, THUMBNAIL_LENGTH)
    )
    if start and length and HEADER_SIZE <= start < len(block):
        end = min(start + length, len(block))
        block[start:end] = b"" if end == len(block) else bytes(end - start)
    return bytes(block)


def xmp_upright(xmp: bytes) -> bytes:
    """Set the orientation that XMP repeats to 1.

    Examples
    --------
    >>> xmp_upright(b'<x tiff:Orientation="6"/>')
    b'<x tiff:Orientation="1"/>'
    """
    return XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


def descriptive(tiff: bytes) -> bytes | None:
    """Take what describes the picture out of a TIFF file or an EXIF block.

    Returns
    -------
    bytes or None
        A block with `DESCRIPTIVE_TAGS` and the Exif and GPS directories; None if there are none.
    """
    if normalised(tiff) is None:
        return None
    order = byte_order(tiff)
    entries = [
        entry
        for entry in _read(tiff, _first(tiff))
        if entry.tag in DESCRIPTIVE_TAGS and not entry.payload.startswith(ARRAY_SHAPE)
    ]
    if not entries:
        return None
    return tiff[:4] + struct.pack(order + "I", HEADER_SIZE) + _write(entries, HEADER_SIZE, order)


def graft(tiff: bytes, exif: bytes) -> bytes:
    """Put the descriptive entries of an EXIF block into a TIFF file of the same byte order.

    The merged first directory is appended and the header pointed to it.
    """
    order = byte_order(tiff)
    entries = {entry.tag: entry for entry in _read(tiff, _first(tiff))}
    added = descriptive(exif)
    if added is None:
        return tiff
    entries |= {entry.tag: entry for entry in _read(added, HEADER_SIZE)}
    padded = tiff + b"\0" * (len(tiff) % 2)  # directories begin on even bytes
    directory = _write(list(entries.values()), len(padded), order)
    return padded[:4] + struct.pack(order + "I", len(padded)) + padded[HEADER_SIZE:] + directory


def _number(block: bytes, kind: str, place: int | None) -> int | None:
    """One integer, or None where the block is too short."""
    if place is None or place + struct.calcsize(kind) > len(block):
        return None
    (value,) = struct.unpack_from(byte_order(block) + kind, block, place)
    return int(value)


def _first(block: bytes) -> int:
    return _number(block, "I", 4) or 0


def _find(block: bytes, directory: int, tag: int) -> int | None:
    """Place of a tag's value field in a directory, if the tag is there."""
    for index in range((_number(block, "H", directory) or 0) if directory else 0):
        entry = directory + 2 + ENTRY_SIZE * index
        if entry + ENTRY_SIZE > len(block):
            return None
        if _number(block, "H", entry) == tag:
            return entry + 8
    return None


def _read(block: bytes, directory: int, depth: int = 0) -> list[Entry]:
    """Entries of a directory whose values lie inside the block; sub-directories followed twice."""
    entries = []
    for index in range((_number(block, "H", directory) or 0) if directory else 0):
        place = directory + 2 + ENTRY_SIZE * index
        if place + ENTRY_SIZE > len(block):
            break
        tag, kind, count = struct.unpack_from(byte_order(block) + "HHI", block, place)
        size = TYPE_SIZES.get(kind, 0) * count
        value = place + 8 if size <= 4 else _number(block, "I", place + 8) or 0
        if not size or value + size > len(block):
            continue
        if tag not in SUB_DIRECTORIES:
            entries.append(Entry(tag, kind, count, block[value : value + size]))
        elif depth < 2 and (inner := _read(block, _number(block, "I", value) or 0, depth + 1)):
            entries.append(Entry(tag, LONG, 1, b"", tuple(inner)))
    return entries


def _write(entries: list[Entry], start: int, order: str) -> bytes:
    """Lay out a directory that will stand at `start`: entries by tag, no successor, then values."""
    table = struct.pack(order + "H", len(entries))
    values_start = start + 2 + ENTRY_SIZE * len(entries) + 4
    values = b""
    for entry in sorted(entries, key=lambda entry: entry.tag):
        place = struct.pack(order + "I", values_start + len(values))
        table += struct.pack(order + "HHI", entry.tag, entry.kind, entry.count)
        if entry.children:
            values += _write(list(entry.children), values_start + len(values), order)
        elif len(entry.payload) > 4:
            values += entry.payload
        else:
            place = entry.payload.ljust(4, b"\0")
        table += place
        values += b"\0" * (len(values) % 2)
    return table + b"\0\0\0\0" + values
