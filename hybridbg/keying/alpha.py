"""Alpha from the screen's colour: unmixing each pixel into the plate and a foreground hue.

With the plate B known, C = a F + (1 - a) B has one unknown too many. But foreground colours of one
hue, light or dark, lie on one ray through black, F = t h, and then C = u h + v B is a plane with
just two unknowns; least squares gives v, and a = 1 - v. (For h grey this is the classical key
1 - spill(C) / spill(B).) The hues come from what is opaque (`hybridbg.keying.survey`), a small
palette. Each of them votes by how near its plane passes to C and how common it is thereabouts; this
is colour unmixing (Aksoy et al. 2016) with one hue at a time. A colour on the ray itself needs no
screen to explain it, so where things are opaque the ray has a vote of its own, for a = 1. In hair
that vote is as often wrong: there matting, which sees what lies around, holds on to what mixtures
alone say, and the ray has a word about what comes out all but opaque. Then two certainties:
0 <= F <= 1 gives

    a >= max over channels of max(1 - C_c / B_c, (C_c - B_c) / (1 - B_c)),

and a pixel no further from the plate than its noise, its neighbours included, is screen. All in
linear light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import BoolArray, FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.chroma import LEAST_EDGE_NOISE, edge_metric
from hybridbg.keying.noise import LEAST_NOISE, deviation, robust_spread, sparse
from hybridbg.keying.plate import DARKEST
from hybridbg.keying.screen import Screen, check_plate
from hybridbg.keying.survey import Survey, survey

__all__ = ["ColourKey", "alpha_by_survey", "denoised", "key_alpha", "solidified"]

# How far off a hue's plane a colour may lie: so many standard deviations of the noise, and this
# part of its foreground. From `_NO_HUE` of these on no hue is meant, and the grey key is taken.
_PLANE_NOISE: Final = 1.5
_PLANE_SPREAD: Final = 0.01
_NO_HUE: Final = 3.0
# Likewise off a hue's ray, where things are certainly opaque; elsewhere less, in proportion: hair
# before the screen comes near to such rays as well.
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
_ALPHA_NOISE: Final = (0.5, 3.25)
# What matting found draws to 1 between these, as far as the key is between those.
_ALL_BUT_OPAQUE: Final = (0.9, 0.98)
_SAID_OPAQUE: Final = (0.95, 0.975)
# Likewise where colours were stored roughly: they bleed across edges. Three quarters of what
# comes out at 0.95 there are opaque.
_BLED_OPAQUE: Final = (0.7, 0.9)
_SAID_BLED: Final = (0.8, 0.9)
# Relative distance to the plate of a pixel that surely shows the screen.
_ON_SCREEN: Final = 0.1


@dataclass(frozen=True, eq=False)
class ColourKey:
    """What colours alone say.

    Attributes
    ----------
    alpha : (H, W) float32 in [0, 1]
        As `key_alpha` gives it.
    mixture : (H, W) float32 in [0, 1]
        The same, without a word for opaque from what merely has the hue of something opaque.
    agreement : (H, W) float32 in [0, 1]
        How far it and the classical keys agree.
    distance : (H, W) float32
        Of each pixel to the plate, relative to the plate's length.
    noise : float
        Standard deviation that the picture's noise has in alpha.
    """

    alpha: FloatArray
    mixture: FloatArray
    agreement: FloatArray
    distance: FloatArray
    noise: float


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
    return alpha_by_survey(linear, screen, survey(linear, screen)).alpha


def alpha_by_survey(
    linear: FloatArray, screen: Screen, found: Survey, bled: FloatArray | None = None
) -> ColourKey:
    """Key linear light, (H, W, 3), that was surveyed.

    `bled`, (H, W) in [0, 1]: how far its colours, stored roughly, are guessed.
    """
    from hybridbg._kernels import screen_distance

    threads = resolve_num_threads(None)
    linear, plate = np.ascontiguousarray(linear), np.ascontiguousarray(screen.plate)
    grey_key, distance, mean_key = np.empty((3, *linear.shape[:2]), dtype=np.float32)
    screen_distance.compare_pixels(
        linear, plate, screen.channel, LEAST_NOISE, DARKEST, grey_key, distance, threads
    )
    screen_distance.average_pixels(grey_key, _gaussian(_NEIGHBOURS), mean_key, threads)
    part = sparse(grey_key.size)
    on_screen = distance[part] < _ON_SCREEN
    noise = deviation(linear[part], plate[part], on_screen)

    def unmixed(noise: FloatArray, metric: FloatArray) -> FloatArray:
        return _unmixed(
            linear,
            plate,
            grey_key,
            mean_key,
            found,
            noise,
            metric,
            screen.channel,
            _spread(mean_key[part], on_screen),
        )

    said = unmixed(noise, np.diag(1 / noise))
    if bled is not None:
        guessed = unmixed(np.maximum(noise, np.float32(LEAST_EDGE_NOISE)), edge_metric())
        guessed -= said
        guessed *= bled
        said += guessed
    alpha, mixture, agreement = said
    return ColourKey(alpha, mixture, agreement, distance, _spread(grey_key[part], on_screen))


def _unmixed(
    linear: FloatArray,
    plate: FloatArray,
    grey_key: FloatArray,
    mean_key: FloatArray,
    found: Survey,
    noise: FloatArray,
    metric: FloatArray,
    channel: int,
    spread: float,
) -> FloatArray:
    """Give alpha, mixture and agreement, (3, H, W); `spread` is that of the mean key."""
    from hybridbg._kernels import hue_unmixing

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
        *(times * spread for times in _SCREEN_NOISE),
    ]
    light = np.stack([found.light[:, 0], np.square(found.light[:, 1]) + _SHADE**2], axis=1)
    said: FloatArray = np.empty((3, *grey_key.shape), dtype=np.float32)
    alpha, mixture, agreement = said
    hue_unmixing.unmix_pixels(
        linear,
        plate,
        grey_key,
        mean_key,
        np.ascontiguousarray(found.hues @ metric.T),
        np.ascontiguousarray(light, dtype=np.float32),
        np.ascontiguousarray(found.support),
        np.ascontiguousarray(found.known),
        noise,
        metric,
        np.array(constants, dtype=np.float32),
        channel,
        alpha,
        mixture,
        agreement,
        resolve_num_threads(None),
    )
    return said


def denoised(alpha: FloatArray, noise: float) -> FloatArray:
    """Give alpha (H, W) with what is within the noise of 0 drawn there, softly.

    Half of what stands at one standard deviation of the noise beside a subject is screen, and all
    but nothing of what stands at three; on painted scenes this is the mean of the true alpha given
    the alpha found. Nothing of the kind holds near 1, where hair errs by its hue and not by noise:
    see `solidified`.
    """
    low, high = (times * noise for times in _ALPHA_NOISE)
    calm: FloatArray = alpha.astype(np.float32).ravel()
    where = np.flatnonzero((calm > 0) & (calm < high))
    calm[where] *= _rise(calm[where], low, high)
    return calm.reshape(alpha.shape)


def solidified(alpha: FloatArray, key: FloatArray, bled: FloatArray | None = None) -> FloatArray:
    """Give alpha (H, W) with what is all but opaque drawn to 1 where `key` (H, W) says opaque.

    `bled`, (H, W) in [0, 1]: how far colours, stored roughly, are guessed.
    """
    whole = _drawn_to_1(alpha, key, _ALL_BUT_OPAQUE, _SAID_OPAQUE)
    if bled is not None:
        import cv2

        # Colours bleed a little further than they show.
        reach = (2 * cv2.dilate(bled, np.ones((3, 3), dtype=np.uint8))).clip(0, 1)
        further = _drawn_to_1(alpha, key, _BLED_OPAQUE, _SAID_BLED)
        whole = np.maximum(whole, alpha + reach * (further - alpha))
    return whole


def _drawn_to_1(
    alpha: FloatArray, key: FloatArray, found: tuple[float, float], needed: tuple[float, float]
) -> FloatArray:
    """Draw alpha to 1 between two values as far as the key is between two others."""
    whole: FloatArray = alpha.astype(np.float32).ravel()
    said = key.ravel()
    where = np.flatnonzero((whole > found[0]) & (whole < 1) & (said > needed[0]))
    share = _rise(whole[where], *found) * _rise(said[where], *needed)
    whole[where] += (1 - whole[where]) * share
    return whole.reshape(alpha.shape)


def _rise(values: FloatArray, low: float, high: float) -> FloatArray:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    share = ((values - np.float32(low)) / np.float32(high - low)).clip(0, 1)
    risen: FloatArray = share * share * (3 - 2 * share)
    return risen


def _spread(grey_key: FloatArray, on_screen: BoolArray) -> float:
    """Measure the standard deviation around 0 that a key has on the screen."""
    return max(robust_spread(grey_key[on_screen]), LEAST_NOISE)


def _gaussian(sigma: float) -> FloatArray:
    """Weights, summing to 1, of a mean that reaches four standard deviations."""
    reach = round(4 * sigma)
    weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / sigma))
    normed: FloatArray = (weights / weights.sum()).astype(np.float32)
    return normed
