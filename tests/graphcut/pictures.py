"""A picture whose answer is known, for the tests of seeds and of the cut."""

from __future__ import annotations

import numpy as np


def disc(shape=(120, 160), centre=(60, 80), radius=35):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def painted(mask, seed=0):
    """A red subject before a blue-green ground, both with noise and shading."""
    generator = np.random.default_rng(seed)
    image = np.where(mask[..., None], (0.75, 0.2, 0.15), (0.15, 0.4, 0.5))
    image = image + 0.1 * np.linspace(-1, 1, mask.shape[1])[None, :, None]
    image = image + generator.normal(0, 0.03, image.shape)
    return image.clip(0, 1).astype(np.float32)


MASK = disc()
IMAGE = painted(MASK)
RECT = (15, 35, 105, 125)
