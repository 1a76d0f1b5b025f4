"""Closed form with an expected alpha: the system of the paper, and its two ends."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.matting import estimate_alpha
from tests.matting.contract import assert_exact, assert_well_formed
from tests.matting.pictures import as_float, busiest_crop, smooth
from tests.reference.closed_form import solve_alpha

IMAGE, TRIMAP = busiest_crop("hair", 48)
PRIOR = smooth((48, 48), seed=4)[..., 0]
UNKNOWN = TRIMAP == 128


def test_it_is_the_papers_system_with_a_prior():
    weight = smooth((48, 48), seed=6)[..., 1] * 0.1
    alpha = estimate_alpha(IMAGE, TRIMAP, prior=PRIOR, prior_weight=weight)
    assert_well_formed(alpha, TRIMAP)
    exact = solve_alpha(IMAGE, TRIMAP, prior=PRIOR, prior_weight=weight)
    assert_exact(alpha, exact)


@pytest.mark.parametrize("weight", [1e4, 1e8, 1e30])
def test_a_huge_weight_gives_the_prior(weight):
    alpha = estimate_alpha(IMAGE, TRIMAP, prior=PRIOR, prior_weight=weight)
    np.testing.assert_allclose(alpha[UNKNOWN], PRIOR[UNKNOWN], atol=2e-3)


def test_huge_weights_in_places_are_like_known_pixels():
    sure = UNKNOWN & (np.indices(UNKNOWN.shape).sum(0) % 3 == 0)
    held = (PRIOR > 0.5).astype(np.float32)
    alpha = estimate_alpha(IMAGE, TRIMAP, prior=held, prior_weight=np.where(sure, 1e6, 0.0))
    marks = np.where(sure, np.where(held > 0, 255, 0), TRIMAP).astype(np.uint8)
    np.testing.assert_allclose(alpha, estimate_alpha(IMAGE, marks, refine=False), atol=1 / 255)


def test_no_weight_gives_plain_closed_form():
    plain = estimate_alpha(IMAGE, TRIMAP, refine=False)
    for weight in (0, np.zeros(TRIMAP.shape)):
        alpha = estimate_alpha(IMAGE, TRIMAP, prior=PRIOR, prior_weight=weight)
        np.testing.assert_allclose(alpha, plain, atol=1 / 255)


def test_the_default_weight_is_one_in_a_hundred():
    assert np.array_equal(
        estimate_alpha(IMAGE, TRIMAP, prior=PRIOR),
        estimate_alpha(IMAGE, TRIMAP, prior=PRIOR, prior_weight=0.01),
    )


def test_it_is_read_where_alpha_is_unknown_only():
    elsewhere = np.where(UNKNOWN, PRIOR, 1 - PRIOR)
    assert np.array_equal(
        estimate_alpha(IMAGE, TRIMAP, prior=PRIOR),
        estimate_alpha(IMAGE, TRIMAP, prior=elsewhere),
    )


def test_it_may_be_a_byte_mask():
    bytes_of_prior = np.round(PRIOR * 255).astype(np.uint8)
    np.testing.assert_allclose(
        estimate_alpha(IMAGE, TRIMAP, prior=bytes_of_prior),
        estimate_alpha(IMAGE, TRIMAP, prior=as_float(bytes_of_prior)),
        atol=1 / 255,
    )
