"""Colours that a camera or a JPEG stored at half size, brought back to the edges of the light.

JPEG and video keep luma Y at full and chroma C at half resolution (4:2:0); a key lives on chroma,
so its edges come out twice as soft as the picture. Around a pixel the stored chroma is modelled as
affine in luma of the same softness, C = a blur(Y) + b (a guided filter, He et al. 2013), and what
blurring took from luma is given to chroma in that proportion: C + a (Y - blur(Y)). BT.601, coded
values.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.image import as_float
from hybridbg.core.types import FloatArray, PixelArray

__all__ = ["HALF_CHROMA_LEAST", "has_half_chroma", "metric", "sharpen_chroma"]

# BT.601: rows are Y, Cb, Cr of RGB.
_YCC: Final = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]],
    dtype=np.float32,
)
# Chroma as sharp as luma has 0.5 to 2 times luma's share of the finest detail, halved chroma 0.15.
_LEAST_DETAIL: Final = 0.3
# Pixels: softness of halved chroma, and window of the affine model.
_SOFTNESS: Final = 1.3
_WINDOW: Final = 2.0
# Its regularisation: the variance of luma that a grey level of noise makes. Hair is no more than
# some levels lighter or darker than the screen.
_EPSILON: Final = 2e-5
# Detail below this variance is rounding.
_LEAST_VARIANCE: Final = 1e-7
# Standard deviations, in linear light, that luma and chroma stored at half size have at edges,
# where a JPEG's rounding rings: the bare screen shows nothing of it.
_LUMA_NOISE: Final = 0.003
_CHROMA_NOISE: Final = 0.01
# Detail is measured in so many bands of so many rows of a large picture.
_BANDS: Final = 12
_BAND_ROWS: Final = 32

HALF_CHROMA_LEAST: Final = 0.005
"""Least standard deviation of a channel to reckon with at an edge of such a picture."""


def has_half_chroma(pixels: PixelArray) -> bool:
    """Tell whether chroma of a picture, (H, W, 3) sRGB-coded, lacks the detail that luma has."""
    import cv2

    rows = len(pixels)
    bands = [pixels]
    if rows > _BANDS * _BAND_ROWS:
        starts = np.linspace(0, rows - _BAND_ROWS, _BANDS).astype(int)
        bands = [pixels[start : start + _BAND_ROWS] for start in starts]
    finest, finer = np.zeros(3), np.zeros(3)
    for band in bands:
        ycc = cv2.transform(as_float(band), _YCC)
        fine, coarse = cv2.blur(ycc, (3, 3)), cv2.blur(ycc, (7, 7))
        finest += _mean_square(ycc - fine)
        finer += _mean_square(fine - coarse)
    shares = finest / (finer + len(bands) * _LEAST_VARIANCE)
    return bool(shares[1:].max() < _LEAST_DETAIL * shares[0])


def _mean_square(detail: FloatArray) -> NDArray[np.float64]:
    import cv2

    return np.array(cv2.mean(cv2.multiply(detail, detail))[:3])


def sharpen_chroma(coded: FloatArray) -> FloatArray:
    """Bring the chroma of a picture, (H, W, 3) sRGB-coded, to the sharpness of its luma."""
    import cv2

    def around(plane: NDArray[Any]) -> FloatArray:
        mean: FloatArray = cv2.GaussianBlur(plane, (0, 0), _WINDOW)
        return mean

    luma, *chroma = np.moveaxis(coded @ _YCC.T, -1, 0)
    soft = cv2.GaussianBlur(luma, (0, 0), _SOFTNESS)
    mean = around(soft)
    variance = around(soft * soft) - mean * mean
    planes = [luma]
    for plane in chroma:
        covariance = around(soft * plane) - mean * around(plane)
        planes.append(plane + around(covariance / (variance + _EPSILON)) * (luma - soft))
    sharp = np.stack(planes, axis=-1) @ np.linalg.inv(_YCC).T.astype(np.float32)
    return np.ascontiguousarray(sharp.clip(0, 1))


def metric() -> FloatArray:
    """Give (3, 3) axes along which linear light of such a picture has noise of length one.

    Luma says much more there than chroma, which was guessed.
    """
    noise = np.array([_LUMA_NOISE, _CHROMA_NOISE, _CHROMA_NOISE], dtype=np.float32)
    axes: FloatArray = _YCC / noise[:, None]
    return axes
