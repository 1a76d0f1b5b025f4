from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image as PILImage

from hybridbg.core import icc
from hybridbg.core.errors import ImageReadError
from hybridbg.core.image import Image
from hybridbg.io import encode, load
from tests.core import icc_profiles as made
from tests.io import made_files
from tests.io.made_files import chunk

RNG = np.random.default_rng(9)


def deep(samples: int) -> np.ndarray:
    return RNG.integers(0, 65536, (6, 8, samples), dtype=np.uint16)


@pytest.mark.parametrize(
    ("colour_type", "samples"),
    [(made_files.GREY, 1), (made_files.RGB, 3), (made_files.GREY_ALPHA, 2), (made_files.RGBA, 4)],
)
def test_sixteen_bits_of_every_colour_type(colour_type: int, samples: int) -> None:
    array = deep(samples)
    image = load(made_files.png(array, colour_type))
    assert image.dtype == np.uint16
    colours = array[:, :, :3] if samples >= 3 else np.repeat(array[:, :, :1], 3, axis=2)
    np.testing.assert_array_equal(image.pixels, colours)
    if samples in (2, 4):
        np.testing.assert_array_equal(image.alpha, array[:, :, -1])
    else:
        assert image.alpha is None


@pytest.mark.parametrize(("colour_type", "samples"), [(made_files.GREY, 1), (made_files.RGB, 3)])
def test_sixteen_bit_colour_key(colour_type: int, samples: int) -> None:
    array = deep(samples)
    key = array[2, 5].astype(">u2").tobytes()
    image = load(made_files.png(array, colour_type, before=chunk(b"tRNS", key)))
    assert image.alpha is not None
    assert np.argwhere(image.alpha == 0).tolist() == [[2, 5]]
    assert image.alpha.max() == 65535


def test_grey_profile_with_alpha_at_sixteen_bits() -> None:
    array = deep(2)
    profile = chunk(b"iCCP", b"grey\0\0" + zlib.compress(made.GREY_18))
    image = load(made_files.png(array, made_files.GREY_ALPHA, before=profile))
    assert image.encoding == "srgb"
    expected = icc.to_srgb(array[:, :, 0], made.GREY_18)
    assert np.abs(image.pixels / 65535 - expected).max() < 1e-4


def metadata_chunks(*, packed: bool) -> bytes:
    xmp = b"<x>\xc3\xa9</x>"
    text = b"\1\0en\0Titel\0" + zlib.compress(xmp) if packed else b"\0\0\0\0" + xmp
    return (
        chunk(b"iCCP", b"any name\0\0" + zlib.compress(made.DISPLAY_P3))
        + chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0\0\0\0\0")
        + chunk(b"iTXt", b"Comment\0\0\0\0\0not this")
        + chunk(b"iTXt", b"XML:com.adobe.xmp\0" + text)
    )


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("dtype", "behind"),
    # At 8 bits Pillow takes a profile in front of the pixels only, as PNG demands.
    [(np.uint8, False), (np.uint16, False), (np.uint16, True)],
)
def test_metadata_in_front_and_behind(dtype, behind: bool, packed: bool) -> None:
    added = {"after" if behind else "before": metadata_chunks(packed=packed)}
    array = np.zeros((4, 4, 3), dtype)
    image = load(made_files.png(array, made_files.RGB, **added))
    assert image.encoding == "icc"
    assert image.icc_profile == made.DISPLAY_P3
    assert image.exif == b"II*\0\x08\0\0\0\0\0\0\0\0\0"
    assert image.xmp == "<x>é</x>".encode()


def test_profile_that_does_not_unpack() -> None:
    bad = chunk(b"iCCP", b"bad\0\0this is no zlib stream")
    with pytest.warns(UserWarning, match="damaged"):
        image = load(made_files.png(deep(3), made_files.RGB, before=bad))
    assert (image.encoding, image.icc_profile) == ("srgb", None)


def test_library_stays_quiet_about_odd_metadata(capfd: pytest.CaptureFixture[str]) -> None:
    odd = chunk(b"iCCP", b"odd\0\0" + zlib.compress(made.DISPLAY_P3.replace(b"mntr", b"xxxx")))
    load(made_files.png(deep(3), made_files.RGB, before=odd))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_truncated_sixteen_bits(part: float, capfd: pytest.CaptureFixture[str]) -> None:
    data = made_files.png(deep(3), made_files.RGB)
    with pytest.raises(ImageReadError, match="truncated"):
        load(data[: int(len(data) * part)])
    assert capfd.readouterr().err == ""


def test_flipped_bit_at_sixteen_bits() -> None:
    data = bytearray(made_files.png(deep(3), made_files.RGB))
    data[60] ^= 1
    with pytest.raises(ImageReadError, match="damaged"):
        load(bytes(data))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_written_metadata_is_read_by_pillow(dtype) -> None:
    exif = PILImage.Exif()
    exif[0x010F] = "Maker"
    like = Image(
        np.zeros((4, 4, 3), np.uint8),
        encoding="icc",
        icc_profile=made.DISPLAY_P3,
        exif=exif.tobytes()[6:],
        xmp=b"<x/>",
    )
    data = encode(np.zeros((4, 4, 4), dtype), "png", like=like)
    with PILImage.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.info["icc_profile"] == made.DISPLAY_P3
        assert picture.getexif()[0x010F] == "Maker"
        assert picture.info["xmp"] == b"<x/>"
