from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from hybridbg.core.errors import ImageReadError, ImageTooLargeError, InvalidOptionError
from hybridbg.io import DEFAULT_MAX_PIXELS, MAX_PIXELS_VARIABLE, encode, load
from hybridbg.io.limits import LARGE_PIXELS, PixelLimit, pillow_unlimited
from tests.io.made_files import png_header

SIDE_OF_A_BOMB = 10_000  # 100 megapixels


@pytest.fixture(autouse=True)
def _no_limit_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MAX_PIXELS_VARIABLE, raising=False)


def test_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(SIDE_OF_A_BOMB, SIDE_OF_A_BOMB))
    with pytest.raises(ImageTooLargeError) as caught:
        load(path)
    message = str(caught.value)
    for part in (
        "bomb.png",
        "10000 x 10000",
        "100,000,000 pixels",
        MAX_PIXELS_VARIABLE,
        "100000000",
    ):
        assert part in message


def test_bomb_goes_on_to_the_decoder_when_allowed() -> None:
    """The header's pixels are not there, so the decoder complains, and Pillow does not warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageReadError, match="truncated") as caught:
            load(png_header(4000, 4000), max_pixels=4000 * 4000)
    assert not isinstance(caught.value, ImageTooLargeError)


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp", "tiff"])
def test_limit_for_every_format(file_format: str) -> None:
    data = encode(np.zeros((10, 12, 3), np.uint8), file_format)
    assert load(data, max_pixels=120).shape == (10, 12)
    with pytest.raises(ImageTooLargeError, match="12 x 10"):
        load(data, max_pixels=119)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"Exif\0\0II*\0\0\0\0\0"}, {}])
def test_limit_for_every_kind_of_webp(options: dict, tmp_path: Path) -> None:
    path = tmp_path / "picture.webp"
    PILImage.new("RGB", (12, 10)).save(path, **options)
    assert load(path, max_pixels=120).shape == (10, 12)
    with pytest.raises(ImageTooLargeError, match="12 x 10"):
        load(path, max_pixels=119)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(np.zeros((10, 10, 3), np.uint8), "png")
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, "99")
    with pytest.raises(ImageTooLargeError):
        load(data)
    assert load(data, max_pixels=100).shape == (10, 10)
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, " ")
    assert load(data).shape == (10, 10)


@pytest.mark.parametrize("text", ["many", "1e6", "0", "-5"])
def test_wrong_environment(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, text)
    with pytest.raises(InvalidOptionError, match=MAX_PIXELS_VARIABLE):
        load(b"")


@pytest.mark.parametrize("value", [0, -1, 1.5, "many", True])
def test_wrong_limits(value) -> None:
    with pytest.raises(InvalidOptionError, match="max_pixels"):
        load(b"", max_pixels=value)


def test_default_rules() -> None:
    limit = PixelLimit()
    plausible = SIDE_OF_A_BOMB**2 * 2 // 8  # bytes at two bits per pixel
    limit.check(rows=SIDE_OF_A_BOMB, columns=SIDE_OF_A_BOMB, file_size=plausible, name="x")
    limit.check(rows=LARGE_PIXELS // 1000, columns=1000, file_size=1, name="x")
    with pytest.raises(ImageTooLargeError, match="bomb"):
        limit.check(rows=SIDE_OF_A_BOMB, columns=SIDE_OF_A_BOMB, file_size=300_000, name="x")
    with pytest.raises(ImageTooLargeError, match="the limit is 300"):
        limit.check(rows=DEFAULT_MAX_PIXELS + 1, columns=1, file_size=10**9, name="x")


def test_a_chosen_limit_is_the_only_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = 2 * DEFAULT_MAX_PIXELS
    PixelLimit(pixels).check(rows=pixels, columns=1, file_size=1, name="x")
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, str(pixels))
    PixelLimit().check(rows=pixels, columns=1, file_size=1, name="x")
    for limit in (PixelLimit(pixels), PixelLimit()):
        with pytest.raises(ImageTooLargeError):
            limit.check(rows=pixels + 1, columns=1, file_size=10**10, name="x")


def test_pillow_limit_is_lifted_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PILImage, "MAX_IMAGE_PIXELS", 50)
    for file_format in ("png", "jpeg", "webp", "tiff"):
        data = encode(np.zeros((20, 20, 3), np.uint8), file_format)
        assert load(data).shape == (20, 20)  # without Pillow's warning or error
        assert PILImage.MAX_IMAGE_PIXELS == 50
    with pytest.raises(ValueError, match="Size"), pillow_unlimited(51):
        PILImage.new("RGB", PILImage.MAX_IMAGE_PIXELS)  # which is None inside
    assert PILImage.MAX_IMAGE_PIXELS == 50
    with pillow_unlimited(50):
        assert PILImage.MAX_IMAGE_PIXELS == 50
