"""What cameras, files and the world do to a photograph, each the same for the same seed.

Pictures are (H, W, 3) uint8, RGB, sRGB-coded; truths are (H, W), bool or float32 alpha. Lengths are
in pixels of a picture of 512 pixels on its long side, so that sizes compare. Only the occluder
changes the truth: what it hides is no longer there to be found.

After Hendrycks & Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations" (ICLR 2019), in one strength each, with what matters for cut-outs besides: uneven
light, a thing in front of the subject, and a background full of things like it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.colour import linear_to_srgb, srgb_to_linear
from hybridbg.core.types import ByteArray, FloatArray

__all__ = ["CORRUPTIONS", "KEEPS_COLOURS", "corrupt"]

Truth = TypeVar("Truth", NDArray[np.bool_], FloatArray)
Corruption: TypeAlias = Callable[
    [ByteArray, NDArray[Any], np.random.Generator, ByteArray | None],
    tuple[ByteArray, NDArray[Any]],
]

REFERENCE_SIDE: Final = 512
DARK, BRIGHT = -2.0, 1.5
"""Exposure in stops; what grows brighter than white is cut off, as in a camera."""
GRADIENT: Final = (-1.5, 1.0)
"""Stops at two opposite ends of the picture; the direction is drawn."""
NOISE_SIGMA: Final = 0.08
"""Of Gaussian noise, independent in each channel, of full scale."""
BLUR_SIGMA: Final = 2.0
JPEG_QUALITY: Final = 30
REDUCTION: Final = 4
CAST: Final = (1.2, 1.0, 0.75)
"""Gains of red, green and blue; which channel gets which is drawn."""
HIDDEN: Final = 0.2
"""Share of the subject that the occluder covers."""
PATTERN: Final = 6
"""Cells of the occluder's pattern along each side."""
THINGS: Final = 40
THING_SIDES: Final = (0.08, 0.25)
"""How many pieces of the picture clutter its background, and their sides in long sides of it."""


def corrupt(
    name: str,
    image: ByteArray,
    truth: Truth,
    *,
    seed: int,
    foreground: ByteArray | None = None,
) -> tuple[ByteArray, Truth]:
    """Corrupt a photograph.

    Parameters
    ----------
    name : str
        A key of `CORRUPTIONS`.
    image : ndarray of shape (H, W, 3), uint8
        RGB, sRGB-coded.
    truth : ndarray of shape (H, W), bool or float32 in [0, 1]
        Where the subject is.
    seed : int
        Give each photograph its own.
    foreground : ndarray of shape (H, W, 3), uint8, optional
        The subject's true colours, sRGB-coded, to lay it over another background; estimated where
        they are not known.

    Returns
    -------
    image, truth
        New arrays of the same sizes and types, or those given where they do not change.

    Examples
    --------
    >>> image, truth = np.full((4, 4, 3), 128, np.uint8), np.ones((4, 4), bool)
    >>> int(corrupt("gamma-2", image, truth, seed=0)[0][0, 0, 0])
    64
    """
    return CORRUPTIONS[name](image, truth, np.random.default_rng(seed), foreground)


def _of_image(change: Callable[[ByteArray, np.random.Generator], ByteArray]) -> Corruption:
    """Make a corruption of a change that leaves the truth alone."""
    return lambda image, truth, rng, _foreground: (change(image, rng), truth)


def _gamma(exponent: float) -> Corruption:
    return _of_image(lambda image, _rng: _coded((image / 255) ** exponent))


def _exposure(stops: float) -> Corruption:
    return _of_image(lambda image, _rng: _exposed(image, np.float32(stops)))


def _exposed(image: ByteArray, stops: FloatArray | np.float32) -> ByteArray:
    light = srgb_to_linear(image.astype(np.float32) / 255) * np.exp2(stops)
    return _coded(linear_to_srgb(light.clip(0, 1)))


def _gradient(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Light that falls off across the picture."""
    angle = rng.uniform(0, 2 * np.pi)
    row, col = np.indices(image.shape[:2], dtype=np.float32)
    along = np.float32(np.sin(angle)) * row + np.float32(np.cos(angle)) * col
    share = (along - along.min()) / max(float(np.ptp(along)), 1)
    low, high = GRADIENT
    return _exposed(image, (low + (high - low) * share[..., None]).astype(np.float32))


def _cast(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    return _coded(image / 255 * rng.permutation(CAST))


def _noise(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    return _coded(image / 255 + rng.normal(0, NOISE_SIGMA, image.shape))


def _blur(image: ByteArray, _rng: np.random.Generator) -> ByteArray:
    import cv2

    sigma = BLUR_SIGMA * max(image.shape[:2]) / REFERENCE_SIDE
    blurred: ByteArray = cv2.GaussianBlur(image, (0, 0), sigma)
    return blurred


def _jpeg(image: ByteArray, _rng: np.random.Generator) -> ByteArray:
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "JPEG", quality=JPEG_QUALITY)
    with Image.open(packed) as picture:
        return np.array(picture.convert("RGB"))


def _low_resolution(image: ByteArray, _rng: np.random.Generator) -> ByteArray:
    import cv2

    rows, columns = image.shape[:2]
    small = (max(1, columns // REDUCTION), max(1, rows // REDUCTION))
    reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    enlarged: ByteArray = cv2.resize(reduced, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return enlarged


def _occluder(
    image: ByteArray,
    truth: NDArray[Any],
    rng: np.random.Generator,
    _foreground: ByteArray | None,
) -> tuple[ByteArray, NDArray[Any]]:
    """Lay an ellipse over a point of the subject, as large as hides its share.

    Its pattern has colours of the rest of the picture: a thing of the scene in front of the
    subject, not one that stands out more than the subject does.
    """
    import cv2

    subject = truth >= 0.5
    places = np.argwhere(subject)
    if not len(places):
        return image, truth
    centre = places[rng.integers(len(places))]
    angle, flatness = rng.uniform(0, np.pi), rng.uniform(0.5, 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    axes = turn * np.array([[1.0], [flatness]])
    every = np.moveaxis(np.indices(truth.shape), 0, -1)
    distance = np.linalg.norm((every - centre) @ axes.T, axis=-1)
    patch = distance <= np.quantile(distance[subject], HIDDEN)
    colours = image.reshape(-1, 3) if subject.all() else image[~subject]
    pattern = colours[rng.integers(len(colours), size=(PATTERN, PATTERN))]
    cloth = cv2.resize(pattern, truth.shape[::-1], interpolation=cv2.INTER_LINEAR)
    left = truth.copy()
    left[patch] = 0
    return np.where(patch[..., None], cloth, image), left


def _clutter(
    image: ByteArray,
    truth: NDArray[Any],
    rng: np.random.Generator,
    foreground: ByteArray | None,
) -> tuple[ByteArray, NDArray[Any]]:
    """Strew pieces of the whole picture, the subject's too, over the background alone."""
    from hybridbg.core.compositing import composite
    from hybridbg.matting import estimate_foreground

    behind = image.copy()
    for _ in range(THINGS):
        _strew(behind, image, rng)
    alpha = truth.astype(np.float32)
    subject = estimate_foreground(image, alpha) if foreground is None else foreground
    return _coded(composite(subject, alpha, behind)), truth


def _strew(behind: ByteArray, image: ByteArray, rng: np.random.Generator) -> None:
    """Lay an elliptic piece of the picture, turned, somewhere."""
    rows, columns = image.shape[:2]
    wanted = rng.uniform(*THING_SIDES, size=2) * max(rows, columns)
    height, width = (int(np.clip(side, 1, min(rows, columns))) for side in wanted)
    top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
    piece = np.rot90(image[top : top + height, left : left + width], int(rng.integers(4)))
    height, width = piece.shape[:2]
    top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
    down, right = (2 * (np.arange(side) + 0.5) / side - 1 for side in (height, width))
    round_piece = np.hypot(down[:, None], right) <= 1
    behind[top : top + height, left : left + width][round_piece] = piece[round_piece]


def _coded(values: NDArray[np.floating]) -> ByteArray:
    """Bring values of [0, 1], and those beyond, to bytes."""
    coded: ByteArray = np.rint(255 * values.clip(0, 1)).astype(np.uint8)
    return coded


CORRUPTIONS: Final[Mapping[str, Corruption]] = MappingProxyType(
    {
        "dark": _exposure(DARK),
        "bright": _exposure(BRIGHT),
        "gamma-0.5": _gamma(0.5),
        "gamma-2": _gamma(2.0),
        "colour-cast": _of_image(_cast),
        "light-gradient": _of_image(_gradient),
        "noise": _of_image(_noise),
        "blur": _of_image(_blur),
        "jpeg-30": _of_image(_jpeg),
        "quarter-resolution": _of_image(_low_resolution),
        "occluder": _occluder,
        "clutter": _clutter,
    }
)

KEEPS_COLOURS: Final = frozenset({"occluder", "clutter"})
"""Corruptions that leave the subject's own colours as they are, so that those can be judged."""
