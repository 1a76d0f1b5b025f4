"""The small kernels of the key against NumPy: sizes, channels, threads, read-only input."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import hue_likeness, line_test, screen_distance, screen_subtraction
from hybridbg.core.resample import resample
from tests.kernels.systems import read_only
from tests.reference import keying as reference

SHAPES = [(1, 1), (1, 37), (37, 1), (70, 31)]
THREADS = [1, 2, 3]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.02, 1, shape).astype(np.float32)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_distance_to_the_plate(shape, channel, threads):
    linear, plate = draw(*shape, 3), draw(*shape, 3, seed=1)
    found = np.full((2, *shape), np.nan, dtype=np.float32)
    screen_distance.compare_pixels(*read_only(linear, plate), channel, 0.1, 0.2, *found, threads)
    expected = reference.compared(linear.astype(float), plate.astype(float), channel, 0.1, 0.2)
    assert np.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("shape", SHAPES)
def test_mean_around(shape, threads):
    plane, weights = draw(*shape), draw(7, seed=2)
    weights /= weights.sum()
    found = np.full(shape, np.nan, dtype=np.float32)
    screen_distance.average_pixels(*read_only(plane, weights), found, threads)
    assert np.allclose(found, reference.averaged(plane, weights), atol=1e-5)


def lines(shape):
    """Sums of mixtures around pixels, in planes, with the moments they are of."""
    random = np.random.default_rng(3)
    colours = random.uniform(0, 1, (*shape, 1, 3)) * random.uniform(0.2, 1, (*shape, 20, 1))
    colours += 0.01 * random.standard_normal(colours.shape)
    mean = colours.mean(axis=2)
    products = np.einsum("yxni,yxnj->yxij", colours, colours) / 20
    total = random.uniform(0.5, 1, shape)
    planes = [np.ones(shape), *np.moveaxis(mean, -1, 0)]
    planes += [products[..., i, j] for i in range(3) for j in range(i + 1)]
    sums = (total * np.array(planes)).astype(np.float32)
    return sums, mean, products - mean[..., :, None] * mean[..., None, :]


@pytest.mark.parametrize("shape", SHAPES)
def test_lines_of_colours(shape):
    sums, mean, covariance = lines(shape)
    plate, noise = draw(*shape, 3, seed=4), 0.02
    asked = (draw(*shape, seed=5) > 0.2).astype(np.uint8)
    limits = (2.0, 5.0), (2.0, 4.0), (0.03, 0.1)
    constants = np.array([noise, *limits[0], *limits[1], *limits[2], 0.05**2, 1e-6])
    found = []
    for threads in THREADS:
        share, trust = np.zeros((2, *shape), dtype=np.float32)
        line_test.test_lines(*read_only(sums, plate, asked, constants), share, trust, threads)
        found.append((share, trust))
        assert np.array_equal(found[0], found[-1])
    for place in np.ndindex(shape):
        expected = reference.line_test(mean[place], covariance[place], plate[place].astype(float),
                                       noise, *limits, 0.05)  # fmt: skip
        if not asked[place]:
            assert share[place] == trust[place] == 0
        elif expected[1] > 1e-3:
            assert trust[place] == pytest.approx(expected[1], abs=5e-3)
            assert share[place] == pytest.approx(expected[0], abs=5e-3)


def test_lines_keep_what_is_trusted_more():
    sums, _, _ = lines((6, 6))
    share, trust = np.full((2, 6, 6), 0.5, dtype=np.float32)
    trust[:] = 1
    constants = np.array([0.02, 2, 5, 2, 4, 0.03, 0.1, 0.0025, 1e-6])
    line_test.test_lines(sums, draw(6, 6, 3), np.ones((6, 6), np.uint8), constants, share, trust, 1)
    assert (share == 0.5).all()


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("shape", SHAPES)
def test_likeness_to_hues(shape, threads):
    linear, hues = draw(*shape, 3), draw(5, 3, seed=6)
    hues /= hues.sum(axis=1, keepdims=True)
    support = draw(*(-(-side // 4) for side in shape), 5, seed=7)
    asked = (draw(*shape, seed=8) > 0.2).astype(np.uint8)
    found = np.full(shape, np.nan, dtype=np.float32)
    hue_likeness.compare_hues(*read_only(linear, asked, hues, support), 0.3, 0.1, 1 / 255, found,
                              threads)  # fmt: skip
    rows, columns = (index.ravel() for index in np.indices(shape))
    near = support[rows * support.shape[0] // shape[0], columns * support.shape[1] // shape[1]]
    expected = reference.likeness(linear.reshape(-1, 3), hues, near, 0.3, 0.1, 1 / 255)
    assert np.allclose(found, asked * expected.reshape(shape), atol=1e-4)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("step", [1, 3])
def test_the_screen_taken_off(shape, threads, step):
    linear, plate = draw(*shape, 3), draw(*shape, 3, seed=1)
    alpha = (2 * draw(*shape, seed=2) - np.float32(0.5)).clip(0, 1)
    small = tuple(-(-side // step) for side in shape)
    around, cover = draw(*small, 3, seed=3), draw(*small, seed=4)
    light = np.full((*shape, 3), np.nan, dtype=np.float32)
    screen_subtraction.subtract(*read_only(linear, plate, alpha), light, threads)
    assert np.allclose(light, reference.subtracted(linear, plate, alpha), atol=1e-6)
    enlarged = (resample(means, shape) for means in (around, cover))
    expected = reference.divided(light, alpha, *enlarged, 0.05)
    screen_subtraction.divide(light, *read_only(alpha, around, cover), 0.05, light, threads)
    assert np.allclose(light, expected, atol=1e-5)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("limit", [0, 1, 2])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_spill_taken_out(channel, limit, threads):
    colours, restored = draw(20, 30, 3), np.float32([0, 0.3, 2])
    found = colours.copy()
    screen_subtraction.despill(found, channel, limit, 0.3, 0.8, restored, threads)
    expected = reference.despilled(colours, channel, limit, 0.3, 0.8, restored)
    assert np.allclose(found, expected, atol=1e-6)
