"""Peak memory of one alpha solve, each in a process of its own, and how long it took.

What counts is how far the process's peak rises above where it stood with everything imported, run
once on a tiny picture, and the picture loaded.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import TINY, marks_of, progress, table

MEGAPIXELS = (1.2, 4.8)
SOLVERS = ("hybridbg", "pymatting")
TO_MEGABYTES = 1 / (1 << 20 if sys.platform == "darwin" else 1 << 10)
"""getrusage tells bytes on macOS and kilobytes on Linux."""


def compare(image: Path, trimaps: Path) -> str:
    """Return a table of peak memory for a picture enlarged to each size."""
    rows = []
    for megapixels in MEGAPIXELS:
        peaks = {}
        for solver in SOLVERS:
            progress(f"{megapixels} MP with {solver}")
            peaks[solver] = in_new_process(
                solver, str(image), str(trimaps / image.name), str(megapixels)
            )
        progress("")
        ours, theirs = (peaks[solver] for solver in SOLVERS)
        rows.append(
            [
                f"{megapixels} MP",
                ours.unknown,
                f"{ours.megabytes:.0f}",
                f"{theirs.megabytes:.0f}",
                f"{theirs.megabytes / ours.megabytes:.1f}",
                f"{theirs.seconds / ours.seconds:.1f}",
            ]
        )
    head = ["picture", "unknown pixels", "hybridbg, MB", "pymatting, MB"]
    return table([*head, "memory, pymatting / hybridbg", "time, one pair"], rows)


@dataclass(frozen=True)
class Cost:
    """What one solve took."""

    megabytes: float
    seconds: float
    unknown: int


def in_new_process(*arguments: str) -> Cost:
    """Solve in a fresh interpreter."""
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    megabytes, seconds, unknown = done.stdout.splitlines()[-1].split()  # pymatting prints as well
    return Cost(float(megabytes), float(seconds), int(unknown))


def main(solver: str, image: str, trimap: str, megapixels: str) -> None:
    """Enlarge the picture, solve it, and print how far the peak rose."""
    import resource

    from PIL import Image

    with Image.open(image) as picture, Image.open(trimap) as marks:
        scale = (float(megapixels) * 1e6 / (picture.width * picture.height)) ** 0.5
        size = (round(picture.width * scale), round(picture.height * scale))
        colours = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BICUBIC))
        known = np.array(marks.convert("L").resize(size, Image.Resampling.NEAREST))
    pixels = colours.astype(np.float32) / 255
    solve = solver_of(solver)
    solve(*TINY)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    solve(pixels, known)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print((after - before) * TO_MEGABYTES, seconds, np.count_nonzero(known == 128))


def solver_of(name: str) -> Callable[[NDArray[np.float32], NDArray[np.uint8]], Any]:
    """Return a function of image and trimap, with all it needs imported."""
    if name == "hybridbg":
        from hybridbg.matting import estimate_alpha

        return partial(estimate_alpha, refine=False)
    import pymatting

    return lambda image, trimap: pymatting.estimate_alpha_cf(
        image.astype(np.float64), marks_of(trimap)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
