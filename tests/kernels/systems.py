"""Random systems on bands together with the dense matrices they stand for."""

from __future__ import annotations

import numpy as np

from hybridbg._kernels import bands as kernel
from hybridbg.matting.layout import build_layout

FORWARD = [
    *((0, right) for right in (1, 2)),
    *((down, right) for down in (1, 2) for right in range(-2, 3)),
]
"""(row, col) steps to the forward neighbours, in the order of the bands."""


def mask_of(shape, seed=0, share=0.6):
    """Unknown pixels strewn over a picture."""
    return np.random.default_rng(seed).random(shape) < share


def random_system(mask, dtype=np.float64, seed=0):
    """Layout, bands, diagonal and the dense matrix of a random diagonally dominant system.

    The spare cells hold NaN: kernels may read them, but no result may depend on them.
    """
    rng = np.random.default_rng(seed)
    layout = build_layout(mask)
    positions = layout.positions()
    places = [tuple(place) for place in np.argwhere(mask).tolist()]
    number = {place: k for k, place in enumerate(places)}
    bands = np.zeros((len(FORWARD), layout.size), dtype=dtype)
    diagonal = np.zeros(layout.size)
    dense = np.zeros((len(places), len(places)))
    for n, (row, col) in enumerate(places):
        diagonal[positions[n]] = dense[n, n] = 30 + rng.random()
        for k, (down, right) in enumerate(FORWARD):
            other = number.get((row + down, col + right))
            if other is not None:
                bands[k, positions[n]] = rng.normal()
                dense[n, other] = dense[other, n] = bands[k, positions[n]]
    bands[:, -kernel.PADDING :] = diagonal[-kernel.PADDING :] = np.nan
    return layout, *read_only(bands, diagonal), dense


def scattered(layout, values, dtype=np.float32, elsewhere=0.0):
    """A vector over cells that holds `values` on the unknown pixels, NaN on the spare cells."""
    cells = np.full(layout.size, elsewhere, dtype=dtype)
    cells[-kernel.PADDING :] = np.nan
    cells[layout.positions()] = values
    return cells


def read_only(*arrays):
    """The arrays, none of which may be written to from now on."""
    for array in arrays:
        array.flags.writeable = False
    return arrays
