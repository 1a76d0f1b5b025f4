"""What stands out in a picture, and what belongs to a place in it: by its colours alone.

Classical saliency is a weak prior for where the subject is:

Manifold ranking (Yang et al. 2013): the picture becomes a graph of superpixels whose links are the
stronger, the closer the two colours are, and all superpixels at the picture's border are linked. A
query, some marked superpixels, is ranked along that graph by

    f = (D - alpha W)^-1 y,        W_ij = exp(-|c_i - c_j| / sigma^2),    D = diag(sum_j W_ij).

First each side of the picture is asked for as background; what is far from all four is then asked
for as foreground, and its ranking is the saliency, weighed towards the middle of the picture.

| here | there | |
| --- | --- | --- |
| colours | c | mean Lab of each superpixel, each channel brought to [0, 1] |
| links | W | zero beyond neighbours of neighbours |
| ranking | (D - alpha W)^-1 | dense: there are some 250 superpixels |

It knows nothing of things, so it is wrong often, but for other reasons than a network is: that is
what it is worth.

`nearness` asks the same superpixels how near each is to a mark: the length of the shortest way over
neighbours, each step as long as the colours differ (a geodesic distance; Bai & Sapiro 2007).

References
----------
C. Yang, L. Zhang, H. Lu, X. Ruan, M.-H. Yang: Saliency detection via graph-based manifold ranking.
CVPR 2013.

X. Bai, G. Sapiro: A geodesic framework for fast interactive image and video segmentation and
matting. ICCV 2007.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import BoolArray, FloatArray, Shape

__all__ = ["nearness", "saliency"]

_SIDE: Final = 320  # long side, in pixels, at which superpixels are sought
_SUPERPIXELS: Final = 250
_COMPACTNESS: Final = 10.0  # of superpixels, in units of Lab
_ITERATIONS: Final = 10
_SMALLEST: Final = 25  # share of a superpixel, in %, below which a piece joins its neighbour
_SIGMA_SQUARED: Final = 0.1
_REACH: Final = 0.99  # alpha: how far a ranking spreads
_ANYWHERE: Final = 0.4  # saliency left in the far corners
_CENTRE: Final = 0.35  # standard deviation of the weight of the middle, in sides
_STEP: Final = 0.02  # length of a step to a neighbour of the same colour

_Labels = NDArray[np.int32]
_Ranks = NDArray[np.float64]


def saliency(image: FloatArray) -> FloatArray:
    """How far each part of a picture stands out from the picture's border.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), float32 in [0, 1]
        RGB, sRGB-coded.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        An order rather than a probability: 0.4 is where a mask of it fits best. Zero everywhere
        if nothing differs.
    """
    import cv2

    shape = image.shape[:2]
    small = resample(image, fit_inside(shape, _SIDE))
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    labels = _superpixels(lab)
    colours = _colours(lab, labels)
    if not colours.any():
        return np.zeros(shape, np.float32)
    ranks = _ranked(colours, labels)
    return resample(ranks.astype(np.float32)[labels] * _centred(labels.shape), shape)


def nearness(image: FloatArray, marks: FloatArray) -> FloatArray:
    """How much nearer each part of a picture lies to the marked subject than to the background.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), float32 in [0, 1]
        RGB, sRGB-coded.
    marks : ndarray of shape (H, W), float32
        1 on the subject, 0 on what is not, 0.5 elsewhere. The picture's border is taken for
        background as well, but where it is marked.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        b / (a + b), where a and b are the ways to the subject and to the background; zero
        everywhere if nothing is marked as the subject.
    """
    import cv2

    shape = image.shape[:2]
    small = resample(image, fit_inside(shape, _SIDE))
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    labels = _superpixels(lab)
    colours = _colours(lab, labels)
    kept, dropped = (_under(labels, marks == value) for value in (1, 0))
    if not kept.size:
        return np.zeros(shape, np.float32)
    border = np.setdiff1d(
        np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]), kept
    )
    steps = np.where(
        _touching(labels), np.linalg.norm(colours[:, np.newaxis] - colours, axis=-1) + _STEP, np.inf
    )
    there = _ways(steps, kept)
    back = _ways(steps, np.union1d(border, np.setdiff1d(dropped, kept)))
    share = np.ones(len(there))
    known = np.isfinite(back)
    share[known] = back[known] / np.maximum(there[known] + back[known], _STEP)
    return resample(share.astype(np.float32)[labels], shape)


def _under(labels: _Labels, marked: BoolArray) -> NDArray[np.int32]:
    """Superpixels under marks at the picture's own size."""
    rows, columns = np.nonzero(marked)
    inner = [
        at * side // length
        for at, side, length in zip((rows, columns), labels.shape, marked.shape, strict=True)
    ]
    return np.unique(labels[inner[0], inner[1]])


def _ways(steps: NDArray[np.float64], starts: NDArray[np.int32]) -> NDArray[np.float64]:
    """Length of the shortest way from any start to each superpixel (Bellman 1958)."""
    length = np.full(len(steps), np.inf)
    length[starts] = 0
    while True:
        shorter = np.minimum(length, (length[:, np.newaxis] + steps).min(axis=0))
        if np.array_equal(shorter, length):
            return length
        length = shorter


def _superpixels(lab: FloatArray) -> _Labels:
    """Cut a picture into superpixels, numbered from zero on without a gap."""
    import cv2

    side = max(4, round(float(np.sqrt(lab.shape[0] * lab.shape[1] / _SUPERPIXELS))))
    if min(lab.shape[:2]) <= side:
        return np.zeros(lab.shape[:2], np.int32)
    slic = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, side, _COMPACTNESS)
    slic.iterate(_ITERATIONS)
    slic.enforceLabelConnectivity(_SMALLEST)
    labels: _Labels = np.unique(slic.getLabels(), return_inverse=True)[1].astype(np.int32)
    return labels.reshape(lab.shape[:2])


def _colours(lab: FloatArray, labels: _Labels) -> NDArray[np.float64]:
    """Mean colour of each superpixel, each channel from 0 to 1 if it varies at all."""
    flat = labels.ravel()
    sums = [np.bincount(flat, weights=lab[..., channel].ravel()) for channel in range(3)]
    means = np.stack(sums, axis=1) / np.bincount(flat)[:, np.newaxis]
    spread = np.ptp(means, axis=0)
    varies = spread >= 0.4  # a level of 8 bits; below is rounding
    return np.asarray((means - means.min(axis=0)) * (varies / np.where(varies, spread, 1)))


def _ranked(colours: NDArray[np.float64], labels: _Labels) -> _Ranks:
    """Rank all superpixels by what they have in common with what is not like any side."""
    sides = [np.unique(side) for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    ranking = _ranking(colours, _linked(labels, np.unique(np.concatenate(sides))))
    unlike = np.ones(len(colours))
    for side in sides:
        unlike *= 1 - _unit(ranking[:, side].sum(axis=1))
    return _unit(ranking[:, unlike >= unlike.mean()].sum(axis=1))


def _linked(labels: _Labels, border: NDArray[np.int32]) -> BoolArray:
    """Which superpixels are linked: neighbours, their neighbours, and all along the border."""
    touching = _touching(labels)
    linked: BoolArray = touching | (touching.astype(np.float32) @ touching.astype(np.float32) > 0)
    linked[np.ix_(border, border)] = True
    np.fill_diagonal(linked, False)
    return linked


def _touching(labels: _Labels) -> BoolArray:
    """Which superpixels are neighbours."""
    count = int(labels.max()) + 1
    touching = np.zeros((count, count), dtype=np.bool_)
    for one, other in (
        (labels[:, 1:], labels[:, :-1]),
        (labels[1:], labels[:-1]),
        (labels[1:, 1:], labels[:-1, :-1]),
        (labels[1:, :-1], labels[:-1, 1:]),
    ):
        touching[one, other] = True
    touching |= touching.T
    return touching


def _ranking(colours: NDArray[np.float64], linked: BoolArray) -> NDArray[np.float64]:
    """Rank of each superpixel (row) for each query (column); none for itself."""
    import cv2

    distance = np.linalg.norm(colours[:, np.newaxis] - colours, axis=-1)
    largest = float(distance[linked].max(initial=0.0)) or 1.0
    weight = np.where(linked, np.exp(-distance / largest / _SIGMA_SQUARED), 0)
    system = np.diag(weight.sum(axis=1)) - _REACH * weight
    ranking = cv2.invert(system, flags=cv2.DECOMP_CHOLESKY)[1]  # one thread: always the same bits
    np.fill_diagonal(ranking, 0)
    return np.asarray(ranking)


def _unit(ranks: _Ranks) -> _Ranks:
    """Stretch ranks to 0..1; ranks that are all the same say nothing."""
    spread = float(np.ptp(ranks))
    return np.asarray((ranks - ranks.min()) / spread) if spread > 0 else np.zeros_like(ranks)


def _centred(shape: Shape) -> FloatArray:
    """Weight of each place: photographers put their subject where they look."""
    rows, columns = ((np.arange(side) + 0.5) / side - 0.5 for side in shape)
    squared = rows[:, np.newaxis] ** 2 + columns**2
    middle = np.exp(-squared / (2 * _CENTRE**2))
    return np.asarray(_ANYWHERE + (1 - _ANYWHERE) * middle, dtype=np.float32)
