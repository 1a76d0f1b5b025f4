"""Two runs beside each other: what changed, and whether it could be chance.

Records are paired by picture, condition and method, and only where picture, truth and corruption
are the same to the bit; how many were left out is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybridbg.core.errors import InvalidOptionError
from hybridbg.evaluation.reporting.reliability import curves_of
from hybridbg.evaluation.reporting.summary import FORMAT, difference, figure
from hybridbg.evaluation.runs import ALL
from hybridbg.evaluation.scenes import CLEAN
from hybridbg.evaluation.scores import METRICS

__all__ = ["compare", "read_results"]

Results = Mapping[str, Any]
Record = dict[str, Any]
_Place = tuple[str, str, str]


def read_results(path: str) -> dict[str, Any]:
    """Read the JSON file of a report.

    Raises
    ------
    InvalidOptionError
        It cannot be read, or is none.
    """
    try:
        results = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidOptionError(f"{path!r} cannot be read: {error}") from error
    if not isinstance(results, dict) or results.get("format") != FORMAT:
        raise InvalidOptionError(
            f"{path!r}: expected the report.json of an evaluation ({FORMAT!r}), got something else"
        )
    return results


def compare(first: Results, second: Results, *, seed: int = 0) -> dict[str, Any]:
    """Compare two runs.

    Parameters
    ----------
    first, second : mapping
        From `read_results` or `summarise`.
    seed : int
        Of bootstrap samples.

    Returns
    -------
    dict
        ``differences``: for each slice, common method and metric ``first``, ``second``,
        ``value`` (the second's less the first's), ``low``, ``high``, ``pictures``, ``verdict`` on
        the second ("better", "worse" or "" where the interval holds zero); ``reliability``: for
        each slice and common method the ``first`` and ``second`` curves, as `summarise` gives them;
        and ``common`` and ``left_out``, numbers of records, and ``methods``.

    Raises
    ------
    InvalidOptionError
        They have nothing in common.
    """
    ones, others = _records(first), _records(second)
    pairs = [
        (place, ones[place], others[place])
        for place in ones
        if place in others and ones[place]["scene"] == others[place]["scene"]
    ]
    if not pairs:
        raise InvalidOptionError(
            "the two reports have no method on the same pictures in common; got methods "
            f"{_names(first)} and {_names(second)}"
        )
    slices = _slices(first)
    groups: dict[tuple[str, str], list[tuple[Record, Record]]] = {}
    for key, one, other in pairs:
        for part in _parts(key, slices):
            groups.setdefault((part, key[0]), []).append((one, other))
    differences, curves = [], []
    for (part, name), inside in groups.items():
        was, became = [pair[0] for pair in inside], [pair[1] for pair in inside]
        both_curves = {"first": curves_of(was), "second": curves_of(became)}
        curves.append({"slice": part, "method": name, **both_curves})
        for metric in METRICS:
            found = difference(became, was, metric, seed=seed)
            if found:
                both = {"first": _value(was, metric), "second": _value(became, metric)}
                place = {"slice": part, "method": name, "metric": metric}
                differences.append({**place, **both, **found})
    return {
        "methods": list(dict.fromkeys(each["method"] for each in differences)),
        "common": len(pairs),
        "left_out": len(set(ones) | set(others)) - len(pairs),
        "differences": differences,
        "reliability": curves,
    }


def _records(results: Results) -> dict[_Place, Record]:
    """Take the records with scores by method, picture and condition."""
    return {
        (record["method"], record["picture"], record["condition"]): record
        for record in results["records"]
        if "scores" in record
    }


def _slices(results: Results) -> dict[str, list[str]]:
    """Slices of each picture as it is."""
    facts = (each for dataset in results["datasets"] for each in dataset["pictures"].items())
    return {name: [ALL, *said["slices"]] for name, said in facts}


def _parts(place: _Place, slices: dict[str, list[str]]) -> list[str]:
    _, picture, condition = place
    return slices.get(picture, [ALL]) if condition == CLEAN else [condition]


def _names(results: Results) -> str:
    return ", ".join(each["name"] for each in results["methods"])


def _value(records: list[Record], metric: str) -> float | None:
    found = figure(records, metric)
    return None if found is None else found["value"]
