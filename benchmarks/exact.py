"""Alpha by a direct solve in float64, to measure how exact an iterative solver is.

The Laplacian is built as in tests/reference/closed_form.py, from QR factorisations of the windows'
colour models (Levin et al. 2008, equation 5) rather than inverses of covariances, but for all
windows at once; the sparse system is factorised and its solution refined once.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

WINDOW = 9


def exact_alpha(
    image: NDArray[np.float32], trimap: NDArray[np.uint8], *, epsilon: float = 1e-7
) -> NDArray[np.float64]:
    """Return closed-form alpha; feasible up to some hundred thousand unknown pixels."""
    unknown = (trimap == 128).ravel()
    alpha = (trimap.ravel() == 255).astype(np.float64)
    rows = laplacian(image, trimap == 128, epsilon)[unknown]
    matrix = rows[:, unknown].tocsc()
    right = -(rows[:, ~unknown] @ alpha[~unknown])
    factors = scipy.sparse.linalg.splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    solution = factors.solve(right)
    solution += factors.solve(right - matrix @ solution)
    alpha[unknown] = solution.clip(0, 1)
    return alpha.reshape(trimap.shape)


def laplacian(
    image: NDArray[np.float32], unknown: NDArray[np.bool_], epsilon: float
) -> scipy.sparse.csr_array:
    """Return the (HW, HW) Laplacian of the 3 x 3 windows that hold an unknown pixel."""
    view = np.lib.stride_tricks.sliding_window_view
    number = np.arange(unknown.size).reshape(unknown.shape)
    wanted = view(unknown, (3, 3)).any(axis=(2, 3))
    pixels = view(number, (3, 3))[wanted].reshape(-1, WINDOW)
    colours = image.reshape(-1, 3)[pixels].astype(np.float64)
    model = np.zeros((len(pixels), WINDOW + 3, 4))
    model[:, :WINDOW, :3] = colours - colours.mean(axis=1, keepdims=True)
    model[:, :WINDOW, 3] = 1
    model[:, WINDOW:, :3] = np.sqrt(epsilon) * np.eye(3)
    basis = np.linalg.qr(model)[0][:, :WINDOW]
    values = np.eye(WINDOW) - basis @ basis.transpose(0, 2, 1)
    shape = (unknown.size, unknown.size)
    row, col = np.repeat(pixels, WINDOW, axis=1), np.tile(pixels, WINDOW)
    entries = (values.ravel(), (row.ravel(), col.ravel()))
    return scipy.sparse.coo_array(entries, shape=shape).tocsr()
