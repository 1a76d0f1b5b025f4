"""hybridbg.core.trimap: what is accepted, what is refused, and exact bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.errors import InvalidMaskError, InvalidOptionError, InvalidTrimapError
from hybridbg.core.trimap import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    as_trimap,
    from_alpha,
    from_mask,
    split,
    widen,
)

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12)).filter(lambda s: s[0] * s[1] > 1)


@st.composite
def trimaps(draw):
    shape = draw(SHAPES)
    trimap = draw(hnp.arrays(np.uint8, shape, elements=st.sampled_from([0, 128, 255])))
    trimap.flat[0], trimap.flat[-1] = BACKGROUND, FOREGROUND
    return trimap


def distance_to_edge(region):
    """From each pixel of the region's inside to its nearest outside pixel, less half a pixel."""
    outside = np.argwhere(~region)
    distance = np.full(region.shape, np.inf)
    for pixel in np.argwhere(region):
        if len(outside):
            distance[tuple(pixel)] = np.sqrt(((outside - pixel) ** 2).sum(axis=1).min()) - 0.5
    return distance


@given(trimaps())
def test_bytes_and_floats_mean_the_same(trimap):
    as_floats = np.where(trimap == 255, 1.0, np.where(trimap == 128, 0.5, 0.0))
    for dtype in (np.float16, np.float32, np.float64):
        assert np.array_equal(as_trimap(as_floats.astype(dtype), trimap.shape), trimap)
    assert np.array_equal(as_trimap(trimap, trimap.shape), trimap)


def test_result_is_a_new_contiguous_array():
    trimap = np.array([[0, 255], [128, 0]], dtype=np.uint8).T
    checked = as_trimap(trimap)
    assert checked.flags.c_contiguous
    assert checked.dtype == np.uint8
    assert not np.shares_memory(checked, trimap)


@given(trimaps(), st.integers(0, 63), st.integers(0, 2**32 - 1))
def test_tolerance_snaps_what_is_near(trimap, tolerance, seed):
    wobble = np.random.default_rng(seed).integers(-tolerance, tolerance + 1, trimap.shape)
    wobbly = np.clip(trimap.astype(int) + wobble, 0, 255)
    assert np.array_equal(as_trimap(wobbly.astype(np.uint8), tolerance=tolerance), trimap)


def test_tolerance_is_in_grey_levels_for_floats_too():
    trimap = np.array([[0.019, 0.5, 0.981]])
    assert as_trimap(trimap, tolerance=5).tolist() == [[0, 128, 255]]
    with pytest.raises(InvalidTrimapError):
        as_trimap(trimap, tolerance=4)


@pytest.mark.parametrize("tolerance", [-1, 64, float("nan")])
def test_tolerance_out_of_range(tolerance):
    with pytest.raises(InvalidOptionError, match="tolerance"):
        as_trimap(np.array([[0, 255]], dtype=np.uint8), tolerance=tolerance)


def test_other_values_are_counted_and_named():
    trimap = np.array([[0, 127, 127, 255, 7]], dtype=np.uint8)
    with pytest.raises(InvalidTrimapError, match=r"3 pixels .* 7 \(1 pixels\), 127 \(2 pixels\)"):
        as_trimap(trimap)
    with pytest.raises(InvalidTrimapError, match="and 95 more"):
        as_trimap(np.arange(101, dtype=np.uint8)[None])


@pytest.mark.parametrize(
    ("trimap", "message"),
    [
        (np.array([[True, False]]), "band along its edge"),
        (np.array([[0, 255]]), "int64"),
        (np.zeros((2, 2, 3), np.uint8), "single channel"),
        (np.zeros((0, 3), np.uint8), r"\(H, W\)"),
        (np.array([[0, 0.5, np.nan, 1]]), "1 pixels of other values: nan"),
        (np.array([[0, 128]], np.uint8), "without known foreground"),
        (np.array([[255, 128]], np.uint8), "without known background"),
        (np.array([[128, 128]], np.uint8), "without known foreground and without known background"),
    ],
)
def test_refusals(trimap, message):
    with pytest.raises(InvalidTrimapError, match=message):
        as_trimap(trimap)


@pytest.mark.parametrize("values", [[0, 128], [128, 255], [128, 128], [0, 0]])
def test_known_pixels_of_both_kinds_can_be_left_to_the_caller(values):
    trimap = np.array([values], np.uint8)
    assert as_trimap(trimap, need_known=False).tolist() == [values]


def test_another_size_is_refused():
    with pytest.raises(InvalidTrimapError, match=r"\(3, 4\).*\(4, 3\)"):
        as_trimap(np.zeros((4, 3), np.uint8), (3, 4))


@settings(deadline=None)
@given(trimaps(), st.floats(0, 6))
def test_widen_is_exact(trimap, pixels):
    expected = trimap.copy()
    for value in (BACKGROUND, FOREGROUND):
        region = trimap == value
        expected[region & (distance_to_edge(region) < pixels)] = UNKNOWN
    if {BACKGROUND, FOREGROUND} <= set(expected.flat):
        assert np.array_equal(widen(trimap, pixels), expected)
    else:
        with pytest.raises(InvalidTrimapError, match="smaller"):
            widen(trimap, pixels)


@pytest.mark.parametrize("pixels", [-1, float("inf"), float("nan")])
def test_widen_refuses_a_distance_that_is_none(pixels):
    with pytest.raises(InvalidOptionError):
        widen(np.array([[0, 255]], np.uint8), pixels)


@settings(deadline=None)
@given(hnp.arrays(np.bool_, SHAPES), st.floats(0, 5))
def test_the_band_of_a_mask_is_centred_on_its_edge(mask, band):
    assume(mask.any() and not mask.all())
    expected = np.where(mask, FOREGROUND, BACKGROUND)
    for region in (mask, ~mask):
        expected[region & (distance_to_edge(region) < band / 2)] = UNKNOWN
    if {BACKGROUND, FOREGROUND} <= set(expected.flat):
        assert np.array_equal(from_mask(mask, band=band), expected)
    else:
        with pytest.raises(InvalidTrimapError, match="smaller"):
            from_mask(mask, band=band)


def test_a_band_in_per_cent_follows_the_subject():
    mask = np.zeros((300, 300), bool)
    mask[50:250, 50:250] = True
    assert np.array_equal(from_mask(mask, band="5 %"), from_mask(mask, band=10))
    assert np.count_nonzero(from_mask(mask, band="5%")[150] == UNKNOWN) == 20


def test_soft_masks_split_at_one_half():
    soft = np.array([[0, 0.49, 0.5, 1]])
    assert from_mask(soft, band=0).tolist() == [[0, 0, 255, 255]]
    assert from_mask((soft * 255).round().astype(np.uint8), band=0).tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("band", [-1, "-2%", "2", "wide%", "%", float("nan"), "nan%"])
def test_bands_that_are_none(band):
    with pytest.raises(InvalidOptionError, match="non-negative"):
        from_mask(np.eye(8, dtype=bool), band=band)


@pytest.mark.parametrize(
    ("fill", "missing"), [(False, "without foreground"), (True, "without background")]
)
def test_a_mask_of_one_kind_is_refused(fill, missing):
    with pytest.raises(InvalidMaskError, match=missing):
        from_mask(np.full((5, 5), fill))


def test_a_band_that_swallows_the_subject_is_an_error():
    mask = np.zeros((20, 20), bool)
    mask[9:11, 9:11] = True
    with pytest.raises(InvalidTrimapError, match="smaller band"):
        from_mask(mask, band=4)


def test_masks_are_not_modified():
    mask = np.eye(8, dtype=bool)
    before = mask.copy()
    from_mask(mask, band=1)
    assert np.array_equal(mask, before)


def test_alpha_is_known_where_it_rounds_to_0_or_255():
    alpha = np.array([[0, 0.4 / 255, 0.6 / 255, 0.5, 254.4 / 255, 254.6 / 255, 1]])
    expected = [[0, 0, 128, 128, 128, 255, 255]]
    assert from_alpha(alpha).tolist() == expected
    assert from_alpha((alpha * 255).round().astype(np.uint8)).tolist() == expected
    assert from_alpha(alpha, tolerance=0.1).tolist() == [[0, 0, 0, 128, 255, 255, 255]]


def test_alpha_can_be_widened():
    alpha = np.array([[0, 0, 0, 0.5, 1, 1, 1]])
    assert from_alpha(alpha, pixels=1).tolist() == [[0, 0, 128, 128, 128, 255, 255]]


def test_alpha_without_opaque_or_transparent_pixels_is_refused():
    with pytest.raises(InvalidTrimapError, match="without known foreground"):
        from_alpha(np.array([[0, 0.5]]))
    with pytest.raises(InvalidOptionError):
        from_alpha(np.array([[0.0, 1.0]]), tolerance=0.5)


@given(trimaps())
def test_split_partitions(trimap):
    regions = split(trimap)
    assert (np.sum(regions, axis=0) == 1).all()
    for region, value in zip(regions, (BACKGROUND, UNKNOWN, FOREGROUND), strict=True):
        assert (trimap[region] == value).all()


def test_a_trimap_divided_by_255_is_one():
    trimap = np.array([[0, 128, 255]], np.uint8)
    np.testing.assert_array_equal(as_trimap(trimap / 255), trimap)
