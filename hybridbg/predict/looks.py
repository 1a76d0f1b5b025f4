"""Several looks at a picture: small copies as a whole, then it all, mirrored too, then its edge.

A network sees only so far. At a small size it takes in the whole picture but no detail, at a large
one it may take an eye for the subject. A network that takes a hint can use both: where nothing is
known of the picture, the mean answer at two small sizes is the hint for the large one. Another
method's impression may have a say in that hint: one that errs for other reasons is worth more than
its own quality. A mirrored picture shows the same things, but where the network is in doubt it says
something else of them; the mean is right more often. And where it stays unsure it looks closer
(`closer`).

On 40 photographs with masks the mean IoU of the packaged network is .568 with one look, .593 with
the small copies, .604 with the mirrored ones too, .610 with the closer look and .642 with the
impression of `hybridbg.saliency`; from a rough hint .823, .833 mirrored and .836 with the closer
look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from hybridbg.core.types import FloatArray
from hybridbg.predict.closer import look_closer
from hybridbg.predict.instances import Choice
from hybridbg.predict.predictor import Probabilities, predict_batch, predict_probabilities
from hybridbg.predict.session import Session

__all__ = ["look", "look_both_ways", "overlap"]

# Sizes of the first looks, in shares of the network's own.
_GLANCES: Final = (0.5, 0.8)
# Another method's impression counts as far as the glances contradict each other: where they agree
# it only disturbed.
_SAY: Final = 1.5
_MOST_SAY: Final = 0.6


def look(
    image: FloatArray,
    *,
    hint: FloatArray | None = None,
    impression: FloatArray | None = None,
    session: Session,
    choice: Choice | None = None,
    quick: bool = False,
) -> Probabilities:
    """Ask a network about a picture, as often as it takes.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), float32 in [0, 1]
        RGB, sRGB-coded.
    hint : ndarray of shape (H, W), float32 in [0, 1], optional
        0 background, 0.5 don't know, 1 foreground.
    impression : ndarray of shape (H, W), float32 in [0, 1], optional
        What another method made of the picture. Without a hint it has a say in what the network
        is told before its last look at the whole picture, the larger the less sure the first
        looks were.
    session : Session
        From `new_session`. A network of one size, or without a hint channel, is asked once.
    choice : Choice, optional
        As for `predict_probabilities`.
    quick : bool
        Neither mirror the picture nor look closer, in a third of the time: enough for who only
        wants to know roughly where the subject is.

    Returns
    -------
    Probabilities
        Of the picture's size.

    Raises
    ------
    InvalidMaskError, InvalidModelError, InvalidOptionError, NoSubjectError
        As `predict_probabilities`.
    """
    spec = session.spec
    if not (spec.has_hint and spec.dynamic and spec.size):
        return predict_probabilities(image, hint=hint, session=session, choice=choice)
    ask = _one_way if quick else look_both_ways
    if hint is not None:
        answer = ask(image, hint, session, spec.size)
    else:
        glances = [ask(image, None, session, round(share * spec.size)).alpha for share in _GLANCES]
        rough: FloatArray = np.mean(glances, axis=0)
        if impression is not None:
            say = np.float32(min(_MOST_SAY, _SAY * (1 - overlap(*glances))))
            rough += say * (impression - rough)
        answer = ask(image, rough, session, spec.size)
    return answer if quick else look_closer(image, answer, session=session)


def _one_way(
    image: FloatArray, hint: FloatArray | None, session: Session, size: int
) -> Probabilities:
    hints = None if hint is None else [hint]
    return predict_batch([image], hints=hints, session=session, size=size)[0]


def look_both_ways(
    image: FloatArray, hint: FloatArray | None, session: Session, size: int
) -> Probabilities:
    """Mean answer for a picture and its mirror image."""
    pair = [image, np.ascontiguousarray(image[:, ::-1])]
    hints = None if hint is None else [hint, np.ascontiguousarray(hint[:, ::-1])]
    one, other = predict_batch(pair, hints=hints, session=session, size=size)
    return replace(
        one,
        background=_mean(one.background, other.background),
        unknown=_mean(one.unknown, other.unknown),
        foreground=_mean(one.foreground, other.foreground),
        alpha=_mean(one.alpha, other.alpha),
    )


def _mean(plane: FloatArray, mirrored: FloatArray) -> FloatArray:
    mean: FloatArray = np.float32(0.5) * (plane + mirrored[:, ::-1])
    return mean


def overlap(first: FloatArray, second: FloatArray) -> float:
    """Intersection over union of two soft masks."""
    union = float(np.maximum(first, second).sum())
    return float(np.minimum(first, second).sum()) / union if union else 1.0
