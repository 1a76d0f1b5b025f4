"""The first coarse space: hats times {1, R, G, B}, against the matrix written from its formula."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import bands
from hybridbg._kernels import colour_multigrid as kernel
from tests.kernels.systems import mask_of, random_system, read_only, scattered

MARK = 7.5

CELL = kernel.CELL_PIXELS
SHAPE = (21, 30)
MASKS = {
    "strewn": mask_of(SHAPE),
    "sparse": mask_of(SHAPE, share=0.02),
    "full": np.ones(SHAPE, dtype=np.bool_),
    "whole cells": np.ones((17, 25), dtype=np.bool_),
    "one pixel": np.eye(1, dtype=np.bool_),
    "one row": np.ones((1, 30), dtype=np.bool_),
    "one column": np.ones((30, 1), dtype=np.bool_),
}
HALF = [(0, right) for right in range(3)] + [
    (down, right) for down in (1, 2) for right in range(-2, 3)
]
"""Steps from a node to itself and its forward neighbours, in the order of the blocks."""


class Space:
    """Nodes of a mask, and the interpolation matrix P from its definition."""

    def __init__(self, mask, colours):
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
        self.nodes = int(self.marks.sum())
        functions = colours.astype(np.float64)
        matrix = hats[:, self.marks][:, :, None] * functions[:, None, :]
        self.matrix = matrix.reshape(len(pixels), -1)


class Case:
    """A random system, colours of its cells, and the space of its nodes."""

    def __init__(self, mask):
        self.layout, self.bands, self.diagonal, self.dense = random_system(mask)
        positions = self.layout.positions()
        rng = np.random.default_rng(7)
        self.colours = rng.normal(size=(self.layout.size, 4)).astype(np.float32)
        self.colours[positions, 0] = 1
        self.colours[-bands.PADDING :] = np.nan  # of cells that no pixel couples with
        runs = self.layout.runs
        self.runs = (runs.row, runs.col, runs.length, self.layout.base)
        count = int(runs.row[-1]) // CELL + 1
        self.cell_rows = np.searchsorted(runs.row, np.arange(count + 1) * CELL).astype(np.int64)
        self.space = Space(mask, self.colours[positions])
        read_only(self.colours, self.cell_rows, self.space.index, *self.runs)

    def galerkin(self, dtype, threads):
        blocks = np.zeros((self.space.nodes, len(HALF), 16))
        kernel.galerkin_pixels(
            self.bands.astype(dtype),
            self.diagonal,
            *self.runs,
            self.cell_rows,
            self.colours,
            self.space.index,
            blocks,
            threads,
        )
        return blocks

    def restricted(self, residual, threads):
        coarse = np.zeros((self.space.nodes, 4), np.float32)
        (cells,) = read_only(scattered(self.layout, residual, elsewhere=np.nan))
        kernel.restrict_pixels(
            cells, *self.runs, self.cell_rows, self.colours, self.space.index, coarse, threads
        )
        return coarse

    def prolonged(self, coarse, fine, threads):
        fine = scattered(self.layout, fine, elsewhere=MARK)
        kernel.prolong_pixels(
            *read_only(coarse.reshape(-1, 4)),
            *self.runs,
            self.layout.chunks,
            self.colours,
            self.space.index,
            fine,
            threads,
        )
        return fine


@pytest.fixture(params=MASKS, name="case")
def make_case(request):
    return Case(MASKS[request.param])


def random(size, seed=0):
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


def test_marked_nodes_are_those_with_an_unknown_pixel_under_their_hat(case):
    marks = np.zeros((case.space.rows, case.space.cols), np.int32)
    kernel.mark_nodes(*case.runs[:3], marks)
    assert np.array_equal(marks, case.space.marks)


def test_prolongation_adds_to_the_unknown_pixels_only(case):
    coarse, start = random(case.space.nodes * 4), random(len(case.dense), seed=1)
    fine = case.prolonged(coarse, start, 2)
    expected = scattered(case.layout, start + case.space.matrix @ coarse, elsewhere=MARK)
    np.testing.assert_allclose(fine, expected, atol=1e-5, rtol=0)


def test_restriction_is_its_transpose(case):
    residual = random(len(case.dense))
    coarse = case.restricted(residual, 2)
    np.testing.assert_allclose(coarse.ravel(), case.space.matrix.T @ residual, atol=2e-4, rtol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_galerkin_operator(case, dtype):
    space = case.space
    product = space.matrix.T @ case.dense @ space.matrix
    product = product.reshape(space.nodes, 4, space.nodes, 4)
    expected = np.zeros((space.nodes, len(HALF), 16))
    for node, (row, col) in enumerate(np.argwhere(space.marks)):
        for k, (down, right) in enumerate(HALF):
            place = row + down, col + right
            if 0 <= place[0] < space.rows and 0 <= place[1] < space.cols:
                other = space.index[place]
                if other >= 0:
                    expected[node, k] = product[node, :, other, :].ravel()
    accuracy = 1e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(case.galerkin(dtype, 2), expected, atol=accuracy, rtol=0)


def test_the_same_bits_for_any_number_of_threads(case):
    residual, coarse = random(len(case.dense)), random(case.space.nodes * 4)
    found = [
        (
            case.galerkin(np.float64, threads),
            case.restricted(residual, threads),
            case.prolonged(coarse, residual, threads)[: -bands.PADDING],
        )
        for threads in (1, 2, 3)
    ]
    for others in found[1:]:
        for first, other in zip(found[0], others, strict=True):
            assert np.array_equal(first, other)
