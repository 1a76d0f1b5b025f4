"""The shadow that a subject casts on the screen, told from creases and uneven light.

A shadow takes away light and leaves the tint. How much light falls on each part of the screen is
known already, relative to a clean plate or to a smooth surface (`hybridbg.keying.plate`); what is
missing is shadow as far as it stands out from what the rest of the screen does: creases and uneven
light stray up as far as down, so the lightest parts tell how deep a shadow must be to count.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hybridbg.core.types import BoolArray, FloatArray
from hybridbg.keying.noise import robust_spread

__all__ = ["shadow_matte"]

# A part of the light that is missing counts from so many standard deviations of the light on, from
# as far as this quantile lies above the median, and from this part; fully from twice that on.
_STANDS_OUT: Final = 3.0
_LIGHTEST: Final = 0.999
_LEAST_DEPTH: Final = 0.03


def shadow_matte(light: FloatArray, core: BoolArray) -> FloatArray:
    """Give the part of the light that a shadow takes away.

    Parameters
    ----------
    light : ndarray of shape (H, W), float32
        Light on the screen, about 1 where nothing is in its way.
    core : ndarray of shape (H, W), bool
        Pixels that show the screen, at least one.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        0 without a shadow.
    """
    shown = light[core]
    level = float(np.median(shown))
    spread = robust_spread(shown / level - 1)
    lightest = float(np.quantile(shown, _LIGHTEST)) / level - 1
    missing = (1 - light / level).clip(0, 1)
    least = max(_STANDS_OUT * spread, lightest, _LEAST_DEPTH)
    shadow: FloatArray = (missing * (missing / least - 1).clip(0, 1)).astype(np.float32)
    return shadow
