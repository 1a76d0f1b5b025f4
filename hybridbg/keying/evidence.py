"""What the key knows, in the form in which sources of evidence meet: alpha, confidence, trimap.

The confidence is low where forms of the key disagree: at colours that could be opaque and near the
screen's hue (yellow cloth) or half transparent and far from it (red in motion). There only another
source, or the matting equations, can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hybridbg.core.morphology import grown, shrunk
from hybridbg.core.resample import resample
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import ByteArray, FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.alpha import ColourKey, alpha_by_survey
from hybridbg.keying.screen import Screen, check_plate
from hybridbg.keying.survey import survey

__all__ = ["KeyEvidence", "evidence_of", "key_evidence"]

# Background: alpha and relative distance to the plate below these.
_BACKGROUND_ALPHA: Final = 0.05
_BACKGROUND_DISTANCE: Final = 0.15
# Foreground: probably opaque, and at least this alpha; surely opaque, and at least that one.
_FOREGROUND: Final = ((0.5, 0.95), (0.8, 0.7))
# A pit with less alpha is a gap; beside one so is what mixtures alone give less than that: between
# hairs a hue's word for opaque closes what is open.
_PIT: Final = 0.7
_PIT_BESIDE_GAPS: Final = 0.85
# Radii of the morphology, in parts of the picture's diagonal, at least one pixel: specks and pits
# of noise up to the first are ignored; known foreground keeps the second away from its edge; up to
# the third is beside a gap.
_SPECK: Final = 0.002
_MARGIN: Final = 0.003
_BESIDE: Final = 0.005
# A lone piece is a marker on the screen if its area is at most this part of the largest piece's:
# where nobody else was asked, and where somebody was and did not see it.
_MARKER: Final = 0.002
_UNSEEN_MARKER: Final = 0.02
_SEEN: Final = 0.5
# Pixels, of a copy if there are more, at which pieces are told apart.
_ENOUGH_PIXELS: Final = 5e5


@dataclass(frozen=True, eq=False)
class KeyEvidence:
    """What a colour key says about each pixel.

    Attributes
    ----------
    alpha : ndarray of shape (H, W), float32 in [0, 1]
        As `key_alpha` gives it.
    mixture : ndarray of shape (H, W), float32 in [0, 1]
        The same, without a word for opaque from what merely has the hue of something opaque.
    confidence : ndarray of shape (H, W), float32 in [0, 1]
        How far to trust alpha; nowhere above the screen's own confidence.
    noise : float
        Standard deviation that the picture's noise has in alpha.
    trimap : ndarray of shape (H, W), uint8
        0, 128 or 255. It may lack known foreground when all that is in front is translucent.
    """

    alpha: FloatArray
    mixture: FloatArray
    confidence: FloatArray
    noise: float
    trimap: ByteArray


def key_evidence(
    image: ImageLike, screen: Screen, *, told: FloatArray | None = None
) -> KeyEvidence:
    """Key a picture and say how sure each pixel is.

    Parameters
    ----------
    image : path, PIL image or array
        The picture.
    screen : Screen
        From `estimate_screen`.
    told : ndarray of shape (h, w), float32 in [0, 1], optional
        Another source's probability that a pixel is foreground, of any size: it settles what
        colours leave open, and which small things are markers.

    Returns
    -------
    KeyEvidence

    Raises
    ------
    InvalidImageError
        `image` is not an image, or has another size than the screen's plate.

    Examples
    --------
    >>> from hybridbg.keying import estimate_screen
    >>> picture = np.full((64, 64, 3), (70, 165, 80), dtype=np.uint8)
    >>> picture[16:48, 16:48] = (120, 90, 80)
    >>> evidence = key_evidence(picture, estimate_screen(picture))
    >>> evidence.trimap[4, 4], evidence.trimap[16, 16], evidence.trimap[32, 32]
    (np.uint8(0), np.uint8(128), np.uint8(255))
    """
    picture = as_image(image)
    check_plate(screen, picture.shape)
    return evidence_of(picture.linear(), screen, told)


def evidence_of(
    linear: FloatArray, screen: Screen, told: FloatArray | None, bled: FloatArray | None = None
) -> KeyEvidence:
    """Do what `key_evidence` does, with linear light, (H, W, 3) float32.

    `bled`, (H, W) in [0, 1]: how far its colours, stored roughly, are guessed.
    """
    found = survey(linear, screen, told)
    key = alpha_by_survey(linear, screen, found, bled)
    trimap = _trimap(key, resample(found.opacity, key.alpha.shape))
    _drop_markers(trimap, told)
    confidence = np.multiply(key.agreement, np.float32(screen.confidence), out=key.agreement)
    return KeyEvidence(key.alpha, key.mixture, confidence, key.noise, trimap)


def _trimap(key: ColourKey, opacity: FloatArray) -> ByteArray:
    alpha = key.alpha
    diagonal = float(np.hypot(*alpha.shape))
    speck, margin, beside = (max(1, round(part * diagonal)) for part in (_SPECK, _MARGIN, _BESIDE))
    near = (alpha < _BACKGROUND_ALPHA) & (key.distance < _BACKGROUND_DISTANCE)
    background = grown(shrunk(near.view(np.uint8), speck), speck)
    opaque = np.zeros(alpha.shape, dtype=np.bool_)
    for probably, at_least in _FOREGROUND:
        opaque |= (opacity > probably) & (alpha > at_least)
    foreground = shrunk(grown(opaque.view(np.uint8), speck), speck)
    # Closing fills pits of noise, never a gap through which the screen is seen.
    gap = (alpha <= _PIT).view(np.uint8)
    gap |= grown(gap, beside) & (key.mixture <= _PIT_BESIDE_GAPS).view(np.uint8)
    foreground &= 1 - gap
    foreground = shrunk(foreground, margin)
    trimap: ByteArray = np.full(alpha.shape, UNKNOWN, dtype=np.uint8)
    trimap[background == 1] = BACKGROUND
    trimap[foreground == 1] = FOREGROUND
    return trimap


def _drop_markers(trimap: ByteArray, told: FloatArray | None) -> None:
    """Call background what is small, alone before the screen, and nobody's subject."""
    import cv2

    # Of a large picture every few pixels together: markers are larger, and what is as near as that
    # to the subject is no marker.
    step = max(1, int(np.sqrt(trimap.size / _ENOUGH_PIXELS)))
    square = np.ones((step, step), dtype=np.uint8)
    pieces = (trimap != BACKGROUND).view(np.uint8)
    coarse = cv2.dilate(pieces, square, anchor=(0, 0))[::step, ::step]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(coarse), connectivity=8
    )
    if count <= 2:
        return
    area = stats[1:, cv2.CC_STAT_AREA]
    limit = np.full(count - 1, _MARKER)
    if told is not None:
        seen = resample(told, labels.shape) > _SEEN
        limit[np.setdiff1d(np.arange(count - 1), np.unique(labels[seen]) - 1)] = _UNSEEN_MARKER
    drop = np.concatenate([[False], area <= limit * area.max()])
    if drop.any():
        dropped = drop[labels].repeat(step, axis=0).repeat(step, axis=1)
        trimap[dropped[: trimap.shape[0], : trimap.shape[1]]] = BACKGROUND
