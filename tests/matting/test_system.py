"""The system on bands against the Laplacian written from the paper, and its conjugate gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from hybridbg.core.errors import SolverError
from hybridbg.matting.layout import build_layout
from hybridbg.matting.system import BandSystem, assemble_system, solve
from tests.matting.pictures import between_edges, busiest_crop, smooth, trimaps
from tests.reference import closed_form as reference

EPSILON = 1e-7


def assemble(image, trimap, *, epsilon=EPSILON, num_threads=1, **options):
    return assemble_system(
        image,
        (trimap == 255).astype(np.float32),
        build_layout(trimap == 128),
        epsilon=epsilon,
        num_threads=num_threads,
        **options,
    )


def dense(system):
    """The matrix, column by column, on the unknown pixels in reading order."""
    positions = system.layout.positions()
    columns = []
    for position in positions:
        unit, image = np.zeros((2, system.layout.size))
        unit[position] = 1
        system.product(unit, image)
        columns.append(image[positions])
    return np.stack(columns, axis=1)


def expected(image, trimap, epsilon=EPSILON):
    """L_UU and -L_UK a_K, dense, from the reference."""
    laplacian = reference.laplacian(image, epsilon)
    unknown = (trimap == 128).ravel()
    known_alpha = (trimap.ravel() == 255)[~unknown].astype(np.float64)
    rows = laplacian[unknown]
    return rows[:, unknown].toarray(), -(rows[:, ~unknown] @ known_alpha)


def outliers(shape=(12, 20)):
    """Hot pixels in a picture that is flat but for traces of the same direction."""
    rng = np.random.default_rng(1)
    image = np.repeat(3e-6 * rng.random((*shape, 1), dtype=np.float32), 3, axis=2)
    image[rng.integers(shape[0], size=6), rng.integers(shape[1], size=6)] = 1
    return image


TINY_EPSILON = 1e-11
"""So small that couplings of `outliers` cancel beyond the digits of float32."""


def jacobi(system):
    """Preconditioner that divides by the diagonal."""

    class Jacobi:
        def apply(self, residual, out):
            positions = system.layout.positions()
            out[positions] = residual[positions] / system.diagonal[positions]

    return Jacobi()


@settings(deadline=None, max_examples=30)
@given(trimaps())
def test_it_is_the_papers_laplacian_on_the_unknown_pixels(trimap):
    image = smooth(trimap.shape, seed=3)
    system = assemble(image, trimap)
    matrix, right_side = expected(image, trimap)
    positions = system.layout.positions()
    # Entries are of size 1; a float32 band is right to 6e-8 of it.
    np.testing.assert_allclose(dense(system), matrix, rtol=0, atol=1e-6)
    np.testing.assert_allclose(system.right_side[positions], right_side, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("epsilon", "dtype", "accuracy"),
    [(EPSILON, np.float32, 1e-6), (TINY_EPSILON, np.float64, 1e-9)],
)
def test_bands_are_float64_where_couplings_cancel_in_float32(epsilon, dtype, accuracy):
    image, trimap = outliers(), between_edges((12, 20))
    system = assemble(image, trimap, epsilon=epsilon)
    assert system.bands.dtype == dtype
    matrix, right_side = expected(image, trimap, epsilon)
    np.testing.assert_allclose(dense(system), matrix, rtol=0, atol=accuracy)
    positions = system.layout.positions()
    np.testing.assert_allclose(system.right_side[positions], right_side, rtol=0, atol=accuracy)


@pytest.mark.parametrize("epsilon", [EPSILON, TINY_EPSILON])
@pytest.mark.parametrize("image", [smooth((12, 20)), outliers(), busiest_crop("holes", 20)[0]])
def test_it_is_symmetric_and_hardly_negative(image, epsilon):
    trimap = between_edges(image.shape[:2])
    matrix = dense(assemble(image, trimap, epsilon=epsilon))
    assert np.array_equal(matrix, matrix.T)
    # Rounded bands move eigenvalues by no more than their own rounding, 25 entries of size 1.
    assert np.linalg.eigvalsh(matrix).min() > -1e-6


@pytest.mark.parametrize("epsilon", [EPSILON, TINY_EPSILON])
@pytest.mark.parametrize("image", [smooth((12, 20)), outliers()])
def test_a_constant_alpha_costs_exactly_nothing(image, epsilon):
    trimap = between_edges(image.shape[:2])
    trimap[trimap == 0] = 255
    system = assemble(image, trimap, epsilon=epsilon)
    positions = system.layout.positions()
    ones, product = np.zeros((2, system.layout.size))
    ones[positions] = 1
    system.product(ones, product)
    assert np.abs(product - system.right_side).max() < 1e-14


@settings(deadline=None, max_examples=20)
@given(trimaps())
def test_cells_that_are_not_unknown_stay_zero(trimap):
    system = assemble(smooth(trimap.shape), trimap)
    elsewhere = np.ones(system.layout.size, dtype=np.bool_)
    elsewhere[system.layout.positions()] = False
    for array in (*system.bands, system.diagonal, system.right_side):
        assert not array[elsewhere].any()


def test_a_prior_adds_its_weight_to_the_diagonal_and_its_pull_to_the_right_side():
    image, trimap = smooth((12, 20)), between_edges((12, 20))
    rng = np.random.default_rng(0)
    prior, weight = rng.random((2, 12, 20), dtype=np.float32)
    plain, held = assemble(image, trimap), assemble(image, trimap, prior=prior, prior_weight=weight)
    unknown, positions = trimap == 128, plain.layout.positions()
    np.testing.assert_allclose(
        (held.diagonal - plain.diagonal)[positions], weight[unknown], rtol=1e-12
    )
    np.testing.assert_allclose(
        (held.right_side - plain.right_side)[positions],
        weight[unknown].astype(np.float64) * prior[unknown],
        rtol=1e-12,
    )
    assert np.array_equal(held.bands, plain.bands)


@pytest.mark.parametrize("epsilon", [EPSILON, TINY_EPSILON])
def test_assembly_gives_the_same_bits_for_any_number_of_threads(epsilon):
    image = outliers((120, 300))
    trimap = between_edges(image.shape[:2])
    systems = [
        assemble(image, trimap, epsilon=epsilon, num_threads=threads) for threads in (1, 2, 3)
    ]
    assert systems[0].layout.chunks.size > 2
    for system in systems[1:]:
        assert np.array_equal(system.bands, systems[0].bands)
        assert np.array_equal(system.diagonal, systems[0].diagonal)
        assert np.array_equal(system.right_side, systems[0].right_side)


def solved(system, preconditioner=None, **options):
    cells = np.zeros(system.layout.size)
    solution = solve(
        system,
        preconditioner or jacobi(system),
        cells,
        **{"tolerance": 1e-9, "max_iterations": 10_000} | options,
    )
    return cells[system.layout.positions()], solution


def test_conjugate_gradients_solve_the_system():
    image, trimap = smooth((12, 20)), between_edges((12, 20))
    system = assemble(image, trimap)
    alpha, solution = solved(system)
    exact = np.linalg.solve(dense(system), system.right_side[system.layout.positions()])
    np.testing.assert_allclose(alpha, exact, atol=1e-5)
    assert 0 < solution.residual <= 1e-9
    assert solution.iterations > 1


def test_the_residual_reported_is_that_of_the_solution():
    image, trimap = smooth((12, 20)), between_edges((12, 20))
    system = assemble(image, trimap)
    cells, product = np.zeros((2, system.layout.size))
    solution = solve(system, jacobi(system), cells, tolerance=1e-5, max_iterations=10_000)
    system.product(cells, product)
    residual = np.linalg.norm(product - system.right_side) / np.linalg.norm(system.right_side)
    assert solution.residual == pytest.approx(residual, rel=1e-3)


def test_a_solution_handed_in_takes_no_iteration():
    trimap = between_edges((12, 20))
    trimap[trimap == 0] = 255
    system = assemble(smooth((12, 20)), trimap)
    cells = np.zeros(system.layout.size)
    cells[system.layout.positions()] = 1
    solution = solve(system, jacobi(system), cells, tolerance=1e-6, max_iterations=0)
    assert solution.iterations == 0


def test_without_foreground_in_sight_alpha_is_zero():
    trimap = between_edges((12, 20))
    trimap[trimap == 255] = 0
    system = assemble(smooth((12, 20)), trimap)
    assert not system.right_side.any()
    cells = np.full(system.layout.size, 0.5)
    solve(system, jacobi(system), cells, tolerance=1e-6, max_iterations=10_000)
    assert np.abs(cells[system.layout.positions()]).max() < 1e-3


def test_too_few_iterations_are_an_error_that_says_how_far_it_came():
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    with pytest.raises(SolverError, match=r"after 3 iterations.*wanted 1\.0e-09"):
        solved(system, max_iterations=3)


def test_a_preconditioner_that_is_not_positive_is_an_error():
    class Negative:
        def apply(self, residual, out):
            out[:] = -residual

    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    with pytest.raises(SolverError, match="did not converge"):
        solved(system, Negative())


def test_numbers_that_break_down_are_an_error():
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    broken = BandSystem(
        system.layout, system.bands, system.diagonal, np.full(system.layout.size, np.nan), 1
    )
    with pytest.raises(SolverError, match="nan"):
        solved(broken)


def test_progress_is_reported_after_each_iteration_up_to_one():
    fractions = []
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    _, solution = solved(system, progress=fractions.append)
    assert len(fractions) == solution.iterations
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert fractions[-1] == 1


def test_progress_can_stop_the_solver():
    class StoppedError(Exception):
        pass

    calls = []

    def stop(fraction):
        calls.append(fraction)
        if len(calls) == 2:
            raise StoppedError

    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    with pytest.raises(StoppedError):
        solved(system, progress=stop)
    assert len(calls) == 2
