"""Pictures as cells and back, against NumPy's indexing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hybridbg._kernels import bands
from hybridbg.core.image import Image
from hybridbg.matting import cells as module
from hybridbg.matting.cells import colours_of, scatter_alpha, trimap_of, unknown_of
from hybridbg.matting.layout import build_layout
from tests.core import icc_profiles as made
from tests.kernels.systems import mask_of
from tests.matting.pictures import masks, smooth

SHAPE = (37, 23)


def places(layout):
    """Row and column of each cell but the spare ones, and which are in the picture."""
    runs = layout.cell_runs
    row = np.repeat(runs.row, runs.length)
    first = np.cumsum(runs.length) - runs.length
    col = np.repeat(runs.col - first, runs.length) + np.arange(row.size)
    height, width = layout.shape
    return row, col, (row >= 0) & (row < height) & (col >= 0) & (col < width)


@given(masks())
def test_colours_are_those_of_the_picture_to_the_last_bit(mask):
    image = np.random.default_rng(0).random((*mask.shape, 3), dtype=np.float32)
    image.flags.writeable = False
    layout = build_layout(mask)
    colours = colours_of(image, layout)
    row, col, inside = places(layout)
    assert colours.dtype == np.float32
    assert colours.shape == (layout.size, 4)
    assert colours.flags.c_contiguous
    assert (colours[: -bands.PADDING][inside, 0] == 1).all()
    assert not colours[: -bands.PADDING][~inside, 0].any()
    assert not colours[-bands.PADDING :, 0].any()
    assert np.array_equal(colours[: -bands.PADDING][inside, 1:], image[row[inside], col[inside]])
    assert not colours[: -bands.PADDING][~inside].any()


@pytest.mark.parametrize("rows", [1, 2, 5, 36, 37, 1000])
@pytest.mark.parametrize("encoding", ["srgb", "linear", "icc"])
def test_an_image_is_decoded_some_rows_at_a_time(rows, encoding, monkeypatch):
    monkeypatch.setattr(module, "_ROWS", rows)
    pixels = np.round(smooth(SHAPE) * 255).astype(np.uint8)
    image = Image(pixels, encoding=encoding, icc_profile=made.DISPLAY_P3)
    layout = build_layout(mask_of(SHAPE))
    found = colours_of(image, layout)
    assert np.array_equal(found, colours_of(image.srgb(), layout))


@given(masks())
def test_trimap_is_zero_beyond_the_picture(mask):
    trimap = np.where(mask, 128, 255).astype(np.uint8)
    trimap.flags.writeable = False
    layout = build_layout(mask)
    found = trimap_of(trimap, layout)
    row, col, inside = places(layout)
    expected = np.zeros(layout.size, np.uint8)
    expected[: -bands.PADDING][inside] = trimap[row[inside], col[inside]]
    assert found.dtype == np.uint8
    assert np.array_equal(found, expected)


@given(masks())
def test_values_of_unknown_pixels_and_zero_elsewhere(mask):
    plane = 1 + np.random.default_rng(0).random(mask.shape, dtype=np.float32)
    plane.flags.writeable = False
    layout = build_layout(mask)
    found = unknown_of(plane, layout)
    expected = np.zeros(layout.size, np.float32)
    expected[layout.positions()] = plane[mask]
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)


@given(masks())
def test_alpha_is_written_where_it_is_unknown_and_kept_within_zero_and_one(mask):
    layout = build_layout(mask)
    values = np.random.default_rng(0).normal(0.5, 1, size=layout.size)
    values.flags.writeable = False
    alpha = np.full(mask.shape, 7, np.float32)
    scatter_alpha(values, layout, alpha)
    expected = np.full(mask.shape, 7, np.float32)
    expected[mask] = values[layout.positions()].clip(0, 1)
    assert np.array_equal(alpha, expected)
