"""Automatic removal on photographs with hand-made masks, against GrabCut and against its own parts.

python -m benchmarks.removal --data FOLDER                    the table
python -m benchmarks.removal --data FOLDER --sheet sheet.png  and every cut-out, to look at

Nobody points at the subject. The peer is OpenCV's GrabCut from a centred rectangle that leaves 8 %
of each side out, which is what one does without knowing better. Scores are means of IoU and
Boundary IoU (Cheng et al. 2021); a soft alpha counts as foreground from one half, and a method that
finds nothing scores for an empty mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import folder, parser, progress, read, table
from benchmarks.sheet import Sheet
from hybridbg import grabcut, new_session, predict_trimap, remove_background
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.metrics import boundary_iou, iou
from hybridbg.io import as_image
from hybridbg.pipeline import Cutout
from hybridbg.predict import predict_probabilities

MARGIN = 0.08
ITERATIONS = 5
"""Of GrabCut, for all that use it."""

SLICES = {
    "DAVIS frames": lambda name: not name.startswith("cat_"),
    "cats": lambda name: name.startswith("cat_"),
}
OURS = "hybridbg, automatic"
PEER = "GrabCut, centred rectangle"

Pixels = NDArray[np.uint8]
Matte = NDArray[np.float32]


@dataclass
class Scores:
    """IoU and Boundary IoU by method and slice, and how often each method gave up."""

    values: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    lowest: list[tuple[float, str]] = field(default_factory=list)


def main() -> None:
    """Measure and print the tables."""
    options = parser(__doc__, data=True)
    options.add_argument("--sheet", type=Path, help="write a contact sheet here")
    options.add_argument("--model", default="default")
    options.add_argument("--pictures", type=int, help="use every so manieth only")
    given = options.parse_args()
    data = folder(given.data, "photos")
    paths = sorted((data / "image").iterdir())[:: given.pictures or 1]
    sheet = Sheet(["photograph", "truth", OURS, PEER]) if given.sheet else None
    scores = measure(paths, data / "mask", methods(given.model), sheet)
    report(scores)
    if sheet is not None:
        sheet.write(given.sheet)


def methods(model: str) -> dict[str, Callable[[Pixels], Matte | Cutout]]:
    """Return what is compared; each takes a picture and gives a matte or a cut-out."""
    session = new_session(model)
    return {
        OURS: lambda image: remove_background(image, session=session),
        "network alone": lambda image: (
            predict_probabilities(as_image(image).srgb(), session=session).alpha
        ),
        "GrabCut from the network's trimap": lambda image: (
            grabcut(image, trimap=predict_trimap(image, model=session), iterations=ITERATIONS)
            / np.float32(255)
        ),
        PEER: grabcut_in_the_middle,
    }


def grabcut_in_the_middle(image: Pixels) -> Matte:
    """OpenCV's GrabCut as it stands, from a rectangle in the middle."""
    import cv2

    cv2.setRNGSeed(0)
    rows, cols = image.shape[:2]
    top, left = round(MARGIN * rows), round(MARGIN * cols)
    labels = np.zeros((rows, cols), np.uint8)
    models = np.zeros((2, 1, 65))
    rectangle = (left, top, cols - 2 * left, rows - 2 * top)
    bgr = np.ascontiguousarray(image[..., ::-1])
    cv2.grabCut(bgr, labels, rectangle, *models, ITERATIONS, cv2.GC_INIT_WITH_RECT)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def measure(
    paths: list[Path],
    masks: Path,
    compared: dict[str, Callable[[Pixels], Matte | Cutout]],
    sheet: Sheet | None,
) -> Scores:
    """Run every method on every photograph."""
    scores = Scores()
    for path in paths:
        progress(path.stem)
        image = read(path, "RGB")
        truth = read(masks / f"{path.stem}.png", "L") > 127
        part = next(name for name, belongs in SLICES.items() if belongs(path.stem))
        found = {}
        for method, remove in compared.items():
            try:
                found[method] = remove(image)
            except NoSubjectError:
                found[method] = np.zeros(truth.shape, np.float32)
                scores.failures.setdefault(method, []).append(path.stem)
            matte = alpha_of(found[method])
            pair = iou(matte, truth), boundary_iou(matte, truth)
            for key in (part, "all"):
                scores.values.setdefault((method, key), []).append(pair)
            if method == OURS:
                scores.lowest.append((pair[0], path.stem))
        if sheet is not None:
            mattes = [truth.astype(np.float32), *(alpha_of(found[name]) for name in (OURS, PEER))]
            sheet.add(path.stem, image, mattes, scores.lowest[-1][0])
    progress("")
    return scores


def alpha_of(result: Matte | Cutout) -> Matte:
    """Return the matte of either kind of result."""
    return result.alpha if isinstance(result, Cutout) else result


def report(scores: Scores) -> None:
    """Print the scores, the photographs that went worst, and what found nothing."""
    parts = [*SLICES, "all"]
    compared = list(dict.fromkeys(method for method, _ in scores.values))
    rows = [
        [method, *(cell(scores.values.get((method, part), [])) for part in parts)]
        for method in compared
    ]
    counts = [len(scores.values.get((OURS, part), [])) for part in parts]
    head = [f"{part} ({count})" for part, count in zip(parts, counts, strict=True)]
    print("IoU / Boundary IoU\n")
    print(table(["method", *head], rows))
    better = sum(
        ours[0] > peer[0]
        for ours, peer in zip(scores.values[OURS, "all"], scores.values[PEER, "all"], strict=True)
    )
    print(f"\n{OURS} has the higher IoU on {better} of {counts[-1]} photographs.")
    worst = ", ".join(f"{name} {value:.2f}" for value, name in sorted(scores.lowest)[:6])
    print(f"Its lowest: {worst}.")
    for method, names in scores.failures.items():
        print(f"{method} found no subject on {len(names)}: {', '.join(names)}.")


def cell(pairs: list[tuple[float, float]]) -> str:
    """Mean IoU and Boundary IoU."""
    if not pairs:
        return "-"
    overlap, boundary = np.mean(pairs, axis=0)
    return f"{overlap:.3f} / {boundary:.3f}"


if __name__ == "__main__":
    main()
