"""Errors of foreground colours, where they show: on pixels that mix subject and background.

Both are in grey levels of 255 of sRGB-coded colours, on pixels whose true alpha is plainly neither
0 nor 1. A wrong colour shows as much as alpha lets it: the error of colours is weighted by true
alpha (Hou & Liu, "Context-Aware Image Matting", ICCV 2019, compare colours where alpha is above
0). The fringe error lays answer and truth over backgrounds on which a fringe would show, and so
judges alpha and colours together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_mask
from hybridbg.core.colour import parse_colour
from hybridbg.core.errors import InvalidImageError, InvalidMaskError
from hybridbg.core.image import Image

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray, ColourLike, FloatArray

__all__ = ["MIXED", "foreground_error", "fringe_error"]

MIXED: Final = (0.02, 0.98)
"""True alpha between these is mixed: five grey levels away from opaque and from clear."""

_LEVELS: Final = 255


def foreground_error(
    foreground: NDArray[Any], true_foreground: NDArray[Any], true_alpha: NDArray[Any]
) -> float:
    """Mean absolute difference of colours on mixed pixels, weighted by true alpha.

    Parameters
    ----------
    foreground, true_foreground : ndarrays of shape (H, W, 3)
        Straight colours, uint8, uint16 or floating point in [0, 1], sRGB-coded.
    true_alpha : ndarray of shape (H, W)
        Bool, uint8, uint16 or floating point in [0, 1].

    Returns
    -------
    float
        In grey levels.

    Raises
    ------
    InvalidImageError
        Colours that are none, or of another size than the truth's.
    InvalidMaskError
        An alpha that is none, of another size, or without mixed pixels.

    Examples
    --------
    >>> grey = np.full((4, 4, 3), 100, np.uint8)
    >>> round(foreground_error(grey + np.uint8(10), grey, np.full((4, 4), 0.5)), 4)
    10.0
    """
    truth = Image.from_array(true_foreground)
    alpha = as_mask(true_alpha, truth.shape, name="true_alpha")
    mixed = _mixed(alpha)
    off = np.abs(_same_size(foreground, truth).rgb() - truth.rgb())[mixed].mean(axis=1)
    return _LEVELS * float(np.average(off.astype(np.float64), weights=alpha[mixed]))


def fringe_error(
    foreground: NDArray[Any],
    alpha: NDArray[Any],
    true_foreground: NDArray[Any],
    true_alpha: NDArray[Any],
    *,
    backgrounds: Sequence[ColourLike] = ("black", "white", "magenta"),
) -> float:
    """Mean absolute difference of composites on mixed pixels, over plain backgrounds.

    The composites mix sRGB codes, as browsers and most editors do.

    Parameters
    ----------
    foreground, true_foreground : ndarrays of shape (H, W, 3)
        As for `foreground_error`.
    alpha, true_alpha : ndarrays of shape (H, W)
        As for `foreground_error`.
    backgrounds : sequence of colours

    Returns
    -------
    float
        In grey levels.

    Raises
    ------
    InvalidImageError, InvalidMaskError
        As `foreground_error`.

    Examples
    --------
    >>> grey, half = np.full((4, 4, 3), 0.5), np.full((4, 4), 0.5)
    >>> round(fringe_error(grey, half + 0.1, grey, half, backgrounds=["black"]), 4)
    12.75
    """
    truth = Image.from_array(true_foreground)
    exact = as_mask(true_alpha, truth.shape, name="true_alpha")
    mixed = _mixed(exact)
    found = _same_size(foreground, truth).rgb()[mixed]
    cover = as_mask(alpha, truth.shape, name="alpha")[mixed]
    errors = [
        np.abs(
            _over(found, cover, parse_colour(each))
            - _over(truth.rgb()[mixed], exact[mixed], parse_colour(each))
        ).mean(dtype=np.float64)
        for each in backgrounds
    ]
    return _LEVELS * float(np.mean(errors))


def _over(colours: FloatArray, alpha: FloatArray, background: FloatArray) -> NDArray[np.float64]:
    cover = alpha[:, None].astype(np.float64)
    return cover * colours + (1 - cover) * background


def _mixed(alpha: FloatArray) -> BoolArray:
    mixed: BoolArray = (alpha > MIXED[0]) & (alpha < MIXED[1])
    if not mixed.any():
        raise InvalidMaskError(
            f"true_alpha: expected mixed pixels, between {MIXED[0]} and {MIXED[1]}, got none; "
            "colours are judged on those alone"
        )
    return mixed


def _same_size(foreground: NDArray[Any], truth: Image) -> Image:
    found = Image.from_array(foreground)
    if found.shape != truth.shape:
        raise InvalidImageError(
            f"expected a foreground of {truth.shape} like the truth, got {found.shape}"
        )
    return found
