"""What cameras, files and the world do to a photograph, each the same for the same seed.

Pictures are (H, W, 3) uint8, RGB, sRGB-coded; truths are (H, W) bool. Lengths are in pixels of a
picture of 512 pixels on its long side, so that sizes compare. Only the occluder changes the truth:
what it hides is no longer there to be found.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["CORRUPTIONS", "corrupt"]

Pixels: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]
Corruption: TypeAlias = Callable[[Pixels, Mask, np.random.Generator], tuple[Pixels, Mask]]

REFERENCE_SIDE: Final = 512
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


def corrupt(name: str, image: Pixels, truth: Mask, *, seed: int) -> tuple[Pixels, Mask]:
    """Corrupt a photograph.

    Parameters
    ----------
    name : str
        A key of `CORRUPTIONS`.
    image : ndarray of shape (H, W, 3), uint8
        RGB, sRGB-coded.
    truth : ndarray of shape (H, W), bool
        Where the subject is.
    seed : int
        Give each photograph its own.

    Returns
    -------
    image, truth
        New arrays of the same sizes, or those given where they do not change.

    Examples
    --------
    >>> image, truth = np.full((4, 4, 3), 128, np.uint8), np.ones((4, 4), bool)
    >>> int(corrupt("gamma 2", image, truth, seed=0)[0][0, 0, 0])
    64
    """
    return CORRUPTIONS[name](image, truth, np.random.default_rng(seed))


def _of_image(change: Callable[[Pixels, np.random.Generator], Pixels]) -> Corruption:
    """Make a corruption of a change that leaves the truth alone."""
    return lambda image, truth, rng: (change(image, rng), truth)


def _gamma(exponent: float) -> Corruption:
    return _of_image(lambda image, _rng: _coded((image / 255) ** exponent))


def _cast(image: Pixels, rng: np.random.Generator) -> Pixels:
    return _coded(image / 255 * rng.permutation(CAST))


def _noise(image: Pixels, rng: np.random.Generator) -> Pixels:
    return _coded(image / 255 + rng.normal(0, NOISE_SIGMA, image.shape))


def _blur(image: Pixels, _rng: np.random.Generator) -> Pixels:
    import cv2

    sigma = BLUR_SIGMA * max(image.shape[:2]) / REFERENCE_SIDE
    blurred: Pixels = cv2.GaussianBlur(image, (0, 0), sigma)
    return blurred


def _jpeg(image: Pixels, _rng: np.random.Generator) -> Pixels:
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "JPEG", quality=JPEG_QUALITY)
    with Image.open(packed) as picture:
        return np.array(picture.convert("RGB"))


def _low_resolution(image: Pixels, _rng: np.random.Generator) -> Pixels:
    import cv2

    rows, columns = image.shape[:2]
    small = (max(1, columns // REDUCTION), max(1, rows // REDUCTION))
    reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    enlarged: Pixels = cv2.resize(reduced, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return enlarged


def _occluder(image: Pixels, truth: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
    """Lay an ellipse over a point of the subject, as large as hides its share.

    Its pattern has colours of the rest of the picture: a thing of the scene in front of the
    subject, not one that stands out more than the subject does.
    """
    import cv2

    places = np.argwhere(truth)
    if not len(places):
        return image, truth
    centre = places[rng.integers(len(places))]
    angle, flatness = rng.uniform(0, np.pi), rng.uniform(0.5, 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    axes = turn * np.array([[1.0], [flatness]])
    every = np.moveaxis(np.indices(truth.shape), 0, -1)
    distance = np.linalg.norm((every - centre) @ axes.T, axis=-1)
    patch = distance <= np.quantile(distance[truth], HIDDEN)
    colours = image.reshape(-1, 3) if truth.all() else image[~truth]
    pattern = colours[rng.integers(len(colours), size=(PATTERN, PATTERN))]
    cloth = cv2.resize(pattern, truth.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(patch[..., None], cloth, image), truth & ~patch


def _coded(values: NDArray[np.floating]) -> Pixels:
    """Bring values of [0, 1], and those beyond, to bytes."""
    return np.rint(255 * values.clip(0, 1)).astype(np.uint8)


CORRUPTIONS: Final[Mapping[str, Corruption]] = MappingProxyType(
    {
        "gamma 0.5": _gamma(0.5),
        "gamma 2": _gamma(2.0),
        "colour cast": _of_image(_cast),
        "noise": _of_image(_noise),
        "blur": _of_image(_blur),
        "JPEG 30": _of_image(_jpeg),
        "1/4 resolution": _of_image(_low_resolution),
        "occluder": _occluder,
    }
)
