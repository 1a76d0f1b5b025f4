"""Curves of records whose answers are known, in the results, the page and a comparison."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridbg.core import metrics
from hybridbg.evaluation import compare, write_report
from hybridbg.evaluation.reporting.page import make_page
from hybridbg.evaluation.reporting.reliability import calibration_error_of, curves_of
from hybridbg.evaluation.reporting.summary import FORMAT, figure

SURE = [0.1, 0.15, 0.5, 0.7, 0.95]
OVERLAPS = [0.2, 0.6, 0.3, 0.8, 0.9]


def record(said: float, true: float, number: int, **more: Any) -> dict[str, Any]:
    """Of a picture that is one even probability."""
    found = metrics.reliability(np.full((4, 4), said), np.full((4, 4), true))
    bins = {key: getattr(found, key).tolist() for key in ("share", "predicted", "observed")}
    place = {"picture": f"p{number}", "condition": "clean", "scene": str(number), "key": "k"}
    return {**place, "method": "m", "scores": {"iou": 0.7, "mad": 0.1}, "reliability": bins, **more}


@pytest.fixture
def records() -> list[dict[str, Any]]:
    return [
        record(0.85, 0.6, number, certainty=sure, scores={"iou": iou, "mad": 1 - iou})
        for number, (sure, iou) in enumerate(zip(SURE, OVERLAPS, strict=True))
    ]


@pytest.fixture
def results(records: list[dict[str, Any]]) -> dict[str, Any]:
    pictures = {each["picture"]: {"tags": [], "slices": [], "licence": ""} for each in records}
    place = {"slice": "all", "method": "m"}
    about = {"label": "l", "better": "higher", "digits": 3, "about": "a"}
    figures = [
        {**place, "metric": name, **figure(records, name)}  # type: ignore[dict-item]
        for name in ("iou", "ece", "certainty_auc")
    ]
    return {
        "format": FORMAT,
        "environment": {
            "hybridbg": "0", "code": "0", "python": "3", "machine": "m", "libraries": {}
        },
        "options": {"seed": 0, "conditions": ["clean"]},
        "datasets": [{"name": "d", "licence": "", "source": "", "pictures": pictures}],
        "methods": [{"name": "m"}],
        "metrics": dict.fromkeys(("iou", "ece", "certainty_auc"), about),
        "slices": [{"name": "all", "pictures": len(records)}],
        "counts": [{**place, "asked": len(records), "failed": 0, "nothing_found": 0}],
        "figures": figures,
        "differences": [],
        "reliability": [{**place, **curves_of(records)}],
        "failures": [],
        "records": records,
    }  # fmt: skip


def test_bins_of_pixels(records: list[dict[str, Any]]) -> None:
    [only] = curves_of(records)["pixels"]
    assert only == {"share": 1.0, "predicted": 0.85, "observed": 0.6}
    found = figure(records, "ece")
    assert found is not None
    assert found["value"] == pytest.approx(0.25)
    assert found["low"] == pytest.approx(found["high"])


def test_the_quick_error_is_the_plain_one() -> None:
    rng = np.random.default_rng(0)
    pairs = [(rng.random((9, 9)), rng.random((9, 9))) for _ in range(4)]
    plain = [metrics.reliability(*pair) for pair in pairs]
    keys = ("share", "predicted", "observed")
    records = [{"reliability": {key: getattr(each, key) for key in keys}} for each in plain]
    drawn = np.array([0, 2, 2, 3])
    wanted = metrics.calibration_error([plain[index] for index in drawn])
    assert calibration_error_of(records)(drawn) == pytest.approx(wanted)


def test_bins_of_pictures_and_the_curve_of_warnings(records: list[dict[str, Any]]) -> None:
    found = curves_of([*records, None, record(0.5, 0.5, 9)])  # one without a certainty
    assert [(each["count"], each["good"]) for each in found["pictures"]] == [
        (2, 0.5), (1, 0.0), (1, 1.0), (1, 1.0),
    ]  # fmt: skip
    assert found["pictures"][0]["certainty"] == pytest.approx(0.125)
    assert found["pictures"][0]["iou"] == pytest.approx(0.4)
    assert found["roc"][1] == [0, 0.5]
    area = figure(records, "certainty_auc")
    assert area is not None
    assert area["value"] == pytest.approx(5 / 6)
    assert 0 <= area["low"] < area["value"] < area["high"] <= 1


def test_results_of_one_kind_have_no_curve_of_warnings(records: list[dict[str, Any]]) -> None:
    good = [each for each in records if each["scores"]["iou"] >= 0.5]
    assert "roc" not in curves_of(good)
    assert figure(good, "certainty_auc") is None
    assert figure(good[:1], "certainty_auc") is None


def test_nothing_known() -> None:
    assert curves_of([None, {"error": {}}]) == {}
    assert figure([{"error": {}}], "certainty_auc") is None


def test_they_are_in_the_files(results: dict[str, Any], tmp_path: Path) -> None:
    page, path = write_report(results, tmp_path)
    assert json.loads(path.read_text("utf-8"))["reliability"] == results["reliability"]
    text = page.read_text("utf-8")
    assert "Probabilities and certainties" in text
    assert "m: 0.250 (0.250 to 0.250)" in text
    assert "m: 0.850 predicted, 0.600 found" in text
    assert text.count("<svg") == 2 + 3


def test_an_older_report_is_shown_without(results: dict[str, Any], tmp_path: Path) -> None:
    del results["reliability"]
    assert "Probabilities and certainties" not in make_page(results, tmp_path)


def test_compared(results: dict[str, Any]) -> None:
    after = copy.deepcopy(results)
    for number, each in enumerate(after["records"]):
        right = record(0.6, 0.6, number)
        each |= {"reliability": right["reliability"], "certainty": OVERLAPS[number]}
    found = compare(results, after)
    of = {each["metric"]: each for each in found["differences"] if each["slice"] == "all"}
    assert of["ece"]["value"] == pytest.approx(-0.25)
    assert of["ece"]["verdict"] == "better"
    assert of["certainty_auc"]["second"] == 1
    [curves] = found["reliability"]
    assert curves["first"]["pixels"][0]["observed"] == 0.6
    assert curves["second"]["pixels"][0]["predicted"] == 0.6
