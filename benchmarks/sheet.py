"""A contact sheet: one row for each photograph, its cut-outs on a checkerboard beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.compositing import checkerboard

TILE = 200
GAP = 6
HEADING = 18


class Sheet:
    """Rows of small pictures under headings.

    Parameters
    ----------
    columns : list of str
        Headings: the photograph, then one for each matte.
    """

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns
        self.rows: list[tuple[str, list[NDArray[np.uint8]]]] = []

    def add(
        self,
        name: str,
        image: NDArray[np.uint8],
        mattes: list[NDArray[np.float32]],
        score: float,
    ) -> None:
        """Add a photograph and its mattes; the image's own colours are put on the checkerboard."""
        squares = np.round(255 * checkerboard(image.shape[:2])).astype(np.float32)
        tiles = [_small(image)]
        for matte in mattes:
            mixed = matte[..., None] * image + (1 - matte[..., None]) * squares
            tiles.append(_small(np.round(mixed).astype(np.uint8)))
        self.rows.append((f"{name}  {score:.3f}", tiles))

    def write(self, path: Path) -> None:
        """Write the sheet; the format follows the suffix."""
        from PIL import Image, ImageDraw

        width = GAP + len(self.columns) * (TILE + GAP)
        heights = [HEADING + tiles[0].shape[0] + GAP for _, tiles in self.rows]
        height = HEADING + sum(heights)
        sheet = Image.new("RGB", (width, height), "white")
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
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(path)


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shrink to fit a tile."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((TILE, TILE))
    return np.asarray(picture)
