"""Screen shots painted from a seed, with exact alpha, straight foreground and plate.

Everything is painted in linear light on a grid several times finer than the picture and averaged,
so that alpha is the true coverage; the camera (noise, 8-bit sRGB, JPEG) comes last. Lengths are in
parts of the picture's height, points are (x, y). What a layer lies before does not matter to it: a
scene is `alpha * foreground + (1 - alpha) * plate` to the last bit before the camera sees it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hybridbg.core.colour import linear_to_srgb, parse_colour, srgb_to_linear

Array = NDArray[np.float32]
Point = tuple[float, float]

SIZE = 360, 640
"""Rows and columns of a picture unless another size is asked for."""

FINE = 4
"""Samples per pixel and direction."""

GREEN = (0.075, 0.36, 0.095)
BLUE = (0.03, 0.085, 0.34)
"""Paint on a wall, as a camera sees it, linear light: far from pure."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture before a screen, and the truth about it.

    Attributes
    ----------
    image : (H, W, 3) uint8, sRGB-coded
    alpha : (H, W) float32
    foreground : (H, W, 3) float32
        Straight, linear light, without the screen's light on it; 0 where alpha is 0.
    plate : (H, W, 3) float32
        Linear light: the screen with its markers and the subject's shadow.
    shadow : (H, W) float32, or None
        Part of the screen's light that the subject's shadow takes away, if it casts one.
    """

    image: NDArray[np.uint8]
    alpha: Array
    foreground: Array
    plate: Array
    shadow: Array | None = None


class Canvas:
    """A layer being painted: premultiplied linear RGBA on the fine grid."""

    def __init__(self, size: tuple[int, int], fine: int = FINE) -> None:
        self.size, self.fine = size, fine
        self.unit = size[0] * fine
        self.aspect = size[1] / size[0]
        self.pixels = np.zeros((size[0] * fine, size[1] * fine, 4), np.float32)

    def mask(self) -> NDArray[np.uint8]:
        """Nothing, on the fine grid."""
        return np.zeros(self.pixels.shape[:2], np.uint8)

    def grid(self) -> tuple[Array, Array]:
        """X and y of every sample."""
        y, x = np.mgrid[: self.pixels.shape[0], : self.pixels.shape[1]].astype(np.float32)
        return (x + 0.5) / self.unit, (y + 0.5) / self.unit

    def polygon(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Mask of a polygon."""
        return cv2.fillPoly(self.mask(), [np.int32(np.array(points) * self.unit)], 1)

    def ellipse(self, centre: Point, radii: Point, turn: float = 0) -> NDArray[np.uint8]:
        """Mask of an ellipse."""
        middle, axes = (tuple(np.int32(np.array(p) * self.unit).tolist()) for p in (centre, radii))
        return cv2.ellipse(self.mask(), middle, axes, turn, 0, 360, 1, -1)

    def fill(self, mask: NDArray[Any], colour: Any, alpha: Any = 1.0) -> None:
        """Lay a colour (or a picture) over everything where the mask is."""
        cover = (mask * np.float32(1) * alpha).astype(np.float32)[..., None]
        paint = np.ones((*mask.shape, 4), np.float32)
        paint[..., :3] = colour
        self.pixels = cover * paint + (1 - cover) * self.pixels

    def line(self, points: Array, width: float, colour: Any) -> None:
        """Draw a curve; `width` in pixels of the picture."""
        fixed = np.int32(points * self.unit * 16)
        thick = max(1, round(width * self.fine))
        cv2.polylines(self.pixels, [fixed], False, (*map(float, colour), 1.0), thick, shift=4)

    def layer(self) -> Array:
        """Average to pixels."""
        return cv2.resize(self.pixels, self.size[::-1], interpolation=cv2.INTER_AREA)


def rgb(code: str) -> Array:
    """Linear light of a colour as people write it."""
    return srgb_to_linear(parse_colour(code))


def clouds(random: np.random.RandomState, shape: tuple[int, int], scale: float) -> Array:
    """Smooth noise of mean 0 and standard deviation 1; `scale` in parts of the height."""
    coarse = max(2, round(4 / scale))
    seeds = random.standard_normal((coarse, round(coarse * shape[1] / shape[0]) + 1))
    made = cv2.resize(seeds.astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (made - made.mean()) / made.std()


def over(*layers: Array) -> Array:
    """Lay premultiplied layers over one another, the last on top."""
    total = np.zeros_like(layers[0])
    for layer in layers:
        total = layer + (1 - layer[..., 3:]) * total
    return total


def bezier(*control: Any, steps: int = 24) -> Array:
    """Points of the Bezier curve of these control points."""
    t = np.linspace(0, 1, steps)[:, None]
    level = [np.asarray(point, dtype=np.float64) for point in control]
    while len(level) > 1:
        level = [a * (1 - t) + b * t for a, b in itertools.pairwise(level)]
    return level[0].astype(np.float32)


def person(
    canvas: Canvas,
    random: np.random.RandomState,
    *,
    hair: tuple[str, str] = ("#120b08", "#8a5a3c"),
    cloth: str = "#77797d",
    middle: float = 0.5,
    flying: int = 260,
) -> None:
    """Paint head and shoulders from the front; `middle` in parts of the width."""
    x, y = canvas.grid()
    c = middle * canvas.aspect
    back = canvas.ellipse((c, 0.40), (0.165, 0.235)) | canvas.ellipse((c, 0.52), (0.15, 0.22))
    canvas.fill(back, 0.5 * rgb(hair[0]) + 0.04 * rgb(hair[1]))
    _clothes(canvas, random, cloth, c)
    skin = (
        rgb("#c98f6c")
        * (1.05 - 1.2 * (x - c) ** 2 / 0.02 - 0.35 * (y - 0.3)).clip(0.4, 1.2)[..., None]
    )
    canvas.fill(canvas.polygon([(c - 0.06, 0.5), (c + 0.06, 0.5), (c + 0.07, 0.72), (c, 0.76),
                                (c - 0.07, 0.72)]), 0.75 * skin)  # fmt: skip
    canvas.fill(canvas.ellipse((c, 0.42), (0.118, 0.165)), skin)
    for side in (-1, 1):
        eye = c + 0.045 * side, 0.40
        canvas.fill(canvas.ellipse(eye, (0.02, 0.0095)), rgb("#e8e4e0"))
        canvas.fill(canvas.ellipse(eye, (0.0095, 0.0095)), rgb("#30241c"))
        canvas.fill(canvas.ellipse((eye[0], 0.372), (0.026, 0.005)), rgb(hair[0]))
    canvas.fill(canvas.ellipse((c, 0.505), (0.036, 0.011)), rgb("#9c4a44"))
    canvas.fill(canvas.ellipse((c - 0.008, 0.45), (0.008, 0.02)), 0.8 * skin)
    _hair(canvas, random, hair, c, flying)


def _clothes(canvas: Canvas, random: np.random.RandomState, cloth: str, c: float) -> None:
    left = bezier((c - 0.06, 0.655), (c - 0.22, 0.72), (c - 0.34, 0.70), (c - 0.40, 1.05))
    right = bezier((c + 0.40, 1.05), (c + 0.34, 0.70), (c + 0.22, 0.72), (c + 0.06, 0.655))
    outline = [tuple(p) for p in np.vstack([left, right]).tolist()]
    x, y = canvas.grid()
    folds = 1 + 0.16 * clouds(random, x.shape, 0.12) + 0.05 * np.sin(900 * (x + 0.3 * y))
    light = folds * (1.1 - 1.6 * (x - c - 0.06) ** 2)
    canvas.fill(canvas.polygon(outline), rgb(cloth) * light.clip(0.25, 1.4)[..., None])


def _hair(
    canvas: Canvas, random: np.random.RandomState, hair: tuple[str, str], c: float, flying: int
) -> None:
    """Paint strands from the crown, along the face and over the shoulders, then what flies."""
    dark, light = rgb(hair[0]), rgb(hair[1])
    for index in range(900 + flying):
        free = index >= 900
        side = 1 if random.rand() < 0.5 else -1
        u = 0.35 + 0.65 * random.rand()
        out = c + side * (0.115 + 0.065 * u)
        start = (c + side * 0.03 * random.randn(), 0.195 + 0.012 * random.randn())
        end = np.array([c + side * (0.09 + 0.10 * u), 0.58 + 0.2 * random.rand()])
        curl = 0.012 * random.randn(2)
        points = bezier(start, (out, 0.15 + 0.06 * random.rand()), (out + curl[0], 0.42),
                        (out + 2 * curl[1], 0.5), end + 2 * curl)  # fmt: skip
        if free:
            points = points[random.randint(12) :]
            along = np.linspace(0, 1, len(points), dtype=np.float32)[:, None] ** 1.5
            wind = np.float32([side * (0.02 + 0.11 * random.rand()), -0.05 + 0.09 * random.randn()])
            points = points + along * wind
            points += 0.006 * np.sin(9 * along + 6 * random.rand()) * np.float32([1, 0.4])
        tone = (0.15 + 0.5 * random.rand() ** 2 + 0.3 * free) * np.float32(1)
        width = (0.25 + 0.35 * random.rand()) if free else (0.5 + 0.7 * random.rand())
        canvas.line(points, width, dark * (1 - tone) + light * tone)


def figure(canvas: Canvas, random: np.random.RandomState, *, foot: Point, height: float,
           shirt: str = "#7a2f2a") -> None:  # fmt: skip
    """Paint somebody standing, from head to foot."""
    shape = canvas.pixels.shape[:2]
    light = (1 + 0.15 * clouds(random, shape, 0.05 + 0.1 * height)).clip(0.4, 1.5)[..., None]

    def at(px: float, py: float) -> Point:
        return foot[0] + px * height, foot[1] - (1 - py) * height

    def limb(points: Sequence[Point], width: float, code: str) -> None:
        fine = canvas.mask()
        fixed = np.int32(np.array([at(*p) for p in points]) * canvas.unit)
        cv2.polylines(fine, [fixed], False, 1, max(1, round(width * height * canvas.unit)))
        canvas.fill(fine, rgb(code) * light)

    for side in (-1, 1):
        limb([(0.05 * side, 0.5), (0.07 * side, 0.75), (0.075 * side, 0.96)], 0.075, "#2d3a55")
        canvas.fill(canvas.ellipse(at(0.09 * side, 0.98), (0.05 * height, 0.02 * height)),
                    rgb("#1c1a19"))  # fmt: skip
        limb([(0.10 * side, 0.22), (0.19 * side, 0.36), (0.16 * side, 0.5)], 0.05, shirt)
        canvas.fill(canvas.ellipse(at(0.16 * side, 0.51), (0.025 * height,) * 2), rgb("#c98f6c"))
    canvas.fill(canvas.polygon([at(-0.125, 0.19), at(0.125, 0.19), at(0.1, 0.54), at(-0.1, 0.54)]),
                rgb(shirt) * light)  # fmt: skip
    limb([(0, 0.12), (0, 0.2)], 0.06, "#b97f5e")
    canvas.fill(canvas.ellipse(at(0, 0.085), (0.052 * height, 0.072 * height)), rgb("#c98f6c"))
    canvas.fill(canvas.ellipse(at(0, 0.055), (0.056 * height, 0.05 * height)), rgb("#2a1a12"))
    canvas.fill(canvas.ellipse(at(0, 0.1), (0.043 * height, 0.045 * height)), rgb("#c98f6c"))


def glassware(canvas: Canvas, middle: float, tint: str = "#dfe6e4") -> None:
    """Paint a wine glass and a bottle: clear bodies, denser rims, opaque highlights."""
    c = middle * canvas.aspect
    x, y = canvas.grid()
    bowl = canvas.ellipse((c - 0.2, 0.42), (0.13, 0.2)) & (y > 0.3)
    thick = np.abs(x - (c - 0.2)) / 0.13
    canvas.fill(bowl, 0.5 * rgb(tint), 0.10 + 0.5 * thick.clip(0, 1) ** 6)
    canvas.fill(bowl & (y > 0.45), rgb("#5a0f1c") * (0.4 + y)[..., None], 0.72)
    for mask in (canvas.polygon([(c - 0.208, 0.61), (c - 0.192, 0.61), (c - 0.19, 0.86),
                                 (c - 0.21, 0.86)]),
                 canvas.ellipse((c - 0.2, 0.87), (0.1, 0.018))):  # fmt: skip
        canvas.fill(mask, 0.7 * rgb(tint), 0.45)
    body = canvas.polygon([(c + 0.08, 0.9), (c + 0.08, 0.42), (c + 0.145, 0.3), (c + 0.15, 0.12),
                           (c + 0.21, 0.12), (c + 0.215, 0.3), (c + 0.28, 0.42),
                           (c + 0.28, 0.9)])  # fmt: skip
    edge = np.abs(x - (c + 0.18)) / 0.1
    canvas.fill(body, 0.35 * rgb("#b8c8cc"), 0.22 + 0.45 * edge.clip(0, 1) ** 5)
    canvas.fill(body & (y > 0.55) & (y < 0.75), rgb("#e6ddc8") * (1.1 - 0.4 * edge)[..., None])
    for place in ((c - 0.27, 0.42), (c + 0.105, 0.5)):
        canvas.fill(canvas.ellipse(place, (0.008, 0.07)), np.float32([0.95] * 3), 0.85)


def moving(layer: Array, length: float, turn: float = 0.0) -> Array:
    """Average a layer over the way it went while the shutter was open; `length` in pixels."""
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1,) * 2, np.float32)
    for t in np.linspace(-0.5, 0.5, 8 * reach):
        x, y = reach + t * length * np.cos(turn), reach + t * length * np.sin(turn)
        left, top = int(x), int(y)
        for dy, dx in np.ndindex(2, 2):
            share = (1 - abs(x - left - dx)) * (1 - abs(y - top - dy))
            kernel[min(top + dy, 2 * reach), min(left + dx, 2 * reach)] += share
    return cv2.filter2D(layer, -1, kernel / kernel.sum(), borderType=cv2.BORDER_CONSTANT)


def ball(canvas: Canvas, centre: Point, radius: float, code: str) -> None:
    """Paint a ball lit from the upper left."""
    x, y = canvas.grid()
    v, u = (y - centre[1]) / radius, (x - centre[0]) / radius
    lit = 0.3 + 0.8 * (0.7 * np.sqrt((1 - u * u - v * v).clip(0, 1)) - 0.4 * u - 0.5 * v)
    canvas.fill(canvas.ellipse(centre, (radius, radius)), rgb(code) * lit.clip(0.1, 1.2)[..., None])


def wall(
    size: tuple[int, int],
    random: np.random.RandomState,
    colour: Sequence[float] = GREEN,
    *,
    uneven: float = 0.0,
) -> Array:
    """Paint a screen: falloff and weave; `uneven` 1 is a hot spot, creases and a drifting tint."""
    rows, columns = size
    y, x = np.mgrid[:rows, :columns].astype(np.float32) / rows
    light = 1 - 0.08 * (x - 0.9) ** 2 - 0.08 * (y - 0.4) ** 2
    spot = np.exp(-(((y - 0.25) / 0.55) ** 2) - ((x - 0.5) / 0.7) ** 2)
    light = light * (1 - uneven) + uneven * (0.4 + 0.8 * spot)
    light += 0.04 * uneven * clouds(random, size, 0.5) + 0.006 * clouds(random, size, 0.02)
    for _ in range(round(6 * uneven)):
        across = x - random.rand() * columns / rows - 0.4 * (random.rand() - 0.5) * y
        across = across + 0.02 * clouds(random, size, 0.6)
        crease = np.exp(-((across / 0.022) ** 2)) - 1.4 * np.exp(-(((across - 0.026) / 0.022) ** 2))
        light += 0.035 * uneven * crease
    drift = uneven * (0.08 * (x - 0.9) + 0.03 * clouds(random, size, 0.6))
    tint = np.stack([1 + drift, np.ones_like(drift), 1 - 1.3 * drift], axis=-1)
    return (np.float32(colour) * tint * light.clip(0.1, 2)[..., None]).astype(np.float32)


def lit_by_screen(layer: Array, plate: Array, amount: float) -> Array:
    """Add the screen's light to a layer, most at its edges: what reaches the camera as spill."""
    reach = 0.06 * layer.shape[0]
    open_side = 1 - cv2.GaussianBlur(layer[..., 3], (0, 0), reach)
    light = amount * (0.25 + 1.5 * open_side)[..., None] * plate.mean(axis=(0, 1))
    lit = layer.copy()
    lit[..., :3] += layer[..., 3:] * light
    return lit


def camera(
    linear: Array, random: np.random.RandomState, noise: float = 0.6, jpeg: int | None = None
) -> NDArray[np.uint8]:
    """Store linear light as 8-bit sRGB; `noise` in grey levels, `jpeg` a quality (4:2:0)."""
    coded = linear_to_srgb(linear.clip(0, 1)) * 255 + noise * random.standard_normal(linear.shape)
    stored = np.round(coded.clip(0, 255)).astype(np.uint8)
    if jpeg is None:
        return stored
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    data = cv2.imencode(".jpg", stored[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, jpeg, *sampling])[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def shot(
    layer: Array,
    plate: Array,
    random: np.random.RandomState,
    *,
    spill: float = 0.0,
    noise: float = 0.6,
    jpeg: int | None = None,
) -> Shot:
    """Put a layer before its plate and photograph both."""
    alpha = layer[..., 3].clip(0, 1)
    # What averaging left at the last bits is neither screen nor opaque by accident.
    alpha = np.where(alpha > 1 - 1e-4, 1, np.where(alpha < 1e-4, 0, alpha)).astype(np.float32)
    foreground = layer[..., :3] / np.maximum(layer[..., 3:], 1e-4)
    seen = lit_by_screen(layer, plate, spill)[..., :3] + (1 - alpha[..., None]) * plate
    image = camera(seen, random, noise, jpeg)
    return Shot(image, alpha, foreground.clip(0, 1).astype(np.float32), plate)
