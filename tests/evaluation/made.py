"""Tiny datasets: red discs with soft edges before blue, and programs that know it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image as PILImage

SHAPE = (40, 48)
RED, BLUE = (220, 40, 40), (40, 60, 200)

KNOWS_RED = """
import sys
import numpy as np
from PIL import Image
image = np.asarray(Image.open(sys.argv[1]).convert("RGB")).astype(float)
alpha = np.clip((image[..., 0] - 40) / 180, 0, 1)
Image.fromarray(np.rint(255 * alpha).astype(np.uint8)).save(sys.argv[2])
"""
"""A program whose answer is exact, but for rounding, on a clean picture."""

WORSE = KNOWS_RED.replace("/ 180, 0, 1)", "/ 180, 0, 1) * 0.9")
"""One whose answer is a tenth too thin."""


def disc(row: float, col: float, radius: float, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Alpha of a disc with an edge two pixels wide."""
    down, right = np.indices(shape)
    distance = np.hypot(down - row, right - col)
    return ((radius - distance) / 2 + 0.5).clip(0, 1).astype(np.float32)


def as_bytes(alpha: np.ndarray) -> np.ndarray:
    return np.rint(255 * alpha).astype(np.uint8)


def painted(alpha: np.ndarray) -> np.ndarray:
    mixed = alpha[..., None] * np.array(RED) + (1 - alpha[..., None]) * np.array(BLUE)
    return np.rint(mixed).astype(np.uint8)


def write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PILImage.fromarray(array).save(path)


def make_dataset(folder: Path, names: str = "abc") -> Path:
    """Pictures with alpha, trimap and foreground, one folder for each kind."""
    for number, name in enumerate(names):
        alpha = disc(20, 18 + 4 * number, 8 + number)
        trimap = np.select([alpha == 0, alpha == 1], [0, 255], 128).astype(np.uint8)
        write(folder / "image" / f"{name}.png", painted(alpha))
        write(folder / "alpha" / f"{name}.png", as_bytes(alpha))
        write(folder / "trimap" / f"{name}.png", trimap)
        write(folder / "foreground" / f"{name}.png", np.full((*SHAPE, 3), RED, np.uint8))
    return folder


def program(folder: Path, code: str, name: str = "program.py") -> str:
    """Template of a program of one's own."""
    path = folder / name
    path.write_text(code)
    return f"'{sys.executable}' '{path}' {{image}} {{output}}"
