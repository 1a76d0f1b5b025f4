"""The compact numbering of unknown pixels that every matting kernel works on.

Unknown pixels are stored as row runs on a mask dilated by two pixels each way, so that all
neighbours of a run that the 5 x 5 stencil can reach are contiguous, in five stretches whose
starts are the run's `base`. Memory is proportional to the dilated mask, not to the picture.

::

    row - 2   . . [ - - o o o o - - ] .        o  neighbour stretches of one run (base[0..4])
    row       . . [ - - # # # # - - ] .        #  the run of unknown pixels
    row + 2   . . [ - - o o o o - - ] .        -  cells that exist but hold zeros
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.types import BoolArray

__all__ = ["REACH", "Layout", "build_layout"]

REACH = 2
"""How far, in pixels, the matting Laplacian of 3 x 3 windows couples two pixels."""

_CHUNK_PIXELS = 16384
"""Pixels in one unit of parallel work: big enough to hide the cost of handing it out."""

_CELLS_PER_SUM = 65536
"""Cells in one partial sum of a dot product."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Row runs of unknown pixels and the numbering of their cells.

    Attributes
    ----------
    unknown : (H, W) uint8 array
        1 where alpha is sought.
    row, col, length : (R,) int32 arrays
        Where each run begins in the picture, sorted by row and column, and its pixels.
    base : (R, 5) int64 array
        Cell number of the run's first column in the rows two above to two below.
    chunks : int64 array
        Run numbers at which the units of parallel work begin, and the number of runs.
    cells : int64 array
        Cell numbers at which the partial sums begin, and the number of cells.
    size : int
        Number of cells, unknown or not; the length of every vector.
    """

    unknown: NDArray[np.uint8]
    row: NDArray[np.int32]
    col: NDArray[np.int32]
    length: NDArray[np.int32]
    base: NDArray[np.int64]
    chunks: NDArray[np.int64]
    cells: NDArray[np.int64]
    size: int

    def positions(self) -> NDArray[np.int64]:
        """Return the cell number of each unknown pixel, in reading order of the picture."""
        return _expand(self.base[:, REACH], self.length)


def build_layout(unknown: BoolArray) -> Layout:
    """Assign a cell to every unknown pixel of a mask, and find their runs.

    Parameters
    ----------
    unknown : (H, W) bool array

    Returns
    -------
    Layout
    """
    import cv2

    mask = np.ascontiguousarray(unknown, dtype=np.uint8)
    padded = np.pad(mask, REACH)
    size = 2 * REACH + 1
    dilated = cv2.dilate(padded, np.ones((size, size), np.uint8))
    width = padded.shape[1]

    cell_start, cell_length = _runs(dilated)
    cell_number = np.concatenate([[0], np.cumsum(cell_length)])
    start, length = _runs(padded)
    base = np.empty((start.size, size), dtype=np.int64)
    for step in range(-REACH, REACH + 1):
        place = start + step * width
        run = np.searchsorted(cell_start, place, side="right") - 1
        base[:, step + REACH] = cell_number[run] + place - cell_start[run]
    return Layout(
        unknown=mask,
        row=(start // width - REACH).astype(np.int32),
        col=(start % width - REACH).astype(np.int32),
        length=length.astype(np.int32),
        base=base,
        chunks=_split(length, _CHUNK_PIXELS),
        cells=_bounds(int(cell_number[-1]), _CELLS_PER_SUM),
        size=int(cell_number[-1]),
    )


def _runs(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return flat starts and lengths of the runs of ones; a run never crosses rows."""
    rows, cols = mask.shape
    edges = np.zeros((rows, cols + 1), dtype=np.int8)
    edges[:, :cols] = mask
    edges[:, 1:] -= mask.view(np.int8)
    row, col = np.nonzero(edges == 1)
    start = row * cols + col
    row, col = np.nonzero(edges == -1)
    return start.astype(np.int64), (row * cols + col - start).astype(np.int64)


def _expand(start: NDArray[np.int64], length: NDArray[np.int32]) -> NDArray[np.int64]:
    """Concatenate the ranges start[n] .. start[n] + length[n]."""
    total = np.concatenate([[0], np.cumsum(length, dtype=np.int64)])
    return np.repeat(start - total[:-1], length) + np.arange(total[-1])


def _split(length: NDArray[np.int64], pixels: int) -> NDArray[np.int64]:
    """Cut the list of runs where another `pixels` pixels are full."""
    total = np.cumsum(length)
    cuts = np.searchsorted(total, np.arange(pixels, int(total[-1]), pixels)) + 1
    return np.unique(np.concatenate([[0], cuts, [length.size]])).astype(np.int64)


def _bounds(count: int, step: int) -> NDArray[np.int64]:
    return np.append(np.arange(0, count, step), count).astype(np.int64)
