"""Opaque or see-through, by how colours vary around a pixel.

What is opaque and of one hue is shaded: its colours lie on a line through black. Seen before a
screen B with one alpha they lie on a line through (1 - alpha) B, and with one colour but changing
alpha, as where something moved, on a line through B itself. So with m the mean colour around a
pixel and d the direction in which colours vary most there, the least-squares solution (u, v) of
m = u d + v B has v = 0 for what is opaque, and v > 0 where the screen shines through. Linear light,
at a working size. Where colours hardly vary, or not along a line, nothing can be told.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.types import BoolArray, FloatArray
from hybridbg.keying.plate import dot

__all__ = ["shine_through"]

# Standard deviations of the neighbourhood, in working pixels: the first that can tell does.
_AROUND: Final = (2.5, 7.0)
# Variation along the line: this many times what noise leaves in the narrowest neighbourhood's
# covariance, from no trust to full; and this many times the variation across the line.
_VARIED: Final = (2.0, 5.0)
_STRAIGHT: Final = (2.0, 4.0)
# Distance of the mean from the plane of d and B, relative to its length, from full trust to none:
# two things of different hues in one neighbourhood make a line as well.
_OFF_PLANE: Final = (0.03, 0.1)
# A line more nearly parallel to B than this sine says that alpha varies, or that screen is shaded.
_LEAST_SINE: Final = 0.05
# Square of a sine that is only rounding.
_PARALLEL: Final = 1e-6


def shine_through(
    small: FloatArray, plate: FloatArray, subject: BoolArray, noise: float
) -> tuple[FloatArray, FloatArray]:
    """Tell how much of the screen shines through what is before it.

    Parameters
    ----------
    small, plate : ndarrays of shape (H, W, 3), float32
        Picture and plate in linear light.
    subject : ndarray of shape (H, W), bool
        Pixels that are no screen; only they are asked.
    noise : float
        Standard deviation of a pixel's noise.

    Returns
    -------
    share, trust : ndarrays of shape (H, W), float32 in [0, 1]
        (1 - alpha) by the line through the colours around, and how far to believe it; both 0
        outside `subject`.
    """
    share, trust = (np.zeros(subject.shape, dtype=np.float32) for _ in range(2))
    if subject.any():
        for sigma in _AROUND:
            # Noise in a covariance falls with the square root of the pixels in it.
            floor = noise * np.sqrt(_AROUND[0] / sigma)
            found, belief = _line_test(*_moments(small, subject, sigma), plate[subject], floor)
            better = belief > trust[subject]
            share[subject] = np.where(better, found, share[subject])
            trust[subject] = np.maximum(trust[subject], belief)
    return share, trust


def _line_test(
    mean: FloatArray, covariance: FloatArray, backing: FloatArray, noise: float
) -> tuple[FloatArray, FloatArray]:
    """Share (N,) of the screen, and trust (N,), by means (N, 3) and covariances (N, 3, 3)."""
    values, vectors = np.linalg.eigh(covariance)
    spread = np.sqrt(np.maximum(values - noise**2, 0))
    along = vectors[..., -1]
    m_d, m_b = dot(mean, along), dot(mean, backing)
    b_d, b_b = dot(backing, along), dot(backing, backing)
    sine = 1 - b_d**2 / b_b
    v = (m_b - m_d * b_d) / (b_b * np.maximum(sine, _PARALLEL))
    u = (m_d - v * b_d)[:, None]
    rest = np.linalg.norm(mean - u * along - v[:, None] * backing, axis=-1)
    off = rest / np.maximum(np.linalg.norm(mean, axis=-1), noise)
    share = np.where(sine < _LEAST_SINE**2, 1, v).clip(0, 1)
    varied = _ramp(spread[..., -1] / max(noise, 1e-6), *_VARIED)
    straight = _ramp(spread[..., -1] / np.maximum(spread[..., -2], noise / 2), *_STRAIGHT)
    return share.astype(np.float32), varied * straight * (1 - _ramp(off, *_OFF_PLANE))


def _moments(small: FloatArray, subject: BoolArray, sigma: float) -> tuple[FloatArray, FloatArray]:
    """Mean (N, 3) and covariance (N, 3, 3) of the subject's colours around each of its pixels."""
    import cv2

    weight = subject.astype(np.float32)
    pairs = [(i, j) for i in range(3) for j in range(i + 1)]
    planes = [weight, *(weight * small[..., c] for c in range(3))]
    planes += [weight * small[..., i] * small[..., j] for i, j in pairs]
    blurred = [cv2.GaussianBlur(plane, (0, 0), sigma)[subject] for plane in planes]
    total = blurred[0]
    mean = np.stack(blurred[1:4], axis=-1) / total[:, None]
    covariance = np.empty((len(total), 3, 3), dtype=np.float32)
    for (i, j), product in zip(pairs, blurred[4:], strict=True):
        value = product / total - mean[:, i] * mean[:, j]
        covariance[:, i, j] = covariance[:, j, i] = value
    return mean, covariance


def _ramp(value: NDArray[Any], low: float, high: float) -> FloatArray:
    ramp: FloatArray = ((value - low) / (high - low)).clip(0, 1).astype(np.float32)
    return ramp
