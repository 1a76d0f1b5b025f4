"""What the worker can be asked for: each action is one call of the library.

Nothing is computed here that the library would not compute for anybody else; the results differ
from the Python call's by the rounding to the layer's own type alone.

========  ==========================  ============================================================
action    arrays beside ``image``     options (all but the first optional)
========  ==========================  ============================================================
remove    ``hint``                    ``method``, ``model``, ``rect``, ``edge``, ``holes``,
                                      ``refine``, ``screen``, ``despill``, ``despill_strength``
refine    ``guide``                   ``guide_kind`` ("alpha", "mask" or "trimap"), ``width``
trimap    ``hint``                    ``method``, ``model``, ``rect``
clean     ``guide``
check
========  ==========================  ============================================================

``want`` names the arrays of the answer: ``mask`` (what to multiply the layer's own alpha by),
``alpha`` (opacity in the end), ``layer`` (a new layer of colours and alpha), ``pixels`` (the layer
itself with another alpha; its colours cleaned if ``clean``), ``trimap``. Where no colours of the
subject are wanted, ``refine`` does not estimate any.

Arrays may still be on their way (`protocol.Arriving`): an action looks at ``image`` last, and
imports what not every action needs itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from hybridbg.core import trimap as trimaps
from hybridbg.core.checks import as_mask
from hybridbg.core.errors import HybridBgError, InvalidOptionError
from hybridbg.core.image import Image, as_float
from hybridbg.core.memory import check_memory
from hybridbg.core.progress import Progress, stage_report
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import ByteArray, FloatArray
from hybridbg.matting import estimate_foreground, refined_alpha
from hybridbg.worker.pixels import Picture, to_native
from hybridbg.worker.protocol import Arrays, shape_of

if TYPE_CHECKING:
    from hybridbg.pipeline import Cutout

__all__ = ["load", "run", "warm"]

_Answer = tuple[Mapping[str, Any], dict[str, NDArray[Any]]]
_Request = Mapping[str, Any]

_EVIDENCE = {"method", "model", "rect", "screen"}
_REMOVAL = _EVIDENCE | {"edge", "holes", "refine", "despill", "despill_strength"}

_BYTES_PER_PIXEL, _BYTES_WITHOUT_COLOURS = 48, 16
"""Least memory that a picture takes beside its own, whatever is unknown in it: measured at 7 MP."""

_AUTOMATIC_WIDTH = 0.02
"""Width of the band along a mask's edge, in sides of a square of the subject's area."""


def load() -> None:
    """Load what nearly every request needs, while it or its pixels are on their way."""
    import cv2  # noqa: F401

    from hybridbg._kernels import bands, closed_form, colour_matching, pixel_runs  # noqa: F401


def warm() -> None:
    """Load what nearly every request needs, while the user looks at the dialog."""
    from hybridbg.predict import new_session

    with suppress(HybridBgError):  # whoever asks for the network will hear of it
        new_session()


def run(header: Mapping[str, Any], arrays: Arrays, progress: Progress) -> _Answer:
    """Do what a request asks for.

    Parameters
    ----------
    header : mapping
        ``action``, ``options``, ``encoding``, ``want`` and ``clean``.
    arrays : mapping
        ``image`` (H, W, C), perhaps ``profile`` (bytes) and those of the action.
    progress : callable
        May raise to end the work.

    Returns
    -------
    diagnostics, arrays

    Raises
    ------
    HybridBgError
        As the library's functions, and `InvalidOptionError` on an unknown action.
    """
    action = header.get("action")
    if action == "check":
        return {"checks": _checks()}, {}
    doer = _ACTIONS.get(str(action))
    if doer is None:
        raise InvalidOptionError(
            f"action: expected check, {', '.join(_ACTIONS)}; got {action!r}; the plug-in may be of "
            "another version: run hybridbg gimp install"
        )
    rows, columns = shape_of(arrays, "image")[:2]
    plain = action == "trimap" or (action == "refine" and not _shows_colours(header))
    check_memory(
        rows * columns * (_BYTES_WITHOUT_COLOURS if plain else _BYTES_PER_PIXEL),
        f"a layer of {columns} x {rows} pixels",
        "crop or scale the layer",
    )
    return doer(header, arrays, progress)


def _picture(header: _Request, arrays: Arrays) -> Picture:
    """Return the layer, as soon as it is there."""
    profile = arrays.get("profile")
    return Picture(
        arrays["image"],
        encoding=header.get("encoding", "srgb"),
        profile=None if profile is None else profile.tobytes(),
    )


def _remove(header: _Request, arrays: Arrays, progress: Progress) -> _Answer:
    from hybridbg.pipeline import remove_background

    picture = _picture(header, arrays)
    cutout = remove_background(
        picture.image,
        hint=arrays.get("hint"),
        progress=progress,
        **_options(header, _REMOVAL),
    )
    return _answer(picture, cutout, header)


def _refine(header: _Request, arrays: Arrays, progress: Progress) -> _Answer:
    options = header.get("options", {})
    guide, kind = arrays["guide"], options.get("guide_kind", "mask")
    rows, columns = shape_of(arrays, "image")[:2]
    trimap = trimaps.as_trimap(
        _trimap_of(guide, kind, float(options.get("width", 0))), (rows, columns), need_known=False
    )
    picture = _picture(header, arrays)
    # The alpha that is to be refined must not multiply the result.
    image = replace(picture.image, alpha=None) if kind == "alpha" else picture.image
    if not _shows_colours(header):
        return _answer(picture, _matted(image, trimap, progress), header)
    from hybridbg.pipeline import remove_background

    return _answer(picture, remove_background(image, trimap=trimap, progress=progress), header)


def _shows_colours(header: _Request) -> bool:
    """Whether anything that is wanted shows the subject's own colours."""
    wanted = _wanted(header)
    return "layer" in wanted or ("pixels" in wanted and header.get("clean", True))


class _Matted(NamedTuple):
    """A cut-out whose colours nobody wants, made of matting alone.

    `hybridbg.pipeline` takes as long to import as the layer takes to arrive: where the layer is
    opaque it is not needed.
    """

    image: Image
    alpha: FloatArray
    trimap: ByteArray
    diagnostics: Mapping[str, Any]

    def mask(self) -> FloatArray:
        if self.image.alpha is None:
            return self.alpha
        from hybridbg.pipeline import Cutout

        nothing = np.empty((0, 0, 3), np.float32)
        return Cutout(self.image, self.alpha, nothing, self.trimap, {}).mask()


def _matted(image: Image, trimap: ByteArray, progress: Progress) -> _Matted:
    """Cut out with a trimap as `remove_background` does, but estimate no colours."""
    opacity = image.alpha_float()
    if opacity is not None:
        from hybridbg.pipeline.trimap import respect_opacity

        trimap = respect_opacity(trimap, image)
    began = time.perf_counter()
    matte = refined_alpha(
        image,
        trimap,
        num_threads=resolve_num_threads(None),
        progress=stage_report(progress, "matting"),
    )
    diagnostics = {
        "method": "trimap",
        "seconds": {"matting": round(time.perf_counter() - began, 4)},
        "solver": matte.diagnostics(),
        "warnings": list(matte.warnings),
    }
    alpha = matte.alpha if opacity is None else matte.alpha * opacity
    return _Matted(image, alpha, trimap, diagnostics)


def _trimap_of(guide: NDArray[Any], kind: str, width: float) -> NDArray[np.uint8]:
    if kind == "trimap":
        # As in GIMP's own matting: whatever is neither white nor black is unknown; so is what was
        # not painted on.
        if guide.ndim == 3:
            guide = np.where(guide[..., 1] >= trimaps.UNKNOWN, guide[..., 0], trimaps.UNKNOWN)
        return trimaps.from_alpha(guide)
    if kind not in ("mask", "alpha"):
        raise InvalidOptionError(f"guide_kind: expected alpha, mask or trimap, got {kind!r}")
    top = 1 if guide.dtype.kind == "f" else np.iinfo(guide.dtype).max
    size = np.sqrt(np.count_nonzero(guide >= 0.5 * top))
    return trimaps.from_alpha(guide, pixels=(width or max(2.0, _AUTOMATIC_WIDTH * size)) / 2)


def _find_trimap(header: _Request, arrays: Arrays, progress: Progress) -> _Answer:
    from hybridbg.pipeline import find_trimap

    picture = _picture(header, arrays)
    progress("find the subject", 0)
    found = find_trimap(picture.image, hint=arrays.get("hint"), **_options(header, _EVIDENCE))
    progress("find the subject", 1)
    return _with_doubts(picture, found.diagnostics), {"trimap": found.trimap}


def _clean(header: _Request, arrays: Arrays, progress: Progress) -> _Answer:
    from hybridbg.pipeline import Cutout

    picture = _picture(header, arrays)
    opaque = replace(picture.image, alpha=None)
    alpha = as_mask(arrays["guide"], opaque.shape, name="guide")
    colours = estimate_foreground(opaque, alpha, progress=progress)
    cutout = Cutout(opaque, alpha, colours, np.zeros(alpha.shape, np.uint8), {})
    return _answer(picture, cutout, header)


def _answer(picture: Picture, cutout: Cutout | _Matted, header: _Request) -> _Answer:
    """Bring what is wanted of a cut-out to the layer's own type."""
    dtype = picture.native.dtype
    coloured = cast("Cutout", cutout)  # or nobody wants colours, see `_shows_colours`
    makers: Mapping[str, Callable[[], NDArray[Any]]] = {
        "mask": lambda: to_native(cutout.mask(), dtype),
        "alpha": lambda: to_native(cutout.alpha, dtype),
        "layer": lambda: picture.with_alpha(
            cutout.alpha, as_float(coloured.rgba(np.float32)[..., :3])
        ),
        "pixels": lambda: picture.with_alpha(
            cutout.alpha, coloured.visible_colours() if header.get("clean", True) else None
        ),
        "trimap": lambda: cutout.trimap,
    }
    wanted = _wanted(header)
    unknown = sorted(set(wanted) - set(makers))
    if unknown:
        raise InvalidOptionError(f"want: expected {', '.join(makers)}; got {', '.join(unknown)}")
    return _with_doubts(picture, cutout.diagnostics), {name: makers[name]() for name in wanted}


def _with_doubts(picture: Picture, diagnostics: Mapping[str, Any]) -> Mapping[str, Any]:
    doubts = [*picture.warnings, *diagnostics.get("warnings", [])]
    return {**diagnostics, "warnings": doubts}


def _wanted(header: _Request) -> list[str]:
    return list(header.get("want", ["mask"]))


def _options(header: _Request, known: set[str]) -> dict[str, Any]:
    options = header.get("options", {})
    unknown = sorted(set(options) - known)
    if unknown:
        raise InvalidOptionError(f"unknown options: {', '.join(unknown)}")
    return dict(options)


def _checks() -> list[dict[str, str]]:
    from hybridbg.installation.checks import findings

    return [
        {"name": finding.name, "state": finding.state, "text": finding.text}
        for finding in findings()
    ]


_ACTIONS: Mapping[str, Callable[[_Request, Arrays, Progress], _Answer]] = {
    "remove": _remove,
    "refine": _refine,
    "trimap": _find_trimap,
    "clean": _clean,
}
