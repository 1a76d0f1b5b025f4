"""benchmarks.corruptions: the same damage for the same seed, and only what it says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.corruptions import CORRUPTIONS, HIDDEN, corrupt

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


def test_strengths_are_those_named():
    grey, truth = np.full((256, 512, 3), 128, np.uint8), np.ones((256, 512), bool)

    def damaged(name, image=grey):
        return corrupt(name, image, truth, seed=0)[0].astype(float)

    assert damaged("gamma 0.5")[0, 0, 0] == round(255 * (128 / 255) ** 0.5)
    assert damaged("noise").std() / 255 == pytest.approx(0.08, rel=0.02)
    assert sorted(damaged("colour cast")[0, 0]) == [96, 128, 154]
    step = grey.copy()
    step[:, :256], step[:, 256:] = 0, 255
    slope = np.diff(damaged("blur", step)[128, :, 0]) / 255
    sigma = np.sqrt((slope * (np.arange(511) - 255) ** 2).sum())
    assert sigma == pytest.approx(2, rel=0.05)
    fine = np.where(np.indices((256, 512)).sum(0)[..., None] % 2, 255, 0).repeat(3, 2)
    assert np.ptp(damaged("1/4 resolution", fine.astype(np.uint8))) <= 1
