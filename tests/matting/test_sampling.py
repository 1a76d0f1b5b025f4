"""Refined alpha: better where closed form guesses, and no worse on what is tried here.

benchmarks/refinement.py has more cases, with those in which it still is worse.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hybridbg.matting import closed_form_alpha, estimate_alpha, refined_alpha
from hybridbg.matting.sampling import sampling_prior
from tests.conftest import load_sample
from tests.matting.contract import assert_well_formed
from tests.matting.pictures import as_float, between_edges, smooth

SHAPE = (120, 160)
WHISKER = 1.02, 1 / 255
"""Refined may have so many times the error of plain closed form, and one level of 8 bits on top."""


def rounded(image):
    """What an 8-bit file would hold."""
    return np.ascontiguousarray(np.round(np.clip(image, 0, 1) * 255) / 255, dtype=np.float32)


def mixed(alpha, foreground, background):
    alpha = alpha[..., None]
    return (alpha * np.float32(foreground) + (1 - alpha) * np.float32(background)).astype(
        np.float32
    )


def hairs(count=40, seed=3):
    """Alpha of hairs one pixel wide that grow out of something opaque, and its trimap."""
    random = np.random.default_rng(seed)
    fine = np.zeros((4 * SHAPE[0], 4 * SHAPE[1]), np.uint8)
    for _ in range(count):
        steps = random.normal((0, -2.5), (1.0, 0.4), (25, 2))
        points = np.cumsum(np.vstack([[random.uniform(0, SHAPE[1]), 95], steps]), axis=0)
        cv2.polylines(fine, [np.int32(4 * points)], False, 255, 4)
    alpha = cv2.resize(fine, SHAPE[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    alpha[90:] = 1
    trimap = np.full(SHAPE, 128, np.uint8)
    trimap[:12], trimap[100:] = 0, 255
    return alpha, trimap


def slope(begin, end):
    ramp = (np.arange(SHAPE[1], dtype=np.float32) - begin) / (end - begin)
    return np.tile(np.clip(ramp, 0, 1), (SHAPE[0], 1))


def gradient(contrast):
    alpha = slope(1, SHAPE[1] - 2)
    background = np.float32([0.05, 0.1, 0.05])
    image = mixed(alpha, background + contrast * np.float32([1, 0.8, 0.6]), background)
    return image, between_edges(SHAPE), alpha


def soft_edge(contrast):
    alpha = slope(70, 90)
    trimap = np.full(SHAPE, 128, np.uint8)
    trimap[:, :50], trimap[:, -50:] = 0, 255
    return mixed(alpha, [0.1 + contrast] * 3, [0.1] * 3), trimap, alpha


def green_screen():
    alpha, trimap = hairs()
    return rounded(mixed(alpha, [0.3, 0.2, 0.1], [0.1, 0.8, 0.2])), trimap, alpha


def uneven_backdrop():
    alpha, trimap = hairs(seed=4)
    background = np.float32([0.5, 0.5, 0.6]) * np.linspace(0.7, 1.3, SHAPE[1])[:, None]
    return rounded(mixed(alpha, [0.3, 0.2, 0.1], background)), trimap, alpha


def one_colour():
    alpha, trimap = hairs()
    return np.full((*SHAPE, 3), 0.4, np.float32), trimap, alpha


def hole():
    """A hole in the foreground that sees no background; what is known of it is in a corner."""
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    distance = np.hypot(rows - 60, cols - 80)
    alpha = np.clip((distance - 20) / 3, 0, 1).astype(np.float32)
    image = mixed(alpha, [0.7, 0.3, 0.2], [0.2, 0.4, 0.6])
    trimap = np.where(distance > 45, 255, 128).astype(np.uint8)
    alpha[:6, :6], trimap[:6, :6], image[:6, :6] = 0, 0, (0.2, 0.4, 0.6)
    return rounded(image), trimap, alpha


CASES = {
    "gradient": gradient(0.9),
    "faint gradient": gradient(0.3),
    "gradient of 8 bits": (rounded(gradient(0.9)[0]), *gradient(0.9)[1:]),
    "soft edge": soft_edge(0.5),
    "faint soft edge": soft_edge(0.1),
    "soft edge of 8 bits": (rounded(soft_edge(0.5)[0]), *soft_edge(0.5)[1:]),
    "green screen": green_screen(),
    "uneven backdrop": uneven_backdrop(),
    "one colour": one_colour(),
    "hole": hole(),
}


def errors(image, trimap, alpha):
    unknown = trimap == 128
    return [
        float(np.abs(solve(image, trimap, num_threads=2).alpha - alpha)[unknown].mean())
        for solve in (closed_form_alpha, refined_alpha)
    ]


@pytest.mark.parametrize("name", CASES)
def test_it_never_hurts(name):
    plain, refined = errors(*CASES[name])
    assert refined <= WHISKER[0] * plain + WHISKER[1]


@pytest.mark.parametrize("name", ["green screen", "hole"])
def test_it_helps(name):
    plain, refined = errors(*CASES[name])
    assert refined < 0.8 * plain


@pytest.mark.parametrize("name", ["hair", "fur", "holes", "motion", "green_uneven"])
def test_it_helps_on_samples(name):
    files = load_sample(name)
    plain, refined = errors(as_float(files.image), files.trimap, as_float(files.alpha))
    assert refined < 0.97 * plain


def test_it_does_not_hurt_before_an_even_screen():
    files = load_sample("green_even")
    plain, refined = errors(as_float(files.image), files.trimap, as_float(files.alpha))
    assert refined <= WHISKER[0] * plain


@pytest.mark.parametrize("noise", [0, 0.01])
@pytest.mark.parametrize("light", [0.2, 0.4])
def test_it_does_not_hurt_before_a_wall_lit_from_the_side(light, noise):
    alpha, trimap = hairs(seed=1)
    wall = np.float32([0.55, 0.6, 0.65]) * (1 - light * np.linspace(0, 1, SHAPE[1])[:, None])
    image = mixed(alpha, [0.3, 0.2, 0.12], wall)
    image = image + np.random.default_rng(0).normal(0, noise, image.shape)
    plain, refined = errors(rounded(image), trimap, alpha)
    assert refined <= WHISKER[0] * plain + 5e-4


@pytest.mark.parametrize("missing", [0, 255])
def test_nothing_is_said_where_one_side_is_not_known(missing):
    trimap = between_edges(SHAPE)
    trimap[trimap == missing] = 128
    prior, weight = sampling_prior(smooth(SHAPE), trimap, num_threads=2)
    assert not prior.any()
    assert not weight.any()
    refined = refined_alpha(smooth(SHAPE), trimap, num_threads=2)
    plain = closed_form_alpha(smooth(SHAPE), trimap, num_threads=2)
    assert np.array_equal(refined.alpha, plain.alpha)
    assert refined.sampled == 0


def test_the_prior_is_well_formed_and_the_same_for_any_number_of_threads():
    image, trimap, _ = CASES["green screen"]
    prior, weight = sampling_prior(image, trimap, num_threads=1)
    assert prior.dtype == weight.dtype == np.float32
    assert prior.min() >= -0.1  # noise takes it a little beyond 0 and 1
    assert prior.max() <= 1.1
    assert weight.min() >= 0
    assert not weight[trimap != 128].any()
    for threads in (2, 3):
        again = sampling_prior(image, trimap, num_threads=threads)
        assert np.array_equal(again[0], prior)
        assert np.array_equal(again[1], weight)


def test_an_enlargement_gets_much_the_same():
    image, trimap, alpha = CASES["green screen"]
    size = (8 * SHAPE[1], 8 * SHAPE[0])
    large = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    marks = cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST)
    prior, weight = sampling_prior(large, marks, num_threads=2)
    truth = cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR)
    sure = weight > 0.01
    assert sure.mean() > 0.3
    assert np.abs(prior - truth)[sure].mean() < 0.02


def test_refinement_is_what_estimate_alpha_does_unless_told_otherwise():
    image, trimap, alpha = CASES["green screen"]
    refined = refined_alpha(image, trimap, num_threads=2)
    assert 0.5 < refined.sampled <= 1
    assert_well_formed(refined.alpha, trimap)
    assert np.array_equal(estimate_alpha(image, trimap), refined.alpha)
    plain = closed_form_alpha(image, trimap, num_threads=2).alpha
    assert np.array_equal(estimate_alpha(image, trimap, refine=False), plain)
    given = estimate_alpha(image, trimap, prior=alpha, refine=False)
    assert np.array_equal(estimate_alpha(image, trimap, prior=alpha), given)


@pytest.mark.parametrize("shape", [(4, 4), (4, 30), (30, 4)])
def test_the_smallest_pictures(shape):
    trimap = np.full(shape, 128, np.uint8)
    image = np.full((*shape, 3), 0.5, np.float32)
    trimap.flat[0], trimap.flat[-1] = 0, 255
    assert_well_formed(estimate_alpha(image, trimap), trimap)


@pytest.mark.parametrize("contrast", [0.1, 0.2])
def test_a_faint_ramp_in_8_bits_is_left_to_closed_form(contrast):
    truth = np.tile(np.linspace(0, 1, 300, dtype=np.float32), (60, 1))
    low = np.float32([0.4, 0.48, 0.5])
    image = rounded(mixed(truth, low + contrast * np.float32([1, 0.8, 0.6]), low))
    trimap = np.full(truth.shape, 128, np.uint8)
    trimap[:, :5], trimap[:, -5:] = 0, 255
    plain, refined = (
        np.abs(estimate_alpha(image, trimap, refine=refine) - truth).mean()
        for refine in (False, True)
    )
    assert refined <= WHISKER[0] * plain + WHISKER[1]


def test_a_given_prior_and_the_samples_are_held_each_with_its_weight():
    image, trimap, _ = CASES["green screen"]
    rng = np.random.default_rng(3)
    given = rng.random(trimap.shape, dtype=np.float32)
    samples, weight = sampling_prior(image, trimap, num_threads=1)
    for strength in (0.0, 0.01, 1e3):
        held = np.full(trimap.shape, strength, np.float32)
        found = refined_alpha(image, trimap, prior=given, prior_weight=held, num_threads=1)
        both = weight + held
        mean = (weight * samples + held * given) / np.maximum(both, 1e-30)
        expected = closed_form_alpha(image, trimap, prior=mean, prior_weight=both, num_threads=1)
        np.testing.assert_allclose(found.alpha, expected.alpha, rtol=0, atol=1e-3)


def test_samples_are_believed_as_far_as_they_are_trusted(sample):
    files = sample("hair")
    rows = np.s_[100:220, 100:220]
    image = np.ascontiguousarray(files.image[rows]) / np.float32(255)
    trimap = np.ascontiguousarray(files.trimap[rows])

    def solve(trust):
        weight = None if trust is None else np.full(trimap.shape, trust, dtype=np.float32)
        return refined_alpha(image, trimap, sample_trust=weight, num_threads=1).alpha

    plain = closed_form_alpha(image, trimap, num_threads=1).alpha
    assert np.array_equal(solve(1), solve(None))
    assert np.abs(solve(0) - plain).max() < 2e-3
    assert np.abs(solve(2) - plain).mean() > np.abs(solve(0.1) - plain).mean() > 0


def test_nothing_is_sampled_where_nobody_would_hear_it(sample):
    files = sample("hair")
    rows = np.s_[100:220, 100:220]
    image = np.ascontiguousarray(files.image[rows]) / np.float32(255)
    trimap = np.ascontiguousarray(files.trimap[rows])
    left = np.zeros(trimap.shape, dtype=np.float32)
    left[:, :60] = 1
    everywhere, some = (
        refined_alpha(
            image,
            trimap,
            prior=np.full(trimap.shape, 0.5, dtype=np.float32),
            prior_weight=np.full(trimap.shape, 0.1, dtype=np.float32),
            sample_trust=trust,
            num_threads=1,
        )
        for trust in (np.maximum(left, np.float32(0.5)), np.maximum(left, np.float32(0.01)))
    )
    assert 0 < some.sampled < everywhere.sampled
    known = trimap != 128
    assert np.array_equal(some.alpha[known], everywhere.alpha[known])
