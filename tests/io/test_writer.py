from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PILImage

from hybridbg.core import icc
from hybridbg.core.errors import ImageWriteError, InvalidImageError, InvalidOptionError
from hybridbg.core.image import Image, as_dtype
from hybridbg.io import check_target, encode, format_of, load, save
from tests.core import icc_profiles as made

RNG = np.random.default_rng(2)
SHAPES = [(6, 8), (6, 8, 3), (6, 8, 4)]
FORMATS = ("png", "jpeg", "webp", "tiff")  # those that carry metadata; OpenEXR has test_exr
LOSSLESS = [
    ("png", np.uint8),
    ("png", np.uint16),
    ("webp", np.uint8),
    ("tiff", np.uint8),
    ("tiff", np.uint16),
    ("tiff", np.float32),
]


def assert_same(image: Image, array: np.ndarray) -> None:
    assert image.dtype == array.dtype
    colours = np.dstack([array] * 3) if array.ndim == 2 else array[:, :, :3]
    np.testing.assert_array_equal(image.pixels, colours)
    opaque = array.shape[2:] != (4,)
    if image.format == "webp" and not opaque and array[:, :, 3].min() == 255:
        opaque = image.alpha is None  # its encoder may leave out an alpha that hides nothing
    if opaque:
        assert image.alpha is None
    else:
        np.testing.assert_array_equal(image.alpha, array[:, :, 3])


@st.composite
def pictures(draw, dtype) -> np.ndarray:
    sides = (draw(st.integers(4, 9)), draw(st.integers(4, 9)))
    shape = sides + draw(st.sampled_from([(), (3,), (4,)]))
    elements = st.floats(0, 1, width=32) if dtype == np.float32 else None
    return draw(hnp.arrays(dtype, shape, elements=elements))


@pytest.mark.parametrize(("file_format", "dtype"), LOSSLESS)
@given(data=st.data())
@settings(max_examples=25)
def test_what_is_saved_is_loaded(file_format: str, dtype, data) -> None:
    array = data.draw(pictures(dtype))
    before = array.copy()
    image = load(encode(array, file_format, lossless=file_format == "webp"))
    assert image.format == file_format
    assert image.encoding == "srgb"
    assert_same(image, before)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("shape", SHAPES[:2])
def test_jpeg_is_close(shape) -> None:
    smooth = np.linspace(20, 230, int(np.prod(shape))).reshape(shape).astype(np.uint8)
    image = load(encode(smooth, "jpeg"))
    colours = smooth if smooth.ndim == 3 else np.dstack([smooth] * 3)
    assert np.abs(image.pixels.astype(int) - colours).max() <= 6


@pytest.mark.parametrize(("file_format", "dtype"), LOSSLESS)
def test_an_opaque_alpha_is_nothing_or_opaque(file_format: str, dtype) -> None:
    array = as_dtype(np.full((4, 4, 4), 255, np.uint8), dtype)
    assert_same(load(encode(array, file_format, lossless=file_format == "webp")), array)


@pytest.mark.parametrize(("file_format", "dtype"), LOSSLESS)
def test_colours_under_no_alpha_are_kept(file_format: str, dtype) -> None:
    array = as_dtype(RNG.integers(0, 256, (6, 8, 4), dtype=np.uint8), dtype).copy()
    array[:, :, 3] = 0
    assert_same(load(encode(array, file_format, lossless=file_format == "webp")), array)


@pytest.mark.parametrize("layout", ["fortran", "view", "read-only", "reversed"])
def test_any_memory_layout(layout: str) -> None:
    array = RNG.integers(0, 65536, (6, 8, 4), dtype=np.uint16)
    given_array = {
        "fortran": np.asfortranarray(array),
        "view": np.dstack([array, array])[:, :, :4],
        "read-only": array.copy(),
        "reversed": array[::-1].copy()[::-1],
    }[layout]
    given_array.flags.writeable = False
    for file_format in ("png", "tiff"):
        assert_same(load(encode(given_array, file_format)), array)


@pytest.mark.parametrize(
    ("file_format", "dtype", "expected"),
    [
        ("png", np.float32, np.uint16),
        ("png", np.float64, np.uint16),
        ("jpeg", np.uint16, np.uint8),
        ("jpeg", np.float32, np.uint8),
        ("webp", np.uint16, np.uint8),
        ("webp", np.float32, np.uint8),
        ("tiff", np.float16, np.float32),
        ("tiff", np.float64, np.float32),
    ],
)
def test_depth_a_format_cannot_hold(file_format: str, dtype, expected) -> None:
    values = np.linspace(0.1, 0.9, 6 * 8 * 3).reshape(6, 8, 3)
    array = (values * 65535).astype(dtype) if dtype == np.uint16 else values.astype(dtype)
    image = load(encode(array, file_format, lossless=file_format == "webp"))
    assert image.dtype == expected
    assert np.abs(image.rgb() - values).max() < (0.03 if file_format == "jpeg" else 0.003)


def test_depth_can_be_chosen() -> None:
    floats = RNG.random((6, 8, 3))
    assert load(encode(floats, "png", dtype=np.uint8)).dtype == np.uint8
    image = load(encode(floats, "tiff", dtype=np.uint8))
    np.testing.assert_array_equal(image.pixels, np.rint(floats * 255))
    with pytest.raises(InvalidImageError, match="int64"):
        encode(floats, "png", dtype=np.int64)


def source(**fields) -> Image:
    exif = PILImage.Exif()
    exif[0x010F] = "Maker with a long name"
    exif[0x8769] = {0x829A: 0.005, 0x9003: "2024:01:01 00:00:00"}
    exif[0x8825] = {1: "N", 2: (51.0, 28.0, 40.0)}
    fields = {"exif": exif.tobytes()[6:], "xmp": "<x>é</x>".encode(), **fields}
    return Image(np.zeros((4, 4, 3), np.uint8), **fields)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_metadata_is_carried(file_format: str, dtype) -> None:
    like = source(encoding="icc", icc_profile=made.DISPLAY_P3)
    image = load(encode(np.zeros((6, 8, 3), dtype), file_format, like=like))
    assert image.encoding == "icc"
    assert image.icc_profile == made.DISPLAY_P3
    assert image.xmp == like.xmp
    exif = PILImage.Exif()
    exif.load(image.exif)
    assert exif[0x010F] == "Maker with a long name"
    assert exif.get_ifd(0x8769) == {0x829A: 0.005, 0x9003: "2024:01:01 00:00:00"}
    assert exif.get_ifd(0x8825) == {1: "N", 2: (51.0, 28.0, 40.0)}


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_metadata_from_format_to_format(first: str, second: str, order: str) -> None:
    exif = PILImage.Exif()
    exif.endian = "<" if order == "II" else ">"
    exif[0x010F], exif[0x0112] = "Maker", 6
    once = load(encode(np.zeros((6, 8, 3), np.uint8), first, like=source(exif=exif.tobytes()[6:])))
    twice = load(encode(once.pixels, second, like=once))
    assert (once.shape, twice.shape) == ((8, 6) if first != "tiff" else (6, 8), once.shape)
    assert twice.xmp == once.xmp
    kept = PILImage.Exif()
    kept.load(twice.exif)
    assert kept[0x010F] == "Maker"
    assert kept.get(0x0112, 1) == 1


@pytest.mark.parametrize("file_format", FORMATS)
def test_pillow_reads_metadata(file_format: str) -> None:
    like = source(encoding="icc", icc_profile=made.DISPLAY_P3)
    with PILImage.open(
        io.BytesIO(encode(np.zeros((6, 8, 3), np.uint8), file_format, like=like))
    ) as p:
        p.load()
        assert p.getexif()[0x010F] == "Maker with a long name"
        assert p.getexif().get_ifd(0x8825)[1] == "N"
        assert p.info["icc_profile"] == made.DISPLAY_P3
        assert p.info["xmp"] == like.xmp


@pytest.mark.parametrize("file_format", FORMATS)
def test_encodings_survive(file_format: str) -> None:
    array = np.full((6, 8, 3), 100, np.uint8)
    light = load(encode(array, file_format, like=source(encoding="linear")))
    assert light.encoding == "linear"
    plain = load(encode(array, file_format, like=source()))
    assert (plain.encoding, plain.icc_profile) == ("srgb", None)


def test_floats_say_what_they_are() -> None:
    array = RNG.random((6, 8, 3), dtype=np.float32)
    image = load(encode(array, "tiff"))
    assert image.encoding == "srgb"
    assert image.icc_profile == icc.make_profile("srgb")


@pytest.mark.parametrize("file_format", FORMATS)
def test_mattes_get_no_profile(file_format: str) -> None:
    like = source(encoding="icc", icc_profile=made.DISPLAY_P3)
    image = load(encode(np.full((6, 8), 100, np.uint8), file_format, like=like))
    assert image.icc_profile is None
    assert image.xmp == like.xmp


def test_metadata_too_long_for_jpeg() -> None:
    array = np.zeros((6, 8, 3), np.uint8)
    long_xmp = source(xmp=b"<x>" + b" " * 70_000 + b"</x>")
    with pytest.warns(UserWarning, match="XMP of 70007 bytes is too long for JPEG"):
        image = load(encode(array, "jpeg", like=long_xmp))
    assert image.xmp is None
    assert image.exif is not None
    long_exif = source(exif=long_xmp.exif + b"\0" * 70_000)
    with pytest.warns(UserWarning, match="EXIF"):
        assert load(encode(array, "jpeg", like=long_exif)).exif is None
    for file_format in ("png", "webp", "tiff"):
        assert load(encode(array, file_format, like=long_xmp)).xmp == long_xmp.xmp
    longest = source(xmp=b"x" * 65_504)
    assert load(encode(array, "jpeg", like=longest)).xmp == longest.xmp


def test_same_input_same_bytes() -> None:
    array = RNG.random((6, 8, 4), dtype=np.float32)
    for file_format in ("png", "webp", "tiff"):
        assert encode(array, file_format, like=source()) == encode(
            array, file_format, like=source()
        )


def test_quality() -> None:
    noise = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for file_format in ("jpeg", "webp"):
        small, large = (len(encode(noise, file_format, quality=quality)) for quality in (10, 100))
        assert small < large / 2
    for wrong in (0, 101, 9.5, "high"):
        with pytest.raises(InvalidOptionError, match="quality"):
            encode(noise, "jpeg", quality=wrong)


@pytest.mark.parametrize(
    ("array", "file_format", "message"),
    [
        (np.zeros((6, 8, 4), np.uint8), "jpeg", "no alpha; lay the cut-out over a background"),
        (np.zeros((4, 16_384), np.uint8), "webp", "at most 16383 pixels a side"),
        (np.zeros((65_501, 4), np.uint8), "jpeg", "at most 65500 pixels a side"),
        (np.zeros((6, 8), np.uint8), "gif", "'gif', which is no format that can be written"),
        (np.zeros((6, 8), np.uint8), "", "expected .png, .jpg"),
    ],
)
def test_what_a_format_cannot_hold(array, file_format: str, message: str) -> None:
    with pytest.raises(ImageWriteError, match=message):
        encode(array, file_format)


def test_jpeg_cannot_be_lossless() -> None:
    with pytest.raises(ImageWriteError, match="lossless"):
        encode(np.zeros((6, 8, 3), np.uint8), "jpeg", lossless=True)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((6, 8, 2), np.uint8),
        np.zeros((6, 8, 3), np.int32),
        np.zeros((6, 8), bool),
        np.zeros((0, 8, 3), np.uint8),
        np.full((6, 8, 3), np.nan),
        np.full((6, 8, 3), 1.5),
        np.zeros(6),
    ],
)
def test_no_pictures(array, tmp_path: Path) -> None:
    with pytest.raises(InvalidImageError):
        save(tmp_path / "picture.png", array)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "file_format", "expected"),
    [
        ("a.png", None, "png"),
        ("a.b.JPG", None, "jpeg"),
        (Path("a.jfif"), None, "jpeg"),
        ("a.tif", None, "tiff"),
        ("a.WebP", None, "webp"),
        ("-", None, "png"),
        ("-", "tif", "tiff"),
        ("a.png", "jpeg", "jpeg"),
        ("a", ".PNG", "png"),
    ],
)
def test_format_of(path, file_format, expected: str) -> None:
    assert format_of(path, file_format) == expected


@pytest.mark.parametrize("path", ["a", "a.gif", "a.psd", ".png", "a.png "])
def test_unknown_suffixes(path: str, tmp_path: Path) -> None:
    with pytest.raises(ImageWriteError, match=r"no format that can be written; expected \.png"):
        save(tmp_path / path, np.zeros((6, 8), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_save(tmp_path: Path) -> None:
    array = RNG.integers(0, 256, (6, 8, 4), dtype=np.uint8)
    path = tmp_path / "Größe 図 🐈.png"
    save(path, array)
    assert_same(load(path), array)
    save(str(path), array[:, :, :3], format="jpg")
    assert load(path).format == "jpeg"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_save_to_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    array = RNG.integers(0, 256, (6, 8, 4), dtype=np.uint8)
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stdout)
    save("-", array)
    assert_same(load(stdout.buffer.getvalue()), array)


def test_check_target(tmp_path: Path) -> None:
    check_target(tmp_path / "a.png")
    check_target("-")
    check_target("-", format="webp")
    for path, file_format in (
        (tmp_path / "a.gif", None),
        (tmp_path / "missing" / "a.png", None),
        (tmp_path, "png"),
        ("-", "gif"),
    ):
        with pytest.raises(ImageWriteError):
            check_target(path, format=file_format)
    assert list(tmp_path.iterdir()) == []
