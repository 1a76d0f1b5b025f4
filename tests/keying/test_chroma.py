"""Chroma stored at half size: noticed where it is, and brought back to luma's edges."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from benchmarks.screen_scenes import scenes
from hybridbg.core.colour import srgb_to_linear
from hybridbg.keying.chroma import (
    Halved,
    bleeding,
    halved_axes,
    has_blocks,
    sharpen_chroma,
)


@cache
def shot(name):
    return next(found for _, found in scenes([name], (180, 320)))


def stored(image, sampling, quality=90):
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    data = cv2.imencode(".jpg", image[..., ::-1], options)[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / 255


SAMPLINGS = {
    "444": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, (False, False)),
    "422": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422, (False, True)),
    "440": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440, (True, False)),
    "420": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, (True, True)),
}


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("name", ["hair_even", "motion_red", "hair_blue", "noisy"])
def test_half_size_chroma_is_noticed(name, sampling):
    factor, halved = SAMPLINGS[sampling]
    assert halved_axes(stored(shot(name).image, factor)) == halved
    assert not any(halved_axes(shot(name).image.astype(np.float32) / 255))


@pytest.mark.parametrize("shape", [(40, 30), (1, 30), (30, 1), (1, 1)])
def test_what_has_no_detail_lacks_none(shape):
    assert halved_axes(np.full((*shape, 3), 90, np.uint8)) == (False, False)


@pytest.mark.parametrize("sampling", ["420", "422"])
@pytest.mark.parametrize("name", ["hair_even", "motion_red"])
def test_sharpened_chroma_is_nearer_the_truth_at_edges(name, sampling):
    truth = shot(name)
    factor, halved = SAMPLINGS[sampling]
    blurred = stored(truth.image, factor)
    mixed = (truth.alpha > 0.02) & (truth.alpha < 0.98)
    light = srgb_to_linear(truth.image.astype(np.float32) / 255)[mixed]
    before, after = (
        np.square(srgb_to_linear(coded)[mixed] - light).mean()
        for coded in (blurred, sharpen_chroma(blurred, Halved(*halved)))
    )
    assert after < 0.85 * before


def test_bands_of_a_large_picture_tell_as_much_as_all_of_it():
    large = np.tile(shot("hair_even").image, (5, 1, 1))
    assert len(large) > 2 * 12 * 32
    for factor, halved in SAMPLINGS.values():
        assert halved_axes(stored(large, factor)) == halved


@pytest.mark.parametrize("name", ["hair_even", "hair_blue", "glass_even", "small", "noisy"])
@pytest.mark.parametrize("quality", [75, 85, 95])
def test_blocks_are_noticed(name, quality):
    blocky = stored(shot(name).image, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, quality)
    # Noise of three levels is still noise at quality 95.
    assert has_blocks(blocky) or (name, quality) == ("noisy", 95)
    assert has_blocks(blocky[5:, 3:]) == has_blocks(blocky)
    assert not has_blocks(shot(name).image)


def test_blocks_of_a_large_picture_are_noticed_in_bands():
    large = np.tile(shot("hair_even").image, (5, 1, 1))
    assert has_blocks(stored(large, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444))
    assert not has_blocks(large)


@pytest.mark.parametrize("shape", [(40, 30), (15, 200), (1, 1)])
def test_what_has_no_steps_has_no_blocks(shape):
    assert not has_blocks(np.full((*shape, 3), 90, np.uint8))


def test_colours_bleed_at_edges_only():
    picture = np.full((40, 60, 3), (0.3, 0.65, 0.3), np.float32)
    picture[:, 30:] = (0.5, 0.4, 0.35)
    bled = bleeding(picture)
    assert bled.dtype == np.float32
    assert (bled[:, 28:32] == 1).all()
    assert (bled[:, :20] == 0).all()
    assert (bled[:, 40:] == 0).all()
