"""Procedural subjects: people, animals, vehicles and blobs, dressed in pieces of photographs.

The masked photographs hold few people and few thin limbs; these figures bring articulated thin
parts with exact alpha.  Shapes are strokes and polygons in unit coordinates (x right, y down).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import Bytes, Subject, extend_colours

Floats = NDArray[np.float32]
Rng = np.random.Generator

CANVAS = 176  # px
_SHIFT = 4  # sub-pixel bits of OpenCV's drawing coordinates
SKIN = ((255, 219, 195), (234, 192, 160), (198, 145, 108), (141, 94, 66), (92, 60, 44))


class Figure:
    """A canvas on which textured parts are painted one over the other."""

    def __init__(self, textures: list[Bytes], rng: Rng) -> None:
        self.rng = rng
        self.textures = textures
        self.colour = np.zeros((CANVAS, CANVAS, 3), np.float32)
        self.alpha = np.zeros((CANVAS, CANVAS), np.float32)

    def texture(self) -> Floats:
        """Take a piece of a photograph, or a plain or striped colour, the size of the canvas."""
        rng = self.rng
        if rng.random() < 0.5:
            source = self.textures[rng.integers(len(self.textures))]
            size = int(rng.integers(40, max(41, min(source.shape[:2]) // 2)))
            top = rng.integers(0, max(1, source.shape[0] - size))
            left = rng.integers(0, max(1, source.shape[1] - size))
            piece = source[top : top + size, left : left + size]
            return cv2.resize(piece, (CANVAS, CANVAS)).astype(np.float32)
        paint = np.empty((CANVAS, CANVAS, 3), np.float32)
        paint[:] = rng.integers(10, 250, 3)
        if rng.random() < 0.25:
            period = int(rng.integers(4, 24))
            paint[(np.arange(CANVAS) // period) % 2 == 0] = rng.integers(10, 250, 3)
        return paint

    def skin(self) -> Floats:
        """Choose a plain skin colour."""
        paint = np.empty((CANVAS, CANVAS, 3), np.float32)
        paint[:] = np.array(SKIN[self.rng.integers(len(SKIN))]) + self.rng.normal(0, 8, 3)
        return paint

    def _paint(self, part: Bytes, paint: Floats) -> None:
        cover = part.astype(np.float32)[..., None] / 255.0
        light = self.rng.uniform(0.7, 1.15)
        self.colour += cover * (paint * light - self.colour)
        self.alpha = np.maximum(self.alpha, cover[..., 0])

    def stroke(self, points: list[tuple[float, float]], width: float, paint: Floats) -> None:
        """Draw a thick line through unit points; `width` is a share of the canvas."""
        part = np.zeros((CANVAS, CANVAS), np.uint8)
        coords = np.round(np.array(points) * CANVAS * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(
            part, [coords], False, 255, max(1, round(width * CANVAS)), cv2.LINE_AA, _SHIFT
        )
        self._paint(part, paint)

    def polygon(self, points: list[tuple[float, float]], paint: Floats) -> None:
        """Draw a filled polygon through unit points."""
        part = np.zeros((CANVAS, CANVAS), np.uint8)
        coords = np.round(np.array(points) * CANVAS * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(part, [coords], 255, cv2.LINE_AA, _SHIFT)
        self._paint(part, paint)

    def ellipse(
        self, centre: tuple[float, float], axes: tuple[float, float], angle: float, paint: Floats
    ) -> None:
        """Draw a filled ellipse; half axes as shares of the canvas, angle in degrees."""
        turn = np.linspace(0, 2 * np.pi, 40)
        x, y = axes[0] * np.cos(turn), axes[1] * np.sin(turn)
        cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        points = zip(centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y, strict=True)
        self.polygon(list(points), paint)


def _limb(
    start: tuple[float, float], angles: tuple[float, ...], lengths: tuple[float, ...]
) -> list:
    """Points of a jointed limb; angles from straight down, in radians."""
    points = [start]
    for angle, length in zip(angles, lengths, strict=True):
        x, y = points[-1]
        points.append((x + length * np.sin(angle), y + length * np.cos(angle)))
    return points


def draw_person(figure: Figure) -> None:
    """Draw a standing, walking or waving person."""
    rng = figure.rng
    skin, shirt, trousers, hair = (
        figure.skin(),
        figure.texture(),
        figure.texture(),
        figure.texture(),
    )
    lean = rng.normal(0, 0.12)
    hip = (0.5, 0.54)
    neck = (hip[0] + 0.27 * np.sin(lean), hip[1] - 0.29 * np.cos(lean))
    wide = rng.uniform(0.05, 0.085)
    for side in (-1, 1):
        swing = side * rng.uniform(0, 0.7)
        leg = _limb(
            (hip[0] + 0.5 * side * wide, hip[1]), (swing, swing - rng.uniform(0, 0.6)), (0.2, 0.2)
        )
        figure.stroke(leg, rng.uniform(0.05, 0.08), trousers)
        figure.stroke([leg[-1], (leg[-1][0] + 0.05, leg[-1][1] + 0.01)], 0.04, hair)
    figure.polygon(
        [
            (neck[0] - wide * 1.3, neck[1] + 0.02),
            (neck[0] + wide * 1.3, neck[1] + 0.02),
            (hip[0] + wide, hip[1] + 0.02),
            (hip[0] - wide, hip[1] + 0.02),
        ],
        shirt,
    )
    if rng.random() < 0.3:
        figure.polygon([hip, (hip[0] - 0.16, 0.78), (hip[0] + 0.16, 0.78)], trousers)
    for side in (-1, 1):
        raised = rng.uniform(-0.3, 2.6) if rng.random() < 0.4 else rng.uniform(0, 0.6)
        arm = _limb(
            (neck[0] + side * wide * 1.3, neck[1] + 0.04),
            (side * raised, side * (raised + rng.uniform(-0.8, 0.8))),
            (0.14, 0.14),
        )
        figure.stroke(arm, rng.uniform(0.03, 0.05), shirt if rng.random() < 0.6 else skin)
        figure.ellipse(arm[-1], (0.022, 0.022), 0, skin)
    head = (neck[0], neck[1] - 0.075)
    figure.stroke([neck, head], 0.04, skin)
    figure.ellipse((head[0], head[1] - 0.015), (0.062, 0.075), 0, hair)
    figure.ellipse((head[0] + rng.uniform(-0.02, 0.02), head[1] + 0.01), (0.048, 0.062), 0, skin)


def draw_portrait(figure: Figure) -> None:
    """Draw head and shoulders, cut by the lower frame."""
    rng = figure.rng
    skin, shirt, hair = figure.skin(), figure.texture(), figure.texture()
    wide = rng.uniform(0.28, 0.42)
    if rng.random() < 0.5:
        figure.ellipse((0.5, 0.42), (0.22, rng.uniform(0.25, 0.42)), 0, hair)
    figure.polygon(
        [
            (0.5 - wide, 1.0),
            (0.5 - wide * 0.8, 0.76),
            (0.42, 0.66),
            (0.58, 0.66),
            (0.5 + wide * 0.8, 0.76),
            (0.5 + wide, 1.0),
        ],
        shirt,
    )
    figure.stroke([(0.5, 0.7), (0.5, 0.5)], 0.14, skin)
    figure.ellipse((0.5, 0.33), (rng.uniform(0.17, 0.21), 0.22), 0, hair)
    figure.ellipse((0.5 + rng.uniform(-0.03, 0.03), 0.39), (0.145, 0.2), 0, skin)
    for side in (-1, 1):
        figure.ellipse((0.5 + side * 0.06, 0.37), (0.02, 0.012), 0, hair)


def draw_animal(figure: Figure) -> None:
    """Draw a four-legged animal with neck, head, tail."""
    rng = figure.rng
    coat = figure.texture()
    length, deep, leg = rng.uniform(0.18, 0.27), rng.uniform(0.08, 0.14), rng.uniform(0.1, 0.27)
    centre = (0.5, 0.5)
    for x in (-0.85, -0.65, 0.65, 0.85):
        swing = rng.normal(0, 0.3)
        points = _limb(
            (centre[0] + x * length, centre[1]), (swing, swing * -0.5), (deep + leg / 2, leg / 2)
        )
        figure.stroke(points, rng.uniform(0.02, 0.05), coat)
    tail = _limb((centre[0] - length, centre[1]), tuple(rng.uniform(-2.8, -0.4, 2)), (0.1, 0.1))
    figure.stroke(tail, rng.uniform(0.012, 0.035), coat)
    figure.ellipse(centre, (length, deep), rng.normal(0, 5), coat)
    head = (centre[0] + length + rng.uniform(0.0, 0.1), centre[1] - rng.uniform(0.0, 0.28))
    figure.stroke([(centre[0] + 0.75 * length, centre[1]), head], rng.uniform(0.05, 0.1), coat)
    figure.ellipse(
        head, (rng.uniform(0.06, 0.1), rng.uniform(0.04, 0.07)), rng.uniform(0, 50), coat
    )
    for dx in (-0.03, 0.01):
        figure.stroke([head, (head[0] + dx, head[1] - rng.uniform(0.05, 0.14))], 0.025, coat)


def draw_vehicle(figure: Figure) -> None:
    """Draw a car, van or bicycle-like frame."""
    rng = figure.rng
    body, glass, dark = figure.texture(), figure.texture(), figure.texture() * 0.3
    if rng.random() < 0.35:
        hubs, seat, bar = ((0.28, 0.65), (0.72, 0.65)), (0.42, 0.42), (0.66, 0.4)
        for hub in hubs:
            turn = np.linspace(0, 2 * np.pi, 30)
            ring = [(hub[0] + 0.15 * np.cos(t), hub[1] + 0.15 * np.sin(t)) for t in turn]
            figure.stroke(ring, rng.uniform(0.012, 0.03), dark)
        for line in (
            [hubs[0], seat, bar, hubs[1]],
            [hubs[0], (0.48, 0.64), bar],
            [seat, (0.48, 0.64)],
        ):
            figure.stroke(list(line), rng.uniform(0.012, 0.035), body)
        return
    roof, bonnet = rng.uniform(0.28, 0.42), rng.uniform(0.42, 0.5)
    left, right = rng.uniform(0.2, 0.32), rng.uniform(0.6, 0.78)
    figure.polygon(
        [
            (0.1, 0.68),
            (0.1, bonnet),
            (left, bonnet - 0.02),
            (left + 0.08, roof),
            (right - 0.06, roof),
            (right, bonnet - 0.01),
            (0.9, bonnet + 0.04),
            (0.9, 0.68),
        ],
        body,
    )
    figure.polygon(
        [
            (left + 0.05, bonnet - 0.02),
            (left + 0.1, roof + 0.03),
            (right - 0.08, roof + 0.03),
            (right - 0.04, bonnet - 0.02),
        ],
        glass,
    )
    for x in (0.27, 0.73):
        figure.ellipse((x, 0.68), (0.08, 0.08), 0, dark)
        figure.ellipse((x, 0.68), (0.04, 0.04), 0, glass)


def draw_blob(figure: Figure) -> None:
    """Draw a random closed curve, sometimes with a handle or a hole."""
    rng = figure.rng
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    radius = np.full(64, 0.27)
    for order in range(2, 7):
        radius += rng.normal(0, 0.16 / order**1.3) * 0.5 * np.cos(order * turn + rng.uniform(0, 7))
    radius = np.clip(radius, 0.05, 0.48)
    paint = figure.texture()
    if rng.random() < 0.3:
        figure.stroke(
            [tuple(rng.uniform(0.1, 0.9, 2)) for _ in range(3)], rng.uniform(0.01, 0.05), paint
        )
    figure.polygon(
        list(zip(0.5 + radius * np.cos(turn), 0.5 + radius * np.sin(turn), strict=True)), paint
    )


DRAWERS = (
    (draw_person, 0.35),
    (draw_portrait, 0.12),
    (draw_animal, 0.25),
    (draw_vehicle, 0.16),
    (draw_blob, 0.12),
)


def draw_subject(textures: list[Bytes], rng: Rng) -> Subject:
    """Draw one procedural subject."""
    figure = Figure(textures, rng)
    DRAWERS[rng.choice(len(DRAWERS), p=[weight for _, weight in DRAWERS])][0](figure)
    coarse = rng.standard_normal((4, 4, 1)).astype(np.float32)
    shade = 1 + 0.18 * cv2.resize(coarse, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC)
    covered = np.maximum(figure.alpha, 1e-3)[..., None]
    colour = np.clip(figure.colour / covered * shade[..., None], 0, 255).astype(np.uint8)
    alpha = (figure.alpha * 255).astype(np.uint8)
    rows, cols = np.where(alpha > 8)
    window = np.s_[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    alpha = np.ascontiguousarray(alpha[window])
    return Subject(extend_colours(np.ascontiguousarray(colour[window]), alpha), alpha, 1.0)
