"""Our alpha against GIMP's own matting (`gimp-drawable-foreground-extract`, "matting-levin").

python -m benchmarks.gimp --data FOLDER            errors and time on alphamatting.com's pictures
python -m benchmarks.gimp --data FOLDER --scale 4  time alone, on pictures of four times the sides

Both run inside the same GIMP, on the same picture and the same trimap (white foreground, black
background, else unknown); ours through the plug-in as a user calls it, so that its time includes
starting the worker and carrying the pixels. GIMP's result is a selection, ours a layer mask; both
are read in 8 bits. Needs root and the folder of `.ci/gimp-root`, named by HYBRIDBG_GIMP_ROOT.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common import folder, parser, ratio, read, table
from hybridbg.core import metrics
from tests.gimp.root import VARIABLE, GimpRoot

INSIDE = Path(__file__).with_name("gimp_inside.py")


def main() -> None:
    """Print a table for each kind of trimap."""
    options = parser(__doc__, data=True)
    options.add_argument("--pictures", default="1,2,3,4,5,6,7,8,9", help="their numbers")
    options.add_argument("--scale", type=float, default=1.0, help="of the sides")
    options.add_argument("--trimaps", default="tight,loose")
    arguments = options.parse_args()
    data = folder(arguments.data, "alphamatting")
    names = [f"GT{int(number):02d}" for number in arguments.pictures.split(",")]
    gimp = GimpRoot(Path(os.environ[VARIABLE]))
    try:
        for kind in arguments.trimaps.split(","):
            print(compared(gimp, data, names, kind, arguments.scale), end="\n\n")
    finally:
        shutil.rmtree(gimp.folder, ignore_errors=True)


def compared(gimp: GimpRoot, data: Path, names: list[str], kind: str, scale: float) -> str:
    """Let GIMP work, and return the table."""
    for name in names:
        image = Image.open(data / "image" / f"{name}.png").convert("RGB")
        trimap = Image.open(data / f"trimap_{kind}" / f"{name}.png").convert("L")
        size = round(scale * image.width), round(scale * image.height)
        image.resize(size, Image.Resampling.BICUBIC).save(gimp.folder / f"{name}.png")
        trimap.resize(size, Image.Resampling.NEAREST).save(gimp.folder / f"{name}.trimap.png")
    (gimp.folder / "bench.json").write_text(json.dumps([{"name": name} for name in names]))
    answers = gimp.folder / "bench.results.json"
    answers.unlink(missing_ok=True)
    log = gimp.run_file(INSIDE, HYBRIDBG_CASES=gimp.inside)
    if not answers.exists():
        raise SystemExit(log)
    seconds: dict[str, dict[str, float]] = json.loads(answers.read_text())
    rows: list[list[Any]] = []
    for name in names:
        errors: list[float] = []
        if scale == 1:
            truth = read(data / "alpha" / f"{name}.png", "L")
            region = read(data / f"trimap_{kind}" / f"{name}.png", "L")
            for who in ("gimp", "ours"):
                found = np.frombuffer((gimp.folder / f"{name}.{who}").read_bytes(), np.uint8)
                found = found.reshape(truth.shape)
                errors.append(metrics.sad(found, truth, region=region))
                errors.append(1000 * metrics.mse(found, truth, region=region))
        rows.append([name, *errors, seconds[name]["gimp"], seconds[name]["ours"]])
    rows.append(["**mean**", *np.mean([row[1:] for row in rows], axis=0)])
    faster = ratio([row[-2] for row in rows[:-1]], [row[-1] for row in rows[:-1]])
    quality = ["SAD, GIMP", "MSE, GIMP", "SAD, ours", "MSE, ours"] if scale == 1 else []
    header = [f"{kind}, x{scale:g}", *quality, "seconds, GIMP", "seconds, ours"]
    cells = [[row[0], *(f"{value:.2f}" for value in row[1:])] for row in rows]
    return f"{table(header, cells)}\n\nGIMP's time / ours: {faster}"


if __name__ == "__main__":
    main()
