"""The linear system of closed-form matting on compact bands, and its conjugate gradients.

For the unknown pixels U, the known K, a per-pixel prior with weights G (Levin et al. 2008, eq. 13,
restricted to U):

    (L_UU + G) a_U = G a_prior - L_UK a_K
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import SolverError
from hybridbg.core.types import FloatArray
from hybridbg.matting.layout import Layout

__all__ = ["BandSystem", "Preconditioner", "Solution", "assemble_system", "solve"]

FORWARD_NEIGHBOURS = 12
"""Off-diagonals kept per pixel: the forward half of the 5 x 5 stencil."""

_ERROR_BOUND = 1e-4
"""Largest correction of alpha that the preconditioner may still propose when the solver stops.

The residual alone says nothing about pixels that hardly anything holds in place.
"""


class Preconditioner(Protocol):
    """Something that applies a fixed symmetric positive approximation of the inverse."""

    def apply(self, residual: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Write M residual into `out`, on the cells of the layout; may overwrite `residual`."""


@dataclass(frozen=True, eq=False)
class BandSystem:
    """The matrix and right side for the unknown pixels of a layout.

    Attributes
    ----------
    layout : Layout
    bands : (12, cells) float32 or float64 array
        Off-diagonals to the forward neighbours, see ext/closed_form.pyx; float64 where the
        picture's couplings cancel to less than float32 can tell.
    diagonal, right_side : (cells,) float64 arrays
    num_threads : int
    """

    layout: Layout
    bands: NDArray[np.float32] | NDArray[np.float64]
    diagonal: NDArray[np.float64]
    right_side: NDArray[np.float64]
    num_threads: int

    def product(self, x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
        """Write A x into `out` on the unknown pixels."""
        from hybridbg._kernels import bands

        layout = self.layout
        bands.product(
            self.bands,
            self.diagonal,
            layout.length,
            layout.base,
            layout.chunks,
            x,
            out,
            self.num_threads,
        )


@dataclass(frozen=True)
class Solution:
    """What the solver did: iterations taken and the relative residual they reached."""

    iterations: int
    residual: float


def assemble_system(
    image: FloatArray,
    known_alpha: FloatArray,
    layout: Layout,
    *,
    epsilon: float,
    num_threads: int,
    prior: FloatArray | None = None,
    prior_weight: FloatArray | None = None,
) -> BandSystem:
    """Assemble the closed-form system of the unknown pixels.

    Parameters
    ----------
    image : (H, W, 3) float32, C-contiguous, sRGB-coded
    known_alpha : (H, W) float32
        Read where alpha is known.
    layout : Layout
    epsilon : float
        Regularisation of the windows' colour covariance.
    num_threads : int
    prior, prior_weight : (H, W) float32 or None
        Expected alpha and how strongly it is held (G), read where alpha is unknown.

    Returns
    -------
    BandSystem
    """
    from hybridbg._kernels import closed_form

    diagonal = np.zeros(layout.size)
    right_side = np.zeros(layout.size)
    for dtype in (np.float32, np.float64):
        bands = np.zeros((FORWARD_NEIGHBOURS, layout.size), dtype=dtype)
        too_coarse = closed_form.assemble(
            image,
            layout.unknown,
            known_alpha,
            layout.row,
            layout.col,
            layout.length,
            layout.base,
            layout.chunks,
            epsilon,
            bands,
            diagonal,
            right_side,
            num_threads,
        )
        if not too_coarse:
            break
    if prior is not None and prior_weight is not None:
        unknown = layout.unknown.view(np.bool_)
        positions = layout.positions()
        weight = prior_weight[unknown].astype(np.float64)
        diagonal[positions] += weight
        right_side[positions] += weight * prior[unknown]
    return BandSystem(layout, bands, diagonal, right_side, num_threads)


def solve(
    system: BandSystem,
    preconditioner: Preconditioner,
    start: NDArray[np.float64],
    *,
    tolerance: float,
    max_iterations: int,
    progress: Callable[[float], None] | None = None,
) -> Solution:
    """Solve the system by preconditioned conjugate gradients, in place of `start`.

    Parameters
    ----------
    system : BandSystem
    preconditioner : Preconditioner
    start : (cells,) float64
        First guess on entry, the solution on return.
    tolerance : float
        Norm of the residual, relative to that of the right side, at which to stop; the
        preconditioner's estimate of the error in alpha must be below 1e-4 as well.
    max_iterations : int
    progress : callable, optional
        Called after each iteration with the fraction done; what it raises stops the solve.

    Returns
    -------
    Solution

    Raises
    ------
    SolverError
        If `max_iterations` did not reach the tolerance, or the numbers broke down.
    """
    from hybridbg._kernels import bands as kernel

    threads, cells = system.num_threads, system.layout.cells
    partial = np.empty((2, cells.size - 1))
    image_of_direction = np.zeros(system.layout.size)
    system.product(start, image_of_direction)
    residual = system.right_side - image_of_direction
    single = residual.astype(np.float32)
    scaled = np.zeros(system.layout.size, dtype=np.float32)
    direction = np.zeros(system.layout.size)

    squared = first = kernel.dot(residual, residual, cells, partial[0], threads)
    norm = kernel.dot(system.right_side, system.right_side, cells, partial[0], threads)
    if norm == 0:  # no unknown pixel sees the foreground: measure against the first guess instead
        norm = first
    goal = norm * tolerance**2
    previous = np.inf
    for iteration in range(max_iterations + 1):
        if squared == 0:
            return Solution(iteration, 0.0)
        preconditioner.apply(single, scaled)
        slope, error = kernel.project_dot(scaled, residual, cells, partial, threads)
        if squared <= goal and error <= _ERROR_BOUND:
            return Solution(iteration, float(np.sqrt(squared / norm)))
        kernel.turn(scaled, slope / previous, cells, direction, threads)
        previous = slope
        system.product(direction, image_of_direction)
        curvature = kernel.dot(direction, image_of_direction, cells, partial[0], threads)
        if not (slope > 0 and curvature > 0):  # false for NaN as well
            break
        squared = kernel.descend(
            slope / curvature,
            direction,
            image_of_direction,
            cells,
            start,
            residual,
            single,
            partial[0],
            threads,
        )
        if progress is not None:
            progress(_fraction_done(first, squared, goal))
    raise SolverError(
        f"matting did not converge: after {iteration} iterations the relative residual was "
        f"{np.sqrt(squared / norm):.1e} (wanted {tolerance:.1e}); enlarge the trimap's known "
        "regions or raise the tolerance"
    )


def _fraction_done(first: float, now: float, goal: float) -> float:
    """How far the residual has come on a logarithmic scale, which is nearly linear in time."""
    if not 0 < goal < first or now == 0:
        return 1.0
    return float(np.clip(np.log(first / now) / np.log(first / goal), 0.0, 1.0))
