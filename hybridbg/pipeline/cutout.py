"""The result of a removal: alpha, clean foreground colours, and how both were reached.

Colours are straight (not premultiplied) and in the input's own encoding, so that saving them with
the input's profile gives the subject the look it had. Composites are mixed in linear light and are
sRGB-coded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridbg import io
from hybridbg.core.colour import linear_to_srgb, srgb_to_linear
from hybridbg.core.compositing import composite
from hybridbg.core.errors import InvalidOptionError, NoSubjectError
from hybridbg.core.icc import make_profile
from hybridbg.core.image import Image, as_dtype
from hybridbg.core.resample import resample
from hybridbg.core.types import ByteArray, ColourLike, FloatArray, ImageLike, PixelArray, Shape

__all__ = ["Cutout"]

_COLOUR_MARGIN = 16
"""Pixels beyond the subject that keep its colours: enough for any resampling to find no fringe."""

_VISIBLE = 0.5 / 255
"""Alpha below which a pixel vanishes in 8 bits."""


@dataclass(frozen=True, eq=False, repr=False)
class Cutout:
    """A subject without its background.

    Attributes
    ----------
    image : Image
        The picture it was cut from.
    alpha : (H, W) float32 in [0, 1]
        Straight coverage.
    foreground : (H, W, 3) float32 in [0, 1]
        Straight colours of the subject alone, in the picture's own encoding.
    trimap : (H, W) uint8
        0 background, 128 unknown, 255 foreground: what matting was given.
    shadow : (H, W) float32 in [0, 1], or None
        Where a key decided: part of the screen's light that the subject's shadow takes away, in
        linear light; guessed behind the subject.
    diagnostics : mapping
        ``method``; ``sources`` (name to weight); ``certainty`` in [0, 1]
        (the probability that the subject was found, with an IoU of .5 at least; where the caller
        pointed at it, or the network has one size only, merely how decided the sources are; of a
        key how sure the screen is); ``model`` (name and sha256) or None; ``solver``
        (iterations, residual, estimated error, share of sampled pixels); ``seconds`` per
        stage; ``warnings``.
    """

    image: Image
    alpha: FloatArray
    foreground: FloatArray
    trimap: ByteArray
    diagnostics: Mapping[str, Any]
    shadow: FloatArray | None = None

    def __repr__(self) -> str:
        rows, columns = self.alpha.shape
        return (
            f"Cutout({columns} x {rows}, method={self.diagnostics.get('method')!r}, "
            f"certainty={self.diagnostics.get('certainty')})"
        )

    def rgba(self, dtype: Any = np.uint8, *, shadow: bool = False) -> PixelArray:
        """Return straight RGBA in the picture's own encoding.

        Parameters
        ----------
        dtype : uint8, uint16 or float32
            Integers use their full range, floats [0, 1].
        shadow : bool
            Keep the subject's shadow, as black behind it: whoever mixes the result with a
            background in linear light darkens that as the screen was darkened.

        Returns
        -------
        (H, W, 4) array
            Colours reach some pixels beyond the subject, so that scaling finds no dark fringe,
            and are black further out, so that files stay small.

        Raises
        ------
        InvalidOptionError
            On another dtype; `shadow` without a key.
        """
        import cv2

        if np.dtype(dtype) not in (np.uint8, np.uint16, np.float32):
            raise InvalidOptionError(
                f"dtype: expected uint8, uint16 or float32, got {np.dtype(dtype)}"
            )
        front = self._with_shadow() if shadow else self
        side = 2 * _COLOUR_MARGIN + 1
        visible = (self.alpha >= _VISIBLE).view(np.uint8)
        near = cv2.dilate(visible, np.ones((side, side), np.uint8)).view(np.bool_)
        rgba = np.zeros((*self.alpha.shape, 4), dtype=dtype)
        np.copyto(rgba[..., :3], as_dtype(front.foreground, dtype), where=near[..., None])
        rgba[..., 3] = as_dtype(front.alpha, dtype)
        return rgba

    def mask(self) -> FloatArray:
        """Return what to multiply the picture's own alpha by, to get the cut-out's.

        Returns
        -------
        (H, W) float32 in [0, 1]
            `alpha` where the picture is opaque or has no alpha, 0 where it is transparent already:
            a layer mask.
        """
        opacity = self.image.alpha_float()
        if opacity is None:
            return self.alpha.copy()
        mask = np.zeros_like(self.alpha)
        np.divide(self.alpha, opacity, out=mask, where=opacity > 0)
        return mask.clip(0, 1, out=mask)

    def visible_colours(self) -> FloatArray:
        """Return the subject's own colours wherever any of it is left, and the picture's elsewhere.

        Returns
        -------
        (H, W, 3) float32 in [0, 1]
            Straight colours in the picture's own encoding, for programs that can bring back what
            was made transparent.
        """
        return np.where(self.alpha[..., None] > 0, self.foreground, self.image.rgb())

    def _with_shadow(self) -> Cutout:
        """Make the shadow a part of the subject: black, under it."""
        shadow = self._cast()
        alpha = self.alpha + (1 - self.alpha) * shadow
        share = self.alpha / np.maximum(alpha, np.finfo(np.float32).tiny)
        light = replace(self.image, pixels=self.foreground, alpha=None).linear()
        # Where nothing is, colours go on as they are: they never show.
        light *= np.where(shadow > 0, share, 1)[..., None]
        foreground = self.image.recode(light, encoding="linear")
        return replace(self, alpha=alpha, foreground=foreground)

    def _cast(self) -> FloatArray:
        if self.shadow is None:
            raise InvalidOptionError(
                "shadow: only a key finds the subject's shadow; leave it out, or use method='key'"
            )
        return self.shadow

    def composite(
        self,
        background: ColourLike | ImageLike,
        *,
        shadow: bool = False,
        light_wrap: float = 0.0,
        light_wrap_radius: float | None = None,
    ) -> FloatArray:
        """Lay the subject over a new background, in linear light.

        Parameters
        ----------
        background : colour, image or path
            A picture is scaled to cover the subject's picture and cropped around its centre.
        shadow : bool
            Darken the background by the shadow that the subject cast on the screen.
        light_wrap, light_wrap_radius : float
            As of `hybridbg.composite`: the background's light over the subject's edge.

        Returns
        -------
        (H, W, 3) float32 in [0, 1]
            sRGB-coded.

        Raises
        ------
        InvalidOptionError, ImageReadError, InvalidImageError
        """
        front = replace(self.image, pixels=self.foreground, alpha=None)
        behind = _backdrop(background, self.alpha.shape)
        if shadow:
            cast = self._cast()[..., None]
            behind = linear_to_srgb(np.ascontiguousarray(srgb_to_linear(behind) * (1 - cast)))
        return composite(
            front.srgb(),
            self.alpha,
            behind,
            light_wrap=light_wrap,
            light_wrap_radius=light_wrap_radius,
        )

    def encode(
        self,
        format: str,  # noqa: A002
        *,
        background: ColourLike | ImageLike | None = None,
        alpha_only: bool = False,
        crop: bool = False,
        shadow: bool = False,
        light_wrap: float = 0.0,
    ) -> bytes:
        """Return the bytes of a picture file; arguments as `save`."""
        deep = io.format_of("", format) == "exr"
        pixels, like = self._output(
            background, shadow, light_wrap, alpha_only=alpha_only, crop=crop, deep=deep
        )
        return io.encode(pixels, format, like=like)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        background: ColourLike | ImageLike | None = None,
        alpha_only: bool = False,
        crop: bool = False,
        shadow: bool = False,
        light_wrap: float = 0.0,
        format: str | None = None,  # noqa: A002
        dtype: Any = None,
        premultiplied: bool = True,
    ) -> None:
        """Save the cut-out, whole or not at all, with the input's depth, profile and metadata.

        Parameters
        ----------
        path : path
            The format follows from the suffix: PNG, WebP, TIFF or OpenEXR; JPEG with a background.
        background : colour, image or path, optional
            Save a composite instead of a transparent picture; it is sRGB-coded, whatever the input
            was, and says so in its profile if the input had one.
        alpha_only : bool
            Save alpha as a grey picture.
        crop : bool
            Crop to what is visible.
        shadow : bool
            Keep the subject's shadow: on the background, or as black with alpha (`rgba`).
        light_wrap : float in [0, 1]
            As of `composite`; it needs a background.
        format : str, optional
            Overrides the suffix.
        dtype, premultiplied
            Of OpenEXR, as in `io.encode`: half unless float32 is asked for, premultiplied.

        Raises
        ------
        ImageWriteError
            The folder cannot be written, or the format is unknown or holds no alpha.
        InvalidOptionError
            `alpha_only` together with a background or a shadow; `light_wrap` without a background;
            `shadow` without a key.
        NoSubjectError
            `crop` with nothing visible.
        """
        deep = io.format_of(path, format) == "exr"
        pixels, like = self._output(
            background, shadow, light_wrap, alpha_only=alpha_only, crop=crop, deep=deep
        )
        io.save(path, pixels, like=like, format=format, dtype=dtype, premultiplied=premultiplied)

    def _output(
        self,
        background: ColourLike | ImageLike | None,
        shadow: bool,
        light_wrap: float,
        *,
        alpha_only: bool,
        crop: bool,
        deep: bool,
    ) -> tuple[PixelArray, Image]:
        """Pixels to write, and the picture whose metadata goes with them."""
        like, dtype = self.image, np.dtype(np.float32) if deep else self.image.dtype
        if alpha_only and (background is not None or shadow):
            raise InvalidOptionError(
                "alpha_only has neither background nor shadow; leave one of them out"
            )
        if light_wrap and background is None:
            raise InvalidOptionError("light_wrap needs a background; name one or leave it out")
        if alpha_only:
            pixels = as_dtype(self.alpha, dtype)
            like = replace(like, encoding="srgb", icc_profile=None)
        elif background is not None:
            mixed = self.composite(background, shadow=shadow, light_wrap=light_wrap)
            pixels = as_dtype(mixed, dtype)
            profile = None if like.icc_profile is None else make_profile("srgb")
            like = replace(like, encoding="srgb", icc_profile=profile)
        else:
            pixels = self.rgba(dtype, shadow=shadow)
        return (np.ascontiguousarray(pixels[self._bounds(shadow)]) if crop else pixels), like

    def _bounds(self, shadow: bool) -> tuple[slice, slice]:
        visible = self.alpha >= _VISIBLE
        if shadow:
            visible |= self._cast() >= _VISIBLE
        rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
        if rows.size == 0:
            raise NoSubjectError("crop: nothing of the cut-out is visible; save it without crop")
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _backdrop(background: ColourLike | ImageLike, shape: Shape) -> FloatArray:
    """Bring a background to what `core.compositing.composite` takes."""
    picture = io.as_colour_or_image(background)
    if not isinstance(picture, Image):
        return picture
    backdrop = picture.srgb()
    rows, columns = backdrop.shape[:2]
    # Cover: the smaller of the two enlargements would leave a border.
    scale = max(shape[0] / rows, shape[1] / columns)
    inner = (min(rows, round(shape[0] / scale)), min(columns, round(shape[1] / scale)))
    top, left = (rows - inner[0]) // 2, (columns - inner[1]) // 2
    cropped = np.ascontiguousarray(backdrop[top : top + inner[0], left : left + inner[1]])
    return resample(cropped, shape)
