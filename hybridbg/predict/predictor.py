"""From a picture to class probabilities and a trimap, through a network of any usual kind.

`letterbox` brings the picture to the network and its maps back; here the different kinds of output
become one type, `Probabilities`, and those a trimap of 0 / 128 / 255. Pictures are RGB, sRGB-coded,
float32 in [0, 1]; hints are 0 background, 0.5 don't know, 1 foreground.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

import numpy as np

from hybridbg.core import trimap as trimaps
from hybridbg.core.checks import as_mask
from hybridbg.core.errors import (
    InvalidModelError,
    InvalidOptionError,
    InvalidTrimapError,
    NoSubjectError,
)
from hybridbg.core.types import ByteArray, FloatArray, ImageLike
from hybridbg.io import as_hint, as_image
from hybridbg.predict.letterbox import Letterbox
from hybridbg.predict.session import Session, new_session
from hybridbg.predict.spec import ModelSpec

__all__ = ["Probabilities", "predict_probabilities", "predict_trimap", "trimap_from_probabilities"]

DONT_KNOW: Final = 0.5
"""Value of a hint that says nothing."""

# A class is taken as known when it is likelier than all else together.
KNOWN_PROBABILITY: Final = 0.5
# A softmax in float32, or in float16 inside the graph, misses [0, 1] by less than this.
_ROUNDING: Final = 1e-2
# Below this contrast a saliency map says the same everywhere, and stretching it would invent one.
_MIN_CONTRAST: Final = 1e-3


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


def predict_trimap(
    image: ImageLike,
    *,
    hint: ImageLike | None = None,
    model: str | os.PathLike[str] | ModelSpec | Session = "default",
) -> ByteArray:
    """Ask a network for a trimap.

    Parameters
    ----------
    image : path, PIL image, ndarray or Image
        The picture; where it has an alpha channel, fully transparent pixels are background.
    hint : path, PIL image, Image or ndarray of shape (H, W), optional
        bool, uint8, uint16 or float in [0, 1]: 0 background, 0.5 don't know, 1 foreground.
        Networks without a hint channel do not take one.
    model : str, path, ModelSpec or Session
        What `find_model` takes, or a session to reuse.

    Returns
    -------
    ndarray of shape (H, W), uint8
        0 background, 128 unknown, 255 foreground.

    Raises
    ------
    NoSubjectError
        The network finds no sure foreground, or no sure background.
    InvalidImageError, InvalidMaskError
        The picture or the hint cannot be used.
    InvalidOptionError
        A hint for a network that takes none.
    ModelError
        The model is not there or cannot be used.
    """
    picture = as_image(image)
    session = model if isinstance(model, Session) else new_session(model)
    mask = None if hint is None else as_hint(hint, picture.shape)
    probabilities = predict_probabilities(picture.srgb(), hint=mask, session=session)
    return trimap_from_probabilities(probabilities, opacity=picture.alpha_float())


def predict_probabilities(
    image: FloatArray, *, hint: FloatArray | None = None, session: Session
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

    Returns
    -------
    Probabilities
        Of the picture's size.

    Raises
    ------
    InvalidOptionError
        A hint for a network that takes none.
    InvalidMaskError
        The hint does not fit the picture.
    InvalidModelError
        The network answers with something else than its description says, or its kind is
        ``instances``.
    """
    spec = session.spec
    if spec.kind == "instances":
        raise InvalidModelError(
            f"model {spec.name!r} finds instances; expected one that answers with a trimap, a "
            "saliency map or an alpha"
        )
    if hint is not None and not spec.has_hint:
        raise InvalidOptionError(
            f"hint: model {spec.name!r} takes no hint; leave it out or choose a model that does"
        )
    box = Letterbox.of(image.shape[:2], spec)
    answers = session.run(box.enter(image, _hint_channel(hint, box)))
    planes = _planes(answers, box)
    background, unknown, foreground, alpha = (box.back(plane) for plane in planes)
    total = background + unknown + foreground  # interpolation keeps it at 1 but for rounding
    return Probabilities(
        background / total, unknown / total, foreground / total, alpha.clip(0, 1), box.cell
    )


def trimap_from_probabilities(
    probabilities: Probabilities, *, opacity: FloatArray | None = None
) -> ByteArray:
    """Decide a trimap from class probabilities.

    A pixel is known where one class is likelier than all else together; known foreground and known
    background are kept one of the network's cells apart, because it cannot place an edge finer.

    Parameters
    ----------
    probabilities : Probabilities
        From `predict_probabilities`.
    opacity : ndarray of shape (H, W), float32 in [0, 1], optional
        The picture's own alpha; fully transparent pixels become background.

    Returns
    -------
    ndarray of shape (H, W), uint8
        0 background, 128 unknown, 255 foreground.

    Raises
    ------
    NoSubjectError
        No sure foreground or no sure background.
    """
    trimap: ByteArray = np.full(probabilities.alpha.shape, trimaps.UNKNOWN, dtype=np.uint8)
    trimap[probabilities.background > KNOWN_PROBABILITY] = trimaps.BACKGROUND
    trimap[probabilities.foreground > KNOWN_PROBABILITY] = trimaps.FOREGROUND
    if opacity is not None:
        trimap[opacity == 0] = trimaps.BACKGROUND
    try:
        return trimaps.widen(trimap, probabilities.cell)
    except InvalidTrimapError as error:
        raise NoSubjectError(
            f"the network is sure of {np.mean(trimap == trimaps.FOREGROUND):.1%} foreground and "
            f"{np.mean(trimap == trimaps.BACKGROUND):.1%} background, expected some of each after "
            f"a band of {2 * probabilities.cell:.1f} pixels; give a hint, a rectangle or a trimap"
        ) from error


def _hint_channel(hint: FloatArray | None, box: Letterbox) -> FloatArray | None:
    if not box.spec.has_hint:
        return None
    if hint is None:
        return np.full(box.shape, DONT_KNOW, dtype=np.float32)
    return as_mask(hint, box.shape, name="hint")


def _planes(answers: dict[str, FloatArray], box: Letterbox) -> tuple[FloatArray, ...]:
    """Background, unknown, foreground and alpha at the network's resolution."""
    if box.spec.kind == "trimap":
        classes = _unit_range(box.leave(answers["probabilities"], 3), box.spec)
        sums = classes.sum(axis=2)
        if abs(sums - 1).max() > _ROUNDING:
            raise InvalidModelError(
                f"model {box.spec.name!r}: expected three probabilities that sum to 1, got sums "
                f"of {sums.min():g} to {sums.max():g}; the graph lacks its softmax"
            )
        alpha = _unit_range(box.leave(answers["alpha"], 1), box.spec)
        return (*np.moveaxis(classes, 2, 0), alpha[..., 0])
    matte = box.leave(answers["map"], 1)[..., 0]
    matte = _stretched(matte) if box.spec.kind == "saliency" else _unit_range(matte, box.spec)
    # A map has no class "unknown". Halfway between its ends nothing is known, at the ends all is,
    # and in between the share of the likelier class grows linearly.
    certainty = 2 * matte - 1
    return (-certainty).clip(0), 1 - abs(certainty), certainty.clip(0), matte


def _unit_range(values: FloatArray, spec: ModelSpec) -> FloatArray:
    low, high = float(values.min()), float(values.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise InvalidModelError(
            f"model {spec.name!r}: expected an output of kind {spec.kind} within 0..1, got "
            f"{low:g}..{high:g}; the graph lacks its last activation or the kind is another"
        )
    return values.clip(0, 1)


def _stretched(saliency: FloatArray) -> FloatArray:
    """Stretch a map to the whole of [0, 1], unless it says the same everywhere."""
    low, high = float(saliency.min()), float(saliency.max())
    if high - low < _MIN_CONTRAST:
        return saliency.clip(0, 1)
    return (saliency - low) / np.float32(high - low)
