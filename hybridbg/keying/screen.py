"""Finding the screen: its colour, the plate behind the subject, and how sure that is.

A real green screen is far from #00ff00, so it is found by the direction of its chroma and by how
saturated it is, never by its distance to a colour or its brightness. With k the screen's dominant
channel and i < j the others, a colour C has

    a = C_k - (C_i + C_j) / 2,  b = (C_i - C_j) sqrt(3) / 2,  hue = atan2(b, a),  purity = a / C_k

and neither hue nor purity changes with the light. All colours here are linear light, sRGB
primaries. What lies behind the subject is `hybridbg.keying.plate`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hybridbg.core.colour import parse_colour, srgb_to_linear
from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import BoolArray, ColourLike, FloatArray, ImageLike, Shape
from hybridbg.io import as_image
from hybridbg.keying.clean_plate import fit_plate
from hybridbg.keying.plate import estimate_plate, light_on, relative_distance
from hybridbg.keying.shadow import shadow_matte

__all__ = ["Screen", "check_plate", "clean_light", "estimate_screen", "find_screen"]

# Screen and plate are smooth: they are estimated on a copy with at most this long side, in pixels.
_WORKING_SIDE: Final = 480
# Typical paints, for naming a channel and for pictures without any screen at all.
_PAINTS: Final = {"green": "#48a454", "blue": "#2a52be"}
_CHANNELS: Final = {"green": 1, "blue": 2}
# Below this purity a colour is no screen: skin and most clothes stay below 0.2.
_LEAST_PURITY: Final = 0.25
# Below this light a hue is noise.
_LEAST_LIGHT: Final = 0.01
# How far hue (degrees) and purity of screen pixels stray from their peak: tinted light, folds.
_HUE_REACH: Final = 12.0
_PURITY_REACH: Final = 0.12
# Hues further than this from the channel belong to another: 60 degrees is yellow or cyan.
_HUE_SECTOR: Final = 55.0
# Pixels taken off the edge of what looks like screen, at the working size: mixed ones.
_CORE_EROSION: Final = 2
# Relative distance to the plate at which a pixel still counts as screen.
_SCREEN_DISTANCE: Final = 0.15
# Part of the picture's sides that counts as its border.
_BORDER: Final = 0.04
# Shares of the border, and of all pixels of such a hue, that show the screen: from no confidence
# to full confidence.
_BORDER_SHARE: Final = (0.2, 0.6)
_EVEN_SHARE: Final = (0.4, 0.8)
# Likewise of the screen's purity: the sky has 0.3 to 0.4, a washed-out screen still has 0.55.
_SCREEN_PURITY: Final = (0.4, 0.55)


@dataclass(frozen=True, eq=False)
class Screen:
    """A screen as it was found in a picture.

    Attributes
    ----------
    colour : ndarray of shape (3,), float32
        Typical colour of the screen, linear light.
    plate : ndarray of shape (H, W, 3), float32
        What the picture would show without its subject, linear light, positive.
    confidence : float in [0, 1]
        Near 0 when the picture has no screen.
    shadow : ndarray of shape (H, W), float32 in [0, 1], or None
        Part of the screen's light that is missing on the plate, as far as it was looked for.
    """

    colour: FloatArray
    plate: FloatArray
    confidence: float
    shadow: FloatArray | None = None

    @property
    def channel(self) -> int:
        """Index of the screen's dominant channel in RGB: 1 for green, 2 for blue."""
        return int(np.argmax(self.colour))


def estimate_screen(
    image: ImageLike,
    *,
    screen: ColourLike = "auto",
    plate: ImageLike | None = None,
    plate_registered: bool = False,
) -> Screen:
    """Find the screen colour and the plate of a picture shot in front of a screen.

    Parameters
    ----------
    image : path, PIL image or array
        The picture.
    screen : {"auto", "green", "blue"} or a colour
        "auto" decides between green and blue. A colour such as "#3fa34d", of which only the hue
        matters, makes any other screen possible.
    plate : path, PIL image or array, optional
        The same shot without the subject, of the same size. A camera that moved a little and
        turned by a degree at most is found by the screen's markers, seams and creases, and a
        difference in exposure or white balance is corrected; so is a shadow that was not there yet.
        By default the plate is estimated from the picture: a robust polynomial surface through the
        pixels that show the screen, and the local rest between them.
    plate_registered : bool
        Nobody touched the camera in between: the plate is not moved, which takes a good part of the
        time. Exposure, white balance and shadow are corrected all the same.

    Returns
    -------
    Screen
        With `confidence` 0 and the plate of a uniform screen when there is nothing like a screen.

    Raises
    ------
    InvalidOptionError
        `screen` is not a colour, or a grey one.
    InvalidImageError
        `image` or `plate` is not an image, they differ in size, or the plate is of another scene.

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.full((64, 64, 3), (70, 165, 80), dtype=np.uint8)
    >>> picture[16:48, 16:48] = (120, 90, 80)
    >>> screen = estimate_screen(picture)
    >>> screen.channel, screen.confidence > 0.9
    (1, True)
    """
    linear = as_image(image).linear()
    clean = None if plate is None else clean_light(plate, linear.shape[:2])
    return find_screen(linear, screen=screen, clean=clean, registered=plate_registered)


def clean_light(plate: ImageLike, shape: Shape) -> FloatArray:
    """Give linear light of a clean plate, or raise `InvalidImageError` if its size is another."""
    clean = as_image(plate).linear()
    if clean.shape[:2] != shape:
        raise InvalidImageError(
            f"expected a plate of the image's size {shape} (rows, columns), "
            f"got {clean.shape[:2]}; crop or resize it"
        )
    return clean


def find_screen(
    linear: FloatArray, *, screen: ColourLike, clean: FloatArray | None, registered: bool
) -> Screen:
    """Do what `estimate_screen` does, with linear light, (H, W, 3); `clean` is the plate."""
    if isinstance(screen, str) and screen == "auto":
        found: dict[str, Screen] = {}
        for name in _CHANNELS:
            found[name] = _estimate(linear, _paint(name), None, None)
            if found[name].confidence == 1:
                break
        screen = max(found, key=lambda name: found[name].confidence)
        if clean is None:
            return found[screen]
    if isinstance(screen, str) and screen in _CHANNELS:
        return _estimate(linear, _paint(screen), None, clean, registered=registered)
    colour = srgb_to_linear(parse_colour(screen))
    if _purity_of(colour) < _LEAST_PURITY:
        raise InvalidOptionError(
            f"screen: expected a saturated colour, 'auto', 'green' or 'blue'; got {screen!r}, "
            "which is too grey to be told from a subject"
        )
    hue, _ = _hue_and_purity(colour, int(np.argmax(colour)))
    return _estimate(linear, colour, float(hue), clean, registered=registered)


def check_plate(screen: Screen, shape: Shape) -> None:
    """Raise `InvalidImageError` unless the screen's plate has the size of the image."""
    if screen.plate.shape[:2] != shape:
        raise InvalidImageError(
            f"expected an image of the size of the screen's plate {screen.plate.shape[:2]} "
            f"(rows, columns), got {shape}; estimate the screen from this image"
        )


def _paint(name: str) -> FloatArray:
    return srgb_to_linear(parse_colour(_PAINTS[name]))


def _estimate(
    linear: FloatArray,
    colour: FloatArray,
    hue: float | None,
    clean: FloatArray | None,
    *,
    registered: bool = False,
) -> Screen:
    """Estimate the screen whose dominant channel is that of `colour`, of a known or any hue."""
    shape = linear.shape[:2]
    small = resample(linear, fit_inside(shape, _WORKING_SIDE))
    coloured, core = _core(small, int(np.argmax(colour)), hue)
    if not core.any():
        plate = np.broadcast_to(colour, linear.shape).copy() if clean is None else clean
        return Screen(colour, plate, 0.0)
    if clean is None:
        fitted, light = estimate_plate(small, core)
        plate, shadow = resample(fitted, shape), shadow_matte(light, core)
    else:
        plate = fit_plate(linear, clean, core, registered=registered)
        fitted = resample(plate, small.shape[:2])
        # A shadow is the subject's, and was not there yet when the plate was shot.
        shadow = shadow_matte(light_on(small, fitted, core), core)
        fitted = fitted * (1 - shadow)[..., None]
        plate = plate * (1 - resample(shadow, shape))[..., None]
    shown = coloured & (relative_distance(small, fitted) < _SCREEN_DISTANCE)
    if shown.any():
        colour = np.median(small[shown], axis=0).astype(np.float32)
    confidence = _confidence(shown, coloured) * _ramp(_purity_of(colour), *_SCREEN_PURITY)
    return Screen(colour, plate, confidence, resample(shadow, shape))


def _hue_and_purity(linear: FloatArray, channel: int) -> tuple[FloatArray, FloatArray]:
    """Hue in degrees away from the pure channel, and purity, negative for other channels' hues."""
    first, second = (linear[..., other] for other in range(3) if other != channel)
    a = linear[..., channel] - np.float32(0.5) * (first + second)
    b = (first - second) * np.float32(np.sqrt(3) / 2)
    hue: FloatArray = np.degrees(np.arctan2(b, a))
    light = np.maximum(linear[..., channel], _LEAST_LIGHT)
    purity = np.divide(a, light, dtype=np.float32)
    return hue, purity


def _purity_of(colour: FloatArray) -> float:
    return float(_hue_and_purity(colour, int(np.argmax(colour)))[1])


def _core(small: FloatArray, channel: int, hue: float | None) -> tuple[BoolArray, BoolArray]:
    """Pixels of any hue of that channel, and those among them that show the screen itself."""
    import cv2

    hues, purity = _hue_and_purity(small, channel)
    coloured: BoolArray = (
        (purity > _LEAST_PURITY)
        & (np.abs(hues) < _HUE_SECTOR)
        & (small[..., channel] > _LEAST_LIGHT)
    )
    if not coloured.any():
        return coloured, coloured
    strength = purity[coloured] * small[..., channel][coloured]
    peak = _peak(hues[coloured], strength, _HUE_REACH) if hue is None else hue
    alike = coloured & (np.abs(hues - peak) < _HUE_REACH)
    if not alike.any():
        return coloured, alike
    pure = _peak(purity[alike], small[..., channel][alike], _PURITY_REACH)
    alike &= np.abs(purity - pure) < _PURITY_REACH
    square = np.ones((3, 3), dtype=np.uint8)
    eroded = cv2.erode(alike.view(np.uint8), square, iterations=_CORE_EROSION)
    return coloured, eroded.view(np.bool_)


def _peak(values: FloatArray, weights: FloatArray, reach: float) -> float:
    """Mode of weighted values: the fullest window of +-`reach`, then the median inside it."""
    edges = np.arange(values.min(), values.max() + reach / 2, reach / 4)
    if len(edges) < 2:
        return float(np.median(values))
    histogram, _ = np.histogram(values, edges, weights=weights)
    smooth = np.convolve(histogram, np.ones(8), mode="same")
    centre = edges[int(smooth.argmax())]
    return float(np.median(values[np.abs(values - centre) <= reach]))


def _confidence(shown: BoolArray, coloured: BoolArray) -> float:
    """How much the screen is one: it reaches the border, and nothing else has its hue.

    Leaves, lawns and skies have the hue of a screen here and there, but not its even surface: most
    of what has their hue does not fit the plate.
    """
    rows, columns = (max(1, round(side * _BORDER)) for side in shown.shape)
    border = np.ones(shown.shape, dtype=np.bool_)
    # The lower border belongs to the subject.
    border[rows:, columns:-columns] = False
    at_border = float(shown[border].mean())
    even = int(np.count_nonzero(shown)) / max(1, int(np.count_nonzero(coloured)))
    return float(_ramp(at_border, *_BORDER_SHARE) * _ramp(even, *_EVEN_SHARE))


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0, 1))
