"""Alpha of the colour key: exact where it can be, close on the samples, never out of range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core import metrics
from hybridbg.core.errors import InvalidImageError
from hybridbg.core.image import Image
from hybridbg.io import as_image
from hybridbg.keying import Screen, estimate_screen, key_alpha
from hybridbg.keying.alpha import alpha_by_survey, denoised, solidified
from hybridbg.keying.survey import survey

GREEN = np.array([0.08, 0.36, 0.1], dtype=np.float32)


def scene(foreground, shape=(96, 128)):
    """A subject of one hue, opaque on the left, fading out to the right, and its alpha."""
    ramp = np.clip((70 - np.arange(shape[1])) / 12, 0, 1).astype(np.float32)
    truth = np.zeros(shape, dtype=np.float32)
    truth[24:72] = ramp
    # Light and dark stripes: only the hue is the same everywhere.
    light = np.where(np.arange(shape[0]) % 8 < 4, 1, 0.5).astype(np.float32)[:, None, None]
    linear = truth[..., None] * light * foreground + (1 - truth[..., None]) * GREEN
    return Image.from_array(linear.astype(np.float32), encoding="linear"), truth


def flat_screen(shape=(96, 128)):
    return Screen(GREEN, np.tile(GREEN, (*shape, 1)), 1.0)


@pytest.mark.parametrize(
    "foreground",
    [(0.5, 0.5, 0.5), (0.6, 0.35, 0.22), (0.3, 0.12, 0.05), (0.7, 0.02, 0.05), (0.1, 0.12, 0.6)],
    ids=["grey", "skin", "brown", "red", "blue"],
)
def test_fractional_alpha_of_any_foreground_hue(foreground):
    picture, truth = scene(np.array(foreground, dtype=np.float32))
    keyed = key_alpha(picture, flat_screen())
    assert (keyed[truth == 0] == 0).all()
    assert np.abs(keyed - truth).mean() < 0.01


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(np.uint8, (12, 16, 3), elements=st.integers(0, 255)),
    st.sampled_from(["auto", "green", "blue", "#c02040"]),
)
def test_any_picture_gives_a_valid_alpha(pixels, name):
    keyed = key_alpha(pixels, estimate_screen(pixels, screen=name))
    assert keyed.dtype == np.float32
    assert keyed.shape == (12, 16)
    assert np.isfinite(keyed).all()
    assert keyed.min() >= 0
    assert keyed.max() <= 1


def test_screen_alone_is_empty(sample):
    files = sample("green_uneven")
    keyed = key_alpha(files.background, estimate_screen(files.background))
    assert np.mean(keyed > 0.02) < 0.002
    assert keyed.max() < 0.06


def test_impossible_foregrounds_bound_alpha_from_below():
    """A black or white pixel is opaque at least as far as the plate must be covered for it."""
    pixels = np.full((40, 40, 3), (70, 165, 80), dtype=np.uint8)
    pixels[10:20, 10:20], pixels[20:30, 20:30] = 0, 255
    keyed = key_alpha(pixels, estimate_screen(pixels))
    assert keyed[12:18, 12:18].min() > 0.98
    assert keyed[22:28, 22:28].min() > 0.98


@pytest.mark.parametrize(
    ("name", "sad", "mse", "mixed_error"),
    [("green_even", 0.3, 0.00005, 0.016), ("green_uneven", 3.5, 0.0045, 0.11)],
)
def test_quality_on_the_samples(name, sad, mse, mixed_error, sample, keyed_sample):
    files, keyed = sample(name), keyed_sample(name)
    truth = files.alpha / np.float32(255)
    mixed = (truth > 0.02) & (truth < 0.98)
    assert metrics.sad(keyed, truth) < sad
    assert metrics.mse(keyed, truth) < mse
    assert np.abs(keyed - truth)[mixed].mean() < mixed_error
    assert np.mean(keyed[files.trimap == 0] > 0.02) < 0.004


def test_hair_is_keyed_well_on_the_uneven_screen(sample, keyed_sample):
    hair = np.s_[:, :330]
    keyed = keyed_sample("green_uneven")[hair]
    truth = sample("green_uneven").alpha[hair] / np.float32(255)
    mixed = (truth > 0.02) & (truth < 0.98)
    assert np.abs(keyed - truth)[mixed].mean() < 0.042


def test_a_blue_screen_is_keyed_like_a_green_one(sample):
    pixels = sample("green_uneven").image[::2, ::2]
    swapped = np.ascontiguousarray(pixels[..., [0, 2, 1]])
    green, blue = (key_alpha(p, estimate_screen(p)) for p in (pixels, swapped))
    assert np.abs(green - blue).mean() < 0.005


def test_noise_is_drawn_to_nothing_softly():
    alpha = np.linspace(0, 1, 1001, dtype=np.float32)[None]
    calm = denoised(alpha, 0.04)
    assert calm.dtype == np.float32
    assert (calm[alpha <= 0.02] == 0).all()
    assert np.array_equal(calm[alpha >= 0.14], alpha[alpha >= 0.14])
    # No step anywhere: a hair that fades stays a hair.
    assert np.diff(calm[0]).min() >= 0
    assert np.diff(calm[0]).max() < 0.004
    assert np.array_equal(denoised(alpha, 5e-4)[alpha > 0.002], alpha[alpha > 0.002])


def test_what_is_all_but_opaque_is_opaque_where_the_key_says_so():
    alpha = np.linspace(0, 1, 1001, dtype=np.float32)[None]
    whole = solidified(alpha, np.ones_like(alpha))
    assert whole.dtype == np.float32
    assert (whole[alpha >= 0.985] == 1).all()
    assert np.array_equal(whole[alpha <= 0.9], alpha[alpha <= 0.9])
    assert np.diff(whole[0]).min() >= 0
    # A key that sees the screen through it is not overruled.
    assert np.array_equal(solidified(alpha, np.full_like(alpha, 0.9)), alpha)
    # Colours stored at half size bleed across edges.
    bled = solidified(alpha, np.full_like(alpha, 0.9), np.ones_like(alpha))
    assert (bled[alpha >= 0.9] == 1).all()
    assert np.array_equal(bled[alpha <= 0.7], alpha[alpha <= 0.7])


def test_a_mixture_is_no_more_opaque_than_the_key(sample):
    files = sample("green_uneven")
    linear = as_image(files.image).linear()
    screen = estimate_screen(files.image)
    key = alpha_by_survey(linear, screen, survey(linear, screen))
    assert (key.mixture <= key.alpha + np.float32(1e-6)).all()
    # In hair the hue of something opaque is often that of a mixture.
    truth = files.alpha / np.float32(255)
    mixed = (truth > 0.02) & (truth < 0.98)
    errors = [np.abs(plane - truth)[mixed].mean() for plane in (key.mixture, key.alpha)]
    assert errors[0] < errors[1]


def test_another_size_is_refused(sample, screen_of_sample):
    files = sample("green_even")
    with pytest.raises(InvalidImageError, match="size of the screen's plate"):
        key_alpha(files.image[1:], screen_of_sample("green_even"))


def test_the_input_is_not_modified():
    picture, _ = scene(GREEN[::-1])
    before = picture.pixels.copy()
    screen = flat_screen()
    key_alpha(picture, screen)
    assert np.array_equal(picture.pixels, before)
    assert np.array_equal(screen.plate, flat_screen().plate)
