"""Closed-form matting written from Levin et al. 2008, section 3, without its algebra.

Each window's cost is the least-squares misfit of an affine colour model (equation 5): with the
rows (I_i, 1) and three more rows sqrt(e) (unit, 0) for the regularisation, the misfit of alpha is
||alpha - Q Q' alpha||^2, Q an orthonormal basis of the columns. A QR factorisation gives Q with
all its digits, where the published inverse of the covariance loses half of them.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg


def laplacian(image, epsilon=1e-7):
    """Return the (HW, HW) sparse float64 matting Laplacian of 3 x 3 windows."""
    height, width = image.shape[:2]
    number = np.arange(height * width).reshape(height, width)
    rows, cols, values = [], [], []
    for row in range(height - 2):
        for col in range(width - 2):
            window = number[row : row + 3, col : col + 3].ravel()
            colours = image[row : row + 3, col : col + 3].reshape(9, 3).astype(np.float64)
            model = np.zeros((12, 4))
            model[:9, :3] = colours - colours.mean(axis=0)
            model[:9, 3] = 1
            model[9:, :3] = np.sqrt(epsilon) * np.eye(3)
            basis = np.linalg.qr(model)[0][:9]
            rows.append(np.repeat(window, 9))
            cols.append(np.tile(window, 9))
            values.append((np.eye(9) - basis @ basis.T).ravel())
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
    return scipy.sparse.coo_matrix(entries, shape=(number.size, number.size)).tocsr()


def solve_alpha(image, trimap, *, epsilon=1e-7, prior=None, prior_weight=0.0):
    """Return alpha by a direct sparse solve of (L_UU + G) a_U = G prior - L_UK a_K."""
    matrix = laplacian(image, epsilon)
    unknown = (trimap == 128).ravel()
    alpha = (trimap.ravel() == 255).astype(np.float64)
    right = -(matrix[unknown][:, ~unknown] @ alpha[~unknown])
    system = matrix[unknown][:, unknown].tocsc()
    if prior is not None:
        weight = np.broadcast_to(prior_weight, trimap.shape).ravel()[unknown]
        system = system + scipy.sparse.diags(weight)
        right = right + weight * prior.ravel()[unknown]
    alpha[unknown] = scipy.sparse.linalg.spsolve(system.tocsc(), right)
    return alpha.reshape(trimap.shape).clip(0, 1)
