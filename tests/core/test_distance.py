"""Distances against all pairs of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hybridbg.core.distance import distance_to
from tests.matting.pictures import masks


@given(masks(largest=(9, 12)))
def test_it_is_the_nearest_of_all(region):
    places = np.indices(region.shape).reshape(2, -1)
    steps = places[:, :, None] - places[:, region.ravel()][:, None]
    nearest = np.hypot(*steps).min(axis=1).reshape(region.shape)
    distance = distance_to(region)
    assert distance.dtype == np.float32
    np.testing.assert_allclose(distance, nearest, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (4, 6)])
def test_nothing_is_infinitely_far_and_everything_is_here(shape):
    nothing = np.zeros(shape, np.bool_)
    assert np.isposinf(distance_to(nothing)).all()
    assert (distance_to(~nothing) == 0).all()
