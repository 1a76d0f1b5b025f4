"""Growing and shrinking regions, against distances between pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hybridbg.core.distance import distance_to
from hybridbg.core.morphology import grown, shrunk


def blobs(seed=0, shape=(120, 90)):
    noise = np.random.RandomState(seed).rand(*shape).astype(np.float32)
    return (cv2.GaussianBlur(noise, (0, 0), 3) > 0.53).view(np.uint8)


@pytest.mark.parametrize("radius", [1, 2, 5, 8, 9, 20])
def test_a_region_grows_by_a_disc(radius):
    region = blobs()
    distance = distance_to(region.astype(bool))
    larger = grown(region, radius)
    assert larger.dtype == np.uint8
    slack = max(0.7, 0.03 * radius)
    assert (larger[distance <= radius - slack] == 1).all()
    assert (larger[distance > radius + slack] == 0).all()


@pytest.mark.parametrize("radius", [1, 8, 9, 20])
def test_shrinking_is_growing_of_the_rest(radius):
    region = blobs(seed=1)
    assert np.array_equal(shrunk(region, radius), 1 - grown(1 - region, radius))
    # The picture's border is no edge.
    whole = np.ones((50, 40), np.uint8)
    assert shrunk(whole, radius).all()
    assert not grown(1 - whole, radius).any()


@pytest.mark.parametrize("radius", [3, 12])
def test_the_region_itself_is_left_alone(radius):
    region = blobs(seed=2)
    region.flags.writeable = False
    before = region.copy()
    for change in (grown, shrunk):
        assert change(region, radius).flags.writeable
        assert np.array_equal(region, before)


def test_small_discs_are_those_of_morphology():
    region = blobs(seed=3)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
    opened = grown(shrunk(region, 5), 5)
    assert np.array_equal(opened, cv2.morphologyEx(region, cv2.MORPH_OPEN, disc))
