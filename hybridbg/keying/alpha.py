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

from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import BoolArray, FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.plate import relative_distance
from hybridbg.keying.screen import Screen, check_plate
from hybridbg.keying.survey import LEAST_NOISE, NOISE_PIXELS, Survey, deviation, spill_alpha, survey

__all__ = ["alpha_by_survey", "denoised", "key_alpha"]

# How far off a hue's plane a colour may lie: so many standard deviations of the noise, and this
# part of its foreground. From `_NO_HUE` of these on no hue is meant, and the grey key is taken.
_PLANE_NOISE: Final = 1.5
_PLANE_SPREAD: Final = 0.01
_NO_HUE: Final = 3.0
# Likewise off a hue's ray: a hue stands for its neighbours.
_RAY_SPREAD: Final = 0.03
# Standard deviation of log-lightness to allow for beyond what was seen of a hue: shading elsewhere.
_SHADE: Final = 1.0
# A hue with less support than this has no vote; lightness is not asked below this alpha.
_FAINT_SUPPORT: Final = 1e-3
_LEAST_ALPHA: Final = 0.02
# A colour on a hue's ray speaks this much louder for opaque than its plane does for a mixture,
# times the square of the probability that things are opaque there.
_NO_ACCIDENT: Final = 20.0
# Standard deviations: by which the bound may be missed, and between which the mean of a pixel and
# its neighbours goes from screen to not screen.
_BOUND_NOISE: Final = 3.0
_SCREEN_NOISE: Final = (2.0, 5.0)
_NEIGHBOURS: Final = 1.5
# Standard deviations of alpha on the screen up to which it is noise, and from which it is not.
_ALPHA_NOISE: Final = (0.5, 2.75)
# Relative distance to the plate of a pixel that surely shows the screen.
_ON_SCREEN: Final = 0.1
# Scales a median absolute value to the standard deviation of a normal distribution.
_MAD: Final = 1.4826


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
    return alpha_by_survey(linear, screen, survey(linear, screen))[0]


def alpha_by_survey(
    linear: FloatArray, screen: Screen, found: Survey
) -> tuple[FloatArray, FloatArray, float]:
    """Give the alpha (H, W) of `key_alpha` for linear light (H, W, 3) that was surveyed.

    Beside it, how far it and the classical keys agree, (H, W) in [0, 1], and the standard deviation
    that the picture's noise has in alpha.
    """
    from hybridbg._kernels import hue_unmixing

    plate = screen.plate
    grey_key = spill_alpha(linear, screen, "average", clip=False)
    on_screen = relative_distance(linear, plate) < _ON_SCREEN
    noise = deviation(linear, plate, on_screen)
    presence = _presence(grey_key, on_screen)
    constants = [
        _PLANE_NOISE,
        _PLANE_SPREAD,
        _RAY_SPREAD,
        np.exp(-(_NO_HUE**2) / 2),
        _NO_ACCIDENT,
        _BOUND_NOISE,
        LEAST_NOISE,
        _FAINT_SUPPORT,
        _LEAST_ALPHA,
    ]
    light = np.stack([found.light[:, 0], np.square(found.light[:, 1]) + _SHADE**2], axis=1)
    agreement = np.empty_like(presence)
    hue_unmixing.unmix_pixels(
        np.ascontiguousarray(linear),
        np.ascontiguousarray(plate),
        np.ascontiguousarray(grey_key),
        np.ascontiguousarray(found.hues / noise),
        np.ascontiguousarray(light, dtype=np.float32),
        np.ascontiguousarray(found.support),
        np.ascontiguousarray(found.known),
        noise,
        np.array(constants, dtype=np.float32),
        screen.channel,
        presence,
        agreement,
        resolve_num_threads(None),
    )
    return presence, agreement, _spread(grey_key, on_screen)


def denoised(alpha: FloatArray, noise: float) -> FloatArray:
    """Give alpha (H, W) with what is within the noise of 0 drawn there, softly.

    Half of what stands at one standard deviation of the noise beside a subject is screen, and all
    but nothing of what stands at three; on painted scenes this is the mean of the true alpha given
    the alpha found. Nothing of the kind holds near 1, where hair errs by its hue and not by noise.
    """
    low, high = (times * noise for times in _ALPHA_NOISE)
    share = ((alpha - low) / np.float32(high - low)).clip(0, 1)
    calm: FloatArray = alpha * (share * share * (3 - 2 * share))
    return calm.astype(np.float32, copy=False)


def _presence(grey_key: FloatArray, on_screen: BoolArray) -> FloatArray:
    """From 0 where a pixel and its neighbours are screen to 1 where something is there."""
    import cv2

    mean = cv2.GaussianBlur(grey_key, (0, 0), _NEIGHBOURS)
    low, high = (times * _spread(mean, on_screen) for times in _SCREEN_NOISE)
    presence: FloatArray = ((np.abs(mean) - low) / (high - low)).clip(0, 1)
    return presence


def _spread(grey_key: FloatArray, on_screen: BoolArray) -> float:
    """Measure the standard deviation around 0 that a key has on the screen."""
    step = max(1, int(np.sqrt(grey_key.size / NOISE_PIXELS)))
    shown = grey_key[::step, ::step][on_screen[::step, ::step]]
    return max(_MAD * float(np.median(np.abs(shown))), LEAST_NOISE) if shown.size else LEAST_NOISE
