"""Chroma stored at half size: noticed where it is, and brought back to luma's edges."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from benchmarks.screen_scenes import scenes
from hybridbg.core.colour import srgb_to_linear
from hybridbg.keying.chroma import Halved, halved_axes, sharpen_chroma


@cache
def shot(name):
    return next(found for _, found in scenes([name], (180, 320)))


def stored(image, sampling):
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
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
        for coded in (blurred, sharpen_chroma(blurred, Halved(*halved))[0])
    )
    assert after < 0.85 * before


def test_bands_of_a_large_picture_tell_as_much_as_all_of_it():
    large = np.tile(shot("hair_even").image, (5, 1, 1))
    assert len(large) > 2 * 12 * 32
    for factor, halved in SAMPLINGS.values():
        assert halved_axes(stored(large, factor)) == halved
