"""Opaque or see-through, by how colours vary around a pixel.

What is opaque and of one hue is shaded: its colours lie on a line through black. Seen before a
screen B with one alpha they lie on a line through (1 - alpha) B, and with one colour but changing
alpha, as where something moved, on a line through B itself. So with m the mean colour around a
pixel and d the direction in which colours vary most there, the least-squares solution (u, v) of
m = u d + v B has v = 0 for what is opaque, and v > 0 where the screen shines through. Linear light,
at a working size. Where colours hardly vary, or not along a line, nothing can be told.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import BoolArray, FloatArray

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
    import cv2

    from hybridbg._kernels import line_test

    share, trust = np.zeros((2, *subject.shape), dtype=np.float32)
    if not subject.any():
        return share, trust
    moments = _moments(small, subject)
    sums = np.empty_like(moments)
    backing, asked = np.ascontiguousarray(plate, dtype=np.float32), subject.view(np.uint8)
    for sigma in _AROUND:
        # Noise in a covariance falls with the square root of the pixels in it.
        floor = noise * np.sqrt(_AROUND[0] / sigma)
        constants = (floor, *_VARIED, *_STRAIGHT, *_OFF_PLANE, _LEAST_SINE**2, _PARALLEL)
        for plane, around in zip(moments, sums, strict=True):
            cv2.GaussianBlur(plane, (0, 0), sigma, dst=around)
        line_test.test_lines(
            sums,
            backing,
            asked,
            np.array(constants),
            share,
            trust,
            resolve_num_threads(None),
        )
    return share, trust


def _moments(small: FloatArray, subject: BoolArray) -> FloatArray:
    """Give (10, H, W) for each pixel of the subject: 1, its colour, and the colour's products."""
    moments = np.empty((10, *subject.shape), dtype=np.float32)
    moments[0] = subject
    np.multiply(small.transpose(2, 0, 1), moments[0], out=moments[1:4])
    pairs = [(i, j) for i in range(3) for j in range(i + 1)]
    for place, (i, j) in enumerate(pairs, start=4):
        np.multiply(moments[1 + i], moments[1 + j], out=moments[place])
    return moments
