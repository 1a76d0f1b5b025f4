"""Composites: a subject placed over a background, with hair, fur, soft and moving edges.

Everything is done in linear light, so that mixed pixels have the colours that a lens would mix.
Alpha is float32 (H, W) in [0, 1]; colours are linear float32 (H, W, 3), straight (not multiplied).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.camera import line_kernel, to_linear
from training.data import Bytes, Subject
from training.hints import smooth_noise

Floats = NDArray[np.float32]
Rng = np.random.Generator

_SHIFT = 4  # sub-pixel bits of OpenCV's drawing coordinates


def random_area(rng: Rng) -> float:
    """Share of the picture that a subject covers: half of the time small."""
    if rng.random() < 0.45:
        return float(np.exp(rng.uniform(np.log(0.03), np.log(0.2))))
    return float(rng.uniform(0.15, 0.6))


def place(
    subject: Subject, shape: tuple[int, int], rng: Rng, *, area: float, close_up: bool = False
) -> tuple[Bytes, Floats]:
    """Scale, turn, flip and place a subject; returns colour (uint8, sRGB) and alpha of `shape`.

    A close-up shows a part of the subject's outline, and `area` may be larger than 1.
    """
    height, width = shape
    visible = max(float(subject.alpha.sum()) / 255.0, 1.0)
    scale = np.sqrt(area * height * width / visible)
    limit = 1.15 if rng.random() < 0.25 else 0.96  # sometimes the frame cuts the subject
    rows, cols = subject.alpha.shape
    if not close_up:
        scale = min(scale, limit * height / rows, limit * width / cols)
    stretch = np.exp(rng.normal(0, 0.08))
    colour, alpha = subject.colour, subject.alpha
    if scale < 0.75:
        size = (max(4, round(cols * scale)), max(4, round(rows * scale)))
        colour = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        scale = 1.0
    rows, cols = alpha.shape
    angle = rng.normal(0, 0.35) if rng.random() < 0.4 else rng.normal(0, 0.06)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[mirror * cos * stretch, -sin], [mirror * sin * stretch, cos]])
    reach = np.abs(matrix) @ np.array([cols / 2, rows / 2])
    outside = 0.25 if rng.random() < 0.25 else 0.0
    centre = []
    for side, half in zip((width, height), reach, strict=True):
        free = max(side / 2 - half * (1 - 2 * outside), 0.0)
        centre.append(side / 2 + free * float(np.clip(rng.normal(0, 0.55), -1, 1)))
    anchor = np.array([cols / 2, rows / 2])
    if close_up:
        anchor = _edge_point(alpha, rng)
        centre = [side * rng.uniform(0.25, 0.75) for side in (width, height)]
    offset = np.array(centre) - matrix @ anchor
    warp = np.column_stack((matrix, offset)).astype(np.float32)
    colour = cv2.warpAffine(colour, warp, (width, height), borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(alpha, warp, (width, height))
    return colour, alpha.astype(np.float32) / 255.0


def _edge_point(alpha: Bytes, rng: Rng) -> NDArray[np.float64]:
    """Column and row of a random place on the outline."""
    inside = (alpha > 127).astype(np.uint8)
    rows, cols = np.nonzero(cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    if not rows.size:
        return np.array([alpha.shape[1] / 2, alpha.shape[0] / 2])
    pick = rng.integers(rows.size)
    return np.array([cols[pick], rows[pick]], dtype=np.float64)


def crop_background(source: Bytes, shape: tuple[int, int], rng: Rng) -> Bytes:
    """Take a random part of a background, resized to `shape` and perhaps mirrored."""
    height, width = source.shape[:2]
    share = rng.uniform(0.3, 1.0) if max(height, width) < 900 else rng.uniform(0.2, 0.55)
    aspect = shape[1] / shape[0] * np.exp(rng.normal(0, 0.12))
    h = min(height * share, width / aspect)
    w = min(h * aspect, width)
    h, w = max(16, int(h)), max(16, int(w))
    top = int(rng.integers(0, max(1, height - h + 1)))
    left = int(rng.integers(0, max(1, width - w + 1)))
    piece = source[top : top + h, left : left + w]
    method = cv2.INTER_AREA if h > shape[0] else cv2.INTER_LINEAR
    piece = cv2.resize(piece, shape[::-1], interpolation=method)
    return piece[:, ::-1] if rng.random() < 0.5 else piece


def grow_strands(alpha: Floats, rng: Rng, *, count: int, length: float, spread: float) -> Floats:
    """Add curved strands that leave the outline; returns the new alpha.

    `length` is the typical length in px, `spread` how much directions differ.  Strands grow where
    smooth noise is positive, so that part of the outline stays clean.
    """
    contours, _ = cv2.findContours(
        (alpha > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if not contours:
        return alpha
    outline = max(contours, key=len)[:, 0].astype(np.float32)
    if len(outline) < 20:
        return alpha
    picks = rng.integers(len(outline), size=count)
    cover = smooth_noise(rng, alpha.shape, 4) + rng.uniform(-0.3, 1.0)
    keep = cover[outline[picks, 1].astype(int), outline[picks, 0].astype(int)] > 0
    picks = picks[keep]
    if not picks.size:
        return alpha
    ahead, behind = outline[(picks + 4) % len(outline)], outline[picks - 4]
    tangent = np.arctan2(*(ahead - behind).T[::-1])
    # Contours run so that the inside lies on a fixed side: outwards is a quarter turn away.
    heading = tangent + np.pi / 2 + rng.normal(0, spread, picks.size)
    bend = rng.normal(0, 0.12, picks.size) + rng.normal(0, 0.1)
    steps = 7
    pace = (length / steps * np.exp(rng.normal(0, 0.45, picks.size)))[:, None]
    points = [outline[picks] - 1.5 * np.stack((np.cos(heading), np.sin(heading)), 1)]
    for _ in range(steps):
        points.append(points[-1] + pace * np.stack((np.cos(heading), np.sin(heading)), 1))
        heading = heading + bend
    paths = np.round(np.stack(points, 1) * (1 << _SHIFT)).astype(np.int32)
    strands = np.zeros(alpha.shape, np.float32)
    for group in np.array_split(np.arange(len(paths)), 3):
        layer = np.zeros(alpha.shape, np.uint8)
        thick = 2 if rng.random() < 0.15 else 1
        cv2.polylines(layer, list(paths[group]), False, 255, thick, cv2.LINE_AA, _SHIFT)
        strands = np.maximum(strands, layer * np.float32(rng.uniform(0.3, 1.0) / 255.0))
    return alpha + strands * (1 - alpha)


def soften(alpha: Floats, rng: Rng) -> Floats:
    """Blur the edge, by an amount that may differ along the outline."""
    side = min(alpha.shape)
    blurred = cv2.GaussianBlur(alpha, (0, 0), side * rng.uniform(0.004, 0.022))
    if rng.random() < 0.5:
        return blurred
    share = np.clip(smooth_noise(rng, alpha.shape, 3) * 2 + 0.5, 0, 1)
    return alpha + share * (blurred - alpha)


def dress_edges(alpha: Floats, rng: Rng) -> Floats:
    """Give the outline hair, fur or softness, or leave it as it is."""
    size = float(np.sqrt(max(alpha.sum(), 1.0)))
    kind = rng.random()
    if kind < 0.25:
        alpha = grow_strands(
            alpha, rng, count=int(rng.integers(60, 260)), length=size * rng.uniform(0.06, 0.3),
            spread=rng.uniform(0.2, 0.8),
        )  # fmt: skip
    elif kind < 0.42:
        alpha = grow_strands(
            alpha, rng, count=int(rng.integers(250, 700)), length=size * rng.uniform(0.02, 0.06),
            spread=rng.uniform(0.2, 0.5),
        )  # fmt: skip
    elif kind < 0.62:
        alpha = soften(alpha, rng)
    if rng.random() < 0.3:
        alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 0.9))
    if rng.random() < 0.02:
        veil = np.clip(smooth_noise(rng, alpha.shape, 2) + 0.6, 0.3, 1)
        alpha = alpha * veil
    return np.clip(alpha, 0, 1)


def move(light: Floats, alpha: Floats, rng: Rng) -> tuple[Floats, Floats]:
    """Blur a subject along a line, as a moving subject is: premultiplied colours are averaged."""
    length = min(alpha.shape) * rng.uniform(0.015, 0.07)
    kernel = line_kernel(max(3.0, length), rng.uniform(0, np.pi))
    blurred = cv2.filter2D(alpha, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    premultiplied = cv2.filter2D(light * alpha[..., None], -1, kernel)
    return premultiplied / np.maximum(blurred, 1e-4)[..., None], blurred


def paste(
    scene: Floats, subject: Subject, rng: Rng, *, area: float, close_up: bool = False
) -> tuple[Floats, Floats]:
    """Place a subject over a linear scene; returns the new scene and the subject's alpha."""
    colour, alpha = place(subject, scene.shape[:2], rng, area=area, close_up=close_up)
    alpha = dress_edges(alpha, rng)
    light = to_linear(colour) * np.float32(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.4:  # lit like the background
        tint = scene.mean((0, 1)) / max(float(scene.mean()), 1e-3)
        light = light * (0.5 + 0.5 * tint).astype(np.float32)
    if rng.random() < 0.1:
        light, alpha = move(light, alpha, rng)
    return scene + alpha[..., None] * (light - scene), alpha


def build_scene(source: Bytes, shape: tuple[int, int], rng: Rng) -> Floats:
    """Make a linear background, sometimes out of focus."""
    scene = to_linear(crop_background(source, shape, rng))
    if rng.random() < 0.3:
        scene = cv2.GaussianBlur(scene, (0, 0), min(shape) * rng.uniform(0.003, 0.03))
    return scene
