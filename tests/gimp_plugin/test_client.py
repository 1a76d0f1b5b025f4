"""The plug-in's side of the worker: what it asks, what it hears, and every way it can go wrong."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hybridbg_gimp import worker as client

import hybridbg as hb
from hybridbg.worker import protocol
from tests.worker.asking import PACKAGE_HOME, square

ENVIRONMENT = {**os.environ, "PYTHONPATH": PACKAGE_HOME}
WORKER = [sys.executable, "-m", "hybridbg.worker"]


def chunked(name: str, array: Any) -> tuple[Any, ...]:
    """Return an array as the plug-in sends it: some rows at a time."""
    rows = (array[row : row + 10].tobytes() for row in range(0, len(array), 10))
    return name, array.dtype.str[1:], array.shape, rows


@pytest.fixture
def worker() -> Iterator[Any]:
    with client.Worker(WORKER, ENVIRONMENT) as running:
        yield running


def says(program: str) -> list[str]:
    """Return a worker that does something else."""
    return [sys.executable, "-c", program]


HELLO = (
    "import json, struct, sys, time\n"
    "def say(**header):\n"
    "    text = json.dumps(header).encode()\n"
    "    sys.stdout.buffer.write(struct.pack('<I', len(text)) + text)\n"
    "    sys.stdout.flush()\n"
    "say(type='hello', protocol=1)\n"
)


def test_both_sides_speak_the_same() -> None:
    assert client.PROTOCOL == protocol.PROTOCOL


def test_ask(worker: Any) -> None:
    image = square(np.uint16)
    heard: list[float] = []
    frame = worker.ask(
        "remove",
        [chunked("image", image)],
        progress=heard.append,
        options={"method": "grabcut", "rect": [8, 8, 56, 56]},
        want=["mask", "layer"],
    )
    expected = hb.remove_background(image, method="grabcut", rect=(8, 8, 56, 56))
    dtype, shape, data = frame.arrays["layer"]
    assert (dtype, shape) == ("u2", [64, 64, 4])
    assert data == expected.rgba(np.uint16).tobytes()
    assert heard == sorted(heard)
    assert heard


def test_errors_keep_their_hint(worker: Any) -> None:
    with pytest.raises(client.WorkerError) as caught:
        worker.ask("remove", [chunked("image", square())], options={"model": "none-such"})
    assert caught.value.kind == "ModelNotFoundError"
    assert "hybridbg models list" in str(caught.value)


def test_an_answer_that_is_not_waited_for(worker: Any) -> None:
    worker.warm()
    first = worker.begin("remove", [chunked("image", square())], options={})
    worker.cancel()
    frame = worker.ask("trimap", [chunked("image", square())], options={"method": "grabcut"})
    assert frame.header["id"] == first + 1
    assert "trimap" in frame.arrays
    assert worker.poll() is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps folders that are in use")
def test_from_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    command = [sys.executable, "-P", "-m", "hybridbg.worker"]
    with client.Worker(command, ENVIRONMENT) as running:
        frame = running.ask(
            "remove",
            [chunked("image", square())],
            options={"method": "grabcut", "rect": [8, 8, 56, 56]},
        )
    assert "mask" in frame.arrays


def test_no_program() -> None:
    with pytest.raises(client.WorkerError, match="hybridbg gimp install"):
        client.Worker(["/nowhere/python"], ENVIRONMENT)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('hello')", "ended before"),
        ("import none_such", "none_such"),
        (HELLO.replace("protocol=1", "protocol=99"), "different versions"),
    ],
)
def test_not_our_worker(program: str, words: str) -> None:
    with (
        pytest.raises(client.WorkerError, match=words),
        client.Worker(says(program), ENVIRONMENT),
    ):
        pass


def test_killed_half_way(worker: Any) -> None:
    image = np.random.default_rng(5).integers(0, 255, (900, 900, 3), dtype=np.uint8)

    def kill(_done: float) -> None:
        os.kill(worker.hello["pid"], signal.SIGKILL)

    with pytest.raises(client.WorkerError, match="signal 9") as caught:
        worker.ask("remove", [chunked("image", image)], progress=kill, options={})
    assert "Memory may have run out" in str(caught.value)


def test_it_gives_no_answer() -> None:
    program = HELLO + "time.sleep(60)"
    began = time.monotonic()
    with (
        client.Worker(says(program), ENVIRONMENT, silence=0.5) as silent,
        pytest.raises(client.WorkerError, match="no answer"),
    ):
        silent.ask("check")
    assert time.monotonic() - began < 20


def test_children_end_too(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = HELLO + (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(mark)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)"
    )
    with client.Worker(says(program), ENVIRONMENT):
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.05)
    child = int(mark.read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{child}/stat").read_text().split()[2]
        except FileNotFoundError:
            return
        if state == "Z":  # dead, and nobody's child any more
            return
        time.sleep(0.05)
    pytest.fail("the worker's child is still there")


def test_too_large_for_memory(worker: Any) -> None:
    def chunks() -> Iterator[bytes]:
        while True:
            yield bytes(2**20)

    huge = ("image", "f8", (2**20, 2**20, 4), chunks())
    with pytest.raises(client.WorkerError) as caught:
        worker.ask("remove", [huge], options={})
    assert caught.value.kind == "NotEnoughMemoryError"
    assert "Crop" in str(caught.value)


def test_a_worker_without_numpy(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('numpy is broken')")
    path = f"{tmp_path}{os.pathsep}{PACKAGE_HOME}"
    with (
        client.Worker(WORKER, {**ENVIRONMENT, "PYTHONPATH": path}) as broken,
        pytest.raises(client.WorkerError, match="numpy is broken"),
    ):
        broken.ask("remove", [chunked("image", square())])


def test_the_greeting_waits_for_nothing_heavy() -> None:
    """The greeting must come before anything heavy is imported; time itself is not tested."""
    code = (
        "import sys\n"
        "from hybridbg.worker import service\n"
        "service._greet(sys.stdout.buffer)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, check=True, capture_output=True
    )
    hello, _ = protocol.read_frame(io.BytesIO(done.stdout))
    assert (hello["type"], hello["version"]) == ("hello", hb.__version__)
    loaded = set(done.stderr.decode().split())
    assert "hybridbg.worker.service" in loaded
    assert not loaded & {"numpy", "cv2", "onnxruntime", "scipy", "PIL"}
