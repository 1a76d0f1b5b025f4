"""hybridbg.evaluation.corruptions: the same damage for the same seed, and only what it says."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.colour import srgb_to_linear
from hybridbg.evaluation.corruptions import CORRUPTIONS, HIDDEN, corrupt

LEAVES_TRUTH = sorted(set(CORRUPTIONS) - {"occluder"})


@pytest.fixture
def photo():
    rng = np.random.default_rng(1)
    image = np.kron(rng.integers(0, 256, (12, 16, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    truth = np.zeros(image.shape[:2], bool)
    truth[20:80, 30:100] = True
    image.setflags(write=False)
    truth.setflags(write=False)
    return image, truth


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_damage_is_seeded_and_keeps_size_and_type(photo, name):
    image, truth = corrupt(name, *photo, seed=3)
    again, _ = corrupt(name, *photo, seed=3)
    assert (image == again).all()
    assert (image.shape, image.dtype) == (photo[0].shape, np.uint8)
    assert (truth.shape, truth.dtype) == (photo[1].shape, np.bool_)
    assert (image != photo[0]).any()


@pytest.mark.parametrize("name", LEAVES_TRUTH)
def test_only_the_occluder_changes_the_truth(photo, name):
    assert (corrupt(name, *photo, seed=0)[1] == photo[1]).all()


@pytest.mark.parametrize("seed", range(5))
def test_occluder_hides_its_share_and_touches_nothing_else(photo, seed):
    image, truth = corrupt("occluder", *photo, seed=seed)
    hidden = photo[1] & ~truth
    assert hidden.sum() / photo[1].sum() == pytest.approx(HIDDEN, abs=0.02)
    changed = (image != photo[0]).any(axis=2)
    assert not (truth & changed).any()
    assert changed[hidden].mean() > 0.99


def test_occluder_without_a_subject_does_nothing(photo):
    empty = np.zeros_like(photo[1])
    assert corrupt("occluder", photo[0], empty, seed=0)[0] is photo[0]


def test_a_soft_truth_stays_soft(photo):
    image, mask = photo
    alpha = np.where(mask, np.float32(0.75), np.float32(0))
    for name in CORRUPTIONS:
        _, left = corrupt(name, image, alpha, seed=1)
        assert left.dtype == np.float32
        assert set(np.unique(left)) == {0, 0.75}


def test_clutter_leaves_the_subject_alone_and_the_rest_not(photo):
    image, truth = photo
    changed = (corrupt("clutter", *photo, seed=4)[0].astype(int) - image).any(axis=2)
    assert not changed[truth].any()
    assert changed[~truth].mean() > 0.5


def test_clutter_takes_the_true_colours_where_they_are_known(photo):
    image, truth = photo
    alpha = np.full(truth.shape, np.float32(1))
    red = np.full_like(image, (200, 0, 0))
    assert (corrupt("clutter", image, alpha, seed=4, foreground=red)[0] == (200, 0, 0)).all()


def test_light_in_stops():
    grey, truth = np.full((64, 64, 3), 64, np.uint8), np.ones((64, 64), bool)

    def light(name):
        coded = corrupt(name, grey, truth, seed=3)[0]
        return srgb_to_linear((coded / 255).astype(np.float32)) / srgb_to_linear(
            np.float32([64 / 255])
        )

    assert light("dark") == pytest.approx(1 / 4, rel=0.05)
    assert light("bright") == pytest.approx(2**1.5, rel=0.05)
    across = light("light-gradient")
    assert (across.min(), across.max()) == pytest.approx((2**-1.5, 2), rel=0.05)


def test_strengths_are_those_named():
    grey, truth = np.full((256, 512, 3), 128, np.uint8), np.ones((256, 512), bool)

    def damaged(name, image=grey):
        return corrupt(name, image, truth, seed=0)[0].astype(float)

    assert damaged("gamma-0.5")[0, 0, 0] == round(255 * (128 / 255) ** 0.5)
    assert damaged("noise").std() / 255 == pytest.approx(0.08, rel=0.02)
    assert sorted(damaged("colour-cast")[0, 0]) == [96, 128, 154]
    step = grey.copy()
    step[:, :256], step[:, 256:] = 0, 255
    slope = np.diff(damaged("blur", step)[128, :, 0]) / 255
    sigma = np.sqrt((slope * (np.arange(511) - 255) ** 2).sum())
    assert sigma == pytest.approx(2, rel=0.05)
    fine = np.where(np.indices((256, 512)).sum(0)[..., None] % 2, 255, 0).repeat(3, 2)
    assert np.ptp(damaged("quarter-resolution", fine.astype(np.uint8))) <= 1
