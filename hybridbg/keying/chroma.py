"""Colours that a file stored roughly: at half size, or in a JPEG's blocks.

JPEG and video keep luma Y at full and chroma C at half resolution, along both axes (4:2:0) or along
the rows only (4:2:2, as many cameras do); a key lives on chroma, so its edges come out twice as
soft as the picture. Around a pixel the stored chroma is modelled as affine in luma of the same
softness, C = a blur(Y) + b (a guided filter, He et al. 2013), and what blurring took from luma is
given to chroma in that proportion: C + a (Y - blur(Y)). BT.601, coded values.

A JPEG rounds what varies within a block of 8 x 8 pixels, so that edges ring where a bare screen
shows no noise at all. Its blocks give it away: steps between them are larger than within.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.image import as_float
from hybridbg.core.types import FloatArray, PixelArray

__all__ = [
    "LEAST_EDGE_NOISE",
    "Halved",
    "bleeding",
    "edge_metric",
    "halved_axes",
    "has_blocks",
    "sharpen_chroma",
]

# BT.601: rows are Y, Cb, Cr of RGB.
_YCC: Final = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]],
    dtype=np.float32,
)
# Of the finest detail along an axis chroma as sharp as luma has 0.6 to 2 times luma's share, halved
# chroma 0.15 to 0.45; one axis of a picture that is halved both ways up to 0.6, as a JPEG's
# rounding adds some.
_LEAST_DETAIL: Final = 0.5
_LEAST_BESIDE_HALVED: Final = 0.65
# Pixels: softness of halved chroma, with so many of it to either side, and window of the affine
# model.
_SOFTNESS: Final = 1.3
_REACH: Final = 4
_WINDOW: Final = 2.0
# Standard deviation of chroma in that window up to which a pixel's is its own, and from which it is
# guessed.
_BLED: Final = (0.007, 0.025)
# Its regularisation: the variance of luma that a grey level of noise makes. Hair is no more than
# some levels lighter or darker than the screen.
_EPSILON: Final = 2e-5
# Detail below this variance, and a share of it below that, is rounding.
_LEAST_VARIANCE: Final = 1e-7
_LEAST_SHARE: Final = 0.01
# Side of a JPEG's blocks. Steps of luma beyond this are edges and tell nothing; where blocks meet
# they are larger by at least this part, and stand out from those at any other place so many times.
_BLOCK: Final = 8
_EDGE: Final = 4 / 255
_LEAST_STEP: Final = 0.03
_OUTSTANDING: Final = 1.5
# Standard deviations, in linear light, that luma and chroma stored roughly have at edges.
_LUMA_NOISE: Final = 0.003
_CHROMA_NOISE: Final = 0.01
# Detail is measured in so many bands of so many rows of a large picture.
_BANDS: Final = 12
_BAND_ROWS: Final = 32


class Halved(NamedTuple):
    """Along which axes chroma was stored at half size: down the columns, and along the rows."""

    down: bool
    along: bool


LEAST_EDGE_NOISE: Final = 0.005
"""Least standard deviation of a channel to reckon with at such an edge."""


def halved_axes(pixels: PixelArray) -> Halved:
    """Tell along which axes chroma of a picture, (H, W, 3) sRGB-coded, lacks the detail of luma."""
    import cv2

    finest, finer = np.zeros((2, 2, 3))
    bands = _bands(pixels)
    for band in bands:
        ycc = cv2.transform(as_float(band), _YCC)
        for axis, windows in enumerate((((1, 3), (1, 7)), ((3, 1), (7, 1)))):
            fine, coarse = (cv2.blur(ycc, window) for window in windows)
            finest[axis] += _mean_square(ycc - fine)
            finer[axis] += _mean_square(fine - coarse)
    luma, *chroma = (finest / (finer + len(bands) * _LEAST_VARIANCE)).T
    most = np.max(chroma, axis=0)
    # Who halves one axis mostly halves both.
    one = bool((most < _LEAST_DETAIL * luma).any())
    less = most < (_LEAST_BESIDE_HALVED if one else _LEAST_DETAIL) * luma
    down, along = less & (luma > _LEAST_SHARE)
    return Halved(bool(down), bool(along))


def has_blocks(pixels: PixelArray) -> bool:
    """Tell whether a picture, (H, W, 3) sRGB-coded, came from a JPEG that rounded visibly."""
    if min(pixels.shape[:2]) < 2 * _BLOCK:
        return False
    steps = np.zeros((2, _BLOCK))
    for band in _bands(pixels):
        luma = as_float(band) @ _YCC[0]
        for axis, plane in enumerate((luma.T, luma)):
            step = np.abs(np.diff(plane, axis=1)).clip(0, _EDGE).mean(axis=0)
            whole = step[: len(step) // _BLOCK * _BLOCK]
            steps[axis] += whole.reshape(-1, _BLOCK).mean(axis=0)
    steps.sort(axis=1)
    usual = np.median(steps[:, :-1], axis=1)
    runner_up, most = steps[:, -2] - usual, steps[:, -1] - usual
    return bool(((most > _LEAST_STEP * usual) & (most > _OUTSTANDING * runner_up)).all())


def _bands(pixels: PixelArray) -> list[PixelArray]:
    """Enough of a large picture, in bands that begin with a block."""
    rows = len(pixels)
    if rows <= _BANDS * _BAND_ROWS:
        return [pixels]
    starts = np.linspace(0, rows - _BAND_ROWS, _BANDS).astype(int) // _BLOCK * _BLOCK
    return [pixels[start : start + _BAND_ROWS] for start in starts]


def _mean_square(detail: FloatArray) -> NDArray[np.float64]:
    import cv2

    return np.array(cv2.mean(cv2.multiply(detail, detail))[:3])


def sharpen_chroma(coded: FloatArray, halved: Halved) -> FloatArray:
    """Bring the chroma of a picture, (H, W, 3) sRGB-coded, to the sharpness of its luma."""
    import cv2

    luma, *chroma = np.moveaxis(coded @ _YCC.T, -1, 0)
    reach = [2 * round(_REACH * _SOFTNESS) + 1 if soft else 1 for soft in halved]
    soft = cv2.GaussianBlur(luma, reach[::-1], _SOFTNESS)
    mean = _around(soft)
    variance = _around(soft * soft) - mean * mean
    planes = [luma]
    for plane in chroma:
        covariance = _around(soft * plane) - mean * _around(plane)
        planes.append(plane + _around(covariance / (variance + _EPSILON)) * (luma - soft))
    sharp = np.stack(planes, axis=-1) @ np.linalg.inv(_YCC).T.astype(np.float32)
    return np.ascontiguousarray(sharp.clip(0, 1))


def bleeding(coded: FloatArray) -> FloatArray:
    """Tell how far colours around a pixel of a rough picture differ, so that its own is a guess.

    Parameters
    ----------
    coded : (H, W, 3) float32 in [0, 1]
        sRGB-coded.

    Returns
    -------
    (H, W) float32 in [0, 1]
    """
    chroma = np.ascontiguousarray(coded @ _YCC[1:].T)
    mean = _around(chroma)
    spread = np.sqrt((_around(chroma * chroma) - mean * mean).sum(axis=-1).clip(0))
    low, high = _BLED
    bled: FloatArray = ((spread - low) / (high - low)).clip(0, 1)
    return bled


def _around(planes: NDArray[Any]) -> FloatArray:
    import cv2

    mean: FloatArray = cv2.GaussianBlur(planes, (0, 0), _WINDOW)
    return mean


def edge_metric() -> FloatArray:
    """Give (3, 3) axes along which linear light at such an edge has noise of length one.

    Luma says much more there than chroma, which is a guess.
    """
    noise = np.array([_LUMA_NOISE, _CHROMA_NOISE, _CHROMA_NOISE], dtype=np.float32)
    axes: FloatArray = _YCC / noise[:, None]
    return axes
