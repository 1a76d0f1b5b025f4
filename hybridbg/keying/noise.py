"""How much noise a picture has, told from the screen, where it should all be one plate."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.types import BoolArray, FloatArray

__all__ = ["DEFAULT_NOISE", "LEAST_NOISE", "NOISE_PIXELS", "deviation", "robust_spread", "sparse"]

DEFAULT_NOISE: Final = 1 / 255
"""Noise when no screen is there to measure it: one grey level."""

LEAST_NOISE: Final = 5e-4
"""Least noise to reckon with."""

NOISE_PIXELS: Final = 5e4
"""Pixels that are enough to measure noise."""

_MAD: Final = 1.4826
"""Scales a median absolute value to the standard deviation of a normal distribution."""


def robust_spread(values: NDArray[Any]) -> float:
    """Measure the standard deviation around 0 that values have but for outliers; 0 of none."""
    return _MAD * float(np.median(np.abs(values))) if values.size else 0.0


def sparse(pixels: int) -> tuple[slice, slice]:
    """Give rows and columns that pick enough of so many pixels to measure noise."""
    step = max(1, int(np.sqrt(pixels / NOISE_PIXELS)))
    return slice(None, None, step), slice(None, None, step)


def deviation(linear: FloatArray, plate: FloatArray, on_screen: BoolArray) -> FloatArray:
    """Measure the standard deviation (3,) per channel of the screen's pixels around the plate."""
    if not on_screen.any():
        return np.full(3, DEFAULT_NOISE, dtype=np.float32)
    off = linear[on_screen] - plate[on_screen]
    spread = np.array([robust_spread(channel) for channel in off.T], dtype=np.float32)
    return np.maximum(spread, np.float32(LEAST_NOISE))
