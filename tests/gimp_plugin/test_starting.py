"""How the worker is started, and in which environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hybridbg_gimp import starting
from hybridbg_gimp.starting import NotInstalled, clean_environment, command_of


def record(folder: Path, content: object) -> Path:
    path = folder / "worker.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_command(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "hybridbg.worker"]
    path = record(tmp_path, {"command": words, "version": "1"})
    assert command_of(path, flatpak=False) == words
    assert command_of(path, flatpak=True)[:2] == ["flatpak-spawn", "--host"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{\x00", {"command": []}, {"command": [1]}, {"command": "python"}, {"other": 1}],
)
def test_a_broken_record(tmp_path: Path, content: object) -> None:
    with pytest.raises(NotInstalled, match="does not know"):
        command_of(record(tmp_path, content), flatpak=False)


def test_a_record_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "worker.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotInstalled, match="does not know"):
        command_of(tmp_path / "worker.json", flatpak=False)
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotInstalled, match="does not know"):
        command_of(tmp_path / "folder", flatpak=False)


def test_no_record(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="does not know"):
        command_of(tmp_path / "none", flatpak=False)


def test_the_python_is_gone(tmp_path: Path) -> None:
    path = record(tmp_path, {"command": [str(tmp_path / "venv/bin/python")]})
    with pytest.raises(NotInstalled, match="is gone"):
        command_of(path, flatpak=False)


def test_environment() -> None:
    gimps = {
        "PYTHONHOME": "x",
        "PYTHONPATH": "x",
        "LD_LIBRARY_PATH": "x",
        "LD_PRELOAD": "x",
        "DYLD_LIBRARY_PATH": "x",
        "GI_TYPELIB_PATH": "x",
        "GIMP3_DIRECTORY": "x",
    }
    ours = {"HOME": "me", "PATH": "programs", "HYBRIDBG_MODELS": "models", "LANG": "de_DE"}
    kept = clean_environment({**gimps, **ours})
    assert kept.pop("GLIBC_TUNABLES", "") == ("glibc.malloc.hugetlb=1" * (sys.platform == "linux"))
    assert kept == ours
    own = {"GLIBC_TUNABLES": "glibc.malloc.check=3"}
    assert clean_environment(own) == own


def test_windows_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("os.pathsep", ";")
    path = r"C:\GIMP 3\bin;C:\Windows;C:\GIMP 3\lib"
    kept = clean_environment({"PATH": path}, gimp_folder=r"C:\GIMP 3")
    assert kept["PATH"] == r"C:\Windows"


class Started:
    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.command = command
        self.ended = False

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is recorded as the worker's command, of a worker that starts nothing."""
    command = ["python"]
    monkeypatch.setattr(starting, "Worker", Started)
    monkeypatch.setattr(starting, "command_of", lambda: command)
    return command


@pytest.mark.skipif(sys.platform == "win32", reason="there it is never early")
def test_the_worker_that_was_started_early_is_taken_once(started: list[str]) -> None:
    starting.start_early()
    (early,) = starting._early
    assert starting.start_worker("/gimp") is early
    assert starting.start_worker("/gimp") is not early
    starting.end_early()
    assert not early.ended


@pytest.mark.skipif(sys.platform == "win32", reason="there it is never early")
def test_the_worker_that_nobody_took_is_ended(started: list[str]) -> None:
    starting.start_early()
    (early,) = starting._early
    starting.end_early()
    assert early.ended
    assert starting._early == []


def test_what_cannot_be_started_early_is_said_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> list[str]:
        raise NotInstalled("no record")

    monkeypatch.setattr(starting, "command_of", missing)
    starting.start_early()
    with pytest.raises(NotInstalled, match="no record"):
        starting.start_worker("/gimp")
