"""Does a probability say how often it is right: reliability, calibration error, and ROC curves.

Of all pixels to which a calibrated source gives .7, 70 % are foreground. Pixels are sorted into
bins of equal width by what is predicted, and in each the mean prediction is compared with what is
true there; the expected calibration error is the mean distance of the two, weighed by the bins'
shares (Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015;
Guo et al., ICML 2017). Where the truth is an alpha, its mean stands for the frequency. A certainty
of whole results is judged by the area under its ROC curve (Hanley & McNeil, Radiology 1982): the
chance that of two results, one good and one bad, the good one was called surer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.metrics.pairs import matte_pair

__all__ = [
    "BINS",
    "Reliability",
    "calibration_error",
    "pooled",
    "reliability",
    "roc_area",
    "roc_curve",
]

BINS: Final = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was predicted of pixels, and what is true of them, by bins of the prediction.

    Attributes
    ----------
    share : (BINS,) float64
        Share of all pixels in each bin; sums to 1.
    predicted, observed : (BINS,) float64
        Means of prediction and truth of a bin's pixels, each times its share.
    """

    share: NDArray[np.float64]
    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]


def reliability(
    alpha: NDArray[Any], truth: NDArray[Any], *, region: NDArray[Any] | None = None
) -> Reliability:
    """Compare a probability per pixel with the truth.

    Parameters
    ----------
    alpha : ndarray of shape (H, W), float in [0, 1]
        Probability of foreground, or alpha taken as one.
    truth : ndarray of shape (H, W), float in [0, 1] or bool
        True alpha or mask.
    region : ndarray of shape (H, W), bool, or a trimap, optional
        Pixels to look at; a trimap's unknown ones.

    Returns
    -------
    Reliability

    Raises
    ------
    InvalidMaskError, InvalidTrimapError
        As `mad`.

    Examples
    --------
    >>> found = reliability(np.array([[0.25, 0.25, 0.25, 1.0]]), np.array([[0, 1, 0, 1.0]]))
    >>> found.share[[2, 9]], found.predicted[2], found.observed[2]
    (array([0.75, 0.25]), np.float64(0.1875), np.float64(0.25))
    """
    alpha, truth, inside = matte_pair(alpha, truth, region)
    values, true = alpha[inside], truth[inside]
    bins = np.minimum((values * BINS).astype(np.intp), BINS - 1)
    sums = (np.bincount(bins, weights=of, minlength=BINS) for of in (None, values, true))
    share, predicted, observed = (each / values.size for each in sums)
    return Reliability(share, predicted, observed)


def pooled(pictures: Sequence[Reliability]) -> Reliability:
    """Put pictures together, each as much as any other.

    Raises
    ------
    InvalidOptionError
        No picture.
    """
    if not pictures:
        raise InvalidOptionError("expected at least one picture")
    return Reliability(
        np.mean([each.share for each in pictures], axis=0),
        np.mean([each.predicted for each in pictures], axis=0),
        np.mean([each.observed for each in pictures], axis=0),
    )


def calibration_error(pictures: Sequence[Reliability]) -> float:
    """Give the expected calibration error (ECE) over several pictures, each weighed alike.

    Parameters
    ----------
    pictures : sequence of Reliability
        At least one.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    InvalidOptionError
        No picture.

    Examples
    --------
    >>> alpha = np.full((1, 4), 0.75)
    >>> calibration_error([reliability(alpha, np.array([[1, 1, 0, 1.0]]))])
    0.0
    """
    whole = pooled(pictures)
    return float(np.abs(whole.predicted - whole.observed).sum())


def roc_curve(certainty: ArrayLike, good: ArrayLike) -> NDArray[np.float64]:
    """Trace how many bad results a warning finds, and how many good ones it warns of in vain.

    Parameters
    ----------
    certainty : array_like of shape (N,)
        Of each result; finite.
    good : array_like of shape (N,), bool
        Whether it is.

    Returns
    -------
    ndarray of shape (M, 2), float64 in [0, 1]
        Share of the good results and of the bad ones that are warned of, while the bound of the
        warning rises from below the least certainty to above the largest; from (0, 0) to (1, 1).

    Raises
    ------
    InvalidOptionError
        Not one judgement for each certainty, or none good or none bad.

    Examples
    --------
    >>> roc_curve([0.2, 0.4, 0.9], [False, True, True]).tolist()
    [[0.0, 0.0], [0.0, 1.0], [0.5, 1.0], [1.0, 1.0]]
    """
    sure, well = np.asarray(certainty, dtype=np.float64), np.asarray(good, dtype=np.bool_)
    if sure.ndim != 1 or sure.shape != well.shape:
        raise InvalidOptionError(
            f"expected as many certainties as results, got shapes {sure.shape} and {well.shape}"
        )
    if well.all() or not well.any():
        raise InvalidOptionError("expected good results and bad ones, got only one kind")
    bounds, place = np.unique(sure, return_inverse=True)
    counts = [np.bincount(place[kind], minlength=bounds.size) for kind in (well, ~well)]
    warned = np.cumsum(np.stack(counts, axis=1), axis=0)
    return np.vstack([np.zeros((1, 2)), warned / warned[-1]])


def roc_area(certainty: ArrayLike, good: ArrayLike) -> float:
    """Area under the ROC curve; equal certainties count half.

    Parameters and errors are those of `roc_curve`.

    Examples
    --------
    >>> roc_area([0.2, 0.4, 0.9], [False, True, True]), roc_area([0.5, 0.5], [False, True])
    (1.0, 0.5)
    """
    false, true = roc_curve(certainty, good).T
    return float((np.diff(false) * (true[1:] + true[:-1])).sum() / 2)
