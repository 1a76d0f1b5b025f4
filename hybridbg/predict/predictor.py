"""From a picture to class probabilities, through a network of any usual kind.

`letterbox` brings the picture to the network and its maps back; here the different kinds of output
become one type, `Probabilities`. Pictures are RGB, sRGB-coded,
float32 in [0, 1]; hints are 0 background, 0.5 don't know, 1 foreground.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hybridbg.core.checks import as_mask
from hybridbg.core.errors import (
    InvalidModelError,
    InvalidOptionError,
)
from hybridbg.core.types import FloatArray
from hybridbg.predict.letterbox import Letterbox
from hybridbg.predict.session import Session
from hybridbg.predict.spec import ModelSpec

__all__ = ["Probabilities", "predict_probabilities"]

DONT_KNOW: Final = 0.5
"""Value of a hint that says nothing."""

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
    steadiness : float in [0, 1]
        How far several looks at the picture gave one answer; 1 where it was looked at once.
    """

    background: FloatArray
    unknown: FloatArray
    foreground: FloatArray
    alpha: FloatArray
    cell: float
    steadiness: float = 1.0


def predict_probabilities(
    image: FloatArray,
    *,
    hint: FloatArray | None = None,
    session: Session,
    size: int | None = None,
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
    size : int, optional
        Longer side that the network sees, where it is free to choose; by default its own.

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
    if size is not None and spec.dynamic:
        spec = replace(spec, size=size)
    box = Letterbox.of(image.shape[:2], spec)
    answers = session.run(box.enter(image, _hint_channel(hint, box)))
    planes = _planes(answers, box)
    background, unknown, foreground, alpha = (box.back(plane) for plane in planes)
    total = background + unknown + foreground  # interpolation keeps it at 1 but for rounding
    return Probabilities(
        background / total, unknown / total, foreground / total, alpha.clip(0, 1), box.cell
    )


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
