"""Read and write the ICC profiles that are three curves and a matrix (ICC.1:2022).

Nearly every photograph's profile is such a "matrix/TRC" one (8.3.3): per channel a curve to linear
light, then a 3x3 matrix to XYZ under D50; grey ones are a single curve. `parse` reads them into
float tables, `make_profile` writes the two that hybridbg itself needs. Profiles that hold lookup
tables instead are left to a colour engine (see `hybridbg.core.icc`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import InvalidImageError

__all__ = ["MatrixProfile", "colour_space", "make_profile", "parse", "write"]

SRGB_TO_XYZ = np.array(
    [
        [0.43606567, 0.38514709, 0.14306641],
        [0.22248840, 0.71687317, 0.06060791],
        [0.01391602, 0.09707642, 0.71409607],
    ]
)
"""sRGB primaries under D50, as the sRGB profile of the ICC holds them (multiples of 2^-16)."""

D50 = (0.9642, 1.0, 0.8249)
"""White of the profile connection space."""

CURVE_SAMPLES = 4096
"""Points of a parametric curve's table; linear interpolation between them errs below 2e-7."""

FLAT_GAMUT = 1e-6
"""A gamut this much smaller than that of sRGB has no inverse worth using."""

WHITE_ROUNDING = 0.005
"""Profiles round the white they share to three or four places; closer ones are made equal, so that
white stays exactly white in 16 bits."""

HEADER_SIZE = 128
CACHED_PROFILES = 8  # a batch meets a few cameras


@dataclass(frozen=True, eq=False)
class MatrixProfile:
    """A matrix/TRC profile: ``linear_srgb = matrix @ curve(device)`` per pixel.

    `tables` holds one decoding curve per channel, sampled evenly over [0, 1].
    """

    tables: tuple[NDArray[np.float64], ...]
    matrix: NDArray[np.float64]


def colour_space(profile: bytes) -> str:
    """Tell what a profile describes: "RGB", "GRAY", "CMYK" or another signature of the ICC.

    Raises
    ------
    InvalidImageError
        If the bytes are not an ICC profile.

    Examples
    --------
    >>> colour_space(make_profile("srgb"))
    'RGB'
    """
    if len(profile) < HEADER_SIZE + 4 or profile[36:40] != b"acsp":
        raise InvalidImageError("the ICC profile is damaged: it has no 'acsp' header")
    return profile[16:20].decode("latin-1").strip()


def make_profile(encoding: Literal["srgb", "linear"]) -> bytes:
    """Write a small ICC profile (version 4, matrix/TRC) for sRGB or linear sRGB.

    It is put into files whose encoding would otherwise be guessed: linear ones, and floats.

    Examples
    --------
    >>> len(make_profile("srgb")) < 600
    True
    """
    # Parametric curve type 3 is ((C + 0.055) / 1.055) ** 2.4 or C / 12.92, type 0 a plain power.
    if encoding == "srgb":
        curve = (3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
        return write("sRGB", SRGB_TO_XYZ, curve)
    return write("Linear light, sRGB primaries", SRGB_TO_XYZ, (0, [1.0]))


def write(name: str, matrix: NDArray[np.float64], curve: tuple[int, list[float]]) -> bytes:
    """Write a matrix/TRC profile from primaries under D50 and one parametric curve for all."""
    columns = {key: matrix[:, at] for at, key in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    decoding = struct.pack(">4s4xHxx", b"para", curve[0]) + _fixed(curve[1])
    tags = {b"desc": _text(name), b"cprt": _text("CC0"), b"wtpt": b"XYZ \0\0\0\0" + _fixed(D50)}
    tags |= {key: b"XYZ \0\0\0\0" + _fixed(column) for key, column in columns.items()}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), decoding)
    table, body = struct.pack(">I", len(tags)), b""
    start = HEADER_SIZE + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}  # equal payloads are written once
    for key, payload in tags.items():
        if payload not in places:
            places[payload] = start + len(body)
            body += payload + b"\0" * (-len(payload) % 4)
        table += struct.pack(">4sII", key, places[payload], len(payload))
    size = HEADER_SIZE + len(table) + len(body)
    created = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # fixed: same input, same bytes
    header = struct.pack(">I4xI4s4s4s", size, 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += created + b"acsp" + b"\0" * 28 + _fixed(D50)
    return header.ljust(HEADER_SIZE, b"\0") + table + body


def _fixed(values: Any) -> bytes:
    """Write s15Fixed16Numbers: signed, 16 bits behind the point."""
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _text(text: str) -> bytes:
    """Write a multiLocalizedUnicodeType with one English record."""
    coded = text.encode("utf-16-be")
    return struct.pack(">4s4xII4sII", b"mluc", 1, 12, b"enUS", len(coded), 28) + coded


@lru_cache(maxsize=CACHED_PROFILES)
def parse(profile: bytes) -> MatrixProfile | None:
    """Read a matrix/TRC or grey profile; None if only a colour engine can evaluate it."""
    tags = _tags(profile)
    if b"A2B0" in tags or profile[20:24] != b"XYZ ":
        return None  # tables take precedence over the matrix (ICC.1:2022, 9.1)
    try:
        if profile[16:20] == b"GRAY":
            return MatrixProfile((_curve(tags[b"kTRC"]),), np.eye(1))
        tables = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (KeyError, ValueError, ArithmeticError, struct.error):
        return None  # the engine decides whether the profile is another kind or damaged
    matrix = np.linalg.inv(SRGB_TO_XYZ) @ np.stack(columns, axis=1)
    if abs(np.linalg.det(matrix)) < FLAT_GAMUT:
        raise InvalidImageError("the ICC profile is damaged: its primaries lie on a line")
    whites = matrix.sum(axis=1, keepdims=True)
    if np.abs(whites - 1).max() < WHITE_ROUNDING:
        matrix = matrix / whites
    return MatrixProfile(tables, matrix)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """Map tag signature to payload, for the tags that lie inside the profile."""
    (count,) = struct.unpack_from(">I", profile, HEADER_SIZE)
    tags = {}
    for index in range(min(count, (len(profile) - HEADER_SIZE - 4) // 12)):
        name, offset, size = struct.unpack_from(">4sII", profile, HEADER_SIZE + 4 + 12 * index)
        if offset + size <= len(profile):
            tags[name] = profile[offset : offset + size]
    return tags


def _xyz(tag: bytes) -> NDArray[np.float64]:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> NDArray[np.float64]:
    """Read a curveType or parametricCurveType as a table over [0, 1] (10.6 and 10.18)."""
    grid = np.linspace(0, 1, CURVE_SAMPLES)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return np.array([0.0, 1.0])
        entries = np.frombuffer(tag, dtype=">u2", count=count, offset=12)
        return np.asarray(grid ** (float(entries[0]) / 256) if count == 1 else entries / 65535.0)
    if tag[:4] != b"para":
        raise ValueError(f"unknown curve {tag[:4]!r}")
    (kind,) = struct.unpack_from(">H", tag, 8)
    fixed = struct.unpack_from(f">{(len(tag) - 12) // 4}i", tag, 12)
    return _parametric(kind, [value / 65536 for value in fixed], grid)


def _parametric(kind: int, given: list[float], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate ``(a x + b)^g + e where x >= d, c x + f elsewhere``; kinds 0-3 leave some out."""
    match kind, given:
        case 0, [g, *_]:
            a, b, c, d, e, f = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
        case 1, [g, a, b, *_]:
            c, d, e, f = 0.0, -b / a, 0.0, 0.0
        case 2, [g, a, b, e, *_]:
            c, d, f = 0.0, -b / a, e
        case 3, [g, a, b, c, d, *_]:
            e, f = 0.0, 0.0
        case 4, [g, a, b, c, d, e, f, *_]:
            pass
        case _:
            raise ValueError(f"unknown parametric curve {kind}")
    power = np.maximum(a * x + b, 0) ** g + e
    return np.asarray(np.where(x >= d, power, c * x + f)).clip(0, 1)
