"""Measure a model on photographs with masks: ``python -m training.evaluate MODEL FOLDER``.

FOLDER holds ``image`` and ``mask`` with equal stems.  Reported are mean IoU without a hint and with
a rough hint (the mask grown and moved to IoU .7), for the network alone, for GrabCut alone, and for
GrabCut started from the network's answer.  With ``--mixed``, FOLDER holds ``image`` and ``alpha``,
and what is reported is how much of the truly mixed pixels the network leaves unknown.  Needs ONNX
Runtime, no PyTorch.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.data import Bytes, list_images, read_rgb
from training.hints import disc
from training.measures import overlap, rough_hint

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

STRIDE = 32
CLASS_UNKNOWN = 1  # channel of the probabilities
WORKING_SIDE = 400  # px; long side at which GrabCut runs and IoU is measured
RECTANGLE_MARGIN = 0.08  # of each side, for GrabCut with a centred rectangle
GRABCUT_ROUNDS = 3
SUBJECT_ALPHA = 0.6  # the network's alpha above which a pixel counts as subject


@dataclass(frozen=True)
class Answer:
    """What the network says: probabilities (H, W, 3) and alpha (H, W), float32 in [0, 1]."""

    probabilities: Floats
    alpha: Floats


class Predictor:
    """The exported network at one working size."""

    def __init__(self, model: Path, long_side: int, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self.long_side = long_side

    def _once(self, image: Bytes, hint: Floats | None) -> Answer:
        height, width = image.shape[:2]
        factor = self.long_side / max(height, width)
        rows, cols = (max(1, round(n * factor)) for n in (height, width))
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        small = cv2.resize(image, (cols, rows), interpolation=method).astype(np.float32) / 255
        asked = np.full((rows, cols), 0.5, np.float32)
        if hint is not None:
            asked = cv2.resize(hint, (cols, rows), interpolation=cv2.INTER_AREA)
        planes = np.concatenate((small, asked[..., None]), axis=2)
        below, right = -rows % STRIDE, -cols % STRIDE
        planes = np.pad(planes, ((0, below), (0, right), (0, 0)), mode="edge")
        batch = np.ascontiguousarray(planes.transpose(2, 0, 1)[None])
        classes, alpha = self.session.run(["probabilities", "alpha"], {"input": batch})
        classes = np.ascontiguousarray(classes[0, :, :rows, :cols].transpose(1, 2, 0))
        classes = cv2.resize(classes, (width, height))
        return Answer(classes, cv2.resize(alpha[0, 0, :rows, :cols], (width, height)))

    def __call__(self, image: Bytes, hint: Floats | None = None, *, mirror: bool = True) -> Answer:
        """Answer for `image` (H, W, 3) at its own size; `mirror` averages with the mirror image."""
        answer = self._once(image, hint)
        if not mirror:
            return answer
        turned = None if hint is None else np.ascontiguousarray(hint[:, ::-1])
        other = self._once(np.ascontiguousarray(image[:, ::-1]), turned)
        return Answer(
            (answer.probabilities + other.probabilities[:, ::-1]) / 2,
            (answer.alpha + other.alpha[:, ::-1]) / 2,
        )


def cut(image: Bytes, labels: Bytes, rounds: int = GRABCUT_ROUNDS) -> Bools:
    """GrabCut from labels (H, W) of OpenCV's four kinds; returns the foreground."""
    labels = labels.copy()
    front = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not front.any() or front.all():
        return front
    cv2.setRNGSeed(0)
    models = np.zeros((2, 1, 65))
    bgr = np.ascontiguousarray(image[..., ::-1])
    cv2.grabCut(bgr, labels, None, models[0], models[1], rounds, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))


def cut_rectangle(image: Bytes) -> Bools:
    """GrabCut with a centred rectangle."""
    height, width = image.shape[:2]
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    top, left = round(RECTANGLE_MARGIN * height), round(RECTANGLE_MARGIN * width)
    labels[top : height - top, left : width - left] = cv2.GC_PR_FGD
    return cut(image, labels, 5)


def cut_hint(image: Bytes, hint: Floats) -> Bools:
    """GrabCut from a mask: its core sure, its inside probable, a ring around it probably not."""
    mask = (hint > 0.5).astype(np.uint8)
    size = np.sqrt(max(int(mask.sum()), 1))
    core = cv2.erode(mask, disc(max(1, round(0.12 * size))))
    ring = cv2.dilate(mask, disc(max(1, round(0.12 * size))))
    labels = np.full(mask.shape, cv2.GC_BGD, np.uint8)
    labels[ring > 0] = cv2.GC_PR_BGD
    labels[mask > 0] = cv2.GC_PR_FGD
    labels[core > 0] = cv2.GC_FGD
    return cut(image, labels, 5)


@dataclass(frozen=True)
class Seeds:
    """Thresholds that turn the network's answer into GrabCut's labels."""

    sure_front: float = 0.9  # of P(foreground)
    sure_back: float = 0.9  # of P(background)
    probable: float = 0.5  # of alpha


def cut_answer(image: Bytes, answer: Answer, seeds: Seeds, rounds: int = GRABCUT_ROUNDS) -> Bools:
    """GrabCut from the network's answer: sure where it is sure, probable elsewhere."""
    labels = np.where(answer.alpha > seeds.probable, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    labels[answer.probabilities[..., 0] > seeds.sure_back] = cv2.GC_BGD
    labels[answer.probabilities[..., 2] > seeds.sure_front] = cv2.GC_FGD
    return cut(image, labels.astype(np.uint8), rounds)


def read_pairs(folder: Path) -> Iterator[tuple[str, Bytes, Bools]]:
    """Name, image and mask of every photograph, at the working size."""
    for path in list_images(folder / "image"):
        image = read_rgb(path, WORKING_SIDE)
        yield (
            path.stem,
            image,
            read_gray(folder / "mask" / f"{path.stem}.png", image.shape[:2]) > 0.5,
        )


def methods(model: Path, long_side: int) -> dict[str, Callable[[Bytes, Floats], Bools]]:
    """Return the compared methods: each maps image and rough hint to a mask."""
    predict = Predictor(model, long_side)
    seeds = Seeds()
    return {
        "hint itself": lambda _image, hint: hint > 0.5,
        "grabcut, centred rectangle": lambda image, _hint: cut_rectangle(image),
        "network, no hint": lambda image, _hint: predict(image).alpha > SUBJECT_ALPHA,
        "network then grabcut, no hint": lambda image, _hint: cut_answer(
            image, predict(image), seeds
        ),
        "grabcut, hint": cut_hint,
        "network, hint": lambda image, hint: predict(image, hint).alpha > SUBJECT_ALPHA,
        "network then grabcut, hint": lambda image, hint: cut_answer(
            image, predict(image, hint), seeds
        ),
    }


def read_gray(path: Path, shape: tuple[int, int]) -> Floats:
    """Read a mask or alpha as float32 in [0, 1], brought to `shape` by area averaging."""
    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise OSError(f"cannot read mask {path}")
    return cv2.resize(gray, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def measure_mixed(model: Path, folder: Path, long_side: int) -> dict[str, float]:
    """Shares, averaged over pictures, given a hint that is the true mask grown.

    "open": mixed pixels that the likeliest class leaves unknown; "half open": neither class is
    likelier than the rest together; "lost": called sure by more than .9; "band": share of all
    pixels that are unknown.
    """
    predict = Predictor(model, long_side)
    rows = []
    for path in list_images(folder / "image"):
        image = read_rgb(path, 2 * WORKING_SIDE)
        alpha = read_gray(folder / "alpha" / f"{path.stem}.png", image.shape[:2])
        mixed = (alpha > 0.02) & (alpha < 0.98)
        grown = cv2.dilate((alpha > 0.5).astype(np.float32), disc(round(0.02 * max(alpha.shape))))
        classes = predict(image, grown).probabilities
        sure = np.maximum(classes[..., 0], classes[..., 2])
        unknown = classes.argmax(2) == CLASS_UNKNOWN
        rows.append(
            (
                unknown[mixed].mean(),
                (sure[mixed] < 0.5).mean(),
                (sure[mixed] > 0.9).mean(),
                unknown.mean(),
                mixed.mean(),
            )
        )
    names = ("open", "half open", "lost", "band", "truly mixed")
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--long-side", type=int, default=384, help="px, of the network's input")
    parser.add_argument("--mixed", action="store_true", help="measure mixed pixels instead")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.mixed:
        for name, share in measure_mixed(
            arguments.model, arguments.folder, arguments.long_side
        ).items():
            print(f"{name:12s} {share:.3f}")
        return
    compared = methods(arguments.model, arguments.long_side)
    scores: dict[str, list[float]] = {name: [] for name in compared}
    slices: list[str] = []
    for number, (name, image, truth) in enumerate(read_pairs(arguments.folder)):
        hint = rough_hint(truth, seed=number)
        slices.append(name.split("_")[0] if "_" in name else "other")
        for method, find in compared.items():
            scores[method].append(overlap(find(image, hint), truth))
    groups = sorted(set(slices))
    print("method".ljust(32), "all".rjust(7), *(group.rjust(7) for group in groups), " IoU<.3")
    for method, values in scores.items():
        table = np.array(values)
        parts = [table[[s == group for s in slices]].mean() for group in groups]
        columns = [f"{value:7.3f}" for value in (table.mean(), *parts, (table < 0.3).mean())]
        print(method.ljust(32), *columns)


if __name__ == "__main__":
    main()
