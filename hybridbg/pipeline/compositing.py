"""`composite` for whoever holds pictures in files, PIL images, arrays or `Image` objects alike."""

from __future__ import annotations

from hybridbg import io
from hybridbg.core import compositing
from hybridbg.core.types import ColourLike, FloatArray, ImageLike

__all__ = ["composite"]


def composite(
    foreground: ImageLike,
    alpha: ImageLike,
    background: ColourLike | ImageLike,
    *,
    space: compositing.Space = "linear",
    light_wrap: float = 0.0,
    light_wrap_radius: float | None = None,
) -> FloatArray:
    """Lay a foreground over a colour or a picture.

    Parameters
    ----------
    foreground : path, PIL image, Image, or ndarray of shape (H, W, 3)
        Straight colours; uint8, uint16 or float in [0, 1].
    alpha : path, PIL image, Image, or ndarray of shape (H, W)
        Coverage of the foreground; bool, uint8, uint16 or float in [0, 1]. A coloured picture
        with alpha, such as a cut-out, stands for its alpha.
    background : colour, path, PIL image, Image, or ndarray of shape (H, W, 3)
        As large as the foreground, or one colour.
    space : {"linear", "encoded"}
        Mix linear light (right), or the sRGB codes (what browsers do).
    light_wrap : float in [0, 1]
        How much of the background's light spills over the subject's edge, as in a lens: with
        background B and alpha a, blurred to B~ and a~, light_wrap * a (1 - a~) B~ is added.
    light_wrap_radius : float, optional
        How far it reaches, as the standard deviation of the blur in pixels; default 1 % of the
        picture's diagonal.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        sRGB-coded.

    Raises
    ------
    InvalidImageError, InvalidMaskError, InvalidOptionError, ImageReadError
        If shapes differ, values are out of range, or `background` is neither colour nor picture.

    Examples
    --------
    >>> import numpy as np
    >>> grey = composite(np.ones((4, 4, 3)), np.full((4, 4), 0.5), "black")
    >>> round(float(grey[0, 0, 0]), 3)   # half the light of white, sRGB-coded
    0.735
    """
    return compositing.composite(
        io.as_image(foreground),
        io.as_grey(alpha, name="alpha"),
        io.as_colour_or_image(background),
        space=space,
        light_wrap=light_wrap,
        light_wrap_radius=light_wrap_radius,
    )
