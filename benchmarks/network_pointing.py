"""What pointing is worth: clicks, strokes, a box and a rough hint on the photographs with masks.

A click is at the innermost point of the true mask, a second one, if the first result has a false
piece of more than a thousandth of the picture, at that piece's innermost point. The stroke runs
along the skeleton of the piece under the click, where it is at least half as deep as deepest, and
is three pixels wide. The box is the true mask's own, a twentieth of its sides wider all around.

Several subjects are one mask in these photographs, but a point means the object under it: the last
columns compare with the piece under the click alone, for all ways of telling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Goal, interval, progress, table
from benchmarks.network_masks import Photo
from hybridbg import remove_background
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import NoSubjectError
from hybridbg.core.metrics import iou
from hybridbg.predict import Session
from hybridbg.predict.pointing import innermost

WRONG = 0.5
"""IoU below which the automatic result is wrong."""
MUCH = 0.1
"""IoU that is much to lose."""
LARGEST = 0.05
"""Pieces of the mask below this share of its largest get no click of their own."""
CONFUSION = 1e-3
SLACK = 0.05
THICKNESS = 3

Mask = NDArray[np.bool_]
Matte = NDArray[np.float32]
AUTOMATIC, CLICK = "automatic", "one click"


@dataclass(frozen=True)
class Told:
    """Ways of telling where the subject of one photograph is."""

    photo: Photo
    session: Session

    def all(self) -> dict[str, Matte]:
        """Mattes by what was told."""
        click = [innermost(self.photo.truth)]
        one = self.cut_out(keep=click)
        wrong = self.confusion(one)
        return {
            AUTOMATIC: self.cut_out(),
            CLICK: one,
            "and one that drops": one if wrong is None else self.cut_out(keep=click, drop=[wrong]),
            "a click on each piece": self.cut_out(
                keep=[innermost(piece) for piece in pieces(self.photo.truth)]
            ),
            "one stroke": self.cut_out(scribbles=self.stroke()),
            "box": self.cut_out(rect=self.box()),
            "rough hint": self.cut_out(hint=self.photo.hint),
        }

    def cut_out(self, **told: Any) -> Matte:
        """Alpha of the whole pipeline; nothing where it finds no subject."""
        try:
            return remove_background(self.photo.image, session=self.session, **told).alpha
        except NoSubjectError:
            return np.zeros(self.photo.truth.shape, np.float32)

    def confusion(self, alpha: Matte) -> tuple[int, int] | None:
        """Innermost point of the largest piece that should not be there."""
        false = (alpha >= 0.5) & ~self.photo.truth
        largest = pieces(false)[0] if false.any() else false
        return innermost(largest) if largest.mean() > CONFUSION else None

    def stroke(self) -> NDArray[np.uint8]:
        """Draw along the middle of the piece under the click."""
        import cv2
        from skimage.morphology import skeletonize

        piece = self.clicked()
        depth = distance_to(~piece)
        line = skeletonize(piece) & (depth >= depth.max() / 2)
        line = pieces(line)[0]
        thick = cv2.dilate(line.astype(np.uint8), np.ones((THICKNESS, THICKNESS), np.uint8)) > 0
        return np.where(thick & piece, 255, 128).astype(np.uint8)

    def box(self) -> tuple[int, int, int, int]:
        """Box of the mask, somewhat wider."""
        truth = self.photo.truth
        sides = []
        for axis in (0, 1):
            found = np.flatnonzero(truth.any(axis=1 - axis))
            slack = round(SLACK * (found[-1] + 1 - found[0]))
            sides.append((max(0, found[0] - slack), min(truth.shape[axis], found[-1] + 1 + slack)))
        (top, bottom), (left, right) = sides
        whole = (0, 0, *truth.shape)
        box = int(top), int(left), int(bottom), int(right)
        return box if box != whole else (1, 1, truth.shape[0] - 1, truth.shape[1] - 1)

    def clicked(self) -> Mask:
        """Return the piece of the mask under the click."""
        at = innermost(self.photo.truth)
        return next(piece for piece in pieces(self.photo.truth, least=0) if piece[at])


def pieces(mask: Mask, *, least: float = LARGEST) -> list[Mask]:
    """Pieces of a mask, the largest first, without small ones."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[1:count, cv2.CC_STAT_AREA]
    order = np.argsort(-areas, kind="stable")
    return [labels == 1 + one for one in order if areas[one] >= least * areas.max()]


def measure(photos: list[Photo], session: Session) -> list[Goal]:
    """Print what each way of telling is worth."""
    whole: dict[str, list[float]] = {}
    clicked: dict[str, list[float]] = {}
    for photo in photos:
        progress(photo.name)
        told = Told(photo, session)
        mattes, piece = told.all(), told.clicked()
        for name, alpha in mattes.items():
            whole.setdefault(name, []).append(iou(alpha, photo.truth))
            clicked.setdefault(name, []).append(iou(alpha, piece))
    progress("")
    automatic = np.array(whole[AUTOMATIC])
    wrong = automatic < WRONG
    pieces_found = np.array(clicked[AUTOMATIC])
    rows = []
    for name, values in whole.items():
        scores = np.array(values)
        low, high = interval(scores - automatic)
        rows.append(
            [
                name,
                f"{scores.mean():.3f}",
                "-"
                if name == AUTOMATIC
                else f"{(scores - automatic).mean():+.3f} ({low:+.3f} to {high:+.3f})",
                f"{scores[wrong].mean():.3f}",
                f"{scores[~wrong].mean():.3f}",
                str(np.count_nonzero(scores < automatic - MUCH)),
                f"{np.mean(clicked[name]):.3f}",
                str(np.count_nonzero(np.array(clicked[name]) < pieces_found - MUCH)),
            ]
        )
    print("\n### Told by pointing: IoU of the whole pipeline\n")
    heads = [
        "told",
        f"all ({len(photos)})",
        "over automatic (95 %)",
        f"automatic below {WRONG:g} ({np.count_nonzero(wrong)})",
        f"the others ({np.count_nonzero(~wrong)})",
        f"worse by {MUCH:g}",
        "with the piece under the click",
        f"worse by {MUCH:g}",
    ]
    print(table(heads, rows))
    gain = np.array(clicked[CLICK]) - pieces_found
    low, high = interval(gain)
    share = f"{gain.mean():+.3f} ({low:+.3f} to {high:+.3f})"
    print(f"\nOne click, with that piece, over automatic: {share}")
    better = np.array(whole[CLICK])[wrong].mean() - automatic[wrong].mean() if wrong.any() else 0
    return [
        Goal("IoU gained by one click where automatic is wrong", 0.1, float(better)),
        Goal("IoU with the piece under it gained by one click", 0.1, float(gain.mean())),
    ]
