"""hybridbg.core.metrics.calibration: probabilities that are right and that are not, and ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridbg.core import metrics
from hybridbg.core.errors import InvalidMaskError, InvalidOptionError
from hybridbg.core.metrics.calibration import BINS, pooled

CERTAINTIES = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=25)


def drawn(probability: np.ndarray, seed: int = 0) -> np.ndarray:
    """A mask of which each pixel is foreground as often as it should be."""
    return np.random.default_rng(seed).random(probability.shape) < probability


class TestReliability:
    def test_what_comes_true_as_often_as_it_says_has_next_to_no_error(self) -> None:
        said = np.random.default_rng(1).random((400, 500))
        found = metrics.reliability(said, drawn(said))
        assert metrics.calibration_error([found]) < 0.01
        np.testing.assert_allclose(found.share, 1 / BINS, atol=0.01)
        np.testing.assert_allclose(
            found.predicted / found.share, np.arange(0.05, 1, 0.1), atol=0.005
        )

    def test_what_claims_too_much_is_off_by_as_much(self) -> None:
        true = np.full((200, 200), 0.6)
        said = np.full_like(true, 0.85)
        error = metrics.calibration_error([metrics.reliability(said, drawn(true))])
        assert error == pytest.approx(0.25, abs=0.01)

    def test_too_much_here_does_not_make_up_for_too_little_there(self) -> None:
        said = np.array([[0.25, 0.25, 0.75, 0.75]])
        found = metrics.reliability(said, np.array([[0.5, 0.5, 0.5, 0.5]]))
        assert metrics.calibration_error([found]) == pytest.approx(0.25)

    def test_true_alpha_is_taken_as_it_is(self) -> None:
        alpha = np.random.default_rng(2).random((20, 30))
        assert metrics.calibration_error([metrics.reliability(alpha, alpha)]) == 0

    def test_a_picture_counts_as_much_as_any_other(self) -> None:
        right = metrics.reliability(np.ones((100, 100)), np.ones((100, 100)))
        wrong = metrics.reliability(np.ones((5, 5)), np.zeros((5, 5)))
        assert metrics.calibration_error([right, wrong]) == pytest.approx(0.5)
        assert pooled([right, wrong]).share[-1] == 1

    def test_of_a_region(self) -> None:
        alpha, truth = np.array([[0.0, 1.0, 0.5, 0.0]]), np.array([[1.0, 1.0, 0.5, 1.0]])
        inside = np.array([[False, True, True, False]])
        found = metrics.reliability(alpha, truth, region=inside)
        assert metrics.calibration_error([found]) == 0
        trimap = np.array([[0, 128, 128, 255]], np.uint8)
        assert (metrics.reliability(alpha, truth, region=trimap).share == found.share).all()

    def test_what_is_refused(self) -> None:
        with pytest.raises(InvalidMaskError):
            metrics.reliability(np.ones((4, 4)), np.ones((4, 5)))
        with pytest.raises(InvalidOptionError):
            metrics.calibration_error([])


class TestRoc:
    @given(results=CERTAINTIES)
    def test_the_area_is_the_chance_that_a_good_result_is_called_surer(self, results) -> None:
        """Counted pair by pair."""
        good = [sure for sure, well in results if well]
        bad = [sure for sure, well in results if not well]
        certainty, well = zip(*results, strict=True)
        if not (good and bad):
            with pytest.raises(InvalidOptionError, match="only one kind"):
                metrics.roc_area(certainty, well)
            return
        pairs = [(one > other) + (one == other) / 2 for one in good for other in bad]
        assert metrics.roc_area(certainty, well) == pytest.approx(np.mean(pairs))
        curve = metrics.roc_curve(certainty, well)
        assert curve[0].tolist() == [0, 0]
        assert curve[-1].tolist() == [1, 1]
        assert (np.diff(curve, axis=0) >= 0).all()

    def test_by_hand(self) -> None:
        curve = metrics.roc_curve([0.1, 0.3, 0.3, 0.9], [False, True, False, True])
        assert curve.tolist() == [[0, 0], [0, 0.5], [0.5, 1], [1, 1]]
        assert metrics.roc_area([0.1, 0.3, 0.3, 0.9], [False, True, False, True]) == 0.875

    def test_not_one_judgement_for_each(self) -> None:
        with pytest.raises(InvalidOptionError, match="as many"):
            metrics.roc_curve([0.1, 0.2], [True])
