"""One relaxation of foreground estimation, against the normal equations of each pixel."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import multilevel_foreground as kernel
from tests.matting.pictures import smooth

SHAPE = (9, 12)
REGULARIZATION = 1e-3


def relaxed(image, alpha, foreground, background, *, fixed):
    """Even rows, then odd rows; along a row each pixel sees its left neighbour's new value."""
    foreground, background = (array.astype(np.float64) for array in (foreground, background))
    height, width = alpha.shape
    for row in [*range(0, height, 2), *range(1, height, 2)]:
        for col in range(width):
            places = [
                (max(row - 1, 0), col),
                (min(row + 1, height - 1), col),
                (row, max(col - 1, 0)),
                (row, min(col + 1, width - 1)),
            ]
            own = alpha[row, col]
            weights = [REGULARIZATION + abs(own - alpha[place]) for place in places]
            total = sum(weights)
            pull_f = sum(w * foreground[place] for w, place in zip(weights, places, strict=True))
            pull_b = sum(w * background[place] for w, place in zip(weights, places, strict=True))
            rest = image[row, col]
            if fixed:
                side = pull_f + own * (rest - (1 - own) * background[row, col])
                foreground[row, col] = np.clip(side / (own**2 + total), 0, 1)
                continue
            matrix = np.array(
                [[own**2 + total, own * (1 - own)], [own * (1 - own), (1 - own) ** 2 + total]]
            )
            side = np.stack([pull_f + own * rest, pull_b + (1 - own) * rest])
            solution = np.linalg.solve(matrix, side)
            foreground[row, col], background[row, col] = solution.clip(0, 1)
    return foreground, background


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("sweeps", [1, 3])
def test_relaxation_solves_each_pixels_normal_equations(fixed, sweeps):
    image, front, back = (smooth(SHAPE, seed) for seed in range(3))
    alpha = np.ascontiguousarray(smooth(SHAPE, 4)[..., 0])
    expected = front, back
    for _ in range(sweeps):
        expected = relaxed(image, alpha, *expected, fixed=fixed)
    found = front.copy(), back.copy()
    kernel.relax(image, alpha, REGULARIZATION, sweeps, fixed, *found, 2)
    np.testing.assert_allclose(found[0], expected[0], atol=2e-4)
    np.testing.assert_allclose(found[1], expected[1], atol=2e-4)
    if fixed:
        assert np.array_equal(found[1], back)


def test_the_same_bits_for_any_number_of_threads():
    image, front, back = (smooth((31, 40), seed) for seed in range(3))
    alpha = np.ascontiguousarray(smooth((31, 40), 4)[..., 0])
    results = []
    for threads in (1, 2, 3):
        found = front.copy(), back.copy()
        kernel.relax(image, alpha, REGULARIZATION, 4, False, *found, threads)
        results.append(found)
    for found in results[1:]:
        assert np.array_equal(found[0], results[0][0])
        assert np.array_equal(found[1], results[0][1])
