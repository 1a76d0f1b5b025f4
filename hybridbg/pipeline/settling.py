"""A second look: matting in small, read against the sources, settles what matting gets to decide.

Sources are coarse, so the band that is unknown should be wide; but far from any known pixel matting
guesses, and leaves a haze over what is plain. So alpha is solved at a small size first, with a wide
band, held loosely to the sources' probability.

Where matting and sources say the same of nearly everything, colours part subject and background,
and alpha is right where the two differ: hair, holes, what the sources were too coarse for. Then
what lies deep in all but transparent or all but opaque alpha is called known, and matting proper
decides the rest alone. Where they contradict each other much, the sources are right more often:
subject and background share colours. Then the band is narrow, and matting is held firmly.

One repair, then the matting proper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridbg.core.morphology import shrunk
from hybridbg.core.resample import fit_inside, nearest, resample
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import BoolArray, ByteArray, FloatArray, Shape
from hybridbg.matting import refined_alpha
from hybridbg.pipeline.fusion import Fused

__all__ = ["Settled", "certain", "settle"]

_LONG_SIDE = 512
"""Of the small picture: as good, on nine pictures with true alpha, as twice as much."""

_LOOSE, _FIRM = 4e-3, 5e-2
"""How strongly the small matting holds on to the sources' probability, where they are certain."""

_FIRM_AFTERWARDS = 3e-2
"""The same for the matting proper, where it is held at all."""

_CONTRADICTION = 0.055
"""Difference of alpha and probability, weighed by the sources' certainty and summed over unknown
pixels, in areas of the subject, above which the sources are right more often than matting.

From rough hints it was .01 to .06 on nine pictures with true alpha, whose colours are clear, and
.04 to .15 on photographs of cats in rooms and on film frames. Of the pixels on different sides of
one half, matting was right in 40 to 99 % on the former and mostly in 10 to 60 % on the latter.
"""

_PLAIN = 0.1
"""Alpha below which a pixel is all but transparent, and above 1 less which it is all but opaque."""

_DEPTH = 0.0135
"""How deep inside a region of such alpha a pixel must lie, in long sides: thin hair is near."""


@dataclass(frozen=True, eq=False)
class Settled:
    """What matting gets to decide, and what it is held to.

    Attributes
    ----------
    trimap : (H, W) uint8
    hold : float
        How strongly matting should hold on to the sources' probability, where they are certain.
    """

    trimap: ByteArray
    hold: float = 0.0


def settle(image: FloatArray, fused: Fused, *, num_threads: int) -> Settled:
    """Take a second look at what the sources said together.

    Parameters
    ----------
    image : (H, W, 3) float32, sRGB-coded
    fused : Fused
        Of the same size.
    num_threads : int

    Returns
    -------
    Settled

    Raises
    ------
    SolverError
        Matting did not converge.
    """
    size = fit_inside(_shape(fused.wide), _LONG_SIDE)
    small = np.ascontiguousarray(resample(image, size))
    expected = resample(fused.probability, size)

    def matted(trimap: ByteArray, hold: float) -> FloatArray:
        return refined_alpha(
            small,
            nearest(trimap, size),
            prior=expected,
            prior_weight=hold * certain(expected),
            num_threads=num_threads,
        ).alpha

    alpha = matted(fused.wide, _LOOSE)
    unknown = nearest(fused.wide, size) == UNKNOWN
    against = float((certain(expected) * np.abs(alpha - expected))[unknown].sum())
    if against <= _CONTRADICTION * np.count_nonzero(expected >= 0.5):
        return Settled(_with_plain(fused.wide, alpha))
    return Settled(_with_plain(fused.narrow, matted(fused.narrow, _FIRM)), hold=_FIRM_AFTERWARDS)


def certain(probability: FloatArray) -> FloatArray:
    """Weigh a pixel's probability: 1 where the sources are certain, 0 where they are undecided."""
    weight: FloatArray = np.square(2 * probability - 1)
    return weight


def _with_plain(trimap: ByteArray, alpha: FloatArray) -> ByteArray:
    """Call known what lies deep in alpha that is plain."""
    known = trimap.copy()
    unknown = trimap == UNKNOWN
    known[unknown & _deep(alpha < _PLAIN, _shape(trimap))] = BACKGROUND
    known[unknown & _deep(alpha > 1 - _PLAIN, _shape(trimap))] = FOREGROUND
    return known


def _deep(region: BoolArray, shape: Shape) -> BoolArray:
    """Shrink a region from all sides but the picture's own, and bring it to another size."""
    depth = max(1, round(_DEPTH * max(region.shape)))
    return nearest(shrunk(region.astype(np.uint8), depth), shape).astype(bool)


def _shape(array: ByteArray) -> Shape:
    return array.shape[0], array.shape[1]
