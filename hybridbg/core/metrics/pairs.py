"""Two mattes or masks to be compared, checked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask
from hybridbg.core.errors import InvalidTrimapError
from hybridbg.core.trimap import UNKNOWN, as_trimap

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray, FloatArray

__all__ = ["mask_pair", "matte_pair"]


def matte_pair(
    alpha: NDArray[Any], truth: NDArray[Any], region: NDArray[Any] | None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Validate two mattes and what to score of them."""
    truth = np.asarray(truth)
    truth = as_mask(truth, truth.shape[:2], name="truth")
    alpha = as_mask(alpha, truth.shape, name="alpha")
    if region is None:
        return alpha, truth, np.ones(truth.shape, dtype=np.bool_)
    region = np.asarray(region)
    if region.dtype != np.bool_:
        region = as_trimap(region, truth.shape) == UNKNOWN
    if region.shape != truth.shape:
        raise InvalidTrimapError(
            f"expected a region of the mattes' size {truth.shape}, got {region.shape}"
        )
    if not region.any():
        raise InvalidTrimapError(
            "expected a region with at least one pixel to score, got an empty one; "
            "a trimap is scored where it is unknown, leave it out to score the whole matte"
        )
    return alpha, truth, region


def mask_pair(mask: NDArray[Any], truth: NDArray[Any]) -> tuple[BoolArray, BoolArray]:
    """Validate two masks; at and above one half is foreground."""
    truth = np.asarray(truth)
    truth = as_mask(truth, truth.shape[:2], name="truth")
    mask = as_mask(mask, truth.shape, name="mask")
    return mask >= 0.5, truth >= 0.5
