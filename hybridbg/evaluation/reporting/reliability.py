"""Do answers know how right they are: curves of records, and the figures that sum them up.

Two questions. Of pixels: of those with an alpha about .7, are 70 % foreground? Every answer is
asked, a hard mask too, which claims to be certain everywhere. Of pictures, where a method gives a
certainty: how many of those that it calls .7 sure have an IoU of .5 at least, and does a warning
below some bound find the others? A picture in which nothing was found is not among these: that was
said plainly enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.metrics import Reliability, roc_area, roc_curve
from hybridbg.core.metrics.calibration import pooled
from hybridbg.evaluation.scores import GOOD_IOU

__all__ = ["calibration_error_of", "certainty_area_of", "curves_of"]

_CERTAINTY_BINS: Final = 5
"""There are hundreds of thousands of pixels, but only tens of pictures."""

_DIGITS: Final = 5
"""Of numbers that are only drawn."""

Record = Mapping[str, Any]
_Statistic = Callable[[NDArray[np.intp]], float]


def curves_of(records: Iterable[Record | None]) -> dict[str, Any]:
    """Give the curves of one method on some pictures.

    Parameters
    ----------
    records : iterable of records
        None where there is none.

    Returns
    -------
    dict
        ``pixels``: bins that hold any, with ``share`` of all pixels, ``predicted`` and
        ``observed`` means. Where the method gives certainties ``pictures``: bins with ``count``,
        mean ``certainty``, share of ``good`` results and mean ``iou``; and ``roc`` where there are
        good results and bad ones: points (share of the good, share of the bad warned of).
    """
    known = [record for record in records if record is not None and "scores" in record]
    found: dict[str, Any] = {}
    of_pixels = [_bins(record) for record in known if "reliability" in record]
    if of_pixels:
        found["pixels"] = _of_pixels(pooled(of_pixels))
    sure = [record for record in known if "certainty" in record]
    if sure:
        certainty, iou = _certainties(sure)
        found["pictures"] = _of_pictures(certainty, iou)
        good = iou >= GOOD_IOU
        if good.any() and not good.all():
            found["roc"] = roc_curve(certainty, good).round(_DIGITS).tolist()
    return found


def calibration_error_of(records: Sequence[Record]) -> _Statistic:
    """Make the function that computes the calibration error over some of these pictures.

    It is that of `metrics.calibration_error`, quick enough to be drawn many times.
    """
    bins = [_bins(record) for record in records]
    gaps = np.stack([each.predicted - each.observed for each in bins])
    return lambda drawn: float(np.abs(gaps[drawn].mean(axis=0)).sum())


def certainty_area_of(records: Sequence[Record]) -> _Statistic:
    """Make the function that computes the area under the ROC curve; NaN where all are of a kind."""
    certainty, iou = _certainties(records)
    good = iou >= GOOD_IOU

    def area(drawn: NDArray[np.intp]) -> float:
        some = good[drawn]
        return float("nan") if some.all() or not some.any() else roc_area(certainty[drawn], some)

    return area


def _bins(record: Record) -> Reliability:
    return Reliability(**{key: np.array(bins) for key, bins in record["reliability"].items()})


def _certainties(records: Sequence[Record]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    certainty = np.array([record["certainty"] for record in records], dtype=np.float64)
    return certainty, np.array([record["scores"]["iou"] for record in records], dtype=np.float64)


def _of_pixels(whole: Reliability) -> list[dict[str, float]]:
    return [
        {
            "share": share,
            "predicted": round(predicted / share, _DIGITS),
            "observed": round(observed / share, _DIGITS),
        }
        for share, predicted, observed in zip(
            whole.share.tolist(), whole.predicted.tolist(), whole.observed.tolist(), strict=True
        )
        if share > 0
    ]


def _of_pictures(
    certainty: NDArray[np.float64], iou: NDArray[np.float64]
) -> list[dict[str, float]]:
    place = np.minimum((certainty * _CERTAINTY_BINS).astype(np.intp), _CERTAINTY_BINS - 1)
    return [
        {
            "count": int(np.count_nonzero(inside)),
            "certainty": round(float(certainty[inside].mean()), _DIGITS),
            "good": round(float((iou[inside] >= GOOD_IOU).mean()), _DIGITS),
            "iou": round(float(iou[inside].mean()), _DIGITS),
        }
        for inside in (place == number for number in range(_CERTAINTY_BINS))
        if inside.any()
    ]
