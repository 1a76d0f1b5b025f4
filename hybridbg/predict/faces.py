"""Frontal faces, and the hint for head and shoulders that one of them gives.

Faces are found by the boosted cascade on local binary patterns that comes with scikit-image
(Liao et al. 2007, "Learning multi-scale block local binary patterns for face recognition"; data
file of OpenCV). It runs at a bounded size and reports a face only where many windows agree, yet it
does see faces in fur and leaves now and then: use the hint where the colours bear it out.
Rectangles are (top, left, bottom, right) in pixels, half-open.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from hybridbg.core.checks import as_rect
from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import FloatArray, ImageLike, Rect, Shape
from hybridbg.io import as_image

__all__ = ["find_faces", "portrait_hint"]

# Long side at which faces are sought; 0.1 s, and the smallest face of interest is still seen.
_LONG_SIDE: Final = 320
# Smallest face sought at that size: 9 % of the long side, a person standing in full height.
_SMALLEST: Final = 30
# Each window is larger than the one before by this factor, as OpenCV's examples have it.
_SCALE_STEP: Final = 1.2
# Windows that must agree on a face. With 4, one of 40 photographs without people (data/dev) showed
# a face, with 5 none; the face of `skimage.data.astronaut` passes with 10.
_AGREEING_WINDOWS: Final = 5

# Proportions of head and shoulders, in sides of the face's square, seen from its centre; the
# square reaches from the brows to the chin. Seeds stay well inside, the free zone well outside.
_HEAD_HALF_WIDTH: Final = 0.42
_HEAD_HALF_HEIGHT: Final = 0.62
_CHIN: Final = 0.5
_NECK_HALF_WIDTH: Final = 0.22
_SHOULDER_SLOPE: Final = 0.6
_TORSO_HALF_WIDTH: Final = 0.8
_TORSO_END: Final = 3.0
_HAIR_HALF_WIDTH: Final = 1.5
_HAIR_HALF_HEIGHT: Final = 1.7
# Half the width that shoulders and elbows may take, at the chin and per side of a face below it.
_REACH_AT_CHIN: Final = 1.6
_REACH_SLOPE: Final = 0.6


def find_faces(image: ImageLike) -> list[Rect]:
    """Find frontal, upright faces.

    Parameters
    ----------
    image : path, PIL image, ndarray or Image
        The picture.

    Returns
    -------
    list of (top, left, bottom, right)
        Squares from the brows to the chin, the largest first; often empty.

    Raises
    ------
    InvalidImageError
        The picture cannot be used.

    Examples
    --------
    >>> from skimage.data import astronaut
    >>> [(top, left, bottom, right)] = find_faces(astronaut())
    >>> 50 < top < 80, 160 < left < 200, 80 < bottom - top < 120
    (True, True, True)
    """
    picture = as_image(image)
    inner = fit_inside(picture.shape, _LONG_SIDE)
    if min(inner) < _SMALLEST:
        return []
    small = resample(picture.srgb(), inner)
    found = _cascade().detect_multi_scale(
        img=np.ascontiguousarray(small, dtype=np.float64),
        scale_factor=_SCALE_STEP,
        step_ratio=1,
        min_size=(_SMALLEST, _SMALLEST),
        max_size=(min(inner), min(inner)),
        min_neighbor_number=_AGREEING_WINDOWS,
    )
    faces = [_as_rect(face, inner, picture.shape) for face in found]
    return sorted(faces, key=lambda face: (-(face[2] - face[0]) * (face[3] - face[1]), face))


def portrait_hint(shape: Shape, face: Rect) -> FloatArray:
    """Seed head and shoulders below one face.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the picture.
    face : (top, left, bottom, right)
        From `find_faces`.

    Returns
    -------
    ndarray of shape (H, W), float32
        1 inside the head, the neck and a cone down to the chest; 0 above the shoulders beyond any
        usual hair, and at their sides beyond any usual elbow; 0.5 elsewhere. A face that fills
        the picture leaves no background.

    Raises
    ------
    InvalidOptionError
        `face` is no rectangle inside the picture.

    Examples
    --------
    >>> hint = portrait_hint((100, 100), (20, 40, 40, 60))
    >>> float(hint[30, 50]), float(hint[0, 0]), float(hint[99, 0])
    (1.0, 0.0, 0.5)
    """
    top, left, bottom, right = as_rect(face, shape, name="face")
    side = max(bottom - top, right - left)
    # Rows and columns of pixel centres from the face's centre, in sides of the face.
    down = (np.arange(shape[0], dtype=np.float32)[:, None] + 0.5 - (top + bottom) / 2) / side
    across = abs(np.arange(shape[1], dtype=np.float32)[None] + 0.5 - (left + right) / 2) / side
    head = (across / _HEAD_HALF_WIDTH) ** 2 + (down / _HEAD_HALF_HEIGHT) ** 2 <= 1
    half_width = _NECK_HALF_WIDTH + _SHOULDER_SLOPE * (down - _CHIN)
    trunk = across <= half_width.clip(0, _TORSO_HALF_WIDTH)
    body = (down >= _CHIN) & (down <= _TORSO_END) & trunk
    hair = (across / _HAIR_HALF_WIDTH) ** 2 + (down / _HAIR_HALF_HEIGHT) ** 2 <= 1
    hint: FloatArray = np.full(shape, 0.5, dtype=np.float32)
    hint[~hair & (across > _REACH_AT_CHIN + _REACH_SLOPE * (down - _CHIN))] = 0
    hint[~hair & (down < _CHIN)] = 0
    hint[head | body] = 1
    return hint


@cache
def _cascade() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def _as_rect(face: dict[str, int], inner: Shape, shape: Shape) -> Rect:
    """Bring a detection at the small size to a rectangle of the picture."""
    rows, columns = shape[0] / inner[0], shape[1] / inner[1]
    return (
        round(face["r"] * rows),
        round(face["c"] * columns),
        min(shape[0], round((face["r"] + face["height"]) * rows)),
        min(shape[1], round((face["c"] + face["width"]) * columns)),
    )
