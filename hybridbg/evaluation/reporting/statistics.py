"""How sure a figure is: bootstrap intervals over pictures, the same for the same seed.

Efron & Tibshirani, "An Introduction to the Bootstrap" (1993): pictures are drawn again with
replacement, and the figure is computed of each draw. Means get the bias-corrected and accelerated
interval (BCa, chapter 14), because errors of pictures are skewed; where that is not defined, and
for figures that are no means, the percentile interval (chapter 13). Differences of two methods are
paired: taken picture by picture before pictures are drawn, so that what makes a picture hard for
both does not count. An interval that leaves out zero is called significant; of twenty comparisons
without any difference, one is found so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FEW", "LEVEL", "Interval", "of_mean", "of_statistic"]

LEVEL: Final = 0.95

FEW: Final = 10
"""Pictures below which an interval means little: of skewed errors (exponential, 400 draws) it held
the truth in 72 % with 3 pictures, 84 % with 5, 87 % with 10 and 90 % with 40."""

_DRAWS: Final = 2000
_DRAWS_ONE_BY_ONE: Final = 500
"""Of figures that cannot be computed for all draws at once."""
_MOST_NUMBERS: Final = 10_000_000
"""Numbers that are drawn at a time, to bound memory."""


@dataclass(frozen=True)
class Interval:
    """A figure and where it lies, with 95 % confidence; no ends for less than two pictures."""

    value: float
    low: float | None
    high: float | None

    @property
    def significant(self) -> bool:
        """Whether zero is outside."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def of_mean(values: ArrayLike, *, seed: int = 0) -> Interval:
    """Find the interval of a mean.

    Parameters
    ----------
    values : array_like of shape (N,)
        One for each picture, N at least 1.
    seed : int

    Returns
    -------
    Interval

    Examples
    --------
    >>> of_mean([0.5, 0.5, 0.5])
    Interval(value=0.5, low=0.5, high=0.5)
    """
    each = np.asarray(values, dtype=np.float64)
    mean = float(each.mean())
    if each.size < 2:
        return Interval(mean, None, None)
    if np.ptp(each) == 0:
        return Interval(mean, mean, mean)
    for method in ("BCa", "percentile"):
        low, high = _bootstrap(each, method, seed)
        if math.isfinite(low) and math.isfinite(high):
            break
    return Interval(mean, low, high)


def of_statistic(
    statistic: Callable[[NDArray[np.intp]], float], count: int, *, seed: int = 0
) -> Interval | None:
    """Find the interval of any figure of several pictures.

    Parameters
    ----------
    statistic : callable
        Takes indices of pictures, some of them perhaps several times; NaN where these do not
        determine the figure. Such draws are left out.
    count : int
        How many pictures there are.
    seed : int

    Returns
    -------
    Interval or None
        None where the pictures do not determine the figure.
    """
    value = float(statistic(np.arange(count)))
    if math.isnan(value):
        return None
    if count < 2:
        return Interval(value, None, None)
    rng = np.random.default_rng(seed)
    draws = [statistic(rng.integers(count, size=count)) for _ in range(_DRAWS_ONE_BY_ONE)]
    low, high = np.nanquantile(draws, ((1 - LEVEL) / 2, (1 + LEVEL) / 2)).tolist()
    return Interval(value, low, high)


def _bootstrap(each: NDArray[np.float64], method: str, seed: int) -> tuple[float, float]:
    import warnings

    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of degenerate data: the caller looks at what comes back
        found: Any = stats.bootstrap(
            (each,),
            np.mean,
            n_resamples=_DRAWS,
            batch=max(1, _MOST_NUMBERS // each.size),
            confidence_level=LEVEL,
            method=method,
            vectorized=True,
            rng=np.random.default_rng(seed),
        )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)
