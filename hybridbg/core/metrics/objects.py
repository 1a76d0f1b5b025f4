"""Average precision over objects found one by one, as the COCO benchmark computes it.

Lin et al., "Microsoft COCO: Common Objects in Context" (ECCV 2014) and the benchmark's published
code, for one class without crowds: in each picture detections, surest first, each take the object
not yet taken with which they overlap most, if that is enough; over all pictures, precision is made
monotone and averaged at recalls 0, 0.01 ... 1. mAP@[.5:.95] is the mean over ten overlaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask
from hybridbg.core.errors import InvalidMaskError, InvalidOptionError

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray

__all__ = ["IOU_THRESHOLDS", "Matches", "average_precision", "match_objects"]

IOU_THRESHOLDS: Final = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Overlaps from which a detection counts as a hit; AP50 is of the first, mAP of all."""

_RECALLS: Final = 101


@dataclass(frozen=True, eq=False)
class Matches:
    """Which detections of one picture hit an object.

    Attributes
    ----------
    scores : (D,) float64
        Of the detections, surest first.
    hits : (T, D) bool
        Whether each hits at each threshold.
    objects : int
        How many objects there are.
    """

    scores: NDArray[np.float64]
    hits: BoolArray
    objects: int


def match_objects(
    masks: Sequence[NDArray[Any]],
    scores: Sequence[float],
    truth: NDArray[Any],
    *,
    thresholds: Sequence[float] = IOU_THRESHOLDS,
) -> Matches:
    """Match the detections of one picture with its objects.

    Parameters
    ----------
    masks : sequence of D ndarrays of shape (H, W)
        One mask for each detection, as for `iou`.
    scores : sequence of D floats
        How sure each is.
    truth : ndarray of shape (H, W), integers
        0 is background, every other value an object.
    thresholds : sequence of T floats in (0, 1]
        Least IoU of a hit.

    Returns
    -------
    Matches

    Raises
    ------
    InvalidMaskError
        A mask that is not one or of another size, or a truth that is no map of labels.
    InvalidOptionError
        Not one score for each mask, or a threshold out of range.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 2]])
    >>> found = [np.array([[1, 1, 0, 0]], bool), np.array([[0, 0, 1, 1]], bool)]
    >>> match_objects(found, [0.9, 0.8], truth, thresholds=[0.5, 0.75]).hits.tolist()
    [[True, True], [True, False]]
    """
    labels = np.asarray(truth)
    if labels.ndim != 2 or labels.dtype.kind not in "iub":
        raise InvalidMaskError(
            f"truth: expected integer labels of shape (H, W), got {labels.dtype} {labels.shape}"
        )
    if len(scores) != len(masks):
        raise InvalidOptionError(f"expected {len(masks)} scores, one for each mask")
    if not all(0 < threshold <= 1 for threshold in thresholds):
        raise InvalidOptionError(f"thresholds: expected numbers in (0, 1], got {thresholds}")
    names, flat = np.unique(labels, return_inverse=True)
    flat = flat.reshape(labels.shape)
    real = names != 0
    sizes = np.bincount(flat.ravel(), minlength=len(names))
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    hits = np.zeros((len(thresholds), len(masks)), dtype=np.bool_)
    taken = np.zeros((len(thresholds), len(names)), dtype=np.bool_)
    for place, index in enumerate(order):
        inside = as_mask(masks[index], labels.shape) >= 0.5
        common = np.bincount(flat[inside], minlength=len(names))
        union = sizes + int(np.count_nonzero(inside)) - common
        overlaps = np.where(real, common / union, 0)
        for row, threshold in enumerate(thresholds):
            free = np.where(taken[row], 0, overlaps)
            best = int(free.argmax())
            if free[best] >= threshold:
                hits[row, place] = taken[row, best] = True
    ordered = np.asarray(scores, dtype=np.float64)[order]
    return Matches(ordered, hits, int(np.count_nonzero(real)))


def average_precision(pictures: Sequence[Matches]) -> NDArray[np.float64]:
    """Average precision over the detections of several pictures.

    Parameters
    ----------
    pictures : sequence of Matches
        At least one, all for the same thresholds.

    Returns
    -------
    ndarray of shape (T,), float64 in [0, 1]
        One for each threshold; their mean is mAP. Without any object it is 1 if nothing was found
        either, else 0.

    Raises
    ------
    InvalidOptionError
        No picture.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 2]])
    >>> found = [np.array([[1, 1, 0, 0]], bool), np.array([[0, 0, 1, 1]], bool)]
    >>> matches = match_objects(found, [0.9, 0.8], truth, thresholds=[0.5, 0.75])
    >>> average_precision([matches]).round(3).tolist()
    [1.0, 0.505]
    """
    if not pictures:
        raise InvalidOptionError("average_precision: expected at least one picture")
    objects = sum(matches.objects for matches in pictures)
    scores = np.concatenate([matches.scores for matches in pictures])
    hits = np.concatenate([matches.hits for matches in pictures], axis=1)
    if not objects or not scores.size:
        return np.full(len(hits), float(not objects and not scores.size))
    hits = hits[:, np.argsort(-scores, kind="stable")]
    found = np.cumsum(hits, axis=1)
    precision = found / np.arange(1, scores.size + 1)
    # The best precision at this recall or any higher one; zero beyond the last detection.
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    envelope = np.pad(envelope, ((0, 0), (0, 1)))
    wanted = np.linspace(0, 1, _RECALLS)
    return np.array(
        [
            heights[np.searchsorted(recall, wanted)].mean()
            for recall, heights in zip(found / objects, envelope, strict=True)
        ]
    )
