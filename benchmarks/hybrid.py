"""Is the hybrid better than each of its parts: every slice, and the mean over all pictures.

    python -m benchmarks.hybrid --data FOLDER --out FOLDER [--resume] [--jobs N]
    python -m benchmarks.hybrid --data FOLDER --out FOLDER --slices all --alone --every 2 --side 320

Photographs with masks, pictures with true alpha, the generated samples and painted shots before
screens are laid out as datasets; `hybridbg.evaluation` runs the whole pipeline, each part alone,
pairs of them and the usual matting on all; `--alone` leaves the last two out. With `--slices` it
does so on damaged copies of them too. `--out` receives its report as well.

The error is the mean absolute difference (MAD) of alpha over the picture; of masks, where the truth
is one.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import common
from benchmarks.hybrid_parts import Together, UsualWay
from benchmarks.screen_scenes import scenes
from hybridbg import evaluation
from hybridbg.core.colour import linear_to_srgb
from hybridbg.evaluation.methods import Method
from hybridbg.evaluation.reporting.page import make_page
from hybridbg.evaluation.runs import ALL
from hybridbg.evaluation.scenes import CLEAN

ALONE = ("network", "predict", "grabcut", "key")
TOGETHER = (
    ("network", "grabcut"),
    ("network", "saliency"),
    ("network", "key"),
    ("network", "saliency", "grabcut"),
    ("network", "saliency", "grabcut", "key"),
)
METRICS = {"mad": 4, "iou": 3, "boundary_iou": 3, "fringe": 2}
"""And the digits that mean something."""


def main() -> None:
    """Lay out, run, report."""
    parser = common.parser(__doc__, data=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of datasets and report")
    parser.add_argument("--resume", action="store_true", help="keep what is there already")
    parser.add_argument("--jobs", type=int, default=1, help="pictures at once")
    parser.add_argument("--page", type=Path, help="write the report here too, without pictures")
    parser.add_argument("--every", type=int, default=1, help="of so many pictures use one")
    parser.add_argument(
        "--side", type=int, help="long side that pictures are reduced to, if longer"
    )
    parser.add_argument("--slices", default="clean", help="clean, corruptions by name, or all")
    parser.add_argument("--alone", action="store_true", help="only the hybrid and single parts")
    options = parser.parse_args()
    folders = lay_out(options.data, options.out / "data", options.every)
    if options.side:
        reduce(options.out / "data", options.side)
    datasets = evaluation.read_datasets(folders)
    compared = methods()[: 1 + len(ALONE)] if options.alone else methods()
    conditions = evaluation.choose_conditions(options.slices.split(","))
    run = evaluation.Run(datasets, compared, options.out, conditions)
    run.begin(resume=options.resume)
    for record in run.work_off(jobs=options.jobs):
        common.progress(f"{record['picture']}: {record['method']}")
    results = evaluation.summarise(run)
    evaluation.write_report(results, options.out)
    if options.page:  # most of the pictures may not be passed on
        options.page.write_text(make_page(results, options.out / "none"), encoding="utf-8")
    print(tables(results))
    print(against_the_best(results))


def lay_out(data: Path | None, out: Path, every: int) -> list[str]:
    """Make one dataset of each kind of picture; return their folders."""
    photos = common.folder(data, "photos")
    for mask in sorted((photos / "mask").iterdir())[::every]:
        image = next((photos / "image").glob(f"{mask.stem}.*"))
        kind = "cats" if mask.stem.startswith("cat_") else "DAVIS frames"
        link(out / kind, image=image, mask=mask)
    mattes = common.folder(data, "alphamatting")
    for alpha in sorted((mattes / "alpha").iterdir())[::every]:
        link(out / "alphamatting", image=mattes / "image" / alpha.name, alpha=alpha)
    for sample in sorted(path.parent for path in common.SAMPLES.glob("*/alpha.png"))[::every]:
        kind = "screens" if sample.name.startswith("green") else "samples"
        files = {each: sample / f"{each}.png" for each in ("image", "alpha", "foreground")}
        link(out / kind, sample.name, **files)
    for name, shot in islice(scenes(), 0, None, every):
        folder = out / "screens" / name
        folder.mkdir(parents=True, exist_ok=True)
        save(folder / "image.png", shot.image)
        save(folder / "alpha.png", np.rint(255 * shot.alpha))
        save(folder / "foreground.png", np.rint(255 * linear_to_srgb(shot.foreground)))
    return [str(folder) for folder in sorted(out.iterdir())]


def link(dataset: Path, name: str = "", **files: Path) -> None:
    """Put a picture's files where `hybridbg.evaluation` looks for them."""
    folder = dataset / (name or files["image"].stem)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, path in files.items():
        place = folder / f"{kind}{path.suffix}"
        place.unlink(missing_ok=True)
        place.symlink_to(path.resolve())


def reduce(datasets: Path, side: int) -> None:
    """Put smaller copies in the place of whatever is larger."""
    for path in sorted(datasets.glob("*/*/*.*")):
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        shrink = side / max(stored.shape[:2])
        if shrink < 1:
            path.unlink()  # perhaps a link to the picture itself
            size = tuple(max(1, round(shrink * length)) for length in stored.shape[1::-1])
            copy = cv2.resize(stored, size, interpolation=cv2.INTER_AREA)
            if not cv2.imwrite(str(path.with_suffix(".png")), copy):
                raise SystemExit(f"cannot write {path}")


def save(path: Path, pixels: Any) -> None:
    """Write grey or RGB."""
    stored = np.asarray(pixels, dtype=np.uint8)
    if not cv2.imwrite(str(path), stored[..., ::-1] if stored.ndim == 3 else stored):
        raise SystemExit(f"cannot write {path}")


def methods() -> list[Method]:
    """All that is compared; the first is what the others are compared with."""
    ours = evaluation.choose_methods(["auto", *ALONE])
    return [*ours, UsualWay(), *(Together(parts) for parts in TOGETHER)]


def tables(results: dict[str, Any]) -> str:
    """Errors of all methods on all slices, and the hybrid against each."""
    slices = [each["name"] for each in results["slices"]]
    names = [each["name"] for each in results["methods"]]
    found = {(each["slice"], each["method"], each["metric"]): each for each in results["figures"]}
    apart = {
        (each["slice"], each["method"], each["metric"]): each for each in results["differences"]
    }
    lines = []
    for metric, digits in METRICS.items():
        lines.append(f"\n### {results['metrics'][metric]['label']}\n")
        head = ["method", *slices, "all: hybrid less this (95 %)", "of this"]
        rows = []
        for name in names:
            cells = [found.get((each, name, metric)) for each in slices]
            row = [f"{each['value']:.{digits}f}" if each else "-" for each in cells]
            less, own = apart.get((ALL, name, metric)), found.get((ALL, name, metric))
            row += ["-", "-"]
            if less and own:
                low, high = -less["high"], -less["low"]
                row[-2:] = [
                    f"{-less['value']:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})",
                    f"{-less['value'] / own['value']:+.1%}",
                ]
            rows.append([name, *row])
        lines.append(common.table(head, rows))
    return "\n".join(lines)


def against_the_best(results: dict[str, Any]) -> str:
    """Set the hybrid's error beside that of its best single part, slice by slice."""
    metric = "mad"
    place = {(each["slice"], each["method"], each["metric"]): each for each in results["figures"]}
    rows = []
    for part in (each["name"] for each in results["slices"]):
        alone = {name: place[part, name, metric]["value"] for name in ALONE}
        best = min(alone, key=lambda name: alone[name])
        [ours, theirs] = (scores(results, part, name, metric) for name in ("auto", best))
        common_ones = sorted(set(ours) & set(theirs))
        differences = [ours[each] - theirs[each] for each in common_ones]
        low, high = common.interval(differences)
        mean = float(np.mean(differences))
        better = "yes" if mean <= 0 else "no, but could be chance" if low <= 0 else "**no**"
        apart = f"{mean:+.4f} ({low:+.4f} to {high:+.4f})"
        rows.append(
            [part, len(common_ones), f"{place[part, 'auto', metric]['value']:.4f}",
             f"{best} {alone[best]:.4f}", apart, better]
        )  # fmt: skip
    head = ["slice", "pictures", "hybrid", "best part", "hybrid less it (95 %)", "as good"]
    return (
        f"\n### {results['metrics'][metric]['label']}: the best part\n\n{common.table(head, rows)}"
    )


def scores(results: dict[str, Any], part: str, method: str, metric: str) -> dict[str, float]:
    """Scores of a method's pictures in a slice."""
    facts = {name: f for each in results["datasets"] for name, f in each["pictures"].items()}
    found = {}
    for record in results["records"]:
        slices = [record["condition"]]
        if record["condition"] == CLEAN:
            slices = [ALL, *facts[record["picture"]]["slices"]]
        if record["method"] == method and part in slices and metric in record.get("scores", {}):
            found[record["picture"]] = record["scores"][metric]
    return found


if __name__ == "__main__":
    main()
