"""What a network's outputs mean: from the maps of each kind to background, unknown and foreground.

Maps leave here at the network's resolution, or for instances at any, as three probabilities that
sum to 1 and an alpha.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hybridbg.core.errors import InvalidModelError
from hybridbg.core.types import FloatArray
from hybridbg.predict.instances import Choice, choose
from hybridbg.predict.letterbox import Letterbox
from hybridbg.predict.spec import Activation, ModelSpec

__all__ = ["planes"]

# A softmax in float32, or in float16 inside the graph, misses [0, 1] by less than this.
_ROUNDING: Final = 1e-2
# Below this contrast a saliency map says the same everywhere, and stretching it would invent one.
_MIN_CONTRAST: Final = 1e-3
# exp of more than this overflows float32; the sigmoid of it is 1 to the last digit.
_MAX_LOGIT: Final = 80.0


def planes(
    answers: dict[str, FloatArray], box: Letterbox, choice: Choice | None
) -> tuple[tuple[FloatArray, ...], float]:
    """Background, unknown, foreground and alpha of one picture.

    Parameters
    ----------
    answers : dict of str to ndarray, float32
        The outputs by their roles, for one picture.
    box : Letterbox
        How the picture lay in the input.
    choice : Choice or None
        Which instance is meant; None: as the description says.

    Returns
    -------
    planes : four ndarrays of shape (h, w), float32 in [0, 1]
    step : float
        Side of the smallest thing that the network could draw, in pixels of these.

    Raises
    ------
    InvalidModelError
        The outputs are not what the description says.
    NoSubjectError
        There is no such instance.
    """
    spec = box.spec
    if spec.kind == "trimap":
        return _trimap(answers, box), 1.0
    step = 1.0
    if spec.kind == "instances":
        masks = answers["masks"]
        answers = answers | {"masks": activated(masks, spec.activation, axis=1)}
        matte, step = choose(answers, box, choice or Choice.of(spec))
        matte = unit_range(matte, spec)
    elif spec.kind == "classes":
        matte = _of_classes(answers["map"], box)
    else:
        matte = activated(box.leave(answers["map"], 1), spec.activation, axis=2)[..., 0]
        matte = _stretched(matte) if spec.kind == "saliency" else unit_range(matte, spec)
    # A map has no class "unknown". Halfway between its ends nothing is known, at the ends all is,
    # and in between the share of the likelier class grows linearly.
    certainty = 2 * matte - 1
    return ((-certainty).clip(0), 1 - abs(certainty), certainty.clip(0), matte), step


def activated(values: FloatArray, activation: Activation, *, axis: int) -> FloatArray:
    """Do what the graph left to do.

    Examples
    --------
    >>> import numpy as np
    >>> activated(np.zeros((2, 2), np.float32), "softmax", axis=1).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    result = values
    if activation == "sigmoid":
        result = 1 / (1 + np.exp(-values.clip(-_MAX_LOGIT, _MAX_LOGIT)))
    elif activation == "softmax":
        powers = np.exp(values - values.max(axis=axis, keepdims=True))
        result = powers / powers.sum(axis=axis, keepdims=True)
    return result


def unit_range(values: FloatArray, spec: ModelSpec) -> FloatArray:
    """Clip rounding off values of [0, 1]; anything beyond is an error."""
    low, high = float(values.min()), float(values.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise InvalidModelError(
            f"model {spec.name!r}: expected an output of kind {spec.kind} within 0..1, got "
            f"{low:g}..{high:g}; the graph lacks its last activation (add activation to the "
            "description) or the kind is another"
        )
    return values.clip(0, 1)


def _trimap(answers: dict[str, FloatArray], box: Letterbox) -> tuple[FloatArray, ...]:
    probabilities = activated(box.leave(answers["probabilities"], 3), box.spec.activation, axis=2)
    classes = unit_range(probabilities, box.spec)
    sums = classes.sum(axis=2)
    if abs(sums - 1).max() > _ROUNDING:
        raise InvalidModelError(
            f"model {box.spec.name!r}: expected three probabilities that sum to 1, got sums "
            f"of {sums.min():g} to {sums.max():g}; the graph lacks its softmax"
        )
    alpha = unit_range(box.leave(answers["alpha"], 1), box.spec)
    return (*np.moveaxis(classes, 2, 0), alpha[..., 0])


def _of_classes(answer: FloatArray, box: Letterbox) -> FloatArray:
    """Probability that a pixel is of a class that counts as foreground."""
    spec = box.spec
    scores = box.leave(answer)
    count = scores.shape[2]
    if count == 1 and spec.activation != "sigmoid":
        return _of_numbers(scores[..., 0], spec)
    if missing := [one for one in spec.classes if one >= count]:
        raise InvalidModelError(
            f"model {spec.name!r}: foreground classes {missing} are not among its {count}; "
            "correct the description (classes)"
        )
    probabilities = unit_range(activated(scores, spec.activation, axis=2), spec)
    wanted = list(spec.classes) or list(range(int(count > 1), count))
    shares: FloatArray = probabilities[..., wanted].sum(axis=2)
    if spec.activation == "sigmoid":  # classes may overlap; then the likeliest one counts
        shares = probabilities[..., wanted].max(axis=2)
    return unit_range(shares, spec)


def _of_numbers(numbers: FloatArray, spec: ModelSpec) -> FloatArray:
    """From a map of class numbers to 1 where a class is foreground, 0 elsewhere."""
    if (numbers != numbers.round()).any() or numbers.min() < 0:
        raise InvalidModelError(
            f"model {spec.name!r}: expected a map of class numbers, got values of "
            f"{numbers.min():g} to {numbers.max():g}; correct the description (kind, activation)"
        )
    inside = np.isin(numbers, spec.classes) if spec.classes else numbers > 0
    return inside.astype(np.float32)


def _stretched(saliency: FloatArray) -> FloatArray:
    """Stretch a map to the whole of [0, 1], unless it says the same everywhere."""
    low, high = float(saliency.min()), float(saliency.max())
    if high - low < _MIN_CONTRAST:
        return saliency.clip(0, 1)
    return (saliency - low) / np.float32(high - low)
