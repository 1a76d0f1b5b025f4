"""A quick look at a model, by size and threshold: ``python -m training.evaluate MODEL FOLDER``.

FOLDER holds ``image`` and ``mask`` with equal stems.  Reported is mean IoU without a hint and with
a rough one (the mask grown and moved to IoU .7), for each long side of the input and each alpha
above which a pixel counts as subject.  Needs ONNX Runtime, neither PyTorch nor the package;
``benchmarks/network.py`` compares with other methods.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.data import Bytes, list_images, read_rgb
from training.measures import overlap, rough_hint

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

STRIDE = 32
WORKING_SIDE = 400  # px; long side at which IoU is measured
THRESHOLDS = (0.4, 0.5, 0.6, 0.7)  # of alpha


@dataclass(frozen=True)
class Answer:
    """What the network says: probabilities (H, W, 3) and alpha (H, W), float32 in [0, 1]."""

    probabilities: Floats
    alpha: Floats


def as_input(image: Bytes, hint: Floats | None, long_side: int) -> tuple[Floats, tuple[int, int]]:
    """Make the network's input (1, 4, H, W), and say how many rows and columns are the picture."""
    height, width = image.shape[:2]
    factor = long_side / max(height, width)
    rows, cols = (max(1, round(n * factor)) for n in (height, width))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, (cols, rows), interpolation=method).astype(np.float32) / 255
    asked = np.full((rows, cols), 0.5, np.float32)
    if hint is not None:
        asked = cv2.resize(hint, (cols, rows), interpolation=cv2.INTER_AREA)
    planes = np.concatenate((small, asked[..., None]), axis=2)
    planes = np.pad(planes, ((0, -rows % STRIDE), (0, -cols % STRIDE), (0, 0)), mode="edge")
    return np.ascontiguousarray(planes.transpose(2, 0, 1)[None]), (rows, cols)


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
        batch, (rows, cols) = as_input(image, hint, self.long_side)
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


def read_pairs(folder: Path) -> Iterator[tuple[Bytes, Bools]]:
    """Image and mask of every photograph, at the working size."""
    for path in list_images(folder / "image"):
        image = read_rgb(path, WORKING_SIDE)
        mask = cv2.imread(str(folder / "mask" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            raise OSError(f"cannot read a mask for {path}")
        yield image, cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_AREA) > 127


def mean_overlaps(model: Path, folder: Path, long_side: int) -> NDArray[np.float64]:
    """Mean IoU by threshold (rows), without and with a rough hint (columns)."""
    predict = Predictor(model, long_side)
    each = []
    for number, (image, truth) in enumerate(read_pairs(folder)):
        alphas = [predict(image, hint).alpha for hint in (None, rough_hint(truth, seed=number))]
        each.append([[overlap(a > limit, truth) for a in alphas] for limit in THRESHOLDS])
    return np.mean(each, axis=0)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--long-side", type=int, nargs="+", default=[384], help="px, of the input")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print("long side  alpha above  no hint  rough hint")
    for side in arguments.long_side:
        overlaps = mean_overlaps(arguments.model, arguments.folder, side)
        for limit, (alone, hinted) in zip(THRESHOLDS, overlaps, strict=True):
            print(f"{side:9d}  {limit:11.1f}  {alone:7.3f}  {hinted:10.3f}")


if __name__ == "__main__":
    main()
