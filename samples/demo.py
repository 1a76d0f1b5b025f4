"""Cut out real photographs and the samples, and lay the results out to be looked at.

``make demo`` runs this; ``python samples/demo.py [NAME ...] [--out FOLDER]`` cuts out some of the
pictures. For each it writes the cut-out, the cut-out on a checkerboard, on white and on a saturated
colour, and a sheet: the photograph, the trimap and the alpha; the three backgrounds; and the
busiest corner of the edge at double size, where hair and fringes show. The photographs come with
scikit-image (NASA's portrait of Eileen Collins, public domain; Chelsea the cat and a cup of coffee,
CC0) and are cut out with nothing but the picture given; the samples, which were painted to be hard
to matte, from the trimap beside them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw
from skimage import data

import hybridbg as hb
from hybridbg.core.compositing import checkerboard

HERE = Path(__file__).parent
PHOTOGRAPHS: dict[str, Callable[[], np.ndarray]] = {
    "astronaut": data.astronaut,
    "chelsea": data.chelsea,
    "coffee": data.coffee,
}
SATURATED = "#00b140"  # the green of screens: skin, hair and fur fringes show best on it
TILE = (420, 420)  # rows and columns of a picture on the sheet
GAP = 8
CAPTION = 18
DETAIL = 210  # side of the corner that is shown at double size


def names() -> list[str]:
    """Names of all demo pictures."""
    return [*PHOTOGRAPHS, *sorted(path.parent.name for path in HERE.glob("*/image.png"))]


def load(name: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Load a demo picture as (H, W, 3) uint8, with what `remove_background` is told about it."""
    if name in PHOTOGRAPHS:
        return PHOTOGRAPHS[name](), {}
    folder = HERE / name
    image = np.asarray(PILImage.open(folder / "image.png").convert("RGB"))
    return image, {"trimap": folder / "trimap.png"}


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """Bring grey or RGB floats in [0, 1] to (H, W, 3) uint8."""
    if picture.dtype != np.uint8:
        picture = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def busiest_corner(alpha: np.ndarray) -> tuple[slice, slice]:
    """Find the square with most of the soft edge."""
    soft = 4 * alpha * (1 - alpha)
    sums = np.pad(soft.cumsum(axis=0, dtype=np.float64).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = (min(DETAIL, side) for side in alpha.shape)
    inside = (sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns]) + sums[
        :-rows, :-columns
    ]
    top, left = np.unravel_index(inside.argmax(), inside.shape)
    return slice(top, top + rows), slice(left, left + columns)


def tile(picture: np.ndarray, caption: str, *, enlarge: int = 1) -> PILImage.Image:
    """Fit a picture into one place of the sheet, with its caption below."""
    image = PILImage.fromarray(as_bytes(picture))
    if enlarge > 1:
        image = image.resize((image.width * enlarge, image.height * enlarge), PILImage.NEAREST)
    image.thumbnail((TILE[1], TILE[0]), PILImage.LANCZOS)
    place = PILImage.new("RGB", (TILE[1], image.height + CAPTION), "white")
    place.paste(image, ((TILE[1] - image.width) // 2, 0))
    ImageDraw.Draw(place).text((4, image.height + 3), caption, fill="black")
    return place


def sheet(
    image: np.ndarray, cutout: hb.Cutout, composites: dict[str, np.ndarray]
) -> PILImage.Image:
    """Lay out what went in, what was found and what came out, in three rows."""
    corner = busiest_corner(cutout.alpha)
    rows = [
        [tile(image, "photograph"), tile(cutout.trimap, "trimap"), tile(cutout.alpha, "alpha")],
        [tile(picture, f"on {name}") for name, picture in composites.items()],
        [tile(image[corner], "detail, 200 %", enlarge=2)]
        + [
            tile(composites[name][corner], f"on {name}, 200 %", enlarge=2)
            for name in list(composites)[1:]
        ],
    ]
    heights = [max(place.height for place in row) for row in rows]
    width = GAP + 3 * (TILE[1] + GAP)
    page = PILImage.new("RGB", (width, GAP + sum(height + GAP for height in heights)), "white")
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        for column, place in enumerate(row):
            page.paste(place, (GAP + column * (TILE[1] + GAP), top))
        top += height + GAP
    return page


def demonstrate(name: str, folder: Path) -> None:
    """Cut one picture out and write everything about it."""
    image, told = load(name)
    began = time.perf_counter()
    cutout = hb.remove_background(image, **told)
    seconds = time.perf_counter() - began
    backgrounds = {
        "checkerboard": checkerboard(cutout.alpha.shape),
        "white": "white",
        "green": SATURATED,
    }
    composites = {key: as_bytes(cutout.composite(value)) for key, value in backgrounds.items()}
    cutout.save(folder / f"{name}-cutout.png")
    for key, picture in composites.items():
        PILImage.fromarray(picture).save(folder / f"{name}-on-{key}.png")
    page = folder / f"{name}-sheet.png"
    sheet(image, cutout, composites).save(page, optimize=True)
    rows, columns = image.shape[:2]
    how = "from its trimap" if told else "automatic"
    print(f"{name:14}{columns:5} x {rows:<5}{how:16}{seconds:6.1f} s   {page}")
    for warning in cutout.diagnostics.get("warnings", ()):
        print(f"{'':14}{warning}")


def main() -> int:
    """Cut out the pictures named on the command line, or all; 1 if one could not be."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--out", type=Path, default=Path("demo_output"), help="folder to write to")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names()):
        parser.error(
            f"no picture named {', '.join(sorted(unknown))}; there are {', '.join(names())}"
        )
    arguments.out.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in arguments.names or names():
        try:
            demonstrate(name, arguments.out)
        except hb.HybridBgError as error:
            failed = True
            print(f"{name:14}{error}", file=sys.stderr)
    print(f"Cut-outs and composites are beside the sheets in {arguments.out.resolve()}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
