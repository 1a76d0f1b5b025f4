"""Is the certainty of results a probability: its curve fitted, and tried on other photographs.

    python -m benchmarks.certainty --data FOLDER --training FOLDER [--every N]

Fitted on photographs held out from training (`training.data`), as they are and under corruptions,
and on their subjects laid, small and anywhere, over other photographs; tried on the 40 photographs
with masks, which had no say in it. A result is good from an IoU of .5. Beside the agreement of
frames stand figures that were tried in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import common
from benchmarks.calibration import Picture, photographs
from benchmarks.hybrid_parts import STRATEGY
from hybridbg.core.colour import linear_to_srgb, srgb_to_linear
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.metrics import iou, roc_area
from hybridbg.evaluation.corruptions import corrupt
from hybridbg.evaluation.reporting.statistics import of_statistic
from hybridbg.pipeline import certainty as sure
from hybridbg.pipeline import remove_background
from hybridbg.predict import Session, new_session
from hybridbg.saliency import saliency
from training.data import Photo, cut_subject, is_held_out, list_images, read_masked_photos, read_rgb

CONDITIONS = ("clean", "clutter", "occluder", "colour-cast", "gamma-2", "light-gradient")
COMPOSITES = 120
AREAS = (0.015, 0.3)
"""Shares of the picture that laid subjects cover."""
SIDE = 480
GOOD = 0.5
BOUNDS = (0, 0.3, 0.6, 0.8, 0.9, 1.001)


@dataclass(frozen=True)
class Result:
    """One result: its IoU, and what might tell it."""

    iou: float
    told: dict[str, float]

    @property
    def good(self) -> bool:
        """Whether it is."""
        return self.iou >= GOOD


def main() -> None:
    """Ask, fit, print."""
    parser = common.parser(__doc__, data=True)
    parser.add_argument("--training", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--every", type=int, default=1, help="of so many results use one")
    options = parser.parse_args()
    photos = [photo for photo in read_masked_photos(options.training) if is_held_out(photo.name)]
    backgrounds = list_images(options.training / "train" / "backgrounds")
    session = new_session()
    sets = {
        "held out": ask(corrupted(photos), session, options.every),
        "composites": ask(composites(photos, backgrounds), session, options.every),
        "photographs": ask(
            photographs(common.folder(options.data, "photos")), session, options.every
        ),
    }
    fitted_to = [*sets["held out"], *sets["composites"]]
    slope, shift = fitted(fitted_to)
    print(f"fitted: slope {slope:.1f}, shift {shift:.1f}; in use: {sure._SLOPE}, {sure._SHIFT}\n")
    print("AUC for IoU below .5 (95 %):\n")
    rows = [
        [name, *(area([(one.told[name], one.good) for one in of_set]) for of_set in sets.values())]
        for name in fitted_to[0].told
    ]
    heads = [f"{name} ({sum(not one.good for one in s)} of {len(s)})" for name, s in sets.items()]
    print(common.table(["told by", *heads], rows))
    print("\nBy certainty: results, mean certainty, share of good ones, mean IoU\n")
    print(common.table(["certainty", *sets], reliability_rows(sets)))
    for name, results in sets.items():
        warned = [one.told["certainty"] < sure.NOT_SURE for one in results]
        bad = sum(w for w, one in zip(warned, results, strict=True) if not one.good)
        vain = np.mean([w for w, one in zip(warned, results, strict=True) if one.good])
        print(f"{name}: warned of {bad} of {sum(not one.good for one in results)}, and {vain:.0%}")


def corrupted(photos: list[Photo]) -> Iterator[Picture]:
    """Photographs as they are and damaged."""
    for condition in CONDITIONS:
        for seed, photo in enumerate(photos):
            image, truth = photo.image, photo.mask > 127
            if condition != "clean":
                image, truth = corrupt(condition, image, truth, seed=seed)
            yield Picture(image, truth.astype(np.float32))


def composites(photos: list[Photo], backgrounds: list[Path]) -> Iterator[Picture]:
    """Lay subjects over other photographs, in linear light."""
    rng = np.random.default_rng(7)
    subjects = [subject for subject in map(cut_subject, photos) if subject is not None]
    for number in range(COMPOSITES):
        below = read_rgb(backgrounds[int(rng.integers(len(backgrounds)))], SIDE)
        subject = subjects[number % len(subjects)]
        rows, cols = below.shape[:2]
        alpha = subject.alpha.astype(np.float32) / 255
        share = np.exp(rng.uniform(*np.log(AREAS)))
        scale = np.sqrt(share * rows * cols / max(1.0, float(alpha.sum())))
        scale = min(scale, 0.95 * rows / alpha.shape[0], 0.95 * cols / alpha.shape[1])
        size = tuple(max(8, round(scale * side)) for side in alpha.shape[::-1])
        alpha, colour = (
            cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
            for plane in (alpha, subject.colour)
        )
        if rng.random() < 0.5:
            alpha, colour = alpha[:, ::-1], colour[:, ::-1]
        top, left = (int(rng.integers(0, free + 1)) for free in (rows - size[1], cols - size[0]))
        place = np.s_[top : top + size[1], left : left + size[0]]
        truth = np.zeros((rows, cols), np.float32)
        truth[place] = alpha
        light = srgb_to_linear(common.as_float(below))
        light[place] += alpha[..., None] * (srgb_to_linear(common.as_float(colour)) - light[place])
        image = np.rint(255 * linear_to_srgb(light.clip(0, 1))).astype(np.uint8)
        yield Picture(image, (truth > 0.5).astype(np.float32))


def ask(pictures: Iterator[Picture], session: Session, every: int) -> list[Result]:
    """Remove backgrounds, and listen to what was said of the certainty."""
    results = []
    for number, picture in enumerate(pictures):
        if number % every:
            continue
        common.progress(f"{number}")
        told: dict[str, float] = {}
        real = sure.certainty

        def listening(
            image: Any, fused: Any, session: Any, told: dict[str, float] = told, real: Any = real
        ) -> float:
            found = real(image, fused, session)
            subject = fused.probability >= 0.5
            stands_out = saliency(image)
            told |= {
                "certainty": found,
                "agreement of frames": sure.reframed(image, fused.probability, session),
                "decidedness": sure.decidedness(fused),
                "saliency's overlap": iou((stands_out >= 0.4).astype(np.float32), subject),
                "difference of colours across the outline": across(image, subject),
                "share of the frame's border": -float(rim(subject).mean()),
            }
            return float(found)

        try:
            with (
                mock.patch(f"{STRATEGY}.certainty", listening),
                mock.patch(f"{STRATEGY}.has_screen", return_value=False),
            ):
                cutout = remove_background(picture.image, session=session)
        except NoSubjectError:
            continue
        results.append(Result(iou(cutout.alpha, picture.truth), told))
    common.progress("")
    return results


def across(image: NDArray[np.float32], subject: NDArray[np.bool_]) -> float:
    """Find how far mean colours differ across an outline, beside how they vary inside."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    reach = max(2, round(0.03 * float(np.sqrt(subject.sum()))))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    mask = subject.astype(np.uint8)
    sides = (
        subject & ~cv2.erode(mask, disc, borderValue=1).astype(bool),
        cv2.dilate(mask, disc).astype(bool) & ~subject,
    )
    means = []
    for side in sides:
        weight = cv2.blur(side.astype(np.float32), (2 * reach + 1,) * 2)
        mean = cv2.blur(lab * side[..., None], (2 * reach + 1,) * 2)
        means.append(mean / np.maximum(weight, 1e-6)[..., None])
    edge = sides[0] & cv2.dilate(sides[1].astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    if not edge.any():
        return 0.0
    apart = np.linalg.norm(means[0] - means[1], axis=2)[edge].mean()
    return float(apart / (lab[subject].std(axis=0).mean() + 5))


def rim(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of a picture's border."""
    return np.concatenate([mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1]])


def fitted(results: list[Result]) -> tuple[float, float]:
    """Find the logistic curve of least log loss."""
    from scipy.optimize import minimize

    agreement = np.array([one.told["agreement of frames"] for one in results])
    good = np.array([one.good for one in results], dtype=float)

    def loss(by: NDArray[np.float64]) -> float:
        odds = by[0] * agreement + by[1]
        return float(np.mean(np.logaddexp(0, odds) - good * odds))

    slope, shift = minimize(loss, [5.0, -2.0], method="Nelder-Mead").x
    return float(slope), float(shift)


def area(pairs: list[tuple[float, bool]]) -> str:
    """Find the area under the ROC curve and its interval."""
    values, good = (np.array(each) for each in zip(*pairs, strict=True))

    def statistic(drawn: NDArray[np.intp]) -> float:
        some = good[drawn]
        return float("nan") if some.all() or not some.any() else roc_area(values[drawn], some)

    found = of_statistic(statistic, len(pairs))
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})" if found else "-"


def reliability_rows(sets: dict[str, list[Result]]) -> Iterator[list[str]]:
    """Compare certainties with what came of them."""
    for low, high in pairwise(BOUNDS):
        row = [f"{low:g} to {min(high, 1):g}"]
        for results in sets.values():
            inside = [one for one in results if low <= one.told["certainty"] < high]
            mean, good, overlap = (
                np.mean(values) if inside else 0.0
                for values in (
                    [one.told["certainty"] for one in inside],
                    [one.good for one in inside],
                    [one.iou for one in inside],
                )
            )
            row.append(f"{len(inside)}: {mean:.2f}, {good:.2f}, {overlap:.2f}" if inside else "-")
        yield row


if __name__ == "__main__":
    main()
