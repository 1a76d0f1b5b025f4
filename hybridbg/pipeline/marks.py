"""Points and strokes: what the caller marked as the subject and as not, pixel by pixel.

Unlike a hint, which is rough, a mark is meant: what it covers is in (or out), and the piece it lies
on is what is looked for. A point is a stroke of one pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridbg import io
from hybridbg.core.checks import as_points
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.resample import resample
from hybridbg.core.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from hybridbg.core.types import BoolArray, ByteArray, FloatArray, ImageLike, Shape
from hybridbg.saliency import nearness

__all__ = ["Marks", "as_marks", "bound", "chosen", "find_marks"]

_HINTED = 0.6
"""Value from which on a hint calls a pixel foreground."""

_MARGIN = 0.01
"""Width left unknown around a mark that contradicts what was found, in sides of a square of the
picture's area: matting then says how far the mark's colours reach."""

_SATISFIED = 0.95
"""Share of the marked pixels that must be on the right side already, for marks to choose among what
was found rather than to say that it is wrong: the ends of strokes slip."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks on a picture at the size at which its subject is sought.

    Attributes
    ----------
    said : (H, W) float32
        1 keep, 0 drop, 0.5 elsewhere.
    near : (H, W) float32 in [0, 1]
        How much nearer than to the background everything lies to what is to be kept, along like
        colours; without such marks, how much further from what is to be dropped.
    """

    said: FloatArray
    near: FloatArray

    @property
    def kept(self) -> BoolArray:
        """What is the subject."""
        kept: BoolArray = self.said == 1
        return kept

    @property
    def dropped(self) -> BoolArray:
        """What is not."""
        dropped: BoolArray = self.said == 0
        return dropped


def as_marks(
    keep: Sequence[Sequence[int]],
    drop: Sequence[Sequence[int]],
    scribbles: ImageLike | None,
    shape: Shape,
) -> FloatArray | None:
    """Check points and strokes, and bring them to one array of 1 keep, 0 drop, 0.5 elsewhere.

    Points count more than the strokes under them.

    Raises
    ------
    InvalidOptionError
        A point outside of the picture, or both kept and dropped.
    InvalidMaskError, InvalidImageError, ImageReadError
        `scribbles` cannot be used.

    Examples
    --------
    >>> as_marks([(0, 1)], [(0, 2)], None, (1, 4)).tolist()
    [[0.5, 1.0, 0.0, 0.5]]
    """
    kept, dropped = as_points(keep, shape, name="keep"), as_points(drop, shape, name="drop")
    both = set(kept) & set(dropped)
    if both:
        raise InvalidOptionError(f"keep, drop: {min(both)} is in both; leave it out of one")
    if scribbles is None and not kept and not dropped:
        return None
    marks = np.full(shape, 0.5, np.float32)
    if scribbles is not None:
        marks = io.as_scribbles(scribbles, shape)
    for points, value in ((kept, 1), (dropped, 0)):
        for row, column in points:
            marks[row, column] = value
    return marks


def chosen(
    trimap: ByteArray, prior: FloatArray, marks: FloatArray, *, least: float = 0
) -> ByteArray | None:
    """Choose among the pieces of what was found without marks, where they do not contradict it.

    Parameters
    ----------
    trimap : (H, W) uint8
    prior : (H, W) float32 in [0, 1]
        The side that unknown pixels are expected on.
    marks : (H, W) float32
    least : float
        Share of what was chosen below which a piece is none of its own: it goes with the nearer.

    Returns
    -------
    (H, W) uint8, or None
        Pieces with something to keep, or, where nothing is marked so, those with nothing to drop.
        None if marks say that what was found is wrong.
    """
    import cv2

    subject: BoolArray = (trimap == FOREGROUND) | ((trimap == UNKNOWN) & (prior >= 0.5))
    kept, dropped = marks == 1, marks == 0
    count, pieces = cv2.connectedComponents(subject.view(np.uint8), connectivity=8)
    if kept.any():
        if subject[kept].mean() < _SATISFIED:
            return None
        wanted = np.unique(pieces[kept & subject])
    else:
        wanted = np.setdiff1d(np.arange(1, count), pieces[dropped])
    left = subject & np.isin(pieces, wanted)
    others = subject & ~left
    if dropped.any() and left[dropped].mean() > 1 - _SATISFIED:
        return None
    if not kept.any() and np.count_nonzero(others) > np.count_nonzero(left):
        return None  # the subject itself was dropped
    if least:
        areas = np.bincount(pieces.ravel(), minlength=count)
        others &= (areas >= least * np.count_nonzero(left))[pieces]
    if not others.any():
        return trimap
    taken = distance_to(others) < distance_to(left)
    return np.where(taken, np.uint8(BACKGROUND), trimap)


def find_marks(image: FloatArray, marks: FloatArray, hint: FloatArray | None = None) -> Marks:
    """Bring marks to a smaller picture; none gets lost there.

    Parameters
    ----------
    image : (h, w, 3) float32, sRGB-coded
    marks : (H, W) float32
    hint : (h, w) float32, optional
        Where it knows some of the subject, what is dropped is not grown into that.
    """
    shape = image.shape[0], image.shape[1]
    kept, dropped = (resample((marks == value).astype(np.float32), shape) for value in (1, 0))
    said = np.full(shape, 0.5, np.float32)
    said[dropped > 0] = 0
    said[(kept > 0) & (kept >= dropped)] = 1
    if (said == 1).any():
        return Marks(said, nearness(image, said))
    if hint is not None and (hint > _HINTED).any():
        return Marks(said, np.ones(shape, np.float32))
    return Marks(said, 1 - nearness(image, 1 - said))


def bound(trimap: ByteArray, marks: FloatArray) -> ByteArray:
    """Hold a trimap to marks of its size; around one that it contradicts it is unknown."""
    held = trimap.copy()
    reach = max(1.0, _MARGIN * float(np.sqrt(marks.size)))
    for value, known, other in ((1, FOREGROUND, BACKGROUND), (0, BACKGROUND, FOREGROUND)):
        wrong = (marks == value) & (trimap == other)
        if wrong.any():
            held[(distance_to(wrong) <= reach) & (trimap == other)] = UNKNOWN
        held[marks == value] = known
    # The second kind may have loosened the first.
    held[marks == 1] = FOREGROUND
    return held
