"""Pillow's image modes as samples: what each of them means and how its numbers are unpacked.

Palettes, 1-bit, premultiplied, YCbCr and Lab pictures are brought to grey or RGB with straight
alpha; a colour key (tRNS) becomes alpha. 16-bit and float modes keep their depth.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import ImageReadError, InvalidImageError
from hybridbg.core.exif import ORIENTATION, descriptive, normalised
from hybridbg.core.image import Image
from hybridbg.core.samples import Samples, interpret
from hybridbg.core.types import Encoding

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["DAMAGE", "to_image", "to_samples"]

DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zlib.error,
)
"""What the decoders of Pillow and tifffile raise on malformed files."""


def to_image(image: PIL.Image.Image, *, encoding: Encoding | None = None) -> Image:
    """Make an `Image` of a PIL image; see `Image.from_pil`."""
    try:
        image.load()
    except DAMAGE as error:
        raise ImageReadError(f"the PIL image cannot be decoded: {error}") from error
    return interpret(to_samples(image), encoding=encoding)


def to_samples(image: PIL.Image.Image) -> Samples:
    """Unpack a PIL image and its metadata.

    Raises
    ------
    InvalidImageError
        If the mode is unknown.
    """
    samples = _unpack(image)
    info = image.info
    profile, exif = info.get("icc_profile"), info.get("exif")
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")  # PNG before Pillow 11: the latter
    if exif is None and len(tags := image.getexif()):
        exif = descriptive(normalised(tags.tobytes()) or b"")
    return replace(
        samples,
        icc_profile=None if image.mode == "LAB" else profile or None,
        exif=exif or None,
        xmp=(xmp.encode() if isinstance(xmp, str) else xmp) or None,
        orientation=_left_to_turn(image),
    )


def _left_to_turn(image: PIL.Image.Image) -> int | None:
    """TIFF pictures are turned by Pillow as they load, which then drops the tag."""
    tags = getattr(image, "tag_v2", None)
    return None if tags is None else int(tags.get(ORIENTATION, 1))


def _unpack(image: PIL.Image.Image) -> Samples:
    mode = image.mode
    if mode.startswith("I;16"):
        return _sixteen_bit(np.asarray(image).astype(np.uint16), image.info.get("transparency"))
    if mode == "I":
        return Samples(_narrow(np.asarray(image)))
    if mode in ("F", "CMYK"):
        return Samples(np.asarray(image))
    if mode == "LAB":
        image = _from_lab(image)
    elif mode in ("LA", "La", "PA", "RGBA", "RGBa") or image.has_transparency_data:
        grey = mode in ("1", "L", "LA", "La")
        image = image.convert("LA") if mode == "La" else image  # not to RGBA in one step
        pixels = np.asarray(image.convert("RGBA"))
        return Samples(pixels[:, :, 0] if grey else pixels[:, :, :3], pixels[:, :, 3])
    elif mode in ("P", "YCbCr", "HSV", "RGBX"):
        image = image.convert("RGB")
    elif mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "RGB"):
        raise InvalidImageError(f"PIL images of mode {mode} are not understood; convert to RGB")
    return Samples(np.asarray(image))


def _sixteen_bit(values: NDArray[np.uint16], key: object) -> Samples:
    """16-bit grey with an optional colour key: the one value that is transparent."""
    if not isinstance(key, int):
        return Samples(values)
    return Samples(values, np.where(values == key, 0, 65535).astype(np.uint16))


def _narrow(values: NDArray[Any]) -> NDArray[np.uint16]:
    """32-bit integers that are 16-bit ones in a wider type, as older Pillow opens 16-bit PNG."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    if low < 0 or high > 65535:
        raise InvalidImageError(
            f"expected 32-bit integers within 0..65535, got {low}..{high}; convert to 16 bits"
        )
    return values.astype(np.uint16)


def _from_lab(image: PIL.Image.Image) -> PIL.Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None  # noqa: S101 - None only comes with inPlace=True
    return converted
