"""Another program as a method: it reads a picture, writes an answer, and may fail or hang.

The template is split into words as a shell would split it, but no shell runs: ``{image}`` and
``{output}``, and where wanted ``{trimap}`` and ``{hint}``, are replaced inside the words by the
paths of PNG files in a folder that is removed afterwards; the current folder stays what it is. A
program gets a worker's share of threads as ``OMP_NUM_THREADS``. The answer is a picture of the same
size: its alpha if it has one, with its colours as the foreground; else its grey is alpha.

The program runs under `supervisor`, which keeps the time and ends it with all that it started.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hybridbg.core.errors import ExternalCommandError, InvalidOptionError
from hybridbg.evaluation.cost import Cost

if TYPE_CHECKING:
    from hybridbg.evaluation.methods import Answer
    from hybridbg.evaluation.scenes import Scene

__all__ = ["TIME_LIMIT", "Command"]

TIME_LIMIT: Final = 300.0
"""Seconds that a program gets for a picture, unless told otherwise."""

_PLACES: Final = ("image", "output", "trimap", "hint")
_SUPERVISOR: Final = str(Path(__file__).with_name("supervisor.py"))
_TAIL: Final = 300
"""Characters of what a failing program said last, for the message."""


@dataclass(frozen=True)
class Command:
    """A program that is run once for each picture.

    Attributes
    ----------
    name : str
    template : str
    time_limit : float
        Seconds.
    """

    name: str
    template: str
    time_limit: float = TIME_LIMIT

    def __post_init__(self) -> None:
        try:
            words = self._words()
        except ValueError as error:
            raise InvalidOptionError(f"command {self.name!r}: {error}: {self.template}") from error
        for place in ("{image}", "{output}"):
            if not any(place in word for word in words):
                raise InvalidOptionError(
                    f"command {self.name!r}: expected {{image}} and {{output}} in its words, for "
                    f"example 'program {{image}} {{output}}', got {self.template!r}"
                )
        if shutil.which(words[0]) is None:
            raise InvalidOptionError(f"command {self.name!r}: there is no program {words[0]!r}")

    @property
    def needs(self) -> frozenset[str]:
        """What a picture must come with."""
        return frozenset(kind for kind in ("trimap", "hint") if f"{{{kind}}}" in self.template)

    def identity(self) -> dict[str, Any]:
        """Say what makes the answers what they are: the words, and the files among them."""
        files = (Path(shutil.which(word) or word) for word in self._words())
        digests = [_digest(path) for path in files if path.is_file()]
        return {"command": self.template, "files": digests, "time_limit": self.time_limit}

    def prepare(self, threads: int) -> None:
        """Nothing to load: the program starts anew for each picture."""

    def answer(self, scene: Scene, threads: int) -> Answer:  # noqa: ARG002 - it minds its own
        """Run the program.

        Raises
        ------
        ExternalCommandError
            It fails, its time is up, or it leaves no answer.
        """
        with tempfile.TemporaryDirectory(prefix="hybridbg-evaluate-") as folder:
            paths = {place: str(Path(folder, f"{place}.png")) for place in _PLACES}
            self._write(scene, paths)
            words = [_filled(word, paths) for word in self._words()]
            cost = self._run(words, Path(folder))
            return self._read(Path(paths["output"]), scene, cost)

    def _words(self) -> list[str]:
        return shlex.split(self.template, posix=os.name != "nt")

    def _write(self, scene: Scene, paths: dict[str, str]) -> None:
        from hybridbg import io

        io.save(paths["image"], scene.image)
        for kind, array in (("trimap", scene.trimap), ("hint", scene.hint)):
            if kind in self.needs and array is not None:
                io.save(paths[kind], array, dtype="uint8")

    def _run(self, words: list[str], folder: Path) -> Cost:
        report, said = folder / "report.json", folder / "said.txt"
        with subprocess.Popen(  # noqa: S603 - what the user asked for, without a shell
            [sys.executable, "-I", "-S", _SUPERVISOR, str(self.time_limit), report, said, *words],
            stdin=subprocess.PIPE,  # held open as long as this process lives
            start_new_session=True,
        ) as supervisor:
            supervisor.wait()
        if not report.is_file():
            raise ExternalCommandError(f"{words[0]!r} was ended together with its supervisor")
        outcome = json.loads(report.read_text(encoding="utf-8"))
        if "error" in outcome:
            raise ExternalCommandError(f"{words[0]!r} does not start: {outcome['error']}")
        if "timeout" in outcome:
            raise ExternalCommandError(
                f"{words[0]!r} did not end within {self.time_limit:g} seconds"
            )
        if outcome["code"]:
            raise ExternalCommandError(
                f"{words[0]!r} ended with code {outcome['code']}: {_tail(said)}".rstrip(": ")
            )
        return Cost(outcome["seconds"], outcome["megabytes"])

    def _read(self, path: Path, scene: Scene, cost: Cost) -> Answer:
        from hybridbg import io
        from hybridbg.core.errors import HybridBgError
        from hybridbg.evaluation.methods import Answer

        if not path.is_file():
            raise ExternalCommandError("the program ended well but left no {output}")
        try:
            picture = io.load(path)
            opacity = picture.alpha_float()
            grey = io.as_grey(path, name="output") if opacity is None else opacity
            alpha = io.as_hint(grey, scene.alpha.shape, name="output")
        except HybridBgError as error:
            raise ExternalCommandError(f"the program's output is no answer: {error}") from error
        return Answer(alpha, picture.srgb() if opacity is not None else None, cost=cost)


def _filled(word: str, paths: dict[str, str]) -> str:
    for place, path in paths.items():
        word = word.replace(f"{{{place}}}", path)
    return word


def _tail(path: Path) -> str:
    """Read the last words of a program, without the name of a folder that is gone by then."""
    text = path.read_bytes()[-4 * _TAIL :].decode("utf-8", "replace")
    text = text.replace(f"{path.parent}{os.sep}", "")
    return " ".join(text.split())[-_TAIL:]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
