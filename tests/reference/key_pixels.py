"""The preview's key in NumPy, written from the equations at the head of `key_pixels.pyx`."""

from __future__ import annotations

import numpy as np


def key_pixels(image, plate, channel, low, high, decode, encode):
    """Straight RGBA bytes of a picture before its plate."""
    others = [c for c in range(3) if c != channel]
    colour = decode[image].astype(np.float64)

    def spill(light):
        return light[..., channel] - light[..., others].mean(axis=-1)

    alpha = ((1 - spill(colour) / spill(plate.astype(np.float64)) - low) / (high - low)).clip(0, 1)
    light = np.clip(colour - (1 - alpha[..., None]) * plate, 0, alpha[..., None])
    straight = light / np.where(alpha == 0, 1, alpha)[..., None]
    straight[..., channel] = np.minimum(straight[..., channel], straight[..., others].mean(axis=-1))
    codes = encode[np.floor(straight * (len(encode) - 1) + 0.5).astype(int)]
    codes[alpha == 0] = 0
    return np.dstack([codes, np.floor(255 * alpha + 0.5).astype(np.uint8)])
