"""From records to figures: of each method, metric and slice, and against the first method.

The result is what the JSON file holds and the report shows:

    format, environment, options      what was done with what
    datasets, methods, metrics        what was compared on what; `metrics` explains itself
    slices                            names, and how many pictures
    counts                            per slice and method: asked, failed, nothing_found
    figures                           per slice, method and metric: value, low, high, pictures
    differences                       the same, less the first method's, on common pictures
    reliability                       per slice and method: curves, see `reliability`
    failures                          what failed, and why
    records                           one for each picture, condition and method
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.metrics import Matches, average_precision
from hybridbg.evaluation.reporting import reliability
from hybridbg.evaluation.reporting.statistics import Interval, of_mean, of_statistic
from hybridbg.evaluation.runs import environment
from hybridbg.evaluation.scores import METRICS, POOLED

if TYPE_CHECKING:
    from hybridbg.evaluation.runs import Run

__all__ = ["FORMAT", "difference", "figure", "summarise"]

FORMAT: Final = "hybridbg evaluation 1"

Record = dict[str, Any]


def summarise(run: Run) -> dict[str, Any]:
    """Compute all figures of a run whose tasks are done.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        As at the head of this module; ready for JSON.
    """
    by_place = {
        (task.method, task.picture.name, task.condition): run.records[task.key]
        for task in run.tasks
        if task.key in run.records
    }
    names = [method.name for method in run.methods]
    counts, figures, differences, curves = [], [], [], []
    for part in run.slices:
        first: list[Record | None] = []
        for name in names:
            records = [by_place.get((name, *member)) for member in part.members]
            place = {"slice": part.name, "method": name}
            counts.append({**place, **_counted(records)})
            figures += [
                {**place, "metric": metric, **found}
                for metric in METRICS
                if (found := figure(records, metric, seed=run.seed))
            ]
            curves.append({**place, **reliability.curves_of(records)})
            first = first or records
            differences += [
                {**place, "metric": metric, **found}
                for metric in METRICS
                if name != names[0] and (found := difference(records, first, metric, seed=run.seed))
            ]
    return {
        "format": FORMAT,
        "environment": environment(),
        "options": {"seed": run.seed, "conditions": list(run.conditions)},
        "datasets": [
            {
                "name": dataset.name,
                "licence": dataset.licence,
                "source": dataset.source,
                "pictures": {
                    each.name: {"tags": each.tags, "slices": each.slices, "licence": each.licence}
                    for each in dataset.pictures
                },
            }
            for dataset in run.datasets
        ],
        "methods": [{"name": method.name, **method.identity()} for method in run.methods],
        "metrics": {
            name: {
                "label": metric.label,
                "better": "higher" if metric.higher_is_better else "lower",
                "digits": metric.digits,
                "about": metric.about,
            }
            for name, metric in METRICS.items()
            if any(each["metric"] == name for each in figures)
        },
        "slices": [{"name": each.name, "pictures": len(each.members)} for each in run.slices],
        "counts": counts,
        "figures": figures,
        "differences": differences,
        "reliability": curves,
        "failures": [
            {key: record[key] for key in ("picture", "condition", "method")} | record["error"]
            for record in by_place.values()
            if "error" in record
        ],
        "records": list(by_place.values()),
    }


def figure(
    records: Iterable[Record | None], metric: str, *, seed: int = 0
) -> dict[str, Any] | None:
    """Find the mean of a metric, or its value over all pictures, and its interval.

    Parameters
    ----------
    records : iterable of records
        Of one method; None where there is none.
    metric : str
    seed : int

    Returns
    -------
    dict or None
        ``value``, ``low``, ``high`` and ``pictures``; None where no picture has it, or those that
        have it do not determine it.
    """
    known = [record for record in records if record is not None and _knows(record, metric)]
    if not known:
        return None
    if metric not in POOLED:
        return _told(of_mean([each["scores"][metric] for each in known], seed=seed), len(known))
    found = of_statistic(_of_all(known, metric), len(known), seed=seed)
    return None if found is None else _told(found, len(known))


def difference(
    records: Sequence[Record | None], others: Sequence[Record | None], metric: str, *, seed: int = 0
) -> dict[str, Any] | None:
    """Find by how much a metric differs on common pictures, and the paired interval.

    Parameters
    ----------
    records, others : sequences of records
        Of the same pictures in the same order; None where there is none.
    metric : str
    seed : int

    Returns
    -------
    dict or None
        ``value`` (the first's less the other's), ``low``, ``high``, ``pictures``, and ``verdict``:
        "better", "worse" or "" where the interval holds zero.
    """
    pairs = [
        (one, other)
        for one, other in zip(records, others, strict=True)
        if one is not None and other is not None and _knows(one, metric) and _knows(other, metric)
    ]
    if not pairs:
        return None
    found: Interval | None
    if metric in POOLED:
        ours, theirs = (_of_all(each, metric) for each in zip(*pairs, strict=True))
        found = of_statistic(lambda drawn: ours(drawn) - theirs(drawn), len(pairs), seed=seed)
        if found is None:
            return None
    else:
        found = of_mean(
            [one["scores"][metric] - other["scores"][metric] for one, other in pairs], seed=seed
        )
    good = (found.value > 0) == METRICS[metric].higher_is_better
    verdict = ("better" if good else "worse") if found.significant else ""
    return {**_told(found, len(pairs)), "verdict": verdict}


def _counted(records: Sequence[Record | None]) -> dict[str, int]:
    known = [record for record in records if record is not None]
    return {
        "asked": len(known),
        "failed": sum("error" in record for record in known),
        "nothing_found": sum(record.get("nothing_found", False) for record in known),
    }


def _knows(record: Record, metric: str) -> bool:
    return POOLED[metric] in record if metric in POOLED else metric in record.get("scores", {})


def _told(found: Interval, pictures: int) -> dict[str, Any]:
    return {"value": found.value, "low": found.low, "high": found.high, "pictures": pictures}


_Statistic = Callable[[NDArray[np.intp]], float]


def _of_all(records: Sequence[Record], metric: str) -> _Statistic:
    """Make the function that computes a metric over some of these pictures together."""
    if metric == "ece":
        return reliability.calibration_error_of(records)
    if metric == "certainty_auc":
        return reliability.certainty_area_of(records)
    return _of_objects(records, metric)


def _of_objects(records: Sequence[Record], metric: str) -> _Statistic:
    """Average precision over some of these pictures."""
    matches = [
        Matches(
            np.array(found["scores"], dtype=np.float64),
            np.array(found["hits"], dtype=np.bool_).reshape(len(found["hits"]), -1),
            found["objects"],
        )
        for found in (record["detections"] for record in records)
    ]

    def statistic(drawn: NDArray[np.intp]) -> float:
        each = average_precision([matches[index] for index in drawn])
        return float(each[0] if metric == "ap50" else each.mean())

    return statistic
