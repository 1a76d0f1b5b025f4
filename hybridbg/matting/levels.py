"""The levels of the colour multigrid: one of pixels, then levels of nodes.

Each level holds the `residual` r it was handed, an approximate solution `x` of `A x = r`, and
`other`, the iterate before it; `left` is what x leaves of r on pixels. Smoothing is Chebyshev
iteration of degree two on D^-1 A, D being the diagonal (of 4 x 4 blocks, on nodes); its interval is
the upper part of the spectrum, which the coarser level cannot see. All vectors are float32: they
only precondition a float64 iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hybridbg.matting.spectrum import upper_eigenvalue
from hybridbg.matting.system import BandSystem

if TYPE_CHECKING:
    from hybridbg._kernels.node_blocks import Level

__all__ = ["BASIS", "HALF_STENCIL", "NodeLevel", "PixelLevel"]

BASIS = 4
"""Functions of a node: its hat times 1, R, G and B."""

HALF_STENCIL = 13
"""Blocks stored for a node: itself and its forward neighbours."""

_EIGENVALUE_MARGIN = 1.15
"""What the estimate of the nodes' largest eigenvalue may be low by; two smoothing steps on an
eighth of the spectrum bear another 12 %."""

_SHARED_NODES = 256
"""Nodes from which a level is worth more than one thread: below, waking it takes longer."""

_PIXEL_SHARE, _NODE_SHARE = 8.0, 8.0
"""Smoothers work on eigenvalues from the largest down to this part of it. On pixels the largest is
bounded; on nodes it is estimated. Wide intervals take fewer iterations: on nodes this one takes up
to a tenth less than one of half the share, on large pictures.
"""


@dataclass(frozen=True)
class Chebyshev:
    """Coefficients of two Chebyshev steps on the interval [upper / share, upper].

    step_1 = first D^-1 r;  step_2 = keep step_1 + gain D^-1 (r - A step_1)
    """

    first: float
    keep: float
    gain: float

    @classmethod
    def below(cls, upper: float, share: float) -> Chebyshev:
        """Return the coefficients for eigenvalues from `upper / share` to `upper`."""
        centre = upper * (1 + 1 / share) / 2
        radius = upper * (1 - 1 / share) / 2
        ratio = radius / centre
        following = 1 / (2 / ratio - ratio)
        return cls(first=1 / centre, keep=following * ratio, gain=2 * following / radius)


class PixelLevel:
    """The unknown pixels themselves.

    Parameters
    ----------
    system : BandSystem
    """

    residual: NDArray[np.float32]

    def __init__(self, system: BandSystem) -> None:
        from hybridbg._kernels import bands, closed_form, colour_multigrid

        self.kernel, self.transfer = bands, colour_multigrid
        self.system = system
        layout = system.layout
        self.sums = layout.sums
        self.operator = (
            system.bands,
            system.diagonal,
            system.inverse,
            layout.runs.length,
            layout.base,
            layout.chunks,
            layout.cores,
        )
        self.runs = (layout.runs.row, layout.runs.col, layout.runs.length, layout.base)
        cell = colour_multigrid.CELL_PIXELS
        bounds = np.arange(int(layout.runs.row[-1]) // cell + 2) * cell
        self.cell_rows = np.searchsorted(layout.runs.row, bounds).astype(np.int64)
        self.x, self.other, self.left = np.zeros((3, layout.size), dtype=np.float32)
        self.smoother = Chebyshev.below(closed_form.LARGEST_EIGENVALUE, _PIXEL_SHARE)

    def descend(self) -> None:
        """Smooth twice from zero, and keep in `left` what x does not explain of the residual."""
        plan, system = self.smoother, self.system
        self.kernel.scale(
            system.inverse, self.residual, plan.first, self.sums, self.other, system.vector_threads
        )
        self.kernel.relax_subtract(
            *self.operator,
            self.residual,
            self.other,
            self.x,
            self.left,
            1 + plan.keep,
            plan.gain,
            system.num_threads,
        )

    def ascend(self) -> None:
        """Smooth x twice."""
        plan = self.smoother
        self.kernel.relax_twice(
            *self.operator,
            self.residual,
            self.x,
            self.other,
            plan.first,
            1 + plan.keep,
            -plan.keep,
            plan.gain,
            self.system.num_threads,
        )

    def restrict(self, coarse: NodeLevel) -> None:
        """Hand what is left to the first level of nodes."""
        coarse.residual[:] = 0
        self.transfer.restrict_pixels(
            self.left,
            *self.runs,
            self.cell_rows,
            self.system.colours,
            coarse.index,
            coarse.residual,
            self.system.num_threads,
        )

    def prolong(self, coarse: NodeLevel) -> None:
        """Add the nodes' solution to x."""
        self.transfer.prolong_pixels(
            coarse.x,
            *self.runs,
            self.system.layout.chunks,
            self.system.colours,
            coarse.index,
            self.x,
            self.system.num_threads,
        )


class NodeLevel:
    """One level of nodes.

    Parameters
    ----------
    index : (J, K) int32
        Number of each node of the grid, or -1.
    row, col : (nodes,) int32
    neighbours : (nodes, 25) int32
    blocks : (nodes, 13, 16) float64
        The Galerkin operator; kept normalised, in float32.
    drop : float
        Relative pivot below which one of a node's functions is dropped.
    num_threads : int
    """

    def __init__(
        self,
        index: NDArray[np.int32],
        row: NDArray[np.int32],
        col: NDArray[np.int32],
        neighbours: NDArray[np.int32],
        blocks: NDArray[np.float64],
        drop: float,
        num_threads: int,
    ) -> None:
        from hybridbg._kernels import node_blocks

        self.kernel = node_blocks
        self.index, self.row, self.col, self.neighbours = index, row, col, neighbours
        self.num_threads = num_threads if row.size >= _SHARED_NODES else 1
        lower, inverse = np.empty((2, row.size, BASIS * BASIS))
        node_blocks.factor_blocks(blocks, drop, lower, inverse)
        self.blocks = np.zeros(blocks.shape, dtype=np.float32)
        node_blocks.normalise_blocks(blocks, neighbours, inverse, self.blocks, self.num_threads)
        self.lower, self.inverse = lower.astype(np.float32), inverse.astype(np.float32)
        self.x, self.other, self.residual = np.zeros((3, row.size, BASIS), dtype=np.float32)
        self.smoother = Chebyshev.below(
            _EIGENVALUE_MARGIN * self._largest_eigenvalue(), _NODE_SHARE
        )

    def arrays(self) -> Level:
        """Return what the compiled V-cycle works on."""
        plan = self.smoother
        return self.kernel.Level(
            self.index,
            self.row,
            self.col,
            self.neighbours,
            self.blocks,
            self.lower,
            self.inverse,
            self.x,
            self.other,
            self.residual,
            plan.first,
            plan.keep,
            plan.gain,
            self.num_threads,
        )

    def _largest_eigenvalue(self) -> float:
        start = np.random.default_rng(0).standard_normal(self.x.shape, dtype=np.float32)

        def multiply(x: NDArray[np.float32]) -> NDArray[np.float32]:
            product = np.empty_like(x)
            self.kernel.product(self.blocks, self.neighbours, x, product, self.num_threads)
            return product

        return upper_eigenvalue(multiply, start)
