"""hybridbg.evaluation.scores: a perfect answer is perfect, a worse one worse, in every metric."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.core.metrics import Matches, Reliability, average_precision, calibration_error
from hybridbg.evaluation.cost import Cost
from hybridbg.evaluation.methods import Answer
from hybridbg.evaluation.scenes import Scene
from hybridbg.evaluation.scores import METRICS, POOLED, judge, no_answer
from tests.evaluation.made import RED, SHAPE, disc, painted

ALPHA = disc(20, 22, 9)
FOREGROUND = np.full((*SHAPE, 3), RED, np.uint8)
SCENE = Scene(
    painted(ALPHA),
    ALPHA,
    True,
    instances=(ALPHA >= 0.5).astype(np.uint8),
    trimap=np.select([ALPHA == 0, ALPHA == 1], [0, 255], 128).astype(np.uint8),
    foreground=FOREGROUND,
)
TRUE_COLOURS = (FOREGROUND / np.float32(255)).astype(np.float32)
FREE = {"seconds", "megabytes"}
OF_ONE = set(METRICS) - {"certainty_auc"}
"""Metrics that a single picture has."""


def answered(alpha: np.ndarray, colours: np.ndarray = TRUE_COLOURS) -> Answer:
    return Answer(alpha.astype(np.float32), colours, Cost(1.5, 20.0))


def scores(answer: Answer) -> dict[str, float]:
    judged = judge(SCENE, answer)
    found = judged["detections"]
    gaps = Reliability(**{key: np.array(bins) for key, bins in judged["reliability"].items()})
    hits = np.array(found["hits"], bool).reshape(10, -1)
    precision = average_precision([Matches(np.array(found["scores"]), hits, found["objects"])])
    pooled = {"ap50": precision[0], "map": precision.mean(), "ece": calibration_error([gaps])}
    return {**judged["scores"], **pooled}


def test_a_perfect_answer_is_perfect_in_every_metric() -> None:
    found = scores(answered(ALPHA))
    assert set(found) == OF_ONE
    assert (found["seconds"], found["megabytes"]) == (1.5, 20)
    for name in OF_ONE - FREE:
        best = 1 if METRICS[name].higher_is_better else 0
        assert found[name] == pytest.approx(best, abs=1e-4), name


@settings(max_examples=25)
@given(near=st.integers(1, 5), further=st.integers(2, 8), right=st.booleans())
def test_further_off_is_worse_in_every_metric(near: int, further: int, right: bool) -> None:
    """The disc in the wrong place, by two distances."""
    step = 1 if right else -1
    places = [disc(20, 22 + step * by, 9) for by in (near, near + further)]
    better, worse = (scores(answered(alpha)) for alpha in places)
    same_for_both = {*FREE, "foreground"}
    for name in OF_ONE - same_for_both:
        off = better[name] - worse[name]
        ties = {"boundary_iou", "ap50", "map", "fringe", "gradient", "sad_unknown", "mse_unknown"}
        if METRICS[name].higher_is_better:
            assert off > 0 or (name in ties and off >= -1e-9), name
        elif name not in ties:
            assert off < 0, name


def test_wrong_colours_are_seen_by_the_metrics_of_colours_alone() -> None:
    """The plain cut-out: its alpha is exact, its edges have the background's colours in them."""
    exact, plain = scores(answered(ALPHA)), scores(replace(answered(ALPHA), foreground=None))
    worse = {name for name in OF_ONE if exact[name] != pytest.approx(plain[name])}
    assert worse == {"foreground", "fringe"}
    assert plain["fringe"] > 5


def test_a_mask_is_not_asked_for_more_than_it_knows() -> None:
    hard = replace(SCENE, alpha=(ALPHA >= 0.5).astype(np.float32), soft=False, instances=None)
    judged = judge(hard, answered(ALPHA))
    unknown = {"gradient", "connectivity", "sad_unknown", "mse_unknown", "foreground", "fringe"}
    assert set(judged["scores"]) == set(METRICS) - unknown - set(POOLED)
    assert "detections" not in judged


def test_no_answer_costs_nothing_and_is_worth_nothing() -> None:
    found = scores(no_answer(SCENE))
    assert not FREE & set(found)
    assert [found[name] for name in ("iou", "f_measure", "ap50", "map")] == [0, 0, 0, 0]
    assert found["mad"] == pytest.approx(ALPHA.mean())


def test_objects_are_what_hangs_together() -> None:
    two = np.maximum(disc(10, 10, 6), 0.9 * disc(30, 36, 6))
    labels = np.where(disc(10, 10, 6) >= 0.5, 1, np.where(disc(30, 36, 6) >= 0.5, 7, 0))
    found = judge(replace(SCENE, instances=labels), answered(two))["detections"]
    assert found["objects"] == 2
    assert len(found["scores"]) == 2
    assert found["scores"][0] > found["scores"][1]
    assert np.all(found["hits"][0])
