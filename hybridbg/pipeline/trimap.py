"""From a picture to the trimap that matting gets: what the caller says, or what is found."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridbg import io
from hybridbg.core import trimap as trimaps
from hybridbg.core.checks import as_rect
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.image import Image
from hybridbg.core.types import BoolArray, ByteArray, ColourLike, ImageLike
from hybridbg.graphcut.seeds import inside
from hybridbg.pipeline.edges import softened
from hybridbg.pipeline.holes import filled
from hybridbg.pipeline.marks import as_marks, bound
from hybridbg.pipeline.options import Edge, Method, Options, Subject
from hybridbg.pipeline.stopwatch import Stopwatch
from hybridbg.pipeline.strategy import Located, locate
from hybridbg.predict import ModelSpec, Session

__all__ = [
    "FoundTrimap",
    "as_subject",
    "diagnostics",
    "find_subject",
    "find_trimap",
    "for_matting",
    "respect_opacity",
]


_NOTHING_UNKNOWN = (
    "the trimap leaves nothing unknown, so the cut-out gets its hard edge: paint the soft edge "
    "grey (128)"
)


@dataclass(frozen=True, eq=False)
class FoundTrimap:
    """A trimap and how it was found.

    Attributes
    ----------
    trimap : (H, W) uint8
        0 background, 128 unknown, 255 foreground.
    diagnostics : mapping
        As in `Cutout`, without ``solver``.
    """

    trimap: ByteArray
    diagnostics: Mapping[str, Any]


def find_trimap(
    image: ImageLike,
    *,
    hint: ImageLike | None = None,
    rect: Sequence[int] | None = None,
    keep: Sequence[Sequence[int]] = (),
    drop: Sequence[Sequence[int]] = (),
    scribbles: ImageLike | None = None,
    method: Method = "auto",
    model: str | os.PathLike[str] | ModelSpec = "default",
    edge: Edge = "auto",
    holes: bool = True,
    screen: ColourLike = "auto",
    plate: ImageLike | None = None,
    session: Session | None = None,
    num_threads: int | None = None,
) -> FoundTrimap:
    """Find the subject of a photograph, and leave the matting to whoever corrects the trimap.

    Parameters and errors are those of `remove_background`; a hard edge is matting's work and leaves
    the trimap as it is.

    Returns
    -------
    FoundTrimap

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((64, 64, 3), (60, 90, 160), np.uint8)
    >>> image[16:48, 16:48] = (200, 60, 40)
    >>> found = find_trimap(image, rect=(8, 8, 56, 56), method="grabcut")
    >>> found.trimap[32, 32], found.trimap[16, 32], found.trimap[2, 2]
    (np.uint8(255), np.uint8(128), np.uint8(0))
    """
    options = Options(
        method=method,
        model=model,
        edge=edge,
        holes=holes,
        screen=screen,
        plate=plate,
        session=session,
        num_threads=num_threads,
    )
    picture = io.as_image(image)
    watch = Stopwatch(None)
    subject = as_subject(picture, hint=hint, rect=rect, keep=keep, drop=drop, scribbles=scribbles)
    located, marks = find_subject(picture, subject, options, watch)
    return FoundTrimap(marks, diagnostics(located, watch))


def as_subject(
    picture: Image,
    *,
    hint: ImageLike | None = None,
    rect: Sequence[int] | None = None,
    trimap: ImageLike | None = None,
    keep: Sequence[Sequence[int]] = (),
    drop: Sequence[Sequence[int]] = (),
    scribbles: ImageLike | None = None,
) -> Subject:
    """Check what the caller says of the subject's place."""
    shape = picture.shape
    marks = as_marks(keep, drop, scribbles, shape)
    if trimap is not None and any(said is not None for said in (hint, rect, marks)):
        raise InvalidOptionError(
            "trimap goes alone, got a hint, rect, points or scribbles beside it; leave one out"
        )
    subject = Subject(
        hint=None if hint is None else io.as_hint(hint, shape),
        rect=None if rect is None else as_rect(rect, shape),
        trimap=None
        if trimap is None
        else trimaps.as_trimap(io.as_grey(trimap, name="trimap"), shape, need_known=False),
        marks=marks,
    )
    if subject.rect is not None and marks is not None:
        outside = (marks == 1) & ~inside(subject.rect, shape)
        if outside.any():
            raise InvalidOptionError(
                f"keep, scribbles: {_first(outside)} is to be kept but lies outside of rect "
                f"{subject.rect}; leave one out"
            )
    return subject


def _first(region: BoolArray) -> tuple[int, int]:
    row, column = np.argwhere(region)[0]
    return int(row), int(column)


def find_subject(
    picture: Image, subject: Subject, options: Options, watch: Stopwatch
) -> tuple[Located, ByteArray]:
    """Find the subject unless it was given, and the trimap that matting gets."""
    with watch.stage("find the subject"):
        located = _given(subject) or locate(picture, subject, options)
        marks = located.trimap
        if options.edge == "soft" and located.prior is not None and located.keyed is None:
            # A key measures how soft it is.
            marks, weight = softened(marks, located.prior, located.prior_weight)
            located = replace(located, prior_weight=weight)
        if not options.holes:
            marks = filled(marks, located.prior, subject.dropped)
        marks = _respect_rect(respect_opacity(marks, picture), subject)
        return located, marks if subject.marks is None else bound(marks, subject.marks)


def _given(subject: Subject) -> Located | None:
    """Return the trimap that was handed in, if one was: there is nothing to find then."""
    if subject.trimap is None:
        return None
    marks = subject.trimap
    settled = not (marks == trimaps.UNKNOWN).any()
    return Located(
        method="trimap",
        trimap=marks,
        weights={"trimap": 1.0},
        certainty=1.0,
        warnings=[_NOTHING_UNKNOWN] if settled else [],
    )


def for_matting(marks: ByteArray, picture: Image, subject: Subject, located: Located) -> ByteArray:
    """Give the trimap that matting is to see: where a caller excludes what a key found, the key's.

    As known background, hair in a garbage matte would say that hair is background, and what hangs
    out of the matte would be drawn to nothing.

    Parameters
    ----------
    marks : (H, W) uint8
        What is handed out: all that it calls background is cut away after matting.
    picture : Image
    subject : Subject
    located : Located

    Returns
    -------
    (H, W) uint8
        `marks` itself if nothing differs.
    """
    keyed = located.keyed
    if keyed is None or (subject.hint is None and subject.rect is None):
        return marks
    excluded = keyed.trimap != keyed.own
    if subject.rect is not None:
        excluded |= ~inside(subject.rect, picture.shape)
    excluded &= marks == trimaps.BACKGROUND
    return respect_opacity(np.where(excluded, keyed.own, marks), picture)


def _respect_rect(marks: ByteArray, subject: Subject) -> ByteArray:
    """Leave nothing outside of a rectangle that the caller drew."""
    if subject.rect is None:
        return marks
    within = inside(subject.rect, (marks.shape[0], marks.shape[1]))
    return np.where(within, marks, np.uint8(trimaps.BACKGROUND))


def respect_opacity(trimap: ByteArray, picture: Image) -> ByteArray:
    """Call background what is wholly transparent in the picture already."""
    opacity = picture.alpha_float()
    if opacity is None or opacity.min() > 0:
        return trimap
    marks = trimap.copy()
    marks[opacity == 0] = trimaps.BACKGROUND
    return marks


def diagnostics(
    located: Located, watch: Stopwatch, more_warnings: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Say what was done, as `Cutout` documents it."""
    return {
        "method": located.method,
        "sources": located.weights,
        "certainty": located.certainty,
        "model": located.model,
        "seconds": watch.seconds,
        "warnings": [*located.warnings, *more_warnings],
    }
