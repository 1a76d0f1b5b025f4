"""One picture, one condition, one method: the task, and the bench where it is worked off.

A record says what became of a task. Where a method finds no subject, or fails, an empty mask is
scored in its place, so that nobody gains by giving up on hard pictures; a failure is an ``error``
in the record besides. A picture that cannot be read has an error and no scores.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hybridbg.core.errors import NoSubjectError
from hybridbg.evaluation.datasets import Picture
from hybridbg.evaluation.methods import Method
from hybridbg.evaluation.scenes import Scene, open_scene
from hybridbg.evaluation.scores import judge, no_answer

if TYPE_CHECKING:
    from hybridbg.evaluation.methods import Answer

__all__ = ["Bench", "Setup", "Task", "failed", "thumbnail_paths"]

_SHOWN: Final = ("picture", "truth")


@dataclass(frozen=True)
class Task:
    """What a worker does in one go.

    Attributes
    ----------
    key : str
        Digest of all that the answer and its scores depend on.
    scene_key : str
        Digest of the picture, its truth and its corruption.
    picture : Picture
    condition : str
        "clean" or a corruption.
    method : str
        Name of a method of the setup.
    """

    key: str
    scene_key: str
    picture: Picture
    condition: str
    method: str

    @property
    def outputs(self) -> list[str]:
        """Nothing that anybody waits for: thumbnails appear whole."""
        return []

    def record(self) -> dict[str, Any]:
        """Begin a record."""
        return {
            "key": self.key,
            "scene": self.scene_key,
            "picture": self.picture.name,
            "condition": self.condition,
            "method": self.method,
        }


@dataclass(frozen=True)
class Setup:
    """What a run asks for.

    Attributes
    ----------
    methods : tuple of Method
    folder : str
        Where thumbnails go.
    seed : int
        Of corruptions.
    threads : int, optional
    """

    methods: tuple[Method, ...]
    folder: str
    seed: int = 0
    threads: int | None = None

    def bench(self) -> Bench:
        """Set up a bench."""
        return Bench(self)


class Bench:
    """A worker's: methods are prepared when first used, the last picture is kept for the next."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._methods = {method.name: method for method in setup.methods}
        self._prepared: set[str] = set()
        self._scene: tuple[str, Scene] | None = None

    def work(self, task: Task) -> dict[str, Any]:
        """Open the picture, ask the method, judge its answer, and give the record."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of files: records have no use for them
            try:
                scene = self._open(task)
            except Exception as error:
                return {**task.record(), "error": _described(error, of="picture")}
            return self._answered(task, scene)

    def _answered(self, task: Task, scene: Scene) -> dict[str, Any]:
        method, threads = self._methods[task.method], self._setup.threads or 1
        record = task.record()
        try:
            if task.method not in self._prepared:
                self._prepared.add(task.method)
                method.prepare(threads)
            answer = method.answer(scene, threads)
        except NoSubjectError:
            record["nothing_found"] = True
            answer = no_answer(scene)
        except Exception as error:
            record["error"] = _described(error, of="method")
            answer = no_answer(scene)
        if answer.certainty is not None:
            record["certainty"] = answer.certainty
        record |= judge(scene, answer)
        self._draw(task, scene, answer)
        return record

    def _open(self, task: Task) -> Scene:
        if self._scene is None or self._scene[0] != task.scene_key:
            scene = open_scene(task.picture, task.condition, seed=self._setup.seed)
            self._scene = (task.scene_key, scene)
        return self._scene[1]

    def _draw(self, task: Task, scene: Scene, answer: Answer) -> None:
        from hybridbg.evaluation.thumbnails import draw
        from hybridbg.io import write_bytes

        picture, truth, mine = thumbnail_paths(self._setup.folder, task.scene_key, task.key)
        if not truth.is_file():
            write_bytes(picture, draw(scene.image, None))
            colours = scene.image if scene.foreground is None else scene.foreground
            write_bytes(truth, draw(colours, scene.alpha))
        own = scene.image if answer.foreground is None else answer.foreground
        write_bytes(mine, draw(own, answer.alpha))


def failed(task: Task, error: Exception, *, seed: int) -> dict[str, Any]:
    """Give the record of a task whose worker died of it."""
    record = {**task.record(), "error": _described(error, of="method")}
    try:
        scene = open_scene(task.picture, task.condition, seed=seed)
    except Exception:  # then it is scored for nobody
        return record
    return record | judge(scene, no_answer(scene))


def thumbnail_paths(folder: str, scene_key: str, key: str) -> tuple[Path, Path, Path]:
    """Paths of the small pictures of a scene, its truth and an answer."""
    place = Path(folder)
    of_scene = (place / f"{scene_key[:20]}-{what}.jpg" for what in _SHOWN)
    return (*of_scene, place / f"{key[:20]}.jpg")  # type: ignore[return-value]


def _described(error: Exception, *, of: str) -> dict[str, str]:
    text = " ".join(str(error).split())
    return {"of": of, "type": type(error).__name__, "message": text or type(error).__name__}
