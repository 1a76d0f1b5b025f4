"""Foreground colours: against pictures whose colours are known, and against pymatting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.errors import (
    ImageReadError,
    InvalidImageError,
    InvalidMaskError,
    InvalidOptionError,
)
from hybridbg.matting import estimate_foreground, multilevel_foreground
from hybridbg.matting.foreground import multilevel_colours
from tests.matting.pictures import SAMPLES, as_float, smooth

SHAPE = (40, 56)
FRONT = np.float32([0.8, 0.5, 0.1])
BACK = np.float32([0.1, 0.3, 0.9])


def soft_alpha(shape=SHAPE):
    """A subject in the middle with a soft outline, exactly 0 and 1 away from it."""
    rows, cols = (np.linspace(-1, 1, side) for side in shape)
    distance = np.hypot(rows[:, None], cols[None, :])
    return np.clip((0.85 - distance) / 0.4, 0, 1).astype(np.float32)


def mix(front, back, alpha):
    return np.float32(alpha[..., None] * front + (1 - alpha[..., None]) * back)


ALPHA = soft_alpha()
IMAGE = mix(FRONT, BACK, ALPHA)


def mixed(alpha):
    return (alpha > 0.02) & (alpha < 0.98)


def test_constant_colours_are_recovered():
    foreground = estimate_foreground(IMAGE, ALPHA)
    assert foreground.dtype == np.float32
    assert foreground.shape == IMAGE.shape
    assert np.abs(foreground - FRONT)[ALPHA > 0.1].max() < 0.01


@pytest.mark.parametrize("shape", [SHAPE, (300, 400)])
def test_they_go_on_smoothly_where_alpha_is_zero(shape):
    alpha = soft_alpha(shape)
    foreground = estimate_foreground(mix(FRONT, BACK, alpha), alpha)
    assert np.abs(foreground - FRONT)[alpha == 0].max() < 0.05


@settings(deadline=None, max_examples=25)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(4, 40), st.integers(4, 40)),
        elements=st.sampled_from([0, 0.25, 0.5, 0.9, 1]).map(np.float32),
    )
)
def test_where_alpha_is_one_they_are_the_image(alpha):
    image = smooth(alpha.shape, seed=1)
    foreground = estimate_foreground(image, alpha)
    assert np.array_equal(foreground[alpha == 1], image[alpha == 1])
    assert foreground.min() >= 0
    assert foreground.max() <= 1


def test_smooth_colours_are_recovered_and_recompose_to_the_image():
    front, back = 0.2 + 0.3 * smooth(SHAPE, blur=12), 0.5 + 0.3 * smooth(SHAPE, seed=1, blur=12)
    image = mix(front, back, ALPHA)
    foreground = estimate_foreground(image, ALPHA)
    error = np.abs(foreground - front)[mixed(ALPHA)]
    assert error.mean() < 0.02
    again = mix(foreground, back, ALPHA)
    assert np.abs(again - image).mean() < 0.005
    assert np.abs(again - image).max() < 0.05


@pytest.mark.parametrize("name", SAMPLES)
def test_with_the_true_background_samples_recompose(name, sample):
    files = sample(name)
    image, alpha, back = as_float(files.image), as_float(files.alpha), as_float(files.background)
    foreground = estimate_foreground(image, alpha, background=back)
    plain = estimate_foreground(image, alpha)
    errors = [np.abs(mix(colours, back, alpha) - image).mean() for colours in (foreground, plain)]
    assert errors[0] < 0.01
    assert errors[0] <= errors[1]


class TestPlate:
    def test_a_large_picture(self):
        shape = (300, 400)
        alpha, back = soft_alpha(shape), smooth(shape, seed=3)
        found = estimate_foreground(mix(FRONT, back, alpha), alpha, background=back)
        assert np.abs(found - FRONT)[mixed(alpha)].mean() < 0.02

    def test_a_plate_gives_the_colours_that_were_mixed(self):
        back = smooth(SHAPE, seed=3, blur=1)
        image = mix(FRONT, back, ALPHA)
        known = estimate_foreground(image, ALPHA, background=back)
        unknown = estimate_foreground(image, ALPHA)
        errors = [np.abs(found - FRONT)[mixed(ALPHA)].mean() for found in (known, unknown)]
        assert errors[0] < 0.02
        assert errors[0] < errors[1]

    @pytest.mark.parametrize(
        "colour", ["#00ff00", (0.0, 1.0, 0.0), [0.0, 1.0, 0.0], np.float32([0, 1, 0])]
    )
    def test_one_colour_is_a_plate_of_it(self, colour):
        green = np.zeros((*SHAPE, 3), np.float32)
        green[..., 1] = 1
        image = mix(FRONT, green, ALPHA)
        assert np.array_equal(
            estimate_foreground(image, ALPHA, background=colour),
            estimate_foreground(image, ALPHA, background=green),
        )

    def test_it_may_be_a_file(self, sample):
        files = sample("green_even")
        assert np.array_equal(
            estimate_foreground(files.image, files.alpha, background=files.path("background")),
            estimate_foreground(files.image, files.alpha, background=files.background),
        )

    def test_it_is_not_modified(self):
        back = smooth(SHAPE)
        copy = back.copy()
        estimate_foreground(IMAGE, ALPHA, background=back)
        assert np.array_equal(back, copy)


def test_on_mixed_pixels_they_are_truer_than_pymattings(sample):
    import pymatting

    errors, misfits = [], []
    for name in SAMPLES:
        files = sample(name)
        image, alpha, truth, back = map(
            as_float, (files.image, files.alpha, files.foreground, files.background)
        )
        where = mixed(alpha)
        both = [
            estimate_foreground(image, alpha),
            pymatting.estimate_foreground_ml(image.astype(np.float64), alpha.astype(np.float64)),
        ]
        error, misfit = (
            [np.abs(found - wanted)[where].mean() for found in each]
            for each, wanted in [(both, truth), ([mix(f, back, alpha) for f in both], image)]
        )
        errors.append(error[0] / error[1])
        misfits.append(misfit[0] / misfit[1])
    assert max(errors) < 1.04  # one sample of seven is worse
    assert np.mean(errors) < 0.98
    assert max(misfits) < 1
    assert np.mean(misfits) < 0.97


def test_the_same_bits_for_any_number_of_threads(sample):
    files = sample("fur")
    found = [
        estimate_foreground(files.image, files.alpha, num_threads=threads) for threads in (1, 2, 3)
    ]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_the_background_besides_does_not_change_them(sample):
    files = sample("hair")
    image, alpha = as_float(files.image), as_float(files.alpha)
    foreground, background = multilevel_colours(image, alpha, num_threads=2)
    assert np.array_equal(foreground, multilevel_foreground(image, alpha, num_threads=2))
    again = alpha[..., None] * foreground + (1 - alpha[..., None]) * background
    assert np.abs(again - image)[mixed(alpha)].mean() < 0.01


def test_inputs_may_be_read_only_or_strided_and_are_not_modified():
    expected = estimate_foreground(IMAGE, ALPHA)
    image, alpha = np.zeros((80, 112, 3), np.float32), np.asfortranarray(ALPHA)
    image[::2, ::2] = IMAGE
    image.flags.writeable = alpha.flags.writeable = False
    assert np.array_equal(estimate_foreground(image[::2, ::2], alpha), expected)
    assert np.array_equal(image[::2, ::2], IMAGE)
    assert np.array_equal(alpha, ALPHA)


def test_depths_and_types_agree():
    eight, mask = np.round(IMAGE * 255).astype(np.uint8), np.round(ALPHA * 255).astype(np.uint8)
    expected = estimate_foreground(eight, mask)
    for image, alpha in [
        (as_float(eight), as_float(mask)),
        (eight / 255, mask / 255),
        (eight.astype(np.uint16) * 257, mask.astype(np.uint16) * 257),
    ]:
        np.testing.assert_allclose(estimate_foreground(image, alpha), expected, atol=1e-5)
    half = estimate_foreground(eight, mask > 127)
    assert np.array_equal(half[mask > 127], as_float(eight)[mask > 127])


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_an_alpha_of_one_value(value):
    foreground = estimate_foreground(IMAGE, np.full(SHAPE, value))
    assert np.isfinite(foreground).all()
    if value == 1:
        assert np.array_equal(foreground, IMAGE)


@pytest.mark.parametrize("shape", [(4, 4), (4, 300), (300, 4), (31, 33), (64, 65)])
def test_any_size(shape):
    alpha = soft_alpha(shape)
    foreground = estimate_foreground(mix(FRONT, BACK, alpha), alpha)
    assert np.abs(foreground - FRONT)[alpha > 0.1].max(initial=0) < 0.02


@pytest.mark.parametrize(
    ("image", "alpha", "options", "error"),
    [
        (IMAGE[:3], ALPHA[:3], {}, InvalidImageError),
        (IMAGE * np.nan, ALPHA, {}, InvalidImageError),
        (IMAGE * 2, ALPHA, {}, InvalidImageError),
        (IMAGE, ALPHA[:-1], {}, InvalidMaskError),
        (IMAGE, ALPHA * 255, {}, InvalidMaskError),
        (IMAGE, np.full(SHAPE, np.nan), {}, InvalidMaskError),
        (IMAGE, ALPHA, {"method": "cf"}, InvalidOptionError),
        (IMAGE, ALPHA, {"num_threads": 0}, InvalidOptionError),
        (IMAGE, ALPHA, {"background": IMAGE[:-1]}, InvalidImageError),
        (IMAGE, ALPHA, {"background": "nowhere.png"}, InvalidOptionError),
        (IMAGE, ALPHA, {"background": Path("nowhere.png")}, ImageReadError),
    ],
)
def test_bad_input_is_one_clear_error(image, alpha, options, error):
    with pytest.raises(error) as caught:
        estimate_foreground(image, alpha, **options)
    assert len(str(caught.value)) > 20
