"""What can be compared: our methods by their names, models, matting engines, and other programs.

    auto  key  grabcut  predict       `remove_background` with that method
    auto:MODEL  predict:MODEL         with that network
    auto+hint  grabcut+hint ...       with the dataset's hint
    network  network:MODEL            the network's own soft mask with the picture's colours
    matte  matte:plain  matte:knn     matting of the dataset's trimap, refined, plain, or by one of
                                      pymatting's engines
    NAME of a command                 another program, see `command`

A method is small and travels to worker processes; what it loads is loaded by `prepare`, which is
not timed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from hybridbg.core.errors import InvalidOptionError
from hybridbg.evaluation.command import TIME_LIMIT, Command
from hybridbg.evaluation.cost import Cost, measured
from hybridbg.evaluation.scenes import Scene

if TYPE_CHECKING:
    from hybridbg.core.types import FloatArray

    _Found = tuple[FloatArray, FloatArray | None, float | None]

__all__ = ["Answer", "Method", "choose_methods"]

_REMOVALS: Final = ("auto", "key", "grabcut", "predict")
_WITH_MODEL: Final = ("auto", "predict", "network")
_HINT: Final = "+hint"
_ENGINES: Final = ("refined", "plain", "knn", "lbdm", "lkm", "rw", "cf-pymatting")
_WARM_UP_SIDE: Final = 64
"""Pixels; the least that every engine takes is 41."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method makes of a picture.

    Attributes
    ----------
    alpha : (H, W) float32 in [0, 1]
    foreground : (H, W, 3) float32 in [0, 1], or None
        Straight, sRGB-coded; None stands for the picture's own colours.
    cost : Cost, or None
    certainty : float in [0, 1], or None
        What the method says of itself, if it does.
    """

    alpha: FloatArray
    foreground: FloatArray | None
    cost: Cost | None
    certainty: float | None = None


class Method(Protocol):
    """Something that answers."""

    @property
    def name(self) -> str:
        """As tables call it."""

    @property
    def needs(self) -> frozenset[str]:
        """Kinds of files that a picture must come with."""

    def identity(self) -> dict[str, Any]:
        """Say what makes the answers what they are, besides the version of hybridbg."""

    def prepare(self, threads: int) -> None:
        """Load what is needed."""

    def answer(self, scene: Scene, threads: int) -> Answer:
        """Answer, and say what it took."""


@dataclass(frozen=True)
class _Ours:
    """One of our own methods.

    Attributes
    ----------
    name : str
    kind : str
        One of `_REMOVALS`, "network" or "matte".
    detail : str
        Its model or engine.
    hinted : bool
    """

    name: str
    kind: str
    detail: str
    hinted: bool

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(["trimap"] * (self.kind == "matte") + ["hint"] * self.hinted)

    def identity(self) -> dict[str, Any]:
        from hybridbg.predict import file_sha256, find_model

        if self.kind not in _WITH_MODEL:
            return {"method": self.name}
        spec = find_model(self.detail)
        described = repr(replace(spec, file=Path(spec.file.name)))
        return {"method": self.name, "model": file_sha256(spec.file), "described": described}

    def prepare(self, threads: int) -> None:
        """Load networks and libraries by working on a small picture; what is wrong shows later."""
        rng = np.random.default_rng(0)
        side = _WARM_UP_SIDE
        image = rng.integers(0, 60, (side, side, 3), dtype=np.uint8)
        trimap = np.zeros((side, side), np.uint8)
        trimap[16:48, 16:48], trimap[24:40, 24:40] = 128, 255
        image[20:44, 20:44, 0] += 180
        alpha = (trimap > 0).astype(np.float32)
        try:
            self.answer(Scene(image, alpha, True, trimap=trimap, hint=alpha), threads)
        except Exception:
            return  # nobody asked about this picture; what is broken fails again

    def answer(self, scene: Scene, threads: int) -> Answer:
        work = {"network": self._network, "matte": self._matte}.get(self.kind, self._removal)
        (alpha, foreground, certainty), cost = measured(lambda: work(scene, threads))
        return Answer(alpha, foreground, cost, certainty)

    def _removal(self, scene: Scene, threads: int) -> _Found:
        from hybridbg.pipeline import remove_background
        from hybridbg.predict import new_session

        cutout = remove_background(
            scene.image,
            method=self.kind,  # type: ignore[arg-type]
            hint=scene.hint if self.hinted else None,
            session=new_session(self.detail, num_threads=threads)
            if self.kind in _WITH_MODEL
            else None,
            num_threads=threads,
        )
        return cutout.alpha, cutout.foreground, cutout.diagnostics["certainty"]

    def _network(self, scene: Scene, threads: int) -> _Found:
        from hybridbg.core.image import as_float
        from hybridbg.predict import look, new_session

        session = new_session(self.detail, num_threads=threads)
        hint = scene.hint if self.hinted and session.spec.has_hint else None
        return look(as_float(scene.image), hint=hint, session=session).alpha, None, None

    def _matte(self, scene: Scene, threads: int) -> _Found:
        import warnings

        from hybridbg.matting import estimate_alpha, estimate_foreground

        assert scene.trimap is not None  # noqa: S101 - asked for by `needs`
        ours = self.detail in ("refined", "plain")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a trimap that knows nothing
            alpha = estimate_alpha(
                scene.image,
                scene.trimap,
                method="closed-form" if ours else self.detail,
                refine=self.detail == "refined",
                num_threads=threads,
            )
        return alpha, estimate_foreground(scene.image, alpha, num_threads=threads), None


def choose_methods(
    names: Sequence[str],
    commands: Mapping[str, str] | None = None,
    *,
    time_limit: float = TIME_LIMIT,
) -> list[Method]:
    """Find methods by their names.

    Parameters
    ----------
    names : sequence of str
        As at the head of this module.
    commands : mapping of str to str, optional
        Names of other programs to their templates, see `command.Command`; they come last.
    time_limit : float
        Seconds that a program gets for a picture.

    Raises
    ------
    InvalidOptionError
        A name nobody knows, a template without its places, or a name given twice.
    ModelNotFoundError
        There is no such model.

    Examples
    --------
    >>> [each.name for each in choose_methods(["auto", "grabcut+hint", "matte:plain"])]
    ['auto', 'grabcut+hint', 'matte:plain']
    """
    methods: list[Method] = [_ours(name.strip()) for name in names]
    methods += [Command(name, template, time_limit) for name, template in (commands or {}).items()]
    called = [method.name for method in methods]
    if not called:
        raise InvalidOptionError("expected at least one method")
    twice = sorted({name for name in called if called.count(name) > 1})
    if twice:
        raise InvalidOptionError(f"method {twice[0]!r} is given twice")
    return methods


def _ours(name: str) -> _Ours:
    bare = name.removesuffix(_HINT)
    kind, colon, detail = bare.partition(":")
    hinted = bare != name
    fits = (
        (
            kind in _REMOVALS
            and (not colon or kind in _WITH_MODEL)
            and not (hinted and kind == "key")
        )
        or kind == "network"
        or (kind == "matte" and not hinted and (detail or "refined") in _ENGINES)
    )
    if not fits or (colon and not detail):
        raise InvalidOptionError(
            f"unknown method {name!r}; expected {', '.join(_REMOVALS)}, auto:MODEL, predict:MODEL, "
            f"network, network:MODEL (+hint behind any of these but key), matte or matte:ENGINE "
            f"with ENGINE one of {', '.join(_ENGINES)}"
        )
    if kind in _WITH_MODEL:
        from hybridbg.predict import find_model

        find_model(detail or "default")
    return _Ours(name, kind, detail or ("refined" if kind == "matte" else "default"), hinted)
