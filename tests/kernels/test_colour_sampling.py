"""Each pass of colour sampling against the plain NumPy version of it."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg._kernels import colour_estimate, colour_evenness, colour_matching, colour_pairing
from hybridbg.matting import estimate_alpha
from hybridbg.matting.sampling import _clearance, _directions
from tests.matting.pictures import busiest_crop
from tests.reference import colour_sampling as reference

IMAGE, TRIMAP = busiest_crop("hair", 48)
MATCHING = (0.05**2, (0.05 / 20) ** 2, 0.5)
VOUCHING = (4.0, 1e-5, 0.05**2)
WEIGHING = (9.0, 1e-4, 1.5, 4.0, 0.02, 0.01, 0.02)
SMALL = [(1, 1), (1, 20), (20, 1), (17, 33)]


def picked(trimap, pitch, threads=2):
    rows, cols = (-(-size // pitch) for size in trimap.shape)
    picks = np.empty((3, rows, cols), np.int16)
    colour_matching.pick(trimap, pitch, picks, threads)
    return picks


def surveyed(image, picks, pitch, threads=2):
    trust = np.zeros(picks.shape[1:], np.float32)
    means = np.empty((*trust.shape, 3), np.float32)
    colour_evenness.survey(image, picks, pitch, 0.25, 5e-6, 1e-4, means, trust, threads)
    return trust


def vouched(image, trimap, picks, pitch, threads=2):
    inverse = np.zeros((2, *picks.shape[1:]), np.float32)
    colour_matching.vouch(image, trimap, picks, pitch, *VOUCHING, inverse, threads)
    return inverse


def matched(image, trimap, pitch, threads=2):
    marks = trimap.copy()
    picks = picked(trimap, pitch)
    inverse = vouched(image, trimap, picks, pitch, threads)
    boxes = bounded(image, picks, inverse, pitch, threads)
    colour_matching.match(image, trimap, picks, inverse, boxes, pitch, *MATCHING, marks, threads)
    return marks


def bounded(image, picks, inverse, pitch, threads=2):
    blocks = (-(-cells // colour_matching.BLOCK_CELLS) for cells in picks.shape[1:])
    boxes = np.empty((2, *blocks, 7), np.float32)
    colour_matching.bound(image, picks, pitch, inverse, boxes, threads)
    return boxes


def paired(image, marks, picks, pitch, threads=2, longest=255):
    pairs = np.zeros((7, *picks.shape[1:]), np.float32)
    clearance = np.minimum(_clearance(picks), np.uint8(longest))
    given = (image, marks, picks, clearance, _directions(), pitch, 1e-4, 1.5)
    colour_pairing.pair(*given, pairs, threads)
    return pairs


def everything(image, trimap, pitch, threads=2):
    marks = matched(image, trimap, pitch, threads)
    picks = picked(marks, pitch, threads)
    trust = surveyed(image, picked(trimap, pitch, threads), pitch, threads)
    pairs = paired(image, marks, picks, pitch, threads)
    prior, weight = (np.zeros(trimap.shape, np.float32) for _ in range(2))
    given = (image, trimap, marks, pairs, trust, pitch, *WEIGHING)
    colour_estimate.estimate(*given, prior, weight, threads)
    return given, prior, weight


@pytest.mark.parametrize("pitch", [1, 2, 5])
def test_picks_are_the_first_pixels_of_a_cell(pitch):
    assert np.array_equal(picked(TRIMAP, pitch), reference.pick(TRIMAP, pitch))


@pytest.mark.parametrize("pitch", [1, 3])
def test_the_survey_finds_even_slopes(pitch):
    picks = picked(TRIMAP, pitch)
    expected = np.where(picks[1] >= 0, reference.survey(IMAGE, pitch, 0.25, 5e-6, 1e-4), 0)
    np.testing.assert_allclose(surveyed(IMAGE, picks, pitch), expected, atol=2e-3)
    ramp = np.linspace(0, 1, 48, dtype=np.float32)[None, :, None] * np.ones((48, 1, 3), np.float32)
    unknown = picked(np.full((48, 48), 128, np.uint8), pitch)
    assert (surveyed(ramp, unknown, pitch)[:, 2:-2] == 0).all()
    assert (surveyed(np.full_like(ramp, 0.3), unknown, pitch) == 1).all()


@pytest.mark.parametrize("pitch", [1, 2, 5])
def test_known_pixels_vouch_for_what_varies_around_them(pitch):
    picks = picked(TRIMAP, pitch)
    expected = reference.vouch(IMAGE, TRIMAP, picks, pitch, *VOUCHING)
    found = vouched(IMAGE, TRIMAP, picks, pitch)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert (found[0][picks[0] >= 0] >= 1 / VOUCHING[2] * 0.999).all()


@pytest.mark.parametrize("pitch", [1, 2, 3])
def test_pixels_that_look_known_become_known(pitch):
    found = matched(IMAGE, TRIMAP, pitch)
    inverse = reference.vouch(IMAGE, TRIMAP, picked(TRIMAP, pitch), pitch, *VOUCHING)
    expected = reference.match(IMAGE, TRIMAP, inverse, pitch, *MATCHING)
    assert np.array_equal(found, expected)
    assert (found != TRIMAP).any()


@pytest.mark.parametrize("noise", [0.002, 0.01, 0.05])
def test_matches_are_unmade_by_whatever_is_near_enough(noise):
    """Blocks that are passed over hold nothing that would have changed a match."""
    random = np.random.default_rng(8)
    trimap = np.full((20, 26), 128, np.uint8)  # all of it within reach of every pixel
    trimap[:, :8], trimap[:, 18:] = 0, 255
    level = np.where(np.arange(26) < 13, 0.3, 0.36) + 0.06 * random.integers(0, 2, (20, 26))
    image = level.astype(np.float32)[..., None].repeat(3, axis=2)
    image += noise * random.standard_normal(image.shape, dtype=np.float32)
    inverse = reference.vouch(image, trimap, picked(trimap, 1), 1, *VOUCHING)
    expected = reference.match(image, trimap, inverse, 1, *MATCHING)
    assert 0 < (expected != trimap).mean() < 0.9
    assert np.array_equal(matched(image, trimap, 1), expected)


@pytest.mark.parametrize("pitch", [1, 2, 5])
def test_bounds_hold_what_is_known_in_a_block(pitch):
    picks = picked(TRIMAP, pitch)
    inverse = vouched(IMAGE, TRIMAP, picks, pitch)
    boxes = bounded(IMAGE, picks, inverse, pitch)
    seen = set()
    for side, mark in enumerate((0, 255)):
        for row, col in np.argwhere(picks[2 * side] >= 0):
            place = int(picks[2 * side, row, col])
            colour = IMAGE[row * pitch + place // pitch, col * pitch + place % pitch]
            block = (side, *(np.array([row, col]) // colour_matching.BLOCK_CELLS))
            seen.add(block)
            assert (boxes[block][:3] <= colour).all()
            assert (boxes[block][3:6] >= colour).all()
            assert inverse[side, row, col] * boxes[block][6] >= 0.9999
            assert TRIMAP[row * pitch + place // pitch, col * pitch + place % pitch] == mark
    empty = [block for block in np.ndindex(boxes.shape[:3]) if block not in seen]
    assert all(boxes[block][0] > boxes[block][3] and boxes[block][6] == 0 for block in empty)


@pytest.mark.parametrize("pitch", [1, 2, 3])
def test_cells_keep_the_best_pair_of_their_rays(pitch):
    picks = picked(TRIMAP, pitch)
    expected = reference.pair(IMAGE, TRIMAP, picks, _directions(), pitch, 1e-4, 1.5)
    assert expected[6].any()
    np.testing.assert_allclose(paired(IMAGE, TRIMAP, picks, pitch), expected, atol=1e-5)


def test_rays_that_leap_meet_what_rays_that_step_meet():
    random = np.random.default_rng(3)
    image = random.random((90, 120, 3), dtype=np.float32)
    trimap = np.full((90, 120), 128, np.uint8)
    trimap[random.integers(0, 90, 40), random.integers(0, 120, 40)] = random.choice([0, 255], 40)
    picks = picked(trimap, 2)
    stepped = paired(image, trimap, picks, 2, longest=1)
    differs = (paired(image, trimap, picks, 2) != stepped).any(axis=0)
    assert stepped[6].any()
    assert differs.mean() < 0.01  # a coordinate rounds to the other side of a cell's border


@pytest.mark.parametrize("pitch", [1, 2, 3])
def test_the_estimate_is_the_mean_over_pairs(pitch):
    given, prior, weight = everything(IMAGE, TRIMAP, pitch)
    expected = reference.estimate(*given)
    np.testing.assert_allclose(prior, expected[0], atol=1e-3)
    np.testing.assert_allclose(weight, expected[1], atol=1e-4)
    assert (prior[TRIMAP != 128] == 0).all()
    assert (weight[TRIMAP != 128] == 0).all()


@pytest.mark.parametrize("shape", SMALL)
def test_any_shape_gives_what_the_reference_gives(shape):
    random = np.random.default_rng(7)
    image = random.random((*shape, 3), dtype=np.float32)
    trimap = random.choice(np.uint8([0, 128, 255]), shape)
    given, prior, weight = everything(image, trimap, 2)
    expected = reference.estimate(*given)
    np.testing.assert_allclose(prior, expected[0], atol=1e-3)
    np.testing.assert_allclose(weight, expected[1], atol=1e-4)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_and_read_only_input_do_not_matter(threads):
    image, trimap = IMAGE.copy(), TRIMAP.copy()
    image.flags.writeable = trimap.flags.writeable = False
    _, prior, weight = everything(image, trimap, 2, threads)
    _, *expected = everything(IMAGE, TRIMAP, 2, 1)
    assert np.array_equal(prior, expected[0])
    assert np.array_equal(weight, expected[1])


def test_what_is_not_contiguous_is_copied_at_the_edge():
    image, trimap = IMAGE[:, ::-1], np.asfortranarray(TRIMAP[:, ::-1])
    with pytest.raises(ValueError, match="not C-contiguous"):
        everything(image, trimap, 2)
    alpha = estimate_alpha(image, trimap)
    copied = estimate_alpha(np.ascontiguousarray(image), np.ascontiguousarray(trimap))
    assert np.array_equal(alpha, copied)


def test_double_precision_is_refused():
    with pytest.raises(ValueError, match="Buffer dtype mismatch"):
        everything(IMAGE.astype(np.float64), TRIMAP, 2)
