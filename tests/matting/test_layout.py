"""The compact numbering of unknown pixels, by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridbg._kernels import bands
from hybridbg.matting import layout as module
from hybridbg.matting.layout import REACH, Runs, build_layout
from tests.matting.pictures import masks


def pixels_of(runs):
    """(row, col) of every pixel of every run, in order."""
    return [
        (int(row), int(col) + step)
        for row, col, length in zip(runs.row, runs.col, runs.length, strict=True)
        for step in range(length)
    ]


def within(mask, reach):
    """Every (row, col), also off the picture, at most `reach` from a set pixel along both axes."""
    offsets = range(-reach, reach + 1)
    return {
        (int(row) + down, int(col) + right)
        for row, col in np.argwhere(mask)
        for down in offsets
        for right in offsets
    }


def assert_maximal(runs):
    """Runs are sorted, and none continues another."""
    places = list(zip(runs.row.tolist(), runs.col.tolist(), strict=True))
    ends = list(zip(runs.row.tolist(), (runs.col + runs.length).tolist(), strict=True))
    assert places == sorted(places)
    assert set(ends).isdisjoint(places)
    assert (runs.length > 0).all()


def place_of_cells(layout):
    """(row, col) of every cell, from the runs of cells."""
    runs = layout.cell_runs
    first = np.cumsum(runs.length) - runs.length
    cells = np.repeat(layout.cell_start - first, runs.length) + np.arange(runs.length.sum())
    return dict(zip(cells.tolist(), pixels_of(runs), strict=True))


@given(masks())
def test_runs_are_the_mask_in_reading_order(mask):
    layout = build_layout(mask)
    assert layout.shape == mask.shape
    assert pixels_of(layout.runs) == [tuple(place) for place in np.argwhere(mask).tolist()]
    assert_maximal(layout.runs)


@given(masks(), st.integers(0, 3))
def test_runs_of_a_mask_are_counted_from_an_offset(mask, offset):
    runs = Runs.of(mask.astype(np.uint8), offset)
    places = (np.argwhere(mask) - offset).tolist()
    assert pixels_of(runs) == [tuple(place) for place in places]
    assert_maximal(runs)


@given(masks())
def test_cells_and_places_within_reach_are_in_bijection(mask):
    layout = build_layout(mask)
    place_of_cell = place_of_cells(layout)
    assert set(place_of_cell) == set(range(layout.size - bands.PADDING))
    assert len(set(place_of_cell.values())) == len(place_of_cell)
    assert set(place_of_cell.values()) == within(mask, REACH)
    assert_maximal(layout.cell_runs)
    positions = layout.positions().tolist()
    assert [place_of_cell[cell] for cell in positions] == pixels_of(layout.runs)


@given(masks())
def test_bases_are_the_cells_of_all_that_the_stencil_reaches(mask):
    layout = build_layout(mask)
    place_of_cell = place_of_cells(layout)
    runs = layout.runs
    for run in range(runs.row.size):
        for down in range(-REACH, REACH + 1):
            for step in range(-REACH, runs.length[run] + REACH):
                cell = int(layout.base[run, down + REACH]) + step
                assert place_of_cell[cell] == (runs.row[run] + down, runs.col[run] + step)
    assert np.array_equal(layout.start, layout.base[:, REACH])


@given(masks())
def test_windows_are_those_in_the_picture_that_hold_an_unknown_pixel(mask):
    layout = build_layout(mask)
    rows, cols = mask.shape
    inside = {(row, col) for row in range(1, rows - 1) for col in range(1, cols - 1)}
    assert set(pixels_of(layout.windows)) == within(mask, 1) & inside
    assert_maximal(layout.windows)
    place_of_cell = place_of_cells(layout)
    windows = layout.windows
    for run in range(windows.row.size):
        for down in (-1, 0, 1):
            for step in range(-1, windows.length[run] + 1):
                cell = int(layout.window_base[run, down + 1]) + step
                assert place_of_cell[cell] == (windows.row[run] + down, windows.col[run] + step)
    assert layout.window_first.size == rows + 1
    for row in range(rows):
        part = slice(layout.window_first[row], layout.window_first[row + 1])
        assert np.array_equal(np.flatnonzero(windows.row == row), np.arange(windows.row.size)[part])


@given(masks(), st.integers(1, 50), st.integers(1, 50))
def test_work_and_sums_are_cut_at_the_wanted_sizes(mask, pixels, cells):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK_PIXELS", pixels)
        patch.setattr(module, "_CELLS_PER_SUM", cells)
        layout = build_layout(mask)
    length = layout.runs.length
    assert layout.chunks[0] == 0
    assert layout.chunks[-1] == length.size
    work = np.add.reduceat(length, layout.chunks[:-1])
    assert (np.diff(layout.chunks) > 0).all()
    row = layout.runs.row
    assert np.all(row[layout.chunks[1:-1]] > row[layout.chunks[1:-1] - 1])
    longest = np.bincount(row, weights=length).max()
    assert np.all((work[:-1] > pixels - longest) & (work[:-1] < pixels + longest))
    for (first, last), begin, end in zip(
        layout.cores, layout.chunks, layout.chunks[1:], strict=False
    ):
        others = np.concatenate([row[:begin], row[end:]])
        apart = [np.all(abs(others - row[run]) > REACH) for run in range(begin, end)]
        inner = np.flatnonzero(np.append(apart, False)) + begin
        if first < last:
            assert np.array_equal(inner[inner < end], np.arange(first, last))
        else:
            assert inner[inner < end].size == 0
    assert layout.sums[0] == 0
    assert layout.sums[-1] == layout.size
    assert (np.diff(layout.sums)[:-1] == cells).all()
    assert 0 < layout.sums[-1] - layout.sums[-2] <= cells


@given(masks(), st.data())
def test_positions_of_some_runs(mask, data):
    layout = build_layout(mask)
    first = data.draw(st.integers(0, layout.runs.row.size - 1))
    last = data.draw(st.integers(first, layout.runs.row.size))
    begin, end = (int(layout.runs.length[:run].sum()) for run in (first, last))
    assert np.array_equal(layout.positions(slice(first, last)), layout.positions()[begin:end])


def test_types_are_those_the_kernels_take():
    layout = build_layout(np.ones((3, 3), dtype=np.bool_))
    single = [layout.window_first]
    for runs in (layout.runs, layout.windows, layout.cell_runs):
        single += [runs.row, runs.col, runs.length]
    assert {array.dtype for array in single} == {np.dtype(np.int32)}
    double = [layout.base, layout.window_base, layout.cell_start, layout.chunks, layout.sums]
    double += [layout.start, layout.positions()]
    assert {array.dtype for array in double} == {np.dtype(np.int64)}
    assert all(array.flags.c_contiguous for array in single + double)
    assert layout.size == 49 + bands.PADDING


def test_the_mask_is_not_modified():
    mask = np.ones((5, 6), dtype=np.bool_)
    mask.flags.writeable = False
    build_layout(mask)
    assert mask.all()
