"""From a picture to class probabilities, through a network of any usual kind.

`letterbox` brings the picture to the network and its maps back, `outputs` tells what the maps of
each kind mean; here they become one type, `Probabilities`. Pictures are RGB, sRGB-coded, float32 in
[0, 1]; hints are 0 background, 0.5 don't know, 1 foreground.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hybridbg.core.checks import as_mask
from hybridbg.core.errors import InvalidModelError, InvalidOptionError
from hybridbg.core.types import FloatArray, Shape
from hybridbg.predict import outputs
from hybridbg.predict.instances import Choice
from hybridbg.predict.letterbox import Letterbox
from hybridbg.predict.session import Session

__all__ = ["Probabilities", "predict_batch", "predict_probabilities"]

DONT_KNOW: Final = 0.5
"""Value of a hint that says nothing."""

# Pictures in one run: more hardly saves time and takes that many times the memory.
MAX_BATCH: Final = 8


@dataclass(frozen=True, eq=False)
class Probabilities:
    """What a network thinks of each pixel.

    Attributes
    ----------
    background, unknown, foreground : ndarrays of shape (H, W), float32 in [0, 1]
        Their sum is 1 at every pixel; `unknown` is the probability of a mixed pixel.
    alpha : ndarray of shape (H, W), float32 in [0, 1]
        A coarse matte.
    cell : float
        Side of one of the network's pixels, in pixels of the picture: nothing finer was seen.
    """

    background: FloatArray
    unknown: FloatArray
    foreground: FloatArray
    alpha: FloatArray
    cell: float


def predict_probabilities(
    image: FloatArray,
    *,
    hint: FloatArray | None = None,
    session: Session,
    size: int | None = None,
    choice: Choice | None = None,
) -> Probabilities:
    """Run a network on a picture.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), float32 in [0, 1]
        RGB, sRGB-coded.
    hint : ndarray of shape (H, W), float32 in [0, 1], optional
        0 background, 0.5 don't know, 1 foreground.
    session : Session
        From `new_session`.
    size : int, optional
        Side that the network sees, where it is free to choose; by default its own.
    choice : Choice, optional
        Which object is meant, for a network that finds several; by default as its description
        says.

    Returns
    -------
    Probabilities
        Of the picture's size.

    Raises
    ------
    InvalidOptionError
        A hint or a choice for a network that takes none.
    InvalidMaskError
        The hint does not fit the picture.
    InvalidModelError
        The network answers with something else than its description says.
    NoSubjectError
        A network that finds objects does not find such a one.
    """
    [probabilities] = predict_batch(
        [image], hints=[hint], session=session, size=size, choice=choice
    )
    return probabilities


def predict_batch(
    images: Sequence[FloatArray],
    *,
    hints: Sequence[FloatArray | None] | None = None,
    session: Session,
    size: int | None = None,
    choice: Choice | None = None,
) -> list[Probabilities]:
    """Run a network on several pictures, together where that is possible.

    Pictures that take the same input size run together where the graph's first axis is free;
    others, and those of networks that find objects, run one by one, with the same result.

    Parameters
    ----------
    images : sequence of ndarrays of shape (H, W, 3), float32 in [0, 1]
        RGB, sRGB-coded, each of its own size.
    hints : sequence of ndarrays of shape (H, W) or None, optional
        One for each picture.
    session, size, choice
        As for `predict_probabilities`.

    Returns
    -------
    list of Probabilities
        In the order of the pictures.

    Raises
    ------
    InvalidOptionError, InvalidMaskError, InvalidModelError, NoSubjectError
        As `predict_probabilities`.
    """
    spec = session.spec
    hints = [None] * len(images) if hints is None else hints
    if len(hints) != len(images):
        raise InvalidOptionError(f"hints: expected {len(images)}, one a picture, got {len(hints)}")
    if any(hint is not None for hint in hints) and not spec.has_hint:
        raise InvalidOptionError(
            f"hint: model {spec.name!r} takes no hint; leave it out or choose a model that does"
        )
    if choice is not None and spec.kind != "instances":
        raise InvalidOptionError(
            f"choice: model {spec.name!r} does not find objects one by one; leave it out"
        )
    if size is not None and spec.dynamic:
        spec = replace(spec, size=size)
    boxes = [Letterbox.of(image.shape[:2], spec) for image in images]
    together = session.takes_many and spec.kind != "instances"
    results: dict[int, Probabilities] = {}
    for group in _groups(boxes, together=together):
        inputs = [boxes[at].enter(images[at], _hint_channel(hints[at], boxes[at])) for at in group]
        for at, answers in zip(group, _answers(inputs, session), strict=True):
            results[at] = _probabilities(answers, boxes[at], choice)
    return [results[at] for at in range(len(images))]


def _groups(boxes: Sequence[Letterbox], *, together: bool) -> Iterator[list[int]]:
    """Positions of pictures that go into one run."""
    by_input: dict[Shape | int, list[int]] = {}
    for at, box in enumerate(boxes):
        by_input.setdefault(box.outer if together else at, []).append(at)
    for alike in by_input.values():
        for start in range(0, len(alike), MAX_BATCH):
            yield alike[start : start + MAX_BATCH]


def _answers(inputs: list[FloatArray], session: Session) -> list[dict[str, FloatArray]]:
    """Run the network on pictures, together where that works; the outputs of each.

    Many exporters leave the first axis free and then reshape as if it were 1. Such a graph fails
    on several pictures, or answers with one; it is run one by one from then on.
    """
    if len(inputs) > 1:
        try:
            together = session.run(np.concatenate(inputs))
        except InvalidModelError:
            together = {}
        if together and all(len(answer) == len(inputs) for answer in together.values()):
            return [
                {role: answer[at : at + 1] for role, answer in together.items()}
                for at in range(len(inputs))
            ]
        session.takes_many = False
    return [session.run(one) for one in inputs]


def _probabilities(
    answers: dict[str, FloatArray], box: Letterbox, choice: Choice | None
) -> Probabilities:
    planes, step = outputs.planes(answers, box, choice)
    background, unknown, foreground, alpha = (box.back(plane) for plane in planes)
    total = background + unknown + foreground  # interpolation keeps it at 1 but for rounding
    cell = step * float(np.sqrt(np.prod(box.shape) / np.prod(planes[0].shape)))
    return Probabilities(
        background / total, unknown / total, foreground / total, alpha.clip(0, 1), cell
    )


def _hint_channel(hint: FloatArray | None, box: Letterbox) -> FloatArray | None:
    if not box.spec.has_hint:
        return None
    if hint is None:
        return np.full(box.shape, DONT_KNOW, dtype=np.float32)
    return as_mask(hint, box.shape, name="hint")
