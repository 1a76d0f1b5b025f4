"""Closed-form matting from small to very large: time, memory and exactness against pymatting.

python -m benchmarks.matting                      the table; pymatting needs minutes on large ones
python -m benchmarks.matting --only 1.2           rows whose name holds this
python -m benchmarks.matting --plot FILE.svg      time and memory over megapixels, log-log

Both solve the same equations (epsilon 1e-7). Times are taken in turn in one process; memory in a
process of its own for each, from where it stood with the picture loaded. The error is the largest
difference of ours from our own solve at a tolerance a thousand times tighter, which agrees with a
direct solve wherever one is possible (`benchmarks.alpha --exact`, `benchmarks.fuzz`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import memory, plot
from benchmarks.cases import PROBLEMS, Problem
from benchmarks.common import TINY, interleave, marks_of, parser, progress, ratio, table
from hybridbg.core.threads import resolve_num_threads
from hybridbg.matting import estimate_alpha

OURS, REFINED, THEIRS = "hybridbg", "refined", "pymatting"


@dataclass(frozen=True)
class Row:
    """One problem: which picture, how large, how much of it unknown, how often it is solved."""

    picture: str
    megapixels: float
    percent: float | None = None
    repeats: int = 3
    theirs: bool = True

    @property
    def name(self) -> str:
        """What the row is called."""
        unknown = "" if self.percent is None else f", {self.percent:g} % unknown"
        return f"{self.picture}, {self.megapixels:g} MP{unknown}"

    def make(self) -> Problem:
        """Make the picture and its trimap."""
        more = () if self.percent is None else (self.percent,)
        return PROBLEMS[self.picture](self.megapixels, *more)


ROWS = (
    Row("cat", 1.2, 13),
    Row("cat", 4.8, 13, repeats=1),
    Row("cat", 24, 13, repeats=1, theirs=False),
    Row("cat", 1.2, 60, repeats=1),
    Row("green screen", 1.2),
)
CURVE = (0.3, 0.6, 1.2, 2.4, 4.8, 12, 24)
LARGEST_OF_THEIRS = 4.8
"""Megapixels beyond which pymatting does not fit into memory, or into patience."""


def main() -> None:
    """Measure and print."""
    options = parser(__doc__)
    options.add_argument("--only", default="", help="rows whose name holds this")
    options.add_argument("--plot", type=Path, help="measure the curve instead, and draw it here")
    given = options.parse_args()
    for solve in solvers(*TINY).values():
        solve()
    if given.plot is not None:
        draw(given.plot)
        return
    print(f"{resolve_num_threads(None)} threads\n")
    head = ["picture", "unknown pixels", "us per unknown pixel / that of the first row"]
    head += [
        "time, pymatting / hybridbg (min / median / max)",
        "memory, MB",
        "pymatting / hybridbg",
    ]
    head += [
        "time, refined / plain",
        "memory, refined / plain",
        "largest error x 255",
        "mean error",
    ]
    chosen = [row for row in ROWS if given.only in row.name]
    print(table(head, lines(chosen)))


def lines(rows: list[Row]) -> list[list[object]]:
    """Measure each row."""
    found, first = [], 0.0
    for row in rows:
        progress(row.name)
        image, trimap = row.make()
        count = np.count_nonzero(trimap == 128)
        calls = solvers(image, trimap)
        if not row.theirs:
            del calls[THEIRS]
        seconds, alphas = interleave(calls, row.repeats)
        pixel = float(np.median(seconds[OURS])) / count
        first = first or pixel
        exact = estimate_alpha(image, trimap, refine=False, tolerance=1e-6)
        error = np.abs(alphas[OURS] - exact)
        ours, refined = (
            memory.of_problem(name, row.picture, row.megapixels, row.percent)
            for name in (OURS, REFINED)
        )
        theirs = (
            memory.of_problem(THEIRS, row.picture, row.megapixels, row.percent).megabytes
            if row.theirs
            else None
        )
        found.append(
            [
                row.name,
                count,
                f"{pixel / first:.2f}",
                ratio(seconds[THEIRS], seconds[OURS]) if row.theirs else "-",
                f"{ours.megabytes:.0f}",
                f"{theirs / ours.megabytes:.1f}" if theirs else "-",
                ratio(seconds[REFINED], seconds[OURS]),
                f"{refined.megabytes / ours.megabytes:.2f}",
                f"{255 * error.max():.2f}",
                f"{error[trimap == 128].mean():.1e}",
            ]
        )
    progress("")
    return found


def draw(path: Path) -> None:
    """Measure time and memory of the cat at every size of the curve and write the plot."""
    curves: dict[str, list[tuple[float, float, float]]] = {}
    for megapixels in CURVE:
        for name in (OURS, REFINED, THEIRS):
            if name == THEIRS and megapixels > LARGEST_OF_THEIRS:
                continue
            progress(f"{megapixels} MP with {name}")
            cost = memory.of_problem(name, "cat", megapixels, None)
            curves.setdefault(name, []).append((megapixels, cost.seconds, cost.megabytes))
    progress("")
    first = curves[OURS][0][1]
    times = {name: [(x, t / first) for x, t, _ in curve] for name, curve in curves.items()}
    sizes = {name: [(x, m) for x, _, m in curve] for name, curve in curves.items()}
    panels = [
        plot.Panel("time, as a multiple of hybridbg's at 0.3 MP", times),
        plot.Panel("memory beyond the picture, MB", sizes),
    ]
    path.write_text(plot.log_log(panels, "megapixels"), encoding="utf-8")
    print(f"wrote {path}", file=sys.stderr)


def solvers(image: np.ndarray, trimap: np.ndarray) -> dict:
    """Return a call of each solver, with inputs in the types it works in."""
    import pymatting

    double, marks = image.astype(np.float64), marks_of(trimap)
    return {
        OURS: lambda: estimate_alpha(image, trimap, refine=False),
        REFINED: lambda: estimate_alpha(image, trimap),
        THEIRS: lambda: pymatting.estimate_alpha_cf(double, marks),
    }


if __name__ == "__main__":
    main()
