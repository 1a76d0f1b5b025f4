"""A prior of alpha as callers hand it in, checked: what is expected, and how strongly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask
from hybridbg.core.errors import InvalidMaskError, InvalidOptionError
from hybridbg.core.types import FloatArray, Shape

__all__ = ["check_prior"]

DEFAULT_PRIOR_WEIGHT = 0.01
"""Enough to steer where colour says little, too little to override a clear edge."""


def check_prior(
    prior: NDArray[Any] | None, prior_weight: float | NDArray[Any] | None, shape: Shape
) -> tuple[FloatArray | None, FloatArray | None]:
    """Check a prior and its weight; a number as weight is spread over the picture."""
    if prior is None:
        if prior_weight is not None:
            raise InvalidOptionError("prior_weight was given without a prior; give both or neither")
        return None, None
    weight = np.asarray(DEFAULT_PRIOR_WEIGHT if prior_weight is None else prior_weight)
    if weight.shape not in ((), shape):
        raise InvalidMaskError(
            f"prior_weight: expected a number or shape {shape} like the image, got {weight.shape}"
        )
    if weight.dtype.kind not in "iuf":
        raise InvalidMaskError(f"prior_weight: expected numbers, got {weight.dtype}")
    with np.errstate(over="ignore"):
        spread = np.ascontiguousarray(np.broadcast_to(weight, shape), dtype=np.float32)
    if not (spread.min() >= 0 and np.isfinite(spread).all()):  # the first is false for NaN as well
        raise InvalidMaskError(
            "prior_weight: expected finite float32 numbers of 0 or more, "
            f"got {weight.min():g}..{weight.max():g}"
        )
    return as_mask(prior, shape, name="prior"), spread
