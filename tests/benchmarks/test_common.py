"""benchmarks.common: intervals and goals."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.common import Goal, interval


def test_interval_is_that_of_a_mean():
    values = np.random.default_rng(0).normal(0.3, 1, 400)
    low, high = interval(values.tolist())
    assert (low, high) == interval(values.tolist())
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.05)


@pytest.mark.parametrize(
    ("measured", "least", "said"),
    [(2.0, True, "reached"), (1.9, True, "**not reached**"), (1.9, False, "reached")],
)
def test_goal_says_whether_it_is_reached(measured, least, said):
    assert Goal("what", 2.0, measured, least).row()[-1] == said
