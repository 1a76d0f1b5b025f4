"""The ends of a spectrum: what smoothers must not underestimate, and how slow the solver is.

A Chebyshev smoother amplifies what lies far above the interval it was made for, and a V-cycle with
such a smoother is no longer positive. The power method was low by a third after twelve steps;
Lanczos iteration in the inner product of D finds the end of the spectrum in as many, and the norm
of what is left bounds its error (Y. Zhou, R.-C. Li, "Bounding the spectrum of large Hermitian
matrices", Linear Algebra and its Applications 435, 2011).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["smallest_eigenvalue", "upper_eigenvalue"]

_STEPS = 10
"""After ten steps the estimate was low by at most 3 % on photographs, after six by up to 17 %."""

_EXHAUSTED = 1e-6
"""What is left of a start vector, relative to it, when all there is has been seen."""

_Vector = NDArray[np.float32]


def upper_eigenvalue(
    multiply: Callable[[_Vector], _Vector], scale: Callable[[_Vector], _Vector], start: _Vector
) -> float:
    """Return a close upper estimate of the largest eigenvalue of D^-1 A.

    Parameters
    ----------
    multiply, scale : callables
        x -> A x and r -> D^-1 r, into new arrays; A and D symmetric and positive.
    start : float32 array
        Any vector r with components along all eigenvectors.

    Returns
    -------
    float
    """
    residual, previous = start, np.zeros_like(start)
    vector = scale(residual)
    beta = first = _norm(residual, vector)
    diagonal: list[float] = []
    off_diagonal: list[float] = []
    while beta > _EXHAUSTED * first and len(diagonal) < _STEPS:
        # Invariants: residual = D vector and vector' D vector = 1.
        residual, vector = residual / beta, vector / beta
        image = multiply(vector)
        alpha = _dot(vector, image)
        image -= np.float32(alpha) * residual
        if diagonal:
            image -= np.float32(beta) * previous
        diagonal.append(alpha)
        previous, residual = residual, image
        vector = scale(residual)
        beta = _norm(residual, vector)
        off_diagonal.append(beta)
    if not diagonal:
        return 1.0
    inner = off_diagonal[:-1]
    matrix = np.diag(diagonal) + np.diag(inner, 1) + np.diag(inner, -1)
    values, vectors = np.linalg.eigh(matrix)
    return float(values[-1] + off_diagonal[-1] * abs(vectors[-1, -1]))


def smallest_eigenvalue(steps: list[float], turns: list[float]) -> float:
    """Return the smallest eigenvalue of M A seen so far by conjugate gradients.

    Parameters
    ----------
    steps, turns : lists of float
        The coefficients alpha_j of the steps taken, and beta_j of the directions; of equal length.

    Returns
    -------
    float
        Never less than the true one, and closer to it with every iteration.
    """
    alpha, beta = np.array(steps), np.array(turns)
    diagonal = 1 / alpha
    diagonal[1:] += beta[1:] / alpha[:-1]
    beside = np.sqrt(beta[1:]) / alpha[:-1]
    matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    return float(np.linalg.eigvalsh(matrix)[0])


def _dot(first: _Vector, second: _Vector) -> float:
    """Sum of products in a fixed order, whatever the number of threads."""
    return float(np.multiply(first, second, dtype=np.float64).sum())


def _norm(residual: _Vector, vector: _Vector) -> float:
    return float(np.sqrt(max(_dot(residual, vector), 0.0)))
