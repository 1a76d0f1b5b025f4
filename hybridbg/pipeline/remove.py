"""One picture's way through the house: evidence, trimap, alpha, foreground, `Cutout`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridbg import io
from hybridbg.core import trimap as trimaps
from hybridbg.core.checks import as_rect
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.image import Image, as_float
from hybridbg.core.progress import Progress, Report, Rising
from hybridbg.core.types import ByteArray, ColourLike, FloatArray, ImageLike
from hybridbg.graphcut.seeds import inside
from hybridbg.keying import Screen
from hybridbg.keying.alpha import denoised
from hybridbg.keying.despill import DespillMethod, despilled
from hybridbg.matting import (
    DEFAULT_EPSILON,
    ClosedForm,
    closed_form_alpha,
    multilevel_foreground,
    refined_alpha,
)
from hybridbg.pipeline.cutout import Cutout
from hybridbg.pipeline.keyed import preview_picture
from hybridbg.pipeline.options import Method, Options, Quality, Subject
from hybridbg.pipeline.strategy import Located, locate
from hybridbg.predict import ModelSpec, Session

__all__ = ["FoundTrimap", "find_trimap", "remove_background"]

_STAGES = {"find the subject": 0.0, "matting": 0.4, "foreground": 0.85}
"""Stages and the share of the work done when each begins, on a picture of some megapixels."""

_KEY_EPSILON = 1e-8
"""Regularisation of matting in linear light, where dark colours lie closer together."""


def remove_background(
    image: ImageLike,
    *,
    hint: ImageLike | None = None,
    rect: Sequence[int] | None = None,
    trimap: ImageLike | None = None,
    method: Method = "auto",
    model: str | os.PathLike[str] | ModelSpec = "default",
    screen: ColourLike = "auto",
    plate: ImageLike | None = None,
    plate_registered: bool = False,
    despill: DespillMethod = "max",
    despill_strength: float = 1.0,
    despill_weight: float = 0.5,
    despill_restore: ColourLike = "none",
    refine: bool = True,
    quality: Quality = "full",
    session: Session | None = None,
    num_threads: int | None = None,
    progress: Progress | None = None,
) -> Cutout:
    """Cut the subject out of a photograph.

    Parameters
    ----------
    image : path, PIL image, Image, or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or float in [0, 1]. What is transparent already stays so.
    hint : path, image or ndarray of shape (H, W), optional
        A rough selection: 0 background, 0.5 don't know, 1 foreground; or a bool array.
    rect : (top, left, bottom, right), optional
        Half-open rectangle around the subject; outside is background.
    trimap : path, image or ndarray of shape (H, W), optional
        0 / 128 / 255. Only matting is done then. One without known foreground or background is
        accepted, as by `estimate_alpha`.
    method : {"auto", "key", "grabcut", "predict"}
        "auto" keys a green or blue screen where there is one, and otherwise asks the network and
        GrabCut; the others use one source alone.
    model : str or path
        Network for "auto" and "predict".
    screen : {"auto", "green", "blue"} or colour
        Screen for keying.
    plate : path, image or ndarray, optional
        The same shot without the subject; see `hybridbg.estimate_screen`.
    plate_registered : bool
        Nobody touched the camera between plate and shot.
    despill : {"average", "max", "min", "weighted"}
        The limit that a key leaves to the screen's channel; see `hybridbg.despill`.
    despill_strength, despill_weight, despill_restore
        Part of the spill that a key takes away, the weight of a weighted limit, and what is put in
        the place of that light: `strength`, `weight` and `restore` of `hybridbg.despill`.
    refine : bool
        Let colours sampled from known pixels help matting, as `estimate_alpha` does; False gives
        plain closed form. With a screen they speak where forms of the key disagree.
    quality : {"full", "preview"}
        "preview" is for looking while shooting before a screen: the key alone, no network and no
        matting, 8 bits. For a moving picture estimate the screen once and call
        `hybridbg.keying.key_preview` on each frame.
    session : Session, optional
        From `new_session`, in place of `model`. A key asks it too, if it is handed in: on what is
        opaque, where colours leave that open, and on what is a marker. It forces nothing.
    num_threads : int, optional
        Default: `OMP_NUM_THREADS`, else every core allowed. Does not change the result.
    progress : callable, optional
        Called with the name of a stage and the fraction of work done; what it raises stops all.

    Returns
    -------
    Cutout

    Raises
    ------
    InvalidImageError, InvalidTrimapError, InvalidMaskError, InvalidOptionError, ImageReadError
        The data or options cannot be used.
    NoSubjectError
        Nothing could be told from the background.
    ModelError
        The network cannot be used.
    SolverError
        Matting did not converge.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((64, 64, 3), (60, 90, 160), np.uint8)
    >>> image[16:48, 16:48] = (200, 60, 40)
    >>> cutout = remove_background(image, rect=(8, 8, 56, 56), method="grabcut")
    >>> cutout.rgba().shape, float(cutout.alpha[32, 32]), float(cutout.alpha[2, 2])
    ((64, 64, 4), 1.0, 0.0)
    """
    options = Options(
        method=method,
        model=model,
        screen=screen,
        plate=plate,
        plate_registered=plate_registered,
        despill=despill,
        despill_strength=despill_strength,
        despill_weight=despill_weight,
        despill_restore=despill_restore,
        refine=refine,
        quality=quality,
        session=session,
        num_threads=num_threads,
        progress=progress,
    )
    picture = io.as_image(image)
    watch = _Stopwatch(options.progress)
    subject = _subject(picture, hint, rect, trimap)
    if options.quality == "preview":
        return _preview(picture, subject, options, watch)
    located, marks = _find(picture, subject, options, watch)
    with watch.stage("matting") as report:
        matte = _matte(picture, marks, located, options, report)
    with watch.stage("foreground") as report:
        if located.screen is None or located.linear is None:
            colours = multilevel_foreground(
                picture.rgb(), matte.alpha, num_threads=options.threads, progress=report
            )
        else:
            light = despilled(
                located.linear,
                located.screen,
                alpha=matte.alpha,
                method=options.despill,
                weight=options.despill_weight,
                strength=options.despill_strength,
                restore=options.despill_restore,
            )
            colours = picture.recode(light, encoding="linear")
    opacity = picture.alpha_float()
    return Cutout(
        image=picture,
        alpha=matte.alpha if opacity is None else matte.alpha * opacity,
        foreground=colours,
        trimap=marks,
        diagnostics={
            **_diagnostics(located, watch, matte.warnings),
            "solver": {
                "iterations": matte.solution.iterations,
                "residual": matte.solution.residual,
                "error": matte.solution.error,
                "sampled": round(matte.sampled, 4),
            },
        },
        shadow=_shadow(located.screen, opacity),
    )


def _preview(picture: Image, subject: Subject, options: Options, watch: _Stopwatch) -> Cutout:
    """Key a picture the quick way; what is half transparent stays unknown in the trimap."""
    if subject.told:
        raise InvalidOptionError(
            "quality='preview' takes no hint, rect or trimap; leave them out or use quality='full'"
        )
    with watch.stage("find the subject"):
        screen, pixels = preview_picture(picture, options)
    with watch.stage("foreground"):
        alpha = as_float(pixels[..., 3])
        marks = np.full(alpha.shape, trimaps.UNKNOWN, dtype=np.uint8)
        marks[alpha == 0], marks[alpha == 1] = trimaps.BACKGROUND, trimaps.FOREGROUND
        colours = picture.recode(as_float(pixels[..., :3]))
        opacity = picture.alpha_float()
    located = Located("key", marks, {"key": 1.0}, round(screen.confidence, 3))
    return Cutout(
        image=picture,
        alpha=alpha if opacity is None else alpha * opacity,
        foreground=colours,
        trimap=marks,
        diagnostics=_diagnostics(located, watch),
        shadow=_shadow(screen, opacity),
    )


def _shadow(screen: Screen | None, opacity: FloatArray | None) -> FloatArray | None:
    """Give the shadow on a screen, if there is one, as far as the picture is not transparent."""
    if screen is None:
        return None
    rows, columns = screen.plate.shape[:2]
    shadow = np.zeros((rows, columns), np.float32) if screen.shadow is None else screen.shadow
    return shadow if opacity is None else shadow * opacity


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
    method: Method = "auto",
    model: str | os.PathLike[str] | ModelSpec = "default",
    screen: ColourLike = "auto",
    plate: ImageLike | None = None,
    session: Session | None = None,
    num_threads: int | None = None,
) -> FoundTrimap:
    """Find the subject of a photograph, and leave the matting to whoever corrects the trimap.

    Parameters and errors are those of `remove_background`.

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
        screen=screen,
        plate=plate,
        session=session,
        num_threads=num_threads,
    )
    picture = io.as_image(image)
    watch = _Stopwatch(None)
    located, marks = _find(picture, _subject(picture, hint, rect, None), options, watch)
    return FoundTrimap(marks, _diagnostics(located, watch))


def _find(
    picture: Image, subject: Subject, options: Options, watch: _Stopwatch
) -> tuple[Located, ByteArray]:
    """Find the subject unless it was given, and the trimap that matting gets."""
    with watch.stage("find the subject"):
        located = _given(subject) or locate(picture, subject, options)
        return located, _respect_rect(_respect_opacity(located.trimap, picture), subject)


def _respect_rect(marks: ByteArray, subject: Subject) -> ByteArray:
    """Leave nothing outside of a rectangle that the caller drew."""
    if subject.rect is None:
        return marks
    within = inside(subject.rect, (marks.shape[0], marks.shape[1]))
    return np.where(within, marks, np.uint8(trimaps.BACKGROUND))


def _diagnostics(
    located: Located, watch: _Stopwatch, more_warnings: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "method": located.method,
        "sources": located.weights,
        "certainty": located.certainty,
        "model": located.model,
        "seconds": watch.seconds,
        "warnings": [*located.warnings, *more_warnings],
    }


def _subject(
    picture: Image, hint: ImageLike | None, rect: Sequence[int] | None, trimap: ImageLike | None
) -> Subject:
    """Check what the caller says of the subject's place."""
    if trimap is not None and (hint is not None or rect is not None):
        raise InvalidOptionError("trimap goes alone, got a hint or rect beside it; leave one out")
    shape = picture.shape
    return Subject(
        hint=None if hint is None else io.as_hint(hint, shape),
        rect=None if rect is None else as_rect(rect, shape),
        trimap=None
        if trimap is None
        else trimaps.as_trimap(io.as_grey(trimap, name="trimap"), shape, need_known=False),
    )


def _matte(
    picture: Image, marks: ByteArray, located: Located, options: Options, report: Report
) -> ClosedForm:
    """Solve for alpha: on sRGB-coded colours, but in linear light where a key gave the prior."""
    if located.linear is None:
        colours: Image | FloatArray = picture
        epsilon = DEFAULT_EPSILON
    else:
        colours, epsilon = located.linear, _KEY_EPSILON
    if options.refine:
        matte = refined_alpha(
            colours,
            marks,
            prior=located.prior,
            prior_weight=located.prior_weight,
            sample_trust=located.sample_trust,
            epsilon=epsilon,
            num_threads=options.threads,
            progress=report,
        )
    else:
        matte = closed_form_alpha(
            colours,
            marks,
            prior=located.prior,
            prior_weight=located.prior_weight,
            epsilon=epsilon,
            num_threads=options.threads,
            progress=report,
        )
    return replace(matte, alpha=denoised(matte.alpha, located.noise)) if located.noise else matte


def _given(subject: Subject) -> Located | None:
    """Return the trimap that was handed in, if one was: there is nothing to find then."""
    if subject.trimap is None:
        return None
    return Located(method="trimap", trimap=subject.trimap, weights={"trimap": 1.0}, certainty=1.0)


def _respect_opacity(trimap: ByteArray, picture: Image) -> ByteArray:
    """Call background what is wholly transparent in the picture already."""
    opacity = picture.alpha_float()
    if opacity is None or opacity.min() > 0:
        return trimap
    marks = trimap.copy()
    marks[opacity == 0] = trimaps.BACKGROUND
    return marks


class _Stopwatch:
    """Seconds per stage, and progress reports."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = ""
        self._progress = progress
        self._work = Rising(self._tell)

    def _tell(self, done: float) -> None:
        if self._progress is not None:
            self._progress(self._stage, done)

    @contextmanager
    def stage(self, name: str) -> Iterator[Report]:
        """Time a stage, and hand out who is told how much of it is done."""
        self._stage = name
        ends = [*_STAGES.values(), 1.0]
        begin = ends.index(_STAGES[name])
        report = self._work.part(ends[begin], ends[begin + 1])
        report(0)
        began = time.perf_counter()
        yield report
        self.seconds[name] = round(time.perf_counter() - began, 4)
        report(1)
