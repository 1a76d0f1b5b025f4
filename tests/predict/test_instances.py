"""hybridbg.predict.instances: which of several objects is the subject."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.errors import InvalidModelError, InvalidOptionError, NoSubjectError
from hybridbg.predict import Choice, new_session, predict_probabilities, predict_trimap
from tests.predict.tiny_models import instance_graph

# left, top, right, bottom in a 64 x 64 input; a small sure one, a large one, and a doubtful one
BOXES = [(4, 4, 16, 16), (20, 20, 60, 52), (0, 40, 10, 64)]
LABELS = [1, 17, 1]
SCORES = [0.95, 0.8, 0.3]
IMAGE = np.zeros((128, 128, 3), np.float32)


def full_masks():
    masks = np.zeros((3, 1, 64, 64), np.float32)
    for mask, (left, top, right, bottom) in zip(masks, BOXES, strict=True):
        mask[0, top:bottom, left:right] = 0.98
    return masks


def cell_masks(side=28):
    return np.full((3, 1, side, side), 0.98, np.float32)


@pytest.fixture(params=["full", "cells", "without names"])
def session(request, write_model):
    masks = cell_masks() if request.param == "cells" else full_masks()
    names = "lbsm" if request.param == "without names" else "blsm"
    fields = {}
    if names != "blsm":
        fields["outputs"] = {"boxes": "out_b", "labels": 0, "scores": "out_s", "masks": 3}
    path = write_model(
        instance_graph(BOXES, LABELS, SCORES, masks, names=names),
        kind="instances",
        size=None,
        has_hint=None,
        **fields,
    )
    return new_session(path)


def found(session, **fields):
    choice = Choice(**fields) if fields else None
    alpha = predict_probabilities(IMAGE, session=session, choice=choice).alpha
    rows, columns = np.nonzero(alpha > 0.5)
    return columns.min() // 2, rows.min() // 2, -(-columns.max() // 2), -(-rows.max() // 2)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 0),
        ({"by": "score"}, 0),
        ({"by": "size"}, 1),
        ({"classes": (17,)}, 1),
        ({"point": (60, 80)}, 1),
        ({"point": (10, 10)}, 0),
        ({"rect": (40, 36, 110, 124)}, 1),
        ({"point": (100, 10), "min_score": 0.2}, 2),
        ({"classes": (1,), "by": "size", "min_score": 0.2}, 2),
    ],
)
def test_choice(session, fields, expected):
    np.testing.assert_allclose(found(session, **fields), BOXES[expected], atol=1)


def test_all_of_a_kind_together(session):
    left, top, right, bottom = found(session, by="all")
    assert (left, top, right, bottom) == pytest.approx((4, 4, 60, 52), abs=1)


@pytest.mark.parametrize(
    "fields",
    [
        {"classes": (3,)},
        {"min_score": 0.99},
        {"point": (0, 127)},
        {"classes": (17,), "point": (9, 9)},
    ],
)
def test_nothing_of_the_kind(session, fields):
    with pytest.raises(NoSubjectError, match="finds 3 objects"):
        found(session, **fields)


def test_a_network_that_finds_nothing(write_model):
    empty = instance_graph([], [], [], np.zeros((0, 1, 28, 28)))
    path = write_model(empty, kind="instances", size=None, has_hint=None)
    with pytest.raises(NoSubjectError, match="finds 0 objects"):
        predict_trimap(IMAGE, model=path)


def test_choices_outside_the_picture(session):
    with pytest.raises(InvalidOptionError, match="point"):
        found(session, point=(128, 0))
    with pytest.raises(InvalidOptionError, match="rect"):
        found(session, rect=(0, 0, 129, 10))
    with pytest.raises(InvalidOptionError, match="score, size or all"):
        Choice(by="luck")
    with pytest.raises(InvalidOptionError, match="min_score"):
        Choice(min_score=2)


def test_a_mask_of_few_cells_says_how_coarse_it_is(write_model):
    masks = np.zeros((3, 1, 4, 4), np.float32)
    masks[:, :, 1:3, 1:3] = 1
    path = write_model(
        instance_graph(BOXES, LABELS, SCORES, masks), kind="instances", size=None, has_hint=None
    )
    choice = Choice(by="size")
    got = predict_probabilities(IMAGE, session=new_session(path), choice=choice)
    assert got.cell == 20  # a box of 40 columns and 4 cells, in a picture twice the input
    with pytest.raises(NoSubjectError):  # with nothing finer than that, nothing is sure
        predict_trimap(IMAGE[:30], model=path)


def test_a_box_that_reaches_over_the_border(write_model):
    graph = instance_graph([(-10, -6, 20, 30)], [1], [0.9], np.full((1, 1, 28, 28), 1.0))
    session = new_session(write_model(graph, kind="instances", size=None, has_hint=None))
    alpha = predict_probabilities(IMAGE, session=session).alpha
    assert alpha[:58, :38].min() == 1
    assert alpha[64:].max() == alpha[:, 44:].max() == 0


@pytest.mark.parametrize(
    ("masks", "boxes", "expected"),
    [
        (np.zeros((2, 1, 28, 28)), BOXES, "as many boxes"),
        (cell_masks(), BOXES[:2], "as many boxes"),
        (cell_masks(), [(0, 0, 1e6, 1e6)] * 3, "far outside"),
        (2 * cell_masks(), BOXES, r"within 0\.\.1"),
    ],
)
def test_outputs_that_do_not_fit(write_model, masks, boxes, expected):
    path = write_model(
        instance_graph(boxes, LABELS, SCORES, masks), kind="instances", size=None, has_hint=None
    )
    with pytest.raises(InvalidModelError, match=expected):
        predict_trimap(IMAGE, model=path)


def test_defaults_of_the_description(write_model):
    path = write_model(
        instance_graph(BOXES, LABELS, SCORES, full_masks()),
        kind="instances",
        size=None,
        has_hint=None,
        choose="size",
        classes=(1,),
        min_score=0.1,
    )
    np.testing.assert_allclose(found(new_session(path)), BOXES[2], atol=1)
