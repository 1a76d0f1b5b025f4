"""OpenEXR: linear, premultiplied by convention, half or float; and life without the package."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridbg.core.colour import srgb_to_linear
from hybridbg.core.errors import (
    ImageReadError,
    ImageTooLargeError,
    ImageWriteError,
    InvalidImageError,
)
from hybridbg.core.image import Image
from hybridbg.io import encode, exr, format_of, load, save

RNG = np.random.default_rng(8)
HALF = 2.0**-11  # relative rounding of half


@pytest.fixture(scope="module")
def openexr() -> Any:
    return pytest.importorskip("OpenEXR")


def picture(*shape: int) -> np.ndarray:
    return RNG.random((6, 9, *shape), dtype=np.float32)


def written(openexr: Any, channels: dict, **header: Any) -> bytes:
    buffer = io.BytesIO()
    openexr.File(header, channels).write(buffer)
    return buffer.getvalue()


def channels_of(openexr: Any, data: bytes) -> dict[str, np.ndarray]:
    found = openexr.File(io.BytesIO(data), separate_channels=True).channels()
    return {name: channel.pixels for name, channel in found.items()}


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_premultiplied_linear_light(openexr, dtype) -> None:
    rgba = picture(4)
    like = Image.from_array(rgba[..., :3], encoding="linear")
    stored = channels_of(openexr, encode(rgba, "exr", like=like, dtype=dtype))
    assert set(stored) == set("RGBA")
    for index, name in enumerate("RGBA"):
        assert stored[name].dtype == dtype
        expected = rgba[..., index] * (rgba[..., 3] if name != "A" else 1)
        np.testing.assert_allclose(stored[name], expected, rtol=2 * HALF)


def test_half_by_default_and_straight_on_request(openexr) -> None:
    rgba = picture(4)
    like = Image.from_array(rgba[..., :3], encoding="linear")
    stored = channels_of(openexr, encode(rgba, "exr", like=like, premultiplied=False))
    assert stored["G"].dtype == np.float16
    np.testing.assert_allclose(stored["G"], rgba[..., 1], rtol=HALF)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_coded_colours_become_linear_light_and_a_matte_stays(openexr, dtype) -> None:
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    rgb = (picture(3) * top).astype(dtype)
    shares = (rgb / top).astype(np.float32)
    stored = channels_of(openexr, encode(rgb, "exr", dtype=np.float32))
    np.testing.assert_allclose(stored["R"], srgb_to_linear(shares)[..., 0], atol=1e-6)
    matte = channels_of(openexr, encode(rgb[..., 0], "exr", dtype=np.float32))
    assert set(matte) == {"Y"}
    np.testing.assert_allclose(matte["Y"], shares[..., 0], atol=1e-6)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 2e-3), (np.float32, 1e-6)])
def test_there_and_back(openexr, tmp_path: Path, dtype, tolerance: float) -> None:
    rgba = picture(4)
    rgba[..., 3] = 0.1 + 0.9 * rgba[..., 3]
    rgba[0, 0, 3] = 0
    like = Image.from_array(rgba[..., :3], encoding="linear")
    save(tmp_path / "x.exr", rgba, like=like, dtype=dtype)
    image = load(tmp_path / "x.exr")
    assert (image.encoding, image.format, image.dtype) == ("linear", "exr", np.float32)
    assert image.alpha is not None
    np.testing.assert_allclose(image.alpha, rgba[..., 3], atol=tolerance)
    seen = rgba[..., 3] > 0
    np.testing.assert_allclose(image.pixels[seen], rgba[..., :3][seen], atol=tolerance)
    assert (image.pixels[0, 0] == 0).all()


@pytest.mark.parametrize("name", ["Y", "A"])
def test_one_channel_is_grey(openexr, name: str) -> None:
    grey = picture()
    image = load(written(openexr, {name: grey}))
    assert image.alpha is None
    np.testing.assert_array_equal(image.pixels, np.repeat(grey[..., None], 3, axis=2))


def test_the_display_window_is_the_picture(openexr) -> None:
    rgb = picture(3)
    window = (np.array([-2, 1], np.int32), np.array([6, 6], np.int32))
    shown = (np.array([0, 0], np.int32), np.array([9, 4], np.int32))
    image = load(written(openexr, {"RGB": rgb}, dataWindow=window, displayWindow=shown))
    assert image.shape == (5, 10)
    np.testing.assert_array_equal(image.pixels[1:, :7], rgb[:4, 2:])
    assert (image.pixels[0] == 0).all()
    assert (image.pixels[:, 7:] == 0).all()


def test_highlights_are_clipped_with_a_warning(openexr) -> None:
    rgb = picture(3)
    rgb[0, 0], rgb[1, 1] = 7, -0.5
    with pytest.warns(UserWarning, match=r"3.7 % of the pixels were outside 0..1"):
        image = load(written(openexr, {"RGB": rgb}))
    assert image.pixels[0, 0].tolist() == [1, 1, 1]
    assert image.pixels[1, 1].tolist() == [0, 0, 0]


def test_nan_is_refused(openexr) -> None:
    rgb = picture(3)
    rgb[2, 2] = np.nan
    with pytest.raises(InvalidImageError, match="without NaN"):
        load(written(openexr, {"RGB": rgb}))


def test_other_primaries_are_warned_of(openexr) -> None:
    data = written(
        openexr, {"RGB": picture(3)},
        chromaticities=(0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
    )  # fmt: skip
    with pytest.warns(UserWarning, match="primaries"):
        load(data)


def test_damaged_and_strange(openexr) -> None:
    data = written(openexr, {"RGB": picture(3)})
    for bad in (data[: len(data) // 2], data[:4] + b"x" * 99, data[:4]):
        with pytest.raises(ImageReadError, match="damaged"):
            load(bad)
    with pytest.raises(ImageReadError, match="expected the channels"):
        load(written(openexr, {"Z": picture()}))
    with pytest.raises(ImageTooLargeError):
        load(data, max_pixels=10)


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exr, "find_spec", lambda name: None)
    (tmp_path / "x.exr").write_bytes(exr.SIGNATURE + bytes(99))
    with pytest.raises(ImageReadError, match=r"pip install 'hybridbg\[exr\]'"):
        load(tmp_path / "x.exr")
    with pytest.raises(ImageWriteError, match=r"pip install 'hybridbg\[exr\]'"):
        format_of("x.exr")
    with pytest.raises(ImageWriteError, match=r"pip install 'hybridbg\[exr\]'"):
        exr.encode(picture(3), None)
