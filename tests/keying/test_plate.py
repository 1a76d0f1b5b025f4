"""The plate's surface and its local rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.keying.plate import estimate_plate, match_gain, relative_distance

GREEN = np.array([0.08, 0.36, 0.1], dtype=np.float32)


def lit(light):
    return (light[..., None] * GREEN).astype(np.float32)


def hole(shape):
    core = np.ones(shape, dtype=bool)
    core[shape[0] // 4 : 3 * shape[0] // 4, shape[1] // 3 : 2 * shape[1] // 3] = False
    return core


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-0.06, 0.06), min_size=9, max_size=9))
def test_cubic_light_is_carried_behind_the_subject(coefficients):
    y, x = np.mgrid[-1:1:96j, -1:1:128j]
    powers = [(i, j) for i in range(4) for j in range(4 - i) if i + j]
    light = 1 + sum(c * y**i * x**j for c, (i, j) in zip(coefficients, powers, strict=True))
    scene, core = lit(light), hole(light.shape)
    shot = scene.copy()
    shot[~core] = (0.5, 0.1, 0.1)
    assert relative_distance(estimate_plate(shot, core)[0], scene).max() < 0.02


def test_wrong_core_pixels_do_not_bend_the_surface():
    x = np.mgrid[-1:1:96j, -1:1:128j][1]
    scene = lit(0.8 + 0.2 * x)
    core = hole(x.shape)
    shot = scene.copy()
    shot[~core] = 0.02
    shot[80:92, 10:30] *= 0.5  # a shadow that was taken for screen
    error = relative_distance(estimate_plate(shot, core)[0], scene)
    assert error[~core].max() < 0.02


def test_a_crease_is_followed_where_it_is_seen():
    x = np.mgrid[0:96, 0:128][1]
    scene = lit(1 - 0.1 * np.exp(-(((x - 20) / 6.0) ** 2)))
    core = hole(x.shape)
    assert relative_distance(estimate_plate(scene, core)[0], scene)[core].max() < 0.02


@pytest.mark.parametrize("pixels", [1, 3, 40])
def test_few_pixels_give_a_simpler_plate(pixels):
    scene = lit(np.ones((40, 60)))
    core = np.zeros((40, 60), dtype=bool)
    core.flat[:pixels] = True
    assert np.allclose(estimate_plate(scene, core)[0], GREEN, atol=1e-4)


def test_gain_ignores_the_subject():
    scene = lit(np.ones((20, 20)))
    shot = 0.7 * scene
    shot[:8] = 1
    assert match_gain(shot, scene, np.ones((20, 20), dtype=bool)) == pytest.approx(0.7)
