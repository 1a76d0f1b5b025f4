"""Lifeless subjects of the samples: each public function paints one `Layer` in linear light.

Spokes and a lattice with holes, glass and liquid, and what moves while the shutter is open.
"""

from __future__ import annotations

import numpy as np
from brushes import COLUMNS, ROWS, Layer, average, bezier, circle, coverage, grid, mix, noise, rgb


def wheel_and_trellis(random):
    """Paint a bicycle wheel with thin spokes before a trellis: opaque, full of holes."""
    layer = Layer()
    wood = rgb("#c8a874")
    for k in range(7):
        x = 300 + 33 * k
        for start, end in (((70, x), (384, x - 150)), ((70, x - 90), (384, x + 60))):
            tone = 0.75 + 0.4 * random.rand()
            layer.stroke(bezier(start, end, steps=160), 4.2, wood * tone, round_light=0.7)
    for start, end in (((66, 196), (66, 506)), ((60, 200), (384, 200)), ((60, 502), (384, 502))):
        layer.stroke(bezier(start, end, steps=160), 7.5, wood * 0.9, round_light=0.8)
    hub, radius = np.array([222.0, 160.0]), 128.0
    for k in range(28):
        angle = 2 * np.pi * k / 28
        lean = angle + (0.42 if k % 2 else -0.42)
        root = hub + 11 * np.array([np.sin(lean), np.cos(lean)])
        end = hub + (radius - 6) * np.array([np.sin(angle), np.cos(angle)])
        layer.stroke(bezier(root, end, steps=90), 0.62, rgb("#d9dde0"))
    layer.stroke(circle(hub, radius, steps=700), 8.5, rgb("#26282b"), round_light=0.75)
    layer.stroke(circle(hub, radius - 11, steps=700), 3.6, rgb("#c3c8cc"), round_light=0.8)
    layer.stroke(circle(hub, 8, steps=60), 5.5, rgb("#8d9499"), round_light=0.8)
    nut = np.stack([hub, hub + np.array([0, 2])])
    layer.stroke(nut, 5, rgb("#3a3d40"), round_light=0.6)
    return layer


def bottle(random, *, centre=(210, 256), scale=1.0, tint="#cfe3dc", liquid="#c8741e"):
    """Paint a corked bottle, half full, with a label: faint, half and wholly opaque."""
    finer = 3
    row, column = (
        (axis - middle) / scale for axis, middle in zip(grid(finer), centre, strict=True)
    )
    x = np.abs(column)
    profile = _bottle_profile(row)
    inside = profile - x
    across = np.clip(column / np.maximum(profile, 1), -1, 1)
    glass = coverage(-inside) * ((row > -150) & (row < 150))
    # The longer the light's way through the wall, the less of the background comes through.
    wall = 0.10 + 0.75 * np.abs(across) ** 9 + 0.5 * np.exp(-(((row - 146) / 7) ** 2))
    alpha, colour = np.clip(wall, 0, 0.92) * glass, np.ones((*row.shape, 3)) * rgb(tint) * 0.55
    within = coverage(-(inside - 6)) * coverage(-18 + 2 * across**2 - row) * coverage(row - 140)
    drink = within * (0.46 + 0.25 * np.abs(across) ** 3 + 0.12 * (row + 18) / 160)
    shade = (1.15 - 0.55 * across)[..., None] * np.ones(3)
    colour, alpha = _lay(colour, alpha, rgb(liquid) * shade, drink)
    surface = within * np.exp(-((row + 17 - 2 * across**2) ** 2) / 5)
    colour, alpha = _lay(colour, alpha, rgb("#ffdca0"), 0.6 * surface)
    label = coverage(-(inside - 3.2)) * coverage(np.abs(row - 72) - 34)
    lit = 0.55 + 0.5 * np.sqrt(np.clip(1 - (across - 0.25) ** 2, 0, 1))
    paper = rgb("#efe6cf") * lit[..., None]
    print_ = np.maximum(
        coverage(np.abs(np.abs(row - 72) - 28) - 1.2),
        coverage(np.abs(np.hypot(row - 68, 40 * np.arcsin(across * 0.98)) - 15) - 2),
    )
    paper = mix(paper, rgb("#7a1f1f"), print_)
    colour, alpha = _lay(colour, alpha, paper, label)
    gleam = glass * np.exp(-(((across + 0.62) / 0.07) ** 2)) * coverage(np.abs(row - 30) - 96)
    gleam = 0.75 * gleam + 0.4 * glass * np.exp(-(((across - 0.72) / 0.05) ** 2))
    colour, alpha = _lay(colour, alpha, rgb("#ffffff"), gleam * (1 - 0.75 * label))
    cork = coverage(x - 15) * coverage(np.abs(row + 150) - 17)
    tone = 0.6 + 0.5 * np.sqrt(np.clip(1 - (column / 16 + 0.3) ** 2, 0, 1))
    colour, alpha = _lay(colour, alpha, rgb("#b98a5a") * tone[..., None], cork)
    layer = Layer()
    samples = ROWS, finer, COLUMNS, finer
    layer.alpha = alpha.reshape(samples).mean(axis=(1, 3))
    layer.colour = (alpha[..., None] * colour).reshape(*samples, 3).mean(axis=(1, 3))
    speckle = 1 + 0.12 * noise(random, 6, 2)[..., None] * (layer.alpha[..., None] > 0.97)
    layer.colour = np.minimum(layer.colour * speckle, layer.alpha[..., None])
    return layer


def _bottle_profile(row):
    """Give the half width of the bottle at a height, neck to base, rounded at the bottom."""
    shoulder = 1 / (1 + np.exp(-(row + 62) / 9.5))
    lip = 4 * np.exp(-(((row + 141) / 6) ** 4))
    base = np.sqrt(np.clip(1 - np.clip((row - 138) / 12, 0, 1) ** 2, 0, 1))
    return (19 + 47 * shoulder + lip) - 12 * (1 - base)


def _lay(colour, alpha, top, amount):
    """Lay straight colour over straight colour."""
    total = amount + (1 - amount) * alpha
    share = (amount / np.maximum(total, 1e-12))[..., None]
    return share * top + (1 - share) * colour, total


def swung_racket(random):
    """Paint a racket in mid-stroke and a ball, averaged over the exposure."""
    moments = 40
    jitter = random.rand(moments)
    return average(_racket((k + jitter[k]) / moments) for k in range(moments))


def _racket(moment):
    """Paint racket and ball at a moment in [0, 1) of the exposure."""
    layer = Layer()
    grip = np.array([330.0, 120.0])
    angle = -0.62 - 0.16 * moment
    along = np.array([np.sin(angle), np.cos(angle)])
    beside = np.array([-along[1], along[0]])
    head, long, wide = grip + 236 * along, 78.0, 58.0
    for k in range(-8, 9):
        s = k / 9.0
        half = np.sqrt(1 - s * s)
        for middle, line in (
            (head + s * wide * beside, half * long * along),
            (head + s * long * along, half * wide * beside),
        ):
            layer.stroke(bezier(middle - line, middle + line, steps=40), 0.55, rgb("#e8e6d8"))
    turn = np.linspace(0, 2 * np.pi, 240)[:, None]
    rim = head + np.cos(turn) * long * along + np.sin(turn) * wide * beside
    layer.stroke(rim, 5.2, rgb("#1f4f9c"), round_light=0.7)
    for side in (-1, 1):
        fork = bezier(grip + 96 * along, grip + 130 * along + 6 * side * beside,
                      head - 62 * along + 36 * side * beside, steps=60)  # fmt: skip
        layer.stroke(fork, 4.4, rgb("#1f4f9c"), round_light=0.7)
    layer.stroke(bezier(grip, grip + 98 * along, steps=80), 8.5, rgb("#26282b"), round_light=0.6)
    for k in range(12):
        ring = grip + (6 + 7.5 * k) * along
        wrap = 8 * beside - 2 * along
        layer.stroke(np.stack([ring - wrap, ring + wrap]), 0.8, rgb("#70757a"))
    _sleeve(layer, grip)
    ball = np.array([106.0 + 8 * moment, 150.0 - 34 * moment])
    row, column = grid()
    y, x = (row - ball[0]) / 26, (column - ball[1]) / 26
    depth = np.sqrt(np.clip(1 - y * y - x * x, 0, 1))
    lit = 0.25 + 0.85 * np.clip(0.75 * depth - 0.35 * x - 0.5 * y, 0, 1)
    felt = rgb("#c9d943") * lit[..., None]
    seam = coverage((np.abs(np.hypot(y - 0.9, x + 0.4) - 0.9) - 0.06) * 26)
    layer.fill(coverage((np.hypot(y, x) - 1) * 26), mix(felt, rgb("#f2f2ea"), 0.9 * seam))
    return layer


def _sleeve(layer, grip):
    """Paint a forearm in a white sleeve and a fist around the grip, which hardly move."""
    fist = grip + np.array([6.0, 8.0])
    elbow = np.array([400.0, 40.0])
    arm = bezier(elbow, (372, 70), fist + np.array([14, -16]), steps=80)
    layer.stroke(arm, np.linspace(33, 17, 80), rgb("#c98f6c"), round_light=0.55)
    layer.stroke(arm[:52], np.linspace(38, 27, 52), rgb("#e6e8ea"), round_light=0.5)
    palm = bezier(fist - np.array([10, 12]), fist + np.array([8, 6]), steps=20)
    layer.stroke(palm, 19, rgb("#c98f6c"), round_light=0.6)
    for k in range(4):
        knuckle = fist + np.array([-13.0 + 9 * k, 4.0 + 5.5 * k])
        finger = bezier(knuckle + np.array([-8, 6]), knuckle + np.array([4, 8]), steps=12)
        layer.stroke(finger, 6.3, rgb("#d39a76"), round_light=0.6)


def red_ball(centre, *, radius=34, travel=70):
    """Paint a red ball with a white band that crosses the picture while the shutter is open."""
    row, column = grid()
    moments = 48
    layers = []
    for k in range(moments):
        layer = Layer()
        x = (column - centre[1] - travel * ((k + 0.5) / moments - 0.5)) / radius
        y = (row - centre[0]) / radius
        depth = np.sqrt(np.clip(1 - y * y - x * x, 0, 1))
        light = (0.25 + 0.85 * np.clip(0.7 * depth - 0.4 * x - 0.5 * y, 0, 1))[..., None]
        band = coverage((np.abs(y + 0.15) - 0.16) * radius)
        paint = mix(rgb("#c8102e"), rgb("#f4f0ea"), band) * light
        layer.fill(coverage((np.hypot(y, x) - 1) * radius), paint)
        layers.append(layer)
    return average(layers)
