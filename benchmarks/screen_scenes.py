"""Scenes of `benchmarks.keying`: what screens, subjects and cameras make hard, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from benchmarks.screens import (
    BLUE,
    GREEN,
    SIZE,
    Array,
    Canvas,
    Shot,
    ball,
    figure,
    glassware,
    moving,
    over,
    person,
    shot,
    wall,
)

Random = np.random.RandomState
Size = tuple[int, int]

BLOND = ("#5a3a1c", "#e8c98c")


def portrait(size: Size, random: Random, **looks: object) -> Array:
    """Paint a person, as a layer."""
    canvas = Canvas(size)
    person(canvas, random, **looks)  # type: ignore[arg-type]
    return canvas.layer()


def hair_even(size: Size, random: Random) -> Shot:
    """Dark hair and a grey jumper, an even green screen."""
    return shot(portrait(size, random), wall(size, random), random)


def hair_uneven(size: Size, random: Random) -> Shot:
    """Blond hair and a yellow jumper, a creased green screen in uneven light."""
    layer = portrait(size, random, hair=BLOND, cloth="#d9b02a")
    return shot(layer, wall(size, random, uneven=0.8), random)


def hair_blue(size: Size, random: Random) -> Shot:
    """Blond hair and a red jumper, an even blue screen."""
    layer = portrait(size, random, hair=BLOND, cloth="#a32a2e")
    return shot(layer, wall(size, random, BLUE), random)


def hair_blue_uneven(size: Size, random: Random) -> Shot:
    """Dark hair and denim, a creased blue screen in uneven light."""
    layer = portrait(size, random, cloth="#56657e")
    return shot(layer, wall(size, random, BLUE, uneven=0.8), random)


def glass_even(size: Size, random: Random) -> Shot:
    """Paint a wine glass and a bottle, an even green screen."""
    canvas = Canvas(size)
    glassware(canvas, 0.5)
    return shot(canvas.layer(), wall(size, random), random)


def glass_blue(size: Size, random: Random) -> Shot:
    """Paint the same before an uneven blue screen."""
    canvas = Canvas(size)
    glassware(canvas, 0.4)
    return shot(canvas.layer(), wall(size, random, BLUE, uneven=0.6), random)


def motion_red(size: Size, random: Random) -> Shot:
    """Paint a saturated red ball in motion beside a person, a green screen."""
    canvas = Canvas(size)
    ball(canvas, (1.4, 0.4), 0.13, "#c8102e")
    still = portrait(size, random, middle=0.32, cloth="#39414f")
    layer = over(still, moving(canvas.layer(), 0.22 * size[0], 0.3))
    return shot(layer, wall(size, random, uneven=0.2), random)


def motion_orange(size: Size, random: Random) -> Shot:
    """Paint an orange ball and a red one in motion, a blue screen."""
    layers = []
    for centre, radius, code, turn in (
        ((0.55, 0.45), 0.16, "#f07818", 0.0),
        ((1.25, 0.5), 0.13, "#c8102e", 1.2),
    ):
        canvas = Canvas(size)
        ball(canvas, centre, radius, code)
        layers.append(moving(canvas.layer(), 0.2 * size[0], turn))
    return shot(over(*layers), wall(size, random, BLUE, uneven=0.2), random)


def spill(size: Size, random: Random) -> Shot:
    """Blond hair and a white shirt in the screen's light."""
    layer = portrait(size, random, hair=BLOND, cloth="#d8d6d0")
    return shot(layer, wall(size, random), random, spill=0.16)


def green_clothing(size: Size, random: Random) -> Shot:
    """Paint an olive jumper before green."""
    layer = portrait(size, random, cloth="#6d7f4a")
    return shot(layer, wall(size, random), random)


def teal_clothing(size: Size, random: Random) -> Shot:
    """Paint a teal jumper before green."""
    layer = portrait(size, random, hair=BLOND, cloth="#2f8f86")
    return shot(layer, wall(size, random, uneven=0.3), random)


def markers(size: Size, random: Random) -> Shot:
    """Tracking markers: crosses of a lighter green and dots of orange tape."""
    plate = wall(size, random, uneven=0.3)
    for index, (x, y) in enumerate(np.ndindex(5, 3)):
        centre = np.array([(0.1 + 0.4 * x) * size[0], (0.12 + 0.36 * y) * size[0]]).round()
        left, top = (int(value) for value in centre)
        arm = round(0.02 * size[0])
        if index % 3 == 0:
            cv2.circle(plate, (left, top), max(2, arm // 2), (0.55, 0.2, 0.03), -1)
        else:
            for step in ((arm, 0), (0, arm)):
                ends = (left - step[0], top - step[1]), (left + step[0], top + step[1])
                cv2.line(plate, *ends, (0.16, 0.55, 0.2), max(1, arm // 4))
    plate = cv2.GaussianBlur(plate, (0, 0), 0.6)
    return shot(portrait(size, random), plate, random)


def floor_shadow(size: Size, random: Random) -> Shot:
    """Somebody standing on a green floor, with the shadow that goes with it."""
    canvas = Canvas(size)
    figure(canvas, random, foot=(0.9, 0.93), height=0.8)
    plate = wall(size, random)
    dark = np.zeros(size, np.float32)
    unit = size[0]
    cv2.ellipse(dark, (round(1.02 * unit), round(0.93 * unit)),
                (round(0.26 * unit), round(0.045 * unit)), -4, 0, 360, 1, -1)  # fmt: skip
    shadow = 0.55 * cv2.GaussianBlur(dark, (0, 0), 0.02 * unit)
    plate = plate * (1 - shadow)[..., None]
    return replace(shot(canvas.layer(), plate, random), shadow=shadow)


def noisy(size: Size, random: Random) -> Shot:
    """Dark hair in poor light: noise of three grey levels."""
    layer = portrait(size, random, cloth="#4a5568")
    return shot(layer, wall(size, random, uneven=0.3) * 0.7, random, noise=3)


def jpeg(size: Size, random: Random) -> Shot:
    """Blond hair as JPEG, quality 85, colours at half size."""
    layer = portrait(size, random, hair=BLOND, cloth="#8c8f96")
    return shot(layer, wall(size, random, uneven=0.2), random, jpeg=85)


def small(size: Size, random: Random) -> Shot:
    """Somebody far away."""
    canvas = Canvas(size)
    figure(canvas, random, foot=(0.6, 0.8), height=0.22, shirt="#d8d6d0")
    return shot(canvas.layer(), wall(size, random, uneven=0.5), random)


def close(size: Size, random: Random) -> Shot:
    """Two people who touch three sides of the picture and leave little of the screen."""
    first = portrait(size, random, middle=0.2, cloth="#8a5a3c")
    second = portrait(size, random, middle=0.78, hair=BLOND, cloth="#3a3f6b")
    third = portrait(size, random, middle=0.5, cloth="#b8b4ac")
    return shot(over(first, second, third), wall(size, random, GREEN, uneven=0.4), random)


SCENES = (
    hair_even, hair_uneven, hair_blue, hair_blue_uneven, glass_even, glass_blue, motion_red,
    motion_orange, spill, green_clothing, teal_clothing, markers, floor_shadow, noisy, jpeg, small,
    close,
)  # fmt: skip
"""In the order of the table; a scene's place is its seed."""


def scenes(
    names: list[str] | None = None, size: Size = SIZE, seed: int = 0
) -> Iterator[tuple[str, Shot]]:
    """Paint the scenes, or those named."""
    for index, paint in enumerate(SCENES):
        if not names or paint.__name__ in names:
            yield paint.__name__, paint(size, Random(1000 * seed + index))
