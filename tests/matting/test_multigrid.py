"""The preconditioner as a whole: a fixed symmetric positive operator that makes solves short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hybridbg.core.trimap import from_mask
from hybridbg.matting import closed_form_alpha
from hybridbg.matting.cells import colours_of
from hybridbg.matting.layout import build_layout
from hybridbg.matting.multigrid import ColourMultigrid
from hybridbg.matting.system import assemble_system
from tests.matting.pictures import as_float, between_edges, busiest_crop, smooth

SHAPE = (70, 90)


def flat_areas():
    """A photograph's worst: large areas of one colour, and detail beside them."""
    image = smooth(SHAPE, blur=1)
    image[:, :30], image[:40, 30:60] = 1, (0.2, 0.2, 0.2)
    return image


CASES = {
    "smooth": (smooth(SHAPE), between_edges(SHAPE)),
    "flat areas": (flat_areas(), between_edges(SHAPE)),
    "one colour": (np.full((*SHAPE, 3), 0.5, np.float32), between_edges(SHAPE)),
    "grey": (np.repeat(smooth(SHAPE)[..., :1], 3, axis=2), between_edges(SHAPE)),
    "hair": busiest_crop("hair", 128),
    "holes": busiest_crop("holes", 128),
    "one level": (smooth((12, 12)), between_edges((12, 12))),
}


@pytest.fixture(params=CASES, name="built")
def build(request):
    image, trimap = (np.ascontiguousarray(array) for array in CASES[request.param])
    layout = build_layout(trimap == 128)
    system = assemble_system(
        colours_of(image, layout),
        trimap,
        layout,
        epsilon=1e-7,
        num_threads=2,
    )
    return system, ColourMultigrid(system)


def applied(built, vector):
    """M vector, on the unknown pixels."""
    system, preconditioner = built
    positions = system.layout.positions()
    residual = np.zeros(system.layout.size, dtype=np.float32)
    residual[positions] = vector
    before = residual.copy()
    out = preconditioner.apply(residual)
    assert out.dtype == np.float32
    assert np.array_equal(residual, before)
    elsewhere = np.ones(system.layout.size, dtype=np.bool_)
    elsewhere[positions] = False
    assert not out[elsewhere].any()
    return out[positions].astype(np.float64)


def right_sides(built, count=6):
    """Residuals as a solve meets them: A x for rough and for smooth x."""
    system, _ = built
    positions = system.layout.positions()
    rng = np.random.default_rng(0)
    for k in range(count):
        x, image = np.zeros(system.layout.size, np.float32), np.zeros(system.layout.size)
        x[positions] = rng.normal(size=positions.size)
        for _ in range(3 * (k % 2)):  # damp the rough part by Jacobi steps
            system.product(x, image)
            x[positions] -= 0.5 * image[positions] / system.diagonal[positions]
        system.product(x, image)
        yield image[positions] / np.linalg.norm(image)


def test_it_is_symmetric(built):
    sides = list(right_sides(built))
    images = [applied(built, side) for side in sides]
    for first, second in [(0, 1), (2, 3), (1, 4)]:
        size = np.linalg.norm(sides[first]) * np.linalg.norm(images[second])
        difference = sides[second] @ images[first] - sides[first] @ images[second]
        assert abs(difference) < 1e-3 * size


def test_it_is_positive(built):
    for side in right_sides(built):
        assert side @ applied(built, side) > 0


def test_it_is_the_same_operator_every_time(built):
    side = next(right_sides(built))
    assert np.array_equal(applied(built, side), applied(built, side))


def test_the_same_bits_for_any_number_of_threads(built):
    system, _ = built
    side = next(right_sides(built))
    found = []
    for threads in (1, 2, 3):
        shared = replace(system, num_threads=threads)
        found.append(applied((shared, ColourMultigrid(shared)), side))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_no_eigenvalue_is_below_zero_or_far_above_one(built):
    """M A of random Krylov vectors: a smoother made for too short an interval shows here."""
    system, _ = built
    positions, rng = system.layout.positions(), np.random.default_rng(1)
    x, image = np.zeros(system.layout.size, np.float32), np.zeros(system.layout.size)
    x[positions] = rng.normal(size=positions.size)
    for _ in range(30):
        curvature = system.product(x, image)
        x[positions] = applied(built, image[positions])
        energy = image[positions] @ x[positions]
        assert 0 < energy < 1.3 * curvature
        x /= np.sqrt(system.product(x, image))


def test_it_is_linear(built):
    first, second, *_ = right_sides(built)
    together = applied(built, first + 2 * second)
    apart = applied(built, first) + 2 * applied(built, second)
    assert np.linalg.norm(together - apart) < 1e-3 * np.linalg.norm(together)


@pytest.mark.parametrize("band", [6, 40])
@pytest.mark.parametrize("name", ["astronaut", "rocket"])
def test_photographs_with_flat_areas_converge(name, band):
    from skimage import data

    image = as_float(getattr(data, name)())
    subject = np.zeros(image.shape[:2], dtype=np.bool_)
    rows, cols = image.shape[:2]
    subject[rows // 4 : 3 * rows // 4, cols // 4 : 3 * cols // 4] = True
    solution = closed_form_alpha(image, from_mask(subject, band=band), num_threads=2).solution
    assert solution.iterations <= 100


@pytest.mark.parametrize("case", CASES)
def test_a_solve_takes_tens_of_iterations(case):
    image, trimap = (np.ascontiguousarray(array) for array in CASES[case])
    assert closed_form_alpha(image, trimap, num_threads=2).solution.iterations <= 80


def test_iterations_hardly_grow_with_the_picture():
    import cv2

    image, trimap = busiest_crop("fur", 96)
    counts = []
    for scale in (1, 2, 4):
        size = (96 * scale, 96 * scale)
        large = cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_CUBIC)
        marks = cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST)
        solution = closed_form_alpha(large.clip(0, 1), marks, num_threads=2).solution
        counts.append(solution.iterations)
    assert max(counts) < 3 * counts[0]
