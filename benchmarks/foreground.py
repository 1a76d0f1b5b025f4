"""Foreground colours on the samples, whose true colours are known, against pymatting.

python -m benchmarks.foreground

Error: mean absolute difference from the true colours on mixed pixels (alpha from 0.02 to 0.98), in
grey levels of 255, plain and weighted by alpha, because a wrong colour shows as much as alpha lets
it. Recomposition: the same for the picture put together again over the true background.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SAMPLES, TINY, as_float, interleave, parser, ratio, read, table
from hybridbg.core.threads import resolve_num_threads
from hybridbg.matting import estimate_foreground

OURS, THEIRS = "hybridbg", "pymatting"
MIXED = (0.02, 0.98)
LARGE = 3
"""Factor by which samples are enlarged for the second timing, to 1.8 megapixels."""

Floats = NDArray[np.floating]


def main() -> None:
    """Measure and print one table."""
    options = parser(__doc__)
    options.add_argument("--repeats", type=int, default=5)
    repeats = options.parse_args().repeats
    names = sorted(path.parent.name for path in SAMPLES.glob("*/foreground.png"))
    for solver in solvers(TINY[0], np.full(TINY[0].shape[:2], 0.5, np.float32)).values():
        solver()
    rows = []
    seconds: dict[tuple[int, str], list[float]] = {}
    for name in names:
        image, alpha, truth, back = sample(name)
        for scale in (1, LARGE):
            enlarged = (np.repeat(np.repeat(each, scale, 0), scale, 1) for each in (image, alpha))
            spent, found = interleave(solvers(*enlarged), repeats)
            for solver, times in spent.items():
                seconds.setdefault((scale, solver), []).extend(times)
            if scale == 1:
                rows += [
                    [name, solver, *errors(colours, image, alpha, truth, back)]
                    for solver, colours in found.items()
                ]
    print(f"{len(names)} pictures, {resolve_num_threads(None)} threads\n")
    print(table(["sample", "solver", "error", "weighted", "recomposition"], with_means(rows)))
    print("\npymatting takes so many times as long (min / median / max):\n")
    slower = [
        [f"{scale * scale * 0.2:.1f} MP", ratio(seconds[scale, THEIRS], seconds[scale, OURS])]
        for scale in (1, LARGE)
    ]
    print(table(["picture", "pymatting / hybridbg"], slower))


def sample(name: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Return image, alpha, true foreground and true background, 0..1."""
    colours = {
        kind: as_float(read(SAMPLES / name / f"{kind}.png", "RGB"))
        for kind in ("image", "foreground", "background")
    }
    alpha = as_float(read(SAMPLES / name / "alpha.png", "L"))
    return colours["image"], alpha, colours["foreground"], colours["background"]


def solvers(image: Floats, alpha: Floats) -> dict[str, Callable[[], Floats]]:
    """Return a call of each, with inputs in the type each works in."""
    import pymatting

    return {
        OURS: lambda: estimate_foreground(image, alpha),
        THEIRS: lambda: pymatting.estimate_foreground_ml(image, alpha),
    }


def errors(
    colours: Floats, image: Floats, alpha: Floats, truth: Floats, back: Floats
) -> list[float]:
    """Error, weighted error and recomposition error, in grey levels."""
    mixed = (alpha > MIXED[0]) & (alpha < MIXED[1])
    wrong = np.abs(colours - truth).mean(axis=2)[mixed]
    again = alpha[..., None] * colours + (1 - alpha[..., None]) * back
    apart = np.abs(again - image).mean(axis=2)[mixed]
    weight = alpha[mixed]
    each = (wrong.mean(), (weight * wrong).sum() / weight.sum(), apart.mean())
    return [255 * float(value) for value in each]


def with_means(rows: list[list[object]]) -> list[list[object]]:
    """Add a mean row for each solver, and print two decimals."""
    for solver in (OURS, THEIRS):
        values = np.array([row[2:] for row in rows if row[1] == solver], dtype=float)
        rows.append(["mean", solver, *values.mean(axis=0).tolist()])
    return [[*row[:2], *(f"{value:.2f}" for value in row[2:])] for row in rows]


if __name__ == "__main__":
    main()
