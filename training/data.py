"""Sources of training pictures: reads every folder once, keeps small decoded copies in memory.

Expected below the data root: ``train/animals`` and ``train/pseudo/*`` (``image`` and ``mask``
folders with equal stems), ``train/cutouts/*`` (RGBA pictures with exact alpha) and
``train/backgrounds/*``.  Arrays are uint8, RGB order, sRGB-coded, straight alpha.  Missing folders
are allowed as long as each kind of source has at least one picture.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
PHOTO_LONG_SIDE = 400  # px; masked photographs are not larger than this
HOLD_OUT_EVERY = 22  # one masked photograph in this many is never trained on
MIN_PATCH = 72  # px; smallest subject-free rectangle of a photograph used as a background
COLOUR_SPREADS = (
    7,
    21,
    61,
    181,
)  # px; windows of averages, how far subject colours are carried outwards


@dataclass(frozen=True)
class Photo:
    """A photograph with a soft mask: image (H, W, 3), mask (H, W), and its share in sampling."""

    name: str
    image: Bytes
    mask: Bytes
    weight: float


@dataclass(frozen=True)
class Subject:
    """A subject to paste: colour (H, W, 3), continued beyond the edge, and alpha (H, W)."""

    colour: Bytes
    alpha: Bytes
    weight: float


@dataclass(frozen=True)
class Library:
    """Everything the sample generator draws from."""

    photos: list[Photo]
    held_out: list[Photo]
    subjects: list[Subject]
    backgrounds: list[Bytes]


def list_images(folder: Path) -> list[Path]:
    """All picture files below `folder`, sorted by name."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)


def read_rgb(path: Path, long_side: int | None = None) -> Bytes:
    """Read a picture as (H, W, 3) RGB, reduced so that its long side is at most `long_side`."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise OSError(f"cannot read picture {path}")
    return limit_size(np.ascontiguousarray(image[..., ::-1]), long_side)


def limit_size(image: Bytes, long_side: int | None) -> Bytes:
    """Reduce `image` by area averaging so that its long side is at most `long_side`."""
    factor = 1.0 if long_side is None else long_side / max(image.shape[:2])
    if factor >= 1.0:
        return image
    height, width = (max(1, round(n * factor)) for n in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def extend_colours(colour: Bytes, alpha: Bytes, *, sure: int = 250) -> Bytes:
    """Continue the colours of the sure inside (alpha >= `sure`) over the rest of the picture.

    Normalised box averages of growing width fill outwards, so that hair drawn beyond the
    outline, and edges whose colours were mixed with the old background, look like the subject.
    """
    weight = (alpha >= sure).astype(np.float32)
    filled = colour.astype(np.float32)
    known = weight[..., None]
    if not weight.any():
        return colour
    source = filled * known
    missing = 1.0 - known
    result = source.copy()
    for window in COLOUR_SPREADS:
        total = cv2.blur(weight, (window, window))[..., None]
        mean = cv2.blur(source, (window, window)) / np.maximum(total, 1e-6)
        reach = missing * (total > 0.02)
        result += reach * mean
        missing = missing - reach
    average = source.sum((0, 1)) / weight.sum()
    result += missing * average
    return np.clip(result, 0, 255).astype(np.uint8)


def cut_subject(photo: Photo) -> Subject | None:
    """Cut the subject out of a masked photograph; None when it is cropped by the frame or tiny."""
    inside = photo.mask > 127
    border = np.concatenate((inside[0], inside[-1], inside[:, 0], inside[:, -1]))
    if inside.mean() < 0.015 or border.mean() > 0.12:
        return None
    rows, cols = np.where(photo.mask > 20)
    window = np.s_[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    # Polygon and predicted outlines lie a little outside: keep the inner part of the soft edge.
    mask = photo.mask[window].astype(np.float32) / 255.0
    alpha = (np.clip((mask - 0.4) / 0.55, 0, 1) * 255).astype(np.uint8)
    sure = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    return Subject(extend_colours(photo.image[window], sure), alpha, photo.weight)


def free_patch(photo: Photo, rng: np.random.Generator) -> Bytes | None:
    """Find a large rectangle of the photograph without the subject, by random tries."""
    height, width = photo.mask.shape
    total = cv2.integral((photo.mask > 8).astype(np.uint8))
    best: tuple[int, slice, slice] | None = None
    for _ in range(60):
        h, w = int(rng.uniform(0.25, 1) * height), int(rng.uniform(0.25, 1) * width)
        top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
        count = total[top + h, left + w] - total[top, left + w]
        count += total[top, left] - total[top + h, left]
        if count == 0 and min(h, w) >= MIN_PATCH and (best is None or h * w > best[0]):
            best = (h * w, slice(top, top + h), slice(left, left + w))
    return None if best is None else photo.image[best[1], best[2]].copy()


def read_photos(folder: Path, weight: float) -> list[Photo]:
    """Read the masked photographs of one folder (``image`` and ``mask`` inside)."""
    photos = []
    for path in list_images(folder / "image"):
        mask = cv2.imread(str(folder / "mask" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            continue
        image = read_rgb(path, PHOTO_LONG_SIDE)
        mask = cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_AREA)
        photos.append(Photo(f"{folder.name}/{path.stem}", image, mask, weight))
    return photos


def read_masked_photos(
    root: Path, weights: dict[str, float] | None = None, *, limit: int | None = None
) -> list[Photo]:
    """Read all masked photographs below ``root/train``, those held out among them."""
    train = root / "train"
    photos: list[Photo] = []
    for folder in [train / "animals", *sorted((train / "pseudo").glob("*"))]:
        photos += read_photos(folder, (weights or {}).get(folder.name, 1.0))[:limit]
    return photos


def read_cutouts(folder: Path, weight: float) -> list[Subject]:
    """Read RGBA pictures with exact alpha, cropped to what is visible."""
    subjects = []
    for path in list_images(folder):
        rgba = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if rgba is None or rgba.ndim != 3 or rgba.shape[2] != 4:
            continue
        rows, cols = np.where(rgba[..., 3] > 8)
        if not rows.size:
            continue
        rgba = rgba[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
        alpha = np.ascontiguousarray(rgba[..., 3])
        colour = extend_colours(np.ascontiguousarray(rgba[..., 2::-1]), alpha)
        subjects.append(Subject(colour, alpha, weight))
    return subjects


def is_held_out(name: str) -> bool:
    """Whether a photograph belongs to the slice that is only used to watch training."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % HOLD_OUT_EVERY == 0


def load_library(
    root: Path,
    weights: dict[str, float],
    *,
    labels: Path | None = None,
    limit: int | None = None,
) -> Library:
    """Read all sources below ``root/train``; `weights` gives each folder's weight per picture.

    `labels` is a folder written by ``training.label``, of photographs to train on as well.
    `limit` reads at most that many pictures of each folder's list (for quick trials).
    """
    train = root / "train"
    photos = read_masked_photos(root, weights, limit=limit)
    held_out = [p for p in photos if is_held_out(p.name)]
    photos = [p for p in photos if not is_held_out(p.name)]
    rng = np.random.default_rng(0)
    subjects = [s for s in map(cut_subject, photos) if s is not None]
    for folder in sorted(labels.glob("*")) if labels else ():
        photos += read_photos(folder, weights.get(folder.name, 1.0))[:limit]
    for folder in sorted((train / "cutouts").glob("*")):
        subjects += read_cutouts(folder, weights.get(folder.name, 1.0))[:limit]
    backgrounds = [read_rgb(p, 1024) for p in list_images(train / "backgrounds")][:limit]
    patches = (free_patch(p, rng) for p in photos)
    backgrounds += [p for p in patches if p is not None]
    if not (photos and held_out and subjects and backgrounds):
        raise FileNotFoundError(f"no usable training pictures below {train}")
    return Library(photos, held_out, subjects, backgrounds)
