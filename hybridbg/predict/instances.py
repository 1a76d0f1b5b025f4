"""Networks that find objects one by one (Mask R-CNN, He et al. 2017, ICCV): which one is meant.

For each of K objects there are a box (left, top, right, bottom in pixels of the network's input), a
label, a score and a mask: of the whole input, or of a few cells (28 x 28) that fill the box. Masks
are probabilities. Points and rectangles given by people are in pixels of the picture, row first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from hybridbg.core.checks import as_rect
from hybridbg.core.errors import InvalidModelError, InvalidOptionError, NoSubjectError
from hybridbg.core.resample import resample
from hybridbg.core.types import FloatArray, Rect
from hybridbg.predict.letterbox import Letterbox
from hybridbg.predict.spec import ModelSpec

__all__ = ["Choice", "choose"]

# Boxes beyond the input by more than this many times its side are no boxes.
_LONGEST_BOX: Final = 4
# A pixel belongs to an object where its mask says so with more than this.
_INSIDE: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which of several objects is the subject.

    Attributes
    ----------
    by : "score", "size" or "all"
        Among those left: the surest, the one with the most pixels, or all together.
    classes : tuple of int
        Labels that count; empty: all.
    min_score : float in [0, 1]
        Less sure objects are left out.
    point : (int, int), optional
        Row and column of a pixel of the picture that lies on the subject.
    rect : (top, left, bottom, right), optional
        Rectangle of the picture that holds the subject: the object whose box overlaps it best is
        taken, whatever `by` says.
    """

    by: Literal["score", "size", "all"] = "score"
    classes: tuple[int, ...] = ()
    min_score: float = 0.5
    point: tuple[int, int] | None = None
    rect: Rect | None = None

    def __post_init__(self) -> None:
        if self.by not in ("score", "size", "all"):
            raise InvalidOptionError(f"by: expected score, size or all, got {self.by!r}")
        if not 0 <= self.min_score <= 1:
            raise InvalidOptionError(f"min_score: expected 0 to 1, got {self.min_score!r}")

    @classmethod
    def of(cls, spec: ModelSpec) -> Choice:
        """As a model's description says."""
        return cls(by=spec.choose, classes=spec.classes, min_score=spec.min_score)


def choose(
    answers: dict[str, FloatArray], box: Letterbox, choice: Choice
) -> tuple[FloatArray, float]:
    """Find the subject's mask.

    Parameters
    ----------
    answers : dict of str to ndarray, float32
        `boxes` (K, 4), `labels` (K,), `scores` (K,), `masks` (K, 1, H, W), all perhaps with a
        first axis of length 1 for the one picture.
    box : Letterbox
        How the picture lay in the input.
    choice : Choice

    Returns
    -------
    matte : ndarray of shape (h, w), float32
        The part of the input that the picture took.
    step : float
        Side of one cell of the network's masks in pixels of the input, at least 1.

    Raises
    ------
    InvalidModelError
        The outputs do not fit each other.
    InvalidOptionError
        The point or the rectangle is not inside the picture.
    NoSubjectError
        No such object was found.
    """
    boxes, labels, scores, masks = _consistent(answers, box.spec)
    kept = scores >= choice.min_score
    if choice.classes:
        kept &= np.isin(labels, choice.classes)
    found = np.flatnonzero(kept)
    mattes = {one: _pasted(masks[one], boxes[one], box) for one in found}
    if choice.point is not None:
        row, column = _cell_of(choice.point, box)
        mattes = {one: matte for one, matte in mattes.items() if matte[row, column] > _INSIDE}
    if not mattes:
        raise NoSubjectError(
            f"model {box.spec.name!r} finds {len(labels)} objects, of labels "
            f"{sorted({int(label) for label in labels})}, and none as asked for "
            f"(at least {choice.min_score:g} sure"
            f"{f', of labels {sorted(choice.classes)}' if choice.classes else ''}"
            f"{f', at {choice.point}' if choice.point else ''}); ask for less, or give a hint, a "
            "rectangle or a trimap"
        )
    left = list(mattes)
    if choice.rect is not None:
        worth = _overlaps(boxes[left], _in_input(choice.rect, box))
    elif choice.by == "size":
        worth = np.array([np.count_nonzero(mattes[one] > _INSIDE) for one in left])
    else:
        worth = scores[left]
    taken = left if choice.by == "all" and choice.rect is None else [left[int(np.argmax(worth))]]
    matte: FloatArray = np.max([mattes[one] for one in taken], axis=0)
    return matte, max(_step(masks.shape[1:], boxes[one], box) for one in taken)


def _consistent(answers: dict[str, FloatArray], spec: ModelSpec) -> tuple[FloatArray, ...]:
    boxes, masks = answers["boxes"], answers["masks"]
    labels, scores = answers["labels"].ravel(), answers["scores"].ravel()
    boxes = boxes[0] if boxes.ndim == 3 else boxes
    masks = masks[0] if masks.ndim == 5 else masks
    if masks.ndim == 4 and masks.shape[1] == 1:
        masks = masks[:, 0]
    elif masks.ndim == 4 and masks.shape[0] == 1 and len(scores) != 1:
        masks = masks[0]
    count = len(scores)
    if boxes.shape != (count, 4) or labels.shape != (count,) or masks.shape[:-2] != (count,):
        raise InvalidModelError(
            f"model {spec.name!r}: expected as many boxes of 4 numbers, labels and masks as "
            f"scores, {count}, got outputs of shapes "
            + ", ".join(f"{role} {value.shape}" for role, value in answers.items())
            + "; correct the description (outputs)"
        )
    return boxes, labels, scores, masks


def _pasted(mask: FloatArray, corners: FloatArray, box: Letterbox) -> FloatArray:
    """Bring one mask to the part of the input that the picture took."""
    rows, columns = box.inner
    if mask.shape == box.outer:
        return mask[:rows, :columns]
    canvas: FloatArray = np.zeros(box.inner, dtype=np.float32)
    left, top, right, bottom = (round(float(value)) for value in corners)
    # An object may reach over the border; a mask is laid out over all of its box.
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    shape = (bottom - top, right - left)
    if max(shape) > _LONGEST_BOX * max(box.outer):
        raise InvalidModelError(
            f"model {box.spec.name!r}: a box of {shape} rows and columns lies far outside of its "
            f"input of {box.outer}; correct the description (outputs)"
        )
    inside = (
        slice(max(top, 0), min(bottom, rows)),
        slice(max(left, 0), min(right, columns)),
    )
    if inside[0].start < inside[0].stop and inside[1].start < inside[1].stop:
        filled = resample(np.ascontiguousarray(mask), shape)
        canvas[inside] = filled[
            inside[0].start - top : inside[0].stop - top,
            inside[1].start - left : inside[1].stop - left,
        ]
    return canvas


def _step(cells: tuple[int, ...], corners: FloatArray, box: Letterbox) -> float:
    """Side of one cell of a mask of so many cells."""
    if cells == box.outer:
        return 1.0
    across, down = corners[2:] - corners[:2]
    return max(1.0, float(down) / cells[0], float(across) / cells[1])


def _cell_of(point: tuple[int, int], box: Letterbox) -> tuple[int, int]:
    """Where a pixel of the picture lies in the input."""
    if not all(0 <= at < side for at, side in zip(point, box.shape, strict=True)):
        raise InvalidOptionError(
            f"point: expected a row and a column inside of {box.shape}, got {point!r}"
        )
    row, column = (
        min(inner - 1, int((at + 0.5) * inner / side))
        for at, side, inner in zip(point, box.shape, box.inner, strict=True)
    )
    return row, column


def _in_input(rect: Rect, box: Letterbox) -> FloatArray:
    """Bring a rectangle to (left, top, right, bottom) in pixels of the input."""
    top, left, bottom, right = as_rect(rect, box.shape, name="rect")
    down, across = (inner / side for inner, side in zip(box.inner, box.shape, strict=True))
    return np.array([left * across, top * down, right * across, bottom * down], dtype=np.float32)


def _overlaps(boxes: FloatArray, rect: FloatArray) -> FloatArray:
    """Intersection over union of each box with one rectangle."""
    low, high = np.maximum(boxes[:, :2], rect[:2]), np.minimum(boxes[:, 2:], rect[2:])
    common: FloatArray = (high - low).clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1)
    union = areas + (rect[2:] - rect[:2]).prod() - common
    overlaps: FloatArray = common / np.maximum(union, np.finfo(np.float32).tiny)
    return overlaps
