"""Own arithmetic against LittleCMS (an independent implementation), through Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PILImage
from PIL import ImageCms

from hybridbg.core import icc
from hybridbg.core.colour import srgb_to_linear
from hybridbg.core.errors import InvalidImageError
from tests.core import icc_profiles as made

RGB_PROFILES = {
    "display-p3": made.DISPLAY_P3,
    "adobe-rgb": made.ADOBE_RGB,
    "prophoto": made.PROPHOTO,
    "scanner": made.SCANNER,
    "linear": icc.make_profile("linear"),
    "srgb": icc.make_profile("srgb"),
}
MATRIX = [name for name in RGB_PROFILES if name != "scanner"]


def engine(values: np.ndarray, profile: bytes, mode: str) -> np.ndarray:
    """What LittleCMS makes of 8-bit values."""
    picture = PILImage.frombytes(mode, values.shape[1::-1], values.tobytes())
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return np.asarray(ImageCms.applyTransform(picture, transform))


def patches(channels: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (40, 50, channels), dtype=np.uint8)


@pytest.mark.parametrize("name", RGB_PROFILES)
def test_rgb_agrees_with_littlecms(name: str) -> None:
    values = patches(3)
    ours = icc.to_srgb(values.astype(np.float32) / 255, RGB_PROFILES[name])
    assert ours.dtype == np.float32
    difference = np.abs(ours * 255 - engine(values, RGB_PROFILES[name], "RGB"))
    assert difference.max() < 2  # LittleCMS rounds its curves and its result
    assert difference.mean() < 0.5


def test_cmyk_agrees_with_littlecms() -> None:
    values = patches(4)
    ours = icc.to_srgb(values.astype(np.float32) / 255, made.PRESS)
    difference = np.abs(ours * 255 - engine(values, made.PRESS, "CMYK"))
    assert difference.max() < 4  # between lattice points 15 levels apart
    assert difference.mean() < 0.6


def test_grey_agrees_with_littlecms() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    ours = icc.to_srgb(values.astype(np.float32) / 255, made.GREY_18)
    assert np.abs(ours * 255 - engine(values, made.GREY_18, "L")).max() < 1.6


@pytest.mark.parametrize("name", RGB_PROFILES)
def test_deep_ramps_stay_smooth(name: str) -> None:
    """A 16-bit ramp must not come out in 8-bit steps."""
    ramp = np.repeat(np.linspace(0.2, 0.8, 4096, dtype=np.float32)[None, :, None], 3, axis=2)
    result = icc.to_srgb(ramp, RGB_PROFILES[name])[0, :, 1]
    steps = np.diff(result)
    assert (steps > 0).all()
    assert steps.max() < 0.5 / 255


@pytest.mark.parametrize("name", RGB_PROFILES)
def test_white_and_black(name: str) -> None:
    ends = np.array([[[0, 0, 0], [1, 1, 1]]], dtype=np.float32)
    expected = ends if name != "scanner" else ends.clip(0, 1)
    np.testing.assert_allclose(icc.to_srgb(ends, RGB_PROFILES[name]), expected, atol=2e-5)


@pytest.mark.parametrize("name", MATRIX)
def test_to_srgb_and_back(name: str) -> None:
    # Inside sRGB, whose colours every one of these can show.
    coded = np.random.default_rng(3).random((20, 20, 3), dtype=np.float32)
    device = icc.from_srgb(coded, RGB_PROFILES[name])
    assert ((device >= 0) & (device <= 1)).all()
    np.testing.assert_allclose(icc.to_srgb(device, RGB_PROFILES[name]), coded, atol=2e-3)


@given(hnp.arrays(np.float32, (2, 2, 3), elements=st.floats(0, 1, width=32)))
def test_results_lie_in_range(values: np.ndarray) -> None:
    before = values.copy()
    for profile in (made.DISPLAY_P3, made.SCANNER):
        result = icc.to_srgb(values, profile)
        assert ((result >= 0) & (result <= 1)).all()
    np.testing.assert_array_equal(values, before)


def test_own_profiles_are_exact() -> None:
    values = np.random.default_rng(3).random((20, 20, 3), dtype=np.float32)
    np.testing.assert_allclose(icc.to_srgb(values, icc.make_profile("srgb")), values, atol=2e-5)
    linear = icc.from_srgb(values, icc.make_profile("linear"))
    np.testing.assert_allclose(linear, srgb_to_linear(values), atol=2e-5)


def test_own_profiles_open_in_littlecms() -> None:
    opened = ImageCms.ImageCmsProfile(io.BytesIO(icc.make_profile("linear")))
    assert "Linear light" in ImageCms.getProfileDescription(opened)
    assert icc.make_profile("srgb") == icc.make_profile("srgb")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), "srgb"),
        (made.matrix_profile(np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606],
                                       [0.0139, 0.0971, 0.7141]]), made.table(
            [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
             for c in np.linspace(0, 1, 1024)])), "srgb"),
        (made.DISPLAY_P3, "icc"),
        (made.ADOBE_RGB, "icc"),
        (made.SCANNER, "icc"),
        (made.GREY_18, "icc"),
        (made.grey_profile(made.gamma(1.0)), "linear"),
    ],
)  # fmt: skip
def test_classify(profile: bytes, expected: str) -> None:
    assert icc.classify(profile) == expected


@pytest.mark.parametrize(
    ("curve", "decode"),
    [
        (made.parametric(0, 2.2), lambda x: x**2.2),
        (made.parametric(1, 2.0, 1.25, -0.25), lambda x: np.maximum(1.25 * x - 0.25, 0) ** 2),
        (
            made.parametric(2, 2.0, 1.0, -0.5, 0.25),
            lambda x: np.where(x >= 0.5, (np.maximum(x - 0.5, 0)) ** 2, 0) + 0.25,
        ),
        (
            made.parametric(4, 2.0, 0.75, 0.0, 0.25, 0.5, 0.4375, 0.0),
            lambda x: np.where(x >= 0.5, (0.75 * x) ** 2 + 0.4375, 0.25 * x),
        ),
        (made.table([0, 0.25, 1]), lambda x: np.interp(x, [0, 0.5, 1], [0, 0.25, 1])),
        (made.table([]), lambda x: x),
    ],
)
def test_every_kind_of_curve(curve: bytes, decode) -> None:
    grey = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    result = icc.to_srgb(grey, made.grey_profile(curve))
    np.testing.assert_allclose(srgb_to_linear(result)[:, :, 0], decode(grey), atol=3e-4)


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"not a profile at all" * 20,
        made.DISPLAY_P3[:300],
        made.SCANNER[:200],
        made.matrix_profile(np.ones((3, 3)) / 3, made.gamma(2.2)),
        made.profile(b"RGB ", {}),
        made.matrix_profile(np.eye(3), b"junkjunkjunk"),
    ],
)
def test_damaged_profiles(profile: bytes) -> None:
    with pytest.raises(InvalidImageError, match="damaged"):
        icc.to_srgb(np.zeros((4, 4, 3), np.float32), profile)


def test_wrong_channels() -> None:
    with pytest.raises(InvalidImageError, match="CMYK, the image has 3"):
        icc.to_srgb(np.zeros((4, 4, 3), np.float32), made.PRESS)
    with pytest.raises(InvalidImageError, match="RGB, got one of GRAY"):
        icc.from_srgb(np.zeros((4, 4, 3), np.float32), made.GREY_18)
