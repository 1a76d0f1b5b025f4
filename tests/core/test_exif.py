from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage
from PIL import ImageOps

from hybridbg.core import exif

PICTURE = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
THUMBNAIL = b"\xff\xd8 the picture with its background \xff\xd9"


def block(order: str = "<", *, orientation: int = 6, behind_thumbnail: bytes = b"") -> bytes:
    """EXIF with a maker, an orientation and a thumbnail, written by hand."""
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    maker_at, second_at = 8 + 2 + 2 * 12 + 4, 8 + 2 + 2 * 12 + 4 + 8
    thumbnail_at = second_at + 2 + 2 * 12 + 4
    first = struct.pack(order + "H", 2)
    first += struct.pack(order + "HHII", 0x010F, 2, 6, maker_at)
    first += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    first += struct.pack(order + "I", second_at) + b"Maker\0\0\0"
    second = struct.pack(order + "H", 2)
    second += struct.pack(order + "HHII", 0x0201, 4, 1, thumbnail_at)
    second += struct.pack(order + "HHII", 0x0202, 4, 1, len(THUMBNAIL)) + b"\0\0\0\0"
    return header + first + second + THUMBNAIL + behind_thumbnail


def tags(data: bytes) -> dict:
    parsed = PILImage.Exif()
    parsed.load(data)
    return dict(parsed)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_agrees_with_pillow(orientation: int) -> None:
    picture = PILImage.fromarray(PICTURE)
    picture.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    turned = exif.upright(PICTURE, orientation)
    np.testing.assert_array_equal(turned, expected)
    np.testing.assert_array_equal(exif.upright(PICTURE[:, :, 0], orientation), expected[:, :, 0])
    assert turned.flags.c_contiguous


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_and_reset(order: str, orientation: int) -> None:
    data = block(order, orientation=orientation)
    assert exif.orientation_of(data) == orientation
    reset = exif.without_orientation(data)
    assert exif.orientation_of(reset) == 1
    assert tags(reset) == {0x010F: "Maker", 0x0112: 1}


@pytest.mark.parametrize("order", ["<", ">"])
def test_thumbnail_is_removed(order: str) -> None:
    assert THUMBNAIL not in exif.without_orientation(block(order))
    kept = exif.without_orientation(block(order, behind_thumbnail=b"maker note"))
    assert THUMBNAIL not in kept
    assert kept.endswith(b"maker note")
    assert len(kept) == len(block(order)) + len(b"maker note")  # nothing has moved


def test_unknown_orientations_count_as_upright() -> None:
    for value in (0, 9, 65535):
        assert exif.orientation_of(block(orientation=value)) == 1
    assert exif.orientation_of(None) == 1


def test_orientation_from_xmp_where_exif_has_none() -> None:
    for xmp in (b'<a tiff:Orientation="8"/>', b"<tiff:Orientation>8</tiff:Orientation>"):
        assert exif.orientation_of(None, xmp) == 8
        assert exif.orientation_of(block(orientation=3), xmp) == 3
        assert exif.orientation_of(None, exif.xmp_upright(xmp)) == 1


def test_prefix() -> None:
    assert exif.normalised(b"Exif\0\0" + block()) == block()
    assert exif.normalised(block(">")) == block(">")
    for wrong in (None, b"", b"Exif\0\0", b"nonsense"):
        assert exif.normalised(wrong) is None


@given(st.integers(0, 200), st.binary(max_size=12), st.sampled_from("<>"))
def test_damaged_blocks_do_no_harm(place: int, junk: bytes, order: str) -> None:
    data = bytearray(block(order))
    data[place : place + len(junk)] = junk
    damaged = exif.normalised(bytes(data))
    if damaged is None:
        return
    assert 1 <= exif.orientation_of(damaged) <= 8
    assert len(exif.without_orientation(damaged)) <= len(damaged)
    exif.descriptive(damaged)


@given(st.integers(0, 200), st.sampled_from("<>"))
def test_truncated_blocks_do_no_harm(length: int, order: str) -> None:
    damaged = block(order)[:length]
    if exif.normalised(damaged) is not None:
        assert 1 <= exif.orientation_of(damaged) <= 8
        assert len(exif.without_orientation(damaged)) <= len(damaged)
        exif.descriptive(damaged)


def camera_block() -> bytes:
    """EXIF as cameras write it: strings, rationals, sub-directories, a maker note."""
    made = PILImage.Exif()
    made[0x010F] = "Maker with a long name"
    made[0x0110] = "X1"
    made[0x0100] = 4000  # ImageWidth: how the file stores it
    made[0x0111] = (1, 2, 3, 4, 5)  # StripOffsets
    made[0x8769] = {0x829A: 0.005, 0x9003: "2024:01:01 00:00:00", 0x927C: bytes(range(100))}
    made[0x8825] = {1: "N", 2: (51.0, 28.0, 40.12)}
    return exif.normalised(made.tobytes())


def test_descriptive_tags_are_taken_out() -> None:
    whole, taken = camera_block(), exif.descriptive(camera_block())
    assert taken is not None
    before, after = PILImage.Exif(), PILImage.Exif()
    before.load(whole)
    after.load(taken)
    assert set(after) == {0x010F, 0x0110, 0x8769, 0x8825}
    assert after[0x010F] == "Maker with a long name"
    for directory in (0x8769, 0x8825):
        assert after.get_ifd(directory) == before.get_ifd(directory)
    assert exif.descriptive(taken) == taken


def test_nothing_to_take_out() -> None:
    made = PILImage.Exif()
    made[0x0100] = 4000
    assert exif.descriptive(exif.normalised(made.tobytes())) is None
    assert exif.descriptive(b"nonsense") is None
    tiff = b"II*\0" + struct.pack("<IHI", 8, 0, 0)
    assert exif.graft(tiff, exif.normalised(made.tobytes())) == tiff


def test_directories_that_contain_themselves() -> None:
    loop = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 8, 0)
    taken = exif.descriptive(loop)
    assert taken is None or len(taken) < 200
