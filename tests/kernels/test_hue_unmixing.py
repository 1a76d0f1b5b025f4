"""Unmixing into the plate and a hue: the kernel against NumPy, and NumPy against least squares."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import hue_unmixing as kernel
from tests.kernels.systems import read_only
from tests.reference.hue_unmixing import CONSTANTS, agreement, bound, presence, unmix

GREEN = np.array([0.08, 0.36, 0.1], dtype=np.float32)
NOISE = np.array([0.004, 0.006, 0.005], dtype=np.float32)


def case(shape, hues=4, seed=0):
    """Mixtures of hues before a screen, with everything that is asked about them."""
    random = np.random.RandomState(seed)

    def draw(*size):
        return random.uniform(0, 1, size).astype(np.float32)

    plate = (GREEN * (0.8 + 0.4 * draw(*shape, 1))).astype(np.float32)
    palette = draw(hues, 3) + np.float32(0.05)
    picked = palette[random.randint(hues, size=shape)] * draw(*shape, 1)
    share = draw(*shape, 1)
    linear = share * picked + (1 - share) * plate
    small = tuple(-(-side // 2) for side in shape)
    mean = draw(*shape) - np.float32(0.5)
    light = np.stack([draw(hues) - 1, draw(hues) + np.float32(0.2)], axis=1)
    support = draw(*small, hues)
    support[support < 0.1] = 0
    return (
        linear,
        plate,
        draw(*shape),
        palette,
        light,
        support,
        draw(*(-(-side // 3) for side in shape)),
        mean,
    )


def run(parts, threads=1):
    linear, plate, grey, palette, light, support, known, mean = parts
    made = np.full((3, *mean.shape), np.nan, dtype=np.float32)
    inputs = read_only(
        linear,
        plate,
        grey,
        mean,
        palette / NOISE,
        light,
        support,
        known,
        NOISE,
        np.diag(1 / NOISE),
        CONSTANTS,
    )
    kernel.unmix_pixels(*inputs, 1, *made, threads)
    return made


@pytest.mark.parametrize("shape", [(1, 1), (1, 23), (23, 1), (20, 31)])
def test_equals_the_reference(shape):
    linear, plate, grey, palette, light, support, known, mean = parts = case(shape)
    rows, columns = (index.ravel() for index in np.indices(shape))

    def near(plane):
        return plane[rows * plane.shape[0] // shape[0], columns * plane.shape[1] // shape[1]]

    colours, backing = (x.reshape(-1, 3).astype(np.float64) for x in (linear, plate))
    expected = unmix(
        colours, backing, palette, light, near(support), NOISE, grey.ravel(), near(known)
    )
    expected = [np.maximum(x, bound(colours, backing, NOISE)).clip(0, 1) for x in expected]
    # Squares of lengths in units of the noise: the residual is a difference of large numbers.
    found, mixture, agree = run(parts)
    for plane, wanted in zip((found, mixture), expected, strict=True):
        assert np.allclose(plane, presence(mean) * wanted.reshape(shape), atol=5e-3)
    expected = agreement(colours, backing, found.ravel(), 1)
    assert np.allclose(agree.ravel(), expected, atol=1e-5)


def test_threads_do_not_show():
    parts = case((40, 30))
    for threads in (2, 3):
        assert all(map(np.array_equal, run(parts, threads), run(parts)))


def test_one_hue_is_least_squares():
    linear, plate, _, palette, light, _, _, _ = case((5, 10), hues=1)
    colours, backing = (x.reshape(-1, 3).astype(np.float64) for x in (linear, plate))
    none = np.zeros(len(colours))
    found, _ = unmix(colours, backing, palette, light, none[:, None] + 1e6, NOISE, none, none)
    for pixel in range(len(colours)):
        basis = np.stack([palette[0], backing[pixel]], axis=1) / NOISE[:, None]
        u, v = np.linalg.lstsq(basis, colours[pixel] / NOISE, rcond=None)[0]
        if u > 0.05:
            assert found[pixel] == pytest.approx(1 - v, abs=1e-3)
