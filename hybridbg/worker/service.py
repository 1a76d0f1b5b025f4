"""The worker's loop: one thread listens, another works.

Listening goes on during the work, for two reasons: a request can be cancelled, and the end of
standard input means that whoever started the worker is gone, killed perhaps, so that the worker
ends at once. A request is begun when its header is there: what it needs is imported, and what its
first arrays say is worked out, while the others are on their way.
Whatever libraries print goes to standard error: standard output belongs to frames.
"""

from __future__ import annotations

import os
import platform
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

if TYPE_CHECKING:
    from hybridbg.worker.protocol import Arrays

__all__ = ["Cancelled", "main"]

_ABANDONED: Final = 3
"""Exit code when standard input ended."""

_PAUSE: Final = 0.05
"""Seconds between two reports of one stage: a progress bar needs no more."""


class Cancelled(Exception):  # noqa: N818 - not an error
    """The request that runs is not wanted any more."""


class _Request(NamedTuple):
    header: Mapping[str, Any]
    arrays: Arrays


def main() -> None:
    """Greet, then serve until standard input ends."""
    # BLAS is asked for matrices of 8 x 8, and its idle threads turn in circles for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    output = _own_output()
    _greet(output)
    Service(sys.stdin.buffer, output).serve()


def _own_output() -> BinaryIO:
    """Take standard output for the frames, and send what others print to standard error."""
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for stream in (0, frames.fileno()):
            msvcrt.setmode(stream, os.O_BINARY)
    return frames


def _greet(output: BinaryIO) -> None:
    """Say hello without NumPy, whose import would double the time until it is heard."""
    import json
    import struct

    hello = {
        "type": "hello",
        "protocol": 1,
        "version": _version(),
        "python": platform.python_version(),
        "pid": os.getpid(),
        "arrays": [],
    }
    text = json.dumps(hello).encode()
    output.write(struct.pack("<I", len(text)) + text)
    output.flush()


def _version() -> str:
    """Return this package's version as the name of its folder of metadata says it.

    To ask `importlib.metadata` takes longer than all the rest of the greeting.
    """
    for folder in sys.path:
        with suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208 - pathlib takes longer to import
                if name.startswith("hybridbg-") and name.endswith(".dist-info"):
                    return name.removesuffix(".dist-info").partition("-")[2]
    return "unknown"  # run from a folder that was never installed


class Service:
    """Answers requests one after the other.

    Parameters
    ----------
    requests, answers : binary streams
        Of frames.
    """

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._waiting: queue.Queue[_Request] = queue.Queue()
        self._cancelled: set[Any] = set()
        self._current: Any = None
        self._listening = threading.Event()
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Work until the process ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._listening.wait()  # two threads do not import at a time
        with suppress(Exception):  # whoever asks for something will hear of it
            from hybridbg.worker import actions

            actions.load()
        while True:
            self._answer(self._waiting.get())

    def _listen(self) -> None:
        """Take requests until the stream ends; then end the process, whatever it is doing."""
        try:
            from hybridbg.worker.protocol import begin_frame

            self._listening.set()
            while frame := begin_frame(self._requests):
                header, arrays = frame
                self._take(header, arrays)
                arrays.receive(self._requests)
        except EOFError:
            pass
        except Exception as error:  # what follows in the stream cannot be understood any more
            with suppress(Exception):
                self._send_error(None, error)
            traceback.print_exception(error, file=sys.stderr)
            sys.stderr.flush()
        os._exit(_ABANDONED)  # sys.exit would wait for the work

    def _take(self, header: Mapping[str, Any], arrays: Arrays) -> None:
        if header.get("type") == "cancel":
            self._cancelled.add(header.get("id", self._current))
        else:
            self._waiting.put(_Request(header, arrays))

    def _answer(self, request: _Request) -> None:
        header = request.header
        self._current = number = header.get("id")
        try:
            from hybridbg.worker import actions

            if header.get("type") == "warm":
                actions.warm()
                self._send({"type": "ready", "id": number})
                return
            diagnostics, arrays = actions.run(header, request.arrays, self._progress(number))
        except Cancelled:
            self._send({"type": "cancelled", "id": number})
        except Exception as error:
            self._send_error(number, error)
        else:
            self._send({"type": "result", "id": number, "diagnostics": diagnostics}, arrays)
        self._cancelled.discard(number)

    def _progress(self, number: Any) -> Any:
        last_stage, last_time = "", 0.0

        def report(stage: str, done: float) -> None:
            nonlocal last_stage, last_time
            if number in self._cancelled:
                raise Cancelled
            now = time.monotonic()
            if stage != last_stage or now - last_time >= _PAUSE:
                last_stage, last_time = stage, now
                self._send({"type": "progress", "id": number, "stage": stage, "done": done})

        return report

    def _send_error(self, number: Any, error: BaseException) -> None:
        from hybridbg.worker.hints import hint_for, kind_of

        kind = kind_of(error)
        if kind == "InternalError":
            traceback.print_exception(error, file=sys.stderr)
            message = f"{type(error).__name__}: {error}"
        else:
            message = str(error) or "out of memory"
        hint = hint_for(error)
        self._send({"type": "error", "id": number, "kind": kind, "message": message, "hint": hint})

    def _send(self, header: Mapping[str, Any], arrays: Arrays | None = None) -> None:
        from hybridbg.worker.protocol import write_frame

        with self._lock:
            try:
                write_frame(self._answers, header, arrays)
            except OSError:  # nobody reads any more
                os._exit(_ABANDONED)
