"""Label photographs with a teacher: ``python -m training.label``.

The teacher is U-2-Net-p as a TensorFlow Lite graph (Qin et al. 2020; input (1, S, S, 3), output 0 a
saliency map).  It sees whole photographs of single things and random crops of scenes, each also
mirrored; a soft mask is kept only where both answers agree, little is uncertain, and the subject
covers a sensible part of the picture.  OUT receives ``image`` and ``mask`` folders per source, to
be read by ``training.train --labels OUT``.  Such labels are machine-made: the model card says so.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import PHOTO_LONG_SIDE, Bytes, limit_size, list_images, read_rgb
from training.measures import overlap

Floats = NDArray[np.float32]

# Folders below DATA/train, how many crops to try of each picture (0: the whole picture), and the
# range of a crop's side as a share of the short side.
SOURCES = (
    ("unlabelled/trashnet", 0, (1.0, 1.0)),
    ("unlabelled/clothing", 0, (1.0, 1.0)),
    ("unlabelled/abo", 0, (1.0, 1.0)),
    ("backgrounds/grocery", 3, (0.55, 1.0)),
    ("backgrounds/polyhaven_panoramas", 18, (0.45, 0.9)),
    ("backgrounds/elementary", 6, (0.5, 1.0)),
)
MIN_AGREEMENT = 0.85  # IoU of the answers to the picture and to its mirror image
MAX_UNCERTAIN = 0.06  # mean of 4 a (1 - a)
COVER = (0.02, 0.8)  # share of the picture
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


class Teacher:
    """The saliency network."""

    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._net: Any = Interpreter(str(path), num_threads=threads)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]
        self._output = self._net.get_output_details()[0]["index"]

    def __call__(self, image: Bytes) -> Floats:
        """Saliency (H, W) in [0, 1] of an RGB picture."""
        side = int(self._input["shape"][1])
        small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
        self._net.set_tensor(self._input["index"], ((small / small.max() - MEAN) / STD)[None])
        self._net.invoke()
        answer = self._net.get_tensor(self._output)[0, ..., 0]
        low, high = float(answer.min()), float(answer.max())
        return cv2.resize((answer - low) / max(high - low, 1e-6), image.shape[1::-1])


def label(teacher: Teacher, image: Bytes) -> Floats | None:
    """Soft mask (H, W), or None where the teacher is not to be trusted."""
    one = teacher(image)
    other = teacher(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]
    mask = (one + other) / 2
    trusted = (
        overlap(one > 0.5, other > 0.5) > MIN_AGREEMENT
        and (4 * mask * (1 - mask)).mean() < MAX_UNCERTAIN
        and COVER[0] < (mask > 0.5).mean() < COVER[1]
    )
    return mask if trusted else None


def views(folder: Path, crops: int, share: tuple[float, float]) -> Iterator[tuple[str, Bytes]]:
    """Pictures of a folder, or seeded crops of them, with a name for each."""
    for number, path in enumerate(list_images(folder)):
        image = read_rgb(path, 1024)
        if not crops:
            yield path.stem, limit_size(image, PHOTO_LONG_SIDE)
        rng = np.random.default_rng((7, number))
        for index in range(crops):
            height, width = image.shape[:2]
            h = int(min(height, width) * rng.uniform(*share))
            w = min(width, int(h * np.exp(rng.normal(0.1, 0.2))))
            top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
            piece = np.ascontiguousarray(image[top : top + h, left : left + w])
            yield f"{path.stem}_{index}", limit_size(piece, PHOTO_LONG_SIDE)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="data root")
    parser.add_argument("--teacher", type=Path, required=True, help="TensorFlow Lite graph")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    teacher = Teacher(arguments.teacher, arguments.threads)
    for source, crops, share in SOURCES:
        folder = arguments.out / Path(source).name
        for part in ("image", "mask"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        seen = kept = 0
        for name, image in views(arguments.data / "train" / source, crops, share):
            mask = label(teacher, image)
            seen += 1
            if mask is None:
                continue
            kept += 1
            cv2.imwrite(str(folder / "image" / f"{name}.png"), image[..., ::-1])
            cv2.imwrite(str(folder / "mask" / f"{name}.png"), (mask * 255).round().astype(np.uint8))
        print(f"{source}: kept {kept} of {seen}", flush=True)


if __name__ == "__main__":
    main()
