"""Alpha against a direct solve of the paper's equations, and everything the docstring promises."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from hybridbg.core.errors import (
    HybridBgWarning,
    InvalidImageError,
    InvalidMaskError,
    InvalidOptionError,
    InvalidTrimapError,
    SolverError,
)
from hybridbg.core.image import Image
from hybridbg.matting import alpha as module
from hybridbg.matting import closed_form_alpha, estimate_alpha, layout
from tests.core import icc_profiles
from tests.matting.contract import assert_exact, assert_well_formed
from tests.matting.pictures import SAMPLES, as_float, between_edges, busiest_crop, smooth, trimaps
from tests.reference.closed_form import solve_alpha

SHAPE = (24, 32)

plain = functools.partial(estimate_alpha, refine=False)


def solved(image, trimap, **options):
    if not isinstance(image, Image):
        image = np.ascontiguousarray(image)
    return closed_form_alpha(image, trimap, num_threads=1, **options)


def flat_with_hot_pixels(shape=SHAPE, count=12, traces=0.0):
    rng = np.random.default_rng(5)
    image = 0.4 + traces * rng.random((*shape, 3), dtype=np.float32)
    image[rng.integers(shape[0], size=count), rng.integers(shape[1], size=count)] = 1
    return image.astype(np.float32)


def islands(shape=SHAPE):
    """Halves of background and foreground with every fourth pixel unknown."""
    trimap = np.zeros(shape, np.uint8)
    trimap[:, shape[1] // 2 :] = 255
    trimap[1::2, 1::2] = 128
    return trimap


def two_known(shape=SHAPE):
    trimap = np.full(shape, 128, np.uint8)
    trimap[0, 0], trimap[-1, -1] = 0, 255
    return trimap


def blots(shape=SHAPE):
    """Unknown regions all over, some at the border, one apart from any foreground."""
    trimap = np.zeros(shape, np.uint8)
    trimap[4:20, 6:16] = 255
    trimap[:7, 4:12] = trimap[16:, 10:18] = trimap[10:14, 9:12] = 128
    trimap[18:, -6:] = 128
    return trimap


PICTURES = {
    "smooth": smooth(SHAPE),
    "flat": np.full((*SHAPE, 3), 0.5, np.float32),
    "black": np.zeros((*SHAPE, 3), np.float32),
    "grey": np.repeat(smooth(SHAPE)[..., :1], 3, axis=2),
    "step": np.repeat(np.repeat(np.float32([[0, 1]]), SHAPE[1] // 2, 1), SHAPE[0], 0)[..., None]
    * np.ones(3, np.float32),
    "hot pixels": flat_with_hot_pixels(),
    "hot pixels and traces": flat_with_hot_pixels(traces=3e-4),
}
TRIMAPS = {
    "wide": between_edges(SHAPE),
    "islands": islands(),
    "two known": two_known(),
    "blots": blots(),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_match_the_exact_solution(name):
    image, trimap = busiest_crop(name)
    alpha = plain(image, trimap)
    assert_well_formed(alpha, trimap)
    assert_exact(alpha, solve_alpha(image, trimap))


@pytest.mark.parametrize("marks", TRIMAPS)
@pytest.mark.parametrize("picture", PICTURES)
def test_hard_cases_match_the_exact_solution(picture, marks):
    image, trimap = PICTURES[picture], TRIMAPS[marks]
    alpha = plain(image, trimap)
    assert_well_formed(alpha, trimap)
    assert_exact(alpha, solve_alpha(image, trimap))


def test_a_photograph_matches_the_exact_solution():
    from skimage import data

    image = as_float(cv2.resize(data.chelsea(), (90, 60), interpolation=cv2.INTER_AREA))
    rows, cols = np.ogrid[:60, :90]
    distance = np.hypot((rows - 30) / 24, (cols - 42) / 30)
    trimap = np.select([distance < 0.6, distance > 1.1], [255, 0], 128).astype(np.uint8)
    assert_exact(plain(image, trimap), solve_alpha(image, trimap))


def test_bands_in_double_precision_match_the_exact_solution():
    image, trimap = flat_with_hot_pixels(traces=3e-6), between_edges(SHAPE)
    alpha = plain(image, trimap, epsilon=1e-11)
    assert_exact(alpha, solve_alpha(image, trimap, epsilon=1e-11))


@settings(deadline=None, max_examples=25)
@given(trimaps())
def test_any_trimap_gives_a_well_formed_and_exact_alpha(trimap):
    # What hardly anything holds in place is not determined to 1/255 in float32.
    trimap[0], trimap[-1] = 0, 255
    image = smooth(trimap.shape, seed=9)
    alpha = plain(image, trimap)
    assert_well_formed(alpha, trimap)
    assert_exact(alpha, solve_alpha(image, trimap))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", [(4, 4), (4, 5), (5, 4), (4, 60), (60, 4)])
def test_the_smallest_pictures(shape, seed):
    image = smooth(shape, seed, blur=1.0)
    trimap = np.random.default_rng(seed).choice(np.uint8([0, 128, 255]), shape, p=[0.2, 0.6, 0.2])
    trimap[0, 0], trimap[-1, -1] = 0, 255
    alpha = estimate_alpha(image, trimap, refine=False)
    assert_well_formed(alpha, trimap)
    assert_exact(alpha, solve_alpha(image, trimap))


@pytest.mark.parametrize("place", [(0, 0), (0, 9), (11, 0), (11, 19), (5, 0), (0, 5), (6, 7)])
def test_one_unknown_pixel(place):
    trimap = between_edges((12, 20), known=10)
    trimap[place] = 128
    image = smooth((12, 20), blur=1.0)
    assert_exact(estimate_alpha(image, trimap, refine=False), solve_alpha(image, trimap))


@pytest.mark.parametrize("border", [np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1], np.s_[:2]])
def test_unknown_pixels_along_a_border(border):
    trimap = between_edges((12, 20), known=10)
    trimap[border] = 128
    image = smooth((12, 20), blur=1.0)
    assert_exact(estimate_alpha(image, trimap, refine=False), solve_alpha(image, trimap))


@pytest.mark.parametrize("encoding", ["srgb", "linear", "icc"])
def test_an_image_is_solved_like_its_srgb_coded_array(encoding):
    image, trimap = busiest_crop("motion", 64)
    pixels = np.round(image * 65535).astype(np.uint16)
    picture = Image(pixels, encoding=encoding, icc_profile=icc_profiles.DISPLAY_P3)
    found, expected = (solved(each, trimap).alpha for each in (picture, picture.srgb()))
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_where_the_prior_starts_the_solver_does_not_show(start):
    """A prior of no weight is a first guess, and only that."""
    image, trimap = busiest_crop("hair", 48)
    guess, nothing = np.full((2, *trimap.shape), start, np.float32)
    nothing[:] = 0
    alpha = solved(image, trimap, prior=guess, prior_weight=nothing).alpha
    assert_exact(alpha, solve_alpha(image, trimap))


def test_it_agrees_with_pymatting():
    import pymatting

    image, trimap = busiest_crop("hair", 48)
    marks = np.select([trimap == 0, trimap == 255], [0.0, 1.0], 0.5)
    theirs = pymatting.estimate_alpha_cf(image.astype(np.float64), marks)
    assert np.abs(plain(image, trimap) - theirs).mean() < 2e-3


def test_a_linear_mixture_of_two_colours_is_recovered():
    truth = smooth(SHAPE, seed=2)[..., 0]
    truth[:, :3], truth[:, -3:] = 0, 1
    front, back = np.float32([0.9, 0.7, 0.2]), np.float32([0.1, 0.2, 0.6])
    image = truth[..., None] * front + (1 - truth[..., None]) * back
    alpha = plain(image, between_edges(SHAPE))
    np.testing.assert_allclose(alpha, truth, atol=2e-3)


def test_swapping_foreground_and_background_mirrors_alpha():
    image, trimap = busiest_crop("fur", 48)
    swapped = np.choose(trimap // 127, [255, 128, 0]).astype(np.uint8)
    np.testing.assert_allclose(plain(image, trimap), 1 - plain(image, swapped), atol=1 / 255)


def test_the_same_bits_for_any_number_of_threads(sample, monkeypatch):
    monkeypatch.setattr(layout, "_CHUNK_PIXELS", 1000)  # enough work to be shared out
    monkeypatch.setattr(layout, "_CELLS_PER_SUM", 1000)
    files = sample("hair")
    alphas = [plain(files.image, files.trimap, num_threads=threads) for threads in (1, 2, 3)]
    assert np.array_equal(alphas[0], alphas[1])
    assert np.array_equal(alphas[0], alphas[2])


def test_the_same_bits_again():
    image, trimap = busiest_crop("motion", 64)
    assert np.array_equal(plain(image, trimap), plain(image, trimap))


def test_inputs_may_be_read_only_and_are_not_modified():
    image, trimap = busiest_crop("hair", 48)
    prior = np.full(trimap.shape, 0.5, np.float32)
    weight = np.full(trimap.shape, 0.1)
    inputs = (image, trimap, prior, weight)
    copies = [array.copy() for array in inputs]
    for array in inputs:
        array.flags.writeable = False
    plain(image, trimap, prior=prior, prior_weight=weight)
    for array, copy in zip(inputs, copies, strict=True):
        assert np.array_equal(array, copy)


def test_inputs_need_not_be_contiguous():
    image, trimap = busiest_crop("hair", 48)
    prior = smooth((48, 48))[..., 0]
    expected = plain(image, trimap, prior=prior)
    spread = np.zeros((96, 96, 3), np.float32)
    spread[::2, ::2] = image
    alpha = plain(spread[::2, ::2], np.asfortranarray(trimap), prior=np.asfortranarray(prior))
    assert np.array_equal(alpha, expected)


def test_depths_and_types_agree():
    image, trimap = busiest_crop("fur", 48)
    eight = np.round(image * 255).astype(np.uint8)
    expected = plain(eight, trimap)
    kinds = {
        "uint16": eight.astype(np.uint16) * 257,
        "float32": as_float(eight),
        "float64": eight / 255,
        "with alpha": np.dstack([eight, np.full_like(eight[..., 0], 255)]),
    }
    for kind, array in kinds.items():
        np.testing.assert_allclose(plain(array, trimap), expected, atol=1 / 255, err_msg=kind)
    marks = np.select([trimap == 0, trimap == 255], [0.0, 1.0], 0.5)
    assert np.array_equal(plain(eight, marks), expected)


def test_it_takes_paths_and_pil_images(tmp_path):
    from PIL import Image

    image, trimap = busiest_crop("motion", 48)
    picture = Image.fromarray(np.round(image * 255).astype(np.uint8))
    picture.save(tmp_path / "image.png")
    expected = plain(image, trimap)
    assert np.array_equal(plain(tmp_path / "image.png", trimap), expected)
    assert np.array_equal(plain(picture, trimap), expected)


def test_a_trimap_without_unknown_pixels_is_its_own_alpha():
    trimap = np.zeros(SHAPE, np.uint8)
    trimap[:, 16:] = 255
    form = solved(PICTURES["smooth"], trimap)
    assert np.array_equal(form.alpha, (trimap == 255).astype(np.float32))
    assert form.solution.iterations == 0


IMAGE, TRIMAP = PICTURES["smooth"], TRIMAPS["wide"]


def without(*known):
    """The trimap with what is known of these kinds made unknown."""
    return np.where(np.isin(TRIMAP, known), 128, TRIMAP).astype(np.uint8)


@pytest.mark.parametrize("refine", [True, False])
@pytest.mark.parametrize("direct", [True, False])
class TestOneSidedTrimaps:
    @pytest.fixture(autouse=True)
    def _solver(self, direct, monkeypatch):
        if not direct:
            monkeypatch.setattr(module, "DIRECT_PIXELS", 0)

    def test_nothing_known_is_one_half_and_a_warning(self, refine):
        with pytest.warns(HybridBgWarning, match="no known pixel"):
            alpha = estimate_alpha(IMAGE, without(0, 255), refine=refine)
        assert (alpha == 0.5).all()

    @pytest.mark.parametrize("weight", [None, 0.3])
    def test_where_nothing_is_known_the_prior_decides(self, refine, weight):
        prior = np.full(SHAPE, 0.25, np.float32)
        trimap = without(0, 255)
        alpha = estimate_alpha(IMAGE, trimap, prior=prior, prior_weight=weight, refine=refine)
        np.testing.assert_allclose(alpha, 0.25, atol=1e-3)

    def test_a_prior_without_weight_decides_nothing(self, refine):
        prior = np.zeros(SHAPE, np.float32)
        with pytest.warns(HybridBgWarning, match="no known pixel"):
            alpha = estimate_alpha(
                IMAGE, without(0, 255), prior=prior, prior_weight=0.0, refine=refine
            )
        assert (alpha == 0.5).all()

    @pytest.mark.parametrize(("unknown", "expected"), [(0, 1), (255, 0)])
    @pytest.mark.parametrize("picture", PICTURES)
    def test_what_alone_is_known_is_everywhere(self, refine, picture, unknown, expected):
        alpha = estimate_alpha(PICTURES[picture], without(unknown), refine=refine)
        np.testing.assert_allclose(alpha, expected, atol=1 / 255)


def changed(array, value):
    array = array.copy()
    array.flat[5] = value
    return array


@pytest.mark.parametrize(
    ("image", "trimap", "options", "error"),
    [
        (changed(IMAGE, np.nan), TRIMAP, {}, InvalidImageError),
        (changed(IMAGE, 1.5), TRIMAP, {}, InvalidImageError),
        (IMAGE[:3, :3], TRIMAP[:3, :3], {}, InvalidImageError),
        (IMAGE[..., :2], TRIMAP, {}, InvalidImageError),
        (IMAGE[:0], TRIMAP[:0], {}, InvalidImageError),
        (IMAGE, TRIMAP[:-1], {}, InvalidTrimapError),
        (IMAGE, changed(TRIMAP, 127), {}, InvalidTrimapError),
        (IMAGE, without(0), {"method": "knn"}, InvalidTrimapError),
        (IMAGE, without(255), {"method": "cf-pymatting"}, InvalidTrimapError),
        (IMAGE, without(0, 255), {"method": "lbdm"}, InvalidTrimapError),
        (IMAGE, TRIMAP, {"method": "levin"}, InvalidOptionError),
        (IMAGE, TRIMAP, {"epsilon": 0}, InvalidOptionError),
        (IMAGE, TRIMAP, {"epsilon": "small"}, InvalidOptionError),
        (IMAGE, TRIMAP, {"tolerance": -1e-6}, InvalidOptionError),
        (IMAGE, TRIMAP, {"tolerance": np.nan}, InvalidOptionError),
        (IMAGE, TRIMAP, {"num_threads": 0}, InvalidOptionError),
        (IMAGE, TRIMAP, {"num_threads": "two"}, InvalidOptionError),
        (IMAGE, TRIMAP, {"prior_weight": 0.1}, InvalidOptionError),
        (IMAGE, TRIMAP, {"prior": IMAGE[..., 0], "method": "knn"}, InvalidOptionError),
        (IMAGE, TRIMAP, {"prior": IMAGE[:-1, :, 0]}, InvalidMaskError),
        (IMAGE, TRIMAP, {"prior": changed(IMAGE[..., 0], np.nan)}, InvalidMaskError),
        (IMAGE, TRIMAP, {"prior": IMAGE[..., 0] * 255}, InvalidMaskError),
        *(
            (IMAGE, TRIMAP, {"prior": IMAGE[..., 0], "prior_weight": weight}, InvalidMaskError)
            for weight in (
                -0.1,
                np.nan,
                np.inf,
                1e300,
                True,
                "much",
                np.ones(3),
                changed(np.ones(SHAPE), -1),
            )
        ),
    ],
)
def test_bad_input_is_one_clear_error(image, trimap, options, error):
    with pytest.raises(error) as caught:
        plain(image, trimap, **options)
    assert len(str(caught.value)) > 20


@pytest.fixture
def iterative(monkeypatch):
    """Small pictures are solved by iteration as well, as large ones are."""
    monkeypatch.setattr(module, "DIRECT_PIXELS", 0)


@pytest.mark.usefixtures("iterative")
def test_too_few_iterations_are_an_error(monkeypatch):
    monkeypatch.setattr(module, "MAX_ITERATIONS", 2)
    with pytest.raises(SolverError, match="after 2 iterations"):
        plain(IMAGE, TRIMAP)


@pytest.mark.usefixtures("iterative")
@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4])
def test_the_tolerance_is_the_largest_error(tolerance):
    for image, trimap in ((IMAGE, TRIMAP), busiest_crop("fur", 64), busiest_crop("motion", 64)):
        form = solved(image, trimap, tolerance=tolerance)
        difference = np.abs(form.alpha - solve_alpha(image, trimap)).max()
        assert difference <= 1.5 * tolerance  # the error is estimated
        assert 0 <= form.solution.error <= tolerance


@pytest.mark.usefixtures("iterative")
def test_a_tighter_tolerance_comes_closer():
    exact = solve_alpha(IMAGE, TRIMAP)
    loose, tight = (
        np.abs(solved(IMAGE, TRIMAP, tolerance=tolerance).alpha - exact).max()
        for tolerance in (1e-3, 1e-9)
    )
    assert tight < 1e-5
    assert tight < loose
