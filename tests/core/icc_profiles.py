"""ICC profiles for tests, written from the specification apart from hybridbg's own writer."""

from __future__ import annotations

import struct
from itertools import product

import numpy as np

D50 = (0.9642, 1.0, 0.8249)


def _fixed(values) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def xyz(values) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def gamma(exponent: float) -> bytes:
    """A curveType with one entry."""
    return struct.pack(">4s4xIHxx", b"curv", 1, round(exponent * 256))


def table(entries) -> bytes:
    """A curveType with many entries."""
    coded = np.rint(np.asarray(entries) * 65535).astype(">u2").tobytes()
    return struct.pack(">4s4xI", b"curv", len(entries)) + coded


def parametric(kind: int, *parameters: float) -> bytes:
    return struct.pack(">4s4xHxx", b"para", kind) + _fixed(parameters)


def profile(space: bytes, tags: dict[bytes, bytes], *, pcs: bytes = b"XYZ ") -> bytes:
    """Assemble header, tag table and payloads."""
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(D50),
        **tags,
    }
    place = 128 + 4 + 12 * len(tags)
    index, body = struct.pack(">I", len(tags)), b""
    for name, payload in tags.items():
        index += struct.pack(">4sII", name, place + len(body), len(payload))
        body += payload + b"\0" * (-len(payload) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    header = struct.pack(">I4sI4s4s4s", place + len(body), b"\0" * 4, 0x02400000, kind, space, pcs)
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + _fixed(D50)
    return header.ljust(128, b"\0") + index + body


def matrix_profile(primaries, curve: bytes) -> bytes:
    """RGB with three primaries (columns, XYZ under D50) and one curve."""
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: xyz(column) for name, column in zip(names, np.transpose(primaries), strict=True)}
    return profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def grey_profile(curve: bytes) -> bytes:
    return profile(b"GRAY", {b"kTRC": curve})


def lut_profile(space: bytes, to_lab, *, points: int = 9) -> bytes:
    """A profile whose A2B0 is a lut16Type: `to_lab(device in 0..1) -> (L, a, b)` on a grid."""
    channels = {b"RGB ": 3, b"CMYK": 4}[space]
    grid = product(np.linspace(0, 1, points), repeat=channels)
    lab = np.array([to_lab(np.array(device)) for device in grid])
    coded = (lab * [652.8, 256, 256] + [0, 32768, 32768]).clip(0, 65535)  # version 2 Lab
    ramp = np.array([0, 65535], dtype=">u2").tobytes()
    lut = struct.pack(">4s4xBBBx", b"mft2", channels, 3, points)
    lut += _fixed(np.eye(3).ravel()) + struct.pack(">HH", 2, 2)
    lut += ramp * channels + np.rint(coded).astype(">u2").tobytes() + ramp * 3
    return profile(space, {b"A2B0": lut}, pcs=b"Lab ")


DISPLAY_P3 = matrix_profile(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]],
    parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
)
ADOBE_RGB = matrix_profile(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]],
    gamma(2.19921875),
)
PROPHOTO = matrix_profile(
    [[0.79767, 0.13519, 0.03134], [0.28804, 0.71188, 0.00009], [0.0, 0.0, 0.82490]],
    table(np.linspace(0, 1, 1024) ** 1.8),
)
GREY_18 = grey_profile(gamma(1.8))


def _lab_of_light(light: float) -> float:
    return 116 * np.cbrt(light) - 16 if light > 0.008856 else 903.3 * light


def _ink(device: np.ndarray) -> tuple[float, float, float]:
    """A plausible press: black darkens, cyan and magenta pull a, yellow pulls b."""
    cyan, magenta, yellow, black = device
    light = (1 - 0.45 * cyan) * (1 - 0.5 * magenta) * (1 - 0.1 * yellow) * (1 - black) ** 2
    return (
        _lab_of_light(light),
        60 * (magenta - 0.5 * cyan) * (1 - black),
        (80 * yellow - 40 * cyan) * (1 - black),
    )


PRESS = lut_profile(b"CMYK", _ink, points=5)
SCANNER = lut_profile(
    b"RGB ",
    lambda rgb: (
        _lab_of_light(float(rgb @ [0.2, 0.7, 0.1]) ** 2),
        80 * (rgb[0] - rgb[1]) * 0.8,
        60 * (rgb[1] - rgb[2]) * 0.8,
    ),
)
