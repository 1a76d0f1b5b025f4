"""One level of foreground estimation, against the normal equations of each pixel."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import multilevel_foreground as kernel
from tests.matting.pictures import smooth
from tests.reference import multilevel_foreground as reference

REGULARIZATION = 1e-3
SHAPES = [(1, 1), (1, 40), (40, 1), (9, 12), (33, 35), (65, 117), (70, 250), (140, 119)]
"""Smaller than a tile of 64 x 116, a pixel more, several of them."""


def soft(shape, seed=4):
    """Alpha of islands: all 0, all 1, and a band of everything between."""
    large = smooth((max(*shape, 20),) * 2, seed, blur=6)[..., 0]
    return (3 * large[: shape[0], : shape[1]] - 1).clip(0, 1)


def run(alpha, shape=None, *, sweeps=2, fixed=False, settle=True, threads=2, empty=False):
    """Refine random pictures; return foreground and background with the arguments used.

    A fixed background is as large as the level, and no other is asked for.
    """
    shape = alpha.shape if shape is None else shape
    image = np.random.default_rng(1).random((*alpha.shape, 3), dtype=np.float32)
    coarse = tuple((side + 1) // 2 for side in shape)
    front = np.random.default_rng(2).random((*coarse, 3), dtype=np.float32)
    back = np.random.default_rng(3).random((*(shape if fixed else coarse), 3), dtype=np.float32)
    alpha = np.ascontiguousarray(alpha, np.float32)
    for array in (image, alpha, front, back):
        array.flags.writeable = False
    found = np.full((*shape, 3), np.nan, np.float32)
    behind = np.full((0, 0, 3) if empty or fixed else (*shape, 3), np.nan, np.float32)
    memory = np.zeros((threads, kernel.CELLS), np.float32)
    kernel.refine(
        image, alpha, front, back, fixed, REGULARIZATION, sweeps, settle, 0, shape[0], found,
        behind, memory, threads,
    )  # fmt: skip
    return found, behind, (image, alpha, front, back)


@pytest.mark.parametrize("settle", [False, True])
@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("sweeps", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_level_is_that_of_the_normal_equations(shape, sweeps, fixed, settle):
    foreground, background, given = run(soft(shape), sweeps=sweeps, fixed=fixed, settle=settle)
    expected = reference.refine(
        *given, shape, sweeps, regularization=REGULARIZATION, fixed_background=fixed, settle=settle
    )
    np.testing.assert_allclose(foreground, expected[0], atol=2e-4)
    if not fixed:
        np.testing.assert_allclose(background, expected[1], atol=2e-4)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (17, 31), (64, 116), (90, 200)])
def test_a_smaller_level_takes_the_nearest_pixels(shape):
    foreground, background, given = run(soft((101, 233)), shape)
    expected = reference.refine(*given, shape, 2, regularization=REGULARIZATION)
    np.testing.assert_allclose(foreground, expected[0], atol=2e-4)
    np.testing.assert_allclose(background, expected[1], atol=2e-4)


def test_most_sweeps_on_one_tile():
    alpha = soft((32, 32))
    foreground, _, given = run(alpha, sweeps=10, settle=False)
    expected = reference.refine(
        *given, alpha.shape, 10, regularization=REGULARIZATION, settle=False
    )
    np.testing.assert_allclose(foreground, expected[0], atol=2e-4)


@pytest.mark.parametrize("seed", range(6))
def test_hard_edges_and_lone_pixels(seed):
    rng = np.random.default_rng(seed)
    alpha = np.zeros((70, 130))
    alpha[10:50, 20:125] = 1
    alpha[tuple(rng.integers(0, side, 5) for side in alpha.shape)] = rng.random(5)
    alpha[tuple(rng.integers(0, side, 5) for side in alpha.shape)] = rng.integers(0, 2, 5)
    foreground, background, given = run(alpha, sweeps=3)
    expected = reference.refine(*given, alpha.shape, 3, regularization=REGULARIZATION)
    np.testing.assert_allclose(foreground, expected[0], atol=2e-4)
    np.testing.assert_allclose(background, expected[1], atol=2e-4)


@pytest.mark.parametrize("value", [0, 1])
def test_where_all_is_settled_nothing_is_relaxed(value):
    foreground, background, (image, _, front, back) = run(np.full((80, 130), value))
    continued = [reference.nearest(array, (80, 130)) for array in (front, back)]
    assert np.array_equal(foreground, image if value else continued[0])
    assert np.array_equal(background, continued[1] if value else image)


def test_foreground_is_the_image_where_alpha_is_one():
    foreground, _, (image, alpha, *_) = run(soft((150, 150)))
    assert (alpha == 1).any()
    assert np.array_equal(foreground[alpha == 1], image[alpha == 1])


def test_a_background_that_nobody_needs_is_left_out():
    alpha = soft((70, 130))
    assert np.array_equal(run(alpha)[0], run(alpha, empty=True)[0])


@pytest.mark.parametrize("fixed", [False, True])
def test_the_same_bits_for_any_number_of_threads(fixed):
    one, *others = (run(soft((200, 300)), sweeps=3, fixed=fixed, threads=n) for n in (1, 2, 3))
    for other in others:
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


def test_blocks_of_rows_are_the_whole():
    alpha = soft((200, 130))
    foreground, background, given = run(alpha)
    found, behind = np.full_like(foreground, np.nan), np.full_like(background, np.nan)
    memory = np.zeros((2, kernel.CELLS), np.float32)
    blocks = ((0, 64), (64, 192), (192, 200))
    assert all(top % kernel.ROWS_OF_TILES == 0 for top, _ in blocks)
    for top, bottom in blocks:
        kernel.refine(*given, False, REGULARIZATION, 2, True, top, bottom, found, behind, memory, 2)
        assert np.isnan(found[bottom:]).all()
    assert np.array_equal(found, foreground)
    assert np.array_equal(behind, background)
