"""Pictures side by side: every one is accounted for, whatever becomes of its worker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage

from hybridbg.core.errors import (
    ImageReadError,
    InvalidOptionError,
    ModelNotFoundError,
    WorkerDiedError,
)
from hybridbg.studio import workers
from hybridbg.studio.crew import Crew
from hybridbg.studio.work import Bench, Job, Settings
from hybridbg.studio.workers import work_off
from tests.cli.conftest import square, square_trimap, write

SETTINGS = Settings(
    method="auto", model="default", hint=None, rect=None, trimap="trimap.png", screen="auto",
    plate=None, refine=True, background=None, alpha_only=False, crop=False, file_format=None,
    max_pixels=None, threads=None,
)  # fmt: skip

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")


@pytest.fixture(autouse=True)
def in_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return folder


@pytest.fixture(autouse=True)
def nobody_stays() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def jobs(*names: str) -> list[Job]:
    return [Job(name, f"out/{Path(name).stem}.png") for name in names]


def test_every_picture_once_with_models_loaded_once_per_worker() -> None:
    names = [f"{number}.png" for number in range(6)]
    for name in names:
        write(Path(name), square())
    outcomes = list(work_off(jobs(*names), SETTINGS, Crew(2, 1)))
    assert sorted(outcome.job.source for outcome in outcomes) == names
    for outcome in outcomes:
        assert outcome.error is None
        assert outcome.record is not None
        assert outcome.record["rows"] == 48
        with PILImage.open(outcome.job.output) as picture:
            assert (picture.format, picture.mode) == ("PNG", "RGBA")
            assert np.asarray(picture)[24, 24].tolist() == [200, 60, 40, 255]


def test_a_bad_picture_is_passed_over() -> None:
    Path("bad.png").write_bytes(b"no picture")
    good, bad = sorted(
        work_off(jobs("bad.png", "red.png"), SETTINGS, Crew(1, 1)),
        key=lambda outcome: outcome.job.source,
        reverse=True,
    )
    assert good.error is None
    assert isinstance(bad.error, ImageReadError)
    assert "Traceback" in bad.error.__notes__[0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"trimap": "missing.png"}, ImageReadError),
        ({"trimap": None, "model": "no-such-model"}, ModelNotFoundError),
        ({"background": "no such colour"}, InvalidOptionError),
    ],
)
def test_what_all_pictures_need_is_missing(change: dict, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        list(work_off(jobs("red.png", "green.jpg"), replace(SETTINGS, **change), Crew(2, 1)))
    assert not Path("out").exists()


@posix
def test_a_killed_worker_costs_its_picture_only() -> None:
    os.mkfifo("stuck.png")  # whoever reads it waits for ever
    with closing(work_off(jobs("stuck.png", "red.png", "green.jpg"), SETTINGS, Crew(2, 1))) as work:
        finished = [next(work), next(work)]
        [stuck] = [worker for worker in work.gi_frame.f_locals["workers"] if worker.job]
        pid = stuck._process.pid
        Path("out", f".hybridbg-{pid}-0123.tmp").write_bytes(b"half a picture")
        os.kill(pid, signal.SIGKILL)
        [lost] = work
    assert [outcome.error for outcome in finished] == [None, None]
    assert lost.job.source == "stuck.png"
    assert isinstance(lost.error, WorkerDiedError)
    assert "SIGKILL" in str(lost.error)
    assert "memory" in str(lost.error)
    assert sorted(path.name for path in Path("out").iterdir()) == ["green.png", "red.png"]


@posix
def test_a_worker_that_died_is_replaced() -> None:
    os.mkfifo("stuck.png")
    with closing(work_off(jobs("red.png", "stuck.png", "green.jpg"), SETTINGS, Crew(1, 1))) as work:
        assert next(work).job.source == "red.png"
        [process] = multiprocessing.active_children()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGTERM)
        lost, last = work
    assert isinstance(lost.error, WorkerDiedError)
    assert "SIGTERM" in str(lost.error)
    assert (last.job.source, last.error) == ("green.jpg", None)


def test_workers_that_never_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_serve", os._exit)  # of a connection: ends with a code
    with pytest.raises(WorkerDiedError, match="ended by itself"):
        list(work_off(jobs("red.png"), SETTINGS, Crew(1, 1)))


@posix
def test_nothing_is_left_when_one_stops() -> None:
    os.mkfifo("stuck.png")
    write(Path("trimap.png"), square_trimap())
    work = work_off(jobs("stuck.png", "red.png", "green.jpg"), SETTINGS, Crew(2, 1))
    next(work)
    work.close()
    assert multiprocessing.active_children() == []
    assert not list(Path("out").glob(".*"))


def test_errors_that_cannot_travel_are_described() -> None:
    class HomelessError(Exception):
        pass

    moved = workers._portable(HomelessError("no pickle knows me"))
    assert type(moved) is RuntimeError
    assert "HomelessError: no pickle knows me" in str(moved)


def test_finished_is_there_and_not_empty() -> None:
    job = Job("red.png", "x.png", "y.png")
    Path("x.png").write_bytes(b"x")
    assert not job.finished()
    Path("y.png").touch()
    assert not job.finished()
    Path("y.png").write_bytes(b"y")
    assert job.finished()
    assert not Job("red.png", "-").finished()


def test_a_bench_serves_many_pictures() -> None:
    bench = Bench(SETTINGS)
    for job in jobs("red.png", "green.jpg"):
        assert bench.work(job)["output"] == job.output


def test_what_a_file_makes_doubtful_is_said_with_its_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import hybridbg.io

    real = hybridbg.io.load

    def doubtful(source: str, **options: Any) -> Any:
        warnings.warn(f"{source}: its profile is odd", UserWarning, stacklevel=2)
        return real(source, **options)

    bench = Bench(SETTINGS)
    monkeypatch.setattr(hybridbg.io, "load", doubtful)
    [job] = jobs("red.png")
    assert "its profile is odd" in bench.work(job)["diagnostics"]["warnings"]
