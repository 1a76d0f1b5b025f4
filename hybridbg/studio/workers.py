"""Worker processes: each sets up its bench once and works off one picture after another.

A worker that dies (killed, out of memory, a fault in a library) costs its own picture only, and
another takes its place. Processes are spawned, never forked: threads of OpenMP and ONNX Runtime do
not survive a fork. Interrupts are the parent's business, which kills the workers and removes what
they were writing; a worker whose parent is gone ends after its picture. Nothing half-written stays
in any case, because files appear whole (`io.write_bytes`).
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Protocol, TypeVar

from hybridbg.core.errors import WorkerDiedError

if TYPE_CHECKING:  # nothing that loads libraries before `_limit_threads`
    from hybridbg.studio.crew import Crew

__all__ = ["Outcome", "Setup", "Task", "Workbench", "work_off"]


class Task(Protocol):
    """What a worker gets one by one, such as `work.Job`: small, and ready to travel."""

    @property
    def outputs(self) -> list[str]:
        """Everything this task writes."""


AnyTask = TypeVar("AnyTask", bound=Task)
_Taken_contra = TypeVar("_Taken_contra", bound=Task, contravariant=True)


class Workbench(Protocol[_Taken_contra]):
    """Where a worker works off its tasks, such as `work.Bench`."""

    def work(self, task: _Taken_contra, /) -> dict[str, Any]:
        """Do one task and give a record of it."""


class Setup(Protocol[_Taken_contra]):
    """What a run asks for, such as `work.Settings`: a dataclass, ready to travel."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def threads(self) -> int | None:
        """Threads of each worker; set by `work_off`."""

    def bench(self) -> Workbench[_Taken_contra]:
        """Load what all tasks share."""


_FALSE_STARTS: Final = 3
"""So many workers in a row may die before they are ready; then something is wrong with them all."""

_SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Outcome(Generic[AnyTask]):
    """What became of one task: a record of its work, or an error."""

    job: AnyTask
    record: dict[str, Any] | None = None
    error: Exception | None = None


def work_off(
    jobs: Sequence[AnyTask], settings: Setup[AnyTask], crew: Crew
) -> Generator[Outcome[AnyTask]]:
    """Work off tasks, such as pictures, in several processes.

    Parameters
    ----------
    jobs : sequence of Task
        Taken in order.
    settings : Setup
        Makes the bench of each worker.
    crew : Crew
        From `share_out`.

    Yields
    ------
    Outcome
        One for each job, in the order in which they are finished. Closing the iterator, as an
        interrupt does, kills the workers.

    Raises
    ------
    HybridBgError
        Something that every picture needs cannot be used; nothing was written.
    WorkerDiedError
        Workers die before they have a picture.
    """
    settings = replace(settings, threads=crew.threads)
    waiting = deque(jobs)
    workers: list[_Worker[AnyTask]] = []
    started = False
    false_starts = 0
    try:
        while waiting or any(worker.job for worker in workers):
            while len(workers) < min(crew.workers, len(waiting) + _busy(workers)):
                workers.append(_Worker(settings))
            for worker in _speaking(workers):
                kind, value = worker.hear()
                if kind == "broken" and not started:
                    raise value
                if kind in ("died", "broken"):
                    workers.remove(worker)
                    worker.stop()
                    false_starts += not worker.ready
                    if false_starts == _FALSE_STARTS:
                        raise value
                job, worker.job = worker.job, None
                if kind in ("ready", "done", "failed"):
                    started, false_starts, worker.ready = True, 0, True
                    worker.begin(waiting)
                if job is not None:
                    yield Outcome(job, **{_FIELDS[kind]: value})
    finally:
        for worker in workers:
            worker.stop()


_FIELDS: Final = {"done": "record", "failed": "error", "died": "error"}
"""Which field of an outcome a message fills."""


def _busy(workers: list[_Worker[AnyTask]]) -> int:
    return sum(worker.job is not None for worker in workers)


def _speaking(workers: list[_Worker[AnyTask]]) -> list[_Worker[AnyTask]]:
    """Wait until a worker has something to say, if only by its death."""
    spoken = wait([worker.connection for worker in workers])
    return [worker for worker in workers if worker.connection in spoken]


@dataclass(eq=False)
class _Worker(Generic[AnyTask]):
    """A process, the line to it, and what it is at."""

    settings: Setup[AnyTask]
    job: AnyTask | None = None
    ready: bool = False
    connection: Connection = field(init=False)

    def __post_init__(self) -> None:
        self.connection, other = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_serve,
            args=(other, self.settings.threads or 1, pickle.dumps(self.settings)),
            daemon=True,
            name="hybridbg worker",
        )
        with _interrupts_blocked():
            self._process.start()
        other.close()  # so that the worker's death is the end of the line

    def hear(self) -> tuple[str, Any]:
        """Take the message that has come, or the news of the worker's death."""
        try:
            message: tuple[str, Any] = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return "died", WorkerDiedError(_cause(self._process.exitcode or 0))
        return message

    def begin(self, waiting: deque[AnyTask]) -> None:
        """Take up the next picture, if there is one."""
        if waiting:
            self.job = waiting.popleft()
            with suppress(OSError):  # it died just now: `hear` will say so
                self.connection.send(self.job)

    def stop(self) -> None:
        """End the process at once, and remove what it was writing."""
        from hybridbg.io import remove_leftovers

        self._process.kill()
        self._process.join()
        self.connection.close()
        if self.job is not None and self._process.pid is not None:
            for folder in {Path(path).parent for path in self.job.outputs}:
                remove_leftovers(folder, self._process.pid)


def _cause(exitcode: int) -> str:
    if exitcode >= 0:
        return f"the worker process ended by itself (exit code {exitcode})"
    name = signal.Signals(-exitcode).name
    reason = "; most likely memory ran out: use fewer --workers" if name == "SIGKILL" else ""
    return f"the worker process was killed ({name}){reason}"


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let nobody but the parent hear Ctrl-C: a process inherits what its parent has blocked."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows; there `_serve` comes a little later
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, threads: int, packed: bytes) -> None:
    """Run a worker: set up the bench, then work off jobs until the line ends.

    Settings come packed, because unpacking them may load libraries that look at the number of
    threads only then.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_threads(threads)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        try:
            settings: Setup[Any] = pickle.loads(packed)  # noqa: S301 - our own bytes
            bench = settings.bench()
        except Exception as error:
            connection.send(("broken", _portable(error)))
            return
        connection.send(("ready", None))
        while True:
            job = connection.recv()
            message: tuple[str, Any]
            try:
                message = ("done", bench.work(job))
            except Exception as error:
                message = ("failed", _portable(error))
            connection.send(message)


def _limit_threads(threads: int) -> None:
    """Hold libraries that count the cores for themselves to this worker's share."""
    for library in ("OMP", "OPENBLAS", "MKL"):  # read when they are loaded
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    import cv2

    cv2.setNumThreads(threads)


def _portable(error: Exception) -> Exception:
    """Make an error ready to travel: with its traceback, and as one that can be unpacked."""
    error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
