"""Scores of masks, objects and colours in hybridbg.core.metrics: loops, and values by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core import metrics
from hybridbg.core.errors import InvalidImageError, InvalidMaskError, InvalidOptionError
from tests.reference import metrics as reference


def square(top: int, left: int, side: int, shape: tuple[int, int] = (40, 40)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


class TestMasks:
    def test_f_measure_by_hand(self) -> None:
        truth, mask = square(0, 0, 10), square(0, 5, 10)  # half of either is common
        assert metrics.f_measure(mask, truth) == pytest.approx(0.5)
        narrow = square(0, 0, 5)  # all of it right, a quarter of what there is
        assert metrics.f_measure(narrow, truth) == pytest.approx(1.3 * 0.25 / (0.3 + 0.25))
        assert metrics.f_measure(narrow, truth, beta_squared=1) == pytest.approx(0.4)

    def test_f_measure_of_nothing(self) -> None:
        empty, full = np.zeros((5, 5), bool), np.ones((5, 5), bool)
        assert metrics.f_measure(empty, empty) == 1
        assert metrics.f_measure(empty, full) == metrics.f_measure(full, empty) == 0

    def test_f_measure_refuses_a_weight_out_of_range(self) -> None:
        with pytest.raises(InvalidOptionError):
            metrics.f_measure(np.ones((4, 4)), np.ones((4, 4)), beta_squared=0)

    def test_mean_iou_counts_the_background_too(self) -> None:
        truth, mask = square(0, 0, 20), np.zeros((40, 40), bool)
        assert metrics.mean_iou(mask, truth) == pytest.approx((0 + 1200 / 1600) / 2)
        assert metrics.mean_iou(~truth, truth) == 0
        assert metrics.mean_iou(truth, truth) == 1


class TestStructure:
    @settings(max_examples=80)
    @given(data=st.data())
    def test_equals_the_loops(self, data) -> None:
        shape = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
        alpha = data.draw(
            hnp.arrays(np.float32, shape, elements=st.sampled_from([0, 0.25, 0.5, 1]))
        )
        truth = data.draw(hnp.arrays(np.bool_, shape))
        assert metrics.s_measure(alpha, truth) == pytest.approx(
            reference.s_measure(alpha, truth.astype(float)), abs=1e-9
        )

    def test_of_an_empty_and_a_full_truth(self) -> None:
        quarter = np.full((8, 8), 0.25)
        assert metrics.s_measure(quarter, np.zeros((8, 8))) == pytest.approx(0.75)
        assert metrics.s_measure(quarter, np.ones((8, 8))) == pytest.approx(0.25)

    def test_worse_answers_score_worse(self) -> None:
        truth = square(10, 10, 20)
        moved = [metrics.s_measure(np.roll(truth, by, axis=1), truth) for by in (0, 2, 6, 12)]
        assert moved[0] == pytest.approx(1)
        assert moved == sorted(moved, reverse=True)

    def test_refuses_a_balance_out_of_range(self) -> None:
        with pytest.raises(InvalidOptionError):
            metrics.s_measure(np.ones((4, 4)), np.ones((4, 4)), balance=1.5)


@st.composite
def pictures_with_objects(draw):
    """Pictures: detections with a score each (all different), and a map of labels."""
    pictures, used = [], iter(draw(st.permutations(range(20))))
    for _ in range(draw(st.integers(1, 3))):
        labels = draw(hnp.arrays(np.int32, (4, 4), elements=st.integers(0, 3)))
        masks = draw(st.lists(hnp.arrays(np.bool_, (4, 4)), max_size=4))
        pictures.append(([next(used) / 20 for _ in masks], masks, labels))
    return pictures


class TestObjects:
    @settings(max_examples=80)
    @given(pictures=pictures_with_objects())
    def test_average_precision_equals_the_loops(self, pictures) -> None:
        as_sets = [
            (
                [
                    (score, set(reference.pixels(mask)))
                    for score, mask in zip(scores, masks, strict=True)
                ],
                [set(reference.pixels(labels == n)) for n in np.unique(labels) if n],
            )
            for scores, masks, labels in pictures
        ]
        found = metrics.average_precision(
            [metrics.match_objects(masks, scores, labels) for scores, masks, labels in pictures]
        )
        if not any(objects for _, objects in as_sets):
            assert set(found) == {float(not any(each for each, _ in as_sets))}
            return
        for threshold, ap in zip(metrics.IOU_THRESHOLDS, found, strict=True):
            assert ap == pytest.approx(reference.average_precision(as_sets, threshold))

    def test_by_hand(self) -> None:
        """Hit, miss, hit of three objects: 1 up to recall 1/3, then 2/3 up to 2/3, then nothing."""
        truth = np.array([[1, 0, 2, 0, 3, 0]])
        masks = [np.arange(6)[None] == place for place in (0, 1, 2)]
        [matches] = [metrics.match_objects(masks, [0.9, 0.8, 0.7], truth, thresholds=[0.5])]
        assert matches.hits.tolist() == [[True, False, True]]
        assert matches.objects == 3
        expected = (34 * 1 + 33 * 2 / 3) / 101
        assert metrics.average_precision([matches])[0] == pytest.approx(expected)

    def test_an_object_is_hit_once(self) -> None:
        truth = np.array([[5, 5, 0]])
        both = [np.array([[True, True, False]])] * 2
        assert metrics.match_objects(both, [0.1, 0.2], truth).hits.sum(axis=1).tolist() == [1] * 10

    def test_detections_are_pooled_over_pictures(self) -> None:
        """A sure false alarm in one picture stands before a right answer in another."""
        here, there = np.array([[1, 0]]), np.array([[0, 0]])
        mask = np.array([[True, False]])
        right = metrics.match_objects([mask], [0.5], here)
        assert metrics.average_precision([right]).mean() == 1
        wrong = metrics.match_objects([mask], [0.9], there)
        assert metrics.average_precision([right, wrong]).mean() == pytest.approx(0.5)

    @pytest.mark.parametrize(
        ("masks", "scores", "truth", "thresholds", "error"),
        [
            ([np.ones((2, 2), bool)], [1.0], np.ones((3, 3), int), [0.5], InvalidMaskError),
            ([np.ones((2, 2), bool)], [1.0], np.ones((2, 2)), [0.5], InvalidMaskError),
            ([np.ones((2, 2), bool)], [], np.ones((2, 2), int), [0.5], InvalidOptionError),
            ([], [], np.ones((2, 2), int), [0.0], InvalidOptionError),
        ],
    )
    def test_refuses_what_does_not_fit(self, masks, scores, truth, thresholds, error) -> None:
        with pytest.raises(error):
            metrics.match_objects(masks, scores, truth, thresholds=thresholds)

    def test_refuses_no_picture(self) -> None:
        with pytest.raises(InvalidOptionError):
            metrics.average_precision([])


class TestColours:
    def test_weighted_by_true_alpha_on_mixed_pixels_alone(self) -> None:
        alpha = np.array([[0, 0.25, 0.75, 1]] * 4)
        truth = np.full((4, 4, 3), 100, np.uint8)
        found = truth.copy()
        found[:, 0], found[:, 1], found[:, 2], found[:, 3] = 0, 140, 120, 0
        expected = (0.25 * 40 + 0.75 * 20) / 1
        assert metrics.foreground_error(found, truth, alpha) == pytest.approx(expected, rel=1e-5)

    def test_fringe_of_a_wrong_alpha_by_hand(self) -> None:
        """White at alpha .5 taken for opaque: off by half of 255 over black, right over white."""
        white, half = np.ones((4, 4, 3)), np.full((4, 4), 0.5)
        over = [metrics.fringe_error(white, half * 2, white, half, backgrounds=[each])
                for each in ("black", "white", "magenta")]  # fmt: skip
        assert over == pytest.approx([127.5, 0, 127.5 / 3])
        assert metrics.fringe_error(white, half * 2, white, half) == pytest.approx(np.mean(over))

    def test_colours_of_what_is_clear_do_not_matter_for_the_fringe(self) -> None:
        alpha = np.full((4, 4), 0.5)
        alpha[0] = 0
        truth = np.full((4, 4, 3), 0.25)
        found = truth.copy()
        found[0] = 1
        assert metrics.fringe_error(found, alpha, truth, alpha) == pytest.approx(0, abs=1e-4)

    def test_refuses_what_does_not_fit(self) -> None:
        grey, half = np.zeros((4, 4, 3)), np.full((4, 4), 0.5)
        with pytest.raises(InvalidMaskError, match="mixed"):
            metrics.foreground_error(grey, grey, np.ones((4, 4)))
        with pytest.raises(InvalidImageError, match="like the truth"):
            metrics.foreground_error(np.zeros((5, 4, 3)), grey, half)
        with pytest.raises(InvalidMaskError):
            metrics.fringe_error(grey, np.zeros((5, 4)), grey, half)
