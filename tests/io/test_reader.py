from __future__ import annotations

import io
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageOps

from hybridbg.core import icc
from hybridbg.core.errors import (
    HybridBgError,
    ImageReadError,
    InvalidImageError,
    InvalidOptionError,
)
from hybridbg.io import encode, load
from tests.core import icc_profiles as made

RNG = np.random.default_rng(5)
COLOUR = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
SMOOTH = np.linspace(30, 220, 6 * 8 * 3).reshape(6, 8, 3).astype(np.uint8)


def written(picture: PILImage.Image, file_format: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def exif_with(orientation: int) -> PILImage.Exif:
    exif = PILImage.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Maker"
    return exif


FORMATS = ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"]


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format(file_format: str) -> None:
    data = written(PILImage.fromarray(SMOOTH), file_format)
    image = load(data)
    assert image.format == file_format.lower()
    assert image.encoding == "srgb"
    assert (image.alpha, image.icc_profile, image.exif, image.xmp) == (None,) * 4
    with PILImage.open(io.BytesIO(data)) as picture:
        np.testing.assert_array_equal(image.pixels, np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_reset(file_format: str, orientation: int) -> None:
    data = written(PILImage.fromarray(SMOOTH), file_format, exif=exif_with(orientation))
    image = load(data)
    with PILImage.open(io.BytesIO(data)) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    assert image.shape == ((8, 6) if orientation >= 5 else (6, 8))
    np.testing.assert_array_equal(image.pixels, expected)
    kept = PILImage.Exif()
    kept.load(image.exif)
    assert kept.get(0x0112, 1) == 1
    assert kept[0x010F] == "Maker"


def test_orientation_from_xmp() -> None:
    data = written(PILImage.fromarray(SMOOTH), "WEBP", xmp=b'<x tiff:Orientation="6"/>')
    image = load(data)
    assert image.shape == (8, 6)
    assert image.xmp == b'<x tiff:Orientation="1"/>'


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_alpha(file_format: str) -> None:
    rgba = np.dstack([COLOUR, COLOUR[:, :, 0]])
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    image = load(written(PILImage.fromarray(rgba), file_format, **options))
    np.testing.assert_array_equal(image.pixels, COLOUR)
    np.testing.assert_array_equal(image.alpha, COLOUR[:, :, 0])


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "GIF"])
@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_small_modes(file_format: str, mode: str) -> None:
    picture = PILImage.fromarray(SMOOTH)
    picture = picture.quantize(8) if mode == "P" else picture.convert(mode)
    image = load(written(picture, file_format))
    assert image.alpha is None
    np.testing.assert_array_equal(image.pixels, np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_grey_with_alpha(file_format: str) -> None:
    la = np.ascontiguousarray(COLOUR[:, :, :2])
    image = load(written(PILImage.fromarray(la, "LA"), file_format))
    np.testing.assert_array_equal(image.pixels, np.dstack([la[:, :, 0]] * 3))
    np.testing.assert_array_equal(image.alpha, la[:, :, 1])


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_palette_with_transparency(file_format: str) -> None:
    indices = (np.arange(48).reshape(6, 8) % 3).astype(np.uint8)
    picture = PILImage.fromarray(indices).convert("P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image = load(written(picture, file_format, transparency=2))
    assert image.alpha is not None
    np.testing.assert_array_equal(image.alpha, np.where(indices == 2, 0, 255))
    assert image.pixels[0, 1].tolist() == [0, 255, 0]


def test_palette_with_soft_transparency() -> None:
    picture = PILImage.fromarray((np.arange(48).reshape(6, 8) % 2).astype(np.uint8)).convert("P")
    picture.putpalette([255, 0, 0, 0, 255, 0])
    image = load(written(picture, "PNG", transparency=bytes([64, 255])))
    assert np.unique(image.alpha).tolist() == [64, 255]


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_colour_key(mode: str) -> None:
    picture = PILImage.fromarray(SMOOTH).convert(mode)
    key = picture.getpixel((2, 1))
    image = load(written(picture, "PNG", transparency=key))
    expected = np.asarray(picture.convert("RGB")) == np.asarray(picture.convert("RGB"))[1, 2]
    assert image.alpha is not None
    np.testing.assert_array_equal(image.alpha == 0, expected.all(axis=2))


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
@pytest.mark.parametrize("profile", [None, made.PRESS], ids=["plain", "profile"])
def test_cmyk(file_format: str, profile: bytes | None) -> None:
    inks = RNG.integers(0, 256, (1, 1, 4), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    picture = PILImage.frombytes("CMYK", (8, 8), inks.tobytes())
    options = {"quality": 100} if file_format == "JPEG" else {}
    image = load(written(picture, file_format, icc_profile=profile, **options))
    with PILImage.open(io.BytesIO(written(picture, file_format, **options))) as again:
        stored = np.asarray(again).astype(np.float32) / 255
    if profile is None:
        expected = (1 - stored[:, :, :3]) * (1 - stored[:, :, 3:])
    else:
        expected = icc.to_srgb(stored, profile)
    assert image.encoding == "srgb"
    assert image.icc_profile is None
    assert np.abs(image.pixels / 255 - expected).max() < 0.6 / 255


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_profiles(file_format: str) -> None:
    picture = PILImage.fromarray(SMOOTH)
    wide = load(written(picture, file_format, icc_profile=made.DISPLAY_P3))
    assert (wide.encoding, wide.icc_profile) == ("icc", made.DISPLAY_P3)
    plain = load(written(picture, file_format))
    np.testing.assert_array_equal(wide.pixels, plain.pixels)
    own = icc.make_profile("srgb")
    same = load(written(picture, file_format, icc_profile=own))
    assert (same.encoding, same.icc_profile) == ("srgb", own)
    light = load(written(picture, file_format, icc_profile=icc.make_profile("linear")))
    assert light.encoding == "linear"


def test_grey_profiles_are_applied() -> None:
    grey = PILImage.fromarray(SMOOTH[:, :, 0])
    image = load(written(grey, "PNG", icc_profile=made.GREY_18))
    expected = icc.to_srgb(SMOOTH[:, :, 0], made.GREY_18)
    assert (image.encoding, image.icc_profile) == ("srgb", None)
    assert np.abs(image.pixels / 255 - expected).max() < 0.6 / 255
    light = load(written(grey, "PNG", icc_profile=made.grey_profile(made.gamma(1.0))))
    assert (light.encoding, light.icc_profile) == ("linear", None)
    np.testing.assert_array_equal(light.pixels[:, :, 0], SMOOTH[:, :, 0])


@pytest.mark.parametrize(
    ("profile", "message"),
    [(b"junk" * 50, "damaged"), (made.PRESS, "CMYK, but"), (made.GREY_18, "GRAY, but")],
)
def test_useless_profiles_are_reported(profile: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.jpg"
    path.write_bytes(written(PILImage.fromarray(SMOOTH), "JPEG", icc_profile=profile))
    with pytest.warns(UserWarning, match=f"odd.jpg: .*{message}.*taken as sRGB"):
        image = load(path)
    assert (image.encoding, image.icc_profile) == ("srgb", None)


def test_encoding_can_be_set() -> None:
    data = written(PILImage.fromarray(SMOOTH), "PNG", icc_profile=made.DISPLAY_P3)
    image = load(data, encoding="linear")
    assert (image.encoding, image.icc_profile) == ("linear", None)
    assert load(data, encoding="icc").encoding == "icc"
    with pytest.raises(InvalidOptionError, match="no ICC profile"):
        load(encode(SMOOTH, "png"), encoding="icc")
    with pytest.raises(InvalidOptionError, match="gamma"):
        load(data, encoding="gamma")


@pytest.mark.parametrize("file_format", ["TIFF", "WEBP", "PNG", "GIF"])
def test_first_of_several_pictures(file_format: str) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {}
    first = PILImage.fromarray(SMOOTH)
    second = PILImage.fromarray(SMOOTH[::-1].copy())
    alone = load(written(first, file_format, **options))
    data = written(first, file_format, save_all=True, append_images=[second], **options)
    with pytest.warns(UserWarning, match=r"image data: .*only .* first .*was read"):
        image = load(data)
    np.testing.assert_array_equal(image.pixels, alone.pixels)


def test_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(COLOUR, "png")
    path = tmp_path / "Bild mit Größe 図 🐈.png"
    path.write_bytes(data)
    for source in (path, str(path)):
        image = load(source)
        assert image.path == str(path)
        np.testing.assert_array_equal(image.pixels, COLOUR)
    with path.open("rb") as file:
        assert load(file).shape == (6, 8)
    for source in (data, io.BytesIO(data)):
        assert load(source).path is None
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    np.testing.assert_array_equal(load("-").pixels, COLOUR)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        feeding = pool.submit(pipe.write_bytes, encode(COLOUR, "png"))
        np.testing.assert_array_equal(load(pipe).pixels, COLOUR)
        feeding.result()


def test_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encode(COLOUR, "png"))
    assert load(path).format == "png"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"x", "not a picture"),
        (b"hello world, this is plain text", "not a picture"),
        (b"\0\0\0\x18ftypheic", "HEIC, AVIF and films are not read; convert"),
        (b"%PDF-1.4 and so on", "not a picture in a known format; expected PNG"),
        (b"\x89PNG\r\n\x1a\n", "damaged or truncated"),
        (b"\xff\xd8\xff\xe0 and nothing more", "damaged or truncated"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "damaged or truncated"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + b"\1" * 100, "damaged or truncated"),
        (b"II*\0", "damaged or truncated"),
        (b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 50, "damaged or truncated"),
        (b"GIF89a", "damaged or truncated"),
        (b"BM", "damaged or truncated"),
    ],
)
def test_no_pictures(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(ImageReadError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_truncated_files(file_format: str, part: float) -> None:
    noise = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = written(PILImage.fromarray(noise), file_format)
    with pytest.raises(ImageReadError, match="truncated"):
        load(data[: int(len(data) * part)])


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of odd tags
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_damaged_bytes_give_a_picture_or_an_error(file_format: str) -> None:
    data = written(PILImage.fromarray(SMOOTH), file_format, exif=exif_with(6))
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            damaged[place] = rng.integers(0, 256)
        with suppress(HybridBgError):
            assert load(bytes(damaged), max_pixels=10_000).shape


def test_missing_and_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.png", tmp_path / "no" / "such" / "folder.png", "a\0b.png"):
        with pytest.raises(ImageReadError, match="cannot be opened"):
            load(path)
    with pytest.raises(ImageReadError, match=r"[Dd]irectory"):
        load(tmp_path)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ImageReadError, match=r"[Nn]ot a directory"):
        load(file / "inside.png")


@pytest.mark.parametrize("source", [None, 7, io.StringIO("text"), ["a.png"]])
def test_no_sources(source) -> None:
    with pytest.raises(ImageReadError, match="expected a path, bytes or a file"):
        load(source)


@pytest.mark.parametrize("side", [1, 3])
def test_too_small(side: int, tmp_path: Path) -> None:
    path = tmp_path / "tiny.png"
    PILImage.new("RGB", (side, side)).save(path)
    with pytest.raises(InvalidImageError, match=r"tiny.png: expected an image of at least 4 x 4"):
        load(path)


def test_many_threads_at_once() -> None:
    files = [encode(np.full((8, 8, 3), value, np.uint8), "png") for value in range(32)]
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(load, files))
    assert [int(image.pixels[0, 0, 0]) for image in images] == list(range(32))


def test_a_preview_beside_the_picture_is_not_announced() -> None:
    tifffile = pytest.importorskip("tifffile")
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(COLOUR, photometric="rgb", subfiletype=0)
        file.write(COLOUR[::2, ::2], photometric="rgb", subfiletype=1)
    assert load(buffer.getvalue()).shape == COLOUR.shape[:2]
