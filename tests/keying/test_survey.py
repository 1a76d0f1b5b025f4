"""Opaque or see-through: lines of colours through black, through the screen, and between."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.keying import Screen
from hybridbg.keying.shading import shine_through
from hybridbg.keying.survey import survey

GREEN = np.array([0.08, 0.36, 0.1], dtype=np.float32)
OLIVE = np.array([0.16, 0.22, 0.07], dtype=np.float32)
RED = np.array([0.55, 0.01, 0.03], dtype=np.float32)
SHAPE = (60, 80)
INSIDE = np.s_[16:44, 16:64]


def scene(foreground, alpha, noise=0.001):
    """A rectangle before the screen; light and alpha per pixel of it."""
    linear = np.tile(GREEN, (*SHAPE, 1))
    linear[INSIDE] = alpha * foreground + (1 - alpha) * GREEN
    linear += noise * np.random.RandomState(0).standard_normal(linear.shape).astype(np.float32)
    subject = np.zeros(SHAPE, dtype=bool)
    subject[INSIDE] = True
    return linear.clip(0, 1).astype(np.float32), subject


def shaded(colour):
    """Light falls off from left to right: 1 to 0.4."""
    light = np.linspace(1, 0.4, 48, dtype=np.float32)[None, :, None]
    return np.tile(light * colour, (28, 1, 1))


def test_shaded_cloth_is_opaque_even_in_the_screens_hue():
    linear, subject = scene(shaded(OLIVE), 1)
    share, trust = shine_through(linear, np.tile(GREEN, (*SHAPE, 1)), subject, 0.001)
    assert trust[subject].mean() > 0.7
    assert np.median(share[subject]) < 0.05
    assert (trust[~subject] == 0).all()


@pytest.mark.parametrize("alpha", [0.3, 0.6])
def test_shaded_glass_shows_its_share_of_the_screen(alpha):
    linear, subject = scene(shaded(np.float32([0.5, 0.5, 0.5])), alpha)
    share, trust = shine_through(linear, np.tile(GREEN, (*SHAPE, 1)), subject, 0.001)
    believed = trust > 0.5
    assert believed.any()
    assert np.median(share[believed]) == pytest.approx(1 - alpha, abs=0.08)


def test_motion_is_a_line_through_the_screen():
    fading = np.linspace(1, 0.1, 48, dtype=np.float32)[None, :, None]
    linear, subject = scene(RED, fading)
    share, trust = shine_through(linear, np.tile(GREEN, (*SHAPE, 1)), subject, 0.001)
    assert np.median(share[trust > 0.5]) > 0.9


def test_flat_colours_tell_nothing():
    linear, subject = scene(OLIVE, 1)
    _, trust = shine_through(linear, np.tile(GREEN, (*SHAPE, 1)), subject, 0.001)
    assert trust[24:36, 24:56].max() < 0.5


def test_nothing_before_the_screen():
    screen = Screen(GREEN, np.tile(GREEN, (*SHAPE, 1)), 1.0)
    found = survey(screen.plate, screen)
    assert found.opacity.max() == 0
    assert len(found.hues) == 1


def test_each_hue_knows_how_light_it_is():
    dark, pale = np.float32([0.1, 0.02, 0.02]), np.float32([0.5, 0.45, 0.6])
    linear = np.tile(GREEN, (*SHAPE, 1))
    linear[10:50, 10:40], linear[10:50, 40:70] = dark, pale
    linear += 0.001 * np.random.RandomState(0).standard_normal(linear.shape).astype(np.float32)
    found = survey(linear, Screen(GREEN, np.tile(GREEN, (*SHAPE, 1)), 1.0))
    assert found.light.shape == (len(found.hues), 2)
    for colour in (dark, pale):
        nearest = np.abs(found.hues - colour / colour.sum()).sum(axis=1).argmin()
        assert found.light[nearest, 0] == pytest.approx(np.log(colour.sum()), abs=0.05)
        assert found.light[nearest, 1] < 0.2
