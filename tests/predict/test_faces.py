"""hybridbg.predict.faces: the face of a portrait, and the hint it gives."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.predict import find_faces, portrait_hint


@pytest.fixture(scope="module")
def astronaut():
    return data.astronaut()


def overlap(one, two):
    top, left = max(one[0], two[0]), max(one[1], two[1])
    bottom, right = min(one[2], two[2]), min(one[3], two[3])
    common = max(0, bottom - top) * max(0, right - left)
    areas = [(r[2] - r[0]) * (r[3] - r[1]) for r in (one, two)]
    return common / (sum(areas) - common)


FACE = (61, 171, 166, 277)  # brows to chin of skimage.data.astronaut, seen by eye


def test_the_astronauts_face(astronaut):
    (face,) = find_faces(astronaut)
    assert overlap(face, FACE) > 0.7


@pytest.mark.parametrize("factor", [2, 0.5])
def test_its_place_scales_with_the_picture(astronaut, factor):
    import cv2

    scaled = cv2.resize(astronaut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    (face,) = find_faces(scaled)
    assert overlap(face, tuple(side * factor for side in FACE)) > 0.7


def test_every_kind_of_picture(astronaut):
    expected = find_faces(astronaut)
    assert find_faces(astronaut.astype(np.uint16) * 257) == expected
    grey = astronaut.mean(axis=2).astype(np.uint8)
    assert overlap(find_faces(grey)[0], FACE) > 0.7


def test_the_largest_comes_first(astronaut):
    import cv2

    small = cv2.resize(astronaut[:256, 96:352], (160, 160), interpolation=cv2.INTER_AREA)
    both = np.full((400, 512, 3), 200, dtype=np.uint8)
    both[200:360, 10:170] = small
    both[:, 200:] = astronaut[:400, 80:392]
    first, second = find_faces(both)
    assert first[1] > 200 > second[1]


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
def test_no_face_where_nobody_is(name):
    assert find_faces(getattr(data, name)()) == []


@pytest.mark.parametrize("shape", [(4, 4), (5, 1000), (29, 400), (30, 30), (31, 31), (320, 40)])
def test_pictures_too_small_or_narrow(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert find_faces(noise) == []


def test_not_a_picture():
    with pytest.raises(InvalidImageError):
        find_faces(np.zeros((3, 3), dtype=np.uint8))


def test_hint_of_the_astronaut():
    """Points seen by eye in the picture of 512 x 512 pixels."""
    hint = portrait_hint((512, 512), FACE)
    assert hint.dtype == np.float32
    assert set(np.unique(hint)) == {0, 0.5, 1}
    for row, column in ((110, 225), (150, 225), (200, 225), (350, 200)):  # face, neck, suit
        assert hint[row, column] == 1
    for row, column in ((20, 20), (20, 500), (100, 400)):  # flag, wall, shuttle
        assert hint[row, column] == 0
    for row, column in ((30, 225), (110, 160), (400, 60), (500, 500)):  # hair, sleeve, helmet
        assert hint[row, column] == 0.5


def test_hint_is_the_same_on_both_sides():
    hint = portrait_hint((200, 200), (50, 75, 100, 125))
    np.testing.assert_array_equal(hint, hint[:, ::-1])


@pytest.mark.parametrize("face", [(0, 0, 8, 8), (2, 2, 3, 3), (0, 3, 8, 5)])
def test_hint_of_odd_faces(face):
    hint = portrait_hint((8, 8), face)
    assert hint.shape == (8, 8)
    assert hint[(face[0] + face[2]) // 2, (face[1] + face[3]) // 2] == 1


@pytest.mark.parametrize("face", [(0, 0, 9, 8), (-1, 0, 4, 4), (4, 4, 4, 8), (1, 2, 3)])
def test_a_face_outside_the_picture(face):
    with pytest.raises(InvalidOptionError, match="face"):
        portrait_hint((8, 8), face)
