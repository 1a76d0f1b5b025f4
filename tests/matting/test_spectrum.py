"""Estimates of the ends of a spectrum, against dense eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.matting.spectrum import smallest_eigenvalue, upper_eigenvalue


def random_pair(size, seed):
    """A symmetric positive matrix and a positive diagonal, with the eigenvalues of D^-1 A."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(size, size))
    matrix = factor @ factor.T + 0.1 * np.eye(size)
    diagonal = 1 + rng.random(size)
    root = np.sqrt(diagonal)
    return matrix, diagonal, np.linalg.eigvalsh(matrix / root / root[:, None])


@pytest.mark.parametrize("size", [1, 2, 5, 80])
@pytest.mark.parametrize("seed", range(10))
def test_the_upper_estimate_is_close_and_hardly_ever_low(size, seed):
    matrix, _, _ = random_pair(size, seed)
    largest = np.linalg.eigvalsh(matrix)[-1]
    start = np.random.default_rng(seed).standard_normal(size, dtype=np.float32)
    estimate = upper_eigenvalue(lambda x: (matrix @ x).astype(np.float32), start)
    assert 0.95 * largest < estimate < 1.3 * largest


def test_the_upper_estimate_of_nothing_is_one():
    assert upper_eigenvalue(lambda x: x.copy(), np.zeros(5, np.float32)) == 1


def test_the_start_is_not_modified():
    start = np.arange(1, 6, dtype=np.float32)
    upper_eigenvalue(lambda x: 2 * x, start)
    assert start.tolist() == [1, 2, 3, 4, 5]


def coefficients(matrix, diagonal, right_side):
    """Steps and turns of conjugate gradients preconditioned by a diagonal, until they are done."""
    direction, previous = np.zeros_like(right_side), np.inf
    residual = right_side.copy()
    for _ in range(right_side.size):
        scaled = residual / diagonal
        slope = residual @ scaled
        turn = slope / previous
        direction, previous = scaled + turn * direction, slope
        image = matrix @ direction
        step = slope / (direction @ image)
        residual = residual - step * image
        yield step, turn


@pytest.mark.parametrize("size", [1, 2, 7, 12])
@pytest.mark.parametrize("seed", range(10))
def test_the_smallest_eigenvalue_is_approached_from_above(size, seed):
    matrix, diagonal, values = random_pair(size, seed)
    right_side = np.random.default_rng(seed).normal(size=size)
    steps, turns, estimates = [], [], []
    for step, turn in coefficients(matrix, diagonal, right_side):
        steps.append(step)
        turns.append(turn)
        estimates.append(smallest_eigenvalue(steps, turns))
    slack = 1e-6 * values[-1]
    assert all(estimate > values[0] - slack for estimate in estimates)
    assert (np.diff(estimates) < slack).all()
    assert estimates[-1] == pytest.approx(values[0], rel=1e-3, abs=slack)
