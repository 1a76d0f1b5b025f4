"""Camera RAW through LibRaw, on a DNG made here; and what is said without the package."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from hybridbg.core.errors import ImageReadError, ImageTooLargeError
from hybridbg.io import load, raw, readable

CELL = {(0, 0): 8000, (0, 1): 4000, (1, 0): 4000, (1, 1): 2000}  # red, green, green, blue
WHITE = 16383
CFA = 32803
BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
SRGB_TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def dng(rows: int = 32, columns: int = 48) -> bytes:
    """An even colour before a sensor with the primaries of sRGB (DNG specification 1.4)."""
    sensor = np.zeros((rows, columns), np.uint16)
    for (row, column), light in CELL.items():
        sensor[row::2, column::2] = light
    matrix = np.rint(np.linalg.inv(SRGB_TO_XYZ) * 10000).astype(int).ravel()
    tags = [
        (50706, BYTE, 4, b"\1\4\0\0", True),  # DNGVersion
        (271, ASCII, 0, "Test", True),
        (272, ASCII, 0, "Camera", True),
        (50708, ASCII, 0, "Test Camera", True),  # UniqueCameraModel
        (33421, SHORT, 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, BYTE, 4, bytes([0, 1, 1, 2]), True),  # CFAPattern
        (50714, LONG, 1, 0, True),  # BlackLevel
        (50717, LONG, 1, WHITE, True),  # WhiteLevel
        (50721, SRATIONAL, 9, [part for value in matrix for part in (int(value), 10000)], True),
        (50728, RATIONAL, 3, [1, 1] * 3, True),  # AsShotNeutral
        (50778, SHORT, 1, 21, True),  # CalibrationIlluminant1: D65
    ]
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, sensor, photometric=CFA, extratags=tags, metadata=None)
    return buffer.getvalue()


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "find_spec", lambda name: None)


class TestWithThePackage:
    @pytest.fixture(autouse=True)
    def package(self) -> Any:
        return pytest.importorskip("rawpy")

    def test_developed_to_sixteen_bits(self) -> None:
        image = load(dng())
        assert (image.dtype, image.encoding) == (np.uint16, "srgb")
        assert image.shape == (32, 48)
        expected = np.array([8000, 4000, 2000]) / WHITE
        np.testing.assert_allclose(image.linear()[16, 20], expected, rtol=1e-3)

    def test_damaged_or_no_raw_after_all(self) -> None:
        preview = io.BytesIO()
        tifffile.imwrite(preview, np.zeros((6, 8, 3), np.uint8), photometric="rgb", subfiletype=1)
        for data in (preview.getvalue(), b"FUJIFILMCCD-RAW 0201" + bytes(99)):
            with pytest.raises(ImageReadError, match="cannot be developed"):
                load(data)

    def test_too_large(self) -> None:
        with pytest.raises(ImageTooLargeError):
            load(dng(), max_pixels=100)

    def test_found_in_folders(self) -> None:
        assert readable("DSC_0001.NEF")


@pytest.mark.usefixtures("without")
class TestWithoutThePackage:
    @pytest.mark.parametrize(
        "head",
        [
            b"FUJIFILMCCD-RAW ", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"\0MRM", b"FOVb",
            b"II*\0\x10\0\0\0CR\2\0", b"\0\0\0\x18ftypcrx ",
        ],
    )  # fmt: skip
    def test_said_clearly(self, head: bytes) -> None:
        with pytest.raises(ImageReadError, match=r"pip install 'hybridbg\[raw\]'"):
            load(head + bytes(99))

    def test_those_that_begin_as_tiff(self) -> None:
        with pytest.raises(ImageReadError, match=r"pip install 'hybridbg\[raw\]'"):
            load(dng())

    def test_passed_over_in_folders(self) -> None:
        assert not readable("DSC_0001.NEF")
