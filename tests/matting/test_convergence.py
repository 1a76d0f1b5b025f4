"""Pictures on which the solver once broke down, because the V-cycle was not positive."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from hybridbg.core.colour import srgb_to_linear
from hybridbg.matting import closed_form_alpha


def reduced(image, side=400):
    scale = side / max(image.shape[:2])
    small = cv2.resize(image[..., :3], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / np.float32(255)


def blobs(shape, sigma, *, seed, thresholds=(-0.8, 0.8)):
    """A trimap of smooth random blobs."""
    noise = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma)
    smooth /= smooth.std()
    trimap = np.full(shape, 128, np.uint8)
    trimap[smooth < thresholds[0]] = 0
    trimap[smooth > thresholds[1]] = 255
    return trimap


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["drawing in 16 levels", "linear light", "dark photograph"])
def test_awkward_pictures_converge(kind, seed, sample):
    if kind == "drawing in 16 levels":
        image = np.round(reduced(data.logo()) * 15) / np.float32(15)
    elif kind == "linear light":
        image = srgb_to_linear(reduced(sample("green_uneven").image))
    else:
        image = reduced(data.astronaut()) / 8
    image = np.ascontiguousarray(image, dtype=np.float32)
    trimap = blobs(image.shape[:2], 20, seed=seed, thresholds=(-1.5, 1.5))
    matte = closed_form_alpha(image, trimap, num_threads=1)
    assert 0 < matte.solution.iterations < 2000
    assert (matte.alpha[trimap == 255] == 1).all()
    assert (matte.alpha[trimap == 0] == 0).all()
