"""What assembly reads and writes; its numbers are tested in tests/matting/test_system.py."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import bands, closed_form
from hybridbg.matting import layout as layout_module
from hybridbg.matting.cells import colours_of, trimap_of
from hybridbg.matting.layout import build_layout
from tests.kernels.systems import mask_of, read_only
from tests.matting.pictures import smooth

MARK = 7.5
SHAPES = [(4, 4), (4, 300), (30, 4), (13, 29)]


def trimap_on(shape, share=0.6):
    """Known pixels strewn among unknown ones, some of which touch each border."""
    trimap = np.where(mask_of(shape), 0, 255).astype(np.uint8)
    trimap[mask_of(shape, seed=1, share=share)] = 128
    trimap[0, 0] = trimap[-1, -1] = trimap[0, -1] = 128
    return trimap


def assembled(image, trimap, dtype, num_threads, *, spare=0.0):
    """Arrays that held a mark on all cells that are not unknown, as assembly left them."""
    layout = build_layout(trimap == 128)
    colours, marks = colours_of(image, layout), trimap_of(trimap, layout)
    colours[-bands.PADDING :] = spare
    positions = layout.positions()
    diagonal, right_side = np.full((2, layout.size), MARK)
    off_diagonals = np.full((12, layout.size), MARK, dtype=dtype)
    inverse = np.full(layout.size, MARK, dtype=np.float32)
    for array in (diagonal, right_side, inverse, *off_diagonals):
        array[positions] = 0
    runs, windows = layout.runs, layout.windows
    read_only(colours, marks, runs.row, runs.col, runs.length, layout.base, layout.chunks)
    read_only(layout.window_first, windows.col, windows.length, layout.window_base)
    closed_form.assemble(
        colours,
        marks,
        *layout.shape,
        runs.row,
        runs.col,
        runs.length,
        layout.base,
        layout.chunks,
        layout.window_first,
        windows.col,
        windows.length,
        layout.window_base,
        1e-7,
        off_diagonals,
        diagonal,
        right_side,
        inverse,
        num_threads,
    )
    return layout, off_diagonals, diagonal, right_side, inverse


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_only_unknown_cells_are_written(shape, dtype):
    layout, *arrays = assembled(smooth(shape), trimap_on(shape), dtype, 2)
    elsewhere = np.ones(layout.size, dtype=np.bool_)
    elsewhere[layout.positions()] = False
    for array in arrays:
        assert (array[..., elsewhere] == MARK).all()
        assert np.isfinite(array).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_depends_on_spare_cells(shape, dtype):
    image, trimap = smooth(shape), trimap_on(shape)
    _, *expected = assembled(image, trimap, dtype, 1)
    _, *found = assembled(image, trimap, dtype, 1, spare=np.nan)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bits_for_any_number_of_threads(dtype, monkeypatch):
    monkeypatch.setattr(layout_module, "_CHUNK_PIXELS", 60)
    image, trimap = smooth((40, 31)), trimap_on((40, 31))
    layout, *expected = assembled(image, trimap, dtype, 1)
    assert layout.chunks.size > 5
    for threads in (2, 3):
        _, *found = assembled(image, trimap, dtype, threads)
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_where_the_work_is_cut_changes_nothing(dtype, monkeypatch):
    image, trimap = smooth((40, 31)), trimap_on((40, 31))
    _, *expected = assembled(image, trimap, dtype, 1)
    for pixels in (1, 7, 100):
        monkeypatch.setattr(layout_module, "_CHUNK_PIXELS", pixels)
        _, *found = assembled(image, trimap, dtype, 1)
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other)
