"""What a camera does to light: exposure, white balance, blur, noise, tone, JPEG.

Pictures enter as linear light, float32 (H, W, 3), 1 = white, and leave as sRGB-coded uint8.  The
transfer curves are tables: fast, and exact to half a code value.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rng = np.random.Generator

_CODES = np.arange(256) / 255.0
TO_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
_STEPS = 8192
_LIGHT = np.arange(_STEPS + 1) / _STEPS
FROM_LINEAR = np.where(
    _LIGHT <= 0.0031308, 12.92 * _LIGHT, 1.055 * np.maximum(_LIGHT, 1e-9) ** (1 / 2.4) - 0.055
).astype(np.float32)


def to_linear(image: Bytes) -> Floats:
    """Decode sRGB uint8 to linear light."""
    return TO_LINEAR[image]


def from_linear(light: Floats) -> Floats:
    """Encode linear light as sRGB, float32 in [0, 1]; clips."""
    return FROM_LINEAR[(np.clip(light, 0, 1) * _STEPS).astype(np.int32)]


def line_kernel(length: float, angle: float) -> Floats:
    """Kernel of a straight motion of `length` px."""
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    centre = size // 2
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [tuple(np.round(centre + sign * reach).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA)
    return kernel / kernel.sum()


def _tone(image: Floats, rng: Rng) -> Floats:
    """Contrast, saturation, gamma; sometimes grey."""
    if rng.random() < 0.5:
        image = np.clip(image, 0, 1) ** float(np.exp(rng.uniform(-0.45, 0.45)))
    if rng.random() < 0.6:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
        saturation = 0.0 if rng.random() < 0.08 else rng.uniform(0.5, 1.4)
        image = grey + saturation * (image - grey)
    if rng.random() < 0.5:
        image = (image - 0.5) * rng.uniform(0.75, 1.25) + 0.5 + rng.uniform(-0.08, 0.08)
    return image


def _low_resolution(image: Floats, rng: Rng) -> Floats:
    """Lose detail as an enlarged small picture has."""
    height, width = image.shape[:2]
    share = rng.uniform(0.25, 0.7)
    size = (max(16, round(width * share)), max(16, round(height * share)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _uneven_light(shape: tuple[int, ...], rng: Rng) -> Floats:
    """Light that falls off to one side, up to a factor of four from edge to edge."""
    angle, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.7)
    rows, cols = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return np.exp(fall * (rows * np.sin(angle) + cols * np.cos(angle))).astype(np.float32)[
        ..., None
    ]


def expose(light: Floats, rng: Rng) -> Bytes:
    """Photograph `light` with random settings; returns sRGB uint8 of the same size."""
    cast = 0.25 if rng.random() < 0.2 else 0.06
    gain = np.exp(rng.normal(0, 0.35)) * np.exp(rng.normal(0, cast, 3))
    if rng.random() < 0.25:
        light = light * _uneven_light(light.shape, rng)
    image = from_linear(light * gain.astype(np.float32))
    image = _tone(image, rng)
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.12:
        image = _low_resolution(image, rng)
    if rng.random() < 0.4:
        noise = np.empty(image.shape, np.float32)
        cv2.randn(noise, 0.0, float(rng.choice((0.008, 0.02, 0.05)) * rng.uniform(0.3, 1.2)))
        image = image + noise
    coded = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.integers(25, 96))
        _, packed = cv2.imencode(".jpg", coded, [cv2.IMWRITE_JPEG_QUALITY, quality])
        coded = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return coded
