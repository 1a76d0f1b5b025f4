"""Peak memory of one alpha solve, each in a process of its own, and how long it took.

What counts is how far the process's peak rises above where it stood with everything imported, run
once on a tiny picture, and the picture loaded.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import PROBLEMS
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


def of_problem(solver: str, picture: str, megapixels: float, percent: float | None) -> Cost:
    """Solve one of benchmarks/cases.py in a process that did not make it."""
    more = () if percent is None else (percent,)
    image, trimap = PROBLEMS[picture](megapixels, *more)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "problem.npz")
        np.savez(path, image=image, trimap=trimap)
        del image, trimap
        return in_new_process(solver, str(path))


def in_new_process(*arguments: str) -> Cost:
    """Solve in a fresh interpreter."""
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    megabytes, seconds, unknown = done.stdout.splitlines()[-1].split()  # pymatting prints as well
    return Cost(float(megabytes), float(seconds), int(unknown))


def main(solver: str, *problem: str) -> None:
    """Solve a problem and print how far the peak rose."""
    pixels, known = enlarged(*problem) if len(problem) > 1 else loaded(*problem)
    solve = solver_of(solver)
    solve(*TINY)
    forget_peak()
    before = peak()
    start = time.perf_counter()
    solve(pixels, known)
    seconds = time.perf_counter() - start
    print((peak() - before) * TO_MEGABYTES, seconds, np.count_nonzero(known == 128))


def peak() -> int:
    """Return the highest memory of this process since `forget_peak`, in the system's unit."""
    import resource

    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_peak() -> None:
    """Make the highest memory so far what is in use now, where the system (Linux) can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def loaded(path: str) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Load a picture and its trimap as `of_problem` saved them."""
    with np.load(path) as arrays:
        return arrays["image"], arrays["trimap"]


def enlarged(
    image: str, trimap: str, megapixels: str
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Read a picture and its trimap, and enlarge them."""
    from PIL import Image

    with Image.open(image) as picture, Image.open(trimap) as marks:
        scale = (float(megapixels) * 1e6 / (picture.width * picture.height)) ** 0.5
        size = (round(picture.width * scale), round(picture.height * scale))
        colours = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BICUBIC))
        known = np.array(marks.convert("L").resize(size, Image.Resampling.NEAREST))
    return colours.astype(np.float32) / 255, known


def solver_of(name: str) -> Callable[[NDArray[np.float32], NDArray[np.uint8]], Any]:
    """Return a function of image and trimap, with all it needs imported."""
    if name == "hybridbg":
        from hybridbg.matting import estimate_alpha

        return partial(estimate_alpha, refine=False)
    if name == "refined":
        from hybridbg.matting import estimate_alpha

        return estimate_alpha
    import pymatting

    return lambda image, trimap: pymatting.estimate_alpha_cf(
        image.astype(np.float64), marks_of(trimap)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
