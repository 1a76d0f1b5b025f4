"""S-measure: does an answer have the structure of the truth, as a whole and region by region.

Fan, Cheng, Liu, Li and Borji, "Structure-measure: A New Way to Evaluate Foreground Maps" (ICCV
2017), computed as the authors' published code computes it. Symbols: x the answer, y the truth, u
the share of foreground; bars are means, s standard deviations (of samples: divided by N - 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_number
from hybridbg.core.metrics.pairs import matte_pair

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray

__all__ = ["s_measure"]

_Values = NDArray[np.float64]

_EPSILON: Final = float(np.finfo(np.float64).eps)
"""Keeps quotients defined, as in the authors' code."""


def s_measure(alpha: NDArray[Any], truth: NDArray[Any], *, balance: float = 0.5) -> float:
    """Similarity in structure of a soft mask and the truth.

    Parameters
    ----------
    alpha : ndarray of shape (H, W)
        Bool, uint8, uint16 or floating point in [0, 1].
    truth : ndarray of shape (H, W)
        The same; foreground from one half.
    balance : float in [0, 1]
        Weight of the object-aware part; the rest is that of the region-aware part.

    Returns
    -------
    float in [0, 1]
        Where the truth is empty or full, the share of the answer that is so too.

    Raises
    ------
    InvalidMaskError
        A mask that is not one, or of another size than the other.
    InvalidOptionError
        `balance` out of range.

    Examples
    --------
    >>> square = np.zeros((64, 64), dtype=bool)
    >>> square[8:56, 8:56] = True
    >>> round(s_measure(square, square), 6), round(s_measure(~square, square), 6)
    (1.0, 0.0)
    """
    weight = as_number(balance, "balance", minimum=0, maximum=1)
    soft, other, _ = matte_pair(alpha, truth, None)
    answer, inside = soft.astype(np.float64), other >= 0.5
    share = float(inside.mean())
    if share in (0, 1):
        return float(answer.mean()) if share else 1 - float(answer.mean())
    whole = share * _of_object(answer[inside]) + (1 - share) * _of_object(1 - answer[~inside])
    return max(0.0, weight * whole + (1 - weight) * _of_regions(answer, inside))


def _of_object(values: _Values) -> float:
    """2 x / (x^2 + 1 + s): near one, and evenly so (equation 4)."""
    mean = float(values.mean())
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return 2 * mean / (mean * mean + 1 + spread + _EPSILON)


def _of_regions(answer: _Values, inside: BoolArray) -> float:
    """Similarity of the four blocks about the truth's centroid, weighted by their areas."""
    rows, columns = np.nonzero(inside)
    # The authors count from one: the centroid's own row and column belong to the first blocks.
    down, right = (int(np.floor(float(each.mean()) + 1 + 0.5)) for each in (rows, columns))
    total = 0.0
    for vertical in (slice(down), slice(down, None)):
        for horizontal in (slice(right), slice(right, None)):
            block = answer[vertical, horizontal]
            if block.size:
                truth = inside[vertical, horizontal].astype(np.float64)
                total += block.size / answer.size * _similarity(block, truth)
    return total


def _similarity(x: _Values, y: _Values) -> float:
    """4 x y s_xy / ((x^2 + y^2) (s_x^2 + s_y^2)), Wang et al.'s index without its constants."""
    degrees = x.size - 1 + _EPSILON
    mean_x, mean_y = float(x.mean()), float(y.mean())
    off_x, off_y = x - mean_x, y - mean_y
    variance = (float(np.square(off_x).sum()) + float(np.square(off_y).sum())) / degrees
    covariance = float((off_x * off_y).sum()) / degrees
    above = 4 * mean_x * mean_y * covariance
    below = (mean_x**2 + mean_y**2) * variance
    if above:
        return above / (below + _EPSILON)
    return 0.0 if below else 1.0
