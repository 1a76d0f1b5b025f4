"""Things in front of the subject: what they hide is no longer part of it.

A post, a branch, somebody's shoulder at the edge of the frame: a network that never saw one takes
it for a part of the subject, or for the subject's end.  Colours are linear float32 (H, W, 3), alpha
is float32 (H, W) in [0, 1].
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.camera import to_linear
from training.data import Bytes, Subject
from training.hints import smooth_noise
from training.synth import crop_background, place

Floats = NDArray[np.float32]
Rng = np.random.Generator

LEAST_LEFT = 0.45  # share of the subject that stays visible
TRIES = 4


def _bar(shape: tuple[int, int], centre: Floats, rng: Rng) -> Floats:
    """Cross the whole picture with a post, a rail or a branch."""
    side = min(shape)
    angle = rng.choice((0.0, np.pi / 2)) + rng.normal(0, 0.25)
    bend = rng.normal(0, 0.12) if rng.random() < 0.5 else 0.0
    reach = np.linspace(-1.5, 1.5, 24)
    along = np.stack((np.cos(angle + bend * reach), np.sin(angle + bend * reach)), 1)
    path = centre + along * (reach * max(shape))[:, None]
    cover = np.zeros(shape, np.uint8)
    thickness = max(2, round(side * rng.uniform(0.015, 0.12)))
    cv2.polylines(cover, [np.round(path).astype(np.int32)], False, 255, thickness, cv2.LINE_AA)
    return cover.astype(np.float32) / 255


def _lump(shape: tuple[int, int], centre: Floats, rng: Rng) -> Floats:
    """Make a rounded or angular thing of any place and size, with a wobbling outline."""
    side = min(shape)
    turns = np.linspace(0, 2 * np.pi, int(rng.choice((4, 5, 40))), endpoint=False)
    wobble = np.zeros_like(turns)
    for wave in range(1, 4):
        wobble += rng.normal(0, 0.25 / wave) * np.cos(wave * turns + rng.uniform(0, 7))
    radius = side * rng.uniform(0.06, 0.3) * np.exp(wobble)
    flat, angle = rng.uniform(0.45, 1), rng.uniform(0, np.pi)
    x, y = radius * np.cos(turns), radius * np.sin(turns) * flat
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    outline = np.stack((x, y), 1) @ spin.T + centre
    cover = np.zeros(shape, np.uint8)
    cv2.fillPoly(cover, [np.round(outline).astype(np.int32)], 255, cv2.LINE_AA)
    return cover.astype(np.float32) / 255


def _dress(scene: Floats, backgrounds: list[Bytes], rng: Rng) -> Floats:
    """Colour a thing: from some other photograph, from elsewhere in this one, or plain."""
    kind = rng.random()
    if kind < 0.4:
        return to_linear(
            crop_background(backgrounds[rng.integers(len(backgrounds))], scene.shape[:2], rng)
        )
    if kind < 0.6:
        rows, cols = (int(rng.integers(1, n)) for n in scene.shape[:2])
        return np.roll(scene[:, ::-1], (rows, cols), (0, 1))
    shade = np.exp(0.4 * smooth_noise(rng, scene.shape[:2], int(rng.integers(1, 7))))
    pixel = scene.reshape(-1, 3)[rng.integers(scene.shape[0] * scene.shape[1])]
    tint = pixel if rng.random() < 0.6 else rng.uniform(0.01, 0.8, 3)
    return (tint * shade[..., None]).astype(np.float32)


def occlude(
    scene: Floats, alpha: Floats, rng: Rng, *, backgrounds: list[Bytes], things: list[Subject]
) -> tuple[Floats, Floats]:
    """Lay something over a point of the subject; returns the scene and what is left of alpha.

    Nothing is laid where it would hide most of the subject.
    """
    total = float(alpha.sum())
    if total < 16:
        return scene, alpha
    for _ in range(TRIES):
        inside = np.argwhere(alpha > 0.5)
        if not len(inside):
            return scene, alpha
        centre = inside[rng.integers(len(inside))][::-1].astype(np.float32)
        kind = rng.random()
        if kind < 0.35:
            cover, light = _bar(alpha.shape, centre, rng), _dress(scene, backgrounds, rng)
        elif kind < 0.75 or not things:
            cover, light = _lump(alpha.shape, centre, rng), _dress(scene, backgrounds, rng)
        else:
            thing = things[rng.integers(len(things))]
            colour, cover = place(thing, alpha.shape, rng, area=rng.uniform(0.03, 0.3))
            light = to_linear(colour)
        if rng.random() < 0.3:  # out of focus, as what is near often is
            cover = cv2.GaussianBlur(cover, (0, 0), min(alpha.shape) * rng.uniform(0.004, 0.02))
        left = alpha * (1 - cover)
        if float(left.sum()) > LEAST_LEFT * total:
            return scene + cover[..., None] * (light - scene), left
    return scene, alpha
