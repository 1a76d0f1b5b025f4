"""One picture's way through the house: evidence, trimap, alpha, foreground, `Cutout`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hybridbg import io
from hybridbg.core import trimap as trimaps
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.image import Image, as_float
from hybridbg.core.progress import Progress, Report
from hybridbg.core.types import ByteArray, ColourLike, FloatArray, ImageLike
from hybridbg.keying import Screen
from hybridbg.keying.alpha import denoised, solidified
from hybridbg.keying.despill import DespillMethod, despilled
from hybridbg.matting import (
    DEFAULT_EPSILON,
    ClosedForm,
    closed_form_alpha,
    multilevel_foreground,
    refined_alpha,
)
from hybridbg.pipeline.cutout import Cutout
from hybridbg.pipeline.edges import hardened, own_colours
from hybridbg.pipeline.holes import made_opaque
from hybridbg.pipeline.keyed import preview_picture
from hybridbg.pipeline.options import Edge, Method, Options, Quality, Subject
from hybridbg.pipeline.stopwatch import Stopwatch
from hybridbg.pipeline.strategy import Located
from hybridbg.pipeline.trimap import (
    as_subject,
    diagnostics,
    find_subject,
    for_matting,
)
from hybridbg.predict import ModelSpec, Session

__all__ = ["remove_background"]

_KEY_EPSILON = 1e-8
"""Regularisation of matting in linear light, where dark colours lie closer together."""

_KEY_SAMPLES = 4.0
"""How much louder than elsewhere colour samples speak where a key's forms disagree."""


def remove_background(
    image: ImageLike,
    *,
    hint: ImageLike | None = None,
    rect: Sequence[int] | None = None,
    trimap: ImageLike | None = None,
    keep: Sequence[Sequence[int]] = (),
    drop: Sequence[Sequence[int]] = (),
    scribbles: ImageLike | None = None,
    method: Method = "auto",
    model: str | os.PathLike[str] | ModelSpec = "default",
    edge: Edge = "auto",
    holes: bool = True,
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
    keep, drop : sequence of (row, column)
        Points on the subject, and on what is not: a point means the object under it. What is
        looked for are the pieces that were marked, where any was. "auto" first takes what it finds
        without them, if that is rather certain and they do not contradict it, and then chooses
        among its pieces. So does a key that was asked for; where they contradict it, only what they
        cover changes, with a warning.
    scribbles : path, image or ndarray, optional
        A picture of the image's size with strokes: white ones on the subject, black ones on what is
        not, grey or transparent elsewhere. Every pixel of a stroke counts, however thin it is.
    method : {"auto", "key", "grabcut", "predict"}
        "auto" keys a green or blue screen where there is one, and otherwise asks the network and
        GrabCut; the others use one source alone.
    model : str or path
        Network for "auto" and "predict".
    edge : {"auto", "hard", "soft"}
        How soft the edge is. "auto": as it is found. "hard": steep, smoothed over a pixel, with
        nothing translucent, as for products; it runs where matting finds half an alpha. "soft": a
        wider band is left to matting, which takes longer: for long hair, fur and motion. A screen's
        key measures how soft its edge is, and is not softened.
    holes : bool
        Keep holes: the middle of a ring, the crook of an arm. False makes all that the subject
        encloses the subject's, but for holes with something dropped in them.
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
        edge=edge,
        holes=holes,
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
    watch = Stopwatch(options.progress)
    subject = as_subject(
        picture,
        hint=hint,
        rect=rect,
        trimap=trimap,
        keep=keep,
        drop=drop,
        scribbles=scribbles,
    )
    if trimap is not None and (edge == "soft" or not holes):
        raise InvalidOptionError(
            "a trimap says itself what is unknown and what is a hole, got edge='soft' or "
            "holes=False beside it; leave them out or change the trimap"
        )
    if options.quality == "preview":
        return _preview(picture, subject, options, watch)
    located, marks = find_subject(picture, subject, options, watch)
    with watch.stage("matting") as report:
        seen = for_matting(marks, picture, subject, located)
        matte = _matte(picture, seen, located, options, report)
        alpha = matte.alpha
        if seen is not marks:
            alpha = np.where(marks == trimaps.BACKGROUND, np.float32(0), alpha)
        if not options.holes:
            alpha = made_opaque(alpha, subject.dropped)
        light, backing = _seen_by_key(located)
        # What only matting needs is as large as the picture several times over.
        located = replace(located, prior=None, prior_weight=None, keyed=None)
    with watch.stage("foreground") as report:
        if light is None or backing is None:
            colours = multilevel_foreground(
                picture.rgb(), alpha, num_threads=options.threads, progress=report
            )
        else:
            clean = despilled(
                light,
                backing,
                alpha=np.maximum(alpha, matte.alpha),  # what is cut away shows no screen either
                method=options.despill,
                weight=options.despill_weight,
                strength=options.despill_strength,
                restore=options.despill_restore,
            )
            del light
            colours = picture.recode(clean, encoding="linear")
    opacity = picture.alpha_float()
    if options.edge == "hard":
        alpha = hardened(alpha)
        if backing is None:  # a screen's light is taken off all over
            colours = own_colours(colours, picture.rgb(), alpha)
    return Cutout(
        image=picture,
        alpha=alpha if opacity is None else alpha * opacity,
        foreground=colours,
        trimap=marks,
        diagnostics={
            **diagnostics(located, watch, matte.warnings),
            "solver": matte.diagnostics(),
        },
        shadow=_shadow(backing, opacity),
    )


def _seen_by_key(located: Located) -> tuple[FloatArray | None, Screen | None]:
    """Give the light that a key saw, and its screen."""
    keyed = located.keyed
    return (None, None) if keyed is None else (keyed.linear, keyed.screen)


def _preview(picture: Image, subject: Subject, options: Options, watch: Stopwatch) -> Cutout:
    """Key a picture the quick way; what is half transparent stays unknown in the trimap."""
    if subject.told:
        raise InvalidOptionError(
            "quality='preview' takes no hint, rect, trimap, points or scribbles; leave them out or "
            "use quality='full'"
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
        diagnostics=diagnostics(located, watch),
        shadow=_shadow(screen, opacity),
    )


def _shadow(screen: Screen | None, opacity: FloatArray | None) -> FloatArray | None:
    """Give the shadow on a screen, if there is one, as far as the picture is not transparent."""
    if screen is None:
        return None
    rows, columns = screen.plate.shape[:2]
    shadow = np.zeros((rows, columns), np.float32) if screen.shadow is None else screen.shadow
    return shadow if opacity is None else shadow * opacity


def _matte(
    picture: Image, marks: ByteArray, located: Located, options: Options, report: Report
) -> ClosedForm:
    """Solve for alpha: on sRGB-coded colours, but in linear light where a key gave the prior."""
    keyed = located.keyed
    colours = picture if keyed is None else keyed.linear
    epsilon = DEFAULT_EPSILON if keyed is None else _KEY_EPSILON
    prior = None if located.prior_weight is None else located.prior
    if options.refine:
        matte = refined_alpha(
            colours,
            marks,
            prior=prior,
            prior_weight=located.prior_weight,
            sample_trust=None if keyed is None else _KEY_SAMPLES * (1 - keyed.confidence),
            epsilon=epsilon,
            num_threads=options.threads,
            progress=report,
        )
    else:
        matte = closed_form_alpha(
            colours,
            marks,
            prior=prior,
            prior_weight=located.prior_weight,
            epsilon=epsilon,
            num_threads=options.threads,
            progress=report,
        )
    if keyed is None:
        return matte
    alpha = denoised(matte.alpha, keyed.noise)
    return replace(matte, alpha=solidified(alpha, keyed.alpha, bled=keyed.bled))
