"""Seeds: what is sure, and where the cut starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.errors import InvalidMaskError
from hybridbg.graphcut import (
    PROBABLE_FOREGROUND,
    SURE_BACKGROUND,
    SURE_FOREGROUND,
    grabcut,
    seeds_from_hint,
    seeds_from_rect,
    seeds_from_trimap,
)
from tests.graphcut.pictures import IMAGE, MASK


def test_seeds_of_a_rectangle():
    seeds = seeds_from_rect((1, 2, 3, 4), (5, 6))
    assert (seeds[1:3, 2:4] == PROBABLE_FOREGROUND).all()
    assert (seeds == SURE_BACKGROUND).sum() == 30 - 4


def test_seeds_of_a_trimap_start_like_the_nearest():
    trimap = np.array([[0, 128, 128, 128, 128, 255]], dtype=np.uint8)
    assert seeds_from_trimap(trimap).tolist() == [[0, 2, 2, 3, 3, 1]]


def test_seeds_of_a_hint_are_sure_only_in_its_depths():
    hint = np.zeros((200, 200), dtype=np.float32)
    hint[50:150, 50:150] = 1  # 100 x 100: sure from 12 pixels inside and 10 pixels outside
    seeds = seeds_from_hint(hint)
    assert seeds[100, 37:42].tolist() == [0, 0, 0, 2, 2]
    assert seeds[100, 48:52].tolist() == [2, 2, 3, 3]
    assert seeds[100, 60:64].tolist() == [3, 3, 1, 1]


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(2, 12), st.integers(2, 12)),
        elements=st.sampled_from([0, 0.25, 0.5, 0.75, 1]).map(np.float32),
    )
)
def test_seeds_of_a_hint_never_contradict_it(hint):
    try:
        seeds = seeds_from_hint(hint)
    except InvalidMaskError:
        return
    assert (hint[seeds == SURE_FOREGROUND] > 0.5).all()
    assert (hint[seeds == SURE_BACKGROUND] < 0.5).all()
    assert (seeds[hint > 0.6] % 2 == 1).all()
    assert (seeds[hint < 0.4] % 2 == 0).all()


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_hint_that_says_the_same_everywhere(value):
    with pytest.raises(InvalidMaskError, match="same everywhere"):
        grabcut(IMAGE, hint=np.full(MASK.shape, value, dtype=np.float32))
