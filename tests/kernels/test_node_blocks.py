"""Operations on node levels against dense NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import node_blocks as kernel
from tests.kernels.systems import mask_of, read_only
from tests.kernels.test_colour_multigrid import HALF

SHAPE = (7, 9)


class Nodes:
    """Strewn nodes with a random symmetric positive operator, in blocks and dense."""

    def __init__(self, seed=0, shape=SHAPE):
        marks = mask_of(shape, seed, share=0.7)
        rng = np.random.default_rng(seed)
        self.row, self.col = (axis.astype(np.int32) for axis in np.nonzero(marks))
        self.count = self.row.size
        self.index = np.full(shape, -1, np.int32)
        self.index[marks] = np.arange(self.count)
        self.neighbours = np.empty((self.count, 25), np.int32)
        kernel.find_neighbours(self.index, self.row, self.col, self.neighbours)
        self.blocks = np.zeros((self.count, len(HALF), 16))
        dense = np.zeros((self.count, 4, self.count, 4))
        for node in range(self.count):
            for k, (down, right) in enumerate(HALF):
                other = self.at(self.row[node] + down, self.col[node] + right)
                if other >= 0:
                    block = rng.normal(size=(4, 4))
                    if k == 0:
                        block = block @ block.T + 60 * np.eye(4)
                    self.blocks[node, k] = block.ravel()
                    dense[node, :, other] = block
                    dense[other, :, node] = block.T
        self.dense = dense.reshape(4 * self.count, 4 * self.count)

    def at(self, row, col):
        inside = 0 <= row < self.index.shape[0] and 0 <= col < self.index.shape[1]
        return self.index[row, col] if inside else -1


def coarsened(nodes):
    """Index, rows and columns of the coarse nodes, and the interpolation matrix by its formula."""
    shape = tuple(side // 2 + 1 for side in nodes.index.shape)
    hats = np.zeros((nodes.count, *shape))
    for node in range(nodes.count):
        down = np.maximum(0, 1 - np.abs(np.arange(shape[0]) - nodes.row[node] / 2))
        right = np.maximum(0, 1 - np.abs(np.arange(shape[1]) - nodes.col[node] / 2))
        hats[node] = np.outer(down, right)
    marks = hats.any(axis=0)
    index = np.full(shape, -1, np.int32)
    index[marks] = np.arange(marks.sum())
    row, col = (axis.astype(np.int32) for axis in np.nonzero(marks))
    return index, row, col, np.kron(hats[:, marks], np.eye(4))


def vector(count, seed=1):
    return np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)


@pytest.fixture(params=[(7, 9), (8, 8), (2, 5), (1, 1)], name="nodes")
def make_nodes(request):
    return Nodes(seed=5, shape=request.param)


def test_neighbours_are_forward_then_backward(nodes):
    steps = HALF + [(-down, -right) for down, right in HALF[1:]]
    for node in range(nodes.count):
        expected = [
            nodes.at(nodes.row[node] + down, nodes.col[node] + right) for down, right in steps
        ]
        assert nodes.neighbours[node].tolist() == expected


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_product(nodes, threads):
    (x,), product = read_only(vector(nodes.count)), vector(nodes.count, seed=2)
    (blocks,) = read_only(nodes.blocks.astype(np.float32))
    kernel.product(blocks, nodes.neighbours, x, product, threads)
    np.testing.assert_allclose(product.ravel(), nodes.dense @ x.ravel(), atol=1e-3, rtol=1e-5)
    (residual,), out = read_only(vector(nodes.count, seed=3)), vector(nodes.count, seed=4)
    kernel.subtract_product(blocks, nodes.neighbours, residual, x, out, threads)
    np.testing.assert_allclose(out, residual - product, atol=1e-5)


def test_parents_are_the_coarse_nodes_that_a_node_interpolates_from(nodes):
    index, *_ = coarsened(nodes)
    marks = np.zeros(index.shape, np.int32)
    kernel.mark_parents(nodes.row, nodes.col, marks)
    assert np.array_equal(marks == 1, index >= 0)


def test_prolongation(nodes):
    index, _, _, matrix = coarsened(nodes)
    coarse, fine = vector(matrix.shape[1] // 4), vector(nodes.count, seed=2)
    expected = fine.ravel() + matrix @ coarse.ravel()
    kernel.prolong_nodes(coarse, index, nodes.row, nodes.col, fine)
    np.testing.assert_allclose(fine.ravel(), expected, atol=1e-5)


def test_restriction_is_its_transpose(nodes):
    _, row, col, matrix = coarsened(nodes)
    residual, coarse = vector(nodes.count), vector(row.size, seed=2)
    kernel.restrict_nodes(residual, nodes.index, row, col, coarse)
    np.testing.assert_allclose(coarse.ravel(), matrix.T @ residual.ravel(), atol=1e-5)


@pytest.mark.parametrize("threads", [1, 3])
def test_galerkin_operator(nodes, threads):
    index, row, col, matrix = coarsened(nodes)
    blocks = np.zeros((row.size, len(HALF), 16))
    kernel.galerkin_nodes(
        nodes.blocks,
        nodes.neighbours,
        nodes.row,
        nodes.col,
        nodes.index,
        row,
        col,
        blocks,
        threads,
    )
    product = (matrix.T @ nodes.dense @ matrix).reshape(row.size, 4, row.size, 4)
    expected = np.zeros_like(blocks)
    for node in range(row.size):
        for k, (down, right) in enumerate(HALF):
            place = row[node] + down, col[node] + right
            if place[0] < index.shape[0] and 0 <= place[1] < index.shape[1]:
                other = index[place]
                if other >= 0:
                    expected[node, k] = product[node, :, other, :].ravel()
    np.testing.assert_allclose(blocks, expected, atol=1e-10)


def lower_of(factor):
    return factor.reshape(-1, 4, 4)


def test_own_blocks_are_factored_and_the_factors_inverted(nodes):
    lower, inverse = np.empty((2, nodes.count, 16))
    kernel.factor_blocks(*read_only(nodes.blocks), 1e-10, lower, inverse)
    expected = np.linalg.cholesky(nodes.blocks[:, 0].reshape(-1, 4, 4))
    np.testing.assert_allclose(lower_of(lower), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(lower_of(inverse), np.linalg.inv(expected), atol=1e-10)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_dependent_functions_of_a_block_are_dropped(rank):
    leading = np.random.default_rng(rank).normal(size=(rank, rank))
    basis = np.hstack([np.eye(rank), np.ones((rank, 4 - rank))])  # the last depend on the first
    block = basis.T @ (leading @ leading.T + np.eye(rank)) @ basis
    blocks = np.zeros((1, len(HALF), 16))
    blocks[0, 0] = block.ravel()
    lower, inverse = np.empty((2, 1, 16))
    kernel.factor_blocks(blocks, 1e-10, lower, inverse)
    lower, inverse = lower.reshape(4, 4), inverse.reshape(4, 4)
    np.testing.assert_allclose(lower @ lower.T, block, atol=1e-10)  # still expresses them all
    pseudo = inverse.T @ inverse
    np.testing.assert_allclose(block @ pseudo @ block, block, atol=1e-9)
    assert not inverse[rank:].any()
    assert not lower[:, rank:].any()


def test_normalised_blocks(nodes):
    lower, inverse = np.empty((2, nodes.count, 16))
    kernel.factor_blocks(nodes.blocks, 1e-10, lower, inverse)
    found = []
    for threads in (1, 2, 3):
        normal = np.zeros(nodes.blocks.shape, np.float32)
        kernel.normalise_blocks(
            *read_only(nodes.blocks, nodes.neighbours, inverse), normal, threads
        )
        found.append(normal)
    np.testing.assert_allclose(
        lower_of(found[0][:, 0]), np.tile(np.eye(4), (nodes.count, 1, 1)), atol=1e-6
    )
    for node in range(nodes.count):
        for k in range(1, len(HALF)):
            other = nodes.neighbours[node, k]
            if other >= 0:
                block = nodes.blocks[node, k].reshape(4, 4)
                expected = lower_of(inverse)[node] @ block @ lower_of(inverse)[other].T
                np.testing.assert_allclose(found[0][node, k].reshape(4, 4), expected, atol=1e-6)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


@pytest.mark.parametrize("transposed", [False, True])
def test_every_node_is_multiplied_by_its_own_matrix(nodes, transposed):
    matrices = np.random.default_rng(3).normal(size=(nodes.count, 16)).astype(np.float32)
    before = vector(nodes.count)
    after = before.copy()
    kernel.multiply_own(*read_only(matrices), transposed, after)
    equation = "nqp,nq->np" if transposed else "npq,nq->np"
    np.testing.assert_allclose(after, np.einsum(equation, lower_of(matrices), before), atol=1e-5)


@pytest.mark.parametrize("rank", [1, 7, 20])
def test_a_dense_semidefinite_matrix_is_inverted_where_it_can_be(rank):
    factor = np.random.default_rng(rank).normal(size=(20, rank))
    matrix = factor @ factor.T
    inverse = np.empty((20, 20))
    kernel.invert_dense(matrix.copy(), 1e-9, inverse)
    assert np.array_equal(inverse, inverse.T)
    np.testing.assert_allclose(matrix @ inverse @ matrix, matrix, atol=1e-6)


@pytest.mark.parametrize(("a", "b", "g"), [(1.0, 0.0, 0.6), (1.5, -0.5, 0.7), (0.0, 0.0, 1.0)])
def test_relax(nodes, a, b, g):
    blocks = nodes.blocks.astype(np.float32)
    residual, x, before = (vector(nodes.count, seed) for seed in (1, 2, 3))
    read_only(blocks, residual, x)
    left = residual - (nodes.dense @ x.ravel()).reshape(-1, 4)
    expected = a * x + b * before + g * left
    found = []
    for threads in (1, 2, 3):
        out = before.copy()
        kernel.relax(blocks, nodes.neighbours, residual, x, out, a, b, g, threads)
        np.testing.assert_allclose(out, expected, atol=2e-3, rtol=1e-5)
        found.append(out)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
