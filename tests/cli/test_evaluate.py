"""``hybridbg evaluate``: from a folder to a report, and one clear line for every mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.evaluation.conftest import inline
from tests.evaluation.made import KNOWS_RED, make_dataset, program

Run = Callable[..., Result]

__all__ = ["inline"]


@pytest.fixture(autouse=True)
def discs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return make_dataset(tmp_path / "discs", "ab")


def red(folder: Path, code: str = KNOWS_RED, name: str = "red") -> str:
    return f"{name}={program(folder, code, f'{name}.py')}"


def test_from_a_folder_to_a_report(run: Run, tmp_path: Path) -> None:
    result = run("evaluate", "discs", "-o", "out", "--methods", "matte,grabcut", "--jobs", "1")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split()[:4] == ["slice", "method", "pictures", "failed"]
    assert [line.split()[:4] for line in lines[1:3]] == [
        ["all", "matte", "2", "0"],
        ["all", "grabcut", "2", "0"],
    ]
    assert lines[-2:] == [str(Path("out", "report.html")), str(Path("out", "report.json"))]
    assert all(Path(line).is_file() for line in lines[-2:])
    again = run("evaluate", "discs", "-o", "out", "--methods", "matte,grabcut", "--resume")
    assert again.exit_code == 0
    assert "kept 4 of 4" in again.stderr
    assert again.stdout == result.stdout


def test_a_program_that_fails_is_reported_and_the_run_goes_on(
    run: Run, tmp_path: Path, inline
) -> None:
    bad = red(tmp_path, "import sys; sys.exit('no licence')", "bad")
    result = run(
        "evaluate", "discs", "-o", "out", "--command", red(tmp_path), "--command", bad, "--json"
    )
    assert result.exit_code == 1
    assert result.stderr.count("no licence") == 2
    assert "2 of 4 answers failed" in result.stderr
    found = json.loads(result.stdout)
    assert [each["method"] for each in found["failures"]] == ["bad", "bad"]
    assert [each["name"] for each in found["methods"]] == ["red", "bad"]
    assert "records" not in found


def test_methods_and_programs_together(run: Run, tmp_path: Path, inline) -> None:
    result = run(
        "evaluate", "discs", "-o", "out", "--methods", "matte:plain", "--command", red(tmp_path)
    )
    assert result.exit_code == 0
    assert [line.split()[1] for line in result.stdout.splitlines()[1:3]] == ["matte:plain", "red"]


def test_two_reports_compared(run: Run, tmp_path: Path, inline) -> None:
    for folder, code in (("before", KNOWS_RED.replace("/ 180", "/ 200")), ("after", KNOWS_RED)):
        arguments = ("--slices", "clean,occluder", "--command", red(tmp_path, code))
        assert run("evaluate", "discs", "-o", folder, *arguments).exit_code == 0
    result = run("evaluate", "--compare", "before/report.json", "after/report.json")
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0][:3] == ["slice", "method", "metric"]
    [mad] = [row for row in rows if row[:3] == ["all", "red", "MAD"]]
    assert mad[-1] == "better"
    assert {row[0] for row in rows[1:]} == {"all", "occluder"}
    as_json = run("evaluate", "--compare", "before/report.json", "after/report.json", "--json")
    assert json.loads(as_json.stdout)["common"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected a DATASET"),
        (("discs",), "expected -o FOLDER"),
        (("nowhere", "-o", "out"), "'nowhere' does not exist"),
        (("discs", "-o", "out", "--methods", "magic"), "unknown method 'magic'; expected auto"),
        (("discs", "-o", "out", "--methods", ","), "expected at least one method"),
        (("discs", "-o", "out", "--methods", "predict:none"), "no model named 'none'"),
        (("discs", "-o", "out", "--slices", "fog"), "unknown slice 'fog'; expected all, clean"),
        (("discs", "-o", "out", "--methods", "auto+hint"), "needs hint files"),
        (("discs", "-o", "out", "--trimaps", "wide"), "no folder"),
        (("discs", "-o", "out", "--command", "cp {image}"), "expected NAME=TEMPLATE"),
        (("discs", "-o", "out", "--command", "x=cp {image}"), "expected {image} and {output}"),
        (("discs", "-o", "out", "--command", "x=nope {image} {output}"), "no program 'nope'"),
        (("discs", "-o", "discs/image/a.png"), "a.png"),
        (("discs", "--compare", "a.json", "b.json"), "--compare takes two reports"),
        (("--compare", "a.json", "b.json"), "'a.json' cannot be read"),
    ],
)
def test_mistakes(run: Run, arguments: tuple[str, ...], message: str) -> None:
    result = run("evaluate", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not Path("out").exists()


def test_neither_import_nor_help_loads_it() -> None:
    code = (
        "import sys, hybridbg, hybridbg.cli;"
        "print(*(name for name in sys.modules if name.startswith('hybridbg.evaluation')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
