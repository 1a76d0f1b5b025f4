"""Small kernels of the key, in NumPy: the equations of their heads, one pixel at a time or all."""

from __future__ import annotations

import numpy as np


def compared(linear, plate, channel, least, darkest):
    """Classical key (H, W) and relative distance (H, W)."""
    others = [other for other in range(3) if other != channel]
    spill, full = (x[..., channel] - x[..., others].mean(axis=-1) for x in (linear, plate))
    length = np.maximum(np.linalg.norm(plate, axis=-1), darkest)
    return 1 - spill / np.maximum(full, least), np.linalg.norm(linear - plate, axis=-1) / length


def averaged(plane, weights):
    """Weighted mean (H, W), by the same weights down and across, mirrored at the border."""
    reach = len(weights) // 2
    for axis in (0, 1):
        index = np.arange(-reach, plane.shape[axis] + reach)
        period = max(2 * (plane.shape[axis] - 1), 1)
        index = np.abs((index + plane.shape[axis] - 1) % period - plane.shape[axis] + 1)
        padded = plane.take(index, axis=axis)
        parts = [
            weight * padded.take(range(k, k + plane.shape[axis]), axis=axis)
            for k, weight in enumerate(weights)
        ]
        plane = sum(parts)
    return plane


def line_test(mean, covariance, backing, noise, varied, straight, off_plane, least_sine):
    """Share of the screen and trust for one pixel's mean (3,) and covariance (3, 3)."""

    def ramp(value, low, high):
        return np.clip((value - low) / (high - low), 0, 1)

    values, vectors = np.linalg.eigh(covariance)
    spread = np.sqrt(np.maximum(values - noise**2, 0))
    along = vectors[:, -1]
    basis = np.stack([along, backing], axis=1)
    (u, v), *_ = np.linalg.lstsq(basis, mean, rcond=None)
    off = np.linalg.norm(mean - basis @ [u, v]) / max(np.linalg.norm(mean), noise)
    sine = 1 - (backing @ along) ** 2 / (backing @ backing)
    trust = ramp(spread[-1] / noise, *varied)
    trust *= ramp(spread[-1] / max(spread[-2], noise / 2), *straight)
    trust *= 1 - ramp(off, *off_plane)
    return (1 if sine < least_sine**2 else np.clip(v, 0, 1)), trust


def likeness(linear, hues, support, common, alike, darkest):
    """How far colours (N, 3) have one of the hues (K, 3) but the last; support (N, K + 1)."""
    chroma = linear / np.maximum(linear.sum(axis=-1, keepdims=True), darkest)
    square = np.square(chroma[:, None] - hues[None, :-1]).sum(axis=-1)
    worth = np.minimum(support[:, :-1] / common, 1) * np.exp(-square / (2 * alike**2))
    return worth.max(axis=1)


def subtracted(linear, plate, alpha):
    """Light P of the foreground, premultiplied."""
    return (linear - (1 - alpha[..., None]) * plate).clip(0, alpha[..., None])


def divided(light, alpha, around, cover, faint):
    """Straight foreground F, continued where alpha is faint."""
    missing = np.maximum(faint - alpha, 0) / faint
    weight = np.maximum(alpha + missing * cover, np.finfo(np.float32).tiny)
    return np.minimum((light + missing[..., None] * around) / weight[..., None], 1)


def despilled(foreground, channel, limit, weight, strength, restored):
    """Colours without spill; `limit` is 1 for max, 2 for min, else weighted."""
    first, second = (foreground[..., other] for other in range(3) if other != channel)
    limits = [weight * first + (1 - weight) * second, np.maximum(first, second),
              np.minimum(first, second)]  # fmt: skip
    removed = strength * np.maximum(foreground[..., channel] - limits[limit], 0)
    clean = foreground.copy()
    clean[..., channel] -= removed
    return np.where(restored > 0, (clean + removed[..., None] * restored).clip(0, 1), clean)
