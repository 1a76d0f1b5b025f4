"""Progress of whatever takes long: fractions that never fall, and cancelling at any of them."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from hybridbg import remove_background
from hybridbg.matting import alpha as solving
from hybridbg.matting import closed_form_alpha, estimate_alpha, estimate_foreground
from hybridbg.matting import foreground as colours
from tests.matting.pictures import busiest_crop

IMAGE, TRIMAP = busiest_crop("hair", 96)
ALPHA = estimate_alpha(IMAGE, TRIMAP)
PLATE = np.full_like(IMAGE, 0.4)


class CancelledError(Exception):
    """What a caller raises who wants no more of it."""


def removed(image, trimap, **options):
    return remove_background(image, trimap=trimap, **options).rgba()


WORK = {
    "alpha": (estimate_alpha, (IMAGE, TRIMAP)),
    "plain alpha": (functools.partial(estimate_alpha, refine=False), (IMAGE, TRIMAP)),
    "alpha with a prior": (
        lambda image, trimap, prior, **options: estimate_alpha(
            image, trimap, prior=prior, **options
        ),
        (IMAGE, TRIMAP, ALPHA),
    ),
    "alpha by pymatting": (functools.partial(estimate_alpha, method="knn"), (IMAGE, TRIMAP)),
    "foreground": (estimate_foreground, (IMAGE, ALPHA)),
    "foreground before a plate": (
        lambda image, alpha, plate, **options: estimate_foreground(
            image, alpha, background=plate, **options
        ),
        (IMAGE, ALPHA, PLATE),
    ),
    "removal": (removed, (IMAGE, TRIMAP)),
}


@pytest.fixture(params=WORK)
def work(request, monkeypatch):
    """One of the above as it runs on large pictures: by iteration, and in many blocks."""
    monkeypatch.setattr(solving, "DIRECT_PIXELS", 0)
    monkeypatch.setattr(colours, "_BLOCK_PIXELS", 1)
    function, inputs = WORK[request.param]
    inputs = tuple(array.copy() for array in inputs)
    calls: list[tuple[str, float]] = []
    result = function(*inputs, progress=lambda *call: calls.append(call))
    return SimpleNamespace(function=function, inputs=inputs, calls=calls, result=result)


def test_fractions_rise_from_nothing_to_all(work):
    stages, fractions = zip(*work.calls, strict=True)
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert list(fractions) == sorted(fractions)
    assert set(stages) <= {"find the subject", "matting", "foreground"}


def test_progress_does_not_change_the_result(work):
    assert np.array_equal(work.function(*work.inputs), work.result)


@pytest.mark.parametrize("share", [0, 0.5, 1], ids=["first", "middle", "last"])
def test_cancelled_work_leaves_nothing_behind(work, share):
    last = round(share * (len(work.calls) - 1))
    before = [array.copy() for array in work.inputs]
    calls = []

    def cancel(*call):
        calls.append(call)
        if len(calls) > last:
            raise CancelledError

    with pytest.raises(CancelledError):
        work.function(*work.inputs, progress=cancel)
    assert calls == work.calls[: last + 1]
    for array, copy in zip(work.inputs, before, strict=True):
        assert np.array_equal(array, copy)
    assert np.array_equal(work.function(*work.inputs), work.result)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_where_there_is_nothing_to_solve_it_is_done_at_once(value):
    fractions = []
    trimap = np.full((8, 8), value, np.uint8)
    closed_form_alpha(IMAGE[:8, :8].copy(), trimap, num_threads=1, progress=fractions.append)
    assert fractions == [0, 1]


def test_every_iteration_is_reported(monkeypatch):
    monkeypatch.setattr(solving, "DIRECT_PIXELS", 0)
    fractions = []
    form = closed_form_alpha(IMAGE, TRIMAP, num_threads=1, progress=fractions.append)
    assert len(fractions) == form.solution.iterations + len(("begun", "assembled", "set up", "end"))


def test_a_small_system_reports_its_steps():
    fractions = []
    trimap = np.zeros((8, 8), np.uint8)
    trimap[2:5, 2:5], trimap[6] = 128, 255
    closed_form_alpha(IMAGE[:8, :8].copy(), trimap, num_threads=1, progress=fractions.append)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert len(fractions) == 3
