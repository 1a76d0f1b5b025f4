"""Alpha on alphamatting.com's training pictures: errors, speed, exactness, memory.

python -m benchmarks.alpha --data FOLDER            errors and time against pymatting
python -m benchmarks.alpha --data FOLDER --exact    and the distance from the exact solution
python -m benchmarks.alpha --data FOLDER --memory   peak memory instead, at 1.2 and 4.8 megapixels
python -m benchmarks.alpha --data FOLDER --refined  refined alpha against plain and shared matting

Errors are those of Rhemann et al. 2009 on unknown pixels: SAD and Grad in thousands, MSE, all as
means over pictures. Both programs solve the same equations with epsilon 1e-7.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import memory, refinement
from benchmarks.common import (
    TINY,
    Ratio,
    as_float,
    folder,
    interleave,
    marks_of,
    parser,
    progress,
    ratio,
    read,
    table,
)
from benchmarks.exact import exact_alpha
from hybridbg.core import metrics
from hybridbg.core.threads import resolve_num_threads
from hybridbg.matting import estimate_alpha

KINDS = ("tight", "loose")
OURS, THEIRS = "hybridbg", "pymatting"
METRICS = {
    "SAD": (metrics.sad, ".2f"),
    "MSE": (metrics.mse, ".4f"),
    "Grad": (metrics.gradient_error, ".2f"),
}


def main() -> None:
    """Measure and print one table."""
    options = parser(__doc__, data=True)
    options.add_argument("--repeats", type=int, default=3, help="times each picture is solved")
    options.add_argument("--pictures", type=int, help="use the first so many only")
    options.add_argument("--exact", action="store_true")
    options.add_argument("--memory", action="store_true")
    options.add_argument("--refined", action="store_true")
    given = options.parse_args()
    data = folder(given.data, "alphamatting")
    names = sorted(path.stem for path in (data / "image").glob("*.png"))[: given.pictures]
    print(f"{len(names)} pictures, {resolve_num_threads(None)} threads\n")
    if given.memory:
        print(memory.compare(data / "image" / f"{names[0]}.png", data / "trimap_tight"))
        return
    if given.refined:
        print(refinement.compare(data, names, given.repeats))
        return
    for solver in solvers(*TINY).values():
        solver()
    rows = []
    for kind in KINDS:
        rows += rows_of(data, names, kind, given.repeats, given.exact)
    head = ["trimap", "solver", *METRICS, "times as long as hybridbg (min / median / max)"]
    if given.exact:
        head += ["largest error x 255", "mean error x 1000"]
    print(table(head, rows))


def rows_of(
    data: Path, names: list[str], kind: str, repeats: int, exact: bool
) -> list[list[object]]:
    """Solve every picture with both and return a row for each solver."""
    errors: dict[str, list[list[float]]] = {OURS: [], THEIRS: []}
    seconds: dict[str, list[float]] = {OURS: [], THEIRS: []}
    distances: dict[str, list[tuple[float, float]]] = {OURS: [], THEIRS: []}
    for name in names:
        progress(f"{kind} {name}")
        picture = read(data / "image" / f"{name}.png", "RGB")
        trimap = read(data / f"trimap_{kind}" / f"{name}.png", "L")
        truth = as_float(read(data / "alpha" / f"{name}.png", "L"))
        image = as_float(picture)
        spent, found = interleave(solvers(image, trimap), repeats)
        solution = exact_alpha(image, trimap) if exact else None
        for solver, alpha in found.items():
            seconds[solver] += spent[solver]
            matte = np.clip(alpha, 0, 1).astype(np.float32)
            errors[solver].append(
                [metric(matte, truth, region=trimap) for metric, _ in METRICS.values()]
            )
            if solution is not None:
                distances[solver].append(distance(matte, solution))
    progress("")
    slower = ratio(seconds[THEIRS], seconds[OURS])
    return [
        row(kind, OURS, errors[OURS], "1", distances[OURS]),
        row(kind, THEIRS, errors[THEIRS], slower, distances[THEIRS]),
    ]


def solvers(
    image: NDArray[np.float32], trimap: NDArray[np.uint8]
) -> dict[str, Callable[[], NDArray[np.floating]]]:
    """Return a call of each solver on a picture, with inputs in the types it works in."""
    import pymatting

    double, marks = image.astype(np.float64), marks_of(trimap)
    return {
        OURS: lambda: estimate_alpha(image, trimap, refine=False),
        THEIRS: lambda: pymatting.estimate_alpha_cf(double, marks),
    }


def distance(alpha: NDArray[np.float32], exact: NDArray[np.float64]) -> tuple[float, float]:
    """Largest and mean difference from the exact solution, over the whole picture."""
    difference = np.abs(alpha - exact)
    return float(difference.max()), float(difference.mean())


def row(
    kind: str,
    solver: str,
    errors: list[list[float]],
    slower: str | Ratio,
    distances: list[tuple[float, float]],
) -> list[object]:
    """One line of the table: means over pictures, and the worst distance from exact."""
    means = np.mean(errors, axis=0)
    cells: list[object] = [kind, solver]
    cells += [f"{mean:{form}}" for mean, (_, form) in zip(means, METRICS.values(), strict=True)]
    cells.append(slower)
    if distances:
        largest, mean = np.max(distances, axis=0)
        cells += [f"{255 * largest:.3f}", f"{1000 * mean:.4f}"]
    return cells


if __name__ == "__main__":
    main()
