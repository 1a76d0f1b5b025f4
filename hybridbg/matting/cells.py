"""From picture to cells and back: the compact arrays that the matting kernels read and write."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.image import Image
from hybridbg.core.types import ByteArray, FloatArray
from hybridbg.matting.layout import Layout

__all__ = ["colours_of", "scatter_alpha", "trimap_of", "unknown_of"]

_ROWS = 256
"""Rows of a picture that are decoded to float32 at a time."""


def colours_of(image: Image | FloatArray, layout: Layout) -> NDArray[np.float32]:
    """Return 1 and the sRGB-coded colours of every cell.

    Parameters
    ----------
    image : Image or (H, W, 3) float32 in [0, 1], sRGB-coded, C-contiguous
        An `Image` is decoded some rows at a time.
    layout : Layout

    Returns
    -------
    (cells, 4) float32
    """
    from hybridbg._kernels import pixel_runs

    runs = layout.cell_runs
    colours = np.zeros((layout.size, 4), dtype=np.float32)
    step = _ROWS if isinstance(image, Image) else image.shape[0]
    for first in range(0, image.shape[0], step):
        rows = image.srgb(slice(first, first + step)) if isinstance(image, Image) else image
        pixel_runs.gather_colours(
            rows, first, runs.row, runs.col, runs.length, layout.cell_start, colours
        )
    return colours


def trimap_of(trimap: ByteArray, layout: Layout) -> ByteArray:
    """Return the trimap's value of every cell, 0 beyond the picture."""
    from hybridbg._kernels import pixel_runs

    runs = layout.cell_runs
    cells = np.zeros(layout.size, dtype=np.uint8)
    pixel_runs.gather(trimap, runs.row, runs.col, runs.length, layout.cell_start, cells)
    return cells


def unknown_of(plane: FloatArray, layout: Layout) -> NDArray[np.float32]:
    """Return an (H, W) plane's value on unknown cells, 0 on the others."""
    from hybridbg._kernels import pixel_runs

    runs = layout.runs
    cells = np.zeros(layout.size, dtype=np.float32)
    pixel_runs.gather(plane, runs.row, runs.col, runs.length, layout.start, cells)
    return cells


def scatter_alpha(cells: NDArray[np.float64], layout: Layout, alpha: FloatArray) -> None:
    """Write the unknown cells' alpha, kept within 0 and 1, into an (H, W) array."""
    from hybridbg._kernels import pixel_runs

    runs = layout.runs
    pixel_runs.scatter(cells, runs.row, runs.col, runs.length, layout.start, alpha)
