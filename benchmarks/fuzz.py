"""Many small random problems, and how far alpha is from a direct solve of the same equations.

python -m benchmarks.fuzz                        10,000 problems, a few minutes
python -m benchmarks.fuzz --count 500 --seed 3   others, and fewer
python -m benchmarks.fuzz --only 1234            that one alone
python -m benchmarks.fuzz --tolerance 1e-5       with another tolerance than the default

Pictures of 4 to 24 pixels a side and trimaps are what solvers fear: noise, areas of one colour,
hot pixels, regions that hardly anything holds. The Laplacian is that of benchmarks/exact.py, in
float64, factorised directly.

Where nothing known is in reach, or only through rounding, no alpha is right. So the matrix has
1e-12 of its diagonal added, drawing to 0.5, and alpha is compared only at pixels that change by
less than 1e-4 when each of its entries is changed, symmetrically, by a random part of 1e-9. Of the
problems that are off by more than 1/255 it is told how many change as much when couplings are
rounded as to float32 (a random part of 6e-8, with the sums of rows kept), as the solver does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.common import parser, progress, table
from benchmarks.exact import laplacian
from hybridbg.core.errors import SolverError
from hybridbg.matting import DEFAULT_EPSILON, closed_form_alpha

Shape = tuple[int, int]
Picture = NDArray[np.float32]
Trimap = NDArray[np.uint8]

SMALLEST, LARGEST = 4, 24
RIDGE = 1e-12
NUDGE = 1e-9
STEADY = 1e-4
SINGLE = 2.0**-24
GREY_LEVEL = 1 / 255
TOLERANCE = 1e-3
WORST = 20
"""Problems listed one by one."""


def noise(rng: Generator, shape: Shape) -> Picture:
    """Return every pixel at random."""
    return rng.random((*shape, 3), dtype=np.float32)


def smooth(rng: Generator, shape: Shape) -> Picture:
    """Return blurred noise over the whole range."""
    blurred = cv2.GaussianBlur(noise(rng, shape), (0, 0), float(rng.uniform(0.5, 4)))
    return (blurred - blurred.min()) / np.float32(max(np.ptp(blurred), 1e-6))


def posterised(rng: Generator, shape: Shape) -> Picture:
    """Return smooth colours in a few steps."""
    levels = int(rng.integers(1, 8))
    return np.round(smooth(rng, shape) * levels) / np.float32(levels)


def two_colours(rng: Generator, shape: Shape) -> Picture:
    """Return areas of two colours."""
    which = smooth(rng, shape)[..., :1] > 0.5
    return np.where(which, *noise(rng, (2, 1))[:, 0]).astype(np.float32)


def flat(rng: Generator, shape: Shape) -> Picture:
    """Return one colour."""
    return np.broadcast_to(noise(rng, (1, 1)), (*shape, 3)).copy()


def hot_pixels(rng: Generator, shape: Shape) -> Picture:
    """Return one colour, perhaps with traces of noise, and some outliers."""
    image = flat(rng, shape) * np.float32(0.9)
    image += np.float32(rng.choice([0, 1e-6, 1e-5, 1e-4, 1e-3])) * noise(rng, shape)
    hot = rng.random(shape) < rng.choice([0.02, 0.1])
    image[hot] = rng.choice([0, 1])
    return image


def gradient(rng: Generator, shape: Shape) -> Picture:
    """Return a linear change from one colour to another."""
    slope = rng.normal(size=2)
    place = np.tensordot(slope, np.indices(shape), 1)
    share = (place - place.min()) / max(np.ptp(place), 1e-6)
    first, last = noise(rng, (2, 1))[:, 0]
    return (first + share[..., None] * (last - first)).astype(np.float32)


def saturated(rng: Generator, shape: Shape) -> Picture:
    """Return smooth colours of which much is clipped."""
    return (smooth(rng, shape) * 4 - 1.5).clip(0, 1).astype(np.float32)


def dark(rng: Generator, shape: Shape) -> Picture:
    """Return smooth colours near black."""
    return smooth(rng, shape) * np.float32(10.0 ** rng.uniform(-4, -1))


def grey(rng: Generator, shape: Shape) -> Picture:
    """Return a smooth picture without colour."""
    return np.repeat(smooth(rng, shape)[..., :1], 3, axis=2)


PICTURES = (
    noise,
    smooth,
    posterised,
    two_colours,
    flat,
    hot_pixels,
    gradient,
    saturated,
    dark,
    grey,
)


def strewn(rng: Generator, shape: Shape) -> Trimap:
    """Return known pixels of both kinds anywhere."""
    known = float(rng.uniform(0.02, 0.8))
    shares = [known / 2, 1 - known, known / 2]
    return rng.choice(np.uint8([0, 128, 255]), shape, p=shares)


def blobs(rng: Generator, shape: Shape) -> Trimap:
    """Return areas of each kind."""
    height = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), float(rng.uniform(1, 4)))
    limits = np.quantile(height, sorted(rng.random(2)))
    return np.select([height < limits[0], height > limits[1]], [0, 255], 128).astype(np.uint8)


def bands(rng: Generator, shape: Shape) -> Trimap:
    """Return background on one side, foreground on the other."""
    trimap = np.full(shape, 128, np.uint8)
    trimap[:, : rng.integers(1, 3)] = 0
    trimap[:, -rng.integers(1, 3) :] = 255
    return trimap


def one_known(rng: Generator, shape: Shape) -> Trimap:
    """Return nothing known but one pixel."""
    trimap = np.full(shape, 128, np.uint8)
    trimap.flat[rng.integers(trimap.size)] = rng.choice([0, 255])
    return trimap


def two_known(rng: Generator, shape: Shape) -> Trimap:
    """Return one pixel of each kind known."""
    trimap = np.full(shape, 128, np.uint8)
    trimap.flat[rng.choice(trimap.size, 2, replace=False)] = 0, 255
    return trimap


def no_foreground(rng: Generator, shape: Shape) -> Trimap:
    """Return areas of background, the rest unknown."""
    trimap = blobs(rng, shape)
    trimap[trimap == 255] = 0
    return trimap


def islands(rng: Generator, shape: Shape) -> Trimap:
    """Return single unknown pixels, or clumps of a few, everywhere."""
    trimap = np.where(blobs(rng, shape) == 255, 255, 0).astype(np.uint8)
    if rng.random() < 0.5:
        step = int(rng.integers(2, 6))
        trimap[rng.integers(step) :: step, rng.integers(step) :: step] = 128
    else:
        trimap[rng.random(shape) < rng.uniform(0.05, 0.5)] = 128
    return trimap


TRIMAPS = (strewn, blobs, bands, one_known, two_known, no_foreground, islands)


@dataclass(frozen=True)
class Outcome:
    """One problem and how it went.

    Attributes
    ----------
    number : int
    picture, trimap : str
        The functions that made them.
    shape : (int, int)
    compared, skipped : int
        Unknown pixels that alpha was compared at, and those it is not determined at.
    largest, total : float
        Largest error of alpha, and the sum of all.
    single : float or None
        Change by rounding to float32 at the worst pixel; of the problems that are off.
    iterations : int
    failure : str
        What the solver raised, or empty.
    """

    number: int
    picture: str
    trimap: str
    shape: Shape
    compared: int
    skipped: int
    largest: float
    total: float
    single: float | None
    iterations: int
    failure: str


def problem(seed: int, number: int) -> tuple[str, str, Picture, Trimap]:
    """Return the names and arrays of one problem; there is at least one unknown pixel."""
    rng = np.random.default_rng([seed, number])
    rows, cols = (int(side) for side in rng.integers(SMALLEST, LARGEST + 1, size=2))
    paint, mark = (kinds[rng.integers(len(kinds))] for kinds in (PICTURES, TRIMAPS))
    image, trimap = paint(rng, (rows, cols)), mark(rng, (rows, cols))
    if rng.random() < 0.5:
        image = np.round(image * 255) / np.float32(255)
    if not (trimap == 128).any():
        trimap[rng.integers(rows), rng.integers(cols)] = 128
    image = np.ascontiguousarray(image.clip(0, 1), dtype=np.float32)
    return paint.__name__, mark.__name__, image, np.ascontiguousarray(trimap)


class Direct:
    """The system of a problem, and direct solves of it and of what is near it."""

    def __init__(self, image: Picture, trimap: Trimap, rng: Generator) -> None:
        unknown = (trimap == 128).ravel()
        self.rng = rng
        self.known = (trimap.ravel() == 255)[~unknown].astype(np.float64)
        self.rows = laplacian(image, trimap == 128, DEFAULT_EPSILON)[unknown].tocsc()
        self.unknown = unknown

    def solve(self, rows: scipy.sparse.csc_array) -> NDArray[np.float64]:
        """Return alpha of the unknown pixels, within 0 and 1."""
        matrix, others = rows[:, self.unknown], rows[:, ~self.unknown]
        ridge = RIDGE * np.maximum(matrix.diagonal(), 1)
        factors = scipy.sparse.linalg.splu((matrix + scipy.sparse.diags_array(ridge)).tocsc())
        return factors.solve(0.5 * ridge - others @ self.known).clip(0, 1)

    def alpha(self) -> NDArray[np.float64]:
        """Return the solution."""
        return self.solve(self.rows)

    def nudged(self, part: float, *, keep_sums: bool) -> NDArray[np.float64]:
        """Return the solution when every entry is changed by a random part, symmetrically."""
        size = self.unknown.size
        number = np.flatnonzero(self.unknown)
        entries = self.rows.tocoo()
        row, col = number[entries.row], entries.col
        first, last = np.minimum(row, col), np.maximum(row, col)
        key, place = np.unique(first * size + last, return_inverse=True)
        change = self.rng.uniform(-part, part, size=key.size)[place] * entries.data
        if keep_sums:
            change[row == col] = 0
            lost = np.bincount(entries.row, change, minlength=number.size)
            change[row == col] -= lost[entries.row[row == col]]
        changed = (entries.data + change, (entries.row, entries.col))
        return self.solve(scipy.sparse.coo_array(changed, shape=self.rows.shape).tocsc())


def outcome(seed: int, number: int, options: dict[str, float]) -> Outcome:
    """Solve one problem both ways."""
    picture, mark, image, trimap = problem(seed, number)
    direct = Direct(image, trimap, np.random.default_rng([seed, number, 1]))
    exact = direct.alpha()
    steady = np.abs(direct.nudged(NUDGE, keep_sums=False) - exact) < STEADY
    counts = int(np.count_nonzero(steady)), int(np.count_nonzero(~steady))
    head = (number, picture, mark, trimap.shape, *counts)
    try:
        form = closed_form_alpha(image, trimap, num_threads=1, **options)
    except SolverError as error:
        return Outcome(*head, 0.0, 0.0, None, 0, str(error))
    error = np.where(steady, np.abs(form.alpha[trimap == 128] - exact), 0.0)
    worst, single = int(error.argmax()), None
    if not error[worst] <= GREY_LEVEL:  # true for NaN as well
        found = [direct.nudged(SINGLE, keep_sums=True) for _ in range(4)]
        single = max(float(np.abs(each - exact)[worst]) for each in found)
    largest, total = float(error[worst]), float(error.sum())
    return Outcome(*head, largest, total, single, form.solution.iterations, "")


def by_kind(outcomes: list[Outcome], kind: Callable[[Outcome], str]) -> Iterable[list[object]]:
    """Yield a row of the table for each kind."""
    for name in sorted({kind(each) for each in outcomes}):
        some = [each for each in outcomes if kind(each) == name]
        compared = sum(each.compared for each in some)
        skipped = sum(each.skipped for each in some)
        yield [
            name,
            len(some),
            sum(each.largest > TOLERANCE for each in some),
            sum(each.largest > GREY_LEVEL for each in some),
            sum(bool(each.failure) for each in some),
            f"{max(each.largest for each in some):.1e}",
            f"{sum(each.total for each in some) / max(compared, 1):.1e}",
            f"{skipped / (compared + skipped):.1%}",
            int(np.median([each.iterations for each in some])),
            max(each.iterations for each in some),
        ]


def report(outcomes: list[Outcome], seconds: float, seed: int) -> None:
    """Print what happened."""
    head = ["> 1e-3", "> 1/255", "SolverError", "largest", "mean", "not determined"]
    head += ["median iterations", "most"]
    print(f"{len(outcomes)} problems of seed {seed} in {seconds:.0f} s\n")
    print(table(["all", "problems", *head], by_kind(outcomes, lambda _: "all")), "\n")
    print(table(["picture", "problems", *head], by_kind(outcomes, lambda each: each.picture)), "\n")
    print(table(["trimap", "problems", *head], by_kind(outcomes, lambda each: each.trimap)), "\n")
    off = sorted(
        (each for each in outcomes if each.single is not None), key=lambda each: -each.largest
    )
    excused = sum(each.largest <= 4 * (each.single or 0) for each in off)
    print(f"{len(off)} off by more than 1/255, {excused} of them by less than 4 times what float32")
    print("rounding of couplings changes there; the worst:\n")
    rows = (
        [
            each.number,
            each.picture,
            each.trimap,
            each.shape,
            f"{each.largest:.1e}",
            f"{each.single:.1e}",
            each.iterations,
        ]
        for each in off[:WORST]
    )
    print(table(["number", "picture", "trimap", "shape", "error", "float32", "iterations"], rows))
    for each in [each for each in outcomes if each.failure][:WORST]:
        print(f"\n{each.number} {each.picture} {each.trimap} {each.shape}: {each.failure}")


def main() -> None:
    """Solve and print."""
    options = parser(__doc__)
    options.add_argument("--count", type=int, default=10_000, help="number of problems")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--tolerance", type=float, help="of the solver, if not the default")
    options.add_argument("--only", type=int, help="the problem of this number alone")
    given = options.parse_args()
    numbers = range(given.count) if given.only is None else [given.only]
    chosen = {} if given.tolerance is None else {"tolerance": given.tolerance}
    start, outcomes = time.perf_counter(), []
    for number in numbers:
        if number % 100 == 0:
            progress(f"{number} of {given.count}")
        outcomes.append(outcome(given.seed, number, chosen))
    progress("")
    report(outcomes, time.perf_counter() - start, given.seed)


if __name__ == "__main__":
    main()
