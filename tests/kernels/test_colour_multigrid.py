"""The first coarse space: hats times {1, R, G, B}, against the matrix written from its formula."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import colour_multigrid as kernel
from tests.kernels.systems import mask_of, random_system, scattered
from tests.matting.pictures import smooth

CELL = kernel.CELL_PIXELS
SHAPE = (21, 30)
MASKS = {"strewn": mask_of(SHAPE), "full": np.ones(SHAPE, dtype=np.bool_)}
MEAN = np.array([0.4, 0.5, 0.6])
HALF = [(0, right) for right in range(3)] + [
    (down, right) for down in (1, 2) for right in range(-2, 3)
]
"""Steps from a node to itself and its forward neighbours, in the order of the blocks."""


class Space:
    """Nodes of a mask, and the interpolation matrix P from its definition."""

    def __init__(self, mask, image):
        self.rows, self.cols = ((side - 1) // CELL + 2 for side in mask.shape)
        pixels = np.argwhere(mask)
        hats = np.zeros((len(pixels), self.rows, self.cols))
        for n, (row, col) in enumerate(pixels):
            down = np.maximum(0, 1 - np.abs(np.arange(self.rows) - row / CELL))
            right = np.maximum(0, 1 - np.abs(np.arange(self.cols) - col / CELL))
            hats[n] = np.outer(down, right)
        self.marks = hats.any(axis=0)
        self.index = np.full(self.marks.shape, -1, np.int32)
        self.index[self.marks] = np.arange(self.marks.sum())
        colours = np.concatenate([np.ones((len(pixels), 1)), image[mask] - MEAN], axis=1)
        self.matrix = (hats[:, self.marks][:, :, None] * colours[:, None, :]).reshape(
            len(pixels), -1
        )


def runs(layout):
    return layout.row, layout.col, layout.length, layout.base


def cell_rows(layout):
    count = int(layout.row[-1]) // CELL + 1
    return np.searchsorted(layout.row, np.arange(count + 1) * CELL).astype(np.int64)


@pytest.fixture(params=MASKS, name="case")
def make_case(request):
    mask, image = MASKS[request.param], smooth(SHAPE)
    layout, bands, diagonal, dense = random_system(mask)
    return image, layout, bands, diagonal, dense, Space(mask, image)


def test_marked_nodes_are_those_with_an_unknown_pixel_under_their_hat(case):
    _, layout, *_, space = case
    marks = np.zeros((space.rows, space.cols), np.int32)
    kernel.mark_nodes(layout.row, layout.col, layout.length, marks)
    assert np.array_equal(marks, space.marks)


def test_prolongation(case):
    image, layout, *_, space = case
    coarse = np.random.default_rng(0).normal(size=space.matrix.shape[1]).astype(np.float32)
    fine = scattered(layout, 1, np.float32)
    kernel.prolong_pixels(
        coarse.reshape(-1, 4), *runs(layout), layout.chunks, image, MEAN, space.index, fine, 2
    )
    np.testing.assert_allclose(
        fine, scattered(layout, 1 + space.matrix @ coarse), atol=1e-5, rtol=0
    )


def test_restriction_is_its_transpose(case):
    image, layout, *_, space = case
    residual = np.random.default_rng(0).normal(size=len(space.matrix))
    coarse = np.zeros((space.matrix.shape[1] // 4, 4), np.float32)
    kernel.restrict_pixels(
        scattered(layout, residual, np.float32),
        *runs(layout),
        cell_rows(layout),
        image,
        MEAN,
        space.index,
        coarse,
        2,
    )
    np.testing.assert_allclose(coarse.ravel(), space.matrix.T @ residual, atol=1e-4, rtol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_galerkin_operator(case, dtype):
    image, layout, bands, diagonal, dense, space = case
    nodes = space.matrix.shape[1] // 4
    blocks = np.zeros((nodes, len(HALF), 16))
    kernel.galerkin_pixels(
        bands.astype(dtype),
        diagonal,
        *runs(layout),
        cell_rows(layout),
        image,
        MEAN,
        space.index,
        blocks,
        2,
    )
    product = (space.matrix.T @ dense @ space.matrix).reshape(nodes, 4, nodes, 4)
    expected = np.zeros_like(blocks)
    for node, (row, col) in enumerate(np.argwhere(space.marks)):
        for k, (down, right) in enumerate(HALF):
            place = row + down, col + right
            if 0 <= place[0] < space.rows and 0 <= place[1] < space.cols:
                other = space.index[place]
                if other >= 0:
                    expected[node, k] = product[node, :, other, :].ravel()
    accuracy = 1e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(blocks, expected, atol=accuracy, rtol=0)


def test_the_same_bits_for_any_number_of_threads(case):
    image, layout, bands, diagonal, _, space = case
    found = []
    for threads in (1, 2, 3):
        blocks = np.zeros((space.matrix.shape[1] // 4, len(HALF), 16))
        kernel.galerkin_pixels(
            bands,
            diagonal,
            *runs(layout),
            cell_rows(layout),
            image,
            MEAN,
            space.index,
            blocks,
            threads,
        )
        found.append(blocks)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
