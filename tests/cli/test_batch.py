"""`hybridbg batch`: folders mirrored, presets, what went on before, and mistakes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image as PILImage

from hybridbg.predict import Session
from tests.cli.test_process import COMMAND, ROOT, mind_interrupts
from tests.cli.test_remove import files, pixels
from tests.pipeline.conftest import disc, tiny_session

__all__ = ["disc", "tiny_session"]

Run = Callable[..., Result]
GIVEN = ("--trimap", "trimap.png")  # matting only: quick, and without a network


@pytest.fixture
def shoot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with in/red.png, in/deep/green.jpg and in/deep/bad.jpg."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    deep = folder / "in" / "deep"
    deep.mkdir(parents=True)
    Path("red.png").rename(folder / "in" / "red.png")
    Path("green.jpg").rename(deep / "green.jpg")
    (deep / "bad.jpg").write_bytes(b"no picture")
    return folder


def results(folder: Path) -> set[str]:
    """Everything but what a run keeps for `--resume`."""
    return {name for name in files(folder) if not name.startswith(".")}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestDone:
    def test_mirrored_and_a_bad_picture_passed_over(self, shoot: Path, run: Run) -> None:
        before = contents(shoot / "in")
        result = run("batch", "in", "out", *GIVEN, "--workers", "1")
        assert result.exit_code == 1
        assert results(shoot / "out") == {"red.png", "deep/green.png"}
        assert sorted(result.stdout.split()) == ["out/deep/green.png", "out/red.png"]
        assert pixels("out/deep/green.png").shape == (48, 48, 4)
        assert contents(shoot / "in") == before
        notice, *lines = result.stderr.splitlines()
        assert notice == "warning: --trimap: the same place in all 3 pictures"
        assert lines[0].startswith("error: in/deep/bad.jpg: not a picture")
        assert lines[1].startswith("[1/3] in/deep/bad.jpg (1 failed, ")
        assert lines[1].endswith(" left)")
        assert lines[-1] == "1 of 3 pictures failed"

    def test_one_place_for_several_pictures_is_said_once(self, shoot: Path, run: Run) -> None:
        flags = ("--rect", "6,6,42,42", "--keep", "24,24", "--drop", "2,2", "--method", "grabcut")
        said = run("batch", "in", "out", *flags).stderr
        assert said.count("the same place") == 1
        assert "warning: --rect, --keep, --drop: the same place in all 3 pictures\n" in said
        said = run("remove", "in/red.png", "in/deep/green.jpg", "-o", "new", *flags).stderr
        assert "warning: --rect, --keep, --drop: the same place in all 2 pictures\n" in said
        Path("in/deep/bad.jpg").unlink()
        Path("in/red.png").unlink()
        assert "the same place" not in run("batch", "in", "out", *flags).stderr

    def test_json(self, shoot: Path, run: Run) -> None:
        result = run("batch", "in", "out", *GIVEN, "--json", "-q")
        report = json.loads(result.stdout)
        assert result.exit_code == 1
        assert sorted(entry["input"] for entry in report["results"]) == [
            "in/deep/green.jpg",
            "in/red.png",
        ]
        [error] = report["errors"]
        assert (error["input"], error["type"]) == ("in/deep/bad.jpg", "ImageReadError")

    def test_with_a_network_told_otherwise(
        self, shoot: Path, run: Run, tiny_session: Session, disc: np.ndarray
    ) -> None:
        PILImage.fromarray(disc).save("in/disc.png")
        result = run(
            "batch", "in", "out", "--model", str(tiny_session.spec.file), "--method", "predict",
            "--background", "white", "--format", "jpeg",
        )  # fmt: skip
        assert "out/disc.jpg" in result.stdout
        assert pixels("out/disc.jpg")[2, 2].min() > 250

    def test_the_shadow_is_kept_where_a_key_finds_one(self, shoot: Path, run: Run) -> None:
        image = np.full((64, 96, 3), (20, 180, 50), np.uint8)
        image[16:48, 16:48] = (200, 60, 40)
        image[24:44, 64:90] = (14, 129, 36)  # half of the screen's light
        (shoot / "shots").mkdir()
        PILImage.fromarray(image).save("shots/shaded.png")
        flags = ("--method", "key", "--keep-shadow", "--workers", "1")
        assert run("batch", "shots", "out", *flags).exit_code == 0
        cutout = pixels("out/shaded.png")
        assert cutout[32, 76, :3].max() == 0
        assert abs(int(cutout[32, 76, 3]) - 128) < 20

    def test_without_a_key_there_is_no_shadow_to_keep(
        self, shoot: Path, run: Run, tiny_session: Session, disc: np.ndarray
    ) -> None:
        (shoot / "plain").mkdir()
        PILImage.fromarray(disc).save("plain/disc.png")
        model = str(tiny_session.spec.file)
        result = run("batch", "plain", "out", "--model", model, "--keep-shadow", "--json")
        [entry] = json.loads(result.stdout)["results"]
        assert any("no shadow is kept" in text for text in entry["diagnostics"]["warnings"])

    def test_results_inside_the_folder_of_pictures(self, shoot: Path, run: Run) -> None:
        Path("in/deep/bad.jpg").unlink()
        for _ in range(2):
            assert run("batch", "in", "in/out", *GIVEN).exit_code == 0
            assert results(shoot / "in/out") == {"red.png", "deep/green.png"}

    def test_results_inside_are_no_pictures_of_a_later_run(self, shoot: Path, run: Run) -> None:
        Path("in/deep/bad.jpg").unlink()
        assert run("batch", "in", "in/out", *GIVEN).exit_code == 0
        result = run("batch", "in", "web", *GIVEN)
        assert results(shoot / "web") == {"red.png", "deep/green.png"}
        notice = "warning: left out results of earlier runs, which are no pictures: 'in/out'\n"
        assert result.stderr.count(notice) == result.stderr.count("left out") == 1

    def test_resume(self, shoot: Path, run: Run) -> None:
        assert run("batch", "in", "out", *GIVEN).exit_code == 1
        Path("out/deep/green.png").write_bytes(b"finished before")
        Path("out/red.png").write_bytes(b"")  # an empty file is not
        result = run("batch", "in", "out", *GIVEN, "--resume", "--json")
        report = json.loads(result.stdout)
        kept = [entry["input"] for entry in report["results"] if entry.get("kept")]
        assert kept == ["in/deep/green.jpg"]
        assert result.stderr.splitlines()[1].startswith("kept 1 of 3: finished before")
        assert Path("out/deep/green.png").read_bytes() == b"finished before"
        assert pixels("out/red.png").shape == (48, 48, 4)
        Path("in/deep/bad.jpg").unlink()
        again = run("batch", "in", "out", *GIVEN, "--resume", "--threads", "1")
        assert (again.exit_code, again.stdout) == (0, "")
        run("batch", "in", "out", *GIVEN)
        assert pixels("out/deep/green.png").shape == (48, 48, 4)

    def test_resume_refuses_other_options(self, shoot: Path, run: Run) -> None:
        run("batch", "in", "out", *GIVEN)
        before = contents(shoot / "out")
        Path("trimap.png").write_bytes(Path("hint.png").read_bytes())
        flags = ("--background", "white", "--edge", "hard")
        result = run("batch", "in", "out", *GIVEN, *flags, "--resume")
        assert (result.exit_code, result.stderr.count("error: ")) == (2, 1)
        for change in (
            "--trimap was trimap.png (",
            "--background was not given, is white",
            "--edge was auto, is hard",
            "leave out --resume",
        ):
            assert change in result.stderr
        assert contents(shoot / "out") == before

    def test_resume_does_again_what_an_interrupted_run_left_of_the_one_before(
        self, shoot: Path, run: Run
    ) -> None:
        run("batch", "in", "out", *GIVEN)
        made = Path("out/red.png").stat().st_mtime
        os.utime("out/.in.hybridbg.json", (made + 5, made + 5))  # that run began later
        os.utime("out/deep/green.png", (made + 10, made + 10))
        report = json.loads(run("batch", "in", "out", *GIVEN, "--resume", "--json").stdout)
        done = {entry["input"]: entry.get("kept", False) for entry in report["results"]}
        assert done == {"in/red.png": False, "in/deep/green.jpg": True}

    def test_a_run_that_made_nothing_is_none_to_resume(self, shoot: Path, run: Run) -> None:
        run("batch", "in", "out", *GIVEN)
        before = contents(shoot / "out")
        assert run("batch", "in", "out", "--hint", "in/deep/bad.jpg").exit_code == 2
        assert contents(shoot / "out") == before
        assert "kept 2 of 3" in run("batch", "in", "out", *GIVEN, "--resume").stderr

    def test_resume_takes_up_what_has_changed_since(self, shoot: Path, run: Run) -> None:
        Path("in/deep/bad.jpg").unlink()
        assert run("batch", "in", "out", *GIVEN).exit_code == 0
        later = Path("out/red.png").stat().st_mtime + 10
        os.utime("in/red.png", (later, later))
        report = json.loads(run("batch", "in", "out", *GIVEN, "--resume", "--json").stdout)
        done = {entry["input"]: entry.get("kept", False) for entry in report["results"]}
        assert done == {"in/red.png": False, "in/deep/green.jpg": True}

    def test_resume_takes_up_what_was_replaced_by_something_older(
        self, shoot: Path, run: Run
    ) -> None:
        Path("in/deep/bad.jpg").unlink()
        assert run("batch", "in", "out", *GIVEN).exit_code == 0
        shutil.copy("in/deep/green.jpg", "other.png")
        os.utime("other.png", (5, 5))
        shutil.copy2("other.png", "in/red.png")  # as cp -p does
        report = json.loads(run("batch", "in", "out", *GIVEN, "--resume", "--json").stdout)
        done = {entry["input"]: entry.get("kept", False) for entry in report["results"]}
        assert done == {"in/red.png": False, "in/deep/green.jpg": True}

    def test_resume_refuses_another_folder_of_the_same_name(self, shoot: Path, run: Run) -> None:
        for card in ("cards/1/DCIM", "cards/2/DCIM"):
            Path(card).mkdir(parents=True)
            shutil.copy("in/red.png", card)
        assert run("batch", "cards/1/DCIM", "out", *GIVEN).exit_code == 0
        before = contents(shoot / "out")
        result = run("batch", "cards/2/DCIM", "out", *GIVEN, "--resume")
        assert result.exit_code == 2
        first, second = (str((shoot / "cards" / number / "DCIM").resolve()) for number in "12")
        assert f"IN was {first}, is {second}" in result.stderr
        assert contents(shoot / "out") == before
        assert "kept 1 of 1" in run("batch", "cards/1/DCIM", "out", *GIVEN, "--resume").stderr


class TestPreset:
    def test_values_for_options_not_given(self, shoot: Path, run: Run) -> None:
        Path("in/deep/bad.jpg").unlink()
        Path("shop.toml").write_text(
            'trimap = "trimap.png"\nalpha-only = true\nformat = "tiff"\nthreads = 1\nrefine = false'
        )
        assert run("batch", "in", "out", "--preset", "shop.toml").exit_code == 0
        assert results(shoot / "out") == {"red.tif", "deep/green.tif"}
        assert run("batch", "in", "out2", "--format", "png", "--preset", "shop.toml").exit_code == 0
        assert pixels("out2/red.png").shape == (48, 48)

    def test_a_list_is_what_commas_part(self, shoot: Path, run: Run) -> None:
        Path("in/deep/bad.jpg").unlink()
        Path("shop.toml").write_text('method = "grabcut"\nrect = [6, 6, 42, 42]\nalpha_only = true')
        assert run("batch", "in", "out", "--preset", "shop.toml").exit_code == 0
        assert pixels("out/red.png")[24, 24] == 255

    @pytest.mark.parametrize("said", ["fill-holes = true", "keep_holes = false"])
    def test_either_name_of_a_switch(self, shoot: Path, run: Run, said: str) -> None:
        Path("in/deep/bad.jpg").unlink()
        # A trimap decides on holes itself: whoever wants them filled beside it is refused.
        Path("shop.toml").write_text(f'trimap = "trimap.png"\n{said}')
        refused = run("batch", "in", "out", "--preset", "shop.toml")
        assert "a trimap says itself" in refused.stderr + refused.stdout
        Path("shop.toml").write_text('trimap = "trimap.png"\nfill-holes = false')
        assert run("batch", "in", "out", "--preset", "shop.toml").exit_code == 0

    def test_points_edge_and_holes(self, shoot: Path, run: Run) -> None:
        Path("in/deep/bad.jpg").unlink()
        Path("shop.toml").write_text(
            'method = "grabcut"\nkeep = ["24,24", [14, 14]]\ndrop = "2,2"\nedge = "hard"\n'
            "keep-holes = false\nalpha_only = true"
        )
        assert run("batch", "in", "out", "--preset", "shop.toml").exit_code == 0
        alpha = pixels("out/red.png")
        assert [alpha[place] for place in ((24, 24), (14, 14), (2, 2))] == [255, 255, 0]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('metod = "key"\nmethod = "key"\nx = 1', "there is no option 'metod', 'x'; expected"),
            ("json = true", "there is no option 'json'"),
            ('preset = "other.toml"', "there is no option 'preset'"),
            ('method = "magic"', "Invalid value for '--method'"),
            ("threads = 0", "Invalid value for '--threads'"),
            ("keep = [24, 24]", "expected ROW,COLUMN, got '24'"),
            ('edge = "fluffy"', "Invalid value for '--edge'"),
            ("rect = [1, 2]", "expected TOP,LEFT,BOTTOM,RIGHT"),
            ("[method]\nname = 1", "is a table"),
            ("method = key", "is not TOML"),
            ("method = '\xff'", "is not TOML"),
        ],
    )
    def test_mistakes(self, shoot: Path, run: Run, text: str, message: str) -> None:
        Path("bad.toml").write_bytes(text.encode("latin-1"))
        result = run("batch", "in", "out", "--preset", "bad.toml")
        assert result.exit_code == 2
        assert message in result.stderr
        assert not Path("out").exists()

    def test_missing(self, shoot: Path, run: Run) -> None:
        result = run("batch", "in", "out", "--preset", "missing.toml")
        assert (result.exit_code, "cannot be read" in result.stderr) == (2, True)


class TestBeforeWorkBegins:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("in", "in"), "choose another OUT"),
            (("missing", "out"), "does not exist"),
            (("trimap.png", "out"), "is a file"),
            (("empty", "out"), "no picture"),
            (("in", "hint.png"), "is not a folder"),
            (("in", "out", "--format", "jpeg"), "JPEG has no alpha"),
            (("in", "out", "--alpha-only", "--background", "white"), "leave out --background"),
            (("in", "out", "--alpha-only", "--keep-shadow"), "leave out --keep-shadow"),
            (("in", "out", "--method", "grabcut", "--keep-shadow"), "--keep-shadow needs a key"),
            (("in", "out", "--model", "no-such-model"), "no model named 'no-such-model'"),
            (("in", "out", "--hint", "missing.png"), "missing.png"),
            (("in/deep", "."), "never overwritten"),
        ],
    )
    def test_refused(self, shoot: Path, run: Run, arguments: tuple, message: str) -> None:
        Path("empty").mkdir()
        Path("green.png").write_bytes(Path("in/red.png").read_bytes())
        os.link("green.png", "in/deep/hard.png")
        before = files(shoot)
        result = run("batch", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
        assert result.stderr.splitlines()[-1].startswith("error: ")
        assert result.stderr.count("error: ") == 1
        assert files(shoot) == before

    def test_two_pictures_of_one_stem(self, shoot: Path, run: Run) -> None:
        Path("in/red.jpg").write_bytes(b"")
        result = run("batch", "in", "out")
        assert result.exit_code == 2
        assert "'in/red.jpg' and 'in/red.png' would both be written" in result.stderr
        assert not Path("out").exists()

    def test_a_folder_that_cannot_be_written(
        self, shoot: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("out").mkdir()
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        result = run("batch", "in", "out")
        assert (result.exit_code, "no permission" in result.stderr) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
def test_interrupted(shoot: Path) -> None:
    """Ctrl-C goes to the whole group of processes, as from a terminal."""
    os.mkfifo("in/stuck.png")
    with subprocess.Popen(
        [*COMMAND, "batch", "in", "out", *GIVEN, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=mind_interrupts,  # noqa: PLW1509 - it only sets a signal
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        lines = [process.stderr.readline() for _ in range(5)]  # all but the one that is stuck
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        report = json.loads(process.stdout.read())
        assert process.stderr.read() == "interrupted\n"
    assert process.returncode == 130
    assert sum(line.startswith("[") for line in lines) == 3
    assert sorted(entry["input"] for entry in report["results"]) == [
        "in/deep/green.jpg",
        "in/red.png",
    ]
    assert results(shoot / "out") == {"red.png", "deep/green.png"}


def test_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    from hybridbg.cli.report import Reporter

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("time.monotonic", iter([0.0, 60.0, 100.0]).__next__)
    with Reporter().tally(2) as tally:
        tally.count("a.png", failed=1)
        tally.count("b.png", failed=1)
    shown = capsys.readouterr().err.split("\r\x1b[K")
    assert shown[1:] == [
        "[--------------------] 0/2",
        "[##########----------] 1/2 (1 failed, 60 s left) a.png",
        "[####################] 2/2 (1 failed) b.png",
        "",
    ]
