"""Does the network find the subject: alone, from a rough hint, and in damaged photographs.

A soft alpha counts as foreground from one half, and a method that finds nothing scores for an empty
mask. "network" is the package's way of asking it (`look`), "one look" a single run; the pipeline is
`remove_background`. The peers are OpenCV's GrabCut as it stands: from a rectangle that leaves 8 %
of each side out, and from the hint, of which its depths are sure (`graphcut.seeds_from_hint`),
everything else only where it starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Goal, as_float, interval, progress, read, table
from benchmarks.sheet import Sheet
from hybridbg import grabcut, graphcut, predict_trimap, remove_background
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.metrics import boundary_f, boundary_iou, iou
from hybridbg.evaluation.corruptions import REFERENCE_SIDE, corrupt
from hybridbg.predict import Session, look, predict_probabilities
from training.measures import rough_hint

MARGIN = 0.08
ITERATIONS = 5
"""Of GrabCut, for all that use it."""
TOLERANCE = 2.0
"""Of the outline, in pixels of a picture of 512 pixels on its long side."""
SLICES: dict[str, Callable[[str], bool]] = {
    "DAVIS frames": lambda name: not name.startswith("cat_"),
    "cats": lambda name: name.startswith("cat_"),
    "all": lambda _name: True,
}
DAMAGES = (
    "gamma-0.5",
    "gamma-2",
    "colour-cast",
    "noise",
    "blur",
    "jpeg-30",
    "quarter-resolution",
    "occluder",
)
"""Those corruptions of the evaluation that the network was first asked to bear."""
NETWORK, PIPELINE = "network", "whole pipeline"
RECTANGLE, FROM_HINT = "GrabCut, centred rectangle", "GrabCut from the hint"

Pixels = NDArray[np.uint8]
Matte = NDArray[np.float32]
Method = Callable[[Pixels, Matte | None], Matte]


@dataclass(frozen=True)
class Photo:
    """A photograph and where its subject is."""

    name: str
    image: Pixels
    truth: NDArray[np.bool_]
    hint: Matte


def read_photos(data: Path) -> list[Photo]:
    """Read the photographs with masks, and make each its rough hint of IoU .7."""
    photos = []
    for number, path in enumerate(sorted((data / "image").iterdir())):
        truth = read(data / "mask" / f"{path.stem}.png", "L") > 127
        photos.append(Photo(path.stem, read(path, "RGB"), truth, rough_hint(truth, seed=number)))
    return photos


def automatic(photos: list[Photo], session: Session, sheet: Sheet | None) -> list[Goal]:
    """Nobody points at the subject."""
    compared = {
        PIPELINE: lambda image, _hint: remove_background(image, session=session).alpha,
        NETWORK: lambda image, _hint: network(image, None, session),
        "network, one look": lambda image, _hint: (
            predict_probabilities(as_float(image), session=session).alpha
        ),
        "GrabCut from the network's trimap": lambda image, _hint: from_trimap(
            predict_trimap(image, model=session), image
        ),
        RECTANGLE: lambda image, _hint: from_rectangle(image),
    }
    mattes = run(photos, compared, hinted=False)
    print("\n### Automatic: IoU / Boundary IoU\n")
    report(photos, mattes, RECTANGLE, boundary_iou)
    scores = overlaps(photos, mattes[PIPELINE])
    lowest = sorted(zip(scores, photos, strict=True), key=lambda pair: pair[0])[:8]
    named = ", ".join(f"{photo.name.removesuffix('_jpeg')} {score:.2f}" for score, photo in lowest)
    print(f"\nLowest of the {PIPELINE}: {named}.")
    if sheet is not None:
        add_rows(sheet, photos, mattes, session, hinted=False)
    ours, peer = np.mean(scores), np.mean(overlaps(photos, mattes[RECTANGLE]))
    return [
        Goal("automatic IoU, pipeline", 0.60, float(ours)),
        Goal("automatic IoU, network", 0.60, float(np.mean(overlaps(photos, mattes[NETWORK])))),
        Goal("automatic IoU, pipeline over GrabCut", 0.20, float(ours - peer)),
    ]


def hinted(photos: list[Photo], session: Session, sheet: Sheet | None) -> list[Goal]:
    """Somebody, or another method, points at it roughly."""
    compared: dict[str, Method] = {
        "the hint itself": lambda _image, hint: hint,
        PIPELINE: lambda image, hint: remove_background(image, hint=hint, session=session).alpha,
        NETWORK: lambda image, hint: network(image, hint, session),
        FROM_HINT: from_hint,
        "hybridbg.grabcut from the hint": lambda image, hint: as_float(
            grabcut(image, hint=hint, iterations=ITERATIONS)
        ),
    }
    mattes = run(photos, compared, hinted=True)

    def outline(mask: Matte, truth: Matte) -> float:
        return boundary_f(mask, truth, tolerance=TOLERANCE * max(truth.shape) / REFERENCE_SIDE)

    print("\n### From a rough hint: IoU / boundary F (2 px at 512)\n")
    report(photos, mattes, FROM_HINT, outline)
    if sheet is not None:
        add_rows(sheet, photos, mattes, session, hinted=True)
    goals = []
    peer = np.mean(overlaps(photos, mattes[FROM_HINT]))
    own = np.mean([outline(photo.hint, photo.truth) for photo in photos])
    for method in (PIPELINE, NETWORK):
        found = mattes[method]
        ours = float(np.mean(overlaps(photos, found)))
        f = np.mean(
            [outline(matte, photo.truth) for matte, photo in zip(found, photos, strict=True)]
        )
        goals += [
            Goal(f"IoU from a rough hint, {method}", 0.85, ours),
            Goal(f"IoU from a rough hint, {method} over GrabCut", 0.05, ours - float(peer)),
            Goal(f"boundary F, {method} / the hint's own", 2.0, float(f / own)),
        ]
    return goals


def robust(photos: list[Photo], session: Session) -> list[Goal]:
    """Damage the photographs: what the network alone then loses."""
    means = {}
    for name in ("clean", *DAMAGES):
        scores = []
        for number, photo in enumerate(photos):
            progress(f"{name}: {photo.name}")
            image, truth = photo.image, photo.truth
            if name != "clean":
                image, truth = corrupt(name, image, truth, seed=number)
            hint = photo.hint if truth is photo.truth else rough_hint(truth, seed=number)
            found = [network(image, told, session) for told in (None, hint)]
            scores.append([iou(matte, truth) for matte in found])
        means[name] = np.mean(scores, axis=0)
    progress("")
    print("\n### Damaged photographs: IoU of the network, and change relative to clean\n")
    rows, goals = [], []
    for name, mean in means.items():
        change = mean / means["clean"] - 1
        cells = [f"{value:.3f}, {by:+.1%}" for value, by in zip(mean, change, strict=True)]
        rows.append([name, *cells])
    print(table(["corruption", "no hint", "rough hint"], rows))
    for at, told in enumerate(("no hint", "rough hint")):
        losses = {name: 1 - float(means[name][at] / means["clean"][at]) for name in DAMAGES}
        worst = max(losses, key=lambda name: losses[name])
        what = f"largest relative loss of IoU, {told} ({worst})"
        goals.append(Goal(what, 0.10, losses[worst], least=False))
    return goals


def network(image: Pixels, hint: Matte | None, session: Session) -> Matte:
    """Alpha of the network alone, asked as the package asks it."""
    return look(as_float(image), hint=hint, session=session).alpha


def from_rectangle(image: Pixels) -> Matte:
    """OpenCV's GrabCut from a rectangle in the middle."""
    rows, cols = image.shape[:2]
    top, left = round(MARGIN * rows), round(MARGIN * cols)
    seeds = np.full((rows, cols), graphcut.SURE_BACKGROUND, np.uint8)
    seeds[top : rows - top, left : cols - left] = graphcut.PROBABLE_FOREGROUND
    return plain_grabcut(image, seeds)


def from_hint(image: Pixels, hint: Matte | None) -> Matte:
    """OpenCV's GrabCut from a hint."""
    return plain_grabcut(image, graphcut.seeds_from_hint(hint))


def plain_grabcut(image: Pixels, seeds: Pixels) -> Matte:
    """OpenCV's GrabCut as it stands, at the picture's own size."""
    import cv2

    cv2.setRNGSeed(0)
    bgr = np.ascontiguousarray(image[..., ::-1])
    labels = seeds.copy()
    cv2.grabCut(bgr, labels, None, *np.zeros((2, 1, 65)), ITERATIONS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def from_trimap(trimap: Pixels, image: Pixels) -> Matte:
    """Run the package's GrabCut from a trimap."""
    return as_float(grabcut(image, trimap=trimap, iterations=ITERATIONS))


def run(
    photos: list[Photo], compared: dict[str, Method], *, hinted: bool
) -> dict[str, list[Matte]]:
    """Mattes of every method on every photograph; empty where it finds no subject."""
    mattes: dict[str, list[Matte]] = {method: [] for method in compared}
    for photo in photos:
        progress(photo.name)
        for method, find in compared.items():
            try:
                found = find(photo.image, photo.hint if hinted else None)
            except NoSubjectError:
                found = np.zeros(photo.truth.shape, np.float32)
            mattes[method].append(found)
    progress("")
    return mattes


def overlaps(photos: list[Photo], mattes: list[Matte]) -> list[float]:
    """IoU of each matte."""
    return [iou(matte, photo.truth) for matte, photo in zip(mattes, photos, strict=True)]


def report(
    photos: list[Photo],
    mattes: dict[str, list[Matte]],
    peer: str,
    second: Callable[[Matte, Matte], float],
) -> None:
    """Print mean IoU and a second score by method and slice, and what is gained over the peer."""
    theirs = np.array(overlaps(photos, mattes[peer]))
    rows = []
    for method, found in mattes.items():
        ours = np.array(overlaps(photos, found))
        edges = np.array(
            [second(matte, photo.truth) for matte, photo in zip(found, photos, strict=True)]
        )
        cells = []
        for belongs in SLICES.values():
            inside = [belongs(photo.name) for photo in photos]
            both = (ours[inside].mean(), edges[inside].mean()) if any(inside) else (0, 0)
            cells.append(" / ".join(f"{value:.3f}" for value in both))
        low, high = interval(ours - theirs)
        gain = f"{np.mean(ours - theirs):+.3f} ({low:+.3f} to {high:+.3f})"
        better = f"{np.count_nonzero(ours > theirs)} of {len(photos)}"
        rows.append([method, *cells, *(["-", "-"] if method == peer else [gain, better])])
    heads = [
        f"{name} ({sum(belongs(photo.name) for photo in photos)})"
        for name, belongs in SLICES.items()
    ]
    print(table(["method", *heads, f"IoU over {peer} (95 %)", "better on"], rows))


def add_rows(
    sheet: Sheet,
    photos: list[Photo],
    mattes: dict[str, list[Matte]],
    session: Session,
    *,
    hinted: bool,
) -> None:
    """Put every photograph on the contact sheet."""
    for photo, alpha, whole in zip(photos, mattes[NETWORK], mattes[PIPELINE], strict=True):
        hint = photo.hint if hinted else None
        try:
            trimap = predict_trimap(photo.image, hint=hint, model=session)
        except NoSubjectError:
            trimap = np.full(photo.truth.shape, 128, np.uint8)
        shown = np.full(photo.truth.shape, 0.5, np.float32) if hint is None else hint
        title = f"{photo.name}  network {iou(alpha, photo.truth):.2f}"
        title += f"  pipeline {iou(whole, photo.truth):.2f}"
        sheet.add(title, [photo.image, shown, trimap, alpha, whole, photo.truth])
