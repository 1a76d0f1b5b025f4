"""A survey of the subject at a working size: what in it is opaque, and which hues it has.

Three things tell opaque from see-through: how colours vary (`hybridbg.keying.shading`), how far
they are from the screen's hue, and what another source says, if one was asked. What is opaque
gives the palette of hues for the unmixing, each with its neighbourhood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.resample import fit_inside, resample, smooth
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import BoolArray, FloatArray
from hybridbg.keying.despill import Limit, spill
from hybridbg.keying.noise import DEFAULT_NOISE, LEAST_NOISE, deviation, sparse
from hybridbg.keying.plate import relative_distance, squared_length
from hybridbg.keying.screen import Screen
from hybridbg.keying.shading import shine_through

__all__ = ["Survey", "spill_alpha", "survey"]

# The subject is surveyed at this long side in pixels.
_WORKING_SIDE: Final = 480
# At most so many hues from the picture, found in so many rounds of k-means. Hues are counted once
# for each cell of this side in chroma that holds at least so many pixels of this light or more: a
# small thing's hue weighs as much as a large one's, and dark pixels have no hue.
_HUES: Final = 24
_ROUNDS: Final = 10
_CELL: Final = 0.015
_CELL_PIXELS: Final = 3
_LEAST_LIGHT: Final = 0.02
# Grey belongs to every palette, as if it were so common everywhere.
_GREY_SUPPORT: Final = 0.02
# Grey things may be of any light: mean and standard deviation of its logarithm.
_ANY_LIGHT: Final = (-1.0, 9.0)
# Neighbourhood of a hue, in parts of the picture's diagonal, and a wider one that counts less.
_NEAR: Final = 0.03
_WIDER, _WIDER_WEIGHT = 4, 0.005
# It is measured in cells of this side, in working pixels.
_SUPPORT_CELL: Final = 4
# Hues count as known where so much of that neighbourhood has any.
_KNOWN: Final = 0.02
# Relative distance to the plate from which a pixel is no screen, and standard deviations of the
# noise for which the same holds in poor light.
_OFF_SCREEN: Final = 0.12
_OFF_NOISE: Final = 5.0
# Shares of the screen up to which a line of colours means opaque, and from which see-through.
_OPAQUE_SHARE: Final = 0.12
_THROUGH_SHARE: Final = 0.22
# Evidence of the lines is gathered over this standard deviation, in working pixels. Where they say
# nothing the prior decides, worth this much of one pixel's word.
_GATHER: Final = 4.0
_PRIOR_WEIGHT: Final = 0.08
# Another source is believed where, this far around, most of the evidence says opaque: it does not
# see the difference between cloth and wine.
_WIDE: Final = 16.0
_MOSTLY: Final = 0.7
# Prior that something is opaque: all forms of the key say so; only the cautious one; another
# source does, while no form sees through more than half; nobody.
_ALL_FORMS, _CAUTIOUS, _TOLD, _NOBODY = 0.9, 0.5, 0.75, 0.3
_OPAQUE_FORM: Final = 0.985
_FORMS_AGREE: Final = 0.9
_SURELY_TOLD: Final = 0.85
_LEAST_GREY: Final = 0.45
# A pixel is of a hue within this distance of it in chroma, if that hue is this common around.
_ALIKE: Final = 0.012
_COMMON: Final = 0.3
# Hues are learnt where opacity, and extremes where trust in shining through, is at least this; in
# pieces of so many working pixels, from this quantile of the distance to the screen's hue on.
_LEARN: Final = 0.6
_LEAST_PIECE: Final = 100
_EXTREME: Final = 0.97


@dataclass(frozen=True, eq=False)
class Survey:
    """What the survey found, at the working size (h, w).

    Attributes
    ----------
    opacity : (h, w) float32 in [0, 1]
        Probability that the subject is opaque; 0 on the screen.
    known : (h, w) float32 in [0, 1]
        The same, and of a hue that was seen nearby.
    hues : (K, 3) float32
        Hues of the subject, summing to 1 each; grey last.
    light : (K, 2) float32
        Mean and standard deviation of the logarithm of how light things of each hue are, as the sum
        of the channels.
    support : (h', w', K) float32
        How common each hue is around cells of some pixels.
    """

    opacity: FloatArray
    known: FloatArray
    hues: FloatArray
    light: FloatArray
    support: FloatArray


def survey(linear: FloatArray, screen: Screen, told: FloatArray | None = None) -> Survey:
    """Survey a picture in linear light, (H, W, 3).

    Parameters
    ----------
    linear : (H, W, 3) float32
    screen : Screen
    told : (H, W) float32 in [0, 1], optional
        Another source's probability that a pixel is foreground, of any size.

    Returns
    -------
    Survey
    """
    shape = fit_inside(linear.shape[:2], _WORKING_SIDE)
    small = resample(linear, shape)
    screen = Screen(screen.colour, resample(screen.plate, shape), screen.confidence)
    evidence = _evidence(small, screen, None if told is None else resample(told, shape))
    opacity = _eroded(_gathered(*evidence))
    certain = (opacity > _LEARN) | (
        _extremes(small, screen.plate, evidence[1] > _LEARN)
        & (spill_alpha(small, screen, "average") > _OPAQUE_FORM)
        & (spill_alpha(small, screen, "max") > _OPAQUE_FORM)
    )
    hues, light, support, known = _palette(small, certain)
    opaque, through, prior, inside = evidence
    alike = _of_a_hue(small, inside, hues, support)
    opaque, through = opaque + alike, through * (1 - alike)
    opacity = _gathered(opaque, through, prior, inside)
    return Survey(opacity, opacity * known, hues, light, support)


def spill_alpha(
    linear: FloatArray, screen: Screen, method: Limit, *, clip: bool = True
) -> FloatArray:
    """Give the classical key 1 - spill(C) / spill(B), of shape (H, W); "max" errs to opaque."""
    backing = np.maximum(spill(screen.plate, screen.channel, method), LEAST_NOISE)
    excess = spill(linear, screen.channel, method)
    alpha = 1 - np.divide(excess, backing, dtype=np.float32)
    return alpha.clip(0, 1) if clip else alpha


def _evidence(
    small: FloatArray, screen: Screen, told: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Evidence for opaque, and for see-through; prior; and the subject itself; (h, w) each."""
    import cv2

    distance = relative_distance(small, screen.plate)
    part = sparse(distance.size)
    noise = float(deviation(small[part], screen.plate[part], distance[part] < _OFF_SCREEN).mean())
    reach = _OFF_NOISE * noise / float(np.linalg.norm(screen.colour))
    subject = distance > max(_OFF_SCREEN, reach)
    # Pixels on an edge are mixed, whatever the things are that meet there.
    square = np.ones((3, 3), dtype=np.uint8)
    solid = cv2.erode(subject.view(np.uint8), square, borderValue=1).view(np.bool_)
    share, trust = shine_through(small, screen.plate, solid, noise)
    grey = spill_alpha(small, screen, "average")
    cautious = spill_alpha(small, screen, "max") > _OPAQUE_FORM
    strict = spill_alpha(small, screen, "min") > _FORMS_AGREE
    prior = np.where(cautious, np.where(strict, _ALL_FORMS, _CAUTIOUS), _NOBODY)
    opaque = trust * (share < _OPAQUE_SHARE)
    through = trust * (share > _THROUGH_SHARE)
    if told is not None:
        among = [smooth(plane, _WIDE) for plane in (opaque, through)]
        solid_thing = among[0] > _MOSTLY * (among[0] + among[1])
        believed = (told > _SURELY_TOLD) & solid_thing & (grey > _LEAST_GREY)
        prior = np.where(believed, np.maximum(prior, _TOLD), prior)
    return opaque, through, prior.astype(np.float32), subject.astype(np.float32)


def _gathered(
    opaque: FloatArray, through: FloatArray, prior: FloatArray, inside: FloatArray
) -> FloatArray:
    """Opacity (h, w) from the evidence around each pixel, and the prior where there is none."""
    import cv2

    agreed, all_said = (
        cv2.GaussianBlur(plane, (0, 0), _GATHER)
        for plane in (
            opaque + _PRIOR_WEIGHT * prior * inside,
            opaque + through + _PRIOR_WEIGHT * inside,
        )
    )
    likely = inside * agreed / np.maximum(all_said, np.finfo(np.float32).tiny)
    opacity: FloatArray = likely.clip(0, 1).astype(np.float32)
    return opacity


def _of_a_hue(
    small: FloatArray, inside: FloatArray, hues: FloatArray, support: FloatArray
) -> FloatArray:
    """How far a pixel inside has, but for shading, the hue of something opaque nearby; (h, w)."""
    from hybridbg._kernels import hue_likeness

    alike = np.empty(small.shape[:2], dtype=np.float32)
    hue_likeness.compare_hues(
        np.ascontiguousarray(small),
        inside.astype(np.uint8),
        hues,
        support,
        _COMMON,
        _ALIKE,
        DEFAULT_NOISE,
        alike,
        resolve_num_threads(None),
    )
    return alike


def _eroded(opacity: FloatArray) -> FloatArray:
    import cv2

    eroded: FloatArray = cv2.erode(opacity, np.ones((3, 3), dtype=np.uint8))
    return eroded


def _extremes(small: FloatArray, plate: FloatArray, through: BoolArray) -> BoolArray:
    """Find the pixels in each piece where the screen shines through that show least of it.

    Something that moved may be opaque hardly anywhere; what is farthest from the screen's hue in
    it comes nearest to its own.
    """
    import cv2

    chroma, backing = (
        colours / np.maximum(colours.sum(axis=-1, keepdims=True), DEFAULT_NOISE)
        for colours in (small, plate)
    )
    distance = squared_length(chroma - backing) * (small.sum(axis=-1) > _LEAST_LIGHT)
    count, labels = cv2.connectedComponents(through.view(np.uint8))
    found = np.zeros(through.shape, dtype=np.bool_)
    order = np.argsort(labels, axis=None, kind="stable")
    starts = np.searchsorted(labels.ravel()[order], np.arange(count + 1))
    for label in range(1, count):
        piece = order[starts[label] : starts[label + 1]]
        if len(piece) >= _LEAST_PIECE:
            values = distance.ravel()[piece]
            found.ravel()[piece[values >= np.quantile(values, _EXTREME)]] = True
    return found


def _palette(
    small: FloatArray, certain: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Hues (K, 3) of what is opaque, grey last, their light and support, and if any is near."""
    grey = np.full((1, 3), 1 / 3, dtype=np.float32)
    total = small.sum(axis=-1)
    inside = certain & (total > _LEAST_LIGHT)
    if not inside.any():
        support = np.ones((1, 1, 1), np.float32)
        return grey, np.array([_ANY_LIGHT], np.float32), support, np.zeros(inside.shape, np.float32)
    total = total[inside]
    chroma = small[inside] / np.maximum(total, DEFAULT_NOISE)[:, None]
    hues = _cluster(chroma)
    label = _nearest(chroma, hues)
    logarithm = np.log(total)
    light = [
        (seen.mean(), seen.std()) if seen.size else _ANY_LIGHT
        for seen in (logarithm[label == index] for index in range(len(hues)))
    ]
    sigma = _NEAR * float(np.hypot(*inside.shape))
    support = _support(label, inside, len(hues), sigma)
    known = (smooth(inside.astype(np.float32), sigma) / _KNOWN).clip(0, 1)
    lights = np.array([*light, _ANY_LIGHT], dtype=np.float32)
    return np.vstack([hues, grey]), lights, support, known


def _support(label: NDArray[np.intp], inside: BoolArray, count: int, sigma: float) -> FloatArray:
    """How common each of `count` hues, then grey, is around cells of a few pixels."""
    import cv2

    rows, columns = np.nonzero(inside)

    def around(cell: int, sigma: float) -> FloatArray:
        """Blur what share of cells of so many pixels each hue has."""
        high, wide = (-(-side // cell) for side in inside.shape)
        place = (rows // cell * wide + columns // cell) * count + label
        members = np.bincount(place, minlength=high * wide * count) / np.float32(cell**2)
        layers = members.astype(np.float32).reshape(high, wide, count)
        # A single layer loses its last axis.
        blurred: FloatArray = cv2.GaussianBlur(
            layers, (0, 0), sigma / cell, borderType=cv2.BORDER_REFLECT
        ).reshape(layers.shape)
        return blurred

    near = around(_SUPPORT_CELL, sigma)
    shape = near.shape[:2]
    wider = around(_WIDER * _SUPPORT_CELL, _WIDER * sigma)
    wider = cv2.resize(wider, shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(near.shape)
    support = np.empty((*shape, count + 1), dtype=np.float32)
    common = near + np.float32(_WIDER_WEIGHT) * wider + np.finfo(np.float32).eps
    support[..., :-1] = common / common.sum(axis=-1, keepdims=True)
    support[..., -1] = _GREY_SUPPORT
    return support


def _cluster(chroma: FloatArray) -> FloatArray:
    """k-means without chance: seeds far from each other, then a few rounds."""
    cells = np.round(chroma[:, :2] / _CELL).astype(np.int64)
    _, label, count = np.unique(cells[:, 0] * 1000 + cells[:, 1], return_inverse=True,
                                return_counts=True)  # fmt: skip
    sample = _means(chroma, label, count)[count >= min(_CELL_PIXELS, count.max())]
    seeds = [sample.mean(axis=0)]
    distance = squared_length(sample - seeds[0])
    for _ in range(min(_HUES, len(sample)) - 1):
        seeds.append(sample[distance.argmax()])
        distance = np.minimum(distance, squared_length(sample - seeds[-1]))
    hues = np.array(seeds)
    for _ in range(_ROUNDS):
        label = _nearest(sample, hues)
        count = np.bincount(label, minlength=len(hues))
        hues = np.where(count[:, None] > 0, _means(sample, label, np.maximum(count, 1)), hues)
    return hues.astype(np.float32)


def _means(
    values: NDArray[Any], label: NDArray[np.intp], count: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Mean (K, 3) of the values (N, 3) of each label, which `count` have."""
    sums = [np.bincount(label, weights=column, minlength=len(count)) for column in values.T]
    return np.stack(sums, axis=1) / count[:, None]


def _nearest(chroma: FloatArray, hues: FloatArray) -> NDArray[np.intp]:
    # |c - h|^2 but for |c|^2, which all hues share.
    off = np.einsum("kc,kc->k", hues, hues) - 2 * (chroma @ hues.T)
    nearest: NDArray[np.intp] = off.argmin(axis=1)
    return nearest
