"""Many sources, one trimap: the only place where evidence meets.

The sources' probabilities are averaged by confidence; half of it is the subject's outline. Along
that outline runs a band of unknown pixels, as narrow as the sources could see, and wider where
they disagree, hesitate or saw a soft edge; but never wider than a share of the subject's size, so
that a doubt deep inside the subject or far outside of it does not become a hole or a ghost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridbg.core.distance import distance_to
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import BoolArray, ByteArray, FloatArray
from hybridbg.pipeline.evidence import Evidence

__all__ = ["Fused", "fuse"]

_BAND_CELLS = 1.5
"""Half width of the band in the finest source's own pixels: it cannot place an edge better."""

_BAND_SHARE = 0.01
"""Least half width, in sides of a square of the subject's area."""

_REACH_SHARE = 0.11
"""Largest half width, in the same unit: long hair on a head is about this."""

_SOFT, _SOFT_TOLD = 0.15, 0.01
"""Softness, or distance of the fused probability from 0 and 1, that makes a pixel near the outline
unknown: where the subject had to be guessed, and where the caller said what it is.

What is left of doubt where the subject is known is about its edge: alpha from rough hints, on nine
pictures with true alpha, had some 30 % less squared error with the lower limit. Else it is also
about what the subject is, which matting cannot tell: IoU on photographs with masks was .610 with
the higher limit and .604 with the lower.
"""

_SPECK_SHARE = 0.02
"""Pieces smaller than this share of the largest are dropped, holes smaller than it are filled."""


@dataclass(frozen=True, eq=False)
class Fused:
    """What all sources together say.

    Attributes
    ----------
    trimap : (H, W) uint8
    probability : (H, W) float32 in [0, 1]
    weights : dict of str to float
        Each source's share in the decision.
    """

    trimap: ByteArray
    probability: FloatArray
    weights: dict[str, float]


def fuse(sources: Sequence[Evidence], *, told: bool = False) -> Fused:
    """Fuse evidence into a trimap.

    Parameters
    ----------
    sources : sequence of Evidence
        At least one, all of one size.
    told : bool
        Whether the caller said where the subject is.

    Returns
    -------
    Fused

    Raises
    ------
    NoSubjectError
        If nothing, or everything, would be foreground.
    """
    total = np.sum([source.confidence for source in sources], axis=0) + np.float32(1e-6)
    probability = (
        np.sum([source.probability * source.confidence for source in sources], axis=0) / total
    ).astype(np.float32)
    subject = _without_specks(probability >= 0.5)
    if not subject.any() or subject.all():
        raise NoSubjectError(
            "no subject found: expected something that differs from its surroundings, but "
            f"{'everything' if subject.any() else 'nothing'} looks like foreground; draw a "
            "rectangle or a rough hint around the subject"
        )
    softness = np.max([source.softness for source in sources], axis=0)
    doubt = np.minimum(probability, 1 - probability)
    limit = _SOFT_TOLD if told else _SOFT
    return Fused(
        trimap=_trimap(
            subject,
            uncertain=np.maximum(softness, doubt) >= limit,
            cell=min(source.cell for source in sources),
        ),
        probability=probability,
        weights={
            source.name: round(float((source.confidence / total).mean()), 3) for source in sources
        },
    )


def _trimap(subject: BoolArray, *, uncertain: BoolArray, cell: float) -> ByteArray:
    """Lay the band of unknown pixels along the subject's outline."""
    inside, outside = distance_to(~subject), distance_to(subject)
    size = float(np.sqrt(np.count_nonzero(subject)))
    band = max(_BAND_CELLS * cell, _BAND_SHARE * size)
    reach = max(band, _REACH_SHARE * size)
    # Some of each must stay known, however thin the subject or its surroundings.
    most = min(float(inside.max()), float(outside.max())) / 2
    known = np.where(subject, inside, outside) > np.where(
        uncertain, min(reach, most), min(band, most)
    )
    trimap: ByteArray = np.full(subject.shape, UNKNOWN, dtype=np.uint8)
    trimap[known & subject] = FOREGROUND
    trimap[known & ~subject] = BACKGROUND
    return trimap


def _without_specks(subject: BoolArray) -> BoolArray:
    """Drop stray islands and fill pinholes."""
    return ~_without_small(~_without_small(subject))


def _without_small(region: BoolArray) -> BoolArray:
    """Drop connected pieces much smaller than the largest."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        region.view(np.uint8), connectivity=8
    )
    if count <= 2:
        return region
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    keep: Any = area >= _SPECK_SHARE * area.max()
    kept: BoolArray = keep[labels]
    return kept
