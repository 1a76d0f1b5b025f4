"""hybridbg.evaluation.reporting: intervals, figures, comparisons, and the page."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.core.errors import InvalidOptionError
from hybridbg.evaluation import (
    Run,
    choose_methods,
    compare,
    read_datasets,
    read_results,
    summarise,
    write_report,
)
from hybridbg.evaluation.reporting.page import make_page
from hybridbg.evaluation.reporting.statistics import of_mean, of_statistic
from hybridbg.evaluation.reporting.summary import difference, figure
from tests.evaluation.conftest import without_processes
from tests.evaluation.made import KNOWS_RED, WORSE, make_dataset, program


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def results(output: Path) -> dict[str, Any]:
    """An exact program, a worse one and one that fails, on three discs, clean and in noise."""
    dataset = make_dataset(output / "discs")
    (dataset / "manifest.toml").write_text(
        "licence = 'CC0, see https://example.org/<b>'\nslices = { large = ['[bc]'] }\n"
        "pictures.a.tags = ['<script>alert(1)</script>']"
    )
    commands = {
        "exact": program(output, KNOWS_RED),
        "worse": program(output, WORSE, "worse.py"),
        "<bad>": program(output, "import sys; sys.exit('<i>no</i>')", "bad.py"),
    }
    run = Run(
        read_datasets([str(dataset)]),
        choose_methods([], commands),
        output,
        conditions=["clean", "noise"],
    )
    run.begin(resume=False)
    with pytest.MonkeyPatch.context() as patch:
        without_processes(patch)
        list(run.work_off(jobs=1))
    return summarise(run)


def found_in(entries: list[dict[str, Any]], **place: str) -> dict[str, Any]:
    [found] = [each for each in entries if all(each[key] == place[key] for key in place)]
    return found


class TestStatistics:
    @settings(max_examples=20)
    @given(values=st.lists(st.floats(-5, 5), min_size=1, max_size=30))
    def test_the_mean_lies_in_its_interval_and_is_found_again(self, values) -> None:
        found = of_mean(values)
        assert found == of_mean(values)
        assert found.value == pytest.approx(np.mean(values))
        if len(values) > 1:
            assert found.low - 1e-9 <= found.value <= found.high + 1e-9

    def test_it_is_as_wide_as_theory_says(self) -> None:
        values = np.random.default_rng(0).normal(3, 1, 400)
        found = of_mean(values)
        half = 1.96 * values.std() / 20
        assert (found.low, found.high) == pytest.approx(
            (values.mean() - half, values.mean() + half), abs=0.25 * half
        )

    def test_it_holds_the_truth_about_as_often_as_it_says(self) -> None:
        rng = np.random.default_rng(1)
        intervals = [of_mean(rng.exponential(1, 40)) for _ in range(120)]
        held = np.mean([each.low <= 1 <= each.high for each in intervals])
        assert 0.87 <= held <= 0.99

    def test_too_few_and_all_the_same(self) -> None:
        assert of_mean([2.0]).low is None
        assert not of_mean([2.0]).significant
        assert of_mean([2.0, 2.0]).significant
        assert not of_mean([0.0, 0.0]).significant

    def test_any_figure(self) -> None:
        values = np.random.default_rng(2).normal(size=60)
        found = of_statistic(lambda drawn: float(np.median(values[drawn])), 60)
        assert found.value == np.median(values)
        assert found.low < found.value < found.high
        assert of_statistic(lambda drawn: float(len(drawn)), 1).low is None


class TestFigures:
    def test_means_and_counts(self, results: dict[str, Any]) -> None:
        place = {"slice": "all", "method": "exact", "metric": "iou"}
        exact = found_in(results["figures"], **place)
        assert exact["value"] == pytest.approx(1)
        assert exact["pictures"] == 3
        counted = found_in(results["counts"], slice="all", method="<bad>")
        assert (counted["asked"], counted["failed"], counted["nothing_found"]) == (3, 3, 0)
        assert len(results["failures"]) == 6
        assert [each["name"] for each in results["slices"]] == ["all", "large", "noise"]
        assert found_in(results["figures"], **{**place, "slice": "large"})["pictures"] == 2

    def test_differences_from_the_first_method_are_paired(self, results: dict[str, Any]) -> None:
        place = {"slice": "all", "metric": "mad"}
        worse = found_in(results["differences"], method="worse", **place)
        means = [
            found_in(results["figures"], method=name, **place)["value"]
            for name in ("worse", "exact")
        ]
        assert worse["value"] == pytest.approx(means[0] - means[1])
        assert worse["low"] > 0
        assert worse["verdict"] == "worse"
        assert not [each for each in results["differences"] if each["method"] == "exact"]

    def test_a_metric_of_all_pictures_together(self) -> None:
        def record(score: float, hit: bool) -> dict[str, Any]:
            return {"detections": {"scores": [score], "hits": [[hit]] * 10, "objects": 1}}

        records = [record(0.9, False), record(0.5, True), None]
        found = figure(records, "map")
        assert found is not None
        assert found["pictures"] == 2
        assert found["value"] == pytest.approx(0.5 * 51 / 101)  # precision 1/2 up to recall 1/2
        change = difference(records, [record(0.9, False)] * 3, "map")
        assert change is not None
        assert (change["pictures"], change["value"]) == (2, found["value"])
        assert figure(records, "iou") is None

    def test_json_and_back(self, results: dict[str, Any], tmp_path: Path) -> None:
        page, path = write_report(results, tmp_path)
        assert read_results(str(path)) == json.loads(json.dumps(results))
        assert page.read_text("utf-8").startswith("<!doctype html>")


class TestComparison:
    def test_of_a_run_with_itself_nothing_differs(self, results: dict[str, Any]) -> None:
        found = compare(results, results)
        assert found["left_out"] == 0
        assert {each["value"] for each in found["differences"]} == {0}
        assert {each["verdict"] for each in found["differences"]} == {""}

    def test_what_changed(self, results: dict[str, Any]) -> None:
        after = copy.deepcopy(results)
        for record in after["records"]:
            if record["method"] == "worse" and record["condition"] == "clean":
                record["scores"]["mad"] /= 2
        found = compare(results, after)["differences"]
        place = {"slice": "all", "metric": "mad"}
        better = found_in(found, method="worse", **place)
        assert better["verdict"] == "better"
        assert better["second"] == pytest.approx(better["first"] / 2)
        assert found_in(found, method="exact", **place)["verdict"] == ""
        assert found_in(found, method="worse", **{**place, "slice": "noise"})["value"] == 0

    def test_other_truths_are_left_out(self, results: dict[str, Any]) -> None:
        after = copy.deepcopy(results)
        for record in after["records"]:
            record["scene"] += "x" if record["picture"] == "a" else ""
        found = compare(results, after)
        assert found["left_out"] == 3 * 2
        assert {each["pictures"] for each in found["differences"]} == {2}
        for record in after["records"]:
            record["scene"] = "other"
        with pytest.raises(InvalidOptionError, match="in common"):
            compare(results, after)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "something"}'])
    def test_what_is_no_report(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(InvalidOptionError, match=r"x\.json"):
            read_results(str(tmp_path / "x.json"))


class _Elements(HTMLParser):
    """What a page consists of."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.all: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


class TestPage:
    @pytest.fixture
    def page(self, results: dict[str, Any], output: Path) -> str:
        return make_page(results, output / "thumbnails")

    def test_it_is_well_formed_and_whole(self, page: str) -> None:
        elements = _Elements()
        elements.feed(page)
        assert elements.open == []
        names = [tag for tag, _ in elements.all]
        assert names.count("svg") == 7  # four headlines, the curves, the costs, the reliability
        assert names.count("script") == 1
        heads = re.findall("<h2>(.*?)</h2>", page)
        assert heads[:2] == ["Figures", "Compared with exact"]
        assert {"Plots", "Slices", "Worst cases", "Failures"} < set(heads)

    def test_it_asks_nothing_of_any_network(self, page: str) -> None:
        words = re.sub(r"base64,[\w+/=]+", "", page)
        assert not re.search(r"https?:|//\w|\bfetch\b|XMLHttpRequest|@import|url\(", words)
        elements = _Elements()
        elements.feed(page)
        for tag, attributes in elements.all:
            assert tag not in {"link", "iframe", "object", "embed", "base", "form", "a"}
            if tag == "img":
                assert (attributes["src"] or "").startswith("data:image/jpeg;base64,/9j/")
            else:
                assert "src" not in attributes
        policy = [a["content"] for t, a in elements.all if "http-equiv" in a]
        assert policy[0] is not None
        assert policy[0].startswith("default-src 'none'; img-src data:;")

    def test_names_are_words_and_not_markup(self, page: str) -> None:
        assert "<b>," not in page
        assert "&lt;bad&gt;" in page
        assert "<i>no" not in page
        assert "alert(1)</script>" not in page

    def test_it_shows_the_worst_cases_of_all_methods_side_by_side(self, page: str) -> None:
        [cases] = re.findall(r'<table class="cases">(.*?)</table>', page)
        assert cases.count("<img") == 3 * (2 + 3)
        assert "failed: ExternalCommandError" in cases

    def test_it_says_where_there_are_few_pictures(self, results, page: str) -> None:
        assert "Few pictures: all (3), large (2), noise (3). Intervals of less than 10" in page
        many = copy.deepcopy(results)
        for each in many["counts"]:
            each["asked"] = 10
        assert "Few pictures" not in make_page(many, Path("nowhere"))

    def test_without_thumbnails_it_does_without(self, results, tmp_path: Path) -> None:
        assert "<img" not in make_page(results, tmp_path / "nowhere")

    def test_one_method_alone_and_a_single_picture(
        self, dataset: Path, tmp_path: Path, inline: list[Any]
    ) -> None:
        datasets = read_datasets([str(dataset)], limit=1)
        run = Run(datasets, choose_methods(["matte:plain"]), tmp_path / "one")
        run.begin(resume=False)
        list(run.work_off(jobs=1))
        page = make_page(summarise(run), run.output / "thumbnails")
        assert "Compared with" not in page
        assert "Nothing failed" in page

    def test_every_picture_broken(self, dataset: Path, tmp_path: Path, inline: list[Any]) -> None:
        for path in (dataset / "image").iterdir():
            path.write_bytes(b"no picture")
        run = Run(read_datasets([str(dataset)]), choose_methods(["matte:plain"]), tmp_path / "none")
        run.begin(resume=False)
        list(run.work_off(jobs=1))
        results = summarise(run)
        assert results["figures"] == []
        assert make_page(results, run.output / "thumbnails").count("not a picture") == 3
