"""Living subjects of the samples: each public function paints one `Layer` in linear light.

Long hair with flyaways over a woollen jumper, and a cat whose outline is all hairs.
"""

from __future__ import annotations

import numpy as np
from brushes import COLUMNS, ROWS, Layer, bezier, coverage, grid, mix, noise, rgb


def long_hair(random, *, hair, jumper, centre=256):
    """Paint a person from behind: long wavy hair over the shoulders of a knitted jumper."""
    layer = Layer()
    _shoulders(layer, random, jumper, centre)
    dark, light = rgb(hair[0]), rgb(hair[1])
    waves = 2 * np.pi * random.rand(24)
    # Undercoat of thick locks, then strands from the outside in, then what the wind took.
    for u in np.linspace(-0.86, 0.86, 44):
        points = _strand(u, 0.6, centre, 296 - 30 * abs(u), waves)[6:]
        # Below the crown's outline, which belongs to the strands.
        points[:, 0] += np.linspace(9, 0, len(points))
        layer.stroke(points, np.linspace(5.5, 2, len(points)), 0.6 * dark + 0.06 * light)
    count = 2300
    for u in np.sign(random.rand(count) - 0.5) * np.sort(random.rand(count))[::-1]:
        spread = random.standard_normal()
        end = 322 - 44 * abs(u) ** 1.6 + 13 * spread
        points = _strand(u + 0.03 * random.standard_normal(), 1.0, centre, end, waves)
        points[:, 1] += np.linspace(0, 1, len(points)) ** 2 * 4.5 * random.standard_normal()
        radius = (0.42 + 0.25 * random.rand()) * np.linspace(1, 0.25, len(points))
        layer.stroke(points, radius, _hair_colour(random, u, len(points), dark, light))
    for _ in range(330):
        u = np.sign(random.rand() - 0.5) * (0.55 + 0.47 * random.rand() ** 0.6)
        points = _strand(u, 1.0, centre, 312, waves)
        first = int(len(points) * 0.75 * random.rand())
        points = points[first : first + 14 + random.randint(24)]
        drift = np.linspace(0, 1, len(points))[:, None] ** 1.5
        outward = np.sign(u) * (6 + 26 * random.rand())
        wind = np.array([-14 + 26 * random.standard_normal(), outward])
        curl = 2 * random.standard_normal() * np.sin(7 * drift + 6 * random.rand())
        points = points + drift * wind + np.hstack([curl, -curl])
        radius = (0.2 + 0.16 * random.rand()) * np.linspace(1, 0.3, len(points))
        layer.stroke(points, radius, _hair_colour(random, 1.0, len(points), dark, light) * 1.25)
    return layer


def _shoulders(layer, random, jumper, centre):
    row, column = grid()
    x = np.abs(column - centre)
    edge = 250 + 92 * (x / 196) ** 2.1 + 400 * np.maximum(0, x / 205 - 0.88) ** 2
    slope = np.gradient(edge, axis=1)
    knit = 0.5 + 0.5 * np.sin((row - edge) * 1.15 + 1.6 * np.abs(np.sin(column * 0.55)))
    light = 0.72 + 0.28 * np.exp(-((row - edge) / 40)) - 0.25 * (x / 210) ** 2
    light = light * (0.80 + 0.26 * knit) * (1 + 0.25 * noise(random, 70, 3))
    layer.fill(coverage((edge - row) / np.hypot(1, slope)), rgb(jumper) * light[..., None])
    # Fluff of the wool along the edge.
    for _ in range(420):
        place = random.randint(max(centre - 205, 0), min(centre + 205, COLUMNS - 1))
        root = np.array([edge[0, place] + 3, place])
        tip = root + np.array([-4 - 4 * random.rand(), 3 * random.standard_normal()])
        bend = (root + tip) / 2 + random.standard_normal(2)
        wool = rgb(jumper) * (0.7 + 0.5 * random.rand())
        layer.stroke(bezier(root, bend, tip, steps=10), 0.25, wool)


def _strand(u, loose, centre, end, waves):
    """Follow a strand that leaves the crown at u in [-1, 1], leftmost to rightmost."""
    points = bezier(
        (64 + 8 * u * u, centre + 12 * u),
        (40 + 22 * u * u, centre + 78 * u),
        (150, centre + 118 * u),
        (216, centre + 66 * u),
        (end, centre + 104 * u),
        steps=72,
    )
    t = np.linspace(0, 1, len(points))
    lock = u * 9 + 3 * np.sin(7 * u)
    wave = sum(np.sin(2 * np.pi * k * t + waves[k] + k * lock) / k for k in (2, 3, 4))
    points[:, 1] += (2 + 7.5 * loose) * t**1.2 * wave
    return points


def _hair_colour(random, u, count, dark, light):
    t = np.linspace(0, 1, count)
    # A band of reflected sky over the crown, a second one weaker below, and lighter tips.
    shine = np.exp(-(((t - 0.22 - 0.05 * abs(u)) / 0.07) ** 2)) * 0.75
    shine = shine + 0.3 * np.exp(-(((t - 0.62) / 0.12) ** 2)) + 0.35 * t
    tone = 0.12 + 0.5 * random.rand() ** 2 + 0.35 * abs(u) ** 3
    return mix(dark, light, np.clip(shine * (0.4 + 0.8 * random.rand()) + tone * 0.6, 0, 1))


def cat(random):
    """Paint a ginger cat from the front, its outline all made of hairs, with whiskers."""
    layer = Layer()
    stripes = noise(random, 60, 2)
    row, column = grid()
    shapes = {
        "body": ((330, 256), (150, 118)),
        "head": ((170, 256), (78, 92)),
    }
    _coat(layer, random, *shapes["body"], stripes, count=5200, length=22)
    for side in (-1, 1):
        _ear(layer, random, side, stripes)
    _coat(layer, random, *shapes["head"], stripes, count=4600, length=13)
    for side in (-1, 1):
        _eye(layer, (160, 256 + 37 * side))
    nose = np.hypot((row - 197) / 6.5, (column - 256) / (10 - 0.8 * (row - 197)))
    layer.fill(coverage((nose - 1) * 5), rgb("#c4716a"))
    for side in (-1, 1):
        layer.stroke(
            bezier((202, 256), (214, 256 + 3 * side), (216, 256 + 20 * side)), 0.9, rgb("#5a3326")
        )
        for k in range(9):
            root = np.array([203 + 3.0 * (k % 3), 256 + side * (24 + 4 * (k // 3))])
            rise = -34 + 9.5 * k + 5 * random.standard_normal()
            tip = root + np.array([rise, side * (92 + 22 * random.rand())])
            bend = (root + tip) / 2 + np.array([-12 + 4 * random.standard_normal(), 0])
            points = bezier(root, bend, tip, steps=60)
            layer.stroke(points, np.linspace(0.75, 0.12, 60), rgb("#f4efe6"))
    return layer


def _ginger(stripes, place, random):
    row, column = int(np.clip(place[0], 0, ROWS - 1)), int(np.clip(place[1], 0, COLUMNS - 1))
    band = np.sin(row * 0.17 + 0.0009 * (column - 256) ** 2 + 9 * stripes[row, column])
    base = mix(rgb("#c98a4b"), rgb("#7c4220"), np.array(0.5 + 0.9 * band))
    white = np.exp(-(((row - 232) / 42) ** 2 + ((column - 256) / 46) ** 2)) * 1.25
    white = white + 0.9 * np.exp(-(((row - 330) / 62) ** 2 + ((column - 256) / 34) ** 2))
    return mix(base, rgb("#efe6d6"), np.array(white)) * (0.72 + 0.5 * random.rand())


def _coat(layer, random, centre, radii, stripes, *, count, length):
    """Cover an ellipse with hair from below upwards, like tiles on a roof."""
    centre, radii = np.array(centre, dtype=float), np.array(radii, dtype=float)
    row, column = grid()
    inside = np.hypot((row - centre[0]) / radii[0], (column - centre[1]) / radii[1])
    layer.fill(coverage((inside - 0.97) * radii.min()), rgb("#8a5530"))
    angle, distance = 2 * np.pi * random.rand(count), np.sqrt(random.rand(count))
    offset = np.stack([np.sin(angle), np.cos(angle)], axis=1) * distance[:, None]
    for unit in offset[np.argsort(-offset[:, 0], kind="stable")]:
        root = centre + unit * radii
        outward = unit / max(np.hypot(*unit), 1e-6) * np.hypot(*unit) ** 2
        flow = outward + np.array([0.55, 0.0]) + 0.16 * random.standard_normal(2)
        reach = length * (0.6 + 0.6 * random.rand())
        tip = root + flow * reach
        bend = root + flow * reach * 0.5 + 1.2 * random.standard_normal(2)
        colour = _ginger(stripes, root, random)
        # Light falls from the upper left.
        colour = colour * (0.95 - 0.28 * unit[1] - 0.34 * unit[0])
        shade = np.linspace(0.75, 1.2, 9)[:, None]
        layer.stroke(bezier(root, bend, tip, steps=9), np.linspace(0.62, 0.16, 9), colour * shade)


def _ear(layer, random, side, stripes):
    base, tip = np.array([118.0, 256 + 54.0 * side]), np.array([52.0, 256 + 82.0 * side])
    along = tip - base
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    for t in np.linspace(0, 0.97, 60):
        half = 33 * (1 - t) ** 0.8
        middle = base + t * along
        across = np.stack([middle - half * normal, middle + half * normal])
        layer.stroke(across, 1.3, rgb("#b06a50") * (0.8 + 0.3 * t))
    for _ in range(900):
        t, s = random.rand() ** 0.8, 2 * random.rand() - 1
        rim = abs(s) > 0.62
        root = base + t * along + s * 32 * (1 - t) ** 0.8 * normal
        if not rim and random.rand() > 0.16:
            continue
        flow = along / np.hypot(*along) + 0.5 * s * normal + 0.22 * random.standard_normal(2)
        reach = (8 if rim else 24) * (0.5 + 0.7 * random.rand())
        pale = rgb("#e9dcc8") * (0.7 + 0.3 * random.rand())
        colour = _ginger(stripes, root, random) if rim else pale
        hair = bezier(root, root + flow * reach / 2, root + flow * reach, steps=9)
        layer.stroke(hair, np.linspace(0.6, 0.15, 9), colour)


def _eye(layer, centre):
    row, column = grid()
    y, x = row - centre[0], column - centre[1]
    lids = np.hypot(x / 18.5, y / 13) - 1
    layer.fill(coverage(lids * 13 - 1.8), rgb("#2a1710"))
    iris = mix(rgb("#d8b03a"), rgb("#6e7a22"), np.hypot(x, y) / 18)
    layer.fill(coverage(lids * 13 + 0.5), iris)
    layer.fill(coverage((np.hypot(x / 5.2, y / 12) - 1) * 5), rgb("#0b0a08"))
    layer.fill(coverage(np.hypot(x + 5, y + 5) - 2.6), rgb("#ffffff"))
