"""The closer look: tiles cover the outline, what was sure stays, and the result is a result."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridbg.predict import closer as module
from hybridbg.predict import look_closer, predict_probabilities
from tests.pipeline.conftest import tiny_session

__all__ = ["tiny_session"]

SIDE = 320


@pytest.fixture
def disc():
    """A bright disc with a comb for a rim, more than twice as large as the tiny network's input."""
    row, col = np.mgrid[:SIDE, : SIDE + 40]
    radius = np.hypot(row - 150, col - 190)
    alpha = ((radius < 90) | ((radius < 110) & (row // 3 % 2 == 0))).astype(np.float32)
    return np.repeat(0.1 + 0.8 * alpha[..., None], 3, axis=2).astype(np.float32), alpha


@given(st.integers(1, 900), st.integers(32, 400), st.integers(0, 30))
def test_stretches_cover_and_overlap(length, side, shared):
    parts = module._stretches(length, side, shared)
    assert parts[0].start == 0
    assert parts[-1].stop == length
    assert all(part.stop - part.start == min(side, length) for part in parts)
    for first, second in pairwise(parts):
        assert first.stop - second.start >= shared


def test_a_fade_reaches_zero_inside_the_picture_and_stays_one_at_its_sides():
    fade = module._fade((slice(0, 40), slice(30, 70)), (40, 200), 8)
    assert (fade[:, 8:32] == 1).all()
    assert fade[:, 0].max() < 0.1
    assert fade[:, -1].max() < 0.1


def test_a_closer_look_sees_finer_and_keeps_what_was_sure(disc, tiny_session):
    image, alpha = disc
    hint = cv2.GaussianBlur(alpha, (0, 0), 6)
    first = predict_probabilities(image, hint=hint, session=tiny_session)
    closer = look_closer(image, first, session=tiny_session)
    assert closer.cell < first.cell / 1.9
    assert np.abs(closer.alpha - alpha).mean() < np.abs(first.alpha - alpha).mean()
    total = closer.background + closer.unknown + closer.foreground
    np.testing.assert_allclose(total, 1, atol=1e-5)
    for plane in (closer.alpha, closer.background, closer.unknown, closer.foreground):
        assert plane.shape == alpha.shape
        assert plane.dtype == np.float32
        assert plane.min() >= 0
        assert plane.max() <= 1


def test_a_small_picture_is_not_looked_at_again(disc, tiny_session):
    image, alpha = disc
    first = predict_probabilities(image[:128, :128], hint=alpha[:128, :128], session=tiny_session)
    assert look_closer(image[:128, :128], first, session=tiny_session) is first


def test_nothing_unsure_nothing_to_look_at(disc, tiny_session):
    image, alpha = disc
    first = predict_probabilities(image, hint=alpha, session=tiny_session)
    sure = np.zeros_like(alpha)
    first = replace(first, alpha=sure, unknown=sure, foreground=sure, background=sure + 1)
    assert look_closer(image, first, session=tiny_session) is first
