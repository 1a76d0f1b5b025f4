"""The levels of the colour multigrid: one of pixels, then levels of nodes, behind one interface.

Each level holds an approximate solution `x` of `A x = b`, the current `residual` b - A x, and the
last `step`. Smoothing is Chebyshev iteration of degree two on D^-1 A, D being the diagonal (of
4 x 4 blocks, on nodes); its interval is the upper part of the spectrum, which the coarser level
cannot see. All vectors are float32: they only precondition a float64 iteration.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.types import FloatArray
from hybridbg.matting.spectrum import upper_eigenvalue
from hybridbg.matting.system import BandSystem

__all__ = ["BASIS", "HALF_STENCIL", "Level", "NodeLevel", "PixelLevel"]

BASIS = 4
"""Functions of a node: its hat times 1, R, G and B."""

HALF_STENCIL = 13
"""Blocks stored for a node: itself and its forward neighbours."""

_STENCIL = 25
"""Nodes of the whole 5 x 5 stencil."""

_DROP = 1e-4
"""Relative pivot below which one of a node's functions counts as dependent on the others.

Operators are kept in float32, so a pivot p is only known to 6e-8 / p. Keeping pivots down to 1e-5
made the V-cycle indefinite on drawings with flat areas; 1e-4 costs no iterations on photographs.
"""

_EIGENVALUE_MARGIN = 1.05
"""What the estimate of the largest eigenvalue may be low by."""

_SMOOTHED_SHARE = 4.0
"""The smoother works on eigenvalues from a quarter of the largest up."""


@dataclass(frozen=True)
class Chebyshev:
    """Coefficients of two Chebyshev steps on the interval [upper / share, upper].

    step_1 = first D^-1 r;  step_2 = keep step_1 + gain D^-1 (r - A step_1)
    """

    first: float
    keep: float
    gain: float

    @classmethod
    def below(cls, upper: float) -> Chebyshev:
        """Return the coefficients for eigenvalues up to `upper`."""
        centre = upper * (1 + 1 / _SMOOTHED_SHARE) / 2
        radius = upper * (1 - 1 / _SMOOTHED_SHARE) / 2
        ratio = radius / centre
        following = 1 / (2 / ratio - ratio)
        return cls(first=1 / centre, keep=following * ratio, gain=2 * following / radius)


class Level(ABC):
    """What the V-cycle asks of a level."""

    x: NDArray[np.float32]
    residual: NDArray[np.float32]

    @abstractmethod
    def smooth(self, *, from_zero: bool) -> None:
        """Improve x by two steps; the residual is left without the second."""

    @abstractmethod
    def settle(self) -> None:
        """Take the last step into the residual."""

    @abstractmethod
    def restrict(self, coarse: NodeLevel) -> None:
        """Hand the residual to the coarser level."""

    @abstractmethod
    def correct(self, coarse: NodeLevel) -> None:
        """Take the coarser level's solution into x and the residual."""


class PixelLevel(Level):
    """The unknown pixels themselves.

    Parameters
    ----------
    system : BandSystem
    image : (H, W, 3) float32
        Colours that the first coarse level's functions follow.
    mean : (3,) float64
        Subtracted from colours, so that the four functions differ as much as they can.
    """

    def __init__(
        self, system: BandSystem, image: FloatArray, mean: NDArray[np.float64], cell_pixels: int
    ) -> None:
        from hybridbg._kernels import bands

        self.kernel = bands
        self.system = system
        self.image = image
        self.mean = mean
        row = system.layout.row
        cell_count = int(row[-1]) // cell_pixels + 1
        self.cell_rows = np.searchsorted(row, np.arange(cell_count + 1) * cell_pixels).astype(
            np.int64
        )
        size = system.layout.size
        self.x, self.residual, self.step, self.next_step = np.zeros((4, size), dtype=np.float32)
        self.smoother = Chebyshev.below(_EIGENVALUE_MARGIN * self._largest_eigenvalue())

    def smooth(self, *, from_zero: bool) -> None:
        """Improve x by two steps; the residual is left without the second."""
        layout, plan = self.system.layout, self.smoother
        runs = (layout.length, layout.base, layout.chunks)
        self.kernel.chebyshev_first(
            self.system.diagonal,
            *runs,
            self.residual,
            plan.first,
            self.x,
            self.step,
            from_zero,
            self.system.num_threads,
        )
        self.kernel.chebyshev_next(
            self.system.bands,
            self.system.diagonal,
            *runs,
            self.step,
            self.residual,
            plan.keep,
            plan.gain,
            self.x,
            self.next_step,
            self.system.num_threads,
        )
        self.step, self.next_step = self.next_step, self.step

    def settle(self) -> None:
        """Take the last step into the residual."""
        layout = self.system.layout
        self.kernel.subtract_product(
            self.system.bands,
            self.system.diagonal,
            layout.length,
            layout.base,
            layout.chunks,
            self.step,
            self.residual,
            self.system.num_threads,
        )

    def restrict(self, coarse: NodeLevel) -> None:
        """Hand the residual to the first level of nodes."""
        from hybridbg._kernels import colour_multigrid

        layout = self.system.layout
        coarse.residual[:] = 0
        colour_multigrid.restrict_pixels(
            self.residual,
            layout.row,
            layout.col,
            layout.length,
            layout.base,
            self.cell_rows,
            self.image,
            self.mean,
            coarse.index,
            coarse.residual,
            self.system.num_threads,
        )

    def correct(self, coarse: NodeLevel) -> None:
        """Take the nodes' solution into x and the residual."""
        from hybridbg._kernels import colour_multigrid

        layout = self.system.layout
        self.step[:] = 0
        colour_multigrid.prolong_pixels(
            coarse.x,
            layout.row,
            layout.col,
            layout.length,
            layout.base,
            layout.chunks,
            self.image,
            self.mean,
            coarse.index,
            self.step,
            self.system.num_threads,
        )
        self.x += self.step
        self.settle()

    def _largest_eigenvalue(self) -> float:
        system, layout = self.system, self.system.layout
        positions = layout.positions()
        start = np.zeros(layout.size, dtype=np.float32)
        start[positions] = np.random.default_rng(0).standard_normal(
            positions.size, dtype=np.float32
        )
        inverse = np.zeros(layout.size, dtype=np.float32)
        inverse[positions] = 1 / system.diagonal[positions]

        def multiply(x: NDArray[np.float32]) -> NDArray[np.float32]:
            product = np.zeros_like(x)
            self.kernel.product(
                system.bands,
                system.diagonal,
                layout.length,
                layout.base,
                layout.chunks,
                x,
                product,
                system.num_threads,
            )
            return product

        return upper_eigenvalue(multiply, lambda residual: residual * inverse, start)


class NodeLevel(Level):
    """One level of nodes.

    Parameters
    ----------
    index : (J, K) int32
        Number of each node of the grid, or -1.
    row, col : (nodes,) int32
    neighbours : (nodes, 25) int32
    blocks : (nodes, 13, 16) float64
        The Galerkin operator; kept in float32.
    num_threads : int
    """

    def __init__(
        self,
        index: NDArray[np.int32],
        row: NDArray[np.int32],
        col: NDArray[np.int32],
        neighbours: NDArray[np.int32],
        blocks: NDArray[np.float64],
        num_threads: int,
    ) -> None:
        from hybridbg._kernels import node_blocks

        self.kernel = node_blocks
        self.index, self.row, self.col, self.neighbours = index, row, col, neighbours
        self.num_threads = num_threads
        self.inverses = np.empty((row.size, BASIS * BASIS), dtype=np.float32)
        node_blocks.invert_blocks(blocks, _DROP, self.inverses)
        self.blocks = blocks.astype(np.float32)
        self.x, self.residual, self.step = np.zeros((3, row.size, BASIS), dtype=np.float32)
        self.smoother = Chebyshev.below(_EIGENVALUE_MARGIN * self._largest_eigenvalue())

    def smooth(self, *, from_zero: bool) -> None:
        """Improve x by two steps; the residual is left without the second."""
        plan = self.smoother
        self.kernel.chebyshev_first(
            self.inverses, self.residual, plan.first, self.x, self.step, from_zero
        )
        self.settle()
        self.kernel.chebyshev_next(
            self.inverses, self.residual, plan.keep, plan.gain, self.x, self.step
        )

    def settle(self) -> None:
        """Take the last step into the residual."""
        self.kernel.subtract_product(
            self.blocks, self.neighbours, self.step, self.residual, self.num_threads
        )

    def restrict(self, coarse: NodeLevel) -> None:
        """Hand the residual to the next level of nodes."""
        self.kernel.restrict_nodes(
            self.residual, self.index, coarse.row, coarse.col, coarse.residual
        )

    def correct(self, coarse: NodeLevel) -> None:
        """Take the coarser nodes' solution into x and the residual."""
        self.step[:] = 0
        self.kernel.prolong_nodes(coarse.x, coarse.index, self.row, self.col, self.step)
        self.x += self.step
        self.settle()

    def _largest_eigenvalue(self) -> float:
        start = np.random.default_rng(0).standard_normal(self.x.shape, dtype=np.float32)
        unused = np.empty_like(start)

        def multiply(x: NDArray[np.float32]) -> NDArray[np.float32]:
            product = np.empty_like(x)
            self.kernel.product(self.blocks, self.neighbours, x, product, self.num_threads)
            return product

        def scale(residual: NDArray[np.float32]) -> NDArray[np.float32]:
            scaled = np.empty_like(residual)
            self.kernel.chebyshev_first(self.inverses, residual, 1.0, unused, scaled, True)
            return scaled

        return upper_eigenvalue(multiply, scale, start)
