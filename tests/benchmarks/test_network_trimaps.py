"""benchmarks.network_trimaps: what its three scores say of trimaps made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.network_trimaps import judge


@pytest.fixture
def alpha():
    """Background, a mixed column, foreground."""
    made = np.zeros((10, 100), np.float32)
    made[:, 50] = 0.5
    made[:, 51:] = 1
    return made


def test_a_perfect_trimap(alpha):
    trimap = np.select([alpha == 0, alpha == 1], [0, 255], 128).astype(np.uint8)
    left, wrong, area = judge(trimap, alpha)
    assert (left, wrong) == (1, 0)
    assert area == pytest.approx(1 / 21)


def test_all_unknown_is_never_wrong_and_far_too_much(alpha):
    left, wrong, area = judge(np.full(alpha.shape, 128, np.uint8), alpha)
    assert (left, wrong) == (1, 0)
    assert area == pytest.approx(100 / 21)


def test_mixed_and_misplaced_pixels_are_wrong_wherever_they_are_known(alpha):
    trimap = np.zeros(alpha.shape, np.uint8)
    trimap[:, 40:] = 255  # ten columns of background and the mixed one
    left, wrong, area = judge(trimap, alpha)
    assert (left, area) == (0, 0)
    assert wrong == pytest.approx(0.11)
