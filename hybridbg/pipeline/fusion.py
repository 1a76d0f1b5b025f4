"""Many sources, one outline: the only place where evidence meets.

The sources' probabilities are averaged by confidence; half of it is the subject's outline. Along
that outline runs a band of unknown pixels, as narrow as the sources could see, and wider where
they disagree, hesitate or saw a soft edge; but never wider than a share of the subject's size, so
that a doubt deep inside the subject or far outside of it does not become a hole or a ghost. It is
drawn twice, with little patience for doubts and with much; `settling` chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridbg.core.distance import distance_to
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.pieces import without_small
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import BoolArray, ByteArray, FloatArray
from hybridbg.pipeline.evidence import Evidence

__all__ = ["Fused", "fuse"]

_BAND_CELLS = 1.5
"""Half width of the band in the finest source's own pixels: it cannot place an edge better."""

_BAND_SHARE = 0.01
"""Least half width, in sides of a square of the subject's area."""

_NARROW_REACH, _WIDE_REACH = 0.11, 0.2
"""Largest half width, in the same unit: long hair on a head is about the first."""

_NARROW_SOFT, _WIDE_SOFT = 0.15, 0.001
"""Softness, or distance of the fused probability from 0 and 1, that makes a pixel near the outline
unknown."""

_SPECK_SHARE = 0.02
"""Pieces smaller than this share of the largest are dropped, holes smaller than it are filled."""


@dataclass(frozen=True, eq=False)
class Fused:
    """What all sources together say.

    Attributes
    ----------
    narrow, wide : (H, W) uint8
        Trimaps of the same outline, unknown where the sources doubt, or where they could.
    probability : (H, W) float32 in [0, 1]
    weights : dict of str to float
        Each source's share in the decision.
    """

    narrow: ByteArray
    wide: ByteArray
    probability: FloatArray
    weights: dict[str, float]


def fuse(sources: Sequence[Evidence]) -> Fused:
    """Fuse evidence into trimaps.

    Parameters
    ----------
    sources : sequence of Evidence
        At least one, all of one size.

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
    doubt = np.maximum(
        np.max([source.softness for source in sources], axis=0),
        np.minimum(probability, 1 - probability),
    )
    outline = _Outline.of(subject, min(source.cell for source in sources))
    return Fused(
        narrow=outline.trimap(doubt >= _NARROW_SOFT, _NARROW_REACH),
        wide=outline.trimap(doubt >= _WIDE_SOFT, _WIDE_REACH),
        probability=probability,
        weights={
            source.name: round(float((source.confidence / total).mean()), 3) for source in sources
        },
    )


@dataclass(frozen=True, eq=False)
class _Outline:
    """A subject's outline: how far each pixel is from it, and the widths that go with its size."""

    subject: BoolArray
    distance: FloatArray
    size: float
    band: float
    most: float

    @classmethod
    def of(cls, subject: BoolArray, cell: float) -> _Outline:
        inside, outside = distance_to(~subject), distance_to(subject)
        size = float(np.sqrt(np.count_nonzero(subject)))
        return cls(
            subject=subject,
            distance=np.where(subject, inside, outside),
            size=size,
            band=max(_BAND_CELLS * cell, _BAND_SHARE * size),
            # Some of each must stay known, however thin the subject or its surroundings.
            most=min(float(inside.max()), float(outside.max())) / 2,
        )

    def trimap(self, uncertain: BoolArray, reach: float) -> ByteArray:
        """Lay the band of unknown pixels along the outline."""
        wide = min(max(self.band, reach * self.size), self.most)
        known = self.distance > np.where(uncertain, wide, min(self.band, self.most))
        trimap: ByteArray = np.full(self.subject.shape, UNKNOWN, dtype=np.uint8)
        trimap[known & self.subject] = FOREGROUND
        trimap[known & ~self.subject] = BACKGROUND
        return trimap


def _without_specks(subject: BoolArray) -> BoolArray:
    """Drop stray islands and fill pinholes."""
    return ~without_small(~without_small(subject, _SPECK_SHARE), _SPECK_SHARE)
