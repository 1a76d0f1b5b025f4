"""Garbage matte and core matte as a hint, and what a garbage matte leaves of a key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from hybridbg.core.errors import InvalidMaskError, InvalidOptionError
from hybridbg.pipeline import remove_background
from hybridbg.pipeline.mattes import hint_from_mattes
from tests.conftest import Sample


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
    everything = ((0.0, 0.0), (0.0, 9.0), (7.0, 9.0), (7.0, 0.0))
    with pytest.raises(InvalidOptionError, match="garbage: expected a part of the picture, got"):
        hint_from_mattes((8, 10), garbage=[everything])
    with pytest.raises(InvalidOptionError, match=r"core: .* leave out what is background"):
        hint_from_mattes((8, 10), core=[everything])
    beyond = ((2.0, 12.0), (2.0, 20.0), (6.0, 20.0))
    with pytest.raises(
        InvalidOptionError,
        match="garbage: the polygon of rows 2 to 6 and columns 12 to 20 lies outside of the "
        "picture, rows 0 to 7 and columns 0 to 9",
    ):
        hint_from_mattes((8, 10), garbage=[beyond])


def test_hair_beside_a_garbage_matte_is_as_it_is_without(
    sample: Callable[[str], Sample],
) -> None:
    """What is cut off has the colours of what is left: it is no sample of background."""
    shot = sample("green_even").image[:200, 200:440]
    excluded = np.zeros(shot.shape[:2], bool)
    excluded[:131, 130:] = True
    garbage = hint_from_mattes(excluded.shape, garbage=[excluded])
    whole = remove_background(shot, method="key")
    # A rectangle excludes as a garbage matte does.
    for told in ({"hint": garbage}, {"rect": (0, 0, 200, 130)}):
        cut = remove_background(shot, method="key", **told)
        gone = excluded if "hint" in told else np.s_[:, 130:]
        assert not cut.alpha[gone].any()
        assert not cut.trimap[gone].any()
        kept = np.s_[:, :130]
        for name in ("alpha", "foreground", "trimap"):
            found, expected = getattr(cut, name)[kept], getattr(whole, name)[kept]
            np.testing.assert_array_equal(found, expected)


def test_garbage_in_a_hole_is_cut_away_after_the_hole_is_filled() -> None:
    shot = np.full((96, 96, 3), (20, 180, 50), np.uint8)
    shot[16:80, 16:80] = (200, 60, 40)
    shot[32:64, 32:64] = (20, 180, 50)
    garbage = np.zeros((96, 96), bool)
    garbage[:64, 40:56] = True  # from the border into the hole: it is open now
    hint = hint_from_mattes(garbage.shape, garbage=[garbage])
    alpha = remove_background(shot, method="key", hint=hint, holes=False).alpha
    assert not alpha[garbage].any()
    assert not alpha[48, 34]
    assert alpha[72, 48] == 1
