from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PILImage

from hybridbg.core.colour import linear_to_srgb, srgb_to_linear
from hybridbg.core.errors import InvalidImageError, InvalidOptionError
from hybridbg.core.image import Image, as_dtype, as_float, full_scale
from tests.core import icc_profiles as made

RNG = np.random.default_rng(11)
COLOUR = RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3), (5, 6, 4)])
def test_arrays(dtype, shape) -> None:
    array = RNG.random(shape) * full_scale(dtype)
    array = array.astype(dtype)
    image = Image.from_array(array)
    assert image.shape == (5, 6)
    assert image.dtype == (np.float32 if np.dtype(dtype).kind == "f" else dtype)
    assert image.pixels.flags.c_contiguous
    colours = np.dstack([array] * 3) if len(shape) == 2 else array[:, :, :3]
    np.testing.assert_array_equal(image.pixels, colours.astype(image.dtype))
    if shape[2:] == (4,):
        np.testing.assert_array_equal(image.alpha, array[:, :, 3].astype(image.dtype))
    else:
        assert image.alpha is None
        assert image.alpha_float() is None


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((0, 0, 3), np.uint8), "4 x 4"),
        (np.zeros((0, 5, 3), np.uint8), "4 x 4"),
        (np.zeros((1, 1, 3), np.uint8), "1 rows x 1 columns"),
        (np.zeros((3, 3, 3), np.uint8), "3 rows x 3 columns"),
        (np.zeros((3, 100), np.uint8), "3 rows x 100"),
        (np.zeros(16, np.uint8), r"\(16,\)"),
        (np.zeros((4, 4, 1), np.uint8), r"\(4, 4, 1\)"),
        (np.zeros((4, 4, 2), np.uint8), r"\(4, 4, 2\)"),
        (np.zeros((4, 4, 5), np.uint8), r"\(4, 4, 5\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), "shape"),
        (np.zeros((4, 4), bool), "bool"),
        (np.zeros((4, 4), np.int64), "int64"),
        (np.zeros((4, 4), np.uint32), "uint32"),
        (np.zeros((4, 4), complex), "complex"),
        (np.array([["a"] * 4] * 4), "<U1"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.full((4, 4), np.inf), "0..1"),
        (np.full((4, 4), 255.0), "0..1 without NaN, got 255..255"),
        (np.full((4, 4), -0.1), "-0.1"),
    ],
)
def test_wrong_arrays(array, message: str) -> None:
    with pytest.raises(InvalidImageError, match=message):
        Image.from_array(array)


def test_smallest_image() -> None:
    assert Image.from_array(np.zeros((4, 4), np.uint8)).shape == (4, 4)


def test_repr_is_short() -> None:
    image = Image(COLOUR, COLOUR[:, :, 0].copy(), path="a.png")
    assert repr(image) == "Image(5 x 6 uint8, srgb, alpha, 'a.png')"
    assert repr(Image.from_array(np.zeros((4, 4)))) == "Image(4 x 4 float32, srgb)"


def test_one_nan_is_found() -> None:
    array = np.zeros((50, 50, 4))
    array[31, 7, 3] = np.nan
    with pytest.raises(InvalidImageError, match="NaN"):
        Image.from_array(array)


def test_rounding_just_outside_the_range_is_clipped() -> None:
    image = Image.from_array(np.full((4, 4), 1 + 1e-6))
    assert image.pixels.max() == 1


def test_arrays_are_not_written_to() -> None:
    array = COLOUR.copy()
    array.flags.writeable = False
    image = Image.from_array(array)
    for result in (image.rgb(), image.srgb(), image.linear()):
        result[:] = 0
    np.testing.assert_array_equal(array, COLOUR)
    floats = np.full((4, 4, 4), 0.5, np.float32)
    image = Image.from_array(floats, encoding="linear")
    for result in (image.rgb(), image.linear(), image.srgb(), image.alpha_float()):
        result[:] = 0
    assert (floats == 0.5).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_decoding(dtype) -> None:
    array = as_dtype(COLOUR, dtype)
    coded = COLOUR.astype(np.float32) / 255
    image = Image.from_array(array)
    for result in (image.rgb(), image.srgb(), image.linear()):
        assert result.dtype == np.float32
    np.testing.assert_allclose(image.rgb(), coded, atol=1e-7)
    np.testing.assert_allclose(image.srgb(), coded, atol=1e-7)
    np.testing.assert_allclose(image.linear(), srgb_to_linear(coded), atol=1e-6)
    light = Image.from_array(array, encoding="linear")
    np.testing.assert_allclose(light.rgb(), coded, atol=1e-7)
    np.testing.assert_allclose(light.linear(), coded, atol=1e-7)
    np.testing.assert_allclose(light.srgb(), linear_to_srgb(coded), atol=1e-6)


def test_profiles_are_applied_only_when_asked() -> None:
    image = Image(COLOUR, encoding="icc", icc_profile=made.DISPLAY_P3)
    np.testing.assert_allclose(image.rgb(), COLOUR / 255, atol=1e-6)
    assert np.abs(image.srgb() - COLOUR / 255).max() > 0.02
    np.testing.assert_allclose(image.linear(), srgb_to_linear(image.srgb()), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("encoding", ["srgb", "linear", "icc"])
@pytest.mark.parametrize("rows", [slice(1, 3), slice(4, 99), slice(0, 1), slice(None), slice(2)])
def test_some_rows_are_decoded_like_all(rows, encoding, dtype) -> None:
    image = Image(as_dtype(COLOUR, dtype), encoding=encoding, icc_profile=made.DISPLAY_P3)
    some = image.srgb(rows)
    assert some.dtype == np.float32
    assert some.flags.c_contiguous
    np.testing.assert_array_equal(some, image.srgb()[rows])


@pytest.mark.parametrize("encoding", ["srgb", "linear", "icc"])
def test_recode_inverts_decoding(encoding) -> None:
    muted = (COLOUR // 2 + 64).astype(np.uint8)  # in the gamut of both sRGB and Display P3
    image = Image(muted, encoding=encoding, icc_profile=made.DISPLAY_P3)
    own = image.rgb()
    np.testing.assert_allclose(image.recode(image.srgb()), own, atol=1e-4)
    np.testing.assert_allclose(image.recode(image.linear(), encoding="linear"), own, atol=1e-4)
    with pytest.raises(InvalidOptionError, match="encoding"):
        image.recode(own, encoding="icc")


@pytest.mark.parametrize(
    "arguments",
    [
        {"pixels": COLOUR[:, :, 0]},
        {"pixels": COLOUR.astype(np.float64)},
        {"pixels": COLOUR[:3]},
        {"pixels": COLOUR, "alpha": np.zeros((6, 5), np.uint8)},
        {"pixels": COLOUR, "alpha": np.zeros((5, 6), np.float32)},
    ],
)
def test_wrong_fields(arguments) -> None:
    with pytest.raises(InvalidImageError):
        Image(**arguments)


def test_wrong_encodings() -> None:
    with pytest.raises(InvalidOptionError, match="gamma"):
        Image(COLOUR, encoding="gamma")
    with pytest.raises(InvalidOptionError, match="icc_profile"):
        Image(COLOUR, encoding="icc")


@given(
    hnp.arrays(np.uint16, (4, 5)) | hnp.arrays(np.uint8, (4, 5)),
    st.sampled_from([np.uint16, np.float32]),
)
def test_deeper_and_back(array: np.ndarray, dtype) -> None:
    deeper = as_dtype(array, dtype)
    assert deeper.dtype == dtype
    np.testing.assert_array_equal(as_dtype(deeper, array.dtype), array)


def test_conversion_rounds_and_clips() -> None:
    values = np.array([0.4999 / 255, 0.5001 / 255, 1.2, -0.3], np.float32)
    assert as_dtype(values, np.uint8).tolist() == [0, 1, 255, 0]
    assert as_dtype(np.array([128, 129], np.uint16), np.uint8).tolist() == [0, 1]
    assert as_dtype(COLOUR, np.uint8) is COLOUR
    assert as_float(COLOUR).max() <= 1
    for wrong in (np.int32, np.float64, bool):
        with pytest.raises(InvalidImageError):
            as_dtype(COLOUR, wrong)


def with_alpha(mode: str) -> PILImage.Image:
    """A picture of `mode` whose left half is opaque and whose right half is half transparent."""
    rgba = np.dstack([COLOUR, np.full((5, 6), 255, np.uint8)])
    rgba[:, 3:, 3] = 128
    return PILImage.fromarray(rgba).convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGBa", "La"])
def test_pil_modes_with_alpha(mode: str) -> None:
    picture = with_alpha("LA").convert("La") if mode == "La" else with_alpha(mode)
    image = Image.from_pil(picture)
    assert image.alpha is not None
    assert image.alpha[:, :3].min() == 255
    assert np.unique(image.alpha[:, 3:]).tolist() == [128]
    expected = np.asarray(with_alpha("LA" if mode in ("LA", "La") else "RGBA"))
    expected = expected[:, :, :1] if mode in ("LA", "La") else expected[:, :, :3]
    assert np.abs(image.pixels.astype(int) - expected).max() <= 1  # premultiplied ones round


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "YCbCr", "HSV", "RGBX", "CMYK", "LAB"])
def test_pil_modes_without_alpha(mode: str) -> None:
    smooth = np.zeros((16, 16, 3), np.uint8) + np.arange(40, 200, 10, dtype=np.uint8)[:, None, None]
    picture = PILImage.fromarray(smooth)
    if mode == "LAB":
        from PIL import ImageCms

        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        picture = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
    else:
        picture = picture.quantize(16) if mode == "P" else picture.convert(mode)
    image = Image.from_pil(picture)
    assert image.dtype == np.uint8
    assert image.alpha is None
    if mode == "1":
        assert set(np.unique(image.pixels)) == {0, 255}
    else:
        tolerance = {"LAB": 3}.get(mode, 2)
        assert np.abs(image.pixels.astype(int) - smooth).max() <= tolerance


def test_pil_palette_and_colour_key() -> None:
    palette = PILImage.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6) % 3)
    palette = palette.convert("P")
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    opaque = Image.from_pil(palette)
    assert opaque.alpha is None
    assert opaque.pixels[0, 1].tolist() == [0, 255, 0]
    palette.info["transparency"] = 1
    keyed = Image.from_pil(palette)
    assert keyed.alpha is not None
    np.testing.assert_array_equal(keyed.alpha == 0, np.arange(30).reshape(5, 6) % 3 == 1)
    grey = PILImage.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6))
    grey.info["transparency"] = 7
    image = Image.from_pil(grey)
    assert image.alpha is not None
    assert np.argwhere(image.alpha == 0).tolist() == [[1, 1]]


def test_pil_deep_modes() -> None:
    deep = RNG.integers(0, 65536, (5, 6), dtype=np.uint16)
    for picture in (
        PILImage.fromarray(deep),
        PILImage.fromarray(deep.astype(np.int32)),
        PILImage.frombytes("I;16B", (6, 5), deep.astype(">u2").tobytes()),
    ):
        image = Image.from_pil(picture)
        assert image.dtype == np.uint16
        np.testing.assert_array_equal(image.pixels[:, :, 2], deep)
    floats = PILImage.fromarray(deep.astype(np.float32) / 65535)
    np.testing.assert_array_equal(as_dtype(Image.from_pil(floats).pixels[:, :, 0], np.uint16), deep)


def test_pil_values_out_of_range() -> None:
    for value in (-1, 65536):
        with pytest.raises(InvalidImageError, match="within"):
            Image.from_pil(PILImage.fromarray(np.full((5, 6), value, np.int32)))
    with pytest.raises(InvalidImageError, match="without NaN"):
        Image.from_pil(PILImage.fromarray(np.full((5, 6), 2, np.float32)))


def test_pil_metadata_is_taken() -> None:
    picture = PILImage.fromarray(COLOUR)
    exif = PILImage.Exif()
    exif[0x0112] = 6
    picture.info.update(exif=exif.tobytes(), icc_profile=made.DISPLAY_P3, xmp=b"<x/>")
    image = Image.from_pil(picture)
    assert image.shape == (6, 5)
    np.testing.assert_array_equal(image.pixels, np.rot90(COLOUR, -1))
    assert image.encoding == "icc"
    assert image.icc_profile == made.DISPLAY_P3
    assert image.xmp == b"<x/>"
    again = PILImage.Exif()
    again.load(image.exif)
    assert again[0x0112] == 1


def test_pil_too_small() -> None:
    with pytest.raises(InvalidImageError, match="4 x 4"):
        Image.from_pil(PILImage.new("RGB", (3, 3)))
