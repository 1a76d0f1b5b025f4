"""Parts of the hybrid, alone and in pairs, as methods of `hybridbg.evaluation`.

A part is left out by telling the pipeline that it saw nothing: the rest is the product's own code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from hybridbg.evaluation.cost import measured
from hybridbg.evaluation.methods import Answer
from hybridbg.evaluation.scenes import Scene

Plane = NDArray[np.float32]

STRATEGY = "hybridbg.pipeline.strategy"
PARTS = ("network", "saliency", "grabcut", "key", "faces")
LEFT_OUT: dict[str, tuple[str, Callable[..., Any]]] = {
    "saliency": (f"{STRATEGY}.saliency", lambda _: None),
    "key": (f"{STRATEGY}.has_screen", lambda _: False),
    "faces": ("hybridbg.pipeline.portrait.find_faces", lambda _: []),
}


@dataclass(frozen=True)
class Together:
    """Some parts of the hybrid, with the matting and colours of the whole.

    Attributes
    ----------
    parts : tuple of str
        Of `PARTS`.
    """

    parts: tuple[str, ...]
    needs: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """As tables call it."""
        return " + ".join(self.parts)

    def identity(self) -> dict[str, Any]:
        """Say what makes the answers what they are."""
        return {"method": self.name}

    def prepare(self, threads: int) -> None:
        """Nothing to do: time is not what this compares."""

    def answer(self, scene: Scene, threads: int) -> Answer:
        """Answer, and say what it took."""
        from hybridbg import remove_background

        with without(self.parts):
            cutout, cost = measured(lambda: remove_background(scene.image, num_threads=threads))
        return Answer(cutout.alpha, cutout.foreground, cost, cutout.diagnostics["certainty"])


@contextmanager
def without(parts: tuple[str, ...]) -> Iterator[None]:
    """Leave out of the pipeline whatever is not among these parts."""
    with ExitStack() as stack:
        for part in set(LEFT_OUT) - set(parts):
            stack.enter_context(mock.patch(*LEFT_OUT[part]))
        if "grabcut" not in parts:
            stack.enter_context(mock.patch(f"{STRATEGY}._sources", _network_only))
        yield


def _network_only(*sources: Any) -> list[Any]:
    return [sources[2]]


@dataclass(frozen=True)
class UsualWay:
    """Matting as it is usually put behind a network: rembg's, with the same network as ours.

    The mask is cut above 240 and below 10 of 255, both are eroded by 10 pixels, what is between is
    solved by closed form and coloured by multi-level estimation, both of pymatting.
    """

    name: str = "usual matting"
    needs: frozenset[str] = frozenset()

    def identity(self) -> dict[str, Any]:
        """Say what makes the answers what they are."""
        return {"method": self.name}

    def prepare(self, threads: int) -> None:  # noqa: ARG002 - the same for all methods
        """Compile what pymatting compiles."""
        rng = np.random.default_rng(0)
        image = rng.random((64, 64, 3))
        mask = np.zeros((64, 64), np.float32)
        mask[16:48, 16:48] = 1
        _matted(image, mask)

    def answer(self, scene: Scene, threads: int) -> Answer:
        """Answer, and say what it took."""
        from hybridbg.core.image import as_float
        from hybridbg.predict import look, new_session

        image = as_float(scene.image)
        session = new_session(num_threads=threads)
        (alpha, foreground), cost = measured(
            lambda: _matted(image.astype(np.float64), look(image, session=session).alpha)
        )
        return Answer(alpha, foreground, cost)


def _matted(image: NDArray[np.float64], mask: Plane) -> tuple[Plane, Plane]:
    import cv2
    from pymatting import estimate_alpha_cf, estimate_foreground_ml

    levels = np.rint(255 * mask)
    disc = np.ones((3, 3), np.uint8)
    inside, outside = (
        cv2.erode(part.astype(np.uint8), disc, iterations=10, borderValue=0).astype(bool)
        for part in (levels > 240, levels < 10)
    )
    trimap = np.full(mask.shape, 0.5)
    trimap[inside], trimap[outside] = 1, 0
    if inside.any() and outside.any():
        try:
            alpha = estimate_alpha_cf(image, trimap)
        except Exception:  # as rembg does: back to the plain cut-out
            alpha = mask.astype(np.float64)
    else:
        alpha = mask.astype(np.float64)
    foreground = estimate_foreground_ml(image, alpha)
    return alpha.astype(np.float32), foreground.astype(np.float32)
