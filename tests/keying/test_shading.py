"""Opaque or see-through, by the line on which colours around a pixel lie."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.keying.shading import shine_through

BACKING = np.float32([0.08, 0.36, 0.1])
RED = np.float32([0.4, 0.1, 0.06])
SHAPE = 40, 40
NOISE = 1e-3


def told(small):
    plate = np.tile(BACKING, (*SHAPE, 1))
    inside = np.ones(SHAPE, dtype=np.bool_)
    share, trust = shine_through(small.astype(np.float32), plate, inside, NOISE)
    return share[20, 20], trust[20, 20]


@pytest.fixture
def shade():
    return np.random.RandomState(0).uniform(0.5, 1, SHAPE)[..., None].astype(np.float32)


def test_shaded_colours_are_opaque(shade):
    share, trust = told(shade * RED)
    assert share < 0.02
    assert trust > 0.9


@pytest.mark.parametrize("through", [0.3, 0.6])
def test_what_shines_through_evenly_is_found(shade, through):
    share, trust = told((1 - through) * shade * RED + through * BACKING)
    assert share == pytest.approx(through, abs=0.02)
    assert trust > 0.9


def test_colours_of_the_screen_itself_are_no_line_at_all(shade):
    """Parallel to the screen's the line says nothing of alpha, however exactly it is parallel."""
    share, _ = told(shade * BACKING)
    assert share == 1


def test_an_even_colour_tells_nothing():
    assert told(np.tile(RED, (*SHAPE, 1)))[1] == 0
