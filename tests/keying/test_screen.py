"""The screen is found on the samples, in any channel, and not found where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.core.image import Image
from hybridbg.keying import estimate_screen
from hybridbg.keying.plate import relative_distance

GREEN_SAMPLES = ["green_even", "green_uneven"]


def linear(pixels):
    return Image.from_array(pixels).linear()


@pytest.mark.parametrize("name", GREEN_SAMPLES)
def test_colour_and_plate_of_the_samples(name, sample, screen_of_sample):
    files, screen = sample(name), screen_of_sample(name)
    truth = linear(files.background)
    clear = files.alpha == 0
    assert screen.channel == 1
    assert screen.confidence > 0.95
    assert np.abs(screen.colour - np.median(truth[clear], axis=0)).max() < 0.01
    assert screen.plate.shape == truth.shape
    assert screen.plate.dtype == np.float32
    assert screen.plate.min() > 0
    error = relative_distance(screen.plate, truth)
    mixed = (files.alpha > 0) & (files.alpha < 255)
    assert error[clear].mean() < 0.008  # half of that is the weave, which nobody needs
    assert error[mixed].mean() < 0.025  # creases behind the bottle cannot be known


@pytest.mark.parametrize(
    ("order", "name", "channel"),
    [([0, 2, 1], "blue", 2), ([1, 0, 2], "#b13a3f", 0), ([0, 1, 2], "green", 1)],
)
def test_any_channel_can_be_the_screen(order, name, channel, sample, screen_of_sample):
    """Exchanging channels of picture and screen changes nothing else."""
    pixels = sample("green_uneven").image
    expected = screen_of_sample("green_uneven")
    found = estimate_screen(np.ascontiguousarray(pixels[..., order]), screen=name)
    assert found.channel == channel
    assert found.confidence == pytest.approx(expected.confidence, abs=0.02)
    assert np.median(relative_distance(found.plate[..., order], expected.plate)) < 0.003


def test_auto_decides_between_green_and_blue(sample):
    pixels = sample("green_even").image
    assert estimate_screen(np.ascontiguousarray(pixels[..., [0, 2, 1]])).channel == 2


@pytest.mark.parametrize("name", ["hair", "fur", "holes", "glass", "motion"])
def test_photographs_without_a_screen_have_low_confidence(name, sample):
    assert estimate_screen(sample(name).image).confidence < 0.5


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_grey_picture_has_no_screen(level):
    screen = estimate_screen(np.full((20, 30, 3), level, dtype=np.uint8))
    assert screen.confidence == 0
    assert screen.plate.shape == (20, 30, 3)
    assert np.isfinite(screen.plate).all()


def test_the_smallest_picture():
    screen = estimate_screen(np.full((4, 4, 3), (70, 165, 80), dtype=np.uint8))
    assert np.allclose(screen.plate, screen.colour, atol=0.01)


def test_light_is_followed_on_large_pictures_too():
    """The estimate is made at a bounded size and brought to the picture's."""
    light = (0.5 + 0.5 * np.mgrid[0:1:1200j, 0:1:1600j][1]).astype(np.float32)
    picture = light[..., None] * np.array([0.08, 0.36, 0.1], dtype=np.float32)
    shot = picture.copy()
    shot[300:900, 600:1000] = (0.3, 0.25, 0.2)
    screen = estimate_screen(Image.from_array(shot, encoding="linear"))
    assert relative_distance(screen.plate, picture).max() < 0.02


def test_a_clean_plate_is_used_and_its_exposure_matched(sample):
    files = sample("green_uneven")
    clean = linear(files.background)
    darker = Image.from_array(clean * np.float32(0.6), encoding="linear")
    screen = estimate_screen(files.image, plate=darker)
    assert relative_distance(screen.plate, clean).max() < 0.01
    assert screen.confidence > 0.95


def test_refusals(sample):
    pixels = sample("green_even").image
    with pytest.raises(InvalidOptionError, match="too grey"):
        estimate_screen(pixels, screen="#808880")
    with pytest.raises(InvalidOptionError):
        estimate_screen(pixels, screen="greenish")
    with pytest.raises(InvalidImageError, match="plate of the image's size"):
        estimate_screen(pixels, plate=pixels[:-1])
