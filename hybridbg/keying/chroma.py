"""Colours that a camera or a JPEG stored at half size, brought back to the edges of the light.

JPEG and video keep luma Y at full and chroma C at half resolution, along both axes (4:2:0) or along
the rows only (4:2:2, as many cameras do); a key lives on chroma, so its edges come out twice as
soft as the picture. Around a pixel the stored chroma is modelled as
affine in luma of the same softness, C = a blur(Y) + b (a guided filter, He et al. 2013), and what
blurring took from luma is given to chroma in that proportion: C + a (Y - blur(Y)). BT.601, coded
values.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.image import as_float
from hybridbg.core.types import FloatArray, PixelArray

__all__ = ["HALF_CHROMA_LEAST", "Halved", "halved_axes", "metric", "sharpen_chroma"]

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
# Standard deviations, in linear light, that luma and chroma stored at half size have at edges,
# where a JPEG's rounding rings: the bare screen shows nothing of it.
_LUMA_NOISE: Final = 0.003
_CHROMA_NOISE: Final = 0.01
# Detail is measured in so many bands of so many rows of a large picture.
_BANDS: Final = 12
_BAND_ROWS: Final = 32


class Halved(NamedTuple):
    """Along which axes chroma was stored at half size: down the columns, and along the rows."""

    down: bool
    along: bool


HALF_CHROMA_LEAST: Final = 0.005
"""Least standard deviation of a channel to reckon with at an edge of such a picture."""


def halved_axes(pixels: PixelArray) -> Halved:
    """Tell along which axes chroma of a picture, (H, W, 3) sRGB-coded, lacks the detail of luma."""
    import cv2

    rows = len(pixels)
    bands = [pixels]
    if rows > _BANDS * _BAND_ROWS:
        starts = np.linspace(0, rows - _BAND_ROWS, _BANDS).astype(int)
        bands = [pixels[start : start + _BAND_ROWS] for start in starts]
    finest, finer = np.zeros((2, 2, 3))
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


def _mean_square(detail: FloatArray) -> NDArray[np.float64]:
    import cv2

    return np.array(cv2.mean(cv2.multiply(detail, detail))[:3])


def sharpen_chroma(coded: FloatArray, halved: Halved) -> tuple[FloatArray, FloatArray]:
    """Bring the chroma of a picture, (H, W, 3) sRGB-coded, to the sharpness of its luma.

    Returns
    -------
    sharp : (H, W, 3) float32
    bled : (H, W) float32 in [0, 1]
        How far colours around a pixel differ, so that its own is a guess.
    """
    import cv2

    def around(plane: NDArray[Any]) -> FloatArray:
        mean: FloatArray = cv2.GaussianBlur(plane, (0, 0), _WINDOW)
        return mean

    luma, *chroma = np.moveaxis(coded @ _YCC.T, -1, 0)
    reach = [2 * round(_REACH * _SOFTNESS) + 1 if soft else 1 for soft in halved]
    soft = cv2.GaussianBlur(luma, reach[::-1], _SOFTNESS)
    mean = around(soft)
    variance = around(soft * soft) - mean * mean
    planes, spread = [luma], np.zeros_like(luma)
    for plane in chroma:
        middle = around(plane)
        spread += around(plane * plane) - middle * middle
        covariance = around(soft * plane) - mean * middle
        planes.append(plane + around(covariance / (variance + _EPSILON)) * (luma - soft))
    sharp = np.stack(planes, axis=-1) @ np.linalg.inv(_YCC).T.astype(np.float32)
    low, high = _BLED
    bled = ((np.sqrt(spread.clip(0)) - low) / (high - low)).clip(0, 1)
    return np.ascontiguousarray(sharp.clip(0, 1)), bled


def metric() -> FloatArray:
    """Give (3, 3) axes along which linear light of such a picture has noise of length one.

    Luma says much more there than chroma, which was guessed.
    """
    noise = np.array([_LUMA_NOISE, _CHROMA_NOISE, _CHROMA_NOISE], dtype=np.float32)
    axes: FloatArray = _YCC / noise[:, None]
    return axes
