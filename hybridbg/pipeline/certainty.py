"""How probable it is that what was found is the subject: asked by moving the frame.

Who knows what the subject is, finds it in another framing too; who took the middle of the picture,
or whatever stood out, does not. So the network sees the picture again with its sides cut off,
towards each corner, around the middle and around what was found, small and without any hint. The
mean overlap of these answers with the result becomes a probability by a logistic curve of two
numbers (Platt 1999): that the result's IoU with what a person would have marked is .5 at least.

The numbers were fitted to 356 results, of which 93 were below: of photographs held out from
training, as they are and under five corruptions, and of their subjects laid, small and anywhere,
over other photographs. `benchmarks.certainty` fits them and says how well they hold elsewhere.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hybridbg.core.types import FloatArray, Shape
from hybridbg.pipeline.fusion import Fused
from hybridbg.predict import Session, predict_batch
from hybridbg.predict.looks import overlap

__all__ = ["NOT_SURE", "certainty", "decidedness", "reframed"]

NOT_SURE: Final = 0.6
"""Certainty below which the caller is asked for a rectangle or a hint.

Of the results that the curve was fitted to, two thirds of those with an IoU below .5 were warned
of, and an eighth of the others; on the 40 photographs for development 8 of 10, and a quarter.
"""

_SLOPE, _SHIFT = 9.2, -4.4

_UNGUIDED: Final = 0.5
"""Certainty of GrabCut alone, which took the middle of the picture for a start: it was right in 12
of 23 pictures."""

_KEPT: Final = 0.7
"""Of each side in a frame."""
_PLACES: Final = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5))
"""Of frames, from the top left corner to the bottom right one."""
_SEEN: Final = 0.5
"""Share of the subject that a frame must hold to say anything of it."""
_AROUND: Final = 0.3
"""Margins of the frame around the subject, in the subject's own sides."""
_SIZE: Final = 0.6
"""At which frames are looked at, in sizes of the network's own."""

_Frame = tuple[slice, slice]


def certainty(image: FloatArray, fused: Fused, session: Session | None) -> float:
    """Rate a result that nobody pointed at.

    Parameters
    ----------
    image : (H, W, 3) float32, sRGB-coded
        At the size at which the subject was sought.
    fused : Fused
        The result.
    session : Session or None
        The network that was asked. One of a single size is not asked again, as it would take its
        full time for each frame; the certainty then only says how decided the sources are.

    Returns
    -------
    float in [0, 1]
    """
    if session is None:
        return _UNGUIDED
    if not (session.spec.dynamic and session.spec.size):
        return decidedness(fused)
    agreement = reframed(image, fused.probability, session)
    return round(float(1 / (1 + np.exp(-_SLOPE * agreement - _SHIFT))), 3)


def decidedness(fused: Fused) -> float:
    """Rate how small the sources' doubt is beside what they found."""
    doubt = float(np.minimum(fused.probability, 1 - fused.probability).sum())
    area = float(np.count_nonzero(fused.probability >= 0.5))
    return round(1 - min(1.0, doubt / area), 3) if area else 0.0


def reframed(image: FloatArray, probability: FloatArray, session: Session) -> float:
    """Find the mean overlap of a result with what a network sees in other frames.

    Parameters
    ----------
    image : (H, W, 3) float32, sRGB-coded
    probability : (H, W) float32 in [0, 1]
        The result; somewhere one half at least.
    session : Session
        Of a network that is free to choose its size.

    Returns
    -------
    float in [0, 1]
    """
    subject = (probability >= 0.5).astype(np.float32)
    frames = [*_cut_off(subject), _around(subject)]
    answers = predict_batch(
        [np.ascontiguousarray(image[frame]) for frame in frames],
        session=session,
        size=round(_SIZE * (session.spec.size or 1)),
    )
    overlaps = [
        overlap(answer.alpha, subject[frame]) for answer, frame in zip(answers, frames, strict=True)
    ]
    return float(np.mean(overlaps))


def _cut_off(subject: FloatArray) -> list[_Frame]:
    """Frames that lack some of the picture's sides, but not most of the subject."""
    rows, cols = subject.shape
    kept: Shape = (max(1, round(_KEPT * rows)), max(1, round(_KEPT * cols)))
    frames = []
    for down, right in _PLACES:
        top, left = round(down * (rows - kept[0])), round(right * (cols - kept[1]))
        frames.append((slice(top, top + kept[0]), slice(left, left + kept[1])))
    least = _SEEN * float(subject.sum())
    return [frame for frame in frames if float(subject[frame].sum()) > least]


def _around(subject: FloatArray) -> _Frame:
    """Find the frame that has the subject in its middle."""
    sides = []
    for axis in (1, 0):
        places = np.flatnonzero(subject.any(axis=axis))
        first, last = int(places[0]), int(places[-1]) + 1
        margin = round(_AROUND * (last - first))
        sides.append(slice(max(0, first - margin), last + margin))
    return sides[0], sides[1]
