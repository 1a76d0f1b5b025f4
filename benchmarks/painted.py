"""Pictures painted to tempt colour sampling: where closed form is at its best, or nearly.

Each is an image (float32, sRGB-coded, mixed as coded, so that the matting equation holds exactly),
its trimap and its true alpha. The tests use small ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Case = tuple[Array, NDArray[np.uint8], Array]

DIRECTIONS = ("across", "down", "radial")
SHAPE = 180, 240
GREEN = (0.15, 0.7, 0.25)
BROWN = (0.3, 0.2, 0.12)


def mixed(alpha: Array, foreground: object, background: object) -> Array:
    """Composite colours, one or one for each pixel."""
    share = alpha[..., None]
    image = share * np.float32(foreground) + (1 - share) * np.float32(background)
    return np.ascontiguousarray(image.clip(0, 1), dtype=np.float32)


def stored(image: Array, noise: float = 0.0, seed: int = 0) -> Array:
    """Return what an 8-bit file holds, after a sensor's noise."""
    grain = np.random.default_rng(seed).normal(0, noise, image.shape) if noise else 0
    return (np.round((image + grain).clip(0, 1) * 255) / 255).astype(np.float32)


def distances(shape: tuple[int, int], direction: str) -> Array:
    """0 at one end of the picture, or its middle, and 1 at the other."""
    row, col = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    if direction == "across":
        return col / (shape[1] - 1)
    if direction == "down":
        return row / (shape[0] - 1)
    return np.hypot(row - shape[0] / 2, col - shape[1] / 2) / (0.48 * min(shape))


def band(place: Array, low: float = 0.02, high: float = 0.98) -> NDArray[np.uint8]:
    """Trimap with background below, foreground above and the unknown between."""
    trimap = np.full(place.shape, 128, np.uint8)
    trimap[place <= low], trimap[place >= high] = 0, 255
    return trimap


def ramp(contrast: float, direction: str, shape: tuple[int, int] = (100, 300)) -> Case:
    """Alpha that grows evenly from background to foreground, each of one colour."""
    shape = shape if direction == "across" else (shape[1], shape[0])
    shape = (shape[0], shape[0]) if direction == "radial" else shape
    place = distances(shape, direction)
    alpha = ((place - 0.02) / 0.96).clip(0, 1)
    low = np.float32([0.4, 0.48, 0.5])
    return mixed(alpha, low + contrast * np.float32([1, 0.8, 0.6]), low), band(place), alpha


def soft_edge(contrast: float, width: float, tilt: float, shape: tuple[int, int] = SHAPE) -> Case:
    """Paint an edge amid much unknown, `width` of the picture wide; both colours tilt along it."""
    across, down = distances(shape, "across"), distances(shape, "down")
    alpha = ((across - 0.5) / width + 0.5).clip(0, 1)
    low = np.float32([0.35, 0.4, 0.3]) + tilt * (down + across - 1)[..., None] * [1, 0.9, 0.7]
    return mixed(alpha, low + contrast, low), band(across, 0.1, 0.9), alpha


def hairs(shape: tuple[int, int] = SHAPE, seed: int = 0, count: int = 60) -> tuple[Array, Array]:
    """Alpha of hairs a pixel wide that grow out of something opaque, and its trimap."""
    import cv2

    random = np.random.default_rng(seed)
    fine = np.zeros((4 * shape[0], 4 * shape[1]), np.uint8)
    for _ in range(count):
        steps = random.normal((0, -shape[0] / 48), (1.0, 0.4), (25, 2))
        start = random.uniform(0, shape[1]), 0.8 * shape[0]
        points = np.cumsum(np.vstack([start, steps]), axis=0)
        cv2.polylines(fine, [np.int32(4 * points)], False, 255, 4)
    alpha = cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    alpha[round(0.75 * shape[0]) :] = 1
    trimap = np.full(shape, 128, np.uint8)
    trimap[: shape[0] // 10], trimap[round(0.85 * shape[0]) :] = 0, 255
    return alpha, trimap


def screen(direction: str, light: float, colour: tuple[float, ...] = GREEN, seed: int = 0) -> Case:
    """Hairs before a screen whose light falls off by this much from side to side."""
    alpha, trimap = hairs(seed=seed)
    place = distances(alpha.shape, direction).clip(0, 1)[..., None]
    return mixed(alpha, BROWN, np.float32(colour) * (1 - light * place)), trimap, alpha


def hole(radius: float, shape: tuple[int, int] = SHAPE) -> Case:
    """Paint a hole in the foreground; what is known of the background is in a corner."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot(row - shape[0] / 2, col - shape[1] / 2)
    alpha = ((distance - radius) / 3).clip(0, 1).astype(np.float32)
    trimap = np.where(distance > radius + 25, 255, 128).astype(np.uint8)
    alpha[:6, :6], trimap[:6, :6] = 0, 0
    return mixed(alpha, (0.7, 0.3, 0.2), (0.2, 0.4, 0.6)), trimap, alpha


def clouds(shape: tuple[int, int], scale: float, seed: int, channels: int = 1) -> Array:
    """Blurred noise over the whole of 0..1."""
    import cv2

    noise = np.random.default_rng(seed).random((*shape, channels), dtype=np.float32)
    made = cv2.GaussianBlur(noise, (0, 0), scale).reshape(*shape, channels)
    low, high = made.min(axis=(0, 1)), made.max(axis=(0, 1))
    return ((made - low) / (high - low)).astype(np.float32)


def backdrop(kind: str, shape: tuple[int, int] = SHAPE, seed: int = 0) -> Array:
    """Paint a wall of one colour, one with light from the side, or something colourful."""
    wall = np.ones((*shape, 3), np.float32) * np.float32([0.3, 0.45, 0.6])
    if kind == "flat":
        return wall
    if kind == "lit":
        return wall * (0.7 + 0.6 * distances(shape, "across")[..., None])
    return 0.1 + 0.5 * clouds(shape, 5, seed + 7, 3)


def smoke(kind: str, seed: int = 0, shape: tuple[int, int] = SHAPE) -> Case:
    """Grey smoke, thick below and gone above."""
    down = distances(shape, "down")
    thick = (1.6 * down - 0.5 + 0.6 * (clouds(shape, 12, seed)[..., 0] - 0.5)).clip(0, 1)
    alpha = np.where(down > 0.93, 1, np.where(down < 0.06, 0, thick)).astype(np.float32)
    return (
        mixed(alpha, (0.85, 0.85, 0.88), backdrop(kind, shape, seed)),
        band(down, 0.05, 0.95),
        alpha,
    )


def motion(kind: str, length: int = 41, shape: tuple[int, int] = SHAPE) -> Case:
    """Paint a ball that moved during the exposure, further than it is wide at its ends."""
    import cv2

    row, col = np.mgrid[: shape[0], : shape[1]]
    ball = (np.hypot(row - shape[0] / 2, col - shape[1] / 2) < shape[0] / 4).astype(np.float32)
    alpha = cv2.blur(ball, (length, 1))
    return mixed(alpha, (0.8, 0.7, 0.2), backdrop(kind, shape)), around(alpha), alpha


def pane(kind: str, share: float, shape: tuple[int, int] = SHAPE) -> Case:
    """Paint a see-through pane in an opaque frame."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    side = np.maximum(abs(row / shape[0] - 0.5), abs(col / shape[1] - 0.5))
    alpha = np.where(side < 0.25, share, np.where(side < 0.35, 1, 0)).astype(np.float32)
    return mixed(alpha, (0.75, 0.8, 0.78), backdrop(kind, shape)), around(alpha), alpha


def around(alpha: Array, margin: int = 6) -> NDArray[np.uint8]:
    """Trimap with what is mixed, and a margin, unknown."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2)
    trimap = np.full(alpha.shape, 128, np.uint8)
    trimap[cv2.dilate(np.uint8(alpha > 0), disc) == 0] = 0
    trimap[cv2.erode(np.uint8(alpha == 1), disc) == 1] = 255
    return trimap


def painted() -> Iterator[tuple[str, Case]]:
    """Yield every case with its name: as 8 bits, with noise, and some as floats."""
    for name, (image, trimap, alpha) in scenes():
        yield f"{name}, 8 bit", (stored(image), trimap, alpha)
        yield f"{name}, noise .01", (stored(image, 0.01), trimap, alpha)
        if name.startswith(("ramp", "soft")):
            yield f"{name}, float", (image, trimap, alpha)


def scenes() -> Iterator[tuple[str, Case]]:
    """Yield every scene with its name, without noise."""
    for contrast in (0.05, 0.1, 0.2, 0.5):
        for direction in DIRECTIONS:
            yield f"ramp {direction} {contrast}", ramp(contrast, direction)
    for contrast in (0.1, 0.4):
        for width in (0.1, 0.4):
            for tilt in (0.0, 0.1):
                case = soft_edge(contrast, width, tilt)
                yield f"soft edge {contrast} wide {width} tilt {tilt}", case
    for light in (0.0, 0.2, 0.4, 0.7):
        for direction in DIRECTIONS if light else ("across",):
            yield f"screen {direction} {light}", screen(direction, light)
            wall = screen(direction, light, (0.55, 0.6, 0.65), seed=1)
            yield f"wall {direction} {light}", wall
    for radius in (8, 20, 40):
        yield f"hole {radius}", hole(radius)
    for kind in ("flat", "lit", "colourful"):
        yield f"smoke {kind}", smoke(kind)
        yield f"motion {kind}", motion(kind)
        for share in (0.2, 0.5):
            yield f"pane {share} {kind}", pane(kind, share)
