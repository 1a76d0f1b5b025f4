"""Despill: only the screen's channel, never more than asked, and exact foregrounds with alpha."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.colour import srgb_to_linear
from hybridbg.core.errors import InvalidImageError, InvalidMaskError, InvalidOptionError
from hybridbg.core.image import Image
from hybridbg.keying import Screen, despill
from hybridbg.keying.despill import spill

METHODS = ["min", "average", "max"]
PICTURES = hnp.arrays(np.float32, (5, 6, 3), elements=st.floats(0, 1, width=32))


def screen_of(channel, shape=(5, 6)):
    colour = np.full(3, 0.08, dtype=np.float32)
    colour[channel] = 0.4
    return Screen(colour, np.tile(colour, (*shape, 1)), 1.0)


def in_linear(pixels):
    return Image.from_array(pixels, encoding="linear")


@given(PICTURES, st.sampled_from([0, 1, 2]), st.sampled_from(METHODS))
def test_no_spill_is_left_and_other_channels_are_untouched(pixels, channel, method):
    clean = despill(in_linear(pixels), screen_of(channel), method=method)
    assert spill(clean, channel, method).max() <= 1e-6
    others = [other for other in range(3) if other != channel]
    assert np.array_equal(clean[..., others], pixels[..., others])
    assert (clean[..., channel] <= pixels[..., channel]).all()
    again = despill(in_linear(clean), screen_of(channel), method=method)
    assert np.allclose(again, clean, atol=1e-6)


@given(PICTURES)
def test_the_limits_are_ordered(pixels):
    low, middle, high = (despill(in_linear(pixels), screen_of(1), method=m) for m in METHODS)
    assert (low <= middle + 1e-6).all()
    assert (middle <= high + 1e-6).all()


@given(PICTURES, st.floats(0, 1))
def test_strength_is_a_part_of_the_whole(pixels, strength):
    part = despill(in_linear(pixels), screen_of(1), strength=strength)
    whole = despill(in_linear(pixels), screen_of(1))
    assert np.allclose(part, pixels + strength * (whole - pixels), atol=1e-6)


@given(PICTURES, st.sampled_from([0, 1, 2]), st.floats(0, 1))
def test_weighted_lies_between_the_other_channels(pixels, channel, weight):
    clean = despill(in_linear(pixels), screen_of(channel), method="weighted", weight=weight)
    first, second = (pixels[..., other] for other in range(3) if other != channel)
    limit = weight * first + (1 - weight) * second
    assert np.allclose(clean[..., channel], np.minimum(pixels[..., channel], limit), atol=1e-6)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("restore", ["neutral", "#4060a0"])
@pytest.mark.parametrize("method", [*METHODS, "weighted"])
def test_luminance_is_restored(channel, restore, method):
    luminance = np.float32([0.2126, 0.7152, 0.0722])
    pixels = np.full((5, 6, 3), 0.2, dtype=np.float32)
    pixels[..., channel] = 0.4
    clean = despill(in_linear(pixels), screen_of(channel), method=method, restore=restore)
    assert np.allclose(clean @ luminance, pixels @ luminance, atol=1e-5)
    grey = despill(in_linear(pixels), screen_of(channel), method=method, restore="neutral")
    assert np.allclose(grey, grey[..., :1], atol=1e-6)


def test_coded_pictures_come_back_coded():
    pixels = np.full((5, 6, 3), (120, 90, 80), dtype=np.uint8)
    assert np.allclose(despill(pixels, screen_of(1)) * 255, pixels, atol=0.01)


@pytest.mark.parametrize(("name", "limit"), [("green_even", 0.003), ("green_uneven", 0.006)])
def test_true_alpha_gives_the_true_foreground(name, limit, sample, screen_of_sample):
    """Scored premultiplied, in linear light: that is what reaches the next background."""
    files = sample(name)
    alpha = files.alpha / np.float32(255)
    found = despill(files.image, screen_of_sample(name), alpha=files.alpha)
    truth = srgb_to_linear(files.foreground / np.float32(255))
    error = np.abs(srgb_to_linear(found) - truth) * alpha[..., None]
    mixed = (alpha > 0.02) & (alpha < 0.98)
    assert error[mixed].mean() < limit


def test_colours_continue_where_there_is_no_foreground():
    shape = (40, 60)
    screen = screen_of(1, shape)
    alpha = np.zeros(shape, dtype=np.float32)
    alpha[:, :30] = 1
    red = np.array([0.6, 0.1, 0.1], dtype=np.float32)
    shot = alpha[..., None] * red + (1 - alpha[..., None]) * screen.plate
    clean = despill(in_linear(shot), screen, alpha=alpha)
    assert np.allclose(clean[:, :31], red, atol=0.01)


def test_refusals():
    pixels = np.zeros((5, 6, 3), dtype=np.uint8)
    with pytest.raises(InvalidOptionError, match="method"):
        despill(pixels, screen_of(1), method="most")
    with pytest.raises(InvalidOptionError, match="strength"):
        despill(pixels, screen_of(1), strength=2)
    with pytest.raises(InvalidOptionError, match="weight"):
        despill(pixels, screen_of(1), method="weighted", weight=-1)
    with pytest.raises(InvalidOptionError, match="colour"):
        despill(pixels, screen_of(1), restore="most")
    with pytest.raises(InvalidMaskError):
        despill(pixels, screen_of(1), alpha=np.zeros((6, 5)))
    with pytest.raises(InvalidImageError):
        despill(np.zeros((6, 5, 3), dtype=np.uint8), screen_of(1))
