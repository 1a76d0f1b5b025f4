"""Garbage matte and core matte as a hint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from hybridbg.core.errors import InvalidMaskError, InvalidOptionError
from hybridbg.pipeline.mattes import hint_from_mattes


def test_masks_and_polygons_count_together(tmp_path: Path) -> None:
    mask = np.zeros((8, 10), np.uint8)
    mask[:2] = 255
    PILImage.fromarray(mask).save(tmp_path / "garbage.png")
    box = ((4.0, 2.0), (4.0, 5.0), (6.0, 5.0), (6.0, 2.0))  # row, column
    hint = hint_from_mattes((8, 10), garbage=[tmp_path / "garbage.png"], core=[box, mask > 0])
    assert hint is not None
    expected = np.full((8, 10), 0.5)
    expected[4:7, 2:6] = 1
    expected[:2] = 0  # what both mark is garbage
    np.testing.assert_array_equal(hint, expected)


def test_nothing_marked_is_no_hint() -> None:
    assert hint_from_mattes((8, 10)) is None
    assert hint_from_mattes((8, 10), core=[np.zeros((8, 10), bool)]) is None


def test_a_polygon_may_leave_the_picture() -> None:
    hint = hint_from_mattes(
        (8, 10), garbage=[((-5.0, -5.0), (-5.0, 30.0), (3.0, 30.0), (3.0, -5.0))]
    )
    assert hint is not None
    assert (hint[:4] == 0).all()
    assert (hint[4:] == 0.5).all()


def test_refused() -> None:
    with pytest.raises(InvalidOptionError, match="three corners"):
        hint_from_mattes((8, 10), core=[((0.0, 0.0), (1.0, 1.0))])
    with pytest.raises(InvalidMaskError, match="garbage: expected shape"):
        hint_from_mattes((8, 10), garbage=[np.zeros((4, 4), bool)])
    beyond = ((2.0, 12.0), (2.0, 20.0), (6.0, 20.0))
    with pytest.raises(
        InvalidOptionError,
        match="garbage: the polygon of rows 2 to 6 and columns 12 to 20 lies outside of the "
        "picture, rows 0 to 7 and columns 0 to 9",
    ):
        hint_from_mattes((8, 10), garbage=[beyond])
