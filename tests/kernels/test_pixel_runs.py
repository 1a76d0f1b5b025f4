"""Row runs of masks, and the way between pictures and cells, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg._kernels import pixel_runs as kernel
from tests.kernels.systems import mask_of, read_only

MARK = 77


def found_runs(mask):
    """(row, col, length) of each run, by the kernel."""
    cells = mask.astype(np.uint8)
    arrays = np.empty((3, kernel.count_runs(*read_only(cells))), dtype=np.int32)
    kernel.find_runs(cells, *arrays)
    return [tuple(run) for run in arrays.T.tolist()]


def runs_of(mask):
    """(row, col, length) of each run, by looking where a one follows a zero."""
    expected = []
    for row, line in enumerate(np.pad(mask.astype(int), ((0, 0), (1, 1)))):
        step = np.diff(line)
        begins, ends = np.flatnonzero(step == 1), np.flatnonzero(step == -1)
        expected += [(row, int(a), int(b - a)) for a, b in zip(begins, ends, strict=True)]
    return expected


@given(hnp.arrays(np.bool_, st.tuples(st.integers(0, 8), st.integers(1, 40))))
def test_runs_of_any_mask(mask):
    assert found_runs(mask) == runs_of(mask)


@pytest.mark.parametrize("value", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (4, 5)])
def test_runs_of_plain_masks(shape, value):
    runs = found_runs(np.full(shape, value))
    assert runs == [(row, 0, shape[1]) for row in range(shape[0]) if value]


class Strewn:
    """Runs of which some leave the picture on every side; cells in between belong to nobody."""

    shape = (6, 11)

    def __init__(self):
        runs = [
            (-2, -2, 15),
            (-1, 3, 4),
            (0, -2, 15),
            (1, 0, 11),
            (2, -2, 2),
            (2, 1, 1),
            (2, 9, 4),
            (3, 11, 2),
            (5, -1, 3),
            (5, 4, 7),
            (6, 0, 5),
        ]
        self.row, self.col, self.length = np.array(runs, dtype=np.int32).T.copy()
        self.start = np.cumsum([3] + [length + 2 for *_, length in runs[:-1]], dtype=np.int64)
        self.size = int(self.start[-1] + self.length[-1]) + 20
        self.arrays = read_only(self.row, self.col, self.length, self.start)

    def pixels(self):
        """(cell, row, col) of every pixel of the picture in some run."""
        for row, col, length, start in zip(*self.arrays, strict=True):
            for n in range(length):
                if 0 <= row < self.shape[0] and 0 <= col + n < self.shape[1]:
                    yield int(start) + n, int(row), int(col) + n


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_gather(dtype):
    runs = Strewn()
    plane = (np.random.default_rng(0).random(runs.shape) * 255).astype(dtype)
    cells, expected = np.full((2, runs.size), MARK, dtype=dtype)
    kernel.gather(*read_only(plane), *runs.arrays, cells)
    for cell, row, col in runs.pixels():
        expected[cell] = plane[row, col]
    assert np.array_equal(cells, expected)


@pytest.mark.parametrize("step", [1, 2, 4, 6, 100])
def test_gather_colours_some_rows_at_a_time(step):
    runs = Strewn()
    image = np.random.default_rng(0).random((*runs.shape, 3), dtype=np.float32)
    cells, expected = np.full((2, runs.size, 4), MARK, dtype=np.float32)
    for first in range(0, runs.shape[0], step):
        (rows,) = read_only(image[first : first + step].copy())
        kernel.gather_colours(rows, first, *runs.arrays, cells)
    for cell, row, col in runs.pixels():
        expected[cell] = 1, *image[row, col]
    assert np.array_equal(cells, expected)


def test_scatter_keeps_within_zero_and_one_and_writes_runs_only():
    mask = mask_of((7, 23))
    row, col, length = np.array(runs_of(mask), dtype=np.int32).T.copy()
    start = np.cumsum([4, *(length[:-1] + 3)], dtype=np.int64)
    cells = np.random.default_rng(0).normal(0.5, 1, size=int(start[-1] + length[-1]) + 20)
    plane, expected = np.full((2, *mask.shape), MARK, dtype=np.float32)
    kernel.scatter(*read_only(cells, row, col, length, start), plane)
    for first, at, count, begin in zip(row, col, length, start, strict=True):
        expected[first, at : at + count] = cells[begin : begin + count].clip(0, 1)
    assert np.array_equal(plane, expected)
    assert {0, 1} < set(plane[mask].tolist())


def test_no_runs_do_nothing():
    none = np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32)
    start = np.empty(0, np.int64)
    cells, plane = np.full(5, MARK, np.float32), np.full((2, 3), MARK, np.float32)
    kernel.gather(np.zeros((2, 3), np.float32), *none, start, cells)
    kernel.scatter(np.zeros(5), *none, start, plane)
    assert (cells == MARK).all()
    assert (plane == MARK).all()
