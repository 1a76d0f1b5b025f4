"""What a public function was handed, as an `Image`, a grey array or a hint.

Every method calls these at its edge, so that a path, "-", a PIL image, an array and an `Image` work
everywhere alike.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from hybridbg.core.checks import as_mask
from hybridbg.core.colour import parse_colour
from hybridbg.core.errors import InvalidImageError, InvalidMaskError, InvalidOptionError
from hybridbg.core.image import Image, full_scale
from hybridbg.core.types import ColourLike, FloatArray, ImageLike, PixelArray, Shape
from hybridbg.io.reader import STANDARD_STREAM, load

if TYPE_CHECKING:
    import PIL.Image
    from numpy.typing import NDArray

__all__ = ["as_colour_or_image", "as_grey", "as_hint", "as_image", "as_scribbles"]

_DECIDED = 0.25
"""A stroke is at least so white or so black: its smoothed edge says nothing."""


def as_image(source: ImageLike, *, max_pixels: int | None = None) -> Image:
    """Bring a path, "-", PIL image, array or `Image` to an `Image`.

    Parameters
    ----------
    source : path, PIL image, ndarray or Image
        An `Image` is returned as it is. An array is (H, W), (H, W, 3) or (H, W, 4) of uint8,
        uint16 or float in [0, 1], sRGB-coded, alpha straight.
    max_pixels : int, optional
        For paths: as in `load`.

    Raises
    ------
    InvalidImageError
        If it is no image at all, or one of the wrong shape, dtype or range.
    ImageReadError
        If the file cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> as_image(np.zeros((4, 5, 3), dtype=np.uint8)).shape
    (4, 5)
    """
    if isinstance(source, Image):
        return source
    if isinstance(source, (str, os.PathLike)):
        return load(source, max_pixels=max_pixels)
    if isinstance(source, np.ndarray):
        return Image.from_array(source)
    if _is_pil(source):
        return Image.from_pil(source)
    raise InvalidImageError(
        f"expected a path, a PIL image or an array as image, got {type(source).__name__}"
    )


def as_grey(
    source: ImageLike, *, name: str = "mask", max_pixels: int | None = None
) -> PixelArray | NDArray[Any]:
    """Bring a mask or trimap to one (H, W) array of its own dtype.

    Parameters
    ----------
    source : path, PIL image, Image or ndarray
        An array is passed through. In files and images all three channels must be equal; where
        alpha comes with them, grey is laid over black (white on transparent means 1). A coloured
        picture with alpha, such as an earlier cut-out, stands for its alpha. The numbers are taken
        as they are: a mask holds shares, which no ICC profile changes.
    name : str
        What to call it in messages.
    max_pixels : int, optional
        For paths: as in `load`.

    Raises
    ------
    InvalidMaskError
        If a picture is coloured and has no alpha.
    ImageReadError
        If the file cannot be read.
    """
    if isinstance(source, np.ndarray):
        return source
    image = _as_numbers(source, max_pixels)
    grey: PixelArray = image.pixels[:, :, 0]
    coloured = bool((image.pixels != grey[:, :, None]).any())
    if image.alpha is None:
        if coloured:
            raise InvalidMaskError(
                f"{name}: expected a grey picture (black, grey, white), got a coloured one"
            )
        return np.ascontiguousarray(grey)
    if coloured:
        return image.alpha
    if grey.dtype == np.float32:
        return grey * image.alpha
    top = full_scale(grey.dtype)
    product = grey.astype(np.uint32) * image.alpha
    over_black: PixelArray = ((product + top // 2) // top).astype(grey.dtype)
    return over_black


def as_hint(
    source: ImageLike, shape: Shape, *, name: str = "hint", max_pixels: int | None = None
) -> FloatArray:
    """Bring a hint to a float mask of the image's size.

    Parameters
    ----------
    source : path, PIL image, Image or ndarray of shape (H, W)
        0 is background, 1 (255, 65535, white) foreground, the middle "don't know". Files as in
        `as_grey`.
    shape : (int, int)
        Rows and columns of the image.
    name : str
        What to call it in messages.
    max_pixels : int, optional
        For paths: as in `load`.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        A new array.

    Raises
    ------
    InvalidMaskError
        On another size, dtype or range.
    ImageReadError
        If the file cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> as_hint(np.eye(4, dtype=bool), (4, 4))[0].tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    grey = as_grey(source, name=name, max_pixels=max_pixels)
    return as_mask(grey, shape, name=name)


def as_scribbles(
    source: ImageLike, shape: Shape, *, name: str = "scribbles", max_pixels: int | None = None
) -> FloatArray:
    """Bring a picture with strokes to what they say of each pixel.

    Parameters
    ----------
    source : path, PIL image, Image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        White strokes (1, 255) keep, black ones drop; grey and what is transparent says nothing.
        The numbers are taken as they are, as in `as_grey`.
    shape : (int, int)
        Rows and columns of the image.
    name : str
        What to call it in messages.
    max_pixels : int, optional
        For paths: as in `load`.

    Returns
    -------
    ndarray of shape (H, W), float32
        1 keep, 0 drop, 0.5 elsewhere.

    Raises
    ------
    InvalidMaskError
        Another size, a coloured picture, a bool array, or no stroke at all.
    InvalidImageError, ImageReadError
        It cannot be used at all.

    Examples
    --------
    >>> import numpy as np
    >>> strokes = np.full((4, 5), 128, dtype=np.uint8)
    >>> strokes[0], strokes[3] = 0, 255
    >>> as_scribbles(strokes, (4, 5))[:, 0].tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    if isinstance(source, np.ndarray) and source.dtype == np.bool_:
        raise InvalidMaskError(
            f"{name}: a bool array cannot leave anything open; expected white strokes, black "
            "strokes and grey elsewhere, such as uint8 of 255, 0 and 128"
        )
    image = _as_numbers(source, max_pixels)
    if image.shape != tuple(shape):
        raise InvalidMaskError(
            f"{name}: expected shape {tuple(shape)} like the image, got {image.shape}"
        )
    colours, opacity = image.rgb(), image.alpha_float()
    if opacity is None:
        opacity = np.ones(shape, dtype=np.float32)
    drawn = opacity >= 1 - _DECIDED
    if np.ptp(colours, axis=2)[drawn].max(initial=0) > _DECIDED:
        raise InvalidMaskError(
            f"{name}: expected white strokes (keep) and black ones (drop), got coloured ones"
        )
    grey = colours[..., 1]
    said: FloatArray = np.full(shape, 0.5, dtype=np.float32)
    said[drawn & (grey >= 1 - _DECIDED)] = 1
    said[drawn & (grey <= _DECIDED)] = 0
    open_share = float((said == 0.5).mean())
    if open_share in (0, 1):
        raise InvalidMaskError(
            f"{name}: expected white strokes (keep) or black ones (drop) on grey or transparent "
            f"ground, got {'strokes everywhere' if open_share == 0 else 'no strokes'}"
            f"{'; a mask that knows every pixel is a hint' if open_share == 0 else ''}"
        )
    return said


def as_colour_or_image(source: ColourLike | ImageLike) -> FloatArray | Image:
    """Tell a colour from a picture where either may be given.

    Returns
    -------
    ndarray of shape (3,), float32, or Image
        A string is a path if it is "-" or there is such a file, else a colour. A sequence or
        array of three numbers is a colour, anything else a picture.

    Raises
    ------
    InvalidOptionError
        If a string is neither a file nor a colour.
    InvalidImageError, ImageReadError
        If it is no usable picture.

    Examples
    --------
    >>> as_colour_or_image("white").tolist()
    [1.0, 1.0, 1.0]
    """
    if isinstance(source, str):
        exists = os.path.exists(source)  # noqa: PTH110 - Path raises for names too long for one
        if source == STANDARD_STREAM or (exists and not Path(source).is_dir()):
            return as_image(source)
        try:
            return parse_colour(source)
        except InvalidOptionError as error:
            raise InvalidOptionError(
                f"expected a colour or the path of a picture, got {source!r}: there is no such "
                "file, and colours are written '#rrggbb' or by their CSS name"
            ) from error
    if isinstance(source, (tuple, list)) or (isinstance(source, np.ndarray) and source.ndim == 1):
        return parse_colour(source)
    return as_image(source)


def _as_numbers(source: ImageLike, max_pixels: int | None) -> Image:
    """Bring a source to an image without applying a profile."""
    if isinstance(source, (str, os.PathLike)):
        return load(source, max_pixels=max_pixels, encoding="srgb")
    if _is_pil(source):
        return Image.from_pil(source, encoding="srgb")
    return as_image(source)


def _is_pil(source: object) -> TypeGuard[PIL.Image.Image]:
    """Whether it is a PIL image, without importing PIL: who has one has imported it."""
    return any(kind.__module__ == "PIL.Image" for kind in type(source).__mro__)
