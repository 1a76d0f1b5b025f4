"""The system on bands against the Laplacian written from the paper, and its conjugate gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from hybridbg._kernels import closed_form
from hybridbg.core.errors import SolverError
from hybridbg.matting import layout as layout_module
from hybridbg.matting import levels as levels_module
from hybridbg.matting import system as system_module
from hybridbg.matting.cells import colours_of
from hybridbg.matting.layout import build_layout
from hybridbg.matting.multigrid import ColourMultigrid
from hybridbg.matting.system import Solution, assemble_system, solve
from tests.matting.pictures import between_edges, busiest_crop, smooth, trimaps
from tests.reference import closed_form as reference

EPSILON = 1e-7


def assemble(image, trimap, *, epsilon=EPSILON, num_threads=1, **options):
    layout = build_layout(trimap == 128)
    return assemble_system(
        colours_of(image, layout),
        trimap,
        layout,
        epsilon=epsilon,
        num_threads=num_threads,
        **options,
    )


def dense(system):
    """The matrix, column by column, on the unknown pixels in reading order."""
    positions = system.layout.positions()
    columns = []
    for position in positions:
        unit, image = np.zeros(system.layout.size, np.float32), np.zeros(system.layout.size)
        unit[position] = 1
        assert system.product(unit, image) == image[position]
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
        def apply(self, residual):
            out = np.zeros_like(residual)
            positions = system.layout.positions()
            out[positions] = residual[positions] / system.diagonal[positions]
            return out

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


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("epsilon", [1e-3, EPSILON, TINY_EPSILON])
@pytest.mark.parametrize(
    "image",
    [smooth((12, 20)), smooth((12, 20), blur=0.4) / 8, outliers(), busiest_crop("holes", 20)[0]],
)
def test_no_eigenvalue_is_above_what_smoothers_are_made_for(image, epsilon, weighted):
    trimap = between_edges(image.shape[:2])
    held = {}
    if weighted:
        weight = np.random.default_rng(0).random(trimap.shape, dtype=np.float32)
        held = {"prior": weight, "prior_weight": weight**4 * 100}
    image = np.ascontiguousarray(image, dtype=np.float32)
    system = assemble(image, trimap, epsilon=epsilon, **held)
    inverse = system.inverse[system.layout.positions()].astype(np.float64)
    assert (inverse > 0).all()
    root = np.sqrt(inverse)
    largest = np.linalg.eigvalsh(dense(system) * root * root[:, None]).max()
    assert 1 <= largest <= closed_form.LARGEST_EIGENVALUE * (1 + 1e-6)


@pytest.mark.parametrize("epsilon", [EPSILON, TINY_EPSILON])
@pytest.mark.parametrize("image", [smooth((12, 20)), outliers()])
def test_a_constant_alpha_costs_exactly_nothing(image, epsilon):
    trimap = between_edges(image.shape[:2])
    trimap[trimap == 0] = 255
    system = assemble(image, trimap, epsilon=epsilon)
    positions = system.layout.positions()
    ones, product = np.zeros(system.layout.size, np.float32), np.zeros(system.layout.size)
    ones[positions] = 1
    system.product(ones, product)
    assert np.abs(product - system.right_side).max() < 1e-14


@settings(deadline=None, max_examples=20)
@given(trimaps())
def test_cells_that_are_not_unknown_stay_zero(trimap):
    system = assemble(smooth(trimap.shape), trimap)
    elsewhere = np.ones(system.layout.size, dtype=np.bool_)
    elsewhere[system.layout.positions()] = False
    for array in (*system.bands, system.diagonal, system.right_side, system.inverse):
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
        weight[unknown] * prior[unknown],
        rtol=1e-6,
    )
    assert np.array_equal(held.bands, plain.bands)
    np.testing.assert_allclose(
        1 / held.inverse[positions], 1 / plain.inverse[positions] + weight[unknown], rtol=1e-5
    )


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
        assert np.array_equal(system.inverse, systems[0].inverse)


def solved(system, preconditioner=None, *, start=0.0, **options):
    """The solution on the unknown pixels, and what the solver says of it."""
    positions = system.layout.positions()
    first = np.zeros(system.layout.size, dtype=np.float32)
    first[positions] = start
    cells, solution = solve(
        system,
        preconditioner or ColourMultigrid(system),
        first,
        **{"tolerance": 1e-6, "max_iterations": 10_000} | options,
    )
    assert cells.dtype == np.float64
    assert not np.delete(cells, positions).any()
    return cells[positions], solution


def exact(system):
    """A direct solve in float64 of the system as it was assembled."""
    return np.linalg.solve(dense(system), system.right_side[system.layout.positions()])


PROBLEMS = {
    "smooth": (smooth((12, 20)), between_edges((12, 20))),
    "noise": (smooth((30, 40), blur=0.5), between_edges((30, 40))),
    "grey": (np.repeat(smooth((12, 20))[..., :1], 3, axis=2), between_edges((12, 20))),
    "hair": busiest_crop("hair", 32),
}


@pytest.mark.parametrize("start", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_tolerance_is_the_largest_error(problem, tolerance, start):
    image, trimap = (np.ascontiguousarray(array) for array in PROBLEMS[problem])
    system = assemble(image, trimap)
    expected = exact(system)
    alpha, solution = solved(system, tolerance=tolerance, start=start)
    # The error is estimated, from a bound in another norm.
    assert np.abs(alpha - expected).max() <= 1.5 * tolerance
    assert 0 <= solution.error <= tolerance
    assert solution.iterations > 1


def test_any_preconditioner_that_is_positive_will_do():
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    expected = exact(system)
    alpha, solution = solved(system, jacobi(system), tolerance=1e-5)
    np.testing.assert_allclose(alpha, expected, atol=1e-5)
    assert solution.iterations > 10


def test_the_residual_reported_is_that_of_the_solution():
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    positions = system.layout.positions()
    right_side, matrix = system.right_side[positions].copy(), dense(system)
    alpha, solution = solved(system, tolerance=1e-3)
    left = right_side - matrix @ alpha
    assert 0 < solution.residual < 1e-2
    assert solution.residual == pytest.approx(np.linalg.norm(left) / np.linalg.norm(right_side))
    np.testing.assert_allclose(system.right_side[positions], left, atol=1e-12)


def test_a_solution_handed_in_takes_no_iteration():
    trimap = between_edges((12, 20))
    trimap[trimap == 0] = 255
    system = assemble(smooth((12, 20)), trimap)
    alpha, solution = solved(system, start=1.0, max_iterations=0)
    assert solution.iterations == 0
    assert solution.residual < 1e-13
    assert (alpha == 1).all()


def test_without_foreground_in_sight_alpha_is_zero():
    trimap = between_edges((12, 20))
    trimap[trimap == 255] = 0
    system = assemble(smooth((12, 20)), trimap)
    assert not system.right_side.any()
    alpha, solution = solved(system, start=0.5)
    assert np.abs(alpha).max() < 1e-6
    assert 0 < solution.residual < 1


def test_without_foreground_in_sight_zero_is_the_solution_at_once():
    trimap = between_edges((12, 20))
    trimap[trimap == 255] = 0
    alpha, solution = solved(assemble(smooth((12, 20)), trimap))
    assert not alpha.any()
    assert solution == Solution(0, 0.0, 0.0)


def test_the_same_bits_for_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(layout_module, "_CHUNK_PIXELS", 300)
    monkeypatch.setattr(layout_module, "_CELLS_PER_SUM", 300)
    monkeypatch.setattr(system_module, "_SHARED_CELLS", 0)
    monkeypatch.setattr(levels_module, "_SHARED_NODES", 0)
    image, trimap = smooth((60, 70)), between_edges((60, 70))
    found = [solved(assemble(image, trimap, num_threads=threads)) for threads in (1, 2, 3)]
    for alpha, solution in found[1:]:
        assert np.array_equal(alpha, found[0][0])
        assert solution == found[0][1]


def test_too_few_iterations_are_an_error_that_says_how_far_it_came():
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    with pytest.raises(SolverError, match=r"after 3 iterations.*wanted 1\.0e-09"):
        solved(system, max_iterations=3)


def test_a_preconditioner_that_is_not_positive_is_an_error():
    class Negative:
        def apply(self, residual):
            return -residual

    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    with pytest.raises(SolverError, match="did not converge"):
        solved(system, Negative())


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("preconditioner", [jacobi, ColourMultigrid])
def test_numbers_that_break_down_are_an_error(preconditioner, value):
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    made = preconditioner(system)
    system.right_side[system.layout.positions()] = value
    with pytest.raises(SolverError, match="did not converge"):
        solved(system, made)


def test_progress_is_reported_after_each_iteration_up_to_one():
    fractions = []
    system = assemble(smooth((12, 20)), between_edges((12, 20)))
    _, solution = solved(system, progress=fractions.append)
    assert len(fractions) == solution.iterations
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert fractions[-1] > 0.5
    assert fractions[-1] > fractions[0]


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
