"""Products, smoothing and sums on bands, against dense NumPy.

Spare cells hold NaN in every input, and every output begins with a mark on the cells that are not
unknown: no result may take from the former, and no kernel may touch the latter.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from hybridbg._kernels import bands as kernel
from hybridbg.matting import layout as layout_module
from tests.kernels.systems import mask_of, random_system, read_only, scattered
from tests.matting.pictures import masks

SINGLE, DOUBLE = np.float32, np.float64
MARK = 7.5
LENGTHS = (1, 2, 3, 7, 8, 9, 15, 16, 17, 127, 128, 129, 144, 145, 257)


def runs_of_all_lengths():
    """Runs of a few pixels, and of one less and one more than whole vectors and strips."""
    mask = np.zeros((len(LENGTHS), max(LENGTHS)), dtype=np.bool_)
    for row, length in enumerate(LENGTHS):
        mask[row, :length] = True
    return mask


MASKS = {
    "strewn": mask_of((11, 23)),
    "sparse": mask_of((14, 25), share=0.1),
    "full": np.ones((9, 14), dtype=np.bool_),
    "one pixel": np.eye(1, dtype=np.bool_),
    "one row": np.ones((1, 12), dtype=np.bool_),
    "one column": np.ones((12, 1), dtype=np.bool_),
    "long runs": np.ones((2, 300), dtype=np.bool_),
    "all lengths": runs_of_all_lengths(),
}


def runs(layout):
    return layout.runs.length, layout.base, layout.chunks


def values(count, seed=1):
    return np.random.default_rng(seed).normal(size=count).astype(SINGLE)


def vectors(layout, count, *seeds):
    """Random values of unknown pixels, each with its read-only vector over cells."""
    found = [values(count, seed) for seed in seeds]
    return [(each, *read_only(scattered(layout, each))) for each in found]


def assert_result(cells, layout, expected, accuracy):
    """The unknown pixels hold what is expected, and all others the mark they held before."""
    positions = layout.positions()
    np.testing.assert_allclose(cells[positions], expected, rtol=0, atol=accuracy)
    assert (np.delete(cells, positions) == MARK).all()


def marked(layout, dtype=SINGLE):
    return np.full(layout.size, MARK, dtype=dtype)


cases = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
band_types = pytest.mark.parametrize("band_type", [SINGLE, DOUBLE])


@band_types
@cases
def test_product(mask, band_type):
    layout, bands, diagonal, dense = random_system(mask, band_type)
    ((x, cells),) = vectors(layout, len(dense), 1)
    product, partial = marked(layout, DOUBLE), np.empty(layout.chunks.size)
    total = kernel.product(bands, diagonal, *runs(layout), cells, product, partial, 2)
    expected = dense @ x.astype(DOUBLE)
    assert_result(product, layout, expected, 1e-12)
    assert total == pytest.approx(x.astype(DOUBLE) @ expected, rel=1e-12)


@settings(max_examples=50)
@given(masks())
def test_product_on_any_mask(mask):
    layout, bands, diagonal, dense = random_system(mask, SINGLE)
    ((x, cells),) = vectors(layout, len(dense), 1)
    product, partial = marked(layout, DOUBLE), np.empty(layout.chunks.size)
    kernel.product(bands, diagonal, *runs(layout), cells, product, partial, 1)
    assert_result(product, layout, dense @ x.astype(DOUBLE), 1e-12)


def smoother(layout, count):
    """The arguments of the two-sweep kernels between the matrix and the residual."""
    scales = np.random.default_rng(4).random(count, dtype=SINGLE) / 30
    (inverse,) = read_only(scattered(layout, scales, elsewhere=np.nan))
    return scales, (inverse, *runs(layout), layout.cores)


@pytest.fixture(params=[10, 8192], ids=["small chunks", "one chunk"])
def chunk_pixels(request, monkeypatch):
    monkeypatch.setattr(layout_module, "_CHUNK_PIXELS", request.param)


@band_types
@cases
@pytest.mark.usefixtures("chunk_pixels")
def test_relax_subtract(mask, band_type):
    layout, bands, diagonal, dense = random_system(mask, band_type)
    (x, cells), (residual, held) = vectors(layout, len(dense), 1, 2)
    scales, rows = smoother(layout, len(dense))
    relaxed, left = np.zeros(layout.size, SINGLE), marked(layout)
    kernel.relax_subtract(bands, diagonal, *rows, held, cells, relaxed, left, 1.5, 0.7, 2)
    expected = 1.5 * x + 0.7 * scales * (residual - dense @ x)
    np.testing.assert_allclose(relaxed[layout.positions()], expected, rtol=0, atol=1e-5)
    assert not np.delete(relaxed, layout.positions()).any()
    assert_result(left, layout, residual - dense @ expected, 5e-4)


@band_types
@cases
@pytest.mark.usefixtures("chunk_pixels")
def test_relax_twice(mask, band_type):
    layout, bands, diagonal, dense = random_system(mask, band_type)
    (before, cells), (residual, held) = vectors(layout, len(dense), 1, 2)
    scales, rows = smoother(layout, len(dense))
    x, other = cells.copy(), np.zeros(layout.size, SINGLE)
    kernel.relax_twice(bands, diagonal, *rows, held, x, other, 0.4, 1.5, -0.5, 0.7, 2)
    first = before + 0.4 * scales * (residual - dense @ before)
    expected = 1.5 * first - 0.5 * before + 0.7 * scales * (residual - dense @ first)
    np.testing.assert_allclose(other[layout.positions()], first, rtol=0, atol=1e-5)
    np.testing.assert_allclose(x[layout.positions()], expected, rtol=0, atol=2e-5)
    elsewhere = np.delete(np.arange(layout.size), layout.positions())
    np.testing.assert_array_equal(x[elsewhere], cells[elsewhere])


def test_results_are_the_same_bits_for_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(layout_module, "_CHUNK_PIXELS", 40)
    for mask in (MASKS["all lengths"], MASKS["strewn"]):
        layout, bands, diagonal, dense = random_system(mask, SINGLE)
        assert layout.chunks.size > 3
        (_, x), (_, residual) = vectors(layout, len(dense), 1, 2)
        _, rows = smoother(layout, len(dense))
        found = []
        for threads in (1, 2, 3):
            image, partial = marked(layout, DOUBLE), np.empty(layout.chunks.size)
            relaxed, left, twice = np.zeros((3, layout.size), SINGLE)
            twice[layout.positions()] = x[layout.positions()]
            system = (bands, diagonal)
            total = kernel.product(*system, *runs(layout), x, image, partial, threads)
            kernel.relax_subtract(*system, *rows, residual, x, relaxed, left, 1.5, 0.7, threads)
            steps = (0.4, 1.5, -0.5, 0.7)
            kernel.relax_twice(*system, *rows, residual, twice, relaxed.copy(), *steps, threads)
            found.append([np.float64(total), image, relaxed, left, twice])
        for others in found[1:]:
            for first, other in zip(found[0], others, strict=True):
                assert np.array_equal(first, other)


CELLS = np.array([0, 100, 170, 171, 400], dtype=np.int64)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_scale(threads):
    inverse, residual, out = values(400, 1), values(400, 2), np.full(405, MARK, SINGLE)
    kernel.scale(*read_only(inverse, residual), 0.7, CELLS, out, threads)
    np.testing.assert_allclose(out[:400], SINGLE(0.7) * inverse * residual, rtol=1e-6)
    assert (out[400:] == MARK).all()


def test_descend():
    direction, x, residual = values(400, 0), values(400, 2).astype(DOUBLE), values(400, 3)
    image, residual = values(400, 1).astype(DOUBLE), residual.astype(DOUBLE)
    expected_x, expected_residual = x + 0.3 * direction.astype(DOUBLE), residual - 0.3 * image
    single, partial = np.empty(400, SINGLE), np.empty(CELLS.size - 1)
    read_only(direction, image)
    squared = kernel.descend(0.3, direction, image, CELLS, x, residual, single, partial, 2)
    np.testing.assert_allclose(x, expected_x, rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(residual, expected_residual, rtol=1e-14, atol=1e-16)
    assert np.array_equal(single, residual.astype(SINGLE))
    assert squared == pytest.approx(residual @ residual, rel=1e-12)
    assert squared == partial[0] + partial[1] + partial[2] + partial[3]


@pytest.mark.parametrize("place", [0, 99, 100, 170, 171, 399])
def test_project_dot(place):
    z, residual = values(400, 1), values(400, 2).astype(DOUBLE)
    z[place] = -9
    read_only(z, residual)
    total, largest = kernel.project_dot(z, residual, CELLS, np.empty((2, CELLS.size - 1)), 2)
    assert total == pytest.approx(z.astype(DOUBLE) @ residual, rel=1e-12)
    assert largest == 9


def test_turn():
    z, direction = values(400, 1), values(400, 2)
    expected = z + SINGLE(0.25) * direction
    kernel.turn(*read_only(z), 0.25, CELLS, direction, 2)
    np.testing.assert_allclose(direction, expected, rtol=1e-6)


@pytest.mark.parametrize("last", range(171, 200))
def test_sums_of_any_number_of_cells(last):
    cells = np.array([0, 170, last], dtype=np.int64)
    z, residual = np.ones(last, SINGLE), np.ones(last)
    total, _ = kernel.project_dot(z, residual, cells, np.empty((2, 2)), 1)
    assert total == last
    still, x = (np.zeros(last, SINGLE), np.zeros(last)), np.zeros(last)
    squared = kernel.descend(1.0, *still, cells, x, residual, z, np.empty(2), 1)
    assert squared == last


def test_sums_are_the_same_bits_for_any_number_of_threads():
    z, residual = values(400, 1), values(400, 2).astype(DOUBLE)
    found = set()
    for threads in (1, 2, 3, 7):
        left, x, single = residual.copy(), np.zeros(400), np.empty(400, SINGLE)
        partial = np.empty((2, CELLS.size - 1))
        squared = kernel.descend(
            0.1, z, residual * residual, CELLS, x, left, single, partial[0], threads
        )
        found.add((*kernel.project_dot(z, residual, CELLS, partial, threads), squared))
    assert len(found) == 1
