"""Spill: how much of the screen's light is in a colour, and taking it out again.

With k the screen's channel and i, j the others, the spill of a colour C is C_k - limit(C_i, C_j):
what its channel k has beyond what the other two account for. The limit is their average (skin,
hair, glass), their maximum (removes least, keeps yellow and cyan) or their minimum (removes most).
Linear light, any screen colour: only channel k is ever lowered.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from hybridbg.core import icc
from hybridbg.core.checks import as_mask, as_number, one_of
from hybridbg.core.colour import linear_to_srgb
from hybridbg.core.compositing import premultiply
from hybridbg.core.image import Image
from hybridbg.core.types import FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.screen import Screen, check_plate

__all__ = ["Limit", "despill", "spill"]

Limit = Literal["average", "max", "min"]
# Below this alpha a pixel's own colour is mostly noise, and its neighbours' colour takes over.
_FAINT: Final = 0.05
# Standard deviation of that neighbourhood, as a part of the picture's diagonal.
_EXTENT: Final = 0.01


def spill(linear: FloatArray, channel: int, method: Limit = "average") -> FloatArray:
    """Give the spill of colours: C_k - limit(C_i, C_j), negative for colours far from the screen.

    Parameters
    ----------
    linear : ndarray of shape (..., 3), float32
        Linear light.
    channel : int
        The screen's channel k.
    method : {"average", "max", "min"}
        The limit.

    Returns
    -------
    ndarray of shape (...), float32

    Examples
    --------
    >>> spill(np.array([0.2, 0.9, 0.4], dtype=np.float32), 1).round(2)
    np.float32(0.6)
    """
    first, second = (linear[..., other] for other in range(3) if other != channel)
    if method == "average":
        limit = np.float32(0.5) * (first + second)
    else:
        limit = np.maximum(first, second) if method == "max" else np.minimum(first, second)
    excess: FloatArray = linear[..., channel] - limit
    return excess


def despill(
    image: ImageLike,
    screen: Screen,
    *,
    alpha: NDArray[Any] | None = None,
    method: Limit = "average",
    strength: float = 1.0,
) -> FloatArray:
    """Take the screen's light out of a picture.

    Parameters
    ----------
    image : path, PIL image or array
        Without `alpha`: foreground colours. With `alpha`: the picture as it was shot.
    screen : Screen
        From `estimate_screen`.
    alpha : ndarray of shape (H, W), optional
        Alpha of the picture; bool, uint8, uint16 or float in [0, 1]. Where it is fractional the
        screen that shines through, (1 - alpha) times the plate, is subtracted first and the rest
        divided by alpha; where it is next to nothing the colours around are continued.
    method : {"average", "max", "min"}
        The limit of the screen's channel: the average, maximum or minimum of the others.
    strength : float in [0, 1]
        Part of the spill to remove. What is removed is not replaced: the result is darker.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        Straight colours in the image's own encoding.

    Raises
    ------
    InvalidImageError, InvalidMaskError
        `image`, `alpha` and the screen's plate do not fit together.
    InvalidOptionError
        `method` or `strength` out of their domain.

    Examples
    --------
    >>> from hybridbg.keying import estimate_screen
    >>> picture = np.full((64, 64, 3), (70, 165, 80), dtype=np.uint8)
    >>> picture[16:48, 16:48] = (120, 140, 80)
    >>> clean = despill(picture, estimate_screen(picture), method="max")
    >>> (255 * clean[32, 32]).round().tolist()
    [120.0, 120.0, 80.0]
    """
    one_of(method, "method", ("average", "max", "min"))
    strength = as_number(strength, "strength", minimum=0, maximum=1)
    picture = as_image(image)
    check_plate(screen, picture.shape)
    linear = picture.linear()
    if alpha is not None:
        linear = _subtract(linear, as_mask(alpha, picture.shape, name="alpha"), screen.plate)
    excess = np.maximum(spill(linear, screen.channel, method), 0)
    linear[..., screen.channel] -= strength * excess
    return _encode(linear, picture)


def _subtract(linear: FloatArray, alpha: FloatArray, plate: FloatArray) -> FloatArray:
    """Solve C = a F + (1 - a) B for F, continued into pixels that have almost none."""
    import cv2

    light = np.clip(linear - premultiply(plate, 1 - alpha), 0, alpha[..., None])
    sigma = max(1.0, _EXTENT * float(np.hypot(*alpha.shape)))
    around = cv2.GaussianBlur(light, (0, 0), sigma)
    cover = cv2.GaussianBlur(alpha, (0, 0), sigma)
    # One quotient for both: where alpha is faint the neighbourhood supplies the missing weight.
    missing = np.clip(_FAINT - alpha, 0, None) / _FAINT
    weight = alpha + missing * cover
    light += missing[..., None] * around
    foreground: FloatArray = light / np.maximum(weight, np.finfo(np.float32).tiny)[..., None]
    return foreground.clip(0, 1)


def _encode(linear: FloatArray, like: Image) -> FloatArray:
    """Bring linear light to the encoding of an image."""
    if like.encoding == "linear":
        return linear
    coded = linear_to_srgb(linear)
    if like.encoding == "icc" and like.icc_profile is not None:
        return icc.from_srgb(coded, like.icc_profile)
    return coded
