from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image as PILImage

from hybridbg.core import icc
from hybridbg.core.errors import ImageReadError, InvalidImageError
from hybridbg.core.exif import upright
from hybridbg.core.image import as_dtype
from hybridbg.io import encode, load
from tests.core import icc_profiles as made

RNG = np.random.default_rng(4)
DEEP = [np.uint16, np.float16, np.float32, np.float64]


def values(dtype, shape: tuple[int, ...] = (6, 8, 3)) -> np.ndarray:
    random = RNG.random(shape)
    return (random * 65535).astype(dtype) if np.dtype(dtype).kind == "u" else random.astype(dtype)


def tiff(array: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    options = {"photometric": "rgb", "metadata": None, **options}
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def icc_tag(profile: bytes | None) -> list[tuple]:
    return [] if profile is None else [(34675, 7, len(profile), profile, True)]


def expected(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


@pytest.mark.parametrize("dtype", DEEP)
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    "layout",
    [{}, {"compression": "zlib"}, {"compression": "lzma"}, {"tile": (16, 16)},
     {"compression": "zlib", "rowsperstrip": 1}, {"bigtiff": True}],
    ids=["plain", "deflate", "lzma", "tiles", "strips", "bigtiff"],
)  # fmt: skip
def test_deep_colour(dtype, byteorder: str, layout: dict) -> None:
    array = values(dtype)
    image = load(tiff(array, byteorder=byteorder, **layout))
    assert image.alpha is None
    assert image.dtype == expected(array).dtype
    np.testing.assert_array_equal(image.pixels, expected(array))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_horizontal_predictor_and_separate_planes(dtype) -> None:
    array = values(dtype)
    if dtype == np.uint16:
        data = tiff(array, compression="zlib", predictor=2)
        np.testing.assert_array_equal(load(data).pixels, array)
    planes = np.ascontiguousarray(np.moveaxis(array, 2, 0))
    np.testing.assert_array_equal(load(tiff(planes, planarconfig="separate")).pixels, array)


@pytest.mark.parametrize("dtype", DEEP)
def test_deep_grey(dtype) -> None:
    array = values(dtype, (6, 8))
    image = load(tiff(array, photometric="minisblack"))
    np.testing.assert_array_equal(image.pixels[:, :, 1], expected(array))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_zero(dtype) -> None:
    array = as_dtype(values(np.uint16, (6, 8)), dtype)
    image = load(tiff(array, photometric="miniswhite"))
    np.testing.assert_array_equal(image.pixels[:, :, 0], np.iinfo(dtype).max - array)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("colours", [1, 3])
def test_straight_alpha(dtype, colours: int) -> None:
    array = values(dtype, (6, 8, colours + 1))
    photometric = "rgb" if colours == 3 else "minisblack"
    data = tiff(array, photometric=photometric, extrasamples=["unassalpha"], planarconfig="contig")
    image = load(data)
    np.testing.assert_array_equal(image.alpha, array[:, :, -1])
    np.testing.assert_array_equal(image.pixels[:, :, 0], array[:, :, 0])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_premultiplied_alpha(dtype) -> None:
    alpha = values(dtype, (6, 8)) // 2 + 30000 if dtype == np.uint16 else values(dtype, (6, 8))
    alpha = alpha.astype(dtype)
    alpha[0, 0] = 0
    straight = values(dtype)
    top = 65535 if dtype == np.uint16 else 1
    premultiplied = straight * (alpha[:, :, None].astype(np.float64) / top)
    premultiplied = (np.rint(premultiplied) if top > 1 else premultiplied).astype(dtype)
    image = load(tiff(np.dstack([premultiplied, alpha]), extrasamples=["assocalpha"]))
    np.testing.assert_array_equal(image.alpha, alpha)
    tolerance = 2 if top > 1 else 1e-6
    difference = np.abs(image.pixels.astype(float) - straight)
    assert difference[alpha > 0.05 * top].max() <= tolerance
    assert image.pixels[0, 0].tolist() == [0, 0, 0]


def test_extra_samples_that_are_no_alpha() -> None:
    array = values(np.uint16, (6, 8, 4))
    image = load(tiff(array, extrasamples=["unspecified"]))
    assert image.alpha is None
    five = values(np.uint16, (6, 8, 5))
    data = tiff(five, extrasamples=["unspecified", "unassalpha"], planarconfig="contig")
    np.testing.assert_array_equal(load(data).alpha, five[:, :, 4])


@pytest.mark.parametrize("samples", [1, 3, 4])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_lzw_is_left_to_opencv(samples: int, orientation: int) -> None:
    import cv2

    array = values(np.uint16, (6, 8, samples))
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[samples]
    done, buffer = cv2.imencode(".tif", array[:, :, order])
    assert done
    data = with_orientation(buffer.tobytes(), orientation)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert file.pages[0].compression == 5
    assert_turned(data, array, orientation)


@pytest.mark.parametrize("samples", [1, 3, 4])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_float_predictor_is_left_to_opencv(samples: int, orientation: int) -> None:
    array = values(np.float32, (6, 8, samples))
    assert_turned(with_orientation(float_predicted(array), orientation), array, orientation)


def assert_turned(data: bytes, array: np.ndarray, orientation: int) -> None:
    image = load(data)
    assert image.dtype == array.dtype
    turned = upright(array, orientation)
    colours = turned[:, :, :3] if turned.shape[2] > 1 else turned.repeat(3, axis=2)
    np.testing.assert_array_equal(image.pixels, colours)
    if turned.shape[2] == 4:
        np.testing.assert_array_equal(image.alpha, turned[:, :, 3])


def float_predicted(array: np.ndarray) -> bytes:
    """A deflated TIFF with predictor 3: bytes of a row by significance, then differences."""
    rows, columns, samples = array.shape
    planes = array.astype(">f4").view(np.uint8).reshape(rows, columns * samples, 4)
    planes = planes.transpose(0, 2, 1).reshape(rows, -1).astype(np.int16)
    planes[:, samples:] -= planes[:, :-samples].copy()
    strip = zlib.compress((planes % 256).astype(np.uint8).tobytes())
    entries = [
        (256, 4, 1, columns), (257, 4, 1, rows), (259, 3, 1, 8), (262, 3, 1, min(samples, 2)),
        (273, 4, 1, 8), (277, 3, 1, samples), (278, 4, 1, rows), (279, 4, 1, len(strip)),
        (284, 3, 1, 1), (317, 3, 1, 3),
    ]  # fmt: skip
    strip += b"\0" * (len(strip) % 2)
    wide_at = 8 + len(strip)
    wide = struct.pack("<4H", *[32] * 4) + struct.pack("<4H", *[3] * 4)  # bits, kind of sample
    if samples == 1:
        entries += [(258, 3, 1, 32), (339, 3, 1, 3)]
    else:
        entries += [(258, 3, samples, wide_at), (339, 3, samples, wide_at + 8)]
    if samples == 4:
        entries.append((338, 3, 1, 2))
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<I", wide_at + 16) + strip + wide + directory + b"\0" * 4


def with_orientation(data: bytes, orientation: int) -> bytes:
    """Add the tag to the directory of a little-endian TIFF file."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [data[at + 2 + 12 * index :][:12] for index in range(count)]
    entries.append(struct.pack("<HHIHH", 274, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry))
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + b"\0\0\0\0"
    data += b"\0" * (len(data) % 2)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(dtype, orientation: int) -> None:
    array = as_dtype(values(np.uint16, (6, 8, 4)), dtype)
    data = tiff(array, extrasamples=["unassalpha"], extratags=[(274, 3, 1, orientation, True)])
    image = load(data)
    turned = upright(array, orientation)
    np.testing.assert_array_equal(image.pixels, turned[:, :, :3])
    np.testing.assert_array_equal(image.alpha, turned[:, :, 3])


def test_orientation_of_tiff_is_not_applied_twice() -> None:
    array = as_dtype(values(np.uint16), np.uint8)
    xmp = b'<x tiff:Orientation="6"/>'
    tags = [(274, 3, 1, 6, True), (700, 1, len(xmp), xmp, True)]
    for depth in (np.uint8, np.uint16):
        image = load(tiff(as_dtype(array, depth), extratags=tags))
        assert image.shape == (8, 6)
        assert image.xmp == b'<x tiff:Orientation="1"/>'


@pytest.mark.parametrize("profile", [None, made.PRESS])
def test_deep_cmyk(profile: bytes | None) -> None:
    inks = values(np.uint16, (6, 8, 4))
    image = load(tiff(inks, photometric="separated", extratags=icc_tag(profile)))
    share = inks.astype(np.float32) / 65535
    if profile is None:
        rgb = (1 - share[:, :, :3]) * (1 - share[:, :, 3:])
    else:
        rgb = icc.to_srgb(share, profile)
    assert image.dtype == np.uint16
    assert image.encoding == "srgb"
    assert np.abs(image.pixels / 65535 - rgb).max() < 2e-5


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deep_profiles(dtype) -> None:
    array = values(dtype)
    image = load(tiff(array, extratags=icc_tag(made.DISPLAY_P3)))
    assert (image.encoding, image.icc_profile) == ("icc", made.DISPLAY_P3)
    light = load(tiff(array, extratags=icc_tag(icc.make_profile("linear"))))
    assert light.encoding == "linear"
    assert load(tiff(array)).encoding == "srgb"


@pytest.mark.parametrize(
    "compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg", "group4"]
)
def test_shallow_compressions(compression: str) -> None:
    picture = PILImage.fromarray(np.full((16, 16, 3), 128, np.uint8))
    picture = picture.convert("1") if compression == "group4" else picture
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression=compression)
    image = load(buffer.getvalue())
    np.testing.assert_array_equal(image.pixels, np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize(
    ("array", "options"),
    [
        (np.zeros((6, 8, 3), np.uint32), {}),
        (np.zeros((6, 8, 3), np.int16), {}),
        (np.zeros((6, 8, 3), np.uint16), {"photometric": "cielab"}),
        (np.zeros((6, 8), np.complex64), {"photometric": "minisblack"}),
    ],
)
def test_kinds_not_understood(array, options: dict) -> None:
    with pytest.raises(ImageReadError, match="expected grey, RGB or CMYK of 8 or 16 bits or float"):
        load(tiff(array, **options))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0, 7.0])
def test_floats_out_of_range(wrong: float) -> None:
    array = values(np.float32)
    array[3, 3, 1] = wrong
    with pytest.raises(InvalidImageError, match="image data: expected float values"):
        load(tiff(array))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
def test_truncated(dtype, part: float) -> None:
    data = tiff(as_dtype(values(np.uint16, (32, 32, 3)), dtype))
    with pytest.raises(ImageReadError, match="truncated"):
        load(data[: int(len(data) * part)])


def test_other_readers_understand_what_is_written() -> None:
    array = values(np.uint16, (6, 8, 4))
    data = encode(array, "tiff")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        np.testing.assert_array_equal(page.asarray(), array)
        assert page.extrasamples == (2,)
        assert "software" not in {tag.name.lower() for tag in page.tags}
    import cv2

    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded[:, :, [2, 1, 0, 3]], array)


def test_the_note_of_an_arrays_shape_does_not_outlive_the_array() -> None:
    described = io.BytesIO()
    tifffile.imwrite(described, np.full((8, 9, 3), 7, np.uint8))
    image = load(described.getvalue())
    written = encode(np.zeros((8, 9, 4), np.uint8), "tiff", like=image)
    with tifffile.TiffFile(io.BytesIO(written)) as file:
        assert "shape" not in file.pages[0].description
