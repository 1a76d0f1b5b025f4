"""The compact numbering of unknown pixels that every matting kernel works on.

Unknown pixels are stored as row runs on a mask dilated by two pixels each way, so that all
neighbours of a run that the 5 x 5 stencil can reach are contiguous, in five stretches whose
starts are the run's `base`. These are also all the pixels whose colours the Laplacian of the
unknown ones depends on; memory is proportional to them, not to the picture.

::

    row - 2   . . [ - - o o o o - - ] .        o  neighbour stretches of one run (base[0..4])
    row       . . [ - - # # # # - - ] .        #  the run of unknown pixels
    row + 2   . . [ - - o o o o - - ] .        -  cells that exist but hold zeros
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.types import BoolArray, ByteArray, Shape

__all__ = ["REACH", "Layout", "Runs", "build_layout"]

REACH = 2
"""How far, in pixels, the matting Laplacian of 3 x 3 windows couples two pixels."""

_CHUNK_PIXELS = 8192
"""Pixels in one unit of parallel work: big enough to hide the cost of handing it out."""

_CELLS_PER_SUM = 16384
"""Cells in one partial sum of a dot product."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Row runs of a mask, sorted by row and column.

    Attributes
    ----------
    row, col, length : (R,) int32 arrays
        Where each run begins in the picture, and its pixels.
    """

    row: NDArray[np.int32]
    col: NDArray[np.int32]
    length: NDArray[np.int32]

    @classmethod
    def of(cls, mask: ByteArray, offset: int = 0) -> Runs:
        """Find the runs of ones; rows and columns are counted from `offset`."""
        from hybridbg._kernels import pixel_runs

        row, col, length = np.empty((3, pixel_runs.count_runs(mask)), dtype=np.int32)
        pixel_runs.find_runs(mask, row, col, length)
        return cls(row - offset, col - offset, length)


@dataclass(frozen=True, eq=False)
class Layout:
    """Row runs of unknown pixels and the numbering of their cells.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the picture.
    runs : Runs
        The unknown pixels.
    base : (R, 5) int64 array
        Cell number of each run's first column in the rows two above to two below.
    windows : Runs
        Centres of the 3 x 3 windows that lie in the picture and hold an unknown pixel.
    window_base : (W, 3) int64 array
        Cell number of each of these runs' first column in the rows above, at and below it.
    window_first : (rows + 1,) int32 array
        Number of each row's first run of windows.
    cell_runs : Runs
        All cells. They reach two pixels beyond the picture.
    cell_start : int64 array
        Cell number at which each of these runs begins.
    chunks : int64 array
        Run numbers at which the units of parallel work begin, and the number of runs. They are
        whole rows.
    cores : (chunks, 2) int64 array
        Run numbers within each chunk from and before which all neighbours belong to it as well.
    sums : int64 array
        Cell numbers at which the partial sums begin, and the number of cells.
    size : int
        Number of cells, unknown or not, with the kernels' spare ones; the length of every vector.
    """

    shape: Shape
    runs: Runs
    base: NDArray[np.int64]
    windows: Runs
    window_base: NDArray[np.int64]
    window_first: NDArray[np.int32]
    cell_runs: Runs
    cell_start: NDArray[np.int64]
    chunks: NDArray[np.int64]
    cores: NDArray[np.int64]
    sums: NDArray[np.int64]
    size: int

    @property
    def start(self) -> NDArray[np.int64]:
        """Cell number at which each run of unknown pixels begins."""
        return np.ascontiguousarray(self.base[:, REACH])

    def positions(self, part: slice = slice(None)) -> NDArray[np.int64]:
        """Return the cell number of each unknown pixel of some runs, in reading order."""
        return _expand(self.base[part, REACH], self.runs.length[part])


def build_layout(unknown: BoolArray) -> Layout:
    """Assign a cell to every unknown pixel of a mask, and find their runs.

    Parameters
    ----------
    unknown : (H, W) bool array

    Returns
    -------
    Layout
    """
    from hybridbg._kernels import bands

    rows, cols = unknown.shape
    padded = np.pad(unknown.view(np.uint8), REACH)
    reached = Runs.of(_dilated(padded, REACH), REACH)
    # A pixel's flat number in the padded picture, and the cell number of each run of cells.
    width = cols + 2 * REACH
    flat = (reached.row + REACH).astype(np.int64) * width + reached.col + REACH
    cells = np.concatenate([[0], np.cumsum(reached.length, dtype=np.int64)])

    def base(runs: Runs, reach: int) -> NDArray[np.int64]:
        steps = np.arange(-reach, reach + 1)
        place = (runs.row[:, None] + steps + REACH).astype(np.int64) * width
        place += runs.col[:, None] + REACH
        run = np.searchsorted(flat, place, side="right") - 1
        return np.ascontiguousarray(cells[run] + place - flat[run])

    runs = Runs.of(padded, REACH)
    centres = _dilated(padded, 1)
    centres[: REACH + 1] = centres[rows + REACH - 1 :] = 0  # windows do not leave the picture
    centres[:, : REACH + 1] = centres[:, cols + REACH - 1 :] = 0
    windows = Runs.of(centres, REACH)
    size = int(cells[-1]) + bands.PADDING
    chunks = _split(runs, _CHUNK_PIXELS)
    return Layout(
        shape=(rows, cols),
        runs=runs,
        base=base(runs, REACH),
        windows=windows,
        window_base=base(windows, 1),
        window_first=np.searchsorted(windows.row, np.arange(rows + 1)).astype(np.int32),
        cell_runs=reached,
        cell_start=cells[:-1],
        chunks=chunks,
        cores=_cores(runs.row, chunks),
        sums=np.append(np.arange(0, size, _CELLS_PER_SUM), size).astype(np.int64),
        size=size,
    )


def _dilated(mask: ByteArray, reach: int) -> ByteArray:
    import cv2

    side = 2 * reach + 1
    grown: ByteArray = cv2.dilate(mask, np.ones((side, side), np.uint8))
    return grown


def _expand(start: NDArray[np.int64], length: NDArray[np.int32]) -> NDArray[np.int64]:
    """Concatenate the ranges start[n] .. start[n] + length[n]."""
    total = np.concatenate([[0], np.cumsum(length, dtype=np.int64)])
    return np.repeat(start - total[:-1], length) + np.arange(total[-1])


def _split(runs: Runs, pixels: int) -> NDArray[np.int64]:
    """Cut the list of runs before the row that follows another `pixels` pixels."""
    total = np.cumsum(runs.length, dtype=np.int64)
    full = np.searchsorted(total, np.arange(pixels, int(total[-1]), pixels))
    cuts = np.searchsorted(runs.row, runs.row[full], side="right")
    return np.unique(np.concatenate([[0], cuts, [runs.length.size]])).astype(np.int64)


def _cores(row: NDArray[np.int32], chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the runs of each chunk that no stencil of another chunk's runs reaches."""
    first, last = row[chunks[:-1]], row[chunks[1:] - 1]
    # The rows of other chunks that are nearest; beyond the first and the last there are none.
    before = np.concatenate([[-2 * REACH], last[:-1]])
    after = np.concatenate([first[1:], [row[-1] + 2 * REACH]])
    cores = np.stack(
        (
            np.searchsorted(row, before + REACH, side="right"),
            np.searchsorted(row, after - REACH, side="left"),
        ),
        axis=1,
    )
    cores = np.clip(cores, chunks[:-1, None], chunks[1:, None])
    return np.maximum.accumulate(cores, axis=1).astype(np.int64)
