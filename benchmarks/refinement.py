"""Refined alpha against plain closed form: errors, halves, generated samples, and what it costs.

Part of `python -m benchmarks.alpha --refined`. On its own, without pictures from elsewhere,

python -m benchmarks.refinement

tells where refined alpha hurts: on painted pictures that tempt it (`painted.py`) and on samples,
one line for each case that is worse by more than 2 %, or for every case with --all. Generated
samples are those of samples/ painted from other seeds. Constants were chosen with these in sight;
change SEEDS for a test of the unseen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import (
    SAMPLES,
    as_float,
    interleave,
    marks_of,
    parser,
    progress,
    ratio,
    read,
    table,
)
from benchmarks.painted import painted
from hybridbg.core import metrics
from hybridbg.core.threads import resolve_num_threads
from hybridbg.matting import closed_form_alpha, refined_alpha

WORSE = 1.02
NOTHING = 1e-3
"""Mean error of alpha, the solver's tolerance, below which no case is better than another."""

PLAIN, REFINED, SHARED = "plain", "refined", "pymatting, shared matting"
SPLITS = 200
SEEDS = (101, 201)
ENLARGED = {"1.2 MP": 1.2e6, "4.8 MP": 4.8e6}

Case = tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]


def main() -> None:
    """Measure every painted case and sample, and print where refined alpha is worse."""
    options = parser(__doc__)
    options.add_argument("--all", action="store_true", help="print every case")
    given = options.parse_args()
    print(harm([*painted(), *named_samples()], everything=given.all))


def harm(cases: Iterable[tuple[str, Case]], *, everything: bool) -> str:
    """Return mean errors on unknown pixels and their ratios, the worst case first."""
    rows: list[tuple[float, list[object]]] = []
    for name, (image, trimap, truth) in cases:
        progress(name)
        unknown = trimap == 128
        apart = [
            np.abs(call() - truth)[unknown].astype(np.float64)
            for call in ours(image, trimap).values()
        ]
        plain, refined = (float(each.mean()) for each in apart)
        sad = max(refined, NOTHING) / max(plain, NOTHING)
        mse = max((apart[1] ** 2).mean(), NOTHING**2) / max((apart[0] ** 2).mean(), NOTHING**2)
        rows.append((sad, [name, f"{plain:.4f}", f"{refined:.4f}", f"{sad:.2f}", f"{mse:.2f}"]))
    progress("")
    rows.sort(key=lambda row: -row[0])
    ratios = np.array([sad for sad, _ in rows])
    shown = [row for sad, row in rows if everything or sad > WORSE]
    total = (
        f"{len(rows)} cases, {np.count_nonzero(ratios > WORSE)} worse by more than 2 %; "
        f"SAD / plain: median {np.median(ratios):.2f}, largest {ratios.max():.2f}"
    )
    head = ["case", "mean error, plain", "refined", "SAD / plain", "MSE / plain"]
    return f"{total}\n\n{table(head, shown)}"


def compare(data: Path, names: list[str], repeats: int) -> str:
    """Return the tables of refined alpha, as Markdown."""
    parts, head = [], ["trimap", "solver", "SAD", "MSE", "Grad", "SAD / plain", "MSE / plain"]
    rows: list[list[object]] = []
    halves: list[str] = []
    for kind in ("tight", "loose"):
        errors = measure(f"{kind} ", [case(data, name, kind) for name in names])
        rows += error_rows(kind, errors)
        halves.append(f"{kind}: {worst_half(errors[PLAIN][:, 0], errors[REFINED][:, 0]):.3f}")
    rows += error_rows("samples", measure("sample ", generated()))
    parts.append(table(head, rows))
    parts.append(f"Worst SAD / plain of a half in {SPLITS} random halvings: {', '.join(halves)}")
    head = ["picture", "refined / plain, time (min / median / max)"]
    parts.append(table(head, [cost(data, names[:3], size, repeats) for size in ENLARGED]))
    return "\n\n".join(parts)


def case(data: Path, name: str, kind: str) -> Case:
    """Read image, trimap and true alpha."""
    image = as_float(read(data / "image" / f"{name}.png", "RGB"))
    trimap = read(data / f"trimap_{kind}" / f"{name}.png", "L")
    return image, trimap, as_float(read(data / "alpha" / f"{name}.png", "L"))


def generated() -> list[Case]:
    """Paint the samples from other seeds."""
    return [case for _, case in named_samples()]


def named_samples() -> Iterator[tuple[str, Case]]:
    """Yield the samples painted from other seeds, with names."""
    sys.path.insert(0, str(SAMPLES))
    import generate

    for seed in SEEDS:
        for number, (name, (scene, _)) in enumerate(list(generate.SCENES.items())):
            progress(f"painting {name} {seed}")
            generate.SCENES[name] = scene, seed + number
            files = generate.render(name)
            image = np.ascontiguousarray(as_float(files["image"]))
            yield (
                f"{name}, seed {seed + number}",
                (image, files["trimap"], as_float(files["alpha"])),
            )


def ours(image: NDArray[np.float32], trimap: NDArray[np.uint8]) -> dict[str, Callable[[], object]]:
    """Return a call of plain and of refined closed form."""
    threads = resolve_num_threads(None)
    marks = np.select([trimap == 0, trimap == 255], [0, 255], 128).astype(np.uint8)
    return {
        PLAIN: lambda: closed_form_alpha(image, marks, num_threads=threads).alpha,
        REFINED: lambda: refined_alpha(image, marks, num_threads=threads).alpha,
    }


def measure(label: str, cases: list[Case]) -> dict[str, NDArray[np.float64]]:
    """Return SAD, MSE and Grad, (cases, 3), of each solver."""
    import pymatting

    errors: dict[str, list[list[float]]] = {PLAIN: [], REFINED: [], SHARED: []}
    for number, (image, trimap, truth) in enumerate(cases):
        progress(f"{label}{number + 1} of {len(cases)}")
        alphas = {name: call() for name, call in ours(image, trimap).items()}
        alphas[SHARED] = pymatting.estimate_alpha_sm(image.astype(np.float64), marks_of(trimap))
        for name, alpha in alphas.items():
            matte = np.clip(alpha, 0, 1).astype(np.float32)
            errors[name].append(
                [
                    metric(matte, truth, region=trimap)
                    for metric in (metrics.sad, metrics.mse, metrics.gradient_error)
                ]
            )
    progress("")
    return {name: np.array(each) for name, each in errors.items()}


def error_rows(kind: str, errors: dict[str, NDArray[np.float64]]) -> list[list[object]]:
    """One line for each solver: means, and relative to plain closed form."""
    plain = errors[PLAIN].mean(axis=0)
    rows: list[list[object]] = []
    for name, each in errors.items():
        sad, mse, grad = each.mean(axis=0)
        relative = [f"{sad / plain[0]:.3f}", f"{mse / plain[1]:.3f}"]
        rows.append([kind, name, f"{sad:.2f}", f"{mse:.4f}", f"{grad:.2f}", *relative])
    return rows


def worst_half(plain: NDArray[np.float64], refined: NDArray[np.float64]) -> float:
    """Return the largest ratio of mean errors over either half of many random halvings."""
    random = np.random.default_rng(1)
    worst = 0.0
    for _ in range(SPLITS):
        order = random.permutation(plain.size)
        for half in (order[: plain.size // 2], order[plain.size // 2 :]):
            worst = max(worst, float(refined[half].mean() / plain[half].mean()))
    return worst


def cost(data: Path, names: list[str], size: str, repeats: int) -> list[object]:
    """Time refined against plain on enlarged pictures."""
    import cv2

    spent: dict[str, list[float]] = {PLAIN: [], REFINED: []}
    for name in names:
        progress(f"{size} {name}")
        image, trimap, _ = case(data, name, "tight")
        factor = float(np.sqrt(ENLARGED[size] / trimap.size))
        large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        marks = cv2.resize(trimap, large.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        found, _ = interleave(ours(np.ascontiguousarray(large.clip(0, 1)), marks), repeats)
        for solver, seconds in found.items():
            spent[solver] += seconds
    progress("")
    return [size, ratio(spent[REFINED], spent[PLAIN])]


if __name__ == "__main__":
    main()
