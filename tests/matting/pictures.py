"""Pictures and trimaps that the matting tests share; sides of tens of pixels, for the reference."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.conftest import load_sample

SAMPLES = ["fur", "glass", "green_even", "green_uneven", "hair", "holes", "motion"]


def smooth(shape, seed=0, blur=2.0):
    """Blurred noise over the whole range of each channel."""
    noise = np.random.default_rng(seed).random((*shape, 3), dtype=np.float32)
    image = cv2.GaussianBlur(noise, (0, 0), blur)
    low, high = image.min(axis=(0, 1)), image.max(axis=(0, 1))
    return np.ascontiguousarray((image - low) / (high - low))


def between_edges(shape, known=2):
    """Trimap with background on the left, foreground on the right, and nothing known between."""
    trimap = np.full(shape, 128, np.uint8)
    trimap[:, :known] = 0
    trimap[:, -known:] = 255
    return trimap


def busiest_crop(name, side=80):
    """The square of a sample with the most unknown pixels, and some known ones of both kinds."""
    files = load_sample(name)
    best, most = None, -1
    for row in range(0, files.trimap.shape[0] - side + 1, side // 4):
        for col in range(0, files.trimap.shape[1] - side + 1, side // 4):
            place = np.s_[row : row + side, col : col + side]
            part = files.trimap[place]
            unknown = np.count_nonzero(part == 128)
            if unknown > most and (part == 0).any() and (part == 255).any():
                best, most = place, unknown
    return files.image[best].astype(np.float32) / 255, files.trimap[best].copy()


def as_float(image):
    """uint8 to float32 in [0, 1]."""
    return image.astype(np.float32) / 255


def masks(largest=(10, 40)):
    """Boolean masks with at least one pixel set."""
    shapes = st.tuples(st.integers(1, largest[0]), st.integers(1, largest[1]))
    return shapes.flatmap(lambda shape: hnp.arrays(np.bool_, shape)).filter(lambda mask: mask.any())


@st.composite
def trimaps(draw, smallest=4, largest=14):
    """Trimaps with at least one pixel of each of the three kinds."""
    shape = draw(st.tuples(*[st.integers(smallest, largest)] * 2))
    trimap = draw(hnp.arrays(np.uint8, shape, elements=st.sampled_from([0, 128, 255])))
    corners = draw(st.permutations([(0, 0), (0, -1), (-1, 0), (-1, -1)]))
    for corner, value in zip(corners, (0, 128, 255), strict=False):
        trimap[corner] = value
    return trimap
