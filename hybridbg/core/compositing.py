"""Lay a foreground over a background, and go between straight and premultiplied alpha.

Alpha is coverage, so the compositing equation ``C = a F + (1 - a) B`` (Porter & Duff 1984, "over")
holds for light, not for sRGB codes: `composite` decodes, mixes and encodes again unless told to
mix the coded values, as browsers and most editors do.

Light wrap is what a bright background does to an edge before it in a lens: with B~ and a~ for
background and alpha blurred, w a (1 - a~) B~ is added: light within the subject, near its edge.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_count, as_mask, as_number, one_of
from hybridbg.core.colour import linear_to_srgb, parse_colour, srgb_to_linear
from hybridbg.core.errors import InvalidImageError
from hybridbg.core.image import Image
from hybridbg.core.resample import smooth
from hybridbg.core.types import ColourLike, FloatArray, Shape

__all__ = ["checkerboard", "composite", "premultiply", "unpremultiply"]

Space = Literal["linear", "encoded"]

_WRAP = 0.01
"""Reach of light wrap, as a part of the picture's diagonal."""


def composite(
    foreground: Image | NDArray[Any],
    alpha: NDArray[Any],
    background: ColourLike | Image | NDArray[Any],
    *,
    space: Space = "linear",
    light_wrap: float = 0.0,
    light_wrap_radius: float | None = None,
) -> FloatArray:
    """Lay a foreground over a colour or a picture.

    Parameters
    ----------
    foreground : Image, or ndarray of shape (H, W, 3), uint8, uint16 or float in [0, 1]
        Straight colours; arrays are sRGB-coded. Alpha of its own has no say.
    alpha : ndarray of shape (H, W), uint8, uint16, bool or float in [0, 1]
        Coverage of the foreground.
    background : colour, Image, or ndarray of shape (H, W, 3) like `foreground`
        Arrays are sRGB-coded; colours as `hybridbg.core.colour.parse_colour` reads them.
    space : {"linear", "encoded"}
        Mix linear light (right), or the sRGB codes (what browsers do).
    light_wrap : float in [0, 1]
        How much of the background's light spills over the subject's edge; in `space`.
    light_wrap_radius : float, optional
        How far it reaches, as the standard deviation of a blur in pixels; default 1 % of the
        picture's diagonal.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        sRGB-coded.

    Raises
    ------
    InvalidImageError, InvalidMaskError, InvalidOptionError
        If shapes differ, values are out of range, or `background` is no colour.

    Examples
    --------
    >>> import numpy as np
    >>> grey = composite(np.ones((4, 4, 3)), np.full((4, 4), 0.5), "black")
    >>> round(float(grey[0, 0, 0]), 3)   # half the light of white, sRGB-coded
    0.735
    """
    one_of(space, "space", ("linear", "encoded"))
    wrap = as_number(light_wrap, "light_wrap", minimum=0, maximum=1)
    front = foreground if isinstance(foreground, Image) else Image.from_array(foreground)
    radius = _WRAP * float(np.hypot(*front.shape))
    if light_wrap_radius is not None:
        radius = as_number(light_wrap_radius, "light_wrap_radius", above=0)
    cover = as_mask(alpha, front.shape, name="alpha")[:, :, None]
    if isinstance(background, Image) or (
        isinstance(background, np.ndarray) and background.ndim == 3
    ):
        back_image = background if isinstance(background, Image) else Image.from_array(background)
        if back_image.shape != front.shape:
            raise InvalidImageError(
                f"expected a background of {front.shape} like the foreground, "
                f"got {back_image.shape}"
            )
        back = back_image.srgb()
    else:
        back = parse_colour(background)
    if space == "encoded":
        mixed = back + cover * (front.srgb() - back)
        return (mixed + _wrapped(cover, back, wrap, radius)).clip(0, 1) if wrap else mixed
    back = srgb_to_linear(back)
    mixed = back + cover * (front.linear() - back)
    if wrap:
        mixed += _wrapped(cover, back, wrap, radius)
    return linear_to_srgb(mixed.clip(0, 1))


def _wrapped(cover: FloatArray, back: FloatArray, wrap: float, radius: float) -> FloatArray:
    """Light of a background, (H, W, 3) or (3,), over the edge of a subject, alpha (H, W, 1)."""
    near = back if back.ndim == 1 else smooth(back, radius)
    rim = cover[..., 0] * (1 - smooth(np.ascontiguousarray(cover[..., 0]), radius))
    wrapped: FloatArray = np.float32(wrap) * rim[..., None] * near
    return wrapped


def premultiply(rgb: NDArray[Any], alpha: NDArray[Any]) -> FloatArray:
    """Multiply straight colours by alpha.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8, uint16 or float in [0, 1]
        Straight colours. In linear light, if the result is to be mixed as light (EXR); coded ones
        give what formats with premultiplied 8-bit colours hold.
    alpha : ndarray of shape (H, W), bool, uint8, uint16 or float in [0, 1]
        Coverage.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        In the encoding of `rgb`; no component exceeds alpha.

    Raises
    ------
    InvalidImageError, InvalidMaskError
        If shapes differ or values are out of range.

    Examples
    --------
    >>> import numpy as np
    >>> premultiply(np.ones((4, 4, 3)), np.full((4, 4), 0.5))[0, 0].tolist()
    [0.5, 0.5, 0.5]
    """
    image = Image.from_array(rgb)
    return image.rgb() * as_mask(alpha, image.shape, name="alpha")[:, :, None]


def unpremultiply(rgb: NDArray[Any], alpha: NDArray[Any]) -> FloatArray:
    """Divide premultiplied colours by alpha; the inverse of `premultiply` where alpha is not 0.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8, uint16 or float in [0, 1]
        Premultiplied colours.
    alpha : ndarray of shape (H, W), bool, uint8, uint16 or float in [0, 1]
        Coverage.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        Straight colours in the encoding of `rgb`, clipped at 1; black where alpha is 0.

    Raises
    ------
    InvalidImageError, InvalidMaskError
        If shapes differ or values are out of range.

    Examples
    --------
    >>> import numpy as np
    >>> unpremultiply(np.full((4, 4, 3), 0.25), np.full((4, 4), 0.5))[0, 0].tolist()
    [0.5, 0.5, 0.5]
    """
    image = Image.from_array(rgb)
    cover = as_mask(alpha, image.shape, name="alpha")[:, :, None]
    premultiplied = image.rgb()
    straight = np.divide(premultiplied, cover, out=np.zeros_like(premultiplied), where=cover > 0)
    return np.minimum(straight, 1, out=straight)


def checkerboard(
    shape: Shape, *, square: int = 16, light: ColourLike = "#ffffff", dark: ColourLike = "#cccccc"
) -> FloatArray:
    """Two greys in squares, the usual picture of "transparent".

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    square : int
        Side of a square in pixels.
    light, dark : colour
        As `hybridbg.core.colour.parse_colour` reads them.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        sRGB-coded; the top left square is `light`.

    Raises
    ------
    InvalidOptionError
        If a side or `square` is no integer above 0, or a colour is none.

    Examples
    --------
    >>> checkerboard((4, 4), square=2, light="white", dark="black")[0, :, 0].tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    square = as_count(square, "square")
    rows, columns = (np.arange(as_count(side, "shape")) // square for side in shape)
    odd = (rows[:, None] + columns) % 2 == 1
    board: FloatArray = np.where(odd[:, :, None], parse_colour(dark), parse_colour(light))
    return board
