"""Our alpha against GIMP's own matting (`gimp-drawable-foreground-extract`, "matting-levin").

python -m benchmarks.gimp --data FOLDER            errors and time on alphamatting.com's pictures
python -m benchmarks.gimp --data FOLDER --scale 4  time alone, on pictures of four times the sides
python -m benchmarks.gimp --data FOLDER --full     and GIMP's without its reduced levels

Both run inside the same GIMP, on the same picture and the same trimap (white foreground, black
background, else unknown); ours through the plug-in as a user calls it, so that its time includes
starting the worker and carrying the pixels. GIMP's result is a selection, ours a layer mask; both
are read in 8 bits. By default matting-levin solves on reduced copies and interpolates; without them
it solves what ours does, and is measured as GEGL's operation. Needs root and the folder of
`.ci/gimp-root`, named by HYBRIDBG_GIMP_ROOT.
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
    options.add_argument("--full", action="store_true", help="GIMP's at full resolution as well")
    arguments = options.parse_args()
    data = folder(arguments.data, "alphamatting")
    names = [f"GT{int(number):02d}" for number in arguments.pictures.split(",")]
    gimp = GimpRoot(Path(os.environ[VARIABLE]))
    try:
        for kind in arguments.trimaps.split(","):
            print(
                compared(gimp, data, names, kind, arguments.scale, full=arguments.full), end="\n\n"
            )
    finally:
        shutil.rmtree(gimp.folder, ignore_errors=True)


def compared(
    gimp: GimpRoot, data: Path, names: list[str], kind: str, scale: float, *, full: bool = False
) -> str:
    """Let GIMP work, and return the table."""
    for name in names:
        image = Image.open(data / "image" / f"{name}.png").convert("RGB")
        trimap = Image.open(data / f"trimap_{kind}" / f"{name}.png").convert("L")
        size = round(scale * image.width), round(scale * image.height)
        image.resize(size, Image.Resampling.BICUBIC).save(gimp.folder / f"{name}.png")
        trimap.resize(size, Image.Resampling.NEAREST).save(gimp.folder / f"{name}.trimap.png")
    (gimp.folder / "bench.json").write_text(
        json.dumps([{"name": name, "full": full} for name in names])
    )
    answers = gimp.folder / "bench.results.json"
    answers.unlink(missing_ok=True)
    log = gimp.run_file(INSIDE, HYBRIDBG_CASES=gimp.inside)
    if not answers.exists():
        raise SystemExit(log)
    seconds: dict[str, dict[str, float]] = json.loads(answers.read_text())
    who = {"gimp": "GIMP"} | ({"full": "GIMP, full"} if full else {}) | {"ours": "ours"}
    rows: list[list[Any]] = []
    for name in names:
        errors: list[float] = []
        if scale == 1:
            truth = read(data / "alpha" / f"{name}.png", "L")
            region = read(data / f"trimap_{kind}" / f"{name}.png", "L")
            for key in who:
                found = np.frombuffer((gimp.folder / f"{name}.{key}").read_bytes(), np.uint8)
                found = found.reshape(truth.shape)
                errors.append(metrics.sad(found, truth, region=region))
                errors.append(1000 * metrics.mse(found, truth, region=region))
        rows.append([name, *errors, *(seconds[name][key] for key in who)])
    rows.append(["**mean**", *np.mean([row[1:] for row in rows], axis=0)])
    labels = list(who.values())
    quality = [f"{error}, {label}" for label in labels for error in ("SAD", "MSE")]
    header = [
        f"{kind}, x{scale:g}",
        *(quality if scale == 1 else []),
        *(f"seconds, {label}" for label in labels),
    ]
    cells = [[row[0], *(f"{value:.2f}" for value in row[1:])] for row in rows]
    faster = "\n".join(
        f"{label}'s time / ours: {_ratio(rows[:-1], place)}"
        for place, label in zip(range(-len(who), -1), labels, strict=False)
    )
    return f"{table(header, cells)}\n\n{faster}"


def _ratio(rows: list[list[Any]], place: int) -> object:
    return ratio([row[place] for row in rows], [row[-1] for row in rows])


if __name__ == "__main__":
    main()
