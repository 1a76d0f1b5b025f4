"""Maps of benchmarks.calibration and the curve of benchmarks.certainty, where they are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import calibration, certainty
from benchmarks.calibration import AS_IT_IS, Said


def overconfident(seed: int) -> Said:
    """A source whose log odds are twice what they should be, and one too high."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.2, (60, 80))
    true = rng.random(odds.shape) < 1 / (1 + np.exp(-odds))
    said = 1 / (1 + np.exp(-(2 * odds + 1)))
    return Said(said.astype(np.float32), true.astype(np.float32))


def test_a_map_undoes_what_was_done() -> None:
    some, others = ([overconfident(seed) for seed in seeds] for seeds in (range(8), range(8, 12)))
    slope, shift = found = calibration.fitted(some)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert shift == pytest.approx(-0.5, abs=0.05)
    assert calibration.ece(others, found) < 0.02 < calibration.ece(others, AS_IT_IS)
    assert calibration.loss(others, found) < calibration.loss(others)


def test_the_curve_of_certainty() -> None:
    rng = np.random.default_rng(0)
    agreement = rng.random(4000)
    good = rng.random(4000) < 1 / (1 + np.exp(-(9 * agreement - 4)))
    results = [
        certainty.Result(0.9 if well else 0.1, {"agreement of frames": each})
        for each, well in zip(agreement.tolist(), good.tolist(), strict=True)
    ]
    slope, shift = certainty.fitted(results)
    assert slope == pytest.approx(9, rel=0.1)
    assert shift == pytest.approx(-4, rel=0.1)
