from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from hybridbg.core.errors import (
    ImageReadError,
    ImageTooLargeError,
    InvalidImageError,
    InvalidMaskError,
    InvalidOptionError,
)
from hybridbg.core.image import Image
from hybridbg.io import as_colour_or_image, as_grey, as_hint, as_image, save
from tests.core import icc_profiles as made

RNG = np.random.default_rng(8)
COLOUR = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
MASK = RNG.integers(0, 256, (6, 8), dtype=np.uint8)


def test_every_source_of_an_image(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    save(path, COLOUR)
    image = as_image(COLOUR)
    assert as_image(image) is image
    for source in (path, str(path), PILImage.fromarray(COLOUR), COLOUR):
        np.testing.assert_array_equal(as_image(source).pixels, COLOUR)
    with PILImage.open(path) as opened:
        np.testing.assert_array_equal(as_image(opened).pixels, COLOUR)


@pytest.mark.parametrize("source", [None, 7, [[1, 2], [3, 4]], b"bytes"])
def test_no_image(source) -> None:
    with pytest.raises(InvalidImageError, match="expected a path, a PIL image or an array"):
        as_image(source)


def test_truncated_pil_image(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    save(path, RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    with PILImage.open(path) as opened, pytest.raises(ImageReadError, match="cannot be decoded"):
        as_image(opened)


def test_every_source_of_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    save(path, MASK)
    for source in (path, PILImage.fromarray(MASK), MASK, MASK / 255, Image.from_array(MASK)):
        hint = as_hint(source, (6, 8))
        assert hint.dtype == np.float32
        np.testing.assert_allclose(hint, MASK / 255, atol=1e-6)
    np.testing.assert_array_equal(as_hint(MASK > 99, (6, 8)), MASK > 99)


def test_hint_of_another_size(tmp_path: Path) -> None:
    save(tmp_path / "mask.png", MASK)
    for source in (MASK, tmp_path / "mask.png"):
        with pytest.raises(InvalidMaskError, match=r"hint: expected shape \(8, 6\)"):
            as_hint(source, (8, 6))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_files_keep_their_numbers(dtype, tmp_path: Path) -> None:
    mask = RNG.integers(0, np.iinfo(dtype).max, (6, 8), dtype=dtype, endpoint=True)
    save(tmp_path / "mask.png", mask)
    grey = as_grey(tmp_path / "mask.png")
    assert grey.dtype == dtype
    assert grey.flags.c_contiguous
    np.testing.assert_array_equal(grey, mask)
    assert as_grey(mask) is mask


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_white_on_transparent_is_its_alpha(dtype) -> None:
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    alpha = (RNG.random((6, 8)) * top).astype(dtype)
    white = np.full((6, 8, 3), top, dtype)
    np.testing.assert_array_equal(as_grey(Image(white, alpha)), alpha)
    opaque = np.full((6, 8), top, dtype)
    grey = np.dstack([alpha] * 3)
    np.testing.assert_array_equal(as_grey(Image(grey, opaque)), alpha)


def test_profiles_do_not_change_the_numbers(tmp_path: Path) -> None:
    picture = PILImage.fromarray(MASK)
    picture.info["icc_profile"] = made.GREY_18
    picture.save(tmp_path / "mask.png", icc_profile=made.GREY_18)
    assert (as_image(tmp_path / "mask.png").pixels[:, :, 0] != MASK).any()
    for source in (tmp_path / "mask.png", picture):
        np.testing.assert_array_equal(as_grey(source), MASK)


def test_limit_for_masks(tmp_path: Path) -> None:
    save(tmp_path / "mask.png", MASK)
    with pytest.raises(ImageTooLargeError):
        as_grey(tmp_path / "mask.png", max_pixels=47)
    with pytest.raises(ImageTooLargeError):
        as_hint(tmp_path / "mask.png", (6, 8), max_pixels=47)


def test_cutouts_stand_for_their_alpha() -> None:
    np.testing.assert_array_equal(as_grey(Image(COLOUR, MASK)), MASK)


def test_coloured_pictures_are_no_masks() -> None:
    with pytest.raises(InvalidMaskError, match="trimap: expected a grey picture"):
        as_grey(Image(COLOUR), name="trimap")


def test_colour_or_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for colour in ("white", "#ffffff", (255, 255, 255), [1.0, 1, 1], np.ones(3)):
        assert as_colour_or_image(colour).tolist() == [1, 1, 1]
    (tmp_path / "white").mkdir()
    assert as_colour_or_image("white").tolist() == [1, 1, 1]
    save("red", COLOUR, format="png")
    for source in ("red", tmp_path / "red", COLOUR, PILImage.fromarray(COLOUR), Image(COLOUR)):
        np.testing.assert_array_equal(as_colour_or_image(source).pixels, COLOUR)


def test_neither_colour_nor_image() -> None:
    for source in ("no such thing", "x" * 5000, "a\0b"):
        with pytest.raises(InvalidOptionError, match="there is no such file"):
            as_colour_or_image(source)
