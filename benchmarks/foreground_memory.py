"""Peak memory of one foreground estimate, each in a process of its own.

What counts is how far the process's peak rises above where it stood with everything imported, run
once on a tiny picture, and the picture loaded; the result is part of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.common import TINY, as_float, read, resized, table
from benchmarks.memory import TO_MEGABYTES


def compare(sample: Path, sizes: Sequence[float]) -> str:
    """Return a table of peak memory for a sample enlarged to each size."""
    rows = []
    for megapixels in sizes:
        ours, theirs = (
            in_new_process(solver, str(sample), str(megapixels))
            for solver in ("hybridbg", "pymatting")
        )
        rows.append([f"{megapixels} MP", f"{ours:.0f}", f"{theirs:.0f}", f"{theirs / ours:.1f}"])
    return table(["picture", "hybridbg, MB", "pymatting, MB", "pymatting / hybridbg"], rows)


def in_new_process(*arguments: str) -> float:
    """Estimate in a fresh interpreter; return megabytes."""
    command = [sys.executable, "-m", "benchmarks.foreground_memory", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def main(solver: str, sample: str, megapixels: str) -> None:
    """Enlarge the sample, estimate, and print how far the peak rose."""
    import resource

    from benchmarks.foreground import solvers

    image = resized(as_float(read(Path(sample, "image.png"), "RGB")), float(megapixels))
    alpha = resized(as_float(read(Path(sample, "alpha.png"), "L")), float(megapixels))
    solvers(TINY[0], np.full(TINY[0].shape[:2], 0.5, np.float32))[solver]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = solvers(image, alpha)[solver]()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert found.shape == image.shape  # noqa: S101 - keeps the result alive
    print((after - before) * TO_MEGABYTES)


if __name__ == "__main__":
    main(*sys.argv[1:])
