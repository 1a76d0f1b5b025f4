"""hybridbg.core.metrics against plain loops, by example and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core import metrics
from hybridbg.core.errors import InvalidMaskError, InvalidOptionError, InvalidTrimapError
from tests.reference import metrics as reference

ERRORS = ["sad", "mse", "mad", "gradient_error", "connectivity_error"]
IN_THOUSANDS = {"sad", "gradient_error", "connectivity_error"}

# Tenths on purpose: they sit on the thresholds of the connectivity error.
ALPHA_VALUES = st.one_of(
    st.integers(0, 10).map(lambda tenths: tenths / 10), st.integers(0, 255).map(lambda v: v / 255)
)


@st.composite
def matte_pairs(draw, largest=8):
    shape = draw(st.tuples(st.integers(4, largest), st.integers(4, largest)))
    mattes = hnp.arrays(np.float32, shape, elements=ALPHA_VALUES.map(np.float32))
    return draw(mattes), draw(mattes)


@st.composite
def mask_pairs(draw):
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    masks = hnp.arrays(np.bool_, shape)
    return draw(masks), draw(masks)


@pytest.mark.parametrize("name", ERRORS)
@settings(max_examples=15, deadline=None)
@given(pair=matte_pairs())
def test_error_equals_the_loops_of_the_paper(name, pair):
    alpha, truth = pair
    scored = np.ones(truth.shape, dtype=bool)
    scored[:2] = False
    expected = getattr(reference, name)(alpha, truth, scored)
    if name in IN_THOUSANDS:
        expected /= 1000
    assert getattr(metrics, name)(alpha, truth, region=scored) == pytest.approx(
        expected, rel=1e-5, abs=1e-9
    )


@pytest.mark.parametrize("name", ERRORS)
@settings(max_examples=20, deadline=None)
@given(pair=matte_pairs(largest=16))
def test_error_is_symmetric_and_zero_on_itself(name, pair):
    error = getattr(metrics, name)
    assert error(*pair) == pytest.approx(error(*pair[::-1]))
    assert error(pair[0], pair[0]) == 0


def test_known_values():
    truth = np.zeros((20, 50))
    assert metrics.sad(truth + 0.25, truth) == pytest.approx(0.25)
    assert metrics.mse(truth + 0.25, truth) == pytest.approx(0.0625)
    assert metrics.gradient_error(truth + 0.25, truth) == pytest.approx(0, abs=1e-9)


def test_gradient_of_a_step_has_the_energy_of_the_filter():
    """On a vertical step the response is the filter's cumulative sum, the same in each row."""
    step = np.zeros((6, 40))
    step[:, 20:] = 1
    offset = np.arange(-4, 5)
    smooth = np.exp(-(offset**2) / (2 * 1.4**2))
    derivative = offset * smooth
    response = np.cumsum(derivative) * smooth.sum()
    energy = 6 * (response**2).sum() / ((smooth**2).sum() * (derivative**2).sum())
    assert metrics.gradient_error(step, np.zeros_like(step)) * 1000 == pytest.approx(energy)


def test_an_island_is_a_connectivity_error_and_a_bridge_heals_it():
    truth = np.ones((9, 30))
    cut, bridged = truth.copy(), truth.copy()
    cut[:, 20] = 0
    bridged[:4, 20] = 0
    assert metrics.connectivity_error(cut, truth) * 1000 == pytest.approx(9)
    assert metrics.connectivity_error(bridged, truth) * 1000 == pytest.approx(4)


def test_small_gaps_in_connectivity_do_not_count():
    truth = np.ones((10, 10))
    alpha = truth.copy()
    alpha[:5] = 0.91
    assert metrics.connectivity_error(alpha, truth) == 0
    alpha[:5] = 0.89
    assert metrics.connectivity_error(alpha, truth) > 0


def test_a_trimap_is_scored_where_it_is_unknown():
    trimap = np.array([[0, 128, 128, 255]], dtype=np.uint8)
    alpha, truth = np.array([[1, 1, 0.5, 0]]), np.array([[0, 1, 1, 1]])
    assert metrics.sad(alpha, truth.astype(float), region=trimap) == pytest.approx(0.0005)
    assert metrics.mse(alpha, truth.astype(float), region=trimap) == pytest.approx(0.125)


def test_integer_mattes_count_as_fractions_of_full():
    alpha, truth = np.full((2, 2), 255, np.uint8), np.full((2, 2), 0, np.uint16)
    assert metrics.sad(alpha, truth) == pytest.approx(0.004)


@pytest.mark.parametrize("name", ERRORS)
def test_errors_refuse_what_does_not_fit(name):
    error = getattr(metrics, name)
    matte = np.zeros((4, 5))
    with pytest.raises(InvalidMaskError):
        error(matte, np.zeros((5, 4)))
    with pytest.raises(InvalidMaskError):
        error(np.full((4, 5), np.nan), matte)
    with pytest.raises(InvalidTrimapError, match="size"):
        error(matte, matte, region=np.ones((4, 4), dtype=bool))
    with pytest.raises(InvalidTrimapError, match="at least one pixel"):
        error(matte, matte, region=np.zeros((4, 5), dtype=bool))


@settings(max_examples=60, deadline=None)
@given(pair=mask_pairs())
def test_mask_scores_equal_sets(pair):
    mask, truth = pair
    sets = [set(reference.pixels(m)) for m in pair]
    union = sets[0] | sets[1]
    assert metrics.iou(mask, truth) == (len(sets[0] & sets[1]) / len(union) if union else 1)
    width = max(1, round(0.15 * float(np.hypot(*mask.shape))))
    assert metrics.boundary_iou(mask, truth, dilation_ratio=0.15) == reference.boundary_iou(
        mask, truth, width
    )


@settings(max_examples=60, deadline=None)
@given(pair=mask_pairs(), tolerance=st.sampled_from([0, 1, 1.5, 2, 3]))
def test_boundary_f_equals_sets(pair, tolerance):
    found = metrics.boundary_f(*pair, tolerance=tolerance)
    assert found == pytest.approx(reference.boundary_f(*pair, tolerance))
    assert found == pytest.approx(metrics.boundary_f(*pair[::-1], tolerance=tolerance))


def test_boundary_f_of_a_moved_square_falls_only_beyond_the_tolerance():
    truth = np.zeros((40, 40), bool)
    truth[10:30, 10:30] = True
    moved = [metrics.boundary_f(np.roll(truth, by, axis=0), truth) for by in range(6)]
    assert moved[:3] == [1, 1, 1]
    assert sorted(moved[2:], reverse=True) == moved[2:]
    assert moved[3] < 0.8


def test_boundary_f_knows_no_outline_at_the_border_of_the_picture():
    left, right = np.zeros((10, 20), bool), np.zeros((10, 20), bool)
    left[:, :5] = right[:, 15:] = True
    full, empty = np.ones((10, 20), bool), np.zeros((10, 20), bool)
    assert metrics.boundary_f(left, right) == 0
    assert metrics.boundary_f(full, empty) == 1  # neither has an outline
    assert metrics.boundary_f(full, left) == 0


@pytest.mark.parametrize("tolerance", [-1, float("nan"), float("inf")])
def test_boundary_f_refuses_a_tolerance_out_of_range(tolerance):
    with pytest.raises(InvalidOptionError):
        metrics.boundary_f(np.ones((4, 4)), np.ones((4, 4)), tolerance=tolerance)


def test_mask_scores_of_nothing():
    empty, full = np.zeros((5, 5), bool), np.ones((5, 5), bool)
    for score in (metrics.iou, metrics.boundary_iou):
        assert score(empty, empty) == 1
        assert score(empty, full) == 0


def test_boundary_iou_ignores_the_inside_of_large_subjects():
    mask = np.zeros((100, 100), bool)
    mask[10:90, 10:90] = True
    holed = mask.copy()
    holed[48:52, 48:52] = False
    assert metrics.boundary_iou(mask, mask) == 1
    assert metrics.boundary_iou(holed, mask) < metrics.iou(holed, mask) < 1


@pytest.mark.parametrize("ratio", [0, -0.1, 1.1, float("nan")])
def test_boundary_iou_refuses_a_ratio_out_of_range(ratio):
    with pytest.raises(InvalidOptionError):
        metrics.boundary_iou(np.ones((4, 4)), np.ones((4, 4)), dilation_ratio=ratio)
