"""Which sources are asked, in which order, and what is done when one of them has nothing to say.

Sources work at a bounded size; the trimap is enlarged afterwards, because its unknown band is
wider than the pixels it was found in. Whatever fell back is said in `warnings`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hybridbg import graphcut
from hybridbg.core.errors import InvalidOptionError, NoSubjectError
from hybridbg.core.image import Image
from hybridbg.core.resample import fit_inside, nearest, resample
from hybridbg.core.types import ByteArray, FloatArray, Shape
from hybridbg.graphcut.seeds import inside
from hybridbg.pipeline.certainty import NOT_SURE, certainty, decidedness
from hybridbg.pipeline.evidence import (
    Evidence,
    centred_rect,
    from_grabcut,
    from_network,
    seeds,
    tightened,
)
from hybridbg.pipeline.fusion import fuse
from hybridbg.pipeline.keyed import Keyed, agrees, has_screen, key_picture, screen_picture
from hybridbg.pipeline.marks import Marks, chosen, find_marks
from hybridbg.pipeline.options import Options, Subject
from hybridbg.pipeline.portrait import with_portrait
from hybridbg.pipeline.settling import certain, settle
from hybridbg.predict import Session, new_session, only_marked
from hybridbg.saliency import saliency

__all__ = ["Located", "locate"]

_WORKING_SIDE = 1024
"""Long side, in pixels, at which the subject is sought: the matting does the fine work."""

_MOST_CHANGE = 3.0
"""GrabCut's answer counts while its area is within this factor of the network's."""

_KEY_WEIGHT = 0.5
"""How strongly matting holds on to a key's alpha, where its forms agree."""

_DOUBTFUL_SCREEN = (
    "the screen does not surround the subject, or is uneven (confidence {:.2f}): check the result, "
    "or draw a rectangle or a rough hint"
)


_LEAST_PIECE = 0.01
"""Share of what was marked from which what a key finds beside it is another thing, not ends of
hair: on the sample with hair a mark that changes nothing else tripled the error without this."""

_KEY_CONTRADICTED = (
    "points or strokes contradict the key: only what they cover was changed; use method='auto' to "
    "look for what they mean, or a rough hint"
)


@dataclass(frozen=True, eq=False)
class Located:
    """Where the subject is.

    Attributes
    ----------
    method : str
        What found it: "auto", "grabcut", "predict", "key" or "trimap".
    trimap : (H, W) uint8
    weights : dict of str to float
        Each source's share.
    certainty : float in [0, 1]
        See `certainty`.
    model : dict or None
        Name and sha256 of the network that was asked.
    warnings : list of str
    prior : (H, W) float32 in [0, 1], or None
        Alpha that the sources expect.
    prior_weight : (H, W) float32, or None
        How strongly matting should hold on to that, if it should.
    keyed : Keyed or None
        What a key found, where one decided.
    """

    method: str
    trimap: ByteArray
    weights: dict[str, float]
    certainty: float
    model: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    prior: FloatArray | None = None
    prior_weight: FloatArray | None = None
    keyed: Keyed | None = None


def locate(picture: Image, subject: Subject, options: Options) -> Located:
    """Find the subject of a picture.

    Parameters
    ----------
    picture : Image
    subject : Subject
        Hint, rectangle, marks or nothing.
    options : Options

    Returns
    -------
    Located

    Raises
    ------
    NoSubjectError
        If nothing can be told from the background.
    ModelError, InvalidMaskError, InvalidOptionError
    """
    shape = picture.shape
    told = _told(subject, shape)
    if options.method == "key" or (options.method == "auto" and options.wants_key):
        return _keyed(picture, subject, told, options)
    small = _working_copy(picture)
    hint = None if told is None else resample(told, small.shape[:2])
    session = None
    if options.method != "grabcut":
        session = options.session or new_session(options.model, num_threads=options.num_threads)
        follows = session.spec.has_hint or session.spec.kind == "instances"
        if options.method == "predict" and told is not None and not follows:
            raise InvalidOptionError(
                f"hint, rect: model {session.spec.name!r} takes none; leave them out, or use "
                "method='auto', where GrabCut follows them"
            )
    if subject.marks is not None and told is None and options.method == "auto":
        unmarked = _chosen(picture, subject.marks, replace(options, session=session))
        if unmarked is not None:
            return unmarked
    marks = None if subject.marks is None else find_marks(small, subject.marks, hint)
    model = None if session is None else _named(session)
    if options.method == "auto" and not subject.told and session is not None and has_screen(small):
        with suppress(NoSubjectError):  # the screen was a false alarm
            with ThreadPoolExecutor(1) as beside:
                # Before a screen nobody need look for faces, or closely.
                asked = beside.submit(from_network, small, None, session, quick=True)
                found = screen_picture(picture, options)
                seen = asked.result()
            keyed = key_picture(found, None, seen.probability)
            if agrees(keyed, seen):
                return replace(_located_by_key(keyed, "auto"), model=model)
    network = None
    if session is not None:
        impression = None
        if options.method == "auto" and not subject.told and session.spec.has_hint:
            impression = saliency(small)
        network = _asked(small, hint, session, impression, marks)
    if not subject.told:
        hint, network = with_portrait(small, network, session)
    warnings: list[str] = []
    sources = _sources(small, hint, network, options.method, warnings, marks)
    fused = fuse(sources)
    sure = decidedness(fused) if subject.told else certainty(small, fused, session)
    if sure < NOT_SURE and told is None:
        warnings.append(
            f"not sure what the subject is (certainty {sure:.2f}): check the result, or draw a "
            f"rectangle or a rough hint{'' if subject.told else ', or click on it'}"
        )
    settled = settle(small, fused, num_threads=options.threads)
    prior = resample(fused.probability, shape)
    return Located(
        method=options.method,
        trimap=nearest(settled.trimap, shape),
        weights=fused.weights,
        certainty=sure,
        model=model,
        warnings=warnings,
        prior=prior,
        prior_weight=settled.hold * certain(prior) if settled.hold else None,
    )


def _chosen(picture: Image, marks: FloatArray, options: Options) -> Located | None:
    """Find it unmarked; return that if it is rather certain and marks do not contradict it."""
    try:
        found = locate(picture, Subject(), options)
    except NoSubjectError:
        return None
    if found.certainty < NOT_SURE or found.prior is None:
        return None
    trimap = chosen(found.trimap, found.prior, marks)
    return None if trimap is None else replace(found, trimap=trimap)


def _keyed(picture: Image, subject: Subject, told: FloatArray | None, options: Options) -> Located:
    """Key a picture; a network that was handed in has a say in what is opaque.

    Marks choose among the pieces: a key cannot look for what they say besides.
    """
    session, seen = options.session, None
    if session is not None:
        small = _working_copy(picture)
        hint = None if told is None else resample(told, small.shape[:2])
        seen = _asked(small, hint, session).probability
    keyed = key_picture(screen_picture(picture, options), told, seen)
    model = None if session is None else _named(session)
    located = replace(_located_by_key(keyed, "key"), model=model)
    if subject.marks is None:
        return located
    trimap = chosen(keyed.trimap, keyed.alpha, subject.marks, least=_LEAST_PIECE)
    if trimap is None:
        return replace(located, warnings=[*located.warnings, _KEY_CONTRADICTED])
    return located if subject.hint is not None else replace(located, trimap=trimap)


def _named(session: Session) -> dict[str, Any]:
    return {"name": session.spec.name, "sha256": session.sha256}


def _located_by_key(keyed: Keyed, method: str) -> Located:
    return Located(
        method=method,
        trimap=keyed.trimap,
        weights={"key": 1.0},
        certainty=round(keyed.screen.confidence, 3),
        warnings=[] if keyed.sure else [_DOUBTFUL_SCREEN.format(keyed.screen.confidence)],
        prior=keyed.mixture,
        prior_weight=_KEY_WEIGHT * keyed.confidence,
        keyed=keyed,
    )


def _working_copy(picture: Image) -> FloatArray:
    """Shrink a picture, and decode only what is left of it: a profile takes its time."""
    small = resample(picture.rgb(), fit_inside(picture.shape, _WORKING_SIDE))
    return np.ascontiguousarray(picture.decode(small))


def _told(subject: Subject, shape: Shape) -> FloatArray | None:
    """Everything the caller said roughly about the subject's place, as one hint."""
    if subject.hint is None and subject.rect is None:
        return None
    hint = np.full(shape, 0.5, np.float32) if subject.hint is None else subject.hint.copy()
    if subject.rect is not None:
        hint[~inside(subject.rect, shape)] = 0
    return hint


def _asked(
    small: FloatArray,
    hint: FloatArray | None,
    session: Session,
    impression: FloatArray | None = None,
    marks: Marks | None = None,
) -> Evidence:
    """Ask the network; one that follows a hint follows it too far out."""
    network = from_network(small, hint, session, impression=impression, marks=marks)
    follows = hint is not None and session.spec.has_hint
    return tightened(network) if follows else network


def _sources(
    small: FloatArray,
    hint: FloatArray | None,
    network: Evidence | None,
    method: str,
    warnings: list[str],
    marks: Marks | None = None,
) -> list[Evidence]:
    """Let GrabCut check the network's answer; return whose word counts."""
    if method == "predict" and network is not None:
        return [network]
    nothing_told = hint is None and marks is None
    if network is None and nothing_told:
        warnings.append("GrabCut was told nothing: it took the middle of the picture for a start")
    shape = small.shape[:2]
    try:
        cut = from_grabcut(small, seeds(shape, hint, network, marks))
    except NoSubjectError as error:
        if network is None:
            raise
        if nothing_told and not 0 < _area(network) < network.probability.size:
            warnings.append(
                "the network found no subject; GrabCut took the middle of the picture for a start"
            )
            return [_middle(small)]
        warnings.append(f"the network decided alone ({error})")
        return [network]
    if marks is not None:
        cut = replace(cut, probability=only_marked(cut.probability, marks.said, hint))
    if network is None:
        return [cut]
    change = _area(cut) / max(_area(network), 1.0)
    if not 1 / _MOST_CHANGE <= change <= _MOST_CHANGE:
        warnings.append("GrabCut contradicted the network; the network decided alone")
        return [network]
    return [network, cut]


def _middle(small: FloatArray) -> Evidence:
    """Let GrabCut look on its own for what a network did not find."""
    shape = small.shape[0], small.shape[1]
    try:
        return from_grabcut(small, graphcut.seeds_from_rect(centred_rect(shape), shape))
    except NoSubjectError as error:
        raise NoSubjectError(
            "no subject found: nothing in the picture stands out from the rest; draw a rectangle "
            "or a rough hint around the subject, or click on it"
        ) from error


def _area(source: Evidence) -> float:
    return float(np.count_nonzero(source.probability >= 0.5))
