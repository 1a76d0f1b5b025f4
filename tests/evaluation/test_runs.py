"""hybridbg.evaluation.runs: everything is done once, remembered, and nothing stops a run."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridbg.core.errors import HybridBgError, ImageWriteError, InvalidOptionError
from hybridbg.evaluation import Run, choose_conditions, choose_methods, read_datasets
from hybridbg.evaluation import runs as module
from tests.evaluation.made import KNOWS_RED, SHAPE, program, write


def planned(dataset: Path, output: Path, *methods: str, **options: Any) -> Run:
    datasets = read_datasets([str(dataset)])
    return Run(datasets, choose_methods(methods or ("matte:plain",)), output, **options)


def work(run: Run, *, resume: bool = True) -> list[dict[str, Any]]:
    run.begin(resume=resume)
    return list(run.work_off(jobs=1))


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.output / "records.jsonl").read_text().splitlines()]


def test_every_picture_condition_and_method_once(dataset: Path, tmp_path: Path, inline) -> None:
    run = planned(
        dataset, tmp_path / "out", "matte:plain", "grabcut", conditions=["clean", "noise"]
    )
    records = work(run)
    assert len(records) == 3 * 2 * 2
    assert lines(run) == records
    places = {(each["picture"], each["condition"], each["method"]) for each in records}
    assert len(places) == len(records)
    assert not run.due
    assert len(list((run.output / "thumbnails").glob("*.jpg"))) == 3 * 2 * (2 + 2)


def test_in_processes_as_in_one(dataset: Path, tmp_path: Path, inline, monkeypatch) -> None:
    here = work(planned(dataset, tmp_path / "here"))
    monkeypatch.undo()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    run = planned(dataset, tmp_path / "there")
    run.begin(resume=False)
    with closing(run.work_off(jobs=2)) as working:
        there = sorted(working, key=lambda record: record["picture"])
    for one, other in zip(here, there, strict=True):
        one["scores"] = {
            k: v for k, v in one["scores"].items() if k not in ("seconds", "megabytes")
        }
        assert {**other, "scores": {k: other["scores"][k] for k in one["scores"]}} == one


class TestResume:
    def test_nothing_is_computed_twice(self, dataset: Path, tmp_path: Path, inline) -> None:
        first = work(planned(dataset, tmp_path / "out"))
        again = planned(dataset, tmp_path / "out")
        assert work(again) == []
        assert len(inline) == 3
        assert [again.records[task.key] for task in again.tasks] == first

    def test_only_what_is_new(self, dataset: Path, tmp_path: Path, inline) -> None:
        work(planned(dataset, tmp_path / "out"))
        more = planned(dataset, tmp_path / "out", "matte:plain", "grabcut")
        assert {record["method"] for record in work(more)} == {"grabcut"}

    def test_without_it_all_over_again(self, dataset: Path, tmp_path: Path, inline) -> None:
        work(planned(dataset, tmp_path / "out"))
        run = planned(dataset, tmp_path / "out")
        assert len(work(run, resume=False)) == len(lines(run)) == 3

    @pytest.mark.parametrize("kind", ["image", "alpha", "trimap"])
    def test_a_changed_file_counts(self, dataset: Path, tmp_path: Path, inline, kind: str) -> None:
        work(planned(dataset, tmp_path / "out"))
        path = dataset / kind / "b.png"
        path.write_bytes(path.read_bytes() + b"\0")  # the same pixels, but who knows
        [record] = work(planned(dataset, tmp_path / "out"))
        assert record["picture"] == "b"

    def test_changed_code_counts(self, dataset: Path, tmp_path: Path, inline, monkeypatch) -> None:
        work(planned(dataset, tmp_path / "out"))
        monkeypatch.setattr(module, "code_digest", lambda: "another")
        assert len(work(planned(dataset, tmp_path / "out"))) == 3

    def test_the_seed_counts_for_corruptions_alone(self, dataset, tmp_path, inline) -> None:
        options = {"conditions": ["clean", "noise"]}
        work(planned(dataset, tmp_path / "out", **options))
        records = work(planned(dataset, tmp_path / "out", seed=1, **options))
        assert {record["condition"] for record in records} == {"noise"}

    def test_a_failure_is_tried_again(self, dataset: Path, tmp_path: Path, inline) -> None:
        flag = tmp_path / "flag"
        code = f"import os, sys; os.path.exists({str(flag)!r}) or sys.exit(1)\n{KNOWS_RED}"
        commands = {"moody": program(tmp_path, code)}

        def run() -> Run:
            datasets = read_datasets([str(dataset)])
            return Run(datasets, choose_methods([], commands), tmp_path / "out")

        assert all("error" in record for record in work(run()))
        flag.touch()
        assert not any("error" in record for record in work(run()))
        assert work(run()) == []

    def test_half_a_line_is_no_record(self, dataset: Path, tmp_path: Path, inline) -> None:
        run = planned(dataset, tmp_path / "out")
        work(run)
        path = run.output / "records.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        again = planned(dataset, tmp_path / "out")
        assert [record["picture"] for record in work(again)] == ["c"]
        assert len(lines(again)) == 3


class TestFailures:
    def test_a_broken_picture_is_listed_and_scored_for_nobody(
        self, dataset: Path, tmp_path: Path, inline
    ) -> None:
        (dataset / "image" / "b.png").write_bytes(b"no picture")
        (dataset / "alpha" / "c.png").unlink()
        good, broken, without = work(planned(dataset, tmp_path / "out"))
        assert "error" not in good
        for record, message in ((broken, "not a picture"), (without, "no truth")):
            assert record["error"]["of"] == "picture"
            assert message in record["error"]["message"]
            assert "scores" not in record

    def test_a_method_that_fails_gains_nothing(self, dataset: Path, tmp_path: Path, inline) -> None:
        methods = choose_methods([], {"bad": program(tmp_path, "import sys; sys.exit('no')")})
        run = Run(read_datasets([str(dataset)]), methods, tmp_path / "out")
        for record in work(run):
            assert record["error"]["type"] == "ExternalCommandError"
            assert record["scores"]["iou"] == 0
            assert "seconds" not in record["scores"]

    def test_nothing_found_is_no_failure(self, dataset: Path, tmp_path: Path, inline) -> None:
        for path in (dataset / "image").iterdir():
            write(path, np.full((*SHAPE, 3), 128, np.uint8))
        for record in work(planned(dataset, tmp_path / "out", "key")):
            assert record["nothing_found"]
            assert "error" not in record
            assert record["scores"]["iou"] == 0

    @pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
    def test_a_worker_that_is_killed_costs_its_answer(
        self, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The program kills the worker that asked for it, for one of the pictures."""
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        (dataset / "alpha" / "c.png").unlink()
        (dataset / "image" / "c.png").unlink()
        code = f"""
import os, signal
with open(f"/proc/{{os.getppid()}}/stat") as file:
    worker = int(file.read().rpartition(")")[2].split()[1])
mark = {str(tmp_path / "mark")!r}
if not os.path.exists(mark):
    open(mark, "w").close()
    os.kill(worker, signal.{signal.SIGKILL.name})
{KNOWS_RED}"""
        methods = choose_methods([], {"killer": program(tmp_path, code)})
        run = Run(read_datasets([str(dataset)]), methods, tmp_path / "out")
        run.begin(resume=False)
        with closing(run.work_off(jobs=1)) as working:
            killed, fine = sorted(working, key=lambda record: "error" not in record)
        assert killed["error"]["type"] == "WorkerDiedError"
        assert killed["scores"]["iou"] == 0
        assert fine["scores"]["iou"] > 0.99


class TestPlan:
    def test_methods_skip_pictures_without_what_they_need(self, dataset, tmp_path) -> None:
        (dataset / "trimap" / "a.png").unlink()
        run = planned(dataset, tmp_path / "out", "matte:plain", "grabcut")
        asked = [task.picture.name for task in run.tasks if task.method == "matte:plain"]
        assert asked == ["b", "c"]
        assert len(run.tasks) == 5

    def test_a_method_that_no_picture_serves(self, dataset: Path, tmp_path: Path) -> None:
        with pytest.raises(InvalidOptionError, match=r"'auto\+hint' needs hint files"):
            planned(dataset, tmp_path / "out", "auto+hint")

    def test_slices(self, dataset: Path, tmp_path: Path) -> None:
        (dataset / "manifest.toml").write_text("slices = { large = ['[bc]'] }")
        run = planned(dataset, tmp_path / "out", conditions=["clean", "noise"])
        found = {each.name: each.members for each in run.slices}
        assert list(found) == ["all", "large", "noise"]
        assert found["large"] == (("b", "clean"), ("c", "clean"))
        assert found["noise"][0] == ("a", "noise")

    def test_a_slice_of_a_name_that_is_taken(self, dataset: Path, tmp_path: Path) -> None:
        (dataset / "manifest.toml").write_text("slices = { noise = ['a'] }")
        with pytest.raises(InvalidOptionError, match="'noise', which has a meaning"):
            planned(dataset, tmp_path / "out")

    def test_conditions(self) -> None:
        assert choose_conditions(["blur", "clean"]) == ["clean", "blur"]
        assert choose_conditions(["all"])[0] == "clean"
        with pytest.raises(InvalidOptionError, match=r"unknown slice 'fog'; expected all, clean,"):
            choose_conditions(["fog"])

    @pytest.mark.skipif(os.name == "nt", reason="folders are refused otherwise on Windows")
    def test_an_output_that_is_a_file(self, dataset: Path, tmp_path: Path) -> None:
        (tmp_path / "out").touch()
        with pytest.raises((ImageWriteError, HybridBgError), match="out"):
            planned(dataset, tmp_path / "out").begin(resume=True)
