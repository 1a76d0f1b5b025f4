"""Backgrounds of the samples: (ROWS, COLUMNS, 3) pictures in linear light, float64.

Each is a function of a `numpy.random.RandomState`. They are meant to be hard in different ways:
out-of-focus foliage with bright discs, sharp bricks, grained boards, a street at night, a clay
court, and two studio screens.
"""

from __future__ import annotations

import numpy as np
from brushes import COLUMNS, ROWS, Layer, bezier, blur, coverage, grid, mix, noise, rgb

# A green screen as a camera sees it: far from #00ff00, and darker than white paper.
SCREEN_GREEN = np.array([0.075, 0.36, 0.095])


def foliage(random):
    """Paint sunlit leaves far out of focus."""
    tone = noise(random, 120, 4) + 0.25 * (grid()[0] / ROWS - 0.5)
    picture = mix(rgb("#c9cf8a"), rgb("#5d7f3a"), 1.1 * tone + 0.55)
    picture = mix(picture, rgb("#1e3320"), 1.7 * noise(random, 90, 3) + 0.35)
    row, column = grid()
    for _ in range(46):
        centre = random.rand(2) * (ROWS * 0.75, COLUMNS)
        radius = 7 + 15 * random.rand()
        distance = np.hypot(row - centre[0], column - centre[1])
        # Discs of a defocused highlight are a little brighter at the rim.
        disc = coverage((distance - radius) / 2) * (0.8 + 0.4 * (distance / radius) ** 4)
        light = rgb(("#fff6c4", "#e6f0a8", "#ffffff")[random.randint(3)])
        picture = picture + (disc * (0.12 + 0.3 * random.rand() ** 2))[..., None] * light
    return blur(picture, 2.2)


def bricks(random):
    """Paint a brick wall in raking light, sharp."""
    row, column = grid()
    height, width, joint = 32.0, 84.0, 3.2
    # The wall is never quite straight, and neither are the bricks' edges.
    row = row + 2.5 * noise(random, 160, 2) + 1.4 * noise(random, 18, 2)
    column = column + 3 * noise(random, 160, 2) + 1.4 * noise(random, 18, 2)
    course = np.floor(row / height)
    shifted = column + width / 2 * (course % 2) + 9
    number = np.floor(shifted / width)
    y, x = row - course * height, shifted - number * width
    inset = np.minimum(np.minimum(y, height - y), np.minimum(x, width - x)) - joint
    tones = random.rand(64, 64, 3)[course.astype(int) % 64, number.astype(int) % 64]
    face = mix(rgb("#9c4f3a"), rgb("#b97a5c"), tones[..., 0])
    face = mix(face, rgb("#6a3a33"), 1.3 * tones[..., 1] - 0.7)
    face = face * (1 + 0.5 * noise(random, 24, 5) + 0.35 * noise(random, 5, 2))[..., None]
    mortar = rgb("#a79f92") * (0.8 + 0.35 * noise(random, 9, 3))[..., None]
    picture = mix(mortar, face, coverage(-inset))
    # Light from above: the upper edge of each brick catches it, the joint below lies in shadow.
    relief = 0.25 * np.exp(-((y - joint - 1) ** 2) / 3) - 0.35 * np.exp(
        -((y - height + 1) ** 2) / 8
    )
    return np.clip(
        picture * (1 + relief)[..., None] * (1.1 - 0.4 * grid()[1] / COLUMNS)[..., None], 0, 1
    )


def boards(random):
    """Paint weathered vertical boards with grain, knots and gaps."""
    row, column = grid()
    width = 86.0
    number = np.floor((column + 20) / width)
    x = column + 20 - number * width
    warp = 14 * noise(random, 150, 3, stretch=(2.5, 0.6)) + 37 * number
    rings = 0.5 + 0.5 * np.sin((column + warp + 0.02 * row) * 0.75 + 3 * np.sin(number * 2.7))
    fibre = noise(random, 40, 5, stretch=(6, 0.12))
    tone = 0.42 + 0.28 * (rings - 0.5) + 0.55 * fibre + 0.12 * np.sin(number * 4.1)
    picture = mix(rgb("#5f6f78"), rgb("#b7b9ad"), tone)
    gap = coverage(np.minimum(x, width - x) - 2.2)
    picture = mix(picture, rgb("#15181a"), blur(gap, 0.8) * 0.95)
    return picture * (1.05 - 0.35 * (row / ROWS))[..., None]


def street(random):
    """Paint city lights at dusk, out of focus, above a dark wooden table."""
    row, column = grid()
    picture = mix(rgb("#27304f"), rgb("#8a5a58"), row / 300 + 0.35 * noise(random, 140, 3))
    lights = ("#ffb259", "#ffd9a0", "#ff6a4a", "#8fd0ff", "#fff1d0")
    for _ in range(60):
        centre = 40 + 190 * random.rand(), COLUMNS * random.rand()
        radius = 6 + 15 * random.rand()
        distance = np.hypot(row - centre[0], column - centre[1])
        disc = coverage((distance - radius) / 1.6) * (0.75 + 0.4 * (distance / radius) ** 4)
        amount = 0.12 + 0.55 * random.rand() ** 2
        picture = picture + (amount * disc)[..., None] * rgb(lights[random.randint(5)])
    grain = noise(random, 60, 5, stretch=(0.06, 5)) + 0.3 * noise(random, 40, 3)
    table = mix(rgb("#3a2418"), rgb("#7d5233"), 0.5 + 0.9 * grain)
    table = table * (0.55 + 0.6 * (row - 268) / 116)[..., None]
    return np.clip(mix(blur(picture, 1.5), table, coverage((268 - row) / 2.5)), 0, 1)


def court(random):
    """Paint a clay court with a net and a hedge behind it, slightly out of focus."""
    row, column = grid()
    clay = rgb("#b8623f") * (1 + 0.35 * noise(random, 70, 3) + 0.5 * noise(random, 4, 2))[..., None]
    line = coverage(np.abs(row - 330 + 0.10 * (column - 256)) - 5)
    clay = mix(clay, rgb("#e9e0d4"), 0.92 * line * (1 + noise(random, 12, 3)))
    hedge = mix(rgb("#16301c"), rgb("#557a3c"), 0.45 + 1.0 * noise(random, 26, 5))
    picture = mix(hedge, clay, coverage((232 + 4 * noise(random, 40, 3) - row) / 2))
    layer = Layer()
    for y in range(132, 240, 8):
        layer.stroke(bezier((y, -9), (y + 10, 256), (y, 521), steps=90), 0.5, rgb("#101614"))
    for x in range(4, COLUMNS, 8):
        layer.stroke(bezier((128, x), (240, x), steps=60), 0.5, rgb("#101614"))
    layer.stroke(bezier((124, -9), (136, 256), (124, 521), steps=90), 4.5, rgb("#e4e4dc"))
    picture = layer.colour + (1 - layer.alpha[..., None]) * picture
    return blur(np.clip(picture, 0, 1), 1.3)


def even_screen(random):
    """Paint a well-lit screen: a gentle falloff and the weave of the cloth."""
    row, column = grid()
    fall = 1 - 0.10 * ((column - 250) / 256) ** 2 - 0.06 * ((row - 160) / 192) ** 2
    weave = 1 + 0.010 * noise(random, 3, 1) + 0.02 * noise(random, 140, 2)
    return SCREEN_GREEN * (fall * weave)[..., None]


def uneven_screen(random):
    """Paint a badly lit screen: hot spot, dark corners, creases, and a tint that drifts."""
    row, column = grid()
    spot = np.exp(-(((row - 90) / 210) ** 2 + ((column - 130) / 260) ** 2))
    light = 0.42 + 0.75 * spot + 0.05 * noise(random, 200, 2)
    for _ in range(5):
        angle, place = 0.5 * (random.rand() - 0.5), COLUMNS * random.rand()
        across = column - place - np.tan(angle) * row + 12 * noise(random, 200, 2)
        light = (
            light
            + 0.035 * np.exp(-((across / 9) ** 2))
            - 0.05 * np.exp(-(((across - 11) / 9) ** 2))
        )
    weave = 1 + 0.012 * noise(random, 3, 1)
    drift = 0.10 * (column / COLUMNS - 0.5) + 0.05 * noise(random, 260, 2)
    tint = np.stack([1 + drift, 1 + 0 * drift, 1 - 1.5 * drift], axis=-1)
    return SCREEN_GREEN * tint * (light * weave)[..., None]


def shade(background, alpha, *, shift, sigma, depth):
    """Let a subject of the given alpha cast a soft shadow, moved by (rows, columns)."""
    shadow = blur(np.roll(alpha, shift, axis=(0, 1)), sigma)
    return background * (1 - depth * shadow)[..., None]


def grain(random, amount=0.0035):
    """Sensor noise for an sRGB-coded picture, less than one grey level of 255."""
    return amount * random.standard_normal((ROWS, COLUMNS, 3))
