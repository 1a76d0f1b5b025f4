"""Procedural subjects that are see-through, feathery or full of holes, with true alpha.

Foliage, lace, feathers, smoke and glass are what outlines of photographs never teach: here most of
the subject is mixed.  Everything is drawn on a square canvas; alpha is float32 (H, W) in [0, 1],
colours uint8 (H, W, 3).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import Bytes, Subject
from training.hints import smooth_noise

Floats = NDArray[np.float32]
Rng = np.random.Generator

CANVAS = 288  # px
_SHIFT = 4  # sub-pixel bits of OpenCV's drawing coordinates
_UNIT = CANVAS << _SHIFT


def _paint(rng: Rng, low: int = 10, high: int = 245) -> Floats:
    """One colour with soft variation of light."""
    shade = 1 + 0.25 * smooth_noise(rng, (CANVAS, CANVAS), int(rng.integers(2, 7)))
    base = rng.integers(low, high, 3).astype(np.float32)
    return np.clip(base * shade[..., None], 0, 255)


def _fill(alpha: Floats, points: Floats) -> None:
    """Draw a polygon of unit points into alpha."""
    layer = np.zeros((CANVAS, CANVAS), np.uint8)
    cv2.fillPoly(layer, [np.round(points * _UNIT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
    np.maximum(alpha, layer.astype(np.float32) / 255, out=alpha)


def _line(alpha: Floats, points: Floats, thickness: int, cover: float = 1.0) -> None:
    """Draw a line through unit points into alpha."""
    layer = np.zeros((CANVAS, CANVAS), np.uint8)
    path = np.round(points * _UNIT).astype(np.int32)
    cv2.polylines(layer, [path], False, 255, thickness, cv2.LINE_AA, _SHIFT)
    np.maximum(alpha, layer.astype(np.float32) * (cover / 255), out=alpha)


def _turned(points: Floats, angle: float, centre: Floats) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.float32([[cos, sin], [-sin, cos]]) + centre


def draw_foliage(rng: Rng) -> tuple[Floats, Floats]:
    """Draw a twig with many leaves, or a bush of them."""
    alpha = np.zeros((CANVAS, CANVAS), np.float32)
    green = np.float32([rng.uniform(40, 150), rng.uniform(80, 190), rng.uniform(20, 90)])
    light = 1 + 0.3 * rng.standard_normal((24, 24, 1)).astype(np.float32)
    tint = rng.normal(0, 8, (24, 24, 3)).astype(np.float32)
    colour = np.clip(green * light + tint, 0, 255)
    colour = cv2.resize(colour, (CANVAS, CANVAS), interpolation=cv2.INTER_NEAREST)
    size, width = rng.uniform(0.03, 0.1), rng.uniform(0.25, 0.6)
    turn = np.linspace(-1, 1, 12, dtype=np.float32)
    leaf = np.concatenate(
        [np.stack((turn, side * width * (1 - turn**2)), 1) for side in (1, -1)]
    ).astype(np.float32)
    leaf[12:] = leaf[12:][::-1]
    for _ in range(int(rng.integers(1, 5))):
        root = np.float32([0.5 + rng.normal(0, 0.08), 0.97])
        tip = np.float32([rng.uniform(0.1, 0.9), rng.uniform(0.04, 0.5)])
        bow = rng.normal(0, 0.12, 2)
        share = np.linspace(0, 1, 18, dtype=np.float32)[:, None]
        stem = root + share * (tip - root) + share * (1 - share) * bow.astype(np.float32) * 2
        _line(alpha, stem.astype(np.float32), int(rng.integers(1, 4)))
        for place in stem[rng.integers(2, 18, int(rng.integers(10, 40)))]:
            angle = rng.uniform(0, 2 * np.pi)
            ahead = np.float32([np.cos(angle), np.sin(angle)]) * size
            _fill(alpha, _turned(leaf * size * rng.uniform(0.6, 1.2), angle, place + ahead))
    return colour, alpha


def draw_lace(rng: Rng) -> tuple[Floats, Floats]:
    """Draw a piece of net, lace or fence: a shape full of regular holes."""
    pitch, angle = rng.uniform(0.03, 0.1), rng.uniform(0, np.pi)
    rows, cols = np.mgrid[:CANVAS, :CANVAS].astype(np.float32) / CANVAS
    waves = smooth_noise(rng, (CANVAS, CANVAS), 3) * rng.uniform(0, 0.03)
    u = (cols * np.cos(angle) + rows * np.sin(angle) + waves) / pitch
    v = (rows * np.cos(angle) - cols * np.sin(angle) + waves) / pitch
    if rng.random() < 0.5:  # round holes
        distance = np.hypot((u % 1) - 0.5, ((v + 0.5 * (np.floor(u) % 2)) % 1) - 0.5)
        edge = distance - rng.uniform(0.25, 0.45)
    else:  # threads
        edge = rng.uniform(0.08, 0.25) - np.minimum(
            abs((u % 1) - 0.5), abs((v % 1) - 0.5) * rng.uniform(1, 3)
        )
    net = np.clip(edge * pitch * CANVAS + 0.5, 0, 1)
    outline = np.zeros((CANVAS, CANVAS), np.float32)
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = [rng.normal(0, 0.1) / k * np.cos(k * turn + rng.uniform(0, 6)) for k in (2, 3, 5)]
    radius = 0.33 + np.sum(waves, axis=0)
    circle = 0.5 + np.clip(radius, 0.12, 0.48)[:, None] * np.stack((np.cos(turn), np.sin(turn)), 1)
    _fill(outline, circle.astype(np.float32))
    border = cv2.morphologyEx(outline, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))
    alpha = np.maximum(outline * net, border * (rng.random() < 0.6))
    return _paint(rng), alpha.astype(np.float32)


def draw_feather(rng: Rng) -> tuple[Floats, Floats]:
    """Draw one or several feathers: a quill with barbs that part and fray."""
    alpha = np.zeros((CANVAS, CANVAS), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        root = np.float32([rng.uniform(0.3, 0.7), 0.95])
        tip = np.float32([rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.3)])
        share = np.linspace(0, 1, 90, dtype=np.float32)[:, None]
        bow = rng.normal(0, 0.2, 2).astype(np.float32)
        quill = root + share * (tip - root) + share * (1 - share) * bow
        _line(alpha, quill.astype(np.float32), 2)
        ahead = np.arctan2(*(tip - root)[::-1])
        length, lean = rng.uniform(0.08, 0.2), rng.uniform(0.4, 1.0)
        for k in range(12, 89):
            for side in (-1, 1):
                if rng.random() < 0.08:  # a parting
                    continue
                reach = length * np.sin(np.pi * (k / 90) ** 0.7) * rng.uniform(0.85, 1.1)
                angle = ahead + side * lean * rng.uniform(0.9, 1.1)
                end = quill[k] + reach * np.float32([np.cos(angle), np.sin(angle)])
                barb = np.stack((quill[k], (quill[k] + end) / 2 + 0.01 * bow, end))
                _line(alpha, barb.astype(np.float32), 1, rng.uniform(0.4, 1.0))
    return _paint(rng), alpha


def draw_smoke(rng: Rng) -> tuple[Floats, Floats]:
    """Draw smoke, steam or a veil: alpha is soft noise at several scales."""
    shape = (CANVAS, CANVAS)
    field = sum(smooth_noise(rng, shape, cells) / cells**0.7 for cells in (3, 6, 12, 24))
    rows, cols = np.mgrid[-1 : 1 : CANVAS * 1j, -1 : 1 : CANVAS * 1j].astype(np.float32)
    body = np.clip(1.3 * (1 - rows**2 - (cols / rng.uniform(0.4, 0.9)) ** 2), 0, 1)
    alpha = np.clip(0.5 + rng.uniform(0.4, 1.0) * field, 0, 1) * body * rng.uniform(0.5, 1.0)
    grey = rng.uniform(60, 250)
    colour = np.full((*shape, 3), grey, np.float32) + rng.normal(0, 10, 3).astype(np.float32)
    return np.clip(colour, 0, 255), alpha.astype(np.float32)


def draw_glass(rng: Rng) -> tuple[Floats, Floats]:
    """Draw a bottle, glass or bubble: clear inside, brighter rims, sharp highlights, a filling."""
    profile = np.interp(
        np.linspace(0, 1, 40),
        np.linspace(0, 1, 6),
        np.concatenate((rng.uniform(0.05, 0.15, 2), rng.uniform(0.1, 0.32, 4))),
    )
    height = np.linspace(0.05, 0.95, 40)
    outline = np.concatenate(
        (np.stack((0.5 - profile, height), 1), np.stack((0.5 + profile, height), 1)[::-1])
    ).astype(np.float32)
    body = np.zeros((CANVAS, CANVAS), np.float32)
    _fill(body, outline)
    depth = cv2.distanceTransform((body > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    rim = np.exp(-depth / rng.uniform(2, 7))
    alpha = body * (rng.uniform(0.08, 0.4) + rng.uniform(0.3, 0.7) * rim)
    colour = _paint(rng, 120, 250)
    if rng.random() < 0.5:  # a filling
        below = (np.arange(CANVAS) > rng.uniform(0.35, 0.8) * CANVAS)[:, None] & (depth > 2)
        alpha = np.where(below, np.maximum(alpha, rng.uniform(0.4, 0.95)), alpha)
        colour = np.where(below[..., None], _paint(rng), colour)
    for _ in range(int(rng.integers(1, 4))):  # highlights
        light = np.zeros_like(body)
        x, y = 0.5 + rng.uniform(-0.1, 0.1), rng.uniform(0.2, 0.7)
        _line(light, np.float32([[x, y], [x + rng.normal(0, 0.02), y + 0.15]]), 4)
        light *= body
        colour = colour + light[..., None] * (255 - colour)
        alpha = np.maximum(alpha, light)
    return colour, alpha.astype(np.float32)


DRAWERS: tuple[Callable[[Rng], tuple[Floats, Floats]], ...] = (
    draw_foliage,
    draw_lace,
    draw_feather,
    draw_smoke,
    draw_glass,
)


def draw_material(rng: Rng) -> Subject:
    """Draw one see-through, feathery or holed subject."""
    colour, alpha = DRAWERS[rng.integers(len(DRAWERS))](rng)
    coded: Bytes = np.clip(colour, 0, 255).astype(np.uint8)
    return Subject(coded, (alpha * 255 + 0.5).astype(np.uint8), 1.0)
