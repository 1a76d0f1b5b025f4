"""What the key knows, in the form in which sources of evidence meet: alpha, confidence, trimap.

The confidence is low where forms of the key disagree: at colours that could be opaque and near the
screen's hue (yellow cloth) or half transparent and far from it (red in motion). There only another
source, or the matting equations, can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

import numpy as np

from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import ByteArray, FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.alpha import certain_foreground, key_alpha, spill_alpha
from hybridbg.keying.despill import Limit
from hybridbg.keying.plate import relative_distance
from hybridbg.keying.screen import Screen

__all__ = ["KeyEvidence", "key_evidence"]

# Background: alpha and relative distance to the plate below these.
_BACKGROUND_ALPHA: Final = 0.05
_BACKGROUND_DISTANCE: Final = 0.15
# Foreground: opaque to the cautious form, which takes red or amber glass for opaque, and at least
# this alpha.
_FOREGROUND_ALPHA: Final = 0.9
# Radii of the morphology, in parts of the picture's diagonal, at least one pixel: specks and pits
# of noise up to the first are ignored; known foreground keeps the second away from its edge.
_SPECK: Final = 0.002
_MARGIN: Final = 0.004


@dataclass(frozen=True, eq=False)
class KeyEvidence:
    """What a colour key says about each pixel.

    Attributes
    ----------
    alpha : ndarray of shape (H, W), float32 in [0, 1]
        As `key_alpha` gives it.
    confidence : ndarray of shape (H, W), float32 in [0, 1]
        How far to trust alpha; nowhere above the screen's own confidence.
    trimap : ndarray of shape (H, W), uint8
        0, 128 or 255. It may lack known foreground when all that is in front is translucent.
    """

    alpha: FloatArray
    confidence: FloatArray
    trimap: ByteArray


def key_evidence(image: ImageLike, screen: Screen) -> KeyEvidence:
    """Key a picture and say how sure each pixel is.

    Parameters
    ----------
    image : path, PIL image or array
        The picture.
    screen : Screen
        From `estimate_screen`.

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
    alpha = key_alpha(picture, screen)
    linear = picture.linear()
    forms = [alpha, *(spill_alpha(linear, screen, limit) for limit in get_args(Limit))]
    agreement = 1 - (np.max(forms, axis=0) - np.min(forms, axis=0))
    return KeyEvidence(alpha, screen.confidence * agreement, _trimap(alpha, linear, screen))


def _trimap(alpha: FloatArray, linear: FloatArray, screen: Screen) -> ByteArray:
    import cv2

    diagonal = float(np.hypot(*alpha.shape))
    speck, margin = (
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
        for radius in (max(1, round(part * diagonal)) for part in (_SPECK, _MARGIN))
    )
    near = relative_distance(linear, screen.plate) < _BACKGROUND_DISTANCE
    background = ((alpha < _BACKGROUND_ALPHA) & near).view(np.uint8)
    background = cv2.morphologyEx(background, cv2.MORPH_OPEN, speck)
    opaque = certain_foreground(linear, screen) & (alpha > _FOREGROUND_ALPHA)
    foreground = opaque.view(np.uint8)
    foreground = cv2.erode(cv2.morphologyEx(foreground, cv2.MORPH_CLOSE, speck), margin)
    trimap: ByteArray = np.full(alpha.shape, UNKNOWN, dtype=np.uint8)
    trimap[background == 1] = BACKGROUND
    trimap[foreground == 1] = FOREGROUND
    return trimap
