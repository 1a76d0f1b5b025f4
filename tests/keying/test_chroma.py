"""Chroma stored at half size: noticed where it is, and brought back to luma's edges."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from benchmarks.screen_scenes import scenes
from hybridbg.core.colour import srgb_to_linear
from hybridbg.keying.chroma import has_half_chroma, sharpen_chroma


@cache
def shot(name):
    return next(found for _, found in scenes([name], (180, 320)))


def stored(image, sampling):
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    data = cv2.imencode(".jpg", image[..., ::-1], options)[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / 255


@pytest.mark.parametrize(
    ("sampling", "half"),
    [(cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, True), (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, False)],
)
def test_half_size_chroma_is_noticed(sampling, half):
    assert has_half_chroma(stored(shot("hair_even").image, sampling)) == half
    assert not has_half_chroma(shot("hair_even").image.astype(np.float32) / 255)


@pytest.mark.parametrize("name", ["hair_even", "motion_red"])
def test_sharpened_chroma_is_nearer_the_truth_at_edges(name):
    truth = shot(name)
    blurred = stored(truth.image, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
    mixed = (truth.alpha > 0.02) & (truth.alpha < 0.98)
    light = srgb_to_linear(truth.image.astype(np.float32) / 255)[mixed]
    before, after = (
        np.square(srgb_to_linear(coded)[mixed] - light).mean()
        for coded in (blurred, sharpen_chroma(blurred))
    )
    assert after < 0.85 * before


def test_bands_of_a_large_picture_tell_as_much_as_all_of_it():
    large = np.tile(shot("hair_even").image, (5, 1, 1))
    assert len(large) > 2 * 12 * 32
    assert has_half_chroma(stored(large, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420))
    assert not has_half_chroma(stored(large, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444))
