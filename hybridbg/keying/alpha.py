"""Alpha from the screen's colour: unmixing each pixel into the plate and a foreground hue.

With the plate B known, C = a F + (1 - a) B has one unknown too many. But foreground colours of one
hue, light or dark, lie on one ray through black, F = t h, and then C = u h + v B is a plane with
just two unknowns; least squares gives v, and a = 1 - v. (For h grey this is the classical key
1 - spill(C) / spill(B).) The hues come from what is opaque (`hybridbg.keying.survey`), a small
palette. Each of them votes by how near its plane passes to C and how common it is thereabouts; this
is colour unmixing (Aksoy et al. 2016) with one hue at a time. A colour on the ray itself needs no
screen to explain it, so where things are opaque the ray has a vote of its own, for a = 1. Then two
certainties: 0 <= F <= 1 gives

    a >= max over channels of max(1 - C_c / B_c, (C_c - B_c) / (1 - B_c)),

and a pixel no further from the plate than its noise, its neighbours included, is screen. All in
linear light.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hybridbg.core.types import BoolArray, FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.plate import relative_distance
from hybridbg.keying.screen import Screen, check_plate
from hybridbg.keying.survey import LEAST_NOISE, Survey, deviation, spill_alpha, survey

__all__ = ["alpha_by_survey", "key_alpha"]

# How far off a hue's plane a colour may lie: so many standard deviations of the noise, and this
# part of its foreground. From `_NO_HUE` of these on no hue is meant, and the grey key is taken.
_PLANE_NOISE: Final = 1.5
_PLANE_SPREAD: Final = 0.01
_NO_HUE: Final = 3.0
# Likewise off a hue's ray: a hue stands for its neighbours.
_RAY_SPREAD: Final = 0.03
# A colour on a hue's ray speaks this much louder for opaque than its plane does for a mixture,
# times the square of the probability that things are opaque there.
_NO_ACCIDENT: Final = 20.0
# Standard deviations: by which the bound may be missed, and between which the mean of a pixel and
# its neighbours goes from screen to not screen.
_BOUND_NOISE: Final = 3.0
_SCREEN_NOISE: Final = (2.0, 5.0)
_NEIGHBOURS: Final = 1.5
# Relative distance to the plate of a pixel that surely shows the screen.
_ON_SCREEN: Final = 0.1
# Scales a median absolute value to the standard deviation of a normal distribution.
_MAD: Final = 1.4826
# Pixels unmixed at a time, to bound the memory.
_CHUNK: Final = 1 << 18


def key_alpha(image: ImageLike, screen: Screen) -> FloatArray:
    """Compute alpha from the colours of a picture in front of a screen.

    Parameters
    ----------
    image : path, PIL image or array
        The picture that `screen` was estimated from, or another of the same shot and size.
    screen : Screen
        From `estimate_screen`.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        Exactly 0 where the picture shows the plate. Inside a subject that shares the screen's hue
        it can fall below 1: a key sees colours, not things.

    Raises
    ------
    InvalidImageError
        `image` is not an image, or has another size than the plate.

    Examples
    --------
    >>> from hybridbg.keying import estimate_screen
    >>> picture = np.full((64, 64, 3), (70, 165, 80), dtype=np.uint8)
    >>> picture[16:48, 16:48] = (120, 90, 80)
    >>> alpha = key_alpha(picture, estimate_screen(picture))
    >>> float(alpha[32, 32]), float(alpha[4, 4])
    (1.0, 0.0)
    """
    picture = as_image(image)
    check_plate(screen, picture.shape)
    linear = picture.linear()
    return alpha_by_survey(linear, screen, survey(linear, screen))


def alpha_by_survey(linear: FloatArray, screen: Screen, found: Survey) -> FloatArray:
    """Give the alpha (H, W) of `key_alpha` for linear light (H, W, 3) that was surveyed."""
    shape, plate = linear.shape[:2], screen.plate
    small_shape = found.opacity.shape
    grey_key = spill_alpha(linear, screen, "average", clip=False)
    on_screen = relative_distance(linear, plate) < _ON_SCREEN
    noise = deviation(linear - plate, on_screen)
    presence = _presence(grey_key, on_screen)
    alpha = np.zeros(shape, dtype=np.float32)
    where = np.nonzero(presence)
    for start in range(0, len(where[0]), _CHUNK):
        rows, columns = (index[start : start + _CHUNK] for index in where)
        colours, backing = linear[rows, columns], plate[rows, columns]
        place = rows * small_shape[0] // shape[0], columns * small_shape[1] // shape[1]
        unmixed = _unmix(
            colours,
            backing,
            found.hues,
            found.support[place],
            noise,
            grey_key[rows, columns],
            found.known[place],
        )
        alpha[rows, columns] = np.maximum(unmixed, _bound(colours, backing, noise))
    return alpha.clip(0, 1) * presence


def _presence(grey_key: FloatArray, on_screen: BoolArray) -> FloatArray:
    """From 0 where a pixel and its neighbours are screen to 1 where something is there."""
    import cv2

    mean = cv2.GaussianBlur(grey_key, (0, 0), _NEIGHBOURS)
    spread = _MAD * float(np.median(np.abs(mean[on_screen]))) if on_screen.any() else 0.0
    low, high = (times * max(spread, LEAST_NOISE) for times in _SCREEN_NOISE)
    presence: FloatArray = ((np.abs(mean) - low) / (high - low)).clip(0, 1)
    return presence


def _unmix(
    colours: FloatArray,
    backing: FloatArray,
    hues: FloatArray,
    support: FloatArray,
    noise: FloatArray,
    grey_key: FloatArray,
    opacity: FloatArray,
) -> FloatArray:
    """Alpha (N,) of colours (N, 3) before backing (N, 3), every hue voting."""
    # Divide by each channel's noise, so that lengths are in standard deviations.
    c, b, h = colours / noise, backing / noise, hues / noise
    cb, bb, hh = (c * b).sum(axis=1)[:, None], (b * b).sum(axis=1)[:, None], (h * h).sum(axis=1)
    ch, bh = c @ h.T, b @ h.T
    # Normal equations of min |c - u h - v b|: [[hh, bh], [bh, bb]] (u, v) = (ch, cb).
    determinant = np.maximum(hh * bb - bh**2, np.finfo(np.float32).tiny)
    u = np.maximum((ch * bb - cb * bh) / determinant, 0)
    v = (cb - u * bh) / bb
    residual = (c * c).sum(axis=1)[:, None] - u * ch - v * cb
    reach = _PLANE_NOISE**2 + _PLANE_SPREAD**2 * u**2 * hh
    vote = support * np.exp(np.maximum(residual, 0) / (-2 * reach))
    # The ray t h itself: no screen at all, which a mixture would only hit by accident.
    ray = (c * c).sum(axis=1)[:, None] - np.maximum(ch, 0) ** 2 / hh
    reach = _PLANE_NOISE**2 + _RAY_SPREAD**2 * (c * c).sum(axis=1)[:, None]
    certain = _NO_ACCIDENT * opacity[:, None] ** 2
    opaque = certain * support * np.exp(np.maximum(ray, 0) / (-2 * reach))
    undecided = np.exp(-(_NO_HUE**2) / 2)
    total = (vote * (1 - v) + opaque).sum(axis=1) + undecided * grey_key
    alpha: FloatArray = total / ((vote + opaque).sum(axis=1) + undecided)
    return alpha


def _bound(colours: FloatArray, backing: FloatArray, noise: FloatArray) -> FloatArray:
    """Least alpha (N,) for which 0 <= F <= 1, but for the noise."""
    margin = _BOUND_NOISE * noise
    darker = (backing - colours - margin) / backing
    lighter = (colours - backing - margin) / np.maximum(1 - backing, LEAST_NOISE)
    bound: FloatArray = np.maximum(darker, lighter).max(axis=1).clip(0, 1)
    return bound
