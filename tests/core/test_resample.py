"""hybridbg.core.resample: areas are kept, corners coincide, aspect is kept."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.core.resample import fit_inside, resample, smooth

SHAPES = st.tuples(st.integers(1, 60), st.integers(1, 60))


def noise(shape, seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


@pytest.mark.parametrize("channels", [(), (2,), (3,), (4,)])
def test_shrinking_by_a_whole_factor_is_the_mean_of_blocks(channels):
    array = noise((12, 20, *channels))
    expected = array.reshape(4, 3, 5, 4, *channels).mean(axis=(1, 3))
    np.testing.assert_allclose(resample(array, (4, 5)), expected, atol=1e-6)


def test_an_axis_that_grows_does_not_stop_the_other_from_being_averaged():
    array = np.zeros((4, 64), dtype=np.float32)
    array[:, ::4] = 1
    np.testing.assert_allclose(resample(array, (16, 16)), 0.25, atol=1e-6)


def test_growing_is_linear_with_corners_in_place():
    got = resample(np.array([[0, 1]], dtype=np.float32), (1, 8))
    expected = [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1]
    np.testing.assert_allclose(got[0], expected, atol=1e-6)


def test_the_same_size_is_the_same_array():
    array = noise((5, 7))
    assert resample(array, (5, 7)) is array


@given(SHAPES, SHAPES, st.integers(0, 5))
@settings(deadline=None)
def test_any_size_keeps_the_range(before, after, seed):
    array = noise((*before, 3), seed)
    copy = array.copy()
    got = resample(array, after)
    assert got.shape == (*after, 3)
    assert got.dtype == np.float32
    assert got.min() >= array.min() - 1e-6
    assert got.max() <= array.max() + 1e-6
    np.testing.assert_array_equal(array, copy)


@given(SHAPES, st.floats(1, 500), st.floats(0.1, 4))
def test_fit_inside(shape, long_side, max_enlargement):
    rows, columns = fit_inside(shape, long_side, max_enlargement=max_enlargement)
    assert min(rows, columns) >= 1
    assert max(rows, columns) <= max(1, round(long_side))
    scale = min(long_side / max(shape), max_enlargement)
    assert abs(rows - shape[0] * scale) <= 1
    assert abs(columns - shape[1] * scale) <= 1


@pytest.mark.parametrize("sigma", [0.5, 3.0, 9.0, 30.0])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_blurs_of_any_width_are_those_of_opencv(sigma, channels):
    values = noise((90, 130, *channels))
    exact = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    assert np.abs(smooth(values, sigma) - exact).max() < 0.01
