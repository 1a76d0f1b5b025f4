"""Small systems solved directly agree with the reference, and with the iterative solver."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.errors import SolverError
from hybridbg.matting import alpha as module
from hybridbg.matting import closed_form_alpha
from hybridbg.matting.cells import colours_of
from hybridbg.matting.direct import DIRECT_PIXELS, solve_directly
from hybridbg.matting.layout import build_layout
from hybridbg.matting.system import assemble_system
from tests.reference.closed_form import solve_alpha


def problem(seed, shape=(18, 22)):
    rng = np.random.default_rng(seed)
    image = rng.random((*shape, 3), dtype=np.float32)
    trimap = rng.choice(np.uint8([0, 128, 255]), shape, p=[0.1, 0.8, 0.1])
    return image, trimap


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_references_solution(seed):
    image, trimap = problem(seed)
    found = closed_form_alpha(image, trimap, num_threads=1)
    assert found.solution.iterations == 0
    assert found.solution.residual < 1e-9
    np.testing.assert_allclose(found.alpha, solve_alpha(image, trimap), atol=1e-5)


def test_the_iterative_solver_comes_to_the_same(monkeypatch):
    image, trimap = problem(0)
    direct = closed_form_alpha(image, trimap, num_threads=1)
    monkeypatch.setattr(module, "DIRECT_PIXELS", 0)
    iterative = closed_form_alpha(image, trimap, num_threads=1)
    assert iterative.solution.iterations > 0
    assert np.abs(direct.alpha - iterative.alpha).max() < 1 / 255


def test_large_systems_are_left_to_iteration():
    image, trimap = problem(1, (60, 60))
    assert np.count_nonzero(trimap == 128) > DIRECT_PIXELS
    assert closed_form_alpha(image, trimap, num_threads=1).solution.iterations > 0


def test_a_prior_is_part_of_the_system():
    image, trimap = problem(2)
    prior = np.full(trimap.shape, 0.25, np.float32)
    weight = np.full(trimap.shape, 0.5, np.float32)
    found = closed_form_alpha(image, trimap, prior=prior, prior_weight=weight, num_threads=1)
    exact = solve_alpha(image, trimap, prior=prior, prior_weight=weight)
    np.testing.assert_allclose(found.alpha, exact, atol=1e-5)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_numbers_that_break_down_are_an_error(poison):
    image, trimap = problem(3)
    layout = build_layout(trimap == 128)
    colours = colours_of(image, layout)
    system = assemble_system(colours, trimap, layout, epsilon=1e-7, num_threads=1, exact=True)
    system.right_side[layout.positions()[0]] = poison
    with pytest.raises(SolverError, match="finite"):
        solve_directly(system)


def test_nothing_known_is_a_half_and_a_warning():
    image, _ = problem(4)
    found = closed_form_alpha(image, np.full(image.shape[:2], 128, np.uint8), num_threads=1)
    assert (found.alpha == 0.5).all()
    assert "no known pixel" in found.warnings[0]
