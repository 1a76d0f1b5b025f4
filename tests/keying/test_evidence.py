"""The key's evidence: a trimap that rarely lies, and a confidence that knows where it may."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.trimap import BACKGROUND, FOREGROUND, as_trimap, split
from hybridbg.keying import Screen, estimate_screen, key_evidence


@pytest.fixture(scope="module", params=["green_even", "green_uneven"])
def case(request, sample, screen_of_sample):
    files = sample(request.param)
    return files, key_evidence(files.image, screen_of_sample(request.param))


def test_alpha_is_the_keys(sample, screen_of_sample, keyed_sample):
    evidence = key_evidence(sample("green_even").image, screen_of_sample("green_even"))
    assert np.array_equal(evidence.alpha, keyed_sample("green_even"))


def test_trimap_is_valid_and_mostly_true(case):
    files, evidence = case
    background, unknown, foreground = split(as_trimap(evidence.trimap))
    assert (files.alpha[background] > 26).mean() < 0.0005
    # Amber glass before green looks like yellow cloth: the key alone cannot know all of it.
    assert (files.alpha[foreground] < 242).mean() < 0.06
    assert unknown.mean() < 0.2


def test_confidence_is_low_where_alpha_is_wrong(case):
    files, evidence = case
    error = np.abs(evidence.alpha - files.alpha / np.float32(255))
    right, wrong = evidence.confidence[error < 0.05], evidence.confidence[error > 0.2]
    assert right.mean() > 0.5
    assert wrong.size == 0 or wrong.mean() < 0.6 * right.mean()


def test_confidence_never_exceeds_the_screens(sample, screen_of_sample):
    screen = screen_of_sample("green_even")
    part = np.s_[100:200, 150:350]
    doubtful = Screen(screen.colour, screen.plate[part], 0.25)
    confidence = key_evidence(sample("green_even").image[part], doubtful).confidence
    assert confidence.min() >= 0
    assert confidence.max() <= 0.25


def test_an_empty_screen_has_no_foreground(sample):
    background = sample("green_even").background
    evidence = key_evidence(background, estimate_screen(background))
    assert (evidence.trimap == 0).all()


def test_markers_of_a_large_picture():
    picture = np.full((900, 1200, 3), (70, 165, 80), dtype=np.uint8)
    picture[300:600, 400:700] = (120, 90, 80)
    picture[100:112, 101:113] = picture[801:841, 1001:1041] = (200, 120, 40)
    trimap = key_evidence(picture, estimate_screen(picture)).trimap
    assert trimap[450, 550] == FOREGROUND
    assert (trimap[95:117, 96:118] == BACKGROUND).all()  # a piece of tape
    assert trimap[820, 1020] != BACKGROUND  # a thing
