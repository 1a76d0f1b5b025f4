"""What was pointed at: windows around marks, and only the pieces that were marked."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.predict import look_at, new_session, only_marked
from hybridbg.predict.pointing import _discs, _windows, innermost


def scene():
    image = np.full((60, 120, 3), 0.2, np.float32)
    image[20:40, 15:45] = 0.9
    image[20:40, 75:105] = 0.9
    return image


def marks(shape=(60, 120), **places):
    said = np.full(shape, 0.5, np.float32)
    for name, place in places.items():
        said[place] = name.startswith("keep")
    return said


def test_the_piece_under_the_mark(tiny_trimap):
    session = new_session(tiny_trimap)
    answer = look_at(scene(), marks(keep=(30, 30)), session=session)
    assert answer.alpha[30, 30] == 1
    assert answer.alpha[25:35, 20:40].min() > 0.5
    assert (answer.alpha[:, 75:105] == 0).all()
    both = look_at(scene(), marks(keep=(30, 30), keep_too=(30, 90)), session=session)
    assert both.alpha[25:35, 80:100].min() > 0.5


def test_probabilities_are_some(tiny_trimap):
    session = new_session(tiny_trimap)
    for said in (marks(keep=(30, 30)), marks(drop=(30, 30)), marks(keep=(30, 30), drop=(5, 5))):
        answer = look_at(scene(), said, session=session)
        planes = answer.background, answer.unknown, answer.foreground
        np.testing.assert_allclose(sum(planes), 1, atol=1e-5)
        assert all(((plane >= 0) & (plane <= 1)).all() for plane in (*planes, answer.alpha))
        assert answer.alpha[30, 30] == said[30, 30]


def test_another_opinion_counts(tiny_trimap):
    session, said = new_session(tiny_trimap), marks(keep=(30, 30))
    near = np.zeros((60, 120), np.float32)
    near[40:50, 15:45] = 1
    alone = look_at(scene(), said, session=session).alpha
    heard = look_at(scene(), said, nearness=near, session=session).alpha
    assert heard[45, 30] > alone[45, 30]
    assert heard[30, 20] < alone[30, 20]


def test_a_network_of_one_size_is_asked_through_windows_too(tiny_saliency):
    answer = look_at(scene(), marks(keep=(30, 30)), session=new_session(tiny_saliency))
    assert answer.alpha[30, 30] == 1
    assert answer.alpha[5, 60] < 0.5


def test_windows_lie_inside_and_hold_the_mark():
    for place in ((0, 0), (59, 119), (30, 60)):
        windows = list(_windows(marks(keep=place)))
        assert len(windows) == 3
        for rows, columns in windows[:-1]:
            assert 0 <= rows.start <= place[0] < rows.stop <= 60
            assert 0 <= columns.start <= place[1] < columns.stop <= 120
        assert windows[-1] == (slice(None), slice(None))
    assert list(_windows(marks(drop=(5, 5)))) == [(slice(None), slice(None))]


def test_a_long_stroke_gets_no_window_smaller_than_itself():
    windows = list(_windows(marks(keep=np.s_[30, 20:90])))
    assert all(
        columns == slice(None) or columns.stop - columns.start >= 70 for _, columns in windows
    )


def test_many_strokes_share_their_windows():
    said = marks()
    said[5:55:4, 30] = 1
    assert len(list(_windows(said))) <= 3


def test_where_discs_meet_the_nearer_mark_counts():
    discs = _discs(marks(keep=(30, 40), drop=(30, 43)), None)
    assert (discs[30, 41], discs[30, 42], discs[30, 30], discs[30, 45]) == (1, 0, 1, 0)
    assert discs[5, 5] == 0.5
    hint = np.zeros((60, 120), np.float32)
    assert (_discs(marks(keep=(30, 40)), hint)[[30, 5], [40, 5]] == [1, 0]).all()


def test_only_marked():
    alpha = np.zeros((30, 60), np.float32)
    alpha[10:20, 5:20] = alpha[10:20, 40:55] = 1
    alpha[10:20, 20:25] = alpha[10:20, 35:40] = 0.3  # soft, beside either
    left = only_marked(alpha, marks((30, 60), keep=(15, 10)))
    np.testing.assert_array_equal(left[:, :30], alpha[:, :30])
    assert not left[:, 31:].any()
    np.testing.assert_array_equal(only_marked(alpha, marks((30, 60), drop=(15, 10))), alpha)
    hint = np.zeros((30, 60), np.float32)
    hint[12:18, 42:50] = 1
    np.testing.assert_array_equal(only_marked(alpha, marks((30, 60), keep=(15, 10)), hint), alpha)


@pytest.mark.parametrize(("region", "place"), [(np.s_[:9, :9], (4, 4)), (np.s_[3, 4], (3, 4))])
def test_innermost(region, place):
    mask = np.zeros((9, 20), bool)
    mask[region] = True
    assert innermost(mask) == place
