"""Keying as the pipeline uses it: is there a screen, and what does the key say of each pixel.

A clear sky or a lawn is as good a screen as a painted wall, if the network does not call part of
it the subject; that is checked before `auto` keys a picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hybridbg import graphcut
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.image import Image
from hybridbg.core.resample import fit_inside, nearest, resample
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import ByteArray, FloatArray
from hybridbg.keying import Screen, estimate_screen, key_preview
from hybridbg.keying.chroma import (
    Halved,
    bleeding,
    halved_axes,
    has_blocks,
    sharpen_chroma,
)
from hybridbg.keying.evidence import evidence_of
from hybridbg.keying.screen import clean_light, find_screen
from hybridbg.pipeline.evidence import Evidence
from hybridbg.pipeline.options import Options

__all__ = [
    "Keyed",
    "Screened",
    "agrees",
    "has_screen",
    "key_picture",
    "preview_picture",
    "screen_picture",
]

_PROBE_SIDE = 192
"""Long side, in pixels, at which a picture is asked whether it has a screen."""

_SCREEN_SURE = 0.9
"""Confidence from which `auto` believes in a screen."""

_SCREEN_POSSIBLE = 0.2
"""Confidence below which even an explicit key finds nothing to work with."""

_MOST_LOST = 0.1
"""Share of the network's subject that the key may call background before `auto` distrusts it."""


_SETTLED = 0.995
"""Key's alpha from which an unknown pixel is known to be opaque.

It takes a hue seen nearby to reach it: nine such pixels in ten were wholly opaque in painted
scenes, the others nearly so, while matting would draw them towards their neighbours.
"""

_ROUGH_TRUST = {False: 0.6, True: 0.2}
"""Confidence left to a key at edges stored roughly: with whole, and with half chroma."""

_ROUGH_NOISE = {False: 0.02, True: 0.035}
"""Least standard deviation of its alpha: rings around edges are not seen on the bare screen."""


@dataclass(frozen=True, eq=False)
class Keyed:
    """A keyed picture.

    Attributes
    ----------
    linear : (H, W, 3) float32
        The picture's linear light as it was keyed: with its colours sharpened where a file stored
        them at half size.
    screen : Screen
    alpha, mixture, confidence : (H, W) float32 in [0, 1]
        As of `KeyEvidence`.
    noise : float
        Standard deviation that the picture's noise has in alpha.
    bled : (H, W) float32 in [0, 1], or None
        As of `Screened`.
    trimap : (H, W) uint8
    own : (H, W) uint8
        The same without what a hint calls background.
    """

    linear: FloatArray
    screen: Screen
    alpha: FloatArray
    mixture: FloatArray
    confidence: FloatArray
    noise: float
    bled: FloatArray | None
    trimap: ByteArray
    own: ByteArray

    @property
    def sure(self) -> bool:
        """Whether the screen is one without doubt."""
        return self.screen.confidence >= _SCREEN_SURE


def has_screen(image: FloatArray) -> bool:
    """Whether a picture, (H, W, 3) float32 sRGB-coded, was shot before a green or blue screen."""
    shape = fit_inside(image.shape[:2], _PROBE_SIDE)
    probe = np.ascontiguousarray(resample(image, shape)).clip(0, 1)
    return estimate_screen(probe).confidence >= _SCREEN_SURE


@dataclass(frozen=True, eq=False)
class Screened:
    """A picture whose screen was found: what there is to know before others have had their say.

    Attributes
    ----------
    linear : (H, W, 3) float32
        As of `Keyed`.
    screen : Screen
    bled : (H, W) float32 in [0, 1], or None
        If a file stored colours roughly: how far those around a pixel are guessed.
    halved : bool
        Whether it stored them at half size.
    """

    linear: FloatArray
    screen: Screen
    bled: FloatArray | None
    halved: bool


def screen_picture(picture: Image, options: Options) -> Screened:
    """Find the screen of a picture, or raise `NoSubjectError` if there is none."""
    halved, bled = Halved(False, False), None
    if picture.encoding != "linear":
        halved = halved_axes(picture.pixels)
        if any(halved) or has_blocks(picture.pixels):
            coded = picture.rgb()
            bled = bleeding(coded)
            if any(halved):
                picture = replace(picture, pixels=sharpen_chroma(coded, halved))
    linear = picture.linear()
    return Screened(linear, _screen_of(linear, options), bled, any(halved))


def key_picture(found: Screened, hint: FloatArray | None, told: FloatArray | None = None) -> Keyed:
    """Key a picture.

    Parameters
    ----------
    found : Screened
    hint : (H, W) float32 in [0, 1], or None
        What it is sure of serves as core matte and garbage matte.
    told : (h, w) float32 in [0, 1], optional
        Another source's probability of foreground, of any size.

    Returns
    -------
    Keyed

    Raises
    ------
    NoSubjectError
        If there is nothing before the screen, or nothing of it.
    """
    evidence = evidence_of(found.linear, found.screen, told, bled=found.bled)
    own = evidence.trimap
    excluded = np.zeros(own.shape, dtype=np.bool_)
    if hint is not None:
        seeds = graphcut.seeds_from_hint(hint)
        own[seeds == graphcut.SURE_FOREGROUND] = FOREGROUND
        excluded = seeds == graphcut.SURE_BACKGROUND
    for known, name in (
        ((own == FOREGROUND) & ~excluded, "before the screen"),
        ((own == BACKGROUND) | excluded, "of the screen"),
    ):
        if not known.any():
            raise NoSubjectError(
                f"key: nothing {name} is certain; give a hint, the screen's colour or a clean plate"
            )
    confidence, noise = evidence.confidence, evidence.noise
    if found.bled is not None:
        confidence = confidence * (1 - np.float32(1 - _ROUGH_TRUST[found.halved]) * found.bled)
        noise = max(noise, _ROUGH_NOISE[found.halved])
    else:
        unknown = own == UNKNOWN
        own[unknown & (evidence.alpha == 0)] = BACKGROUND
        own[unknown & (evidence.alpha >= _SETTLED)] = FOREGROUND
    return Keyed(
        linear=found.linear,
        screen=found.screen,
        alpha=evidence.alpha,
        mixture=evidence.mixture,
        confidence=confidence,
        noise=noise,
        bled=found.bled,
        trimap=np.where(excluded, np.uint8(BACKGROUND), own),
        own=own,
    )


def preview_picture(picture: Image, options: Options) -> tuple[Screen, ByteArray]:
    """Key a picture the quick way.

    Parameters
    ----------
    picture : Image
    options : Options

    Returns
    -------
    screen : Screen
    cutout : (H, W, 4) uint8
        Straight RGBA, sRGB-coded.

    Raises
    ------
    NoSubjectError
        If there is no such screen.
    """
    screen = _screen_of(picture.linear(), options)
    return screen, key_preview(picture, screen, num_threads=options.threads)


def _screen_of(linear: FloatArray, options: Options) -> Screen:
    screen = find_screen(
        linear,
        screen=options.screen,
        clean=None if options.plate is None else clean_light(options.plate, linear.shape[:2]),
        registered=options.plate_registered,
    )
    if screen.confidence < _SCREEN_POSSIBLE and options.plate is None:
        raise NoSubjectError(
            f"key: expected a {options.screen if options.screen != 'auto' else 'green or blue'} "
            f"screen, found none (confidence {screen.confidence:.2f}); give its colour or a clean "
            "plate, or remove the background without a key (method='auto')"
        )
    return screen


def agrees(keyed: Keyed, network: Evidence) -> bool:
    """Whether the key leaves standing what the network calls the subject."""
    import cv2

    shape = network.probability.shape
    # A network draws small things too wide: what lies beside them may go.
    reach = 2 * max(1, round(network.cell)) + 1
    gone = cv2.erode((keyed.trimap == BACKGROUND).view(np.uint8), np.ones((reach, reach), np.uint8))
    removed = nearest(gone, shape)
    subject = network.probability >= 0.5
    area = np.count_nonzero(subject)
    return bool(area > 0 and np.count_nonzero(removed[subject]) <= _MOST_LOST * area)
