"""Spill: how much of the screen's light is in a colour, and taking it out again.

With k the screen's channel and i, j the others, the spill of a colour C is C_k - limit(C_i, C_j):
what its channel k has beyond what the other two account for. The limit is their average (skin,
hair, glass), their maximum (removes least, keeps yellow and cyan) or their minimum (removes most).
Linear light, any screen colour: only channel k is ever lowered, and light put back if asked for.
"""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask, as_number, one_of
from hybridbg.core.colour import parse_colour, srgb_to_linear
from hybridbg.core.resample import smooth_copy
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import ColourLike, FloatArray, ImageLike
from hybridbg.io import as_image
from hybridbg.keying.screen import Screen, check_plate

__all__ = ["DespillMethod", "Limit", "despill", "despilled", "replacement", "spill"]

Limit = Literal["average", "max", "min"]
DespillMethod = Literal["average", "max", "min", "weighted"]
# Below this alpha a pixel's own colour is mostly noise, and its neighbours' colour takes over. More
# replacement, or by the inside alone, made faint colours truer by up to 12 %, and the light that
# one sees (colours times alpha) falser by 1 to 30 %.
_FAINT: Final = 0.05
# How the kernel calls the limits; the others are weighted means.
_LIMITS: Final = {"max": 1, "min": 2}
# Luminance of linear light, Rec. 709.
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
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
    method: DespillMethod = "average",
    weight: float = 0.5,
    strength: float = 1.0,
    restore: ColourLike = "none",
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
    method : {"average", "max", "min", "weighted"}
        The limit of the screen's channel: the average, maximum or minimum of the others, or
        `weight` times the first of them in RGB order plus the rest of the second.
    weight : float in [0, 1]
        For "weighted" only: 1 before green follows red (skin), 0 follows blue.
    strength : float in [0, 1]
        Part of the spill to remove.
    restore : {"none", "neutral"} or a colour
        What to put in place of the light that was removed: nothing, which is darker; as much grey
        light; or as much light of a colour, say of the new background.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        Straight colours in the image's own encoding.

    Raises
    ------
    InvalidImageError, InvalidMaskError
        `image`, `alpha` and the screen's plate do not fit together.
    InvalidOptionError
        `method`, `weight`, `strength` or `restore` out of their domain.

    Examples
    --------
    >>> from hybridbg.keying import estimate_screen
    >>> picture = np.full((64, 64, 3), (70, 165, 80), dtype=np.uint8)
    >>> picture[16:48, 16:48] = (120, 140, 80)
    >>> clean = despill(picture, estimate_screen(picture), method="max")
    >>> (255 * clean[32, 32]).round().tolist()
    [120.0, 120.0, 80.0]
    """
    one_of(method, "method", get_args(DespillMethod))
    weight = as_number(weight, "weight", minimum=0, maximum=1)
    replacement(restore)
    strength = as_number(strength, "strength", minimum=0, maximum=1)
    picture = as_image(image)
    check_plate(screen, picture.shape)
    cover = None if alpha is None else as_mask(alpha, picture.shape, name="alpha")
    clean = despilled(
        picture.linear(),
        screen,
        alpha=cover,
        method=method,
        weight=weight,
        strength=strength,
        restore=restore,
    )
    return picture.recode(clean, encoding="linear")


def despilled(
    linear: FloatArray,
    screen: Screen,
    *,
    alpha: FloatArray | None,
    method: DespillMethod,
    weight: float,
    strength: float,
    restore: ColourLike,
) -> FloatArray:
    """Do what `despill` does, from linear light (H, W, 3) to new linear light."""
    from hybridbg._kernels import screen_subtraction

    threads = resolve_num_threads(None)
    foreground = linear.copy() if alpha is None else _subtract(linear, alpha, screen.plate, threads)
    light = replacement(restore)
    share = _LUMINANCE[screen.channel]  # as luminous as what was removed
    screen_subtraction.despill(
        foreground,
        screen.channel,
        _LIMITS.get(method, 0),
        weight if method == "weighted" else 0.5,
        strength,
        np.zeros(3, np.float32) if light is None else share * light,
        threads,
    )
    return foreground


def replacement(restore: ColourLike) -> FloatArray | None:
    """Give the linear light (3,), of luminance 1, that replaces spill; None for nothing.

    Raises
    ------
    InvalidOptionError
        `restore` is neither "none" nor "neutral" nor a colour.
    """
    if isinstance(restore, str) and restore in ("none", "neutral"):
        return None if restore == "none" else np.ones(3, dtype=np.float32)
    colour = srgb_to_linear(parse_colour(restore))
    luminance = float(colour @ _LUMINANCE)
    return None if luminance == 0 else (colour / np.float32(luminance))


def _subtract(linear: FloatArray, alpha: FloatArray, plate: FloatArray, threads: int) -> FloatArray:
    """Solve C = a F + (1 - a) B for F, continued into pixels that have almost none."""
    from hybridbg._kernels import screen_subtraction

    light = np.empty(linear.shape, dtype=np.float32)
    screen_subtraction.subtract(
        np.ascontiguousarray(linear), np.ascontiguousarray(plate), alpha, light, threads
    )
    sigma = max(1.0, _EXTENT * float(np.hypot(*alpha.shape)))
    screen_subtraction.divide(
        light, alpha, smooth_copy(light, sigma), smooth_copy(alpha, sigma), _FAINT, light, threads
    )
    return light
