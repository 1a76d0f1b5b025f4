"""Large matting problems anyone can make: scikit-image's cat, and a painted green screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import as_float, resized

Problem = tuple[NDArray[np.float32], NDArray[np.uint8]]


def cat(megapixels: float, percent: float = 13) -> Problem:
    """Enlarge the cat to so many pixels, with so much of it unknown around its head."""
    import skimage.data

    image = resized(as_float(skimage.data.chelsea()), megapixels)
    height, width = image.shape[:2]
    row, col = np.mgrid[:height, :width].astype(np.float32)
    down, right = (row - height / 2) / (0.36 * height), (col - width / 2) / (0.36 * width)
    distance = np.hypot(down, right) + 0.08 * np.sin(9 * np.arctan2(down, right))
    reach = np.quantile(np.abs(distance - 1), percent / 100)
    trimap = np.where(distance < 1, 255, 0).astype(np.uint8)
    trimap[np.abs(distance - 1) < reach] = 128
    return image, trimap


def green_screen(megapixels: float) -> Problem:
    """Paint a dark head with hairs one pixel wide before an even green, in 8 bits."""
    import cv2

    height = round((megapixels * 0.75e6) ** 0.5)
    width = round(height * 4 / 3)
    rng = np.random.default_rng(0)
    centre, radius = np.array([0.5 * width, 0.6 * height]), np.array([0.25 * width, 0.25 * height])
    row, col = np.mgrid[:height, :width]
    head = np.hypot((col - centre[0]) / radius[0], (row - centre[1]) / radius[1]) < 1
    drawn = np.zeros((height, width), np.uint8)
    for _ in range(300):
        angle = rng.uniform(0, 2 * np.pi)
        outward = np.array([np.cos(angle), np.sin(angle)])
        along = outward * rng.uniform(0.05, 0.16) * height
        aside = np.array([-along[1], along[0]]) * rng.uniform(-0.5, 0.5)
        share = np.linspace(0, 1, 12)[:, None]
        points = centre + radius * outward + along * share + aside * share**2
        hair = np.round(points * 16).astype(np.int32)
        cv2.polylines(drawn, [hair], False, 255, 1, cv2.LINE_AA, 4)
    alpha = np.maximum(head, as_float(drawn))[..., None]
    colours = alpha * np.float32([0.25, 0.17, 0.12]) + (1 - alpha) * np.float32([40, 180, 70]) / 255
    colours = colours + rng.normal(0, 0.01, (height, width, 1)) * head[..., None]
    side = round(0.03 * height) | 1
    kernel = np.ones((side, side), np.uint8)
    covered = cv2.dilate((alpha[..., 0] > 0).astype(np.uint8), kernel)
    trimap = np.where(covered, 128, 0).astype(np.uint8)
    trimap[cv2.erode(head.astype(np.uint8), kernel) > 0] = 255
    return (np.round(colours.clip(0, 1) * 255) / 255).astype(np.float32), trimap


PROBLEMS = {"cat": cat, "green screen": green_screen}
