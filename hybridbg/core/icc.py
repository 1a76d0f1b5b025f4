"""ICC profiles: any device's RGB, grey or CMYK to sRGB, and sRGB back to a device's RGB.

Nearly every photograph's profile is a "matrix/TRC" one (ICC.1:2022, 8.3.3 and 8.4.3): one curve per
channel, then a 3x3 matrix to XYZ under D50,

    linear = curve(device),   XYZ = M linear,   linear sRGB = S^-1 XYZ

with S the sRGB primaries under D50. That is computed here in floats, exactly. Other profiles hold
tables that only a colour engine evaluates; Pillow's ImageCms (LittleCMS) does so in 8 bits. So that
16-bit and float pictures stay smooth, the engine is asked for a regular lattice of colours once and
pixels are interpolated linearly between them.

Profiles travel as the bytes the file holds. Colours outside the sRGB gamut are clipped.
"""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.colour import linear_to_srgb, srgb_to_linear
from hybridbg.core.errors import InvalidImageError
from hybridbg.core.icc_format import colour_space, make_profile, parse
from hybridbg.core.image import as_float, full_scale
from hybridbg.core.types import Encoding, FloatArray, PixelArray

__all__ = ["classify", "colour_space", "from_srgb", "make_profile", "to_srgb"]

SAME_COLOUR = 1 / 255
"""Two encodings that differ by less than one 8-bit step everywhere count as the same."""

LATTICE_STEP = {"GRAY": 1, "RGB": 5, "CMYK": 15}
"""8-bit levels between lattice points: divisors of 255, so that the engine sees them unrounded."""

PILLOW_MODE = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}

ROWS_AT_ONCE = 256  # bounds the float64 coordinates of the interpolation
CACHED_PROFILES = 8  # a batch meets a few cameras; a lattice takes about 2 MB


def to_srgb(values: PixelArray, profile: bytes) -> FloatArray:
    """Turn device values into sRGB.

    Parameters
    ----------
    values : ndarray of shape (H, W, 3), (H, W) or (H, W, 4), uint8, uint16 or float32 in [0, 1]
        RGB, grey or CMYK (1 is full ink), as the profile's colour space asks.
    profile : bytes
        The ICC profile.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]
        sRGB-coded, clipped to the sRGB gamut.

    Raises
    ------
    InvalidImageError
        If the profile is damaged or has another number of channels.

    Examples
    --------
    >>> import numpy as np
    >>> mid = np.full((1, 1, 3), 0.214, dtype=np.float32)
    >>> to_srgb(mid, make_profile("linear"))[0, 0].round(3).tolist()
    [0.5, 0.5, 0.5]
    """
    space = colour_space(profile)
    channels = {"GRAY": 1, "RGB": 3, "CMYK": 4}.get(space)
    given = 1 if values.ndim == 2 else values.shape[-1]
    if channels != given:
        raise InvalidImageError(
            f"the ICC profile describes {space}, the image has {given} channels"
        )
    parsed = parse(profile)
    if parsed is None:
        device = as_float(values).reshape(*values.shape[:2], given)
        return _interpolate(device, _lattice(profile, space))
    if space == "GRAY":
        grey = linear_to_srgb(_decode(values, parsed.tables[0]))
        return np.repeat(grey[:, :, None], 3, axis=2)
    linear = np.stack(
        [_decode(values[:, :, index], table) for index, table in enumerate(parsed.tables)], axis=2
    )
    linear = linear @ parsed.matrix.T.astype(np.float32)
    return linear_to_srgb(linear.clip(0, 1, out=linear))


def from_srgb(values: FloatArray, profile: bytes) -> FloatArray:
    """Turn sRGB-coded values into an RGB profile's device values, clipped to its gamut.

    Parameters
    ----------
    values : ndarray of shape (H, W, 3), float32 in [0, 1]
        sRGB-coded.
    profile : bytes
        An ICC profile whose colour space is RGB.

    Returns
    -------
    ndarray of shape (H, W, 3), float32 in [0, 1]

    Raises
    ------
    InvalidImageError
        If the profile is damaged or not of RGB.

    Examples
    --------
    >>> import numpy as np
    >>> mid = np.full((1, 1, 3), 0.5, dtype=np.float32)
    >>> from_srgb(mid, make_profile("linear"))[0, 0].round(3).tolist()
    [0.21400000154972076, 0.21400000154972076, 0.21400000154972076]
    """
    space = colour_space(profile)
    if space != "RGB":
        raise InvalidImageError(f"expected an ICC profile of RGB, got one of {space}")
    parsed = parse(profile)
    if parsed is None:
        return _interpolate(values, _lattice_from_srgb(profile))
    linear = srgb_to_linear(values) @ np.linalg.inv(parsed.matrix).T.astype(np.float32)
    linear.clip(0, 1, out=linear)
    for index, table in enumerate(parsed.tables):
        linear[:, :, index] = _encode(linear[:, :, index], table)
    return linear


@lru_cache(maxsize=CACHED_PROFILES)
def classify(profile: bytes) -> Encoding:
    """Tell whether an RGB or grey profile is just sRGB or linear sRGB, or another space ("icc").

    Raises
    ------
    InvalidImageError
        If the profile is damaged or of neither.

    Examples
    --------
    >>> classify(make_profile("srgb")), classify(make_profile("linear"))
    ('srgb', 'linear')
    """
    # All corners and middles of the cube, and every 8-bit grey: curves differ most in the shadows.
    cube = np.array(list(product(np.linspace(0, 1, 5), repeat=3)))
    greys = np.repeat(np.linspace(0, 1, 256)[:, None], 3, axis=1)
    if colour_space(profile) == "GRAY":
        colours = greys[None].astype(np.float32)
        seen = to_srgb(colours[:, :, 0], profile)
    else:
        colours = np.concatenate([cube, greys])[None].astype(np.float32)
        seen = to_srgb(colours, profile)
    if np.abs(seen - colours).max() < SAME_COLOUR:
        return "srgb"
    if np.abs(seen - linear_to_srgb(colours)).max() < SAME_COLOUR:
        return "linear"
    return "icc"


def _decode(values: PixelArray, table: NDArray[np.float64]) -> FloatArray:
    grid = np.linspace(0, 1, len(table))
    if values.dtype == np.float32:
        return np.interp(values, grid, table).astype(np.float32)
    every_level = np.linspace(0, 1, full_scale(values.dtype) + 1)
    decoded: FloatArray = np.interp(every_level, grid, table).astype(np.float32)[values]
    return decoded


def _encode(linear: FloatArray, table: NDArray[np.float64]) -> FloatArray:
    """Invert `_decode`; a table that falls somewhere is levelled there, as no inverse exists."""
    grid = np.linspace(0, 1, len(table))
    return np.interp(linear, np.maximum.accumulate(table), grid).astype(np.float32)


@lru_cache(maxsize=CACHED_PROFILES)
def _lattice(profile: bytes, space: str) -> FloatArray:
    """Tabulate sRGB over evenly spaced device colours: shape (n,) * channels + (3,)."""
    return _run_engine(profile, None, space)


@lru_cache(maxsize=CACHED_PROFILES)
def _lattice_from_srgb(profile: bytes) -> FloatArray:
    """Tabulate device RGB over evenly spaced sRGB colours: shape (n, n, n, 3)."""
    return _run_engine(None, profile, "RGB")


def _run_engine(source: bytes | None, target: bytes | None, space: str) -> FloatArray:
    """Send a lattice of `space` through ImageCms; None stands for sRGB.

    Relative colorimetric with black point compensation: white stays white and black stays black,
    which is what photographers' programs do.
    """
    from PIL import Image as PILImage
    from PIL import ImageCms

    axis = np.arange(0, 256, LATTICE_STEP[space], dtype=np.uint8)
    channels = len(PILLOW_MODE[space])
    nodes = np.stack(np.meshgrid(*[axis] * channels, indexing="ij"), axis=-1).reshape(-1, channels)
    picture = PILImage.frombytes(PILLOW_MODE[space], (len(nodes), 1), nodes.tobytes())
    srgb = ImageCms.createProfile("sRGB")
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(srgb if source is None else io.BytesIO(source)),
            ImageCms.ImageCmsProfile(srgb if target is None else io.BytesIO(target)),
            PILLOW_MODE[space],
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        colours = np.asarray(ImageCms.applyTransform(picture, transform), dtype=np.float32)
    except (ImageCms.PyCMSError, OSError, TypeError) as error:
        raise InvalidImageError(f"the ICC profile is damaged: {error}") from error
    lattice: FloatArray = colours.reshape(*[len(axis)] * channels, 3) / np.float32(255)
    return lattice


def _interpolate(values: FloatArray, lattice: FloatArray) -> FloatArray:
    """Multilinear interpolation of (H, W, channels) in a lattice, a few rows at a time."""
    from scipy.ndimage import map_coordinates

    result = np.empty((*values.shape[:2], 3), dtype=np.float32)
    for top in range(0, len(values), ROWS_AT_ONCE):
        band = slice(top, top + ROWS_AT_ONCE)
        places = np.moveaxis(values[band], 2, 0).clip(0, 1) * (len(lattice) - 1)
        for channel in range(3):
            result[band, :, channel] = map_coordinates(
                lattice[..., channel], places, order=1, mode="nearest"
            )
    return result
