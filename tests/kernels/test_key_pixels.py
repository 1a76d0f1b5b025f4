"""The preview's kernel against NumPy: every screen channel, sizes, threads, read-only input."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import key_pixels as kernel
from hybridbg.core.colour import linear_table
from hybridbg.keying.preview import _encode_table
from tests.kernels.systems import read_only
from tests.reference.key_pixels import key_pixels as reference


def case(shape, channel, seed=0):
    random = np.random.default_rng(seed)
    plate = np.full((*shape, 3), 0.08, dtype=np.float32)
    plate[..., channel] = random.uniform(0.25, 0.5, shape)
    image = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
    image[::2] = np.searchsorted(linear_table(256), plate[::2]).clip(0, 255)
    return image, plate


def run(image, plate, channel, threads=1):
    cutout = np.full((*image.shape[:2], 4), 7, dtype=np.uint8)
    tables = linear_table(256), _encode_table()
    inputs = read_only(image, plate)
    kernel.key_pixels(*inputs, channel, 0.06, 0.82, *tables, cutout, threads)
    return cutout


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("shape", [(1, 1), (1, 37), (37, 1), (24, 31)])
def test_equals_the_reference(shape, channel):
    image, plate = case(shape, channel)
    found = run(image, plate, channel).astype(int)
    expected = reference(image, plate, channel, 0.06, 0.82, linear_table(256), _encode_table())
    # Rounding to a byte may go either way, and faint colours hang on the last bit of alpha.
    assert np.abs(found[..., 3] - expected[..., 3]).max() <= 1
    solid = expected[..., 3] > 8
    assert np.abs(found - expected)[solid].max(initial=0) <= 1


def test_threads_do_not_show():
    image, plate = case((50, 40), 1)
    one = run(image, plate, 1)
    for threads in (2, 3):
        assert np.array_equal(run(image, plate, 1, threads), one)
