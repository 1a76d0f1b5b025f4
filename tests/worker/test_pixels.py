"""Any type of pixel, there and back."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.errors import InvalidImageError
from hybridbg.worker.pixels import Picture, to_native, to_pixels


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "f2", "f4"])
def test_there_and_back(dtype: str) -> None:
    ramp = np.linspace(0, 1, 257)
    values = ramp.astype(dtype) if dtype[0] == "f" else (ramp * np.iinfo(dtype).max).astype(dtype)
    pixels = to_pixels(values)
    as_float = pixels / (1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max)
    back = to_native(as_float.astype(np.float32), dtype)
    assert np.allclose(back.astype("f8"), values.astype("f8"), rtol=2**-23, atol=0)


def test_unchanged_pixels_keep_their_bits() -> None:
    native = np.random.default_rng(0).random((8, 8, 3))
    picture = Picture(native)
    colours = picture.image.rgb()
    colours[0, 0] = 0.25
    result = picture.with_alpha(np.ones((8, 8), np.float32), colours)
    assert result[0, 0].tolist() == [0.25, 0.25, 0.25, 1]
    assert np.array_equal(result[1:, :, :3], native[1:])


def test_light_above_one_survives() -> None:
    native = np.full((8, 8, 3), 2.0, np.float32)
    picture = Picture(native, encoding="linear")
    assert picture.warnings
    result = picture.with_alpha(np.ones((8, 8), np.float32), picture.image.rgb())
    assert np.array_equal(result[..., :3], native)


def test_five_channels() -> None:
    with pytest.raises(InvalidImageError):
        Picture(np.zeros((8, 8, 5), np.uint8))
