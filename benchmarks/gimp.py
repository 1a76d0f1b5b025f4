"""Our alpha against GIMP's own matting (`gimp-drawable-foreground-extract`, "matting-levin").

Both run inside the same GIMP, on the same picture and the same trimap; ours through the plug-in, as a
user would call it, so that its time includes starting the worker and carrying the pixels. GIMP's
takes the trimap as a drawable: white is foreground, black background, other values unknown. Its
result is a layer mask too, or the alpha of the layer; both are read as 8 bits.

Needs root and the folder of `.ci/gimp-root`, named by HYBRIDBG_GIMP_ROOT.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from tests.gimp.root import VARIABLE, GimpRoot

from benchmarks.common import data_folder, table
from hybridbg.core import metrics

INSIDE = Path(__file__).with_name("gimp_inside.py")


def main() -> None:
    """Compare on the pictures of alphamatting.com."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder with alphamatting/")
    parser.add_argument("--pictures", type=int, default=9, help="how many")
    parser.add_argument("--scale", type=float, default=1.0, help="enlarge pictures and trimaps")
    parser.add_argument("--trimaps", default="tight,loose")
    arguments = parser.parse_args()
    gimp = GimpRoot(Path(os.environ[VARIABLE]))
    folder = data_folder(arguments.data) / "alphamatting"
    cases = []
    for kind in arguments.trimaps.split(","):
        for number in range(1, arguments.pictures + 1):
            name = f"GT{number:02d}"
            case = f"{name}-{kind}"
            image = Image.open(folder / "image" / f"{name}.png").convert("RGB")
            trimap = Image.open(folder / f"trimap_{kind}" / f"{name}.png").convert("L")
            size = tuple(round(arguments.scale * side) for side in image.size)
            image.resize(size, Image.Resampling.BICUBIC).save(gimp.folder / f"{case}.png")
            trimap.resize(size, Image.Resampling.NEAREST).save(gimp.folder / f"{case}.trimap.png")
            cases.append({"name": case, "size": size})
    (gimp.folder / "bench.json").write_text(json.dumps(cases))
    log = gimp.run_file(INSIDE, HYBRIDBG_CASES=gimp.inside)
    answers = gimp.folder / "bench.results.json"
    if not answers.exists():
        raise SystemExit(log)
    times = json.loads(answers.read_text())
    rows = []
    for case in cases:
        name = case["name"]
        row = [name]
        if arguments.scale == 1:
            truth = Image.open(folder / "alpha" / f"{name[:4]}.png").convert("L")
            alpha = np.asarray(truth, np.float32) / 255
            trimap = np.asarray(Image.open(gimp.folder / f"{name}.trimap.png"))
            for who in ("gimp", "ours"):
                data = np.frombuffer((gimp.folder / f"{name}.{who}").read_bytes(), np.uint8)
                found = data.reshape(alpha.shape).astype(np.float32) / 255
                row += errors(found, alpha, trimap)
        row += [times[name]["gimp"], times[name]["ours"], times[name]["gimp"] / times[name]["ours"]]
        rows.append(row)
    means = [float(np.mean([row[column] for row in rows])) for column in range(1, len(rows[0]))]
    rows.append(["mean", *means])
    quality = ["SAD, GIMP", "MSE", "SAD, ours", "MSE"] if arguments.scale == 1 else []
    head = ["picture", *quality, "seconds, GIMP", "seconds, ours", "ratio"]
    print(table(head, [[row[0], *(f"{value:.2f}" for value in row[1:])] for row in rows]))
    shutil.rmtree(gimp.folder, ignore_errors=True)


def errors(found: np.ndarray, alpha: np.ndarray, trimap: np.ndarray) -> list[float]:
    """Return SAD in thousands and MSE in thousandths, of unknown pixels."""
    where = trimap == 128
    return [
        float(metrics.sad(found, alpha, trimap=trimap)),
        1000 * float(np.mean((found[where] - alpha[where]) ** 2)),
    ]


if __name__ == "__main__":
    main()
