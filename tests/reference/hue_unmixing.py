"""Unmixing into the plate and a hue, in NumPy: the equations of `hybridbg/keying/alpha.py`.

Colours, backing and hues are (N, 3), (N, 3) and (K, 3), not divided by the noise.
"""

from __future__ import annotations

import numpy as np

PLANE, SPREAD, RAY, UNDECIDED, ACCIDENT, MARGIN, ROOM = 1.5, 0.01, 0.03, 0.0111, 20.0, 3.0, 5e-4
FAINT, LEAST_ALPHA = 1e-3, 0.02
NOTHING, SOMETHING = 0.1, 0.2
CONSTANTS = np.array(
    [
        PLANE, SPREAD, RAY, UNDECIDED, ACCIDENT, MARGIN, ROOM, FAINT, LEAST_ALPHA, NOTHING,
        SOMETHING,
    ],
    dtype=np.float32,
)  # fmt: skip


def presence(mean_key):
    """0 where the mean key around a pixel is within the noise, 1 where it is well above."""
    return ((np.abs(mean_key) - NOTHING) / (SOMETHING - NOTHING)).clip(0, 1)


def unmix(
    colours,
    backing,
    hues,
    light,
    support,
    noise,
    grey_key,
    opacity,
):
    """Alpha and mixture (N,) of colours (N, 3) before backing (N, 3), every hue voting."""
    # Divide by each channel's noise, so that lengths are in standard deviations.
    c, b, h = colours / noise, backing / noise, hues / noise
    cb, bb, hh = (c * b).sum(axis=1)[:, None], (b * b).sum(axis=1)[:, None], (h * h).sum(axis=1)
    ch, bh = c @ h.T, b @ h.T
    # Normal equations of min |c - u h - v b|: [[hh, bh], [bh, bb]] (u, v) = (ch, cb).
    determinant = np.maximum(hh * bb - bh**2, np.finfo(np.float32).tiny)
    u = np.maximum((ch * bb - cb * bh) / determinant, 0)
    v = (cb - u * bh) / bb
    residual = (c * c).sum(axis=1)[:, None] - u * ch - v * cb
    reach = PLANE**2 + SPREAD**2 * u**2 * hh
    # Lightness of the foreground, u / alpha, against what things of that hue have.
    alpha = np.maximum(1 - v, LEAST_ALPHA)
    shade = np.log(np.maximum(u, 1e-30) / alpha) - light[:, 0]
    sine = np.sqrt(determinant / (hh * bb))
    relative = 1 / np.maximum(np.sqrt(hh) * u, 1) + 1 / np.maximum(np.sqrt(bb) * alpha, 1)
    odds = np.maximum(residual, 0) / reach + shade**2 / (light[:, 1] + (relative / sine) ** 2)
    support = np.where(support < FAINT, 0, support)
    vote = support * np.exp(odds / -2)
    # The ray t h itself: no screen at all, which a mixture would only hit by accident.
    ray = (c * c).sum(axis=1)[:, None] - np.maximum(ch, 0) ** 2 / hh
    reach = PLANE**2 + (RAY * opacity[:, None]) ** 2 * (c * c).sum(axis=1)[:, None]
    certain = ACCIDENT * opacity[:, None] ** 2
    opaque = certain * support * np.exp(np.maximum(ray, 0) / (-2 * reach))
    total, weight = (
        (vote * (1 - v)).sum(axis=1) + UNDECIDED * grey_key,
        vote.sum(axis=1) + UNDECIDED,
    )
    opaque = opaque.sum(axis=1)
    return (total + opaque) / (weight + opaque), total / weight


def agreement(colours, backing, alpha, channel):
    """How far alpha (N,) and the classical keys agree, (N,)."""
    others = [other for other in range(3) if other != channel]
    forms = [alpha]
    for limit in (np.mean, np.max, np.min):
        spill, full = (x[:, channel] - limit(x[:, others], axis=1) for x in (colours, backing))
        forms.append((1 - spill / np.maximum(full, ROOM)).clip(0, 1))
    return (1 - np.ptp(forms, axis=0)) ** 2


def bound(colours, backing, noise):
    """Least alpha (N,) for which 0 <= F <= 1, but for the noise."""
    margin = MARGIN * noise
    darker = (backing - colours - margin) / backing
    lighter = (colours - backing - margin) / np.maximum(1 - backing, ROOM)
    return np.maximum(darker, lighter).max(axis=1).clip(0, 1)
