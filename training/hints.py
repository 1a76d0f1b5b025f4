"""Simulated hints: what a user, a rectangle, a classical method or a careless mask would say.

A hint is float32 (H, W): 0 background, 0.5 don't know, 1 foreground.  Each function takes the
true alpha (H, W) and image (H, W, 3), float in [0, 1], and a random generator.  Most work on a
quarter-size grid, since hints are coarse by nature.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rng = np.random.Generator

UNKNOWN = 0.5
GRID = 4  # px of the picture per cell of the coarse grid


def disc(radius: int) -> NDArray[np.uint8]:
    """Round structuring element."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def shift(mask: Floats, rows: float, cols: float, fill: float = 0.0) -> Floats:
    """Move `mask` by a fraction of a pixel or more; what enters is `fill`."""
    matrix = np.float32([[1, 0, cols], [0, 1, rows]])
    return cv2.warpAffine(mask, matrix, mask.shape[::-1], borderValue=fill)


def smooth_noise(rng: Rng, shape: tuple[int, int], cells: int) -> Floats:
    """Noise of unit variance whose blobs are about 1/`cells` of the side."""
    coarse = rng.standard_normal((cells + 1, cells + 1)).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _coarse(alpha: Floats) -> Floats:
    size = (alpha.shape[1] // GRID, alpha.shape[0] // GRID)
    return (cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) > 0.5).astype(np.float32)


def _extent(mask: Floats) -> float:
    """Typical diameter of the subject, in cells."""
    return float(np.sqrt(max(mask.sum(), 1.0)))


def rough_mask(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Grow or shrink the mask, move it, and let its outline wobble (IoU mostly .5 to .9)."""
    mask = _coarse(alpha)
    size = _extent(mask)
    mask = shift(mask, *(rng.uniform(-0.12, 0.12, 2) * size))
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, rng.uniform(0.05, 0.22) * size))
    soft += rng.uniform(0.0, 0.16) * smooth_noise(rng, mask.shape, int(rng.integers(3, 9)))
    return (soft > rng.choice((rng.uniform(0.12, 0.4), rng.uniform(0.4, 0.75)))).astype(np.float32)


def grown_mask(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Grow the mask by a disc and move it: the plain careless mask."""
    mask = _coarse(alpha)
    size = _extent(mask)
    radius = max(1, round(rng.uniform(0.03, 0.14) * size))
    return shift(cv2.dilate(mask, disc(radius)), *(rng.uniform(-0.1, 0.1, 2) * size))


def thin_parts_lost(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Open the mask by a disc (legs, tails, wheels vanish), then perhaps grow it."""
    mask = _coarse(alpha)
    size = _extent(mask)
    opened = cv2.morphologyEx(
        mask, cv2.MORPH_OPEN, disc(max(1, round(rng.uniform(0.08, 0.25) * size)))
    )
    if opened.sum() < 0.2 * mask.sum():
        opened = cv2.erode(mask, disc(1))
    return cv2.dilate(opened, disc(1)) if rng.random() < 0.5 else opened


def blobs_wrong(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Take random blobs away from the mask and add others near it."""
    mask = _coarse(alpha)
    noise = smooth_noise(rng, mask.shape, int(rng.integers(3, 8)))
    near = cv2.dilate(mask, disc(max(1, round(0.25 * _extent(mask)))))
    mask[(noise > rng.uniform(0.5, 1.3)) & (mask > 0)] = 0
    mask[(noise < -rng.uniform(0.6, 1.6)) & (near > 0)] = 1
    return mask


def colour_leak(alpha: Floats, image: Floats, rng: Rng) -> Floats:
    """Make GrabCut's typical mistake: a colour is lost, or a like one is gained."""
    mask = _coarse(alpha)
    small = cv2.resize(image, mask.shape[::-1], interpolation=cv2.INTER_AREA)
    near = cv2.dilate(mask, disc(max(2, round(rng.uniform(0.15, 0.5) * _extent(mask)))))
    for lose in rng.permutation([True, False])[: rng.integers(1, 3)]:
        rows, cols = np.where((mask if lose else near * (1 - mask)) > 0)
        if not rows.size:
            continue
        pick = rng.integers(rows.size)
        distance = np.abs(small - small[rows[pick], cols[pick]]).sum(2)
        alike = (distance < rng.uniform(0.1, 0.45)) & (near > 0)
        alike = cv2.medianBlur(alike.astype(np.uint8), 3) > 0
        mask = np.where(alike, 0.0 if lose else 1.0, mask).astype(np.float32)
    return mask


def box(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Draw a loose box: background outside; inside don't know, or at times all foreground."""
    rows, cols = np.where(alpha > 0.3)
    hint = np.zeros_like(alpha)
    if not rows.size:
        return np.full_like(alpha, UNKNOWN)
    slack = rng.uniform(-0.04, 0.25, 4) * np.sqrt(rows.size)
    top, left = max(0, int(rows.min() - slack[0])), max(0, int(cols.min() - slack[1]))
    bottom, right = int(rows.max() + slack[2]) + 1, int(cols.max() + slack[3]) + 1
    hint[top : max(bottom, top + 2), left : max(right, left + 2)] = 1 if rng.random() < 0.2 else 0.5
    return hint


def scribbles(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Draw clicks and strokes on the subject, and sometimes on the background."""
    hint = np.full_like(alpha, UNKNOWN)
    width = alpha.shape[1]
    for value, where, count in (
        (1.0, alpha > 0.9, int(rng.integers(1, 4))),
        (0.0, alpha < 0.02, int(rng.integers(0, 4))),
    ):
        rows, cols = np.where(where)
        if not rows.size:
            continue
        stroke = np.zeros(alpha.shape, np.uint8)
        for _ in range(count):
            picks = rng.integers(rows.size, size=int(rng.integers(1, 4)))
            points = np.stack((cols[picks], rows[picks]), 1).astype(np.int32)
            thickness = max(2, int(rng.uniform(0.012, 0.05) * width))
            cv2.polylines(stroke, [points[:, None]], False, 1, thickness)
            cv2.circle(stroke, points[0].tolist(), thickness, 1, -1)
        hint[(stroke > 0) & where] = value
    return hint


def band(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Make a trimap: the outline unsure, wider than needed."""
    mask = _coarse(alpha)
    kernel = disc(max(1, round(rng.uniform(0.04, 0.2) * _extent(mask))))
    return 0.5 * (cv2.erode(mask, kernel) + cv2.dilate(mask, kernel))


def soft_answer(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Make what a first look from afar would answer: a blurred alpha, unsure or wrong in places."""
    mask = _coarse(alpha)
    size = _extent(mask)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.5, rng.uniform(0.01, 0.1) * size))
    noise = smooth_noise(rng, mask.shape, int(rng.integers(3, 12)))
    steep = rng.uniform(3, 12)
    logits = steep * (soft - 0.5) + rng.uniform(0, 0.9) * noise + rng.normal(0, 0.5)
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def mistaken(alpha: Floats, _image: Floats, rng: Rng) -> Floats:
    """Make a hint that is far off: moved by most of the subject's size."""
    mask = _coarse(alpha)
    angle = rng.uniform(0, 2 * np.pi)
    reach = rng.uniform(0.3, 0.8) * _extent(mask)
    return shift(mask, reach * np.sin(angle), reach * np.cos(angle))


KINDS: tuple[tuple[Callable[[Floats, Floats, Rng], Floats], float], ...] = (
    (rough_mask, 0.22),
    (grown_mask, 0.16),
    (thin_parts_lost, 0.1),
    (blobs_wrong, 0.08),
    (colour_leak, 0.14),
    (box, 0.1),
    (scribbles, 0.1),
    (band, 0.08),
    (soft_answer, 0.18),
    (mistaken, 0.03),
)
_WEIGHTS = np.array([weight for _, weight in KINDS]) / sum(weight for _, weight in KINDS)


def no_hint(shape: tuple[int, int]) -> Floats:
    """Make a hint that says nothing."""
    return np.full(shape, UNKNOWN, np.float32)


def simulate_hint(alpha: Floats, image: Floats, rng: Rng, *, close_up: bool = False) -> Floats:
    """Draw one hint for the true `alpha` (H, W) of `image` (H, W, 3), float32 in [0, 1].

    A close-up comes with the hint that a second, nearer look has: what the first one found.
    """
    kinds = (band, soft_answer, grown_mask) if close_up else tuple(kind for kind, _ in KINDS)
    make = kinds[rng.choice(len(kinds), p=None if close_up else _WEIGHTS)]
    hint = make(alpha, image, rng)
    if hint.shape != alpha.shape:
        method = cv2.INTER_NEAREST if rng.random() < 0.3 else cv2.INTER_LINEAR
        hint = cv2.resize(hint, alpha.shape[::-1], interpolation=method)
        shaped = make not in (band, soft_answer)
        if method == cv2.INTER_LINEAR and rng.random() < 0.5 and shaped:
            hint = (hint > 0.5).astype(np.float32)
    if make in (rough_mask, grown_mask, colour_leak) and rng.random() < 0.15:
        hint = np.where(hint < 0.5, np.float32(UNKNOWN), hint)  # "at least here"
    return np.clip(hint, 0, 1).astype(np.float32)
