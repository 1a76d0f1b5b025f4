from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.core.errors import NoSubjectError
from hybridbg.pipeline.evidence import Evidence
from hybridbg.pipeline.fusion import fuse

SHAPE = (120, 160)


def source(probability, *, name="a", confidence=1.0, softness=None, cell=1.0):
    probability = np.asarray(probability, dtype=np.float32)
    soft = np.zeros_like(probability) if softness is None else softness.astype(np.float32)
    return Evidence(name, probability, np.full_like(probability, confidence), soft, cell)


def disc(row=60, col=80, radius=40):
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return (rows - row) ** 2 + (cols - col) ** 2 < radius**2


def test_a_hard_mask_gets_a_narrow_band_along_its_outline():
    mask = disc()
    trimap = fuse([source(mask)]).narrow
    assert set(np.unique(trimap)) == {0, 128, 255}
    assert mask[trimap == 255].all()
    assert not mask[trimap == 0].any()
    # Pixels two from the outline on each side: 2 pi 40 x 4, give or take the raster.
    assert 0.5 < np.count_nonzero(trimap == 128) / (2 * np.pi * 40 * 3) < 1.6


def test_softness_near_the_outline_widens_the_band_but_not_far_from_it():
    mask = disc()
    soft = np.zeros(SHAPE)
    soft[:, 80:] = 1  # the whole right half, deep inside and far outside too
    trimap = fuse([source(mask, softness=soft)]).narrow
    left, right = (np.count_nonzero(half == 128) for half in (trimap[:, :80], trimap[:, 80:]))
    assert right > 1.5 * left
    assert trimap[60, 85] == 255
    assert trimap[2, 158] == 0


def test_disagreement_becomes_unknown():
    small, large = disc(radius=38), disc(radius=42)
    fused = fuse([source(small, name="a"), source(large, name="b")])
    assert (fused.narrow[large & ~small] == 128).all()
    assert fused.weights == {"a": 0.5, "b": 0.5}


def test_the_more_confident_source_decides():
    here, there = disc(col=50, radius=30), disc(col=110, radius=30)
    fused = fuse([source(here, name="a", confidence=0.9), source(there, name="b", confidence=0.3)])
    assert fused.narrow[60, 50] == 255
    assert fused.narrow[60, 110] == 0


def test_specks_go_and_holes_stay():
    ring = disc(radius=40) & ~disc(radius=20)
    spotted = ring.copy()
    spotted[3:6, 3:6] = True
    spotted[60, 50] = False
    trimap = fuse([source(spotted)]).narrow
    assert trimap[4, 4] == 0
    assert trimap[60, 80] == 0  # the ring's hole
    assert trimap[60, 50] == 255  # the pinhole


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nothing_and_everything_are_no_subject(value):
    with pytest.raises(NoSubjectError, match="draw a rectangle"):
        fuse([source(np.full(SHAPE, value))])


@settings(max_examples=40, deadline=None)
@given(
    row=st.integers(0, 119),
    col=st.integers(0, 159),
    radius=st.integers(2, 150),
    cell=st.floats(1, 40),
    noise=st.integers(0, 2**32 - 1),
)
def test_some_of_each_kind_is_always_known(row, col, radius, cell, noise):
    mask = disc(row, col, radius)
    if mask.all():
        return
    soft = np.random.default_rng(noise).random(SHAPE)
    fused = fuse([source(mask, softness=soft, cell=cell)])
    assert {0, 255} <= set(np.unique(fused.narrow))
    assert {0, 255} <= set(np.unique(fused.wide))


def test_the_wide_band_gives_in_to_fainter_doubts():
    mask = disc()
    fused = fuse([source(mask, softness=np.full(SHAPE, 0.1))])
    assert np.count_nonzero(fused.wide == 128) > 1.5 * np.count_nonzero(fused.narrow == 128)
    assert not mask[fused.wide == 0].any()
    assert mask[fused.wide == 255].all()
