"""Runs one program under a time limit, says what it took, and never leaves it behind.

A script of its own, of nothing but the standard library, so that it starts at once and its own
memory is small: `command` runs it as ``python supervisor.py SECONDS REPORT SAID WORD...``. The
program and all that it starts are a process group; it is killed when its time is up, and when the
other end of standard input is gone, because then whoever asked for it was killed. REPORT becomes a
JSON object with ``seconds``, ``megabytes`` (of the largest process, where the system says), and
``code``, ``timeout`` or ``error``. SAID gets what the program printed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


def main(limit: str, report: str, said: str, *words: str) -> None:
    """Run the program and write the report."""
    Path(report).write_text(json.dumps(_run(float(limit), said, words)), encoding="utf-8")


def _run(limit: float, said: str, words: tuple[str, ...]) -> dict[str, Any]:
    with Path(said).open("wb") as sink:
        began = time.perf_counter()
        try:
            program = subprocess.Popen(  # noqa: S603 - what the user asked for, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return {"error": str(error)}
    threading.Thread(target=_follow_parent, args=(program,), daemon=True).start()
    late = threading.Event()

    def give_up() -> None:
        late.set()
        _kill(program)

    timer = threading.Timer(limit, give_up)
    timer.start()
    code = program.wait()
    seconds = time.perf_counter() - began
    timer.cancel()
    _kill(program)  # what it left running
    outcome = {"timeout": True} if late.is_set() else {"code": code}
    return {**outcome, "seconds": seconds, "megabytes": _megabytes()}


def _follow_parent(program: subprocess.Popen[bytes]) -> None:
    """Wait for the end of standard input, then kill the program."""
    while os.read(0, 1):
        pass
    _kill(program)
    os._exit(1)


def _kill(program: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):  # all of them ended by themselves
        if hasattr(os, "killpg"):
            os.killpg(program.pid, signal.SIGKILL)
        else:
            program.kill()


def _megabytes() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main(*sys.argv[1:])
