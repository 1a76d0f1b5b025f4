"""hybridbg.evaluation.cost: what one call takes, whatever was before it."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from hybridbg.evaluation.cost import measured


def test_the_result_and_its_time() -> None:
    result, cost = measured(lambda: time.sleep(0.05) or 7)
    assert result == 7
    assert cost.seconds >= 0.05


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else resets the peak")
def test_the_peak_is_that_of_the_call() -> None:
    _, before = measured(lambda: None)
    _, large = measured(lambda: float(np.ones(10_000_000).sum()))
    _, after = measured(lambda: None)
    assert None not in (before.megabytes, large.megabytes, after.megabytes)
    assert large.megabytes - before.megabytes == pytest.approx(76, abs=25)
    assert after.megabytes < large.megabytes - 40
