from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hybridbg import io
from hybridbg.core.colour import srgb_to_linear
from hybridbg.core.compositing import composite as core_composite
from hybridbg.core.errors import ImageWriteError, InvalidOptionError, NoSubjectError
from hybridbg.core.icc import make_profile
from hybridbg.core.image import Image
from hybridbg.pipeline import Cutout


@pytest.fixture
def cutout():
    """A red square, half transparent along one column, on nothing."""
    alpha = np.zeros((40, 60), np.float32)
    alpha[10:30, 20:40] = 1
    alpha[10:30, 40] = 0.5
    foreground = np.full((40, 60, 3), (0.8, 0.1, 0.1), np.float32)
    image = Image.from_array(np.full((40, 60, 3), 120, np.uint8))
    trimap = np.where(alpha == 1, 255, np.where(alpha == 0, 0, 128)).astype(np.uint8)
    return Cutout(image, alpha, foreground, trimap, {"warnings": []})


@pytest.mark.parametrize(
    ("dtype", "full"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1.0)]
)
def test_rgba_is_straight_in_every_depth(cutout, dtype, full):
    rgba = cutout.rgba(dtype)
    assert rgba.dtype == dtype
    assert rgba.shape == (40, 60, 4)
    np.testing.assert_allclose(rgba[20, 40] / full, (0.8, 0.1, 0.1, 0.5), atol=1 / 255)


def test_colours_end_some_way_beyond_the_subject(cutout):
    rgba = cutout.rgba()
    assert rgba[20, 55, 0] == 204  # still the subject's, under alpha 0
    assert (rgba[:, 58:] == 0).all()


def test_rgba_refuses_other_types(cutout):
    with pytest.raises(InvalidOptionError, match="uint8, uint16 or float32"):
        cutout.rgba(np.int32)


def test_composite_mixes_linear_light(cutout):
    mixed = cutout.composite("black")[20, 40, 0]
    assert mixed == pytest.approx(
        ((0.5 * ((0.8 + 0.055) / 1.055) ** 2.4) ** (1 / 2.4)) * 1.055 - 0.055, abs=1e-3
    )


def test_a_picture_as_background_covers_the_whole(cutout, tmp_path):
    backdrop = np.zeros((10, 80, 3), np.uint8)
    backdrop[:, 20:60] = (0, 0, 255)  # what is left of it after cropping around the centre
    io.save(tmp_path / "sea.png", backdrop)
    composite = cutout.composite(str(tmp_path / "sea.png"))
    np.testing.assert_allclose(composite[0, 30], (0, 0, 1), atol=1e-3)
    np.testing.assert_allclose(composite[39, 59], (0, 0, 1), atol=1e-3)


def test_save_keeps_depth_and_reads_back(cutout, tmp_path):
    deep = replace(cutout, image=Image.from_array(np.full((40, 60, 3), 9000, np.uint16)))
    deep.save(tmp_path / "out.png")
    back = io.load(tmp_path / "out.png")
    assert back.dtype == np.uint16
    np.testing.assert_allclose(back.alpha_float(), cutout.alpha, atol=1e-4)


def test_alpha_alone_crop_and_background(cutout, tmp_path):
    cutout.save(tmp_path / "matte.png", alpha_only=True)
    matte = io.load(tmp_path / "matte.png")
    np.testing.assert_allclose(matte.rgb()[..., 0], cutout.alpha, atol=1 / 255)
    cutout.save(tmp_path / "crop.png", crop=True)
    assert io.load(tmp_path / "crop.png").shape == (20, 21)
    cutout.save(tmp_path / "white.jpg", background="white")
    assert io.load(tmp_path / "white.jpg").rgb()[0, 0].min() > 0.98
    assert cutout.encode("png")[:4] == b"\x89PNG"


def test_what_cannot_be_saved_leaves_nothing(cutout, tmp_path):
    with pytest.raises(ImageWriteError, match="PNG"):
        cutout.save(tmp_path / "out.jpg")
    with pytest.raises(InvalidOptionError, match="alpha_only"):
        cutout.save(tmp_path / "out.png", alpha_only=True, background="white")
    with pytest.raises(InvalidOptionError, match=r"nosuch\.jpg"):
        cutout.save(tmp_path / "out.png", background="nosuch.jpg")
    with pytest.raises(NoSubjectError, match="visible"):
        replace(cutout, alpha=np.zeros((40, 60), np.float32)).save(tmp_path / "o.png", crop=True)
    assert list(tmp_path.iterdir()) == []


def test_a_composite_says_that_it_is_srgb_when_the_input_had_a_profile(cutout, tmp_path):
    tagged = replace(cutout, image=replace(cutout.image, icc_profile=make_profile("srgb")))
    for one, name in ((tagged, "tagged.jpg"), (cutout, "plain.jpg")):
        one.save(tmp_path / name, background="white")
    assert io.load(tmp_path / "tagged.jpg").icc_profile is not None
    assert io.load(tmp_path / "plain.jpg").icc_profile is None


def test_mask_of_a_picture_with_alpha() -> None:
    pixels = np.full((8, 8, 4), 200, np.uint8)
    pixels[..., 3] = 255
    pixels[:, :2, 3], pixels[:, 2:4, 3] = 0, 102
    image = Image.from_array(pixels)
    coverage = np.full((8, 8), 0.5, np.float32)
    opacity = pixels[..., 3] / np.float32(255)
    cutout = Cutout(image, coverage * opacity, image.rgb(), np.zeros((8, 8), np.uint8), {})
    mask = cutout.mask()
    assert np.allclose(mask[:, 2:], 0.5)
    assert (mask[:, :2] == 0).all()


def test_visible_colours_are_the_pictures_where_nothing_is_left() -> None:
    image = Image.from_array(np.full((8, 8, 3), 200, np.uint8))
    alpha = np.zeros((8, 8), np.float32)
    alpha[:4] = 0.5
    colours = np.zeros((8, 8, 3), np.float32)
    shown = Cutout(image, alpha, colours, np.zeros((8, 8), np.uint8), {}).visible_colours()
    assert (shown[:4] == 0).all()
    assert np.array_equal(shown[4:], image.rgb()[4:])


@pytest.fixture
def shaded(cutout):
    """The same with a shadow that takes away half of the light on the right."""
    shadow = np.zeros((40, 60), np.float32)
    shadow[:, 38:] = 0.5
    return replace(cutout, shadow=shadow)


@pytest.mark.parametrize("background", ["white", "#406080"])
def test_a_shadow_in_alpha_darkens_as_one_on_the_background(shaded, background):
    rgba = shaded.rgba(np.float32, shadow=True)
    assert rgba[5, 50, 3] == 0.5
    assert rgba[20, 40, 3] == 0.75  # half of what shines past the subject is in the shadow
    np.testing.assert_allclose(
        core_composite(rgba[..., :3], rgba[..., 3], background),
        shaded.composite(background, shadow=True),
        atol=1e-5,
    )
    plain = srgb_to_linear(shaded.composite(background))
    dark = srgb_to_linear(shaded.composite(background, shadow=True))
    np.testing.assert_allclose(dark[5, 50], 0.5 * plain[5, 50], rtol=1e-4)
    np.testing.assert_allclose(dark[20, :38], plain[20, :38], atol=1e-6)


def test_shadows_are_saved_and_cropped_to(shaded, tmp_path):
    shaded.save(tmp_path / "plain.png", crop=True)
    shaded.save(tmp_path / "kept.png", crop=True, shadow=True)
    shaded.save(tmp_path / "white.png", background="white", shadow=True, light_wrap=0.5)
    assert io.load(tmp_path / "plain.png").shape == (20, 21)
    assert io.load(tmp_path / "kept.png").shape == (40, 40)
    white = io.load(tmp_path / "white.png").linear()
    np.testing.assert_allclose(white[5, 50], 0.5, atol=0.01)
    assert white[20, 20, 1] > 0.05  # wrapped


def test_a_shadow_needs_a_key_and_light_wrap_a_background(cutout, shaded, tmp_path):
    for ask in (cutout.rgba, lambda shadow: cutout.composite("white", shadow=shadow)):
        with pytest.raises(InvalidOptionError, match="only a key"):
            ask(shadow=True)
    with pytest.raises(InvalidOptionError, match="alpha_only"):
        shaded.encode("png", alpha_only=True, shadow=True)
    with pytest.raises(InvalidOptionError, match="light_wrap needs"):
        cutout.save(tmp_path / "out.png", light_wrap=0.5)
    assert list(tmp_path.iterdir()) == []
