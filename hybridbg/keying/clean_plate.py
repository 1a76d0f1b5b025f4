"""A clean plate that was shot apart, brought over the picture: moved back, and to its exposure.

Between the shot and its clean plate a tripod is touched and a lamp warms up. What can be compared
is the screen's detail: markers, seams and creases, in the high-passed square root of the light,
where a camera's noise is about even. Phase correlation (Kuglin & Hines 1975) finds a shift; ECC
(Evangelidis & Psarakis 2008), which no change of gain can touch, refines shift and rotation. The
subject is what differs: pixels that do not fit are left out of the next round. A motion is believed
only if it explains the picture better than none. Gains are medians per channel, then surfaces, as
each lamp flickers by itself. Linear light.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hybridbg.core.errors import InvalidImageError
from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import BoolArray, FloatArray, Shape
from hybridbg.keying.plate import estimate_plate, match_gain, match_lamps, relative_distance

__all__ = ["fit_plate"]

# Long side in pixels at which the motion is sought: a tenth of one of its pixels is found.
_WORKING_SIDE: Final = 640
# Rounds of registration and of leaving out what does not fit.
_ROUNDS: Final = 3
# Standard deviations in pixels at that size: of noise that is averaged, and of what is coarser
# than detail.
_FINE: Final = 1.0
_COARSE: Final = 8.0
# What lies between pixels of the screen's hue, this near to them, is on the screen: markers.
_NEAR: Final = 9
# Weights of a blur below this are none.
_DARKEST: Final = 1e-3
# A pixel fits the plate within this many median deviations of the detail; pixels this near to
# one that does not are left out with it, once specks of this radius are ignored.
_FITS: Final = 4.0
_SPECK: Final = 1
_REACH: Final = 4
# Difference of detail at which one pixel is as wrong as any.
_MOST_WRONG: Final = 0.06
# A motion must explain this part of the difference.
_LEAST_GAIN: Final = 0.01
# The camera turned or moved by no more than this part of the picture's long side at any corner.
_FARTHEST: Final = 0.15
# ECC stops after so many iterations, or when the correlation grows by less.
_ITERATIONS: Final = 60
_CONVERGED: Final = 1e-6
# The screen must be this near to the plate, relatively, over at least this share, at gains within
# this factor, and that of each other.
_ON_PLATE: Final = 0.25
_LEAST_SHARE: Final = 0.8
_MOST_GAIN: Final = 8.0
_MOST_TINT: Final = 4.0
# A moved plate shows a pixel that it covers up to this.
_SHOWN: Final = 0.999
_STILL: Final = np.eye(2, 3, dtype=np.float32)


def fit_plate(
    linear: FloatArray, clean: FloatArray, core: BoolArray, *, registered: bool = False
) -> FloatArray:
    """Register a clean plate with a picture and match its gain.

    Parameters
    ----------
    linear : ndarray of shape (H, W, 3), float32
        The picture, linear light.
    clean : ndarray of shape (H, W, 3), float32
        The plate, linear light.
    core : ndarray of shape (h, w), bool
        Pixels that show the screen, at any size; at least one.
    registered : bool
        Whether the plate is where it belongs, and only its light has to be matched.

    Returns
    -------
    ndarray of shape (H, W, 3), float32
        The plate as it would be behind the subject.

    Raises
    ------
    InvalidImageError
        The screen does not look like the plate, wherever it is moved.
    """
    if not registered:
        clean = _in_place(linear, clean, core)
    small, fitted = (resample(light, core.shape) for light in (linear, clean))
    gain = match_gain(small, fitted, core)
    share = float((relative_distance(small, fitted * gain)[core] < _ON_PLATE).mean())
    likely = max(gain.max(), 1 / gain.min()) < _MOST_GAIN and gain.max() < _MOST_TINT * gain.min()
    if share < _LEAST_SHARE or not likely:
        red, green, blue = gain
        raise InvalidImageError(
            "plate: expected the same shot without the subject, got a picture that agrees with "
            f"{100 * share:.0f} % of the screen, at gains of {red:.2f}, {green:.2f} and "
            f"{blue:.2f}; shoot it with the same camera and lamps, or leave it out"
        )
    lamps = gain * match_lamps(small, fitted * gain, core)
    return clean * resample(lamps, linear.shape[:2])


def _in_place(linear: FloatArray, clean: FloatArray, core: BoolArray) -> FloatArray:
    """Register a plate with a picture."""
    shape = linear.shape[:2]
    size = fit_inside(shape, _WORKING_SIDE)
    about = _about(resample(core.astype(np.float32), size) > 0)
    picture = _detail(resample(linear, size), about)
    plate = _detail(resample(clean, size), np.ones_like(about))
    warp = _register(picture, plate, about)
    if np.array_equal(warp, _STILL):
        return clean
    return _moved(linear, clean, core, _rescaled(warp, size, shape))


def _moved(linear: FloatArray, clean: FloatArray, core: BoolArray, warp: FloatArray) -> FloatArray:
    """Move a plate; what it never showed is estimated from the picture."""
    moved = _warped(clean, warp)
    shown = _warped(np.ones(clean.shape[:2], np.float32), warp, outside=0) > _SHOWN
    if not shown.all():
        small = resample(linear, core.shape)
        estimated = estimate_plate(small, core)[0]
        gain = match_gain(small, resample(moved, core.shape), core)
        missing = resample(estimated / gain, clean.shape[:2])
        np.copyto(moved, missing, where=~shown[..., None])
    return moved.clip(0, 1)


def _detail(light: FloatArray, known: BoolArray) -> FloatArray:
    """Detail of a picture, (h, w): finer than its light, coarser than noise; 0 where not known."""
    import cv2

    weight = known.astype(np.float32)
    root = np.sqrt(np.maximum(light, 0)).sum(axis=-1) * weight
    # Averages of what is known alone: the subject's edge is no detail of the screen.
    fine, coarse = (
        cv2.GaussianBlur(root, (0, 0), sigma)
        / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), _DARKEST)
        for sigma in (_FINE, _COARSE)
    )
    detail: FloatArray = (fine - coarse) * weight
    return detail


def _about(screen: BoolArray) -> BoolArray:
    import cv2

    square = np.ones((2 * _NEAR + 1,) * 2, np.uint8)
    closed: BoolArray = cv2.morphologyEx(screen.view(np.uint8), cv2.MORPH_CLOSE, square) == 1
    return closed


def _register(picture: FloatArray, plate: FloatArray, about: BoolArray) -> FloatArray:
    """Find the (2, 3) matrix that takes places in the plate to places in the picture."""
    starts = [_STILL, _shift(picture, plate, about)]
    wrongs = [_wrong(picture, plate, about, warp) for warp in starts]
    best = starts[int(np.argmin(wrongs))]
    use = about
    for _ in range(_ROUNDS):
        refined = _ecc(picture, plate, use, best)
        if refined is None:
            break
        best = refined
        use = about & _fitting(picture, _warped(plate, best), about)
    wrong = _wrong(picture, plate, about, best)
    return best if wrong < (1 - _LEAST_GAIN) * wrongs[0] else _STILL


def _shift(picture: FloatArray, plate: FloatArray, about: BoolArray) -> FloatArray:
    import cv2

    window = cv2.createHanningWindow(picture.shape[::-1], cv2.CV_32F)
    weight = cv2.GaussianBlur(about.astype(np.float32), (0, 0), _NEAR / 2)
    (x, y), _ = cv2.phaseCorrelate(plate * weight, picture * weight, window)
    return np.array([[1, 0, x], [0, 1, y]], dtype=np.float32)


def _ecc(
    picture: FloatArray, plate: FloatArray, use: BoolArray, warp: FloatArray
) -> FloatArray | None:
    """Refine a motion; None if there is nothing to hold on to, or it runs away."""
    import cv2

    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ITERATIONS, _CONVERGED)
    try:
        _, found = cv2.findTransformECC(
            plate, picture, warp.copy(), cv2.MOTION_EUCLIDEAN, stop, use.view(np.uint8), 1
        )
    except cv2.error:  # no correlation at all
        return None
    runaway = _motion(found, picture.shape) > _FARTHEST * max(picture.shape)
    return None if runaway or not np.isfinite(found).all() else found


def _fitting(picture: FloatArray, plate: FloatArray, about: BoolArray) -> BoolArray:
    """Pixels that look as the plate does, and away from any that do not."""
    import cv2

    off = np.abs(picture - plate)
    wrong = (off > _FITS * np.median(off[about])).view(np.uint8)
    wrong = cv2.morphologyEx(wrong, cv2.MORPH_OPEN, np.ones((2 * _SPECK + 1,) * 2, np.uint8))
    fits: BoolArray = cv2.dilate(wrong, np.ones((2 * _REACH + 1,) * 2, np.uint8)) == 0
    return fits


def _wrong(picture: FloatArray, plate: FloatArray, about: BoolArray, warp: FloatArray) -> float:
    off = np.abs(picture - _warped(plate, warp))[about]
    return float(np.minimum(off, _MOST_WRONG).mean())


def _warped(plate: FloatArray, warp: FloatArray, outside: float | None = None) -> FloatArray:
    """Move a plate; its border is continued unless there is a value for what lies outside."""
    import cv2

    mode = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    moved: FloatArray = cv2.warpAffine(
        plate, warp, plate.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=mode,
        borderValue=outside or 0,
    )  # fmt: skip
    return moved


def _rescaled(warp: FloatArray, old: Shape, new: Shape) -> FloatArray:
    """Bring a motion from one size of a picture to another; corners coincide, not centres."""
    scale = np.diag([new[1] / old[1], new[0] / old[0], 1.0])
    scale[:2, 2] = (scale.diagonal()[:2] - 1) / 2
    full = scale @ np.vstack([warp, [0, 0, 1]]) @ np.linalg.inv(scale)
    rescaled: FloatArray = full[:2].astype(np.float32)
    return rescaled


def _motion(warp: FloatArray, shape: Shape) -> float:
    """How far the corner that moves most does, in pixels."""
    rows, columns = shape
    corners = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]], np.float32)
    return float(np.linalg.norm(corners @ warp.T - corners[:, :2], axis=1).max())
