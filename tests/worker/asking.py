"""A worker process, and a few words to talk to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hybridbg
from hybridbg.worker.protocol import read_frame, write_frame

PACKAGE_HOME = str(Path(hybridbg.__file__).parents[1])


class Worker:
    """A worker that has greeted already; `hello` is what it said."""

    def __init__(self, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hybridbg.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": PACKAGE_HOME, **environ},
        )
        self.hello = self.hear()[0]

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        self.process.kill()
        self.process.wait()

    def say(self, header: Mapping[str, Any], **arrays: NDArray[Any]) -> None:
        assert self.process.stdin is not None
        write_frame(self.process.stdin, header, arrays)

    def hear(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        frame = read_frame(self.process.stdout)  # type: ignore[arg-type]
        assert frame is not None, self.process.stderr.read()  # type: ignore[union-attr]
        return frame

    def ask(
        self, header: Mapping[str, Any], **arrays: NDArray[Any]
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Ask and wait for the answer; progress is passed over."""
        self.say({"type": "run", "id": 1, **header}, **arrays)
        while True:
            answer = self.hear()
            if answer[0]["type"] != "progress":
                return answer


def square(dtype: Any = np.uint8, channels: int = 3) -> NDArray[Any]:
    """Return an orange square on blue, 64 x 64, with grain; 1 is this type's own maximum."""
    picture = np.full((64, 64, 3), (60, 90, 160), np.uint8)
    picture[16:48, 16:48] = (200, 60, 40)
    picture += np.random.default_rng(3).integers(0, 8, picture.shape, dtype=np.uint8)
    if channels <= 2:
        picture = picture[..., :1]
    if channels in (2, 4):
        picture = np.concatenate([picture, np.full((64, 64, 1), 255, np.uint8)], axis=2)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (picture / 255).astype(dtype)
    return picture.astype(dtype) * (np.iinfo(dtype).max // 255)
