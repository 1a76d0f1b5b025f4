"""A run: every method on every picture under every condition, in several processes, resumable.

Each finished task is a line of ``records.jsonl``, keyed by a digest of all that it depends on: the
bytes of the picture and of everything that belongs to it, the condition and its seed, the method
with its model or program, the code of hybridbg and the versions of the libraries below it. A line
of that key need not be computed again; a failure is tried again.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from hybridbg.core.errors import ImageWriteError, InvalidOptionError
from hybridbg.evaluation.corruptions import CORRUPTIONS
from hybridbg.evaluation.datasets import Dataset, Picture
from hybridbg.evaluation.methods import Method
from hybridbg.evaluation.scenes import CLEAN
from hybridbg.evaluation.work import Setup, Task, failed

__all__ = ["ALL", "RECORDS", "THUMBNAILS", "Run", "Slice", "choose_conditions", "environment"]

ALL: Final = "all"
"""The slice of all pictures as they are."""

RECORDS: Final = "records.jsonl"
THUMBNAILS: Final = "thumbnails"

_FORMAT: Final = 1
"""Of records: raise it when their meaning changes."""
_LIBRARIES: Final = (
    "numpy", "opencv-contrib-python-headless", "scikit-image", "scipy", "pillow", "onnxruntime",
    "pymatting",
)  # fmt: skip
_CODE: Final = (".py", ".so", ".pyd", ".toml")
_NOT_ANSWERED_BY: Final = ("cli/", "installation/", "evaluation/reporting/")
"""Parts of the package that have no influence on records."""


@dataclass(frozen=True)
class Slice:
    """Pictures that tables tell apart: a name, and pictures with the conditions they are in."""

    name: str
    members: tuple[tuple[str, str], ...]


@dataclass
class Run:
    """What is asked for, and what is known of it.

    Parameters
    ----------
    datasets : sequence of Dataset
    methods : sequence of Method
        The first is what the others are compared with.
    output : Path
        Folder of the records, thumbnails and reports; it is made.
    conditions : sequence of str
        "clean" and corruptions.
    seed : int
        Of corruptions and of bootstrap samples.

    Attributes
    ----------
    tasks : list of Task
        All of them, picture by picture.
    records : dict of str to dict
        By the keys of their tasks, those that are known.
    """

    datasets: Sequence[Dataset]
    methods: Sequence[Method]
    output: Path
    conditions: Sequence[str] = (CLEAN,)
    seed: int = 0
    tasks: list[Task] = field(init=False)
    records: dict[str, dict[str, Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        taken = {ALL, CLEAN, *CORRUPTIONS}.intersection(
            name for each in self.pictures for name in each.slices
        )
        if taken:
            raise InvalidOptionError(
                f"a dataset or a slice of it is called {min(taken)!r}, which has a meaning already"
            )
        self.tasks = list(self._plan())
        for method in self.methods:
            if not any(task.method == method.name for task in self.tasks):
                needs = " and ".join(sorted(method.needs))
                raise InvalidOptionError(
                    f"method {method.name!r} needs {needs} files, and no picture has them; "
                    "see --trimaps, or leave the method out"
                )

    @property
    def slices(self) -> list[Slice]:
        """All slices that have pictures: "all" and the datasets' own, clean; then corruptions."""
        slices = []
        if CLEAN in self.conditions:
            slices.append(Slice(ALL, tuple((each.name, CLEAN) for each in self.pictures)))
            for name in dict.fromkeys(name for each in self.pictures for name in each.slices):
                inside = [each.name for each in self.pictures if name in each.slices]
                slices.append(Slice(name, tuple((each, CLEAN) for each in inside)))
        return slices + [
            Slice(name, tuple((each.name, name) for each in self.pictures))
            for name in self.conditions
            if name != CLEAN
        ]

    @property
    def due(self) -> list[Task]:
        """Tasks without a record."""
        return [task for task in self.tasks if task.key not in self.records]

    def begin(self, *, resume: bool) -> None:
        """Make the folder; take up the records of an earlier run, or remove them.

        Raises
        ------
        ImageWriteError
            The system refuses.
        """
        from hybridbg.io import write_bytes

        path = self.output / RECORDS
        try:
            (self.output / THUMBNAILS).mkdir(parents=True, exist_ok=True)
            lines = path.read_text(encoding="utf-8").splitlines() if resume else []
        except FileNotFoundError:
            lines = []
        except OSError as error:
            raise ImageWriteError(f"'{self.output}' cannot be used: {error}") from error
        wanted = {task.key for task in self.tasks}
        kept = [record for record in map(_parsed, lines) if record and "error" not in record]
        self.records = {record["key"]: record for record in kept if record["key"] in wanted}
        # Without the last line of a run that was cut off in the middle of it.
        write_bytes(path, b"".join(_line(record) for record in kept))

    def work_off(
        self, *, jobs: int | None = None, threads: int | None = None
    ) -> Generator[dict[str, Any]]:
        """Work off what is due, and yield each record when it is written.

        Parameters
        ----------
        jobs, threads : int, optional
            Worker processes, and threads of each; by default as cores and memory bear.

        Raises
        ------
        WorkerDiedError
            Workers die before they have a picture.
        """
        from hybridbg.studio.crew import share_out
        from hybridbg.studio.workers import work_off

        due = self.due
        crew = share_out(
            (each.picture.files["image"] for each in due), workers=jobs, threads=threads
        )
        setup = Setup(tuple(self.methods), str(self.output / THUMBNAILS), seed=self.seed)
        if not due:
            return
        with (
            (self.output / RECORDS).open("ab") as journal,
            closing(work_off(due, setup, crew)) as outcomes,
        ):
            for outcome in outcomes:
                record = outcome.record
                if record is None:
                    assert outcome.error is not None  # noqa: S101 - one of the two
                    record = failed(outcome.job, outcome.error, seed=self.seed)
                self.records[outcome.job.key] = record
                journal.write(_line(record))
                journal.flush()
                yield record

    def _plan(self) -> Iterable[Task]:
        below = _digest([_FORMAT, code_digest(), environment()["libraries"]])
        identities = {method.name: method.identity() for method in self.methods}
        for dataset in self.datasets:
            for picture in dataset.pictures:
                files = {kind: _file_digest(path) for kind, path in picture.files.items()}
                for condition in self.conditions:
                    seed = None if condition == CLEAN else self.seed
                    scene = _digest([picture.name, files, condition, seed])
                    for method in self.methods:
                        if method.needs <= set(picture.files):
                            key = _digest([below, scene, identities[method.name]])
                            yield Task(key, scene, picture, condition, method.name)

    @property
    def pictures(self) -> list[Picture]:
        """All pictures of all datasets."""
        return [picture for dataset in self.datasets for picture in dataset.pictures]


def choose_conditions(names: Sequence[str]) -> list[str]:
    """Check names of conditions, and bring them in order; "all" stands for every one.

    Examples
    --------
    >>> choose_conditions(["noise", "clean"])
    ['clean', 'noise']

    Raises
    ------
    InvalidOptionError
        A name nobody knows.
    """
    every = [CLEAN, *CORRUPTIONS]
    unknown = [name for name in names if name not in (*every, "all")]
    if unknown or not names:
        raise InvalidOptionError(
            f"unknown slice {', '.join(map(repr, unknown))}; expected all, {', '.join(every)}"
        )
    return [name for name in every if name in names or "all" in names]


def environment() -> dict[str, Any]:
    """Say with what was computed: versions, the digest of the code, and the machine's kind."""
    return {
        "hybridbg": _version("hybridbg"),
        "code": code_digest(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }


@cache
def code_digest() -> str:
    """Digest of the package's code, compiled kernels included, but for what only tells."""
    root = Path(__file__).parent.parent
    paths = (path for path in root.rglob("*") if path.suffix in _CODE and path.is_file())
    named = sorted((path.relative_to(root).as_posix(), path) for path in paths)
    counted = [(name, path) for name, path in named if not name.startswith(_NOT_ANSWERED_BY)]
    return _digest([(name, _file_digest(str(path))) for name, path in counted])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # it may be installed under another name
        return "unknown"


def _file_digest(path: str) -> str:
    """Digest of a file; one that cannot be read is no other's, and its task will say why."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{path}: {error}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, allow_nan=False, ensure_ascii=False).encode() + b"\n"


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "key" in record else None
