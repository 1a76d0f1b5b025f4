"""Small systems solved directly, by sparse LU factorisation in float64.

An iterative solver has to guess from a few iterations how far it is from the solution, and on a
few hundred pixels there are too few to tell. A factorisation of so few costs next to nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import SolverError
from hybridbg.matting.layout import REACH
from hybridbg.matting.system import BandSystem, Solution

__all__ = ["DIRECT_PIXELS", "solve_directly"]

DIRECT_PIXELS = 1024
"""Unknown pixels up to which a factorisation is about as fast as setting up multigrid."""

_ROW_STEP = (0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2)
_COL_STEP = (1, 2, -2, -1, 0, 1, 2, -2, -1, 0, 1, 2)
"""Steps to the forward neighbours, in the order of the bands."""


def solve_directly(system: BandSystem) -> tuple[NDArray[np.float64], Solution]:
    """Solve the system to rounding.

    Parameters
    ----------
    system : BandSystem
        Non-singular: some pixel is known, or has a prior.

    Returns
    -------
    (cells,) float64
        The solution.
    Solution
        Of no iterations.

    Raises
    ------
    SolverError
        If the numbers broke down.
    """
    import scipy.sparse
    from scipy.sparse.linalg import splu

    layout = system.layout
    cell = layout.positions()
    length = layout.runs.length
    step = cell - np.repeat(layout.start, length)
    number = np.zeros(layout.size, dtype=np.int64)
    number[cell] = np.arange(cell.size)
    rows, cols = [np.arange(cell.size)], [np.arange(cell.size)]
    values = [system.diagonal[cell]]
    for band, down, right in zip(system.bands, _ROW_STEP, _COL_STEP, strict=True):
        other = np.repeat(layout.base[:, REACH + down], length) + step + right
        coupled = np.flatnonzero(band[cell])
        rows += [coupled, number[other[coupled]]]
        cols += [number[other[coupled]], coupled]
        values += [band[cell[coupled]].astype(np.float64)] * 2
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
    matrix = scipy.sparse.coo_matrix(entries, shape=(cell.size, cell.size)).tocsc()
    right_side = system.right_side[cell]
    try:
        alpha = splu(matrix).solve(right_side)
    except RuntimeError as error:
        raise SolverError(f"the matting system could not be factorised: {error}") from error
    if not np.isfinite(alpha).all():
        raise SolverError("the matting system could not be solved: its solution is not finite")
    solution = np.zeros(layout.size)
    solution[cell] = alpha
    scale = float(np.linalg.norm(right_side)) or 1.0
    residual = float(np.linalg.norm(right_side - matrix @ alpha))
    return solution, Solution(0, residual / scale, 0.0)
