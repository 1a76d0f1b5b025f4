"""Whole screen shots, painted small: what the key must get right, and what it must refuse."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from benchmarks.screen_scenes import scenes
from benchmarks.screens import camera
from hybridbg import remove_background
from hybridbg.core.colour import srgb_to_linear
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.trimap import BACKGROUND, FOREGROUND
from hybridbg.io import as_image
from hybridbg.keying import estimate_screen
from hybridbg.keying.chroma import Halved
from hybridbg.keying.evidence import evidence_of, key_evidence
from hybridbg.keying.plate import relative_distance
from hybridbg.pipeline import keyed as keyed_module
from hybridbg.pipeline.keyed import key_picture, screen_picture
from hybridbg.pipeline.options import Options

SIZE = 180, 320


@cache
def shot(name, size=SIZE):
    return next(found for _, found in scenes([name], size))


def mixed_error(alpha, truth):
    mixed = (truth > 0.02) & (truth < 0.98)
    return float(np.abs(alpha - truth)[mixed].mean())


@pytest.mark.parametrize(
    ("name", "limit"),
    [("hair_even", 0.05), ("hair_blue", 0.08), ("motion_red", 0.06), ("green_clothing", 0.09)],
)
def test_a_subject_before_a_screen(name, limit):
    truth = shot(name)
    cutout = remove_background(truth.image, method="key")
    assert mixed_error(cutout.alpha, truth.alpha) < limit
    assert np.mean(cutout.alpha[truth.alpha == 0] > 0.02) < 0.01
    assert np.mean(cutout.alpha[truth.alpha == 1] < 0.9) < 0.01
    assert not cutout.diagnostics["warnings"]


def test_what_the_key_settles_is_known_to_matting():
    truth = shot("hair_even")
    keyed = key_picture(screen_picture(as_image(truth.image), Options()), None)
    opaque, empty = keyed.alpha >= 0.995, keyed.alpha == 0
    assert (keyed.trimap[opaque] == FOREGROUND).all()
    assert (keyed.trimap[empty] == BACKGROUND).all()
    assert truth.alpha[opaque].mean() > 0.995
    assert truth.alpha[empty].mean() < 0.005


def test_gaps_between_blond_hairs_are_left_to_matting():
    truth = shot("hair_uneven", (360, 640))
    trimap = key_evidence(truth.image, estimate_screen(truth.image)).trimap
    # A hue's word for opaque alone closes 62 of them.
    assert np.count_nonzero((truth.alpha < 0.9) & (trimap == FOREGROUND)) < 30
    assert np.mean(trimap[truth.alpha == 1] == FOREGROUND) > 0.93


def test_where_colours_are_half_size_the_key_settles_nothing():
    truth = shot("jpeg")
    picture = as_image(truth.image)
    keyed = key_picture(screen_picture(picture, Options()), None)
    evidence = evidence_of(keyed.linear, keyed.screen, None, keyed.bled)
    assert np.array_equal(keyed.trimap, evidence.trimap)
    assert (
        keyed.confidence[keyed.bled == 1].max() < 0.25 < evidence.confidence[keyed.bled == 1].max()
    )
    assert keyed.noise > evidence.noise


def test_where_colours_are_half_size_luma_says_more():
    truth = shot("hair_blue")
    stored = camera(srgb_to_linear(truth.image / np.float32(255)), np.random.RandomState(0), 0, 85)
    found = screen_picture(as_image(stored), Options())
    assert found.bled is not None
    errors = [
        mixed_error(evidence_of(found.linear, found.screen, None, bled).mixture, truth.alpha)
        for bled in (None, found.bled)
    ]
    assert errors[1] < 0.95 * errors[0]


def test_halved_rows_cost_little(monkeypatch):
    """As many cameras store them: 4:2:2."""
    truth = shot("hair_even", (360, 640))
    options = [cv2.IMWRITE_JPEG_QUALITY, 95]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
    data = cv2.imencode(".jpg", truth.image[..., ::-1], options)[1]
    stored = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
    noticed = remove_background(stored, method="key").alpha
    monkeypatch.setattr(keyed_module, "halved_axes", lambda pixels: Halved(False, False))
    unnoticed = remove_background(stored, method="key").alpha
    errors = [np.abs(alpha - truth.alpha).sum() for alpha in (noticed, unnoticed)]
    assert errors[0] < 0.7 * errors[1]
    thin = [np.mean(alpha[truth.alpha == 1] < 0.98) for alpha in (noticed, unnoticed)]
    assert thin[0] < 0.5 * thin[1]


def test_noise_is_not_seen_on_the_screen():
    truth = shot("noisy")
    alpha = remove_background(truth.image, method="key").alpha
    assert np.mean(alpha[truth.alpha == 0] > 0.02) < 0.004


def test_a_label_of_another_hue_does_not_thin_the_glass():
    """Glass as dark as this cannot have the label's hue: that would be as light as the label."""
    truth = shot("glass_blue")
    alpha = remove_background(truth.image, method="key").alpha
    assert mixed_error(alpha, truth.alpha) < 0.07


def test_before_a_screen_nobody_looks_for_faces(monkeypatch):
    def find(_):
        raise AssertionError("looked for a face")

    monkeypatch.setattr("hybridbg.pipeline.portrait.find_faces", find)
    cutout = remove_background(shot("hair_even").image)
    assert cutout.diagnostics["sources"] == {"key": 1.0}


def test_glass_stays_out_of_the_plate():
    truth = shot("glass_even")
    plate = estimate_screen(truth.image).plate
    assert relative_distance(plate, truth.plate)[truth.alpha > 0.05].mean() < 0.02


def test_a_shadow_on_the_floor_is_screen():
    truth = shot("floor_shadow")
    alpha = remove_background(truth.image, method="key").alpha
    assert np.mean(alpha[truth.alpha == 0] > 0.02) < 0.015


def floor_shadow(size):
    """The shadow of the scene of that name, as it is painted there."""
    dark = np.zeros(size, np.float32)
    middle, radii = (
        (round(share * size[0]) for share in pair) for pair in ((1.02, 0.93), (0.26, 0.045))
    )
    cv2.ellipse(dark, tuple(middle), tuple(radii), -4, 0, 360, 1, -1)
    return 0.55 * cv2.GaussianBlur(dark, (0, 0), 0.02 * size[0])


@pytest.mark.parametrize("clean", [False, True])
def test_the_shadow_is_told_from_the_subject(clean):
    size = 360, 640
    truth, shadow = shot("floor_shadow", size), floor_shadow(size)
    unshaded = camera(truth.plate / (1 - shadow)[..., None], np.random.RandomState(2))
    cutout = remove_background(truth.image, method="key", plate=unshaded if clean else None)
    beside = truth.alpha < 0.98
    assert np.abs(cutout.alpha - truth.alpha).mean() < 0.002
    assert np.abs(cutout.shadow - shadow)[beside].mean() < 0.003
    assert np.abs(cutout.shadow - shadow)[beside & (shadow > 0.05)].mean() < 0.03
    assert (cutout.shadow[: size[0] // 2] == 0).all()
    # On another floor the picture darkens as this one did.
    kept = srgb_to_linear(cutout.composite("white", shadow=True))[..., 1]
    assert np.abs(kept - (1 - shadow))[truth.alpha == 0].mean() < 0.003


@pytest.mark.parametrize(
    "name", ["hair_uneven", "hair_blue_uneven", "noisy", "close", "glass_blue"]
)
def test_creases_noise_and_uneven_light_cast_no_shadow(name):
    assert estimate_screen(shot(name).image).shadow.max() < 0.03


def test_markers_are_screen():
    truth = shot("markers")
    alpha = remove_background(truth.image, method="key").alpha
    assert np.mean(alpha[truth.alpha == 0] > 0.02) < 0.01


@pytest.mark.parametrize(("name", "wrong"), [("hair_even", "blue"), ("hair_blue", "green")])
def test_the_wrong_screen_is_refused(name, wrong):
    with pytest.raises(NoSubjectError, match=f"expected a {wrong} screen, found none"):
        remove_background(shot(name).image, method="key", screen=wrong)


def test_a_room_without_a_screen_is_refused():
    random = np.random.RandomState(0)
    room = np.repeat(np.repeat(random.randint(80, 170, (12, 20, 3), np.uint8), 15, 0), 16, 1)
    with pytest.raises(NoSubjectError, match="found none"):
        remove_background(room, method="key")


def test_a_screen_in_a_corner_is_not_taken_for_sure():
    image = np.full((*SIZE, 3), 130, dtype=np.uint8)
    image[:120, 100:] = shot("hair_even").image[:120, 100:]
    assert estimate_screen(image).confidence < 0.9
    cutout = remove_background(image, method="key", screen="green")
    assert "does not surround" in cutout.diagnostics["warnings"][0]
    assert cutout.alpha[150:].mean() > 0.9


def test_a_subject_that_fills_most_of_the_picture():
    truth = shot("close")
    image, alpha = truth.image[60:], truth.alpha[60:]
    cutout = remove_background(image, method="key")
    assert np.abs(cutout.alpha - alpha).mean() < 0.03
