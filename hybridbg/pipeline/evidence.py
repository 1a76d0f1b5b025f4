"""What a source says of each pixel: one type for all of them, and the sources brought to it.

A source answers with a probability of foreground and a confidence in it, both per pixel, plus
where it saw a soft edge. Only `fusion` puts sources together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hybridbg import graphcut
from hybridbg.core.types import BoolArray, ByteArray, FloatArray, Shape
from hybridbg.pipeline.marks import Marks
from hybridbg.predict import Choice, Session, look, look_at

__all__ = ["Evidence", "centred_rect", "from_grabcut", "from_network", "seeds", "tightened"]

_SURE_FOREGROUND = 0.95
_SURE_BACKGROUND = 0.02
"""The network's alpha beyond which GrabCut may not overrule it; between them it only starts so."""

_TOO_LARGE = 1.5
"""With a rough outline the network's odds of foreground are this many times too high: on
photographs with masks its alpha cut at .6 fitted better than cut at .5 (IoU .847 and .836). Without
one there was no such difference."""

_GRABCUT_CONFIDENCE = 0.45
"""GrabCut's answer is hard, so its confidence is one number: what it proved worth beside the
network's own (|2 p - 1|) on photographs with masks."""

_CENTRED_MARGIN = 0.08
"""Share of each side left out by the rectangle that stands in for a missing one."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """One source's view of a picture.

    Attributes
    ----------
    name : str
    probability : (H, W) float32 in [0, 1]
        That the pixel is foreground.
    confidence : (H, W) float32 in [0, 1]
        Weight of that opinion; 0 is "don't know".
    softness : (H, W) float32 in [0, 1]
        That the pixel mixes foreground and background.
    cell : float
        Side of the smallest thing the source could see, in pixels of the picture.
    """

    name: str
    probability: FloatArray
    confidence: FloatArray
    softness: FloatArray
    cell: float


def from_network(
    image: FloatArray,
    hint: FloatArray | None,
    session: Session,
    *,
    marks: Marks | None = None,
    impression: FloatArray | None = None,
    quick: bool = False,
) -> Evidence:
    """Ask the trimap network.

    Parameters
    ----------
    image : (H, W, 3) float32, sRGB-coded
    hint : (H, W) float32 in [0, 1], or None
        0 background, 0.5 don't know, 1 foreground; left out for networks that take none. Of
        objects found one by one, the one it lies around is meant.
    session : Session
    marks : Marks, optional
        With them the rest is of no account, but for a hint.
    impression : (H, W) float32 in [0, 1], optional
        What else is known of the subject's place, as `look` takes it.
    quick : bool
        Not so exactly: see `look`.

    Returns
    -------
    Evidence
    """
    choice = None if hint is None else _chosen(hint, session)
    hint = hint if session.spec.has_hint else None
    if marks is None:
        answer = look(
            image, hint=hint, impression=impression, session=session, choice=choice, quick=quick
        )
    else:
        answer = look_at(
            image, marks.said, hint=hint, nearness=marks.near, session=session, choice=choice
        )
    return Evidence(
        name="network",
        probability=answer.alpha,
        confidence=np.abs(2 * answer.alpha - 1),
        softness=answer.unknown,
        cell=answer.cell,
    )


def tightened(network: Evidence) -> Evidence:
    """Correct a network that follows a rough outline, most of which are drawn too large."""
    alpha = network.probability
    probability: FloatArray = np.divide(
        alpha, alpha + np.float32(_TOO_LARGE) * (1 - alpha), dtype=np.float32
    )
    return replace(network, probability=probability, confidence=np.abs(2 * probability - 1))


def _chosen(hint: FloatArray, session: Session) -> Choice | None:
    """Which object a hint means, for a network that finds several."""
    if session.spec.kind != "instances":
        return None
    marked = hint > 0.5 if (hint > 0.5).any() else hint > 0  # a rectangle says only where not
    rows, cols = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not rows.size:
        return None
    rect = (int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)
    return replace(Choice.of(session.spec), rect=rect)


def from_grabcut(image: FloatArray, start: ByteArray, *, iterations: int = 3) -> Evidence:
    """Ask GrabCut, from seeds.

    Parameters
    ----------
    image : (H, W, 3) float32, sRGB-coded
    start : (H, W) uint8
        Seeds of the four classes of `hybridbg.graphcut`.
    iterations : int

    Returns
    -------
    Evidence

    Raises
    ------
    NoSubjectError
        If seeds or cut leave nothing.
    """
    mask = graphcut.segment(image, start, iterations=iterations)
    return Evidence(
        name="grabcut",
        probability=mask,
        confidence=np.full_like(mask, _GRABCUT_CONFIDENCE),
        softness=np.zeros_like(mask),
        cell=graphcut.working_cell(mask.shape),
    )


def seeds(
    shape: Shape,
    hint: FloatArray | None,
    network: Evidence | None,
    marks: Marks | None = None,
) -> ByteArray:
    """GrabCut's start from a hint, the network or both, and from marks.

    A hint is trusted deep inside and far outside of what it marks; elsewhere the network decides
    where to start, and where it is all but certain it also binds. A hint's word binds
    first, and before it that of marks; alone they start from what is near them.

    Parameters
    ----------
    shape : (int, int)
    hint : (H, W) float32 in [0, 1], or None
    network : Evidence or None
    marks : Marks, optional

    Returns
    -------
    (H, W) uint8

    Raises
    ------
    InvalidMaskError
        If the hint says the same everywhere.
    """
    start = _roughly(shape, hint, network, marks)
    if marks is not None:
        start[_thickened(marks.kept)] = graphcut.SURE_FOREGROUND
        start[_thickened(marks.dropped)] = graphcut.SURE_BACKGROUND
        start[marks.kept] = graphcut.SURE_FOREGROUND
    return start


def _roughly(
    shape: Shape, hint: FloatArray | None, network: Evidence | None, marks: Marks | None
) -> ByteArray:
    hinted = None if hint is None else graphcut.seeds_from_hint(hint)
    if network is None:
        if hinted is not None:
            return hinted
        if marks is not None and marks.kept.any():
            return _probable(marks.near)
        start = graphcut.seeds_from_rect(centred_rect(shape), shape)
        if marks is not None:
            start[(marks.near < 0.5) & (start == graphcut.PROBABLE_FOREGROUND)] = (
                graphcut.PROBABLE_BACKGROUND
            )
        return start
    alpha = network.probability
    start = _probable(alpha)
    start[alpha >= _SURE_FOREGROUND] = graphcut.SURE_FOREGROUND
    start[alpha <= _SURE_BACKGROUND] = graphcut.SURE_BACKGROUND
    if hinted is not None:
        sure = (hinted == graphcut.SURE_FOREGROUND) | (hinted == graphcut.SURE_BACKGROUND)
        start[sure] = hinted[sure]
    return start


def _probable(probability: FloatArray) -> ByteArray:
    """Start on the likelier side."""
    start: ByteArray = np.where(
        probability >= 0.5, graphcut.PROBABLE_FOREGROUND, graphcut.PROBABLE_BACKGROUND
    ).astype(np.uint8)
    return start


def _thickened(strokes: BoolArray) -> BoolArray:
    """Make strokes thick enough to be seen at the size at which the graph is cut."""
    import cv2

    thick = cv2.dilate(strokes.view(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(thick > 0)


def centred_rect(shape: Shape) -> tuple[int, int, int, int]:
    """Rectangle in the middle of a picture, for GrabCut when nothing is known."""
    top, left = (max(1, round(_CENTRED_MARGIN * side)) for side in shape)
    return top, left, shape[0] - top, shape[1] - left
