"""Cut out real photographs and the samples, and lay the results out to be looked at.

``make demo`` runs this; ``python samples/demo.py [NAME ...] [--out FOLDER]`` cuts out some of the
pictures. For each it writes the cut-out, the cut-out on a checkerboard, on white and on a saturated
colour, and a sheet: the photograph, the trimap and the alpha; the three backgrounds; and the
busiest corner of the edge at double size, where hair and fringes show.

The photographs come with scikit-image (NASA's portrait of Eileen Collins, public domain; Chelsea
the cat and a cup of coffee, CC0). Each is cut out with nothing but the picture given, and two of
them again from a rough outline, as one would draw it with a lasso. The samples were painted to be
hard to matte and are cut out from the trimap beside them, those before a green screen by their key.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
# Corners (row, column) of a rough outline.
# fmt: off
OUTLINES = {
    "astronaut": [
        (511, 10), (300, 40), (210, 120), (160, 115), (120, 160), (70, 150), (20, 180), (20, 250),
        (60, 300), (160, 290), (240, 340), (300, 350), (340, 420), (385, 511), (511, 511),
    ],
    "chelsea": [
        (0, 30), (60, 20), (160, 60), (220, 20), (299, 40), (299, 400), (220, 340), (130, 365),
        (80, 350), (40, 380), (5, 330), (0, 300),
    ],
}
# fmt: on
OUTLINED = "-outlined"
PLATED = "green_uneven"  # a creased, badly lit screen: the empty shot helps
SATURATED = "#00b140"  # the green of screens: skin, hair and fur fringes show best on it
TILE = (420, 420)  # rows and columns of a picture on the sheet
GAP = 8
CAPTION = 18
DETAIL = 210  # side of the corner that is shown at double size


@dataclass(frozen=True)
class Picture:
    """A picture of the demo.

    Attributes
    ----------
    image : ndarray of shape (H, W, 3), uint8
    told : mapping
        What `remove_background` is told besides the image.
    how : str
        The same in words.
    shown : ndarray of shape (H, W, 3), uint8
        What the sheet shows as the photograph: with the outline, where there is one.
    """

    image: np.ndarray
    told: Mapping[str, Any]
    how: str
    shown: np.ndarray


def names() -> list[str]:
    """Names of all demo pictures."""
    samples = sorted(path.parent.name for path in HERE.glob("*/image.png"))
    return [*PHOTOGRAPHS, *(name + OUTLINED for name in OUTLINES), *samples]


def load(name: str) -> Picture:
    """Load a demo picture."""
    if name.removesuffix(OUTLINED) in PHOTOGRAPHS:
        image = PHOTOGRAPHS[name.removesuffix(OUTLINED)]()
        if not name.endswith(OUTLINED):
            return Picture(image, {}, "automatic", image)
        return outlined(image, OUTLINES[name.removesuffix(OUTLINED)])
    folder = HERE / name
    image = np.asarray(PILImage.open(folder / "image.png").convert("RGB"))
    if name == PLATED:
        told = {"method": "key", "plate": folder / "background.png"}
        return Picture(image, told, "key, clean plate", image)
    if name.startswith("green"):
        return Picture(image, {"method": "key"}, "key", image)
    return Picture(image, {"trimap": folder / "trimap.png"}, "own trimap", image)


def outlined(image: np.ndarray, corners: Sequence[tuple[int, int]]) -> Picture:
    """Turn a rough outline into a hint, and draw it on the photograph."""
    points = [(column, row) for row, column in corners]
    inside = PILImage.new("L", (image.shape[1], image.shape[0]))
    ImageDraw.Draw(inside).polygon(points, fill=255)
    shown = PILImage.fromarray(image)
    ImageDraw.Draw(shown).line([*points, points[0]], fill=SATURATED, width=3)
    return Picture(image, {"hint": np.asarray(inside)}, "rough outline", np.asarray(shown))


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


def sheet(picture: Picture, cutout: hb.Cutout, composites: dict[str, np.ndarray]) -> PILImage.Image:
    """Lay out what went in, what was found and what came out, in three rows."""
    corner = busiest_corner(cutout.alpha)
    rows = [
        [
            tile(picture.shown, f"photograph ({picture.how})"),
            tile(cutout.trimap, "trimap"),
            tile(cutout.alpha, "alpha"),
        ],
        [tile(composite, f"on {name}") for name, composite in composites.items()],
        [tile(picture.image[corner], "detail, 200 %", enlarge=2)]
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
    picture = load(name)
    began = time.perf_counter()
    cutout = hb.remove_background(picture.image, **picture.told)
    seconds = time.perf_counter() - began
    backgrounds = {
        "checkerboard": checkerboard(cutout.alpha.shape),
        "white": "white",
        "green": SATURATED,
    }
    composites = {key: as_bytes(cutout.composite(on)) for key, on in backgrounds.items()}
    cutout.save(folder / f"{name}-cutout.png")
    for key, composite in composites.items():
        PILImage.fromarray(composite).save(folder / f"{name}-on-{key}.png")
    page = folder / f"{name}-sheet.png"
    sheet(picture, cutout, composites).save(page, optimize=True)
    rows, columns = picture.image.shape[:2]
    print(f"{name:20}{columns:5} x {rows:<5}{picture.how:18}{seconds:6.1f} s   {page}")
    for warning in cutout.diagnostics.get("warnings", ()):
        print(f"{'':20}{warning}")


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
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out: cannot make the folder {arguments.out}: {error.strerror}")
    failed = False
    for name in arguments.names or names():
        try:
            demonstrate(name, arguments.out)
        except hb.HybridBgError as error:
            failed = True
            print(f"{name:20}{error}", file=sys.stderr)
    print(f"Cut-outs and composites are beside the sheets in {arguments.out.resolve()}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
