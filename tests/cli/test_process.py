"""The command as its own process: light to start, quiet when cut off, clean when interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "hybridbg")
GIVEN = ("--trimap", "trimap.png")
HEAVY = {"cv2", "PIL", "skimage", "onnxruntime", "scipy", "pymatting", "tifffile", "numpy"}
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def source_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes in other folders find the package that is being tested."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from hybridbg.cli import main\n"
        "try: main(['remove', '--help'])\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("Usage: ")
    assert not HEAVY & set(result.stderr.split())


def test_a_picture_through_pipes(folder: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "remove", "-", *GIVEN, "-q"],
        input=Path("red.png").read_bytes(),
        capture_output=True,
        check=True,
    )
    assert result.stdout.startswith(b"\x89PNG")
    assert result.stderr == b""


def test_exit_code_and_line_of_a_bad_picture(folder: Path) -> None:
    Path("bad.png").write_bytes(b"")
    result = subprocess.run(
        [*COMMAND, "remove", "bad.png", *GIVEN, "-q"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: bad.png: ")
    assert result.stderr.count("\n") == 1


def test_nobody_listens(folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        result = subprocess.run(
            [*COMMAND, "remove", "red.png", *GIVEN, "-q", "-o", "-"],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.stderr == b""
    assert result.returncode == 1


def mind_interrupts() -> None:
    """Heed Ctrl-C, which whoever runs the tests in the background may have left ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
def test_interrupted_while_reading(folder: Path) -> None:
    before = set(folder.iterdir())
    with subprocess.Popen(
        [*COMMAND, "remove", "-", *GIVEN, "-o", "x.png"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=mind_interrupts,  # noqa: PLW1509 - it only sets a signal
    ) as process:
        assert process.stderr is not None
        # Once the picture is announced it is being read from a pipe that brings nothing.
        assert process.stderr.readline() == "[1/1] standard input\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "interrupted\n"
    assert process.returncode == 130
    assert set(folder.iterdir()) == before
