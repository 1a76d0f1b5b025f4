from __future__ import annotations

import numpy as np
import pytest

from hybridbg.predict import look, new_session, predict_probabilities


def bright_square():
    image = np.full((60, 90, 3), 0.2, np.float32)
    image[20:40, 30:60] = 0.9
    return image


def test_the_second_look_takes_the_first_for_a_hint(tiny_trimap):
    session = new_session(tiny_trimap)
    image = bright_square()
    once = predict_probabilities(image, session=session)
    twice = look(image, session=session)
    # The tiny network adds brightness and hint: what it saw once it now sees more clearly.
    assert twice.alpha[30, 45] > once.alpha[30, 45] > 0.5
    assert twice.alpha[5, 5] < once.alpha[5, 5] < 0.5


def test_a_network_of_one_size_or_without_hint_looks_once(tiny_saliency):
    session = new_session(tiny_saliency)
    once = predict_probabilities(bright_square(), session=session)
    np.testing.assert_array_equal(look(bright_square(), session=session).alpha, once.alpha)


def test_a_smaller_size_has_larger_cells(tiny_trimap):
    session = new_session(tiny_trimap)
    image = bright_square()
    assert predict_probabilities(image, session=session, size=32).cell > (
        predict_probabilities(image, session=session).cell
    )


@pytest.mark.parametrize("hinted", [False, True])
def test_a_mirrored_picture_gets_the_mirrored_answer(tiny_trimap, hinted):
    session = new_session(tiny_trimap)
    image = bright_square()
    image[25:35, 50:80] = 0.6  # so that it is not its own mirror image
    hint = (image[..., 0] > 0.3).astype(np.float32) if hinted else None
    mirrored = None if hint is None else hint[:, ::-1]
    there = look(image, hint=hint, session=session)
    back = look(image[:, ::-1], hint=mirrored, session=session)
    np.testing.assert_allclose(back.alpha[:, ::-1], there.alpha, atol=1e-6)
    np.testing.assert_allclose(back.unknown[:, ::-1], there.unknown, atol=1e-6)


def test_a_hint_is_followed(tiny_trimap):
    session = new_session(tiny_trimap)
    image = np.full((60, 90, 3), 0.5, np.float32)
    hint = np.zeros((60, 90), np.float32)
    hint[20:40, 30:60] = 1
    answer = look(image, hint=hint, session=session)
    assert answer.alpha[30, 45] > 0.5 > answer.alpha[5, 5]


@pytest.mark.parametrize("hinted", [False, True])
def test_a_quick_look_is_neither_mirrored_nor_close(tiny_trimap, monkeypatch, hinted):
    session = new_session(tiny_trimap)
    image = bright_square()
    hint = (image[..., 0] > 0.3).astype(np.float32) if hinted else None
    careful = look(image, hint=hint, session=session)
    for name in ("look_both_ways", "look_closer"):
        monkeypatch.delattr(f"hybridbg.predict.looks.{name}")
    quick = look(image, hint=hint, session=session, quick=True)
    assert quick.alpha.shape == careful.alpha.shape
    assert quick.alpha[30, 45] > 0.5 > quick.alpha[5, 5]


def test_what_another_method_saw_counts_where_the_glances_contradict(tiny_trimap, monkeypatch):
    session = new_session(tiny_trimap)
    image = bright_square()
    elsewhere = np.zeros((60, 90), np.float32)
    elsewhere[:, 75:] = 1
    alone = look(image, session=session).alpha
    monkeypatch.setattr("hybridbg.predict.looks.overlap", lambda *_: 1.0)
    np.testing.assert_array_equal(look(image, impression=elsewhere, session=session).alpha, alone)
    monkeypatch.setattr("hybridbg.predict.looks.overlap", lambda *_: 0.0)
    change = look(image, impression=elsewhere, session=session).alpha - alone
    assert change[30, 85] > 0.05  # somebody saw something here,
    assert change[30, 45] < -0.05  # and nothing there


def test_a_hint_leaves_no_say_to_another_method(tiny_trimap):
    session = new_session(tiny_trimap)
    image = bright_square()
    hint = (image[..., 0] > 0.5).astype(np.float32)
    elsewhere = np.ones_like(hint)
    told = look(image, hint=hint, session=session).alpha
    deaf = look(image, hint=hint, impression=elsewhere, session=session).alpha
    np.testing.assert_array_equal(deaf, told)
