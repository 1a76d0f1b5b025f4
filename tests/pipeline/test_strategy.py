"""Who is asked, and whose word counts."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.errors import NoSubjectError
from hybridbg.io import as_image
from hybridbg.pipeline import portrait, strategy
from hybridbg.pipeline.evidence import Evidence, tightened
from hybridbg.pipeline.options import Options, Subject
from hybridbg.pipeline.strategy import locate

DISC = np.s_[40:80, 60:100]  # the middle of the disc
PARTLY = np.s_[50:70, 25:80]  # and the ground beside it
CORNER = np.s_[:30, :40]


def hint_of(place):
    hint = np.full((120, 160), 0.5, np.float32)
    hint[place] = 1
    return hint


def located(image, session, **subject):
    return locate(as_image(image), Subject(**subject), Options(session=session))


@pytest.mark.parametrize(("place", "followed"), [(PARTLY, True), (CORNER, False), (DISC, False)])
def test_a_face_counts_where_the_network_sees_something_but_not_all(
    disc, tiny_session, monkeypatch, place, followed
):
    asked = []
    real = strategy.from_network

    def spy(image, hint, session, **options):
        asked.append(hint)
        return real(image, hint, session, **options)

    for asking in (strategy, portrait):
        monkeypatch.setattr(asking, "from_network", spy)
    monkeypatch.setattr(portrait, "_portrait", lambda _: hint_of(place))
    found = located(disc, tiny_session)
    assert [hint is None for hint in asked] == ([True, False] if followed else [True])
    assert found.trimap[60, 80] == 255
    assert found.trimap[10, 10] == 0


def test_nobody_looks_for_a_face_where_the_caller_said_what_is_meant(
    disc, tiny_session, monkeypatch
):
    def never(_):
        raise AssertionError

    monkeypatch.setattr(portrait, "_portrait", never)
    assert located(disc, tiny_session, hint=hint_of(DISC)).trimap[60, 80] == 255


def test_a_followed_outline_is_tightened():
    alpha = np.linspace(0, 1, 11, dtype=np.float32)[None]
    network = Evidence("network", alpha, np.abs(2 * alpha - 1), np.zeros_like(alpha), 1.0)
    closer = tightened(network)
    assert (closer.probability <= alpha).all()
    assert closer.probability[0, [0, 10]].tolist() == [0, 1]
    np.testing.assert_allclose(closer.probability[0, 6], 0.5)
    np.testing.assert_allclose(closer.confidence, np.abs(2 * closer.probability - 1))


@pytest.mark.parametrize("level", [0, 255])
def test_a_picture_of_one_colour_has_no_subject(tiny_session, level):
    """To somebody who asked for no GrabCut it says nothing of one."""
    with pytest.raises(NoSubjectError, match=r"^no subject found: .* draw a rectangle"):
        located(np.full((60, 80, 3), level, np.uint8), tiny_session)
