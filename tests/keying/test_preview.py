"""The preview: subject kept, screen gone, for any screen colour and any kind of picture."""

from __future__ import annotations

import numpy as np
import pytest

import hybridbg
from hybridbg.core.errors import InvalidImageError, InvalidOptionError, NoSubjectError
from hybridbg.keying import estimate_screen, key_preview

PAINTS = {"green": (70, 165, 80), "blue": (42, 82, 190), "#c03060": (192, 48, 96)}


def picture(paint, size=64):
    pixels = np.full((size, size, 3), paint, dtype=np.uint8)
    pixels[16:48, 16:48] = (120, 118, 121)
    return pixels


@pytest.mark.parametrize("name", PAINTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_subject_and_screen(name, dtype):
    pixels = picture(PAINTS[name])
    scale = {np.uint8: 1, np.uint16: 257, np.float32: np.float32(1 / 255)}[dtype]
    cutout = key_preview(pixels.astype(dtype) * dtype(scale), estimate_screen(pixels, screen=name))
    assert cutout.dtype == np.uint8
    assert (cutout[:12, :, 3] == 0).all()
    assert (cutout[20:44, 20:44, 3] == 255).all()
    assert np.abs(cutout[32, 32, :3].astype(int) - (120, 118, 121)).max() <= 3


def test_another_size_is_refused():
    with pytest.raises(InvalidImageError, match="size of the screen's plate"):
        key_preview(picture(PAINTS["green"], 60), estimate_screen(picture(PAINTS["green"])))


def test_through_the_front_door():
    cutout = hybridbg.remove_background(picture(PAINTS["green"]), quality="preview")
    assert cutout.alpha[32, 32] == 1
    assert cutout.alpha[2, 2] == 0
    assert cutout.trimap[32, 32] == 255
    assert cutout.diagnostics["method"] == "key"


def test_refusals():
    pixels = picture(PAINTS["green"])
    with pytest.raises(InvalidOptionError, match="preview"):
        hybridbg.remove_background(pixels, quality="preview", rect=(8, 8, 56, 56))
    with pytest.raises(InvalidOptionError, match="preview"):
        hybridbg.remove_background(pixels, quality="preview", method="grabcut")
    with pytest.raises(InvalidOptionError, match="quality"):
        hybridbg.remove_background(pixels, quality="best")
    with pytest.raises(NoSubjectError, match="found none"):
        hybridbg.remove_background(picture((120, 118, 121)), quality="preview")
