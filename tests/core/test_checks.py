from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.checks import as_count, as_mask, as_number, as_rect, one_of
from hybridbg.core.errors import InvalidMaskError, InvalidOptionError

SHAPE = (3, 5)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float16, np.float32, np.float64])
def test_mask_of_every_dtype(dtype) -> None:
    top = 1 if dtype is bool or np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    mask = np.zeros(SHAPE, dtype)
    mask[1, 2] = top
    mask.flags.writeable = False
    result = as_mask(mask, SHAPE)
    assert result.dtype == np.float32
    assert result.flags.c_contiguous
    assert result.flags.writeable
    assert result[1, 2] == 1
    assert result.sum() == 1


@given(hnp.arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32)))
def test_float_masks_are_unchanged(mask: np.ndarray) -> None:
    result = as_mask(mask, SHAPE)
    np.testing.assert_array_equal(result, mask)
    assert not np.shares_memory(result, mask)


def test_mask_of_any_layout() -> None:
    mask = np.asfortranarray(np.random.default_rng(0).random(SHAPE))
    np.testing.assert_array_equal(as_mask(mask, SHAPE), mask.astype(np.float32))
    assert as_mask([[0, 1.0]], (1, 2)).tolist() == [[0, 1]]


def test_rounding_just_outside_the_range_is_clipped() -> None:
    mask = np.array([[-1e-7, 1 + 1e-6]])
    assert as_mask(mask, (1, 2)).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((5, 3)), r"hint: expected shape \(3, 5\) like the image, got \(5, 3\)"),
        (np.zeros((3, 5, 1)), "shape"),
        (np.zeros(SHAPE, np.int64), "int64"),
        (np.zeros(SHAPE, complex), "complex"),
        (np.full(SHAPE, np.nan), "NaN"),
        (np.full(SHAPE, np.inf), "0..1"),
        (np.full(SHAPE, 1.01), "1.01"),
        (np.full(SHAPE, -0.01), "-0.01"),
        (np.ones(SHAPE, np.uint8), "bool"),
        (np.eye(3, 5, dtype=np.uint16), "bool"),
        ("mask.png", "shape"),
    ],
)
def test_wrong_masks(mask, message: str) -> None:
    with pytest.raises(InvalidMaskError, match=message):
        as_mask(mask, SHAPE, name="hint")


def test_rect() -> None:
    assert as_rect((0, 0, 3, 5), SHAPE) == (0, 0, 3, 5)
    result = as_rect(np.array([1, 2, 2, 4]), SHAPE)
    assert result == (1, 2, 2, 4)
    assert all(type(side) is int for side in result)


@pytest.mark.parametrize(
    "rect",
    [
        (0, 0, 4, 5),
        (0, 0, 3, 6),
        (-1, 0, 3, 5),
        (2, 0, 2, 5),
        (2, 0, 1, 5),
        (0, 5, 3, 5),
        (0, 0, 3),
        (0, 0, 3, 5, 6),
        (0.0, 0, 3, 5),
        ("0", 0, 3, 5),
        None,
        5,
    ],
)
def test_wrong_rects(rect) -> None:
    with pytest.raises(InvalidOptionError, match="rect"):
        as_rect(rect, SHAPE)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int64(1)])
def test_number(value) -> None:
    result = as_number(value, "strength", above=0, maximum=1)
    assert type(result) is float
    assert result == value


@pytest.mark.parametrize("value", [0, -1, 1.1, np.nan, np.inf, "0.5", None, True, [1]])
def test_wrong_numbers(value) -> None:
    with pytest.raises(InvalidOptionError, match="strength: expected a number above 0 and at most"):
        as_number(value, "strength", above=0, maximum=1)


def test_number_bounds_are_inclusive_but_above() -> None:
    assert as_number(0, "x", minimum=0) == 0
    with pytest.raises(InvalidOptionError):
        as_number(0, "x", above=0)
    with pytest.raises(InvalidOptionError, match="finite"):
        as_number(np.inf, "x")


def test_count() -> None:
    assert as_count(np.uint8(3), "iterations", maximum=3) == 3
    assert as_count(0, "radius", minimum=0) == 0


@pytest.mark.parametrize("value", [0, 4, 1.0, "1", None, True])
def test_wrong_counts(value) -> None:
    with pytest.raises(InvalidOptionError, match="iterations: expected an integer at least 1"):
        as_count(value, "iterations", maximum=3)


def test_one_of() -> None:
    assert one_of("b", "method", ("a", "b")) == "b"
    for wrong in ("c", "B", "", None, 1, np.zeros(2)):
        with pytest.raises(InvalidOptionError, match="method: expected one of a, b; got"):
            one_of(wrong, "method", ("a", "b"))
