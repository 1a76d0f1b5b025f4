"""A second, closer look at the edge: tiles along the outline, at a higher resolution.

The first look takes in the whole picture at the network's own size, and one of its pixels may be
many of the picture's. Where it is unsure, tiles of that size are cut from a larger copy and asked
again, with the first answer as their hint: what the subject is has been decided, only where it ends
has not. Tiles overlap, and their answers fade into each other; where there are tiles, the first
look and theirs have half a say each.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import FloatArray, Shape
from hybridbg.predict.predictor import Probabilities, predict_batch
from hybridbg.predict.session import Session

__all__ = ["look_closer"]

# Long side of the larger copy, in sides of the network's own size: beyond, a tile sees too little
# of the subject to tell it from its surroundings.
_CLOSER: Final = 2.0
# Copies enlarged by less than this show nothing new.
_WORTH_IT: Final = 1.25
# Side of a tile and how much of it neighbours share, in the same unit.
_TILE: Final = 5 / 6
_SHARED: Final = 1 / 6
# What a tile says counts this much, and the first look the rest: a tile draws the edge better, but
# takes more things for the subject than the whole picture does.
_SAY: Final = 0.5
# A pixel is asked about again where it may be mixed, or where alpha is this far from 0 and 1.
_UNSURE: Final = 0.1


def look_closer(image: FloatArray, first: Probabilities, *, session: Session) -> Probabilities:
    """Look again where the first look was unsure.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), float32 in [0, 1]
        RGB, sRGB-coded.
    first : Probabilities
        What the network said of the whole picture.
    session : Session
        From `new_session`. A network of one size, or without a hint, cannot look closer.

    Returns
    -------
    Probabilities
        `first`, corrected along the outline; of a smaller `cell` where that was worth it.

    Raises
    ------
    InvalidModelError
        As `predict_probabilities`.
    """
    spec = session.spec
    size = spec.size
    if not (spec.has_hint and spec.dynamic and size):
        return first
    inner = fit_inside(image.shape[:2], round(_CLOSER * size))
    if max(inner) < _WORTH_IT * size:
        return first
    side = max(spec.divisor, round(_TILE * size / spec.divisor) * spec.divisor)
    copy, hint = resample(image, inner), resample(first.alpha, inner)
    unsure = (first.unknown > _UNSURE) | (np.minimum(first.alpha, 1 - first.alpha) > _UNSURE)
    wanted = resample(unsure.astype(np.float32), inner) > 0
    tiles = [tile for tile in _tiles(inner, side, round(_SHARED * size)) if wanted[tile].any()]
    if not tiles:
        return first
    answers = predict_batch(
        [np.ascontiguousarray(copy[tile]) for tile in tiles],
        hints=[np.ascontiguousarray(hint[tile]) for tile in tiles],
        session=session,
        size=side,
    )
    planes = np.stack([resample(plane, inner) for plane in _planes(first)])
    weight = np.zeros(inner, dtype=np.float32)
    sums = np.zeros_like(planes)
    for tile, answer in zip(tiles, answers, strict=True):
        fade = _fade(tile, inner, round(_SHARED * size) / 2)
        weight[tile] += fade
        sums[(slice(None), *tile)] += fade * np.stack(_planes(answer))
    closer = sums / np.maximum(weight, 1e-6)
    trust = np.float32(_SAY) * np.minimum(weight, 1) * resample(unsure.astype(np.float32), inner)
    planes += trust * (closer - planes)
    shape = image.shape[:2]
    background, unknown, foreground, alpha = (resample(plane, shape) for plane in planes)
    total = background + unknown + foreground
    cell = float(np.sqrt(np.prod(shape) / np.prod(inner)))
    return replace(
        first,
        background=background / total,
        unknown=unknown / total,
        foreground=foreground / total,
        alpha=alpha.clip(0, 1),
        cell=min(cell, first.cell),
    )


def _planes(answer: Probabilities) -> tuple[FloatArray, ...]:
    return answer.background, answer.unknown, answer.foreground, answer.alpha


def _tiles(shape: Shape, side: int, shared: int) -> list[tuple[slice, slice]]:
    """Cover a picture with tiles that share at least so many pixels with their neighbours."""
    rows, cols = (_stretches(length, side, shared) for length in shape)
    return [(row, col) for row in rows for col in cols]


def _stretches(length: int, side: int, shared: int) -> list[slice]:
    if length <= side:
        return [slice(0, length)]
    count = 1 - (side - length) // (side - shared)
    starts = np.linspace(0, length - side, count).round().astype(int)
    return [slice(start, start + side) for start in starts.tolist()]


def _fade(tile: tuple[slice, slice], shape: Shape, width: float) -> FloatArray:
    """Weight of a tile's answer: 1, falling to 0 towards sides that are not the picture's."""
    ramps = []
    for part, length in zip(tile, shape, strict=True):
        place = np.arange(part.start, part.stop, dtype=np.float32) + np.float32(0.5)
        before = place - part.start if part.start else np.full_like(place, np.inf)
        behind = part.stop - place if part.stop < length else np.full_like(place, np.inf)
        ramps.append((np.minimum(before, behind) / np.float32(width)).clip(0, 1))
    faded: FloatArray = np.outer(*ramps).astype(np.float32)
    return faded
