"""Foreground colours on the samples, whose true colours are known, against pymatting.

python -m benchmarks.foreground                  errors on the samples, time at three sizes
python -m benchmarks.foreground --data FOLDER    and how photographs recompose
python -m benchmarks.foreground --memory         peak memory instead

Error: mean absolute difference from the true colours on mixed pixels (alpha from 0.02 to 0.98), in
grey levels of 255, plain and weighted by alpha, because a wrong colour shows as much as alpha lets
it. Recomposition: the same for the picture put together again over the true background, or, for
photographs with their true alpha, over the background that the program found along with it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import foreground_memory
from benchmarks.common import (
    SAMPLES,
    TINY,
    as_float,
    folder,
    interleave,
    parser,
    ratio,
    read,
    resized,
    table,
)
from hybridbg.core.threads import resolve_num_threads
from hybridbg.matting import estimate_foreground

OURS, THEIRS = "hybridbg", "pymatting"
MIXED = (0.02, 0.98)
MEGAPIXELS = (0.2, 1.2, 4.8)
"""Sizes that are timed: the samples' own, and enlarged ones."""

Floats = NDArray[np.floating]


def main() -> None:
    """Measure and print the tables."""
    options = parser(__doc__, data=True)
    options.add_argument("--repeats", type=int, default=9)
    options.add_argument("--memory", action="store_true")
    given = options.parse_args()
    names = sorted(path.parent.name for path in SAMPLES.glob("*/foreground.png"))
    print(f"{len(names)} pictures, {resolve_num_threads(None)} threads\n")
    if given.memory:
        print(foreground_memory.compare(SAMPLES / names[0], MEGAPIXELS[1:]))
        return
    for solver in solvers(TINY[0], np.full(TINY[0].shape[:2], 0.5, np.float32)).values():
        solver()
    rows = []
    for name in names:
        image, alpha, truth, back = sample(name)
        rows += [
            [name, solver, *errors(solve(), image, alpha, truth, back)]
            for solver, solve in solvers(image, alpha).items()
        ]
    print(table(["sample", "solver", "error", "weighted", "recomposition"], with_means(rows)))
    print("\npymatting takes so many times as long (min / median / max):\n")
    print(table(["picture", "pymatting / hybridbg"], times(names, given.repeats)))
    if given.data is not None:
        print("\nphotographs put together again from the foreground and background found:\n")
        found = photographs(folder(given.data, "alphamatting"))
        print(table(["photograph", "solver", "recomposition"], with_means(found)))


def times(names: list[str], repeats: int) -> list[list[object]]:
    """Time both on the samples at each size."""
    rows: list[list[object]] = []
    for megapixels in MEGAPIXELS:
        seconds: dict[str, list[float]] = {OURS: [], THEIRS: []}
        for name in names:
            image, alpha, *_ = sample(name)
            spent, _ = interleave(
                solvers(*(resized(each, megapixels) for each in (image, alpha))), repeats
            )
            for solver, spells in spent.items():
                seconds[solver] += spells
        rows.append([f"{megapixels} MP", ratio(seconds[THEIRS], seconds[OURS])])
    return rows


def photographs(data: Path) -> list[list[object]]:
    """Recomposition error of photographs with their true alpha."""
    import pymatting

    from hybridbg.matting.foreground import multilevel_colours

    rows: list[list[object]] = []
    for path in sorted((data / "image").glob("*.png")):
        image = as_float(read(path, "RGB"))
        alpha = as_float(read(data / "alpha" / path.name, "L"))
        found = {
            OURS: multilevel_colours(image, alpha, num_threads=resolve_num_threads(None)),
            THEIRS: pymatting.estimate_foreground_ml(image, alpha, return_background=True),
        }
        for solver, (front, back) in found.items():
            rows.append([path.stem, solver, recomposition(front, image, alpha, back)])
    return rows


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
    mixed = mixed_pixels(alpha)
    wrong = np.abs(colours - truth).mean(axis=2)[mixed]
    weight = alpha[mixed]
    each = (wrong.mean(), (weight * wrong).sum() / weight.sum())
    return [*(255 * float(value) for value in each), recomposition(colours, image, alpha, back)]


def recomposition(colours: Floats, image: Floats, alpha: Floats, back: Floats) -> float:
    """Mean difference from the picture when put together again, in grey levels."""
    again = alpha[..., None] * colours + (1 - alpha[..., None]) * back
    return 255 * float(np.abs(again - image).mean(axis=2)[mixed_pixels(alpha)].mean())


def mixed_pixels(alpha: Floats) -> NDArray[np.bool_]:
    """Pixels that are plainly neither foreground nor background."""
    return (alpha > MIXED[0]) & (alpha < MIXED[1])


def with_means(rows: list[list[object]]) -> list[list[object]]:
    """Add a mean row for each solver, and print two decimals."""
    for solver in (OURS, THEIRS):
        values = np.array([row[2:] for row in rows if row[1] == solver], dtype=float)
        rows.append(["mean", solver, *values.mean(axis=0).tolist()])
    return [[*row[:2], *(f"{value:.2f}" for value in row[2:])] for row in rows]


if __name__ == "__main__":
    main()
