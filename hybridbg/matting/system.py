"""The linear system of closed-form matting on compact bands, and its conjugate gradients.

For the unknown pixels U, the known K, a per-pixel prior with weights G (Levin et al. 2008, eq. 13,
restricted to U):

    (L_UU + G) a_U = G a_prior - L_UK a_K
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import SolverError
from hybridbg.core.types import ByteArray, FloatArray
from hybridbg.matting.cells import trimap_of, unknown_of
from hybridbg.matting.layout import Layout
from hybridbg.matting.spectrum import smallest_eigenvalue

__all__ = ["BandSystem", "Preconditioner", "Solution", "assemble_system", "solve"]

FORWARD_NEIGHBOURS = 12
"""Off-diagonals kept per pixel: the forward half of the 5 x 5 stencil."""

_SHARED_CELLS = 1 << 16
"""Cells from which a sum of vectors is worth more than one thread."""

_HELD = np.float32(1e6)
"""Weight of a prior that is as good as known; more would overflow."""

_SPREAD, _STUCK, _SINGULAR = 0.025, 0.002, 0.001
"""Landmarks among the eigenvalues of the preconditioned system.

Modes from `_STUCK` to `_SPREAD` are wide and share their error among many pixels: stopping as if
their eigenvalue were `_SPREAD` kept the largest error below the tolerance on all photographs.
Modes below `_STUCK` are single patches that hardly anything holds in place, and have to be waited
for. Below `_SINGULAR`, patches hang together by nothing but rounding, and alpha is undefined.
"""

_FIRST_CHECK = 10
"""Iterations after which the eigenvalue estimate is worth something."""

_EVERY = 64
"""Iterations up to which the estimate is made each time, and between estimates from then on."""

_ROUNDING = 1e-13
"""Relative residual that float64 cannot improve upon."""


class Preconditioner(Protocol):
    """Something that applies a fixed symmetric positive approximation of the inverse."""

    def apply(self, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return M residual on the cells of the layout; valid until the next call."""


@dataclass(frozen=True, eq=False)
class BandSystem:
    """The matrix and right side for the unknown pixels of a layout.

    Attributes
    ----------
    layout : Layout
    colours : (cells, 4) float32 array
        1 and the colours, less their mean, that alpha is locally an affine function of.
    bands : (12, cells) float32 or float64 array
        Off-diagonals to the forward neighbours, see ext/closed_form.pyx; float64 where the
        picture's couplings cancel to less than float32 can tell.
    diagonal, right_side : (cells,) float64 arrays
    inverse : (cells,) float32 array
        D^-1 of the smoother, with which no eigenvalue of D^-1 A is above
        `closed_form.LARGEST_EIGENVALUE`.
    num_threads : int
    """

    layout: Layout
    colours: NDArray[np.float32]
    bands: NDArray[np.float32] | NDArray[np.float64]
    diagonal: NDArray[np.float64]
    right_side: NDArray[np.float64]
    inverse: NDArray[np.float32]
    num_threads: int

    @property
    def vector_threads(self) -> int:
        """Threads to use for sums of vectors."""
        return self.num_threads if self.layout.size >= _SHARED_CELLS else 1

    def product(self, x: NDArray[np.float32], out: NDArray[np.float64]) -> float:
        """Write A x into `out` on the unknown pixels and return x' A x."""
        from hybridbg._kernels import bands

        layout = self.layout
        return bands.product(
            self.bands,
            self.diagonal,
            layout.runs.length,
            layout.base,
            layout.chunks,
            x,
            out,
            np.empty(layout.chunks.size),
            self.num_threads,
        )


@dataclass(frozen=True)
class Solution:
    """What the solver did.

    Attributes
    ----------
    iterations : int
    residual : float
        Norm of the residual over that of the right side.
    error : float
        Estimate of the largest error of alpha that is left.
    """

    iterations: int
    residual: float
    error: float


def assemble_system(
    colours: NDArray[np.float32],
    trimap: ByteArray,
    layout: Layout,
    *,
    epsilon: float,
    num_threads: int,
    prior: FloatArray | None = None,
    prior_weight: FloatArray | None = None,
    exact: bool = False,
) -> BandSystem:
    """Assemble the closed-form system of the unknown pixels.

    Parameters
    ----------
    colours : (cells, 4) float32
        As `colours_of` returns them; used up.
    trimap : (H, W) uint8, 0 / 128 / 255, C-contiguous
    layout : Layout
        Of its unknown pixels.
    epsilon : float
        Regularisation of the windows' colour covariance.
    num_threads : int
    prior, prior_weight : (H, W) float32 or None
        Expected alpha and how strongly it is held (G), read where alpha is unknown.
    exact : bool
        Keep couplings in float64 in any case.

    Returns
    -------
    BandSystem
    """
    from hybridbg._kernels import closed_form

    marks = trimap_of(trimap, layout)
    runs, windows = layout.runs, layout.windows
    diagonal, right_side = np.zeros((2, layout.size))
    inverse = np.zeros(layout.size, dtype=np.float32)
    for dtype in (np.float64,) if exact else (np.float32, np.float64):
        bands = np.zeros((FORWARD_NEIGHBOURS, layout.size), dtype=dtype)
        too_coarse = closed_form.assemble(
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
            epsilon,
            bands,
            diagonal,
            right_side,
            inverse,
            num_threads,
        )
        if not too_coarse:
            break
    # Only now: to take the mean off rounds, and windows of nearly one colour would see it.
    mean = np.einsum("ij->j", colours, dtype=np.float64) / layout.size
    mean[0] = 0  # the constant stays
    np.subtract(colours, mean.astype(np.float32), out=colours)
    if prior is not None and prior_weight is not None:
        weight = np.minimum(unknown_of(prior_weight, layout), _HELD)
        diagonal += weight
        inverse /= 1 + weight * inverse
        weight *= unknown_of(prior, layout)
        right_side += weight
    return BandSystem(layout, colours, bands, diagonal, right_side, inverse, num_threads)


def solve(
    system: BandSystem,
    preconditioner: Preconditioner,
    start: NDArray[np.float32],
    *,
    tolerance: float,
    max_iterations: int,
    alternatives: Sequence[Callable[[], Preconditioner]] = (),
    progress: Callable[[float], None] | None = None,
) -> tuple[NDArray[np.float64], Solution]:
    """Solve the system by preconditioned conjugate gradients.

    The preconditioner proposes a correction z = M r of alpha. The error e is at most so many times
    larger as the smallest eigenvalue of M A is below 1, and that eigenvalue is known from the
    coefficients of the iteration itself (Y. Saad, "Iterative Methods for Sparse Linear Systems",
    2003, section 6.7.3): the solver stops when max |z| is below `tolerance` times it, or times
    0.025 where it lies between that and 0.002.

    Parameters
    ----------
    system : BandSystem
        Its right side is used up: it holds the residual on return.
    preconditioner : Preconditioner
    start : (cells,) float32
        First guess, zero on cells that are not unknown. It is used up as well.
    tolerance : float
        Largest error of alpha to leave.
    max_iterations : int
    alternatives : sequence of callables
        Make preconditioners to go on with when one turns out not to be positive.
    progress : callable, optional
        Called after each iteration with the fraction done; what it raises stops the solve.

    Returns
    -------
    (cells,) float64
        The solution.
    Solution

    Raises
    ------
    SolverError
        If `max_iterations` did not reach the tolerance, or the numbers broke down.
    """
    from hybridbg._kernels import bands as kernel

    sums = system.layout.sums
    threads = system.vector_threads
    partial = np.empty((2, sums.size - 1))
    image_of_direction = np.zeros(system.layout.size)
    x, direction, residual = start.astype(np.float64), start, system.right_side
    norm = float(np.sqrt((residual * residual).sum()))
    system.product(direction, image_of_direction)
    residual -= image_of_direction
    single = residual.astype(np.float32)
    direction[:] = 0

    size = float(np.sqrt((residual * residual).sum()))
    if norm == 0:  # no unknown pixel sees the foreground: measure against the first guess instead
        norm = size
    spare = list(alternatives)
    steps: list[float] = []
    turns: list[float] = []
    previous = np.inf
    smallest = 0.0
    for iteration in range(max_iterations + 1):
        if size <= _ROUNDING * norm < np.inf:
            return x, Solution(iteration, size / norm if norm else 0.0, 0.0)
        scaled = preconditioner.apply(single)
        slope, correction = kernel.project_dot(scaled, residual, sums, partial, threads)
        goal = tolerance * _SINGULAR
        if slope > 0 and len(steps) >= _FIRST_CHECK and goal < correction <= tolerance:
            if len(steps) <= _EVERY or len(steps) % _EVERY == 0:
                smallest = smallest_eigenvalue(steps, turns)
            goal = tolerance * max(smallest, _SPREAD if smallest > _STUCK else _SINGULAR)
        if slope > 0 and correction <= goal:
            return x, Solution(iteration, size / norm, tolerance * correction / goal)
        curvature = 0.0
        if slope > 0:  # false for NaN as well
            turn = slope / previous
            kernel.turn(scaled, turn, sums, direction, threads)
            curvature = system.product(direction, image_of_direction)
        if not curvature > 0:
            if not spare or not np.isfinite(size):
                break
            preconditioner = spare.pop(0)()
            direction[:] = 0
            steps, turns, previous = [], [], np.inf
            continue
        previous = slope
        turns.append(turn)
        steps.append(slope / curvature)
        squared = kernel.descend(
            steps[-1],
            direction,
            image_of_direction,
            sums,
            x,
            residual,
            single,
            partial[0],
            threads,
        )
        size = float(np.sqrt(squared))
        if progress is not None:
            progress(_fraction_done(correction, tolerance * _SINGULAR))
    raise SolverError(
        f"matting did not converge: after {iteration} iterations the largest correction of alpha "
        f"was {correction:.1e} (wanted {goal:.1e}); enlarge the trimap's known regions or raise "
        "the tolerance"
    )


def _fraction_done(correction: float, goal: float) -> float:
    """How far the corrections have come from 1 to the goal on a logarithmic scale."""
    if not 0 < goal < 1 or correction <= 0:
        return 1.0
    return float(np.clip(np.log(correction) / np.log(goal), 0.0, 1.0))
