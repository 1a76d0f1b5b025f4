"""Products, smoothing and sums on bands, against dense NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import bands as kernel
from tests.kernels.systems import mask_of, random_system, scattered

SINGLE, DOUBLE = np.float32, np.float64
ACCURACY = {SINGLE: 1e-4, DOUBLE: 1e-12}
MASKS = {
    "strewn": mask_of((11, 23)),
    "full": np.ones((9, 14), dtype=np.bool_),
    "one pixel": np.eye(1, dtype=np.bool_),
    "one column": np.ones((12, 1), dtype=np.bool_),
    "long runs": np.ones((2, 300), dtype=np.bool_),
}


def runs(layout):
    return layout.length, layout.base, layout.chunks


def values(count, seed=1):
    return np.random.default_rng(seed).normal(size=count)


@pytest.mark.parametrize("vector_type", [SINGLE, DOUBLE])
@pytest.mark.parametrize("band_type", [SINGLE, DOUBLE])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_product(mask, band_type, vector_type):
    layout, bands, diagonal, dense = random_system(mask, band_type)
    x = values(len(dense))
    product = np.zeros(layout.size, dtype=vector_type)
    kernel.product(bands, diagonal, *runs(layout), scattered(layout, x, vector_type), product, 2)
    expected = scattered(layout, dense @ x)
    np.testing.assert_allclose(product, expected, atol=ACCURACY[vector_type])


@pytest.mark.parametrize("band_type", [SINGLE, DOUBLE])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_subtract_product(mask, band_type):
    layout, bands, diagonal, dense = random_system(mask, band_type)
    step, residual = values(len(dense)), values(len(dense), seed=2)
    cells = scattered(layout, residual, SINGLE)
    kernel.subtract_product(
        bands, diagonal, *runs(layout), scattered(layout, step, SINGLE), cells, 2
    )
    np.testing.assert_allclose(
        cells, scattered(layout, residual - dense @ step), atol=ACCURACY[SINGLE]
    )


@pytest.mark.parametrize("from_zero", [True, False])
def test_first_chebyshev_step(from_zero):
    layout, _, diagonal, dense = random_system(MASKS["strewn"])
    residual, start = values(len(dense)), values(len(dense), seed=2)
    x, step = scattered(layout, start, SINGLE), np.zeros(layout.size, SINGLE)
    kernel.chebyshev_first(
        diagonal, *runs(layout), scattered(layout, residual, SINGLE), 0.7, x, step, from_zero, 2
    )
    expected = 0.7 * residual / dense.diagonal()
    np.testing.assert_allclose(step, scattered(layout, expected), rtol=1e-5)
    total = expected if from_zero else start + expected
    np.testing.assert_allclose(x, scattered(layout, total), atol=1e-6)


@pytest.mark.parametrize("band_type", [SINGLE, DOUBLE])
def test_next_chebyshev_step(band_type):
    layout, bands, diagonal, dense = random_system(MASKS["strewn"], band_type)
    step, residual, start = (values(len(dense), seed) for seed in (1, 2, 3))
    x, left = scattered(layout, start, SINGLE), scattered(layout, residual, SINGLE)
    following = np.zeros(layout.size, SINGLE)
    kernel.chebyshev_next(
        bands,
        diagonal,
        *runs(layout),
        scattered(layout, step, SINGLE),
        left,
        0.3,
        0.7,
        x,
        following,
        2,
    )
    residual = residual - dense @ step
    expected = 0.3 * step + 0.7 * residual / dense.diagonal()
    np.testing.assert_allclose(left, scattered(layout, residual), atol=ACCURACY[SINGLE])
    np.testing.assert_allclose(following, scattered(layout, expected), atol=1e-5)
    np.testing.assert_allclose(x, scattered(layout, start + expected), atol=1e-5)


CELLS = np.array([0, 100, 170, 171, 400], dtype=np.int64)


@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE])
def test_dot(dtype):
    x, y = values(400, 1).astype(dtype), values(400, 2).astype(dtype)
    partial = np.empty(CELLS.size - 1)
    total = kernel.dot(x, y, CELLS, partial, 2)
    assert total == pytest.approx(
        float(x.astype(DOUBLE) @ y), rel=1e-6 if dtype is SINGLE else 1e-12
    )
    assert total == partial[0] + partial[1] + partial[2] + partial[3]


def test_descend():
    direction, image, x, residual = (values(400, seed) for seed in range(4))
    expected_x, expected_residual = x + 0.3 * direction, residual - 0.3 * image
    single = np.empty(400, SINGLE)
    squared = kernel.descend(
        0.3, direction, image, CELLS, x, residual, single, np.empty(CELLS.size - 1), 2
    )
    np.testing.assert_allclose(x, expected_x, rtol=1e-14)
    np.testing.assert_allclose(residual, expected_residual, rtol=1e-14)
    assert np.array_equal(single, residual.astype(SINGLE))
    assert squared == pytest.approx(residual @ residual, rel=1e-12)


def test_project_dot():
    z, residual = values(400, 1).astype(SINGLE), values(400, 2)
    z[171] = -9
    total, largest = kernel.project_dot(z, residual, CELLS, np.empty((2, CELLS.size - 1)), 2)
    assert total == pytest.approx(z.astype(DOUBLE) @ residual, rel=1e-12)
    assert largest == 9


def test_turn():
    z, direction = values(400, 1).astype(SINGLE), values(400, 2)
    expected = z + 0.25 * direction
    kernel.turn(z, 0.25, CELLS, direction, 2)
    np.testing.assert_allclose(direction, expected, rtol=1e-14)


def test_sums_are_the_same_bits_for_any_number_of_threads():
    x, y = values(400, 1), values(400, 2)
    sums = {kernel.dot(x, y, CELLS, np.empty(CELLS.size - 1), threads) for threads in (1, 2, 3, 7)}
    assert len(sums) == 1
