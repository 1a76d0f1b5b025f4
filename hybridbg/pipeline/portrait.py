"""A face as evidence: head, hair and shoulders around it, where colours and the network agree."""

from __future__ import annotations

import numpy as np

from hybridbg import graphcut
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.types import FloatArray
from hybridbg.pipeline.evidence import Evidence, from_grabcut, from_network
from hybridbg.predict import Session, find_faces, portrait_hint

__all__ = ["with_portrait"]

_FACE_KEPT = 0.7
"""Share of a head's seeds that GrabCut must keep by their colours alone: of the chest too it
depended on how strongly a portrait was compressed."""

_FACE_SEEN, _FACE_KNOWN = 0.25, 0.9
"""Mean probability that the network, not told of the face, gives head and shoulders, for these to
be a hint: below it the face is one in fur or leaves, above it there is nothing left to tell."""


def with_portrait(
    small: FloatArray, network: Evidence | None, session: Session | None
) -> tuple[FloatArray | None, Evidence | None]:
    """Look for a face; if the network saw something there too, ask it again with that hint.

    Parameters
    ----------
    small : (H, W, 3) float32, sRGB-coded
    network : Evidence or None
        What the network said without being told of a face.
    session : Session or None

    Returns
    -------
    hint : (H, W) float32, or None
        0 background, 0.5 don't know, 1 foreground, if there is a face to follow.
    network : Evidence or None
        With that hint, if there is one.
    """
    hint = _portrait(small)
    if hint is None or network is None or session is None:
        return hint, network
    if not _FACE_SEEN <= network.probability[hint == 1].mean() < _FACE_KNOWN:
        return None, network
    return hint, from_network(small, hint, session)


def _portrait(small: FloatArray) -> FloatArray | None:
    """Seeds below the largest face, if the colours bear it out."""
    faces = find_faces(small)
    if not faces:
        return None
    hint = portrait_hint(small.shape[:2], faces[0])
    start = np.full(hint.shape, graphcut.PROBABLE_BACKGROUND, dtype=np.uint8)
    start[hint == 1] = graphcut.PROBABLE_FOREGROUND
    start[hint == 0] = graphcut.SURE_BACKGROUND
    try:
        cut = from_grabcut(small, start).probability
    except NoSubjectError:
        return None
    chin = faces[0][2]
    return hint if cut[:chin][hint[:chin] == 1].mean() >= _FACE_KEPT else None
