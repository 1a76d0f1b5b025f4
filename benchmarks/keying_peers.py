"""Other people's keyers, each over a grid of its settings, for `benchmarks.keying`.

All of them are told the screen's true median colour. FFmpeg is the real program; GEGL's
color-to-alpha is its published arithmetic (operations/common-gpl3+/color-to-alpha.c) on
sRGB-coded values, on average within .002 of what GEGL 0.4.42 writes.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Array = NDArray[np.float32]
Matte = tuple[Array, Array]
"""Alpha (H, W), and straight foreground (H, W, 3) sRGB-coded."""

SIMILARITY = (0.01, 0.03, 0.05, 0.08, 0.12, 0.18, 0.25)
BLEND = (0.0, 0.03, 0.08, 0.15, 0.25, 0.4)
DESPILL = ((0.3, 0.0), (0.5, 0.0), (0.7, 0.0), (0.5, 0.3))
"""Pairs of `mix` and `expand`."""

TRANSPARENT = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2)
OPAQUE = (0.15, 0.25, 0.35, 0.45, 0.6, 1.0)


def ffmpeg() -> str | None:
    """Find the program: HYBRIDBG_FFMPEG, or on the path."""
    return os.environ.get("HYBRIDBG_FFMPEG") or shutil.which("ffmpeg")


def _run(image: Bytes, graph: str, pixels: str) -> Bytes:
    rows, columns = image.shape[:2]
    command = [str(ffmpeg()), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
               "-s", f"{columns}x{rows}", "-i", "-", "-filter_complex", graph, "-frames:v", "1",
               "-f", "rawvideo", "-pix_fmt", pixels, "-"]  # fmt: skip
    made = subprocess.run(command, input=image.tobytes(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(made.stdout, np.uint8)


def code(colour: Array) -> str:
    """Write a colour, sRGB-coded in 0..1, as FFmpeg reads it."""
    return "0x" + "".join(f"{round(float(value) * 255):02x}" for value in colour)


def ffmpeg_mattes(image: Bytes, name: str, colour: Array) -> Iterator[Matte]:
    """Yield `chromakey` or `colorkey` at every setting, each with every setting of `despill`."""
    pixels = "yuva444p" if name == "chromakey" else "rgba"
    grid = list(itertools.product(SIMILARITY, BLEND))
    splits = "".join(f"[s{i}]" for i in range(len(grid)))
    graph = f"format={pixels},split={len(grid)}{splits};"
    for i, (similarity, blend) in enumerate(grid):
        graph += f"[s{i}]{name}={code(colour)}:{similarity}:{blend},alphaextract[a{i}];"
    graph += "".join(f"[a{i}]" for i in range(len(grid))) + f"vstack=inputs={len(grid)}"
    alphas = _run(image, graph, "gray").reshape(len(grid), *image.shape[:2])
    kind = "blue" if colour[2] > colour[1] else "green"
    clean = [
        _run(image, f"format=gbrap,despill=type={kind}:mix={mix}:expand={expand}", "rgb24")
        for mix, expand in DESPILL
    ]
    for alpha in alphas:
        for colours in clean:
            yield alpha / np.float32(255), colours.reshape(image.shape) / np.float32(255)


def color_to_alpha(image: Bytes, colour: Array) -> Iterator[Matte]:
    """Yield GEGL's color-to-alpha at every pair of thresholds."""
    coded = image / np.float32(255)
    distance = np.abs(coded - colour)
    for low, high in itertools.product(TRANSPARENT, OPAQUE):
        if high <= low:
            continue
        # No colour is farther from the screen's than black or white.
        reach = np.minimum(high, np.maximum(colour, 1 - colour))
        each = ((distance - low) / (reach - low)).clip(0, 1)
        channel = each.argmax(axis=-1)[..., None]
        alpha = np.take_along_axis(each, channel, -1)
        far = np.take_along_axis(distance, channel, -1)
        ratio = low / np.maximum(far, 1e-5)
        base = colour + (coded - colour) * ratio
        straight = base + (coded - base) / np.maximum(alpha, 1e-5)
        yield alpha[..., 0], straight.clip(0, 1).astype(np.float32)
