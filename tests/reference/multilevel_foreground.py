"""One level of Germer et al. 2020, "Fast Multi-Level Foreground Estimation", pixel by pixel.

Written from equation (6): for all pixels of one colour of the chessboard the 2 x 2 normal equations
are set up in float64 and handed to LAPACK. No tiles, no planes, nothing left out but what is
settled.
"""

from __future__ import annotations

import numpy as np


def nearest(array, shape):
    """Return the pixels of an array at floor(place * size / new size)."""
    rows, cols = (
        np.arange(new) * old // new for new, old in zip(shape, array.shape[:2], strict=True)
    )
    return array[rows[:, None], cols]


def neighbours(array):
    """Return the pixels above, below, left and right; outside, the pixel at the border."""
    widths = [(1, 1), (1, 1)] + [(0, 0)] * (array.ndim - 2)
    wide = np.pad(array, widths, mode="edge")
    return np.stack([wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]])


def refine(
    image, alpha, coarse_foreground, coarse_background, shape, sweeps, *,
    regularization, fixed_background=False, settle=True,
):  # fmt: skip
    """Return a level's foreground and background, (H, W, 3) float64 each."""
    image, alpha = (nearest(array, shape).astype(np.float64) for array in (image, alpha))
    foreground = nearest(coarse_foreground, shape).astype(np.float64)
    background = nearest(coarse_background, shape).astype(np.float64)
    foreground[alpha == 1] = image[alpha == 1]
    if not fixed_background:
        background[alpha == 0] = image[alpha == 0]
    first = foreground, background
    change = np.abs(alpha - neighbours(alpha))
    weights = regularization + change
    unsettled = (change.sum(axis=0) > 0) | ((alpha > 0) & (alpha < 1))
    rows, cols = np.indices(shape)
    for step in range(2 * sweeps):
        chosen = (rows + cols) % 2 == step % 2
        if settle:
            chosen &= unsettled
        foreground, background = relaxed(
            image, alpha, weights, foreground, background, first, chosen, fixed_background
        )
    foreground[alpha == 1] = image[alpha == 1]
    return foreground, background


def relaxed(image, alpha, weights, foreground, background, first, chosen, fixed_background):
    """Solve the normal equations of the chosen pixels."""
    own, total = alpha[chosen], weights.sum(axis=0)[chosen]
    pulls = [
        (weights[..., None] * with_border(colours, guess)).sum(axis=0)[chosen]
        for colours, guess in zip((foreground, background), first, strict=True)
    ]
    foreground, background = foreground.copy(), background.copy()
    if fixed_background:
        behind = (1 - own)[:, None] * background[chosen]
        side = pulls[0] + own[:, None] * (image[chosen] - behind)
        foreground[chosen] = (side / (own**2 + total)[:, None]).clip(0, 1)
        return foreground, background
    parts = np.stack([own, 1 - own], axis=1)
    matrices = parts[:, :, None] * parts[:, None, :] + total[:, None, None] * np.eye(2)
    sides = np.stack(pulls, axis=1) + parts[:, :, None] * image[chosen][:, None, :]
    solved = np.linalg.solve(matrices, sides).clip(0, 1)
    foreground[chosen], background[chosen] = solved[:, 0], solved[:, 1]
    return foreground, background


def with_border(colours, guess):
    """Return the neighbours' colours; outside, the first guess of the pixel at the border."""
    found, outside = neighbours(colours), neighbours(guess)
    found[0, 0], found[1, -1] = outside[0, 0], outside[1, -1]
    found[2, :, 0], found[3, :, -1] = outside[2, :, 0], outside[3, :, -1]
    return found
