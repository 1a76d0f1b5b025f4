"""What a decoder hands over, and how it becomes an `Image`.

Decoders (Pillow, OpenCV, tifffile) only unpack numbers. The meaning of the numbers is settled here,
once for all of them: what the ICC profile describes, how grey and CMYK become RGB, and which way up
the picture is.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import cast

import numpy as np

from hybridbg.core import exif as exif_block
from hybridbg.core import icc
from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.core.image import Image, as_dtype, as_float, check_size, checked_values
from hybridbg.core.types import Encoding, FloatArray, PixelArray

__all__ = ["Samples", "interpret"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Numbers of a file, not yet interpreted.

    Parameters
    ----------
    values : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        Grey, RGB or CMYK (largest value is full ink); uint8, uint16 or float.
    alpha : ndarray of shape (H, W), dtype of `values`, optional
        Straight alpha.
    icc_profile, exif, xmp : bytes, optional
        As found in the file.
    orientation : int, optional
        EXIF orientation still to be applied; None to look it up in `exif` and `xmp`.
    """

    values: PixelArray
    alpha: PixelArray | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    orientation: int | None = None


def interpret(
    samples: Samples,
    *,
    encoding: Encoding | None = None,
    path: str | None = None,
    file_format: str | None = None,
) -> Image:
    """Make an image of samples.

    Parameters
    ----------
    samples : Samples
        From a decoder.
    encoding : {"srgb", "linear", "icc"}, optional
        What the numbers stand for, against what the file says; by default the ICC profile decides
        and files without one are sRGB-coded.
    path, file_format : str, optional
        Kept in the image.

    Returns
    -------
    Image
        Upright. RGB profiles are kept and left unapplied; grey and CMYK are brought to sRGB
        through theirs. CMYK without a profile is taken as ``(1 - ink) * (1 - black)``.

    Raises
    ------
    InvalidImageError
        On a side below 4 pixels, NaN, or floats outside [0, 1].

    Warns
    -----
    UserWarning
        If the ICC profile is damaged or for another kind of image; the picture is then taken as
        sRGB-coded.
    """
    check_size(samples.values.shape[:2])
    values = checked_values(samples.values)
    alpha = None if samples.alpha is None else checked_values(samples.alpha)
    profile = None if encoding in ("srgb", "linear") else samples.icc_profile
    if encoding == "icc" and profile is None:
        raise InvalidOptionError("encoding 'icc' was asked for, but the file has no ICC profile")
    pixels, found, profile = _to_rgb(values, profile, path)
    exif = exif_block.normalised(samples.exif)
    orientation = samples.orientation
    if orientation is None:
        orientation = exif_block.orientation_of(exif, samples.xmp)
    return Image(
        exif_block.upright(pixels, orientation),
        None if alpha is None else exif_block.upright(alpha, orientation),
        encoding=encoding or found,
        icc_profile=profile,
        exif=exif and exif_block.without_orientation(exif),
        xmp=samples.xmp and exif_block.xmp_upright(samples.xmp),
        path=path,
        format=file_format,
    )


def _to_rgb(
    values: PixelArray, profile: bytes | None, path: str | None
) -> tuple[PixelArray, Encoding, bytes | None]:
    """Bring samples to RGB; returns pixels, their encoding and the profile that still applies."""
    space = {2: "GRAY", 3: "RGB"}.get(values.ndim, "RGB")
    if values.ndim == 3 and values.shape[2] == 4:
        space = "CMYK"
    usable = profile is not None and _check_profile(profile, space, path)
    if profile is None or not usable:
        return (_plain_cmyk(values) if space == "CMYK" else _three(values)), "srgb", None
    described = icc.colour_space(profile)
    if described == "RGB":
        return _three(values), icc.classify(profile), profile
    if described == "GRAY" and (encoding := icc.classify(profile)) != "icc":
        return _three(values), encoding, None
    return as_dtype(icc.to_srgb(values, profile), values.dtype), "srgb", None


def _check_profile(profile: bytes, space: str, path: str | None) -> bool:
    """Whether a profile can be read and fits the samples; warns if not."""
    try:
        described = icc.colour_space(profile)
        if described == space or (space == "GRAY" and described == "RGB"):
            probe = {"GRAY": (4, 4), "RGB": (4, 4, 3), "CMYK": (4, 4, 4)}[described]
            icc.to_srgb(np.zeros(probe, dtype=np.float32), profile)
            return True
        problem = f"its ICC profile describes {described}, but the picture is {space}"
    except InvalidImageError as error:
        problem = str(error)
    warnings.warn(f"{path or 'image'}: {problem}; taken as sRGB", UserWarning, stacklevel=2)
    return False


def _three(values: PixelArray) -> PixelArray:
    if values.ndim == 3:
        return np.ascontiguousarray(values)
    return cast(PixelArray, np.repeat(values[:, :, None], 3, axis=2))


def _plain_cmyk(values: PixelArray) -> PixelArray:
    inks: FloatArray = 1 - as_float(values)
    return as_dtype(inks[:, :, :3] * inks[:, :, 3:], values.dtype)
