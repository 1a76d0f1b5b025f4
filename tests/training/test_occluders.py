"""Things in front of the subject: what they hide is gone, what they leave is as it was."""

from __future__ import annotations

import numpy as np
import pytest

from training.data import Subject
from training.occluders import LEAST_LEFT, occlude

SHAPE = (96, 128)


def scene(seed):
    """A bright disc on grey, a photograph to take colours from, and a thing to lay before it."""
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(SHAPE)
    alpha = ((rows - 48) ** 2 + (cols - 64) ** 2 < 30**2).astype(np.float32)
    light = (0.2 + 0.6 * alpha)[..., None].repeat(3, axis=2).astype(np.float32)
    photo = rng.integers(0, 255, (80, 100, 3), dtype=np.uint8)
    thing = Subject(photo[:40, :40], np.full((40, 40), 255, np.uint8), 1.0)
    return light, alpha, photo, thing, rng


@pytest.mark.parametrize("seed", range(12))
def test_some_of_the_subject_is_hidden_and_enough_of_it_left(seed):
    light, alpha, photo, thing, rng = scene(seed)
    before = light.copy(), alpha.copy()
    covered, left = occlude(light, alpha, rng, backgrounds=[photo], things=[thing])
    assert covered.dtype == left.dtype == np.float32
    assert (left <= alpha).all()
    assert LEAST_LEFT * alpha.sum() < left.sum() < alpha.sum()
    # Where nothing was laid over the subject it looks as before.
    whole = (left == alpha) & (alpha > 0)
    assert np.array_equal(covered[whole], light[whole])
    assert np.array_equal(light, before[0])
    assert np.array_equal(alpha, before[1])


def test_it_depends_on_the_generator_alone():
    made = []
    for _ in range(2):
        light, alpha, photo, _, rng = scene(5)
        made.append(occlude(light, alpha, rng, backgrounds=[photo], things=[]))
    assert all(map(np.array_equal, *made))


def test_without_a_subject_nothing_is_laid():
    light, alpha, photo, _, rng = scene(1)
    covered, left = occlude(light, alpha * 0, rng, backgrounds=[photo], things=[])
    assert covered is light
    assert not left.any()
