from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.colour import linear_table, linear_to_srgb, parse_colour, srgb_to_linear
from hybridbg.core.errors import InvalidImageError, InvalidOptionError

# Worked by hand from IEC 61966-2-1 in 50 digits.
KNOWN = [
    (0.0, 0.0),
    (0.02, 0.0015479876160990712),
    (0.04045, 0.0031308049535603713),
    (0.05, 0.003935939504088976),
    (0.5, 0.21404114048223255),
    (0.735356983052449, 0.5),
    (1.0, 1.0),
]


@pytest.mark.parametrize(("coded", "linear"), KNOWN)
def test_known_values(coded: float, linear: float) -> None:
    assert srgb_to_linear(np.array(coded)) == pytest.approx(linear, rel=2e-6, abs=1e-9)
    assert linear_to_srgb(np.array(linear)) == pytest.approx(coded, rel=2e-6, abs=1e-9)


@given(
    hnp.arrays(
        np.float32, hnp.array_shapes(max_dims=3, max_side=8), elements=st.floats(0, 1, width=32)
    )
)
def test_round_trip(coded: np.ndarray) -> None:
    before = coded.copy()
    linear = srgb_to_linear(coded)
    assert linear.dtype == np.float32
    assert linear.shape == coded.shape
    assert ((linear >= 0) & (linear <= 1)).all()
    np.testing.assert_allclose(linear_to_srgb(linear), coded, atol=3e-7)
    np.testing.assert_array_equal(coded, before)


def test_rising_everywhere() -> None:
    codes = np.linspace(0, 1, 65536)
    assert (np.diff(srgb_to_linear(codes)) > 0).all()
    assert (np.diff(linear_to_srgb(codes)) >= 0).all()


def test_not_a_plain_gamma() -> None:
    dark = np.float32(10 / 255)
    assert srgb_to_linear(np.array(dark)) > 3 * dark**2.2


def test_outside_the_range_nothing_is_clipped() -> None:
    assert srgb_to_linear(np.array([-0.1]))[0] == pytest.approx(-0.1 / 12.92)
    assert linear_to_srgb(np.array([-0.1]))[0] == pytest.approx(-1.292)
    assert linear_to_srgb(srgb_to_linear(np.array([1.5])))[0] == pytest.approx(1.5)


@pytest.mark.parametrize("function", [srgb_to_linear, linear_to_srgb])
def test_nan_stays_nan(function) -> None:
    assert np.isnan(function(np.array([np.nan, 0.5]))).tolist() == [True, False]


@pytest.mark.parametrize("function", [srgb_to_linear, linear_to_srgb])
def test_integers_are_refused(function) -> None:
    with pytest.raises(InvalidImageError, match="uint8"):
        function(np.array([128], dtype=np.uint8))


def test_table_is_the_function() -> None:
    table = linear_table(256)
    np.testing.assert_array_equal(table, srgb_to_linear(np.linspace(0, 1, 256)))
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("#000", (0, 0, 0)),
        ("#ff8000", (255, 128, 0)),
        (" #FF8000 ", (255, 128, 0)),
        ("rebeccapurple", (102, 51, 153)),
        ("White", (255, 255, 255)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
        ("hsl(120, 100%, 50%)", (0, 255, 0)),
        ("#ff8000ff", (255, 128, 0)),
        ((1, 2, 3), (1, 2, 3)),
        ([1, 1, 1], (1, 1, 1)),
        ((1.0, 1, 0), (255, 255, 0)),
        (np.array([0.0, 1.0, 0.2]), (0, 255, 51)),
        (np.array([0, 255, 51], dtype=np.uint8), (0, 255, 51)),
    ],
)
def test_colours(colour, expected) -> None:
    parsed = parse_colour(colour)
    assert parsed.dtype == np.float32
    np.testing.assert_allclose(parsed, np.array(expected) / 255, rtol=1e-6)


@pytest.mark.parametrize(
    "colour",
    [
        "",
        "nocolour",
        "#12",
        "#ff800080",
        (1, 2),
        (1, 2, 3, 4),
        (256, 0, 0),
        (-1, 0, 0),
        (2.0, 0, 0),
        (np.nan, 0, 0),
        (1, (2, 3), 4),
        (True, False, True),
        None,
        7,
    ],
)
def test_no_colours(colour) -> None:
    with pytest.raises(InvalidOptionError):
        parse_colour(colour)
