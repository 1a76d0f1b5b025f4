"""The compact numbering of unknown pixels, by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.matting import layout as module
from hybridbg.matting.layout import REACH, build_layout
from tests.matting.pictures import masks


def pixels_of_runs(layout):
    """(row, col) of every pixel of every run, in order."""
    return [
        (int(row), int(col) + step)
        for row, col, length in zip(layout.row, layout.col, layout.length, strict=True)
        for step in range(length)
    ]


def within_reach(mask):
    """Every (row, col), also off the picture, at most REACH from a set pixel along both axes."""
    offsets = range(-REACH, REACH + 1)
    return {
        (int(row) + down, int(col) + right)
        for row, col in np.argwhere(mask)
        for down in offsets
        for right in offsets
    }


@settings(deadline=None)
@given(masks())
def test_runs_are_the_mask_in_reading_order(mask):
    layout = build_layout(mask)
    assert pixels_of_runs(layout) == [tuple(place) for place in np.argwhere(mask).tolist()]
    assert np.array_equal(layout.unknown, mask)
    ends = set(zip(layout.row.tolist(), (layout.col + layout.length).tolist(), strict=True))
    assert ends.isdisjoint(zip(layout.row.tolist(), layout.col.tolist(), strict=True))


@settings(deadline=None)
@given(masks())
def test_cells_and_places_within_reach_are_in_bijection(mask):
    layout = build_layout(mask)
    place_of_cell = {}
    for run in range(layout.row.size):
        for down in range(-REACH, REACH + 1):
            for step in range(-REACH, layout.length[run] + REACH):
                cell = int(layout.base[run, down + REACH]) + step
                place = (int(layout.row[run]) + down, int(layout.col[run]) + step)
                assert place_of_cell.setdefault(cell, place) == place
    assert set(place_of_cell) == set(range(layout.size))
    assert len(set(place_of_cell.values())) == layout.size
    assert set(place_of_cell.values()) == within_reach(mask)
    positions = layout.positions().tolist()
    assert [place_of_cell[cell] for cell in positions] == pixels_of_runs(layout)


@settings(deadline=None)
@given(masks(), st.integers(1, 50), st.integers(1, 50))
def test_work_and_sums_are_cut_at_the_wanted_sizes(mask, pixels, cells):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK_PIXELS", pixels)
        patch.setattr(module, "_CELLS_PER_SUM", cells)
        layout = build_layout(mask)
    assert layout.chunks[0] == 0
    assert layout.chunks[-1] == layout.length.size
    work = np.add.reduceat(layout.length, layout.chunks[:-1])
    assert (np.diff(layout.chunks) > 0).all()
    assert (work <= pixels + layout.length.max()).all()
    assert (work[:-1] > pixels - layout.length.max()).all()
    assert layout.cells[0] == 0
    assert layout.cells[-1] == layout.size
    assert (np.diff(layout.cells)[:-1] == cells).all()
    assert 0 < layout.cells[-1] - layout.cells[-2] <= cells


def test_types_are_those_the_kernels_take():
    layout = build_layout(np.ones((3, 3), dtype=np.bool_))
    assert layout.unknown.dtype == np.uint8
    assert {array.dtype for array in (layout.row, layout.col, layout.length)} == {
        np.dtype(np.int32)
    }
    assert {array.dtype for array in (layout.base, layout.chunks, layout.cells)} == {
        np.dtype(np.int64)
    }
    assert layout.size == 49
