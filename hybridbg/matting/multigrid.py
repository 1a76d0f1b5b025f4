"""Colour-adaptive multigrid: the preconditioner that makes closed-form matting converge.

The Laplacian's near-null space is alpha that is locally affine in colour, so each coarse node
carries four functions, its hat times {1, R, G, B} (ext/colour_multigrid.pyx). One V-cycle over
nested Galerkin levels, smoothed alike before and after, with an exact solve of the last level, is
symmetric and positive, hence fit for conjugate gradients. Cost and memory grow linearly with the
unknown pixels, and the number of iterations hardly grows at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybridbg.matting.levels import BASIS, HALF_STENCIL, NodeLevel, PixelLevel
from hybridbg.matting.system import BandSystem

__all__ = ["CAREFUL_DROP", "ColourMultigrid", "Smoother"]

_STENCIL = 25
"""Nodes of the whole 5 x 5 stencil."""

_DENSE_NODES = 16
"""A level of at most this many nodes (64 unknowns) is solved exactly."""

_DEPENDENT = 1e-6
"""Relative pivot of the last level below which a direction is rounding."""

_DROP = 1e-6
"""Relative pivot below which one of a node's functions counts as dependent on the others."""

CAREFUL_DROP = 1e-3
"""The same for pictures on which `_DROP` did not do; takes some more iterations."""


class ColourMultigrid:
    """One V-cycle of colour-adaptive multigrid as a preconditioner.

    Parameters
    ----------
    system : BandSystem
    drop : float
        Relative pivot below which one of a node's functions is dropped.
    """

    def __init__(self, system: BandSystem, drop: float = _DROP) -> None:
        self.pixels = PixelLevel(system)
        level, blocks = _first_nodes(self.pixels, drop)
        self.nodes = [level]
        while level.row.size > _DENSE_NODES and min(level.index.shape) > 2:
            level, blocks = _coarser_nodes(level, blocks, drop)
            self.nodes.append(level)
        self.levels = [level.arrays() for level in self.nodes]
        self.inverse = _dense_inverse(level)

    def apply(self, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return M residual on the cells of the layout; valid until the next call."""
        from hybridbg._kernels import node_blocks

        self.pixels.residual = residual
        self.pixels.descend()
        self.pixels.restrict(self.nodes[0])
        node_blocks.cycle(self.levels, self.inverse)
        self.pixels.prolong(self.nodes[0])
        self.pixels.ascend()
        return self.pixels.x


class Smoother:
    """The V-cycle's smoother alone: slow, but positive on any picture.

    Parameters
    ----------
    system : BandSystem
    """

    def __init__(self, system: BandSystem) -> None:
        self.pixels = PixelLevel(system)

    def apply(self, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return M residual on the cells of the layout; valid until the next call."""
        self.pixels.residual = residual
        self.pixels.descend()
        return self.pixels.x


def _first_nodes(pixels: PixelLevel, drop: float) -> tuple[NodeLevel, NDArray[np.float64]]:
    """Build the first level of nodes and its float64 operator."""
    from hybridbg._kernels import colour_multigrid

    system = pixels.system
    layout = system.layout
    runs, (height, width) = layout.runs, layout.shape
    cell = colour_multigrid.CELL_PIXELS
    marks = np.zeros(((height - 1) // cell + 2, (width - 1) // cell + 2), dtype=np.int32)
    colour_multigrid.mark_nodes(runs.row, runs.col, runs.length, marks)
    index, row, col, neighbours = _number(marks)
    blocks = np.zeros((row.size, HALF_STENCIL, BASIS * BASIS))
    colour_multigrid.galerkin_pixels(
        system.bands,
        system.diagonal,
        *pixels.runs,
        pixels.cell_rows,
        system.colours,
        index,
        blocks,
        system.num_threads,
    )
    return NodeLevel(index, row, col, neighbours, blocks, drop, system.num_threads), blocks


def _coarser_nodes(
    fine: NodeLevel, fine_blocks: NDArray[np.float64], drop: float
) -> tuple[NodeLevel, NDArray[np.float64]]:
    """Build the level with every second node of each axis."""
    from hybridbg._kernels import node_blocks

    rows, cols = fine.index.shape
    marks = np.zeros((rows // 2 + 1, cols // 2 + 1), dtype=np.int32)
    node_blocks.mark_parents(fine.row, fine.col, marks)
    index, row, col, neighbours = _number(marks)
    blocks = np.zeros((row.size, HALF_STENCIL, BASIS * BASIS))
    node_blocks.galerkin_nodes(
        fine_blocks,
        fine.neighbours,
        fine.row,
        fine.col,
        fine.index,
        row,
        col,
        blocks,
        fine.num_threads,
    )
    return NodeLevel(index, row, col, neighbours, blocks, drop, fine.num_threads), blocks


def _number(
    marks: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Assign numbers to the marked nodes in reading order, and find their neighbours."""
    from hybridbg._kernels import node_blocks

    row, col = (axis.astype(np.int32) for axis in np.nonzero(marks))
    index = np.full(marks.shape, -1, dtype=np.int32)
    index[row, col] = np.arange(row.size, dtype=np.int32)
    neighbours = np.empty((row.size, _STENCIL), dtype=np.int32)
    node_blocks.find_neighbours(index, row, col, neighbours)
    return index, row, col, neighbours


def _dense_inverse(level: NodeLevel) -> NDArray[np.float64]:
    """Return the pseudo-inverse of a level's normalised operator."""
    from hybridbg._kernels import node_blocks

    size = level.row.size
    blockwise = np.zeros((size, BASIS, size, BASIS))
    for half in range(HALF_STENCIL):
        node = np.flatnonzero(level.neighbours[:, half] >= 0)
        other = level.neighbours[node, half]
        block = level.blocks[node, half].reshape(-1, BASIS, BASIS)
        blockwise[node, :, other, :] = block
        blockwise[other, :, node, :] = block.transpose(0, 2, 1)
    matrix = blockwise.reshape(size * BASIS, size * BASIS)
    inverse = np.empty_like(matrix)
    node_blocks.invert_dense(matrix, _DEPENDENT, inverse)
    return inverse
