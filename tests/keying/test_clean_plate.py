"""A clean plate from a tripod that was touched and lamps that were turned up."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from benchmarks.screen_scenes import scenes
from benchmarks.screens import camera
from hybridbg.core.errors import InvalidImageError
from hybridbg.core.image import Image
from hybridbg.keying import estimate_screen, key_alpha
from hybridbg.keying.plate import relative_distance

SIZE = 270, 480
MOTIONS = [(3.4, -2.1, 0.3), (-12.0, 5.0, -0.5), (30.0, -12.1, 0.0)]


@cache
def shot(name):
    return next(found for _, found in scenes([name], SIZE))


def clean_plate(linear, right=0.0, down=0.0, degrees=0.0, gain=1.0):
    """Photograph a plate by a camera that was moved, with its own noise."""
    centre = SIZE[1] / 2, SIZE[0] / 2
    warp = cv2.getRotationMatrix2D(centre, degrees, 1)
    warp[:, 2] += right, down
    moved = cv2.warpAffine(
        linear, warp, SIZE[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return camera(moved * np.float32(gain), np.random.RandomState(1))


def error(plate, truth):
    alpha = key_alpha(truth.image, estimate_screen(truth.image, plate=plate))
    return float(np.abs(alpha - truth.alpha).sum())


@pytest.mark.parametrize("name", ["markers", "hair_blue_uneven"])
@pytest.mark.parametrize("motion", MOTIONS)
def test_a_plate_that_was_moved_serves_as_well_as_one_that_was_not(name, motion):
    truth = shot(name)
    exact = error(clean_plate(truth.plate), truth)
    # What came in at the border is estimated, and this much worse.
    bound = 1.05 if motion == MOTIONS[0] else 1.2
    assert error(clean_plate(truth.plate, *motion, gain=1.15), truth) < bound * exact
    inner = (slice(40, -40), slice(40, -40))  # what was never shot is made up
    screen = estimate_screen(truth.image, plate=clean_plate(truth.plate, *motion, gain=1.15))
    assert np.quantile(relative_distance(screen.plate, truth.plate)[inner], 0.999) < 0.06


def test_a_plate_that_fits_is_left_where_it_is():
    truth = shot("markers")
    plate = Image.from_array(truth.plate, encoding="linear")
    screen = estimate_screen(truth.image, plate=plate)
    assert relative_distance(screen.plate, truth.plate).max() < 0.01


def test_an_even_screen_offers_nothing_to_hold_on_to():
    """Whatever little grain is matched then, the plate stays the screen's light."""
    truth = shot("hair_even")
    screen = estimate_screen(truth.image, plate=clean_plate(truth.plate, 3.4, -2.1, 0.3))
    assert relative_distance(screen.plate, truth.plate).mean() < 0.02


def test_light_of_each_colour_has_its_own_gain():
    truth = shot("markers")
    warmer = truth.plate * np.float32([0.9, 0.7, 0.5])
    screen = estimate_screen(truth.image, plate=Image.from_array(warmer, encoding="linear"))
    assert relative_distance(screen.plate, truth.plate).max() < 0.02


@pytest.mark.parametrize("name", ["markers", "close"])
def test_lamps_that_flicker_apart_are_followed(name):
    truth = shot(name)
    y, x = (np.mgrid[: SIZE[0], : SIZE[1]] / SIZE[0]).astype(np.float32)
    lamps = 1 + 0.15 * np.exp(-((x - 0.2) ** 2 + y**2) / 0.4) - 0.1 * (x / x.max())
    plate = clean_plate(truth.plate * lamps[..., None] * np.float32([1.1, 1, 0.95]))
    assert error(plate, truth) < 1.1 * error(clean_plate(truth.plate), truth)


@pytest.mark.parametrize("other", ["room", "dark", "blue", "crowd"])
def test_another_scene_is_one_clear_error(other):
    truth = shot("markers")
    random = np.random.RandomState(0)
    room = random.randint(20, 220, (9, 16, 3)).astype(np.uint8)
    plates = {
        "room": cv2.resize(room, SIZE[::-1], interpolation=cv2.INTER_NEAREST),
        "dark": np.zeros((*SIZE, 3), np.uint8),
        "blue": shot("hair_blue_uneven").image,
        "crowd": shot("close").image,
    }
    gain = r"\d+\.\d\d"
    said = rf"plate: expected the same shot .* gains of {gain}, {gain} and {gain};"
    with pytest.raises(InvalidImageError, match=said):
        estimate_screen(truth.image, plate=plates[other])


@pytest.mark.parametrize("shape", [(4, 4), (4, 40), (30, 5)])
def test_the_smallest_pictures(shape):
    picture = np.full((*shape, 3), (70, 165, 80), dtype=np.uint8)
    screen = estimate_screen(picture, plate=picture // 2)
    assert np.allclose(screen.plate, Image.from_array(picture).linear(), rtol=0.05)


def test_a_plate_said_to_be_registered_is_not_moved_but_lit(monkeypatch):
    truth = shot("markers")
    bright = Image.from_array((1.15 * truth.plate).clip(0, 1), encoding="linear")
    monkeypatch.delattr("hybridbg.keying.clean_plate._register")
    screen = estimate_screen(truth.image, plate=bright, plate_registered=True)
    assert np.quantile(relative_distance(screen.plate, truth.plate), 0.99) < 0.05
    with pytest.raises(NameError):
        estimate_screen(truth.image, plate=bright)
