"""A contact sheet: rows of small pictures under headings, to look at what figures cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TILE = 170
GAP = 5
HEADING = 16
REPOSITORY = Path(__file__).resolve().parent.parent


class Sheet:
    """Rows of small pictures under headings.

    Parameters
    ----------
    path : Path
        Where it is to be written, outside of the repository: most test pictures may not be passed
        on.
    columns : sequence of str
        Headings.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        if path.resolve().is_relative_to(REPOSITORY):
            raise SystemExit(f"{path} is inside the repository; write the sheet somewhere else")
        self.path = path
        self.columns = columns
        self.rows: list[tuple[str, list[NDArray[np.uint8]]]] = []

    def add(self, title: str, pictures: Sequence[NDArray[np.generic]]) -> None:
        """Add a row: pictures (H, W, 3), and maps (H, W), of bytes, bools or floats of [0, 1]."""
        self.rows.append((title, [_tile(one) for one in pictures]))

    def write(self) -> None:
        """Write the sheet; the format follows the suffix."""
        from PIL import Image, ImageDraw

        width = GAP + len(self.columns) * (TILE + GAP)
        heights = [HEADING + tiles[0].shape[0] + GAP for _, tiles in self.rows]
        sheet = Image.new("RGB", (width, HEADING + sum(heights)), "white")
        draw = ImageDraw.Draw(sheet)
        for column, heading in enumerate(self.columns):
            draw.text((GAP + column * (TILE + GAP), 3), heading, fill="black")
        top = HEADING
        for (title, tiles), needed in zip(self.rows, heights, strict=True):
            draw.text((GAP, top + 3), title, fill="black")
            for column, tile in enumerate(tiles):
                place = (GAP + column * (TILE + GAP), top + HEADING)
                sheet.paste(Image.fromarray(tile), place)
            top += needed
        self.path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(self.path)


def _tile(picture: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Bring to bytes and to the size of a tile."""
    from PIL import Image

    if picture.dtype != np.uint8:
        picture = np.rint(255 * picture.astype(np.float32).clip(0, 1)).astype(np.uint8)
    small = Image.fromarray(picture)
    small.thumbnail((TILE, TILE))
    return np.asarray(small)
