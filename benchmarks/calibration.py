"""Do sources say how right they are: reliability of each, and whether a map of two numbers helps.

    python -m benchmarks.calibration --data FOLDER --training FOLDER

Photographs held out from training (`training.data`; some of their masks are machine-made), the 40
with masks and the nine with true alpha; each by itself and from a rough hint. Keys are asked about
painted shots. A map p -> sigmoid(a logit p + b) (Platt 1999) is fitted on one half of the held-out
photographs and tried on the other, then fitted on all of them and tried on the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import common
from benchmarks.hybrid_parts import STRATEGY
from benchmarks.screen_scenes import scenes
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.image import as_float
from hybridbg.core.metrics import Reliability, calibration_error, reliability
from hybridbg.evaluation.reporting.statistics import of_statistic
from hybridbg.keying import estimate_screen, key_alpha
from hybridbg.pipeline import find_trimap, fusion
from hybridbg.predict import Session, look, new_session
from training.data import is_held_out, read_masked_photos
from training.measures import rough_hint

Plane = NDArray[np.float32]
Map = tuple[float, float]

AS_IT_IS: Map = (1.0, 0.0)
LEAST = 0.004
"""Probabilities are kept this far from 0 and 1: about what eight bits hold."""
SAMPLES = 4000
"""Pixels of each picture that a map is fitted to."""
NEAR = (0.01, 0.03, 0.1)
"""Distances from GrabCut's outline, in sides of a square of its area."""
BESIDE = "network where GrabCut spoke"
PROBABILITIES = (0.05, 0.3, 0.7, 0.95)


@dataclass(frozen=True)
class Picture:
    """A picture and its true alpha or mask."""

    image: NDArray[np.uint8]
    truth: Plane


@dataclass(frozen=True)
class Said:
    """What one source said of a picture, and what is true."""

    probability: Plane
    truth: Plane


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__, data=True)
    parser.add_argument("--training", type=Path, required=True, help="folder that holds train/")
    options = parser.parse_args()
    sets = {
        "held out": held_out(options.training),
        "photographs": list(photographs(common.folder(options.data, "photos"))),
        "alphamatting": list(mattes(common.folder(options.data, "alphamatting"))),
    }
    session = new_session()
    rows, asides = [], []
    for hinted in (False, True):
        found = {name: ask(pictures, session, hinted) for name, pictures in sets.items()}
        for source in (name for name in found["held out"] if name != BESIDE):
            said = {name: of_set[source] for name, of_set in found.items()}
            rows += judged(f"{source}{', hint' if hinted else ''}", said)
        asides.append((hinted, found))
    keyed = [Said(*pair) for pair in keys()]
    rows.append(["key, painted shots", f"{error(keyed)}, {loss(keyed):.3f}", *["-"] * 4])
    head = ["source: ECE (95 %), log loss", *sets, "map fitted on half", "other half, mapped"]
    print(common.table([*head, "photographs, mapped"], rows))
    for hinted, found in asides:
        for name in ("held out", "photographs"):
            print(f"\n{name}, {'rough hint' if hinted else 'told nothing'}:\n")
            print(grabcut_table(found[name]))


def held_out(training: Path) -> list[Picture]:
    """Read the photographs that the network was not trained on."""
    photos = [photo for photo in read_masked_photos(training) if is_held_out(photo.name)]
    return [Picture(photo.image, (photo.mask > 127).astype(np.float32)) for photo in photos]


def photographs(folder: Path) -> Iterator[Picture]:
    """Read photographs with masks."""
    for path in sorted((folder / "image").iterdir()):
        mask = common.read(folder / "mask" / f"{path.stem}.png", "L") > 127
        yield Picture(common.read(path, "RGB"), mask.astype(np.float32))


def mattes(folder: Path) -> Iterator[Picture]:
    """Read pictures with true alpha."""
    for path in sorted((folder / "image").iterdir()):
        alpha = as_float(common.read(folder / "alpha" / path.name, "L"))
        yield Picture(common.read(path, "RGB"), alpha)


def ask(pictures: list[Picture], session: Session, hinted: bool) -> dict[str, list[Said]]:
    """Ask the pipeline, and listen to what its sources say before they are fused."""
    names = (["network's own"] if hinted else []) + ["network", "GrabCut", "fused", BESIDE]
    found: dict[str, list[Said]] = {name: [] for name in names}
    for number, picture in enumerate(pictures):
        common.progress(f"{number}")
        hint = rough_hint(picture.truth > 0.5, seed=number) if hinted else None
        heard: list[Any] = []

        def listening(sources: Any, heard: list[Any] = heard) -> Any:
            heard[:] = [sources, fusion.fuse(sources)]
            return heard[1]

        try:
            with (
                mock.patch(f"{STRATEGY}.fuse", listening),
                mock.patch(f"{STRATEGY}.has_screen", return_value=False),
            ):
                find_trimap(picture.image, hint=hint, session=session)
        except NoSubjectError:
            continue
        sources = {source.name: source.probability for source in heard[0]}
        if hint is not None:  # as it answers, before the pipeline corrects it
            raw = look(as_float(picture.image), hint=hint, session=session).alpha
            found["network's own"].append(Said(raw, picture.truth))
        found["network"].append(Said(sources["network"], picture.truth))
        found["fused"].append(Said(heard[1].probability, picture.truth))
        if "grabcut" in sources:
            cut = (sources["grabcut"] >= 0.5).astype(np.float32)
            found["GrabCut"].append(Said(cut, picture.truth))
            found[BESIDE].append(Said(sources["network"], picture.truth))
    common.progress("")
    return found


def keys() -> Iterator[tuple[Plane, Plane]]:
    """Key painted shots."""
    for _, shot in scenes():
        alpha = key_alpha(shot.image, estimate_screen(shot.image))
        yield alpha, shot.alpha.astype(np.float32)


def judged(source: str, said: dict[str, list[Said]]) -> list[list[str]]:
    """Rows of the table: as the source is, and what maps make of it."""
    halves = said["held out"][0::2], said["held out"][1::2]
    plain = [f"{error(each)}, {loss(each):.3f}" for each in said.values()]
    rows = []
    for number, (one, other) in enumerate((halves, halves[::-1])):
        found = fitted(one)
        before, after = (f"{ece(other, by):.3f}, {loss(other, by):.3f}" for by in (AS_IT_IS, found))
        row = [f"a {found[0]:.2f}, b {found[1]:+.2f}", f"{before} -> {after}"]
        rows.append([source, *plain, *row, "-"] if not number else ["", "", "", "", *row, "-"])
    whole = fitted(said["held out"])
    photos = said["photographs"]
    rows[1][-1] = (
        f"a {whole[0]:.2f}, b {whole[1]:+.2f}: {ece(photos, whole):.3f}, {loss(photos, whole):.3f}"
    )
    return rows


def logit(probability: NDArray[Any]) -> NDArray[np.float64]:
    """Log odds, bounded."""
    kept = np.clip(probability.astype(np.float64), LEAST, 1 - LEAST)
    return np.asarray(np.log(kept / (1 - kept)))


def fitted(said: list[Said]) -> Map:
    """Find the map of least log loss, every picture weighing alike."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    drawn = [(each, rng.integers(each.truth.size, size=SAMPLES)) for each in said]
    odds = np.concatenate([logit(each.probability.ravel()[pick]) for each, pick in drawn])
    true = np.concatenate([each.truth.ravel()[pick] for each, pick in drawn])

    def loss_of(by: NDArray[np.float64]) -> float:
        mapped = by[0] * odds + by[1]
        return float(np.mean(np.logaddexp(0, mapped) - true * mapped))

    slope, shift = minimize(loss_of, [1.0, 0.0], method="Nelder-Mead").x
    return float(slope), float(shift)


def loss(said: list[Said], by: Map = AS_IT_IS) -> float:
    """Log loss, the mean over pictures."""
    odds = ((by[0] * logit(each.probability) + by[1], each.truth) for each in said)
    return float(np.mean([np.mean(np.logaddexp(0, z) - true * z) for z, true in odds]))


def bins(said: list[Said], by: Map) -> list[Reliability]:
    """Bins of every picture."""
    if by == AS_IT_IS:
        return [reliability(each.probability, each.truth) for each in said]
    odds = ((by[0] * logit(each.probability) + by[1], each.truth) for each in said)
    return [reliability((1 / (1 + np.exp(-z))).astype(np.float32), true) for z, true in odds]


def ece(said: list[Said], by: Map) -> float:
    """Give the expected calibration error."""
    return calibration_error(bins(said, by))


def error(said: list[Said]) -> str:
    """Give the expected calibration error and its interval."""
    of_each = bins(said, AS_IT_IS)
    found = of_statistic(lambda drawn: calibration_error([of_each[n] for n in drawn]), len(of_each))
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})" if found else "-"


def grabcut_table(found: dict[str, list[Said]]) -> str:
    """How often GrabCut is right, by the network's probability and by distance from its outline."""
    by_network = np.zeros((2, len(PROBABILITIES) + 1, 2))
    by_distance = np.zeros((2, len(NEAR) + 1, 2))
    for cut, network in zip(found["GrabCut"], found[BESIDE], strict=True):
        inside = (cut.probability > 0).astype(np.uint8)
        side = np.sqrt(max(1, np.count_nonzero(inside)))
        away = [cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (inside, 1 - inside)]
        for sums, place in (
            (by_network, np.digitize(network.probability, PROBABILITIES)),
            (by_distance, np.digitize((away[0] + away[1]) / side, NEAR)),
        ):
            for part in (0, 1):
                for column in range(sums.shape[1]):
                    here = (inside == part) & (place == column)
                    sums[part, column] += np.array([here.sum(), cut.truth[here].sum()]) / here.size
    heads = [f"network < {value}" for value in PROBABILITIES] + ["above"]
    heads += [f"nearer than {value}" for value in NEAR] + ["farther"]
    rows = []
    for part, name in ((1, "foreground"), (0, "background")):
        both = np.concatenate([by_network[part], by_distance[part]])
        whole = by_network[part].sum(axis=0)
        cells = [f"{true / share:.2f}" if share > 0 else "-" for share, true in both]
        rows.append([f"GrabCut: {name}", f"{whole[1] / whole[0]:.2f}", *cells])
    return common.table(["truly foreground where", "all", *heads], rows)


if __name__ == "__main__":
    main()
