"""Alpha from the screen's colour: unmixing each pixel into the plate and a foreground hue.

With the plate B known, C = a F + (1 - a) B has one unknown too many. But foreground colours of one
hue, light or dark, lie on one ray through black, F = t h, and then C = u h + v B is a plane with
just two unknowns; least squares gives v, and a = 1 - v. (For h grey this is the classical key
1 - spill(C) / spill(B).) The hues come from what is certainly foreground, a small palette. Each of
them votes by how near its plane passes to C and how common it is thereabouts; this is colour
unmixing (Aksoy et al. 2016) with one hue at a time. Then two certainties: 0 <= F <= 1 gives

    a >= max over channels of max(1 - C_c / B_c, (C_c - B_c) / (1 - B_c)),

and a pixel no further from the plate than its noise, its neighbours included, is screen. All in
linear light.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import BoolArray, FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.despill import Limit, spill
from hybridbg.keying.plate import relative_distance
from hybridbg.keying.screen import Screen, check_plate

__all__ = ["certain_foreground", "key_alpha", "spill_alpha"]

# Hues are learnt, and their neighbourhoods measured, at this long side in pixels.
_WORKING_SIDE: Final = 480
# At most so many hues from the picture, found in so many rounds of k-means on so many pixels.
_HUES: Final = 12
_ROUNDS: Final = 10
_LEARNT_PIXELS: Final = 4000
# Seeds of k-means are far from each other, but not outliers: this quantile of the distances.
_SEED_QUANTILE: Final = 0.995
# Grey belongs to every palette, as if it were so common everywhere.
_GREY_SUPPORT: Final = 0.02
# Neighbourhood of a hue, in parts of the picture's diagonal, and a wider one that counts less.
_NEAR: Final = 0.06
_WIDER, _WIDER_WEIGHT = 4, 0.02
# How far off a hue's plane a colour may lie, in standard deviations of the noise: cloth and hair
# have many hues. From `_NO_HUE` of these on no hue is meant, and the grey key is taken.
_PLANE_NOISE: Final = 9.0
_NO_HUE: Final = 3.0
# Noise when no screen is there to measure it: one grey level of 255.
_DEFAULT_NOISE: Final = 1 / 255
_LEAST_NOISE: Final = 5e-4
# Standard deviations: by which the bound may be missed, and between which the mean of a pixel and
# its neighbours goes from screen to not screen.
_BOUND_NOISE: Final = 3.0
_SCREEN_NOISE: Final = (2.0, 5.0)
_NEIGHBOURS: Final = 1.5
# Relative distance to the plate: surely showing the screen; surely not screen in a shadow.
_ON_SCREEN: Final = 0.1
_OFF_SCREEN: Final = 0.3
# Certain foreground: alpha of the cautious form, and pixels taken off its edge at working size.
_OPAQUE: Final = 0.985
_OPAQUE_EROSION: Final = 4
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
    linear, plate = picture.linear(), screen.plate
    grey_key = spill_alpha(linear, screen, "average", clip=False)
    on_screen = relative_distance(linear, plate) < _ON_SCREEN
    noise = _noise(linear - plate, on_screen)
    presence = _presence(grey_key, on_screen)
    small_shape = fit_inside(picture.shape, _WORKING_SIDE)
    small = Screen(screen.colour, resample(plate, small_shape), screen.confidence)
    hues, support = _palette(resample(linear, small_shape), small)
    alpha = np.zeros(picture.shape, dtype=np.float32)
    where = np.nonzero(presence)
    for start in range(0, len(where[0]), _CHUNK):
        rows, columns = (index[start : start + _CHUNK] for index in where)
        colours, backing = linear[rows, columns], plate[rows, columns]
        near = support[
            rows * small_shape[0] // picture.shape[0], columns * small_shape[1] // picture.shape[1]
        ]
        unmixed = _unmix(colours, backing, hues, near, noise, grey_key[rows, columns])
        alpha[rows, columns] = np.maximum(unmixed, _bound(colours, backing, noise))
    return alpha.clip(0, 1) * presence


def spill_alpha(
    linear: FloatArray, screen: Screen, method: Limit, *, clip: bool = True
) -> FloatArray:
    """Give the classical key 1 - spill(C) / spill(B), of shape (H, W); "max" errs to opaque."""
    backing = np.maximum(spill(screen.plate, screen.channel, method), _LEAST_NOISE)
    excess = spill(linear, screen.channel, method)
    alpha = 1 - np.divide(excess, backing, dtype=np.float32)
    return alpha.clip(0, 1) if clip else alpha


def certain_foreground(linear: FloatArray, screen: Screen) -> BoolArray:
    """Pixels (H, W) opaque even to the cautious form, and not screen in a shadow."""
    opaque = spill_alpha(linear, screen, "max") > _OPAQUE
    certain: BoolArray = opaque & (relative_distance(linear, screen.plate) > _OFF_SCREEN)
    return certain


def _noise(difference: FloatArray, on_screen: BoolArray) -> FloatArray:
    """Measure the standard deviation per channel of the screen's pixels around the plate."""
    if not on_screen.any():
        return np.full(3, _DEFAULT_NOISE, dtype=np.float32)
    spread = _MAD * np.median(np.abs(difference[on_screen]), axis=0)
    return np.maximum(spread, _LEAST_NOISE).astype(np.float32)


def _presence(grey_key: FloatArray, on_screen: BoolArray) -> FloatArray:
    """From 0 where a pixel and its neighbours are screen to 1 where something is there."""
    import cv2

    mean = cv2.GaussianBlur(grey_key, (0, 0), _NEIGHBOURS)
    spread = _MAD * float(np.median(np.abs(mean[on_screen]))) if on_screen.any() else 0.0
    low, high = (times * max(spread, _LEAST_NOISE) for times in _SCREEN_NOISE)
    presence: FloatArray = ((np.abs(mean) - low) / (high - low)).clip(0, 1)
    return presence


def _palette(small: FloatArray, screen: Screen) -> tuple[FloatArray, FloatArray]:
    """Hues (K, 3) of the certain foreground, grey last, and their support (h, w, K)."""
    import cv2

    certain = certain_foreground(small, screen).view(np.uint8)
    square = np.ones((3, 3), dtype=np.uint8)
    inside = cv2.erode(certain, square, iterations=_OPAQUE_EROSION).view(np.bool_)
    grey = np.full((1, 3), 1 / 3, dtype=np.float32)
    if not inside.any():
        return grey, np.ones((*inside.shape, 1), dtype=np.float32)
    chroma = small / np.maximum(small.sum(axis=-1, keepdims=True), _DEFAULT_NOISE)
    hues = _cluster(chroma[inside])
    label = np.full(inside.shape, -1)
    label[inside] = _nearest(chroma[inside], hues)
    sigma = _NEAR * float(np.hypot(*inside.shape))
    layers = []
    for index in range(len(hues)):
        member = (label == index).astype(np.float32)
        wider = cv2.GaussianBlur(member, (0, 0), _WIDER * sigma)
        layers.append(cv2.GaussianBlur(member, (0, 0), sigma) + _WIDER_WEIGHT * wider)
    support = np.stack(layers, axis=-1) + np.finfo(np.float32).eps
    support /= support.sum(axis=-1, keepdims=True)
    shape = (*inside.shape, 1)
    return np.vstack([hues, grey]), np.dstack([support, np.full(shape, _GREY_SUPPORT, np.float32)])


def _cluster(chroma: FloatArray) -> FloatArray:
    """k-means without chance: seeds far from each other, then a few rounds."""
    sample = chroma[:: -(-len(chroma) // _LEARNT_PIXELS)]
    seeds = [sample.mean(axis=0)]
    for _ in range(min(_HUES, len(sample)) - 1):
        distance = np.min([np.square(sample - seed).sum(axis=1) for seed in seeds], axis=0)
        seeds.append(sample[np.argsort(distance)[int(_SEED_QUANTILE * (len(sample) - 1))]])
    hues = np.array(seeds)
    for _ in range(_ROUNDS):
        label = _nearest(sample, hues)
        hues = np.array(
            [sample[label == k].mean(axis=0) if k in label else hue for k, hue in enumerate(hues)]
        )
    return hues.astype(np.float32)


def _nearest(chroma: FloatArray, hues: FloatArray) -> NDArray[np.intp]:
    nearest: NDArray[np.intp] = np.square(chroma[:, None] - hues).sum(axis=-1).argmin(axis=1)
    return nearest


def _unmix(
    colours: FloatArray,
    backing: FloatArray,
    hues: FloatArray,
    support: FloatArray,
    noise: FloatArray,
    grey_key: FloatArray,
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
    vote = support * np.exp(np.maximum(residual, 0) / (-2 * _PLANE_NOISE**2))
    undecided = np.exp(-(_NO_HUE**2) / 2)
    total = (vote * (1 - v)).sum(axis=1) + undecided * grey_key
    alpha: FloatArray = total / (vote.sum(axis=1) + undecided)
    return alpha


def _bound(colours: FloatArray, backing: FloatArray, noise: FloatArray) -> FloatArray:
    """Least alpha (N,) for which 0 <= F <= 1, but for the noise."""
    margin = _BOUND_NOISE * noise
    darker = (backing - colours - margin) / backing
    lighter = (colours - backing - margin) / np.maximum(1 - backing, _LEAST_NOISE)
    bound: FloatArray = np.maximum(darker, lighter).max(axis=1).clip(0, 1)
    return bound
