"""Training samples: which source, how it is framed, what the network should answer.

A batch is a pure function of (seed, index), so a run can resume at any step and a data worker may
build batches ahead of time.  Arrays leave as uint8 to keep the traffic between processes small.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.camera import expose, to_linear
from training.data import Bytes, Library, Photo, Subject
from training.hints import disc, no_hint, simulate_hint
from training.materials import draw_material
from training.occluders import occlude
from training.shapes import draw_subject
from training.synth import build_scene, paste, random_area

Rng = np.random.Generator

MIXED_LOW, MIXED_HIGH = 0.02, 0.98  # alpha between these is mixed, hence unknown
BAND_SHARE = 0.006  # growth of the unknown band, share of the short side
MATERIALS = 240  # drawn once, since drawing takes longer than a whole sample
CLASS_BACKGROUND, CLASS_UNKNOWN, CLASS_FOREGROUND = 0, 1, 2


@dataclass(frozen=True)
class SampleSettings:
    """Shares of sources and hints, and the sizes of batches (rows, cols, pictures, share).

    Composites are of cut-outs (`composite_share` of all samples), of which `close_up_share` show a
    part of the outline only, of `materials` (`material_share`), and of procedural figures (the
    rest); masked photographs are `photo_share`. In `occluder_share` of all samples, close-ups
    apart, something is in front of the subject. Batches before `early_steps` draw from
    `early_sizes`, later ones from `sizes`.
    """

    photo_share: float
    composite_share: float
    close_up_share: float
    material_share: float
    no_hint_share: float
    occluder_share: float
    early_steps: int
    early_sizes: list[tuple[int, int, int, float]]
    sizes: list[tuple[int, int, int, float]]


def trimap_target(alpha: NDArray[np.float32]) -> Bytes:
    """Classes (H, W) from alpha: mixed pixels, grown a little, are unknown."""
    mixed = ((alpha > MIXED_LOW) & (alpha < MIXED_HIGH)).astype(np.uint8)
    # An outline between two pixels leaves no mixed pixel: mark it as well.
    inside = (alpha >= 0.5).astype(np.uint8)
    mixed |= cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    mixed = cv2.dilate(mixed, disc(max(1, round(BAND_SHARE * min(alpha.shape)))))
    target = np.where(inside > 0, CLASS_FOREGROUND, CLASS_BACKGROUND)
    return np.where(mixed > 0, CLASS_UNKNOWN, target).astype(np.uint8)


def frame_photo(
    photo: Photo, shape: tuple[int, int], rng: Rng
) -> tuple[Bytes, NDArray[np.float32]]:
    """Crop, turn, mirror and resize a masked photograph; returns image and alpha of `shape`."""
    image, mask = photo.image, photo.mask
    height, width = mask.shape
    if rng.random() < 0.3:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 9), 1.0)
        mode = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}
        image = cv2.warpAffine(image, turn, (width, height), **mode)
        mask = cv2.warpAffine(mask, turn, (width, height), **mode)
    total = float(mask.sum()) + 1.0
    window = np.s_[:height, :width]
    aspect = shape[1] / shape[0]
    for _ in range(8):
        share = rng.uniform(0.72, 1.0) if rng.random() < 0.6 else rng.uniform(0.4, 0.8)
        skew = aspect * np.exp(rng.normal(0, 0.13))
        h = int(min(height, width / skew) * share)
        w = min(width, int(h * skew))
        top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
        candidate = np.s_[top : top + h, left : left + w]
        seen = float(mask[candidate].sum())
        if seen > 0.6 * total and seen < 0.8 * 255 * h * w:
            window = candidate
            break
    image, mask = image[window], mask[window]
    method = cv2.INTER_AREA if mask.shape[0] >= shape[0] else cv2.INTER_LINEAR
    image = cv2.resize(image, shape[::-1], interpolation=method)
    mask = cv2.resize(mask, shape[::-1], interpolation=method)
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    alpha = np.clip((mask.astype(np.float32) / 255.0 - 0.1) / 0.8, 0, 1)
    return image, alpha


class SampleMaker:
    """Draws samples from a library; `batch(seed, index)` is deterministic."""

    def __init__(self, library: Library, settings: SampleSettings) -> None:
        self.library = library
        self.settings = settings
        photo_weights = np.array([p.weight for p in library.photos])
        self._photo_odds = photo_weights / photo_weights.sum()
        weights = np.array([s.weight for s in library.subjects])
        self._subject_odds = weights / weights.sum()
        rng = np.random.default_rng(MATERIALS)
        self._materials = [draw_material(rng) for _ in range(MATERIALS)]

    def _subject(self, rng: Rng, kind: str) -> Subject:
        if kind == "figure":
            return draw_subject(self.library.backgrounds, rng)
        if kind == "material":
            return self._materials[rng.integers(len(self._materials))]
        return self.library.subjects[rng.choice(len(self.library.subjects), p=self._subject_odds)]

    def _cover(
        self, scene: NDArray[np.float32], alpha: NDArray[np.float32], rng: Rng, *, hinted: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Sometimes lay a thing over the subject, a cut-out only if a hint tells them apart."""
        share = self.settings.occluder_share
        if not share or rng.random() >= share:  # without any, earlier runs draw what they drew
            return scene, alpha
        things = self.library.subjects if hinted else []
        return occlude(scene, alpha, rng, backgrounds=self.library.backgrounds, things=things)

    def _composite(
        self, shape: tuple[int, int], rng: Rng, *, kind: str, hinted: bool, close_up: bool
    ) -> tuple[Bytes, NDArray[np.float32]]:
        backgrounds = self.library.backgrounds
        scene = build_scene(backgrounds[rng.integers(len(backgrounds))], shape, rng)
        if hinted and rng.random() < 0.3:  # a bystander, which only the hint tells apart
            scene, _ = paste(scene, self._subject(rng, "cut-out"), rng, area=random_area(rng) * 0.6)
        area = rng.uniform(0.7, 3.5) if close_up else random_area(rng)
        subject = self._subject(rng, kind)
        scene, alpha = paste(scene, subject, rng, area=area, close_up=close_up)
        if rng.random() < 0.12 and not close_up:  # a group
            scene, other = paste(scene, self._subject(rng, kind), rng, area=random_area(rng) * 0.7)
            alpha = other + alpha * (1 - other)
        if not close_up:
            scene, alpha = self._cover(scene, alpha, rng, hinted=hinted)
        return expose(scene, rng), alpha.astype(np.float32)

    def sample(self, shape: tuple[int, int], rng: Rng) -> tuple[Bytes, Bytes, Bytes, Bytes]:
        """One sample: image (H, W, 3), hint, alpha and class target (H, W), all uint8."""
        hinted = rng.random() >= self.settings.no_hint_share
        pick = rng.random()
        if pick < self.settings.photo_share:
            odds = self._photo_odds
            photo = self.library.photos[rng.choice(len(odds), p=odds)]
            close_up = False
            image, alpha = frame_photo(photo, shape, rng)
            scene, alpha = self._cover(to_linear(image), alpha, rng, hinted=hinted)
            image = expose(scene, rng)
        else:
            kind = self._kind(pick - self.settings.photo_share)
            # A part of an outline cannot be found without being told what it belongs to.
            close_up = kind == "cut-out" and rng.random() < self.settings.close_up_share
            hinted = hinted or close_up
            image, alpha = self._composite(shape, rng, kind=kind, hinted=hinted, close_up=close_up)
        if hinted and alpha.max() > 0.5:
            unit = image.astype(np.float32) / 255.0
            hint = simulate_hint(alpha, unit, rng, close_up=close_up)
        else:
            hint = no_hint(shape)
        return image, _to_bytes(hint), _to_bytes(alpha), trimap_target(alpha)

    def _kind(self, pick: float) -> str:
        """Kind of a composite's subject, from a number that is uniform over the composites."""
        if pick < self.settings.composite_share:
            return "cut-out"
        pick -= self.settings.composite_share
        return "material" if pick < self.settings.material_share else "figure"

    def batch(self, seed: int, index: int) -> tuple[Bytes, ...]:
        """Batch `index` of the run with `seed`: the four arrays of `sample`, stacked."""
        rng = np.random.default_rng((seed, index))
        early = index < self.settings.early_steps
        sizes = self.settings.early_sizes if early else self.settings.sizes
        odds = np.array([share for *_, share in sizes])
        rows, cols, count, _ = sizes[rng.choice(len(sizes), p=odds / odds.sum())]
        samples = [self.sample((rows, cols), rng) for _ in range(count)]
        image, hint, alpha, target = (np.stack(parts) for parts in zip(*samples, strict=True))
        return image, hint, alpha, target


def _to_bytes(values: NDArray[np.float32]) -> Bytes:
    # 0.5 becomes 128, which is decoded as exactly 0.5 (see train.decode_hint).
    return (values * 255.0 + 0.5).astype(np.uint8)
