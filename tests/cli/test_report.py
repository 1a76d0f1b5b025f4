"""What is said, where, and with which exit code."""

from __future__ import annotations

import errno
import json

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from hybridbg.cli.exits import reporting
from hybridbg.cli.report import ERASE_LINE, Reporter, jsonable
from hybridbg.core import errors


def run(outcome: BaseException | int, *arguments: str) -> Result:
    """Run a command that prints, then returns or raises `outcome`."""

    @click.command()
    @reporting
    def command(reporter: Reporter) -> int:
        reporter.result("a result")
        reporter.message("a message")
        reporter.detail("a detail")
        reporter.json({"results": []})
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return CliRunner().invoke(command, arguments)


class TestStreams:
    def test_results_and_messages_are_kept_apart(self) -> None:
        result = run(0)
        assert (result.stdout, result.stderr) == ("a result\n", "a message\n")

    def test_quiet_and_verbose(self) -> None:
        assert run(0, "-q").stderr == ""
        assert run(0, "-v").stderr == "a message\na detail\n"
        assert run(0, "-q", "-v").exit_code == 2

    def test_json_has_standard_output_to_itself(self) -> None:
        assert json.loads(run(0, "--json").stdout) == {"results": []}


class TestExitCodes:
    @pytest.mark.parametrize("name", [name for name in errors.__all__ if "Error" in name])
    def test_every_error_of_the_tree_is_bad_input(self, name: str) -> None:
        result = run(getattr(errors, name)("what came, what to do"))
        assert result.exit_code == 2
        assert result.stderr == "a message\nerror: what came, what to do\n"

    @pytest.mark.parametrize(
        ("outcome", "code"),
        [
            (0, 0),
            (1, 1),
            (PermissionError(errno.EACCES, "Permission denied", "x"), 2),
            (MemoryError(), 2),
            (KeyError("a fault of ours"), 1),
            (KeyboardInterrupt(), 130),
        ],
    )
    def test_codes(self, outcome: BaseException | int, code: int) -> None:
        assert run(outcome).exit_code == code

    def test_traceback_only_when_verbose(self) -> None:
        assert "Traceback" not in run(errors.NoSubjectError("nothing")).stderr
        assert "Traceback" in run(errors.NoSubjectError("nothing"), "-v").stderr

    def test_a_broken_pipe_is_quiet(self) -> None:
        assert run(BrokenPipeError(errno.EPIPE, "Broken pipe"), "-q").stderr == ""

    def test_json_carries_the_error(self) -> None:
        @click.command()
        @reporting
        def command(reporter: Reporter) -> int:
            raise errors.ModelNotFoundError("no model named 'x'")

        result = CliRunner().invoke(command, ["--json"])
        assert json.loads(result.stdout)["errors"] == [
            {"type": "ModelNotFoundError", "message": "no model named 'x'"}
        ]
        assert result.exit_code == 2


class TestWords:
    @pytest.mark.parametrize("message", ["x.png: damaged", "damaged"])
    def test_a_picture_is_named_once(
        self, message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Reporter().error(errors.ImageReadError(message), about="x.png")
        assert capsys.readouterr().err == "error: x.png: damaged\n"

    def test_json_of_numpy(self) -> None:
        value = {
            "count": np.int64(3),
            "certainty": np.float32(0.5),
            "flags": {True},
            "array": np.arange(2, dtype=np.uint8),
            "bad": np.float64("inf"),
            "other": errors,
        }
        assert json.loads(json.dumps(jsonable(value), allow_nan=False)) == {
            "count": 3,
            "certainty": 0.5,
            "flags": [True],
            "array": [0, 1],
            "bad": None,
            "other": str(errors),
        }


class TestProgress:
    def test_plain_lines_elsewhere(self, capsys: pytest.CaptureFixture[str]) -> None:
        with Reporter().progress(2) as progress:
            for name in ("a.jpg", "b.jpg"):
                progress.start(name)
                progress.stage("matting", 0.5)
        assert capsys.readouterr().err == "[1/2] a.jpg\n[2/2] b.jpg\n"

    def test_stages_when_verbose(self, capsys: pytest.CaptureFixture[str]) -> None:
        with Reporter(verbose=True).progress(1) as progress:
            progress.start("a.jpg")
            progress.stage("matting", 0.5)
            progress.stage("matting", 0.6)
            progress.stage("foreground", 0.9)
        assert capsys.readouterr().err == "[1/1] a.jpg\na.jpg: matting\na.jpg: foreground\n"

    def test_one_line_redrawn_on_a_terminal(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        reporter = Reporter()
        reporter.on_terminal = True
        with reporter.progress(2) as progress:
            progress.start("a.jpg")
            progress.stage("matting", 0.5)
            reporter.result("a-cutout.png")
        drawn = capsys.readouterr()
        # click strips the erase sequence where the stream is no terminal, as here.
        assert "[#####---------------] 1/2 a.jpg: matting" in drawn.err
        assert drawn.out == "a-cutout.png\n"
        assert "\n" not in drawn.err.replace(ERASE_LINE, "")
