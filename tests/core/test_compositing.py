from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.colour import linear_to_srgb, srgb_to_linear
from hybridbg.core.compositing import checkerboard, composite, premultiply, unpremultiply
from hybridbg.core.errors import InvalidImageError, InvalidMaskError, InvalidOptionError

UNIT = st.floats(0, 1, width=32)
PICTURES = hnp.arrays(np.float32, (4, 5, 3), elements=UNIT)
MATTES = hnp.arrays(np.float32, (4, 5), elements=UNIT)


@given(PICTURES, MATTES, PICTURES, st.sampled_from(["linear", "encoded"]))
def test_between_foreground_and_background(front, alpha, back, space) -> None:
    result = composite(front, alpha, back, space=space)
    assert result.dtype == np.float32
    tolerance = 1e-6
    assert (result >= np.minimum(front, back) - tolerance).all()
    assert (result <= np.maximum(front, back) + tolerance).all()
    assert ((result >= 0) & (result <= 1)).all()


@given(PICTURES, PICTURES, st.sampled_from(["linear", "encoded"]))
def test_ends(front, back, space) -> None:
    np.testing.assert_allclose(
        composite(front, np.ones((4, 5)), back, space=space), front, atol=1e-6
    )
    np.testing.assert_allclose(
        composite(front, np.zeros((4, 5)), back, space=space), back, atol=1e-6
    )


@given(PICTURES, MATTES, PICTURES)
def test_light_adds_up(front, alpha, back) -> None:
    cover = alpha[..., None].astype(np.float64)
    light = cover * srgb_to_linear(front) + (1 - cover) * srgb_to_linear(back)
    np.testing.assert_allclose(composite(front, alpha, back), linear_to_srgb(light), atol=2e-6)


def test_encoded_space_mixes_codes() -> None:
    front, alpha = np.ones((4, 4, 3)), np.full((4, 4), 0.25)
    assert composite(front, alpha, "black", space="encoded")[0, 0, 0] == pytest.approx(0.25)
    assert composite(front, alpha, "black")[0, 0, 0] == pytest.approx(0.537, abs=1e-3)


def test_every_dtype_and_untouched_inputs() -> None:
    rng = np.random.default_rng(0)
    front = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    alpha = rng.integers(0, 256, (4, 5), dtype=np.uint8)
    back = rng.integers(0, 65536, (4, 5, 3), dtype=np.uint16)
    for array in (front, alpha, back):
        array.flags.writeable = False
    expected = composite(front / 255, alpha / 255, back / 65535)
    np.testing.assert_allclose(composite(front, alpha, back), expected, atol=1e-6)


def test_colours_as_background() -> None:
    front, alpha = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), bool)
    for background in ("#ff0000", (255, 0, 0), (1.0, 0.0, 0.0), np.array([1.0, 0, 0])):
        np.testing.assert_allclose(composite(front, alpha, background)[1, 1], [1, 0, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("front", "alpha", "back", "error"),
    [
        ((4, 4, 3), (4, 5), (4, 4, 3), InvalidMaskError),
        ((4, 4, 3), (4, 4), (5, 4, 3), InvalidImageError),
        ((4, 4, 2), (4, 4), (4, 4, 3), InvalidImageError),
        ((4, 4, 3), (4, 4), (4, 4), InvalidOptionError),
    ],
)
def test_wrong_shapes(front, alpha, back, error) -> None:
    with pytest.raises(error):
        composite(np.zeros(front), np.zeros(alpha), np.zeros(back))


def test_wrong_space() -> None:
    with pytest.raises(InvalidOptionError, match="space"):
        composite(np.zeros((4, 4, 3)), np.zeros((4, 4)), "white", space="gamma")


def edge(side=64):
    """A subject that fills the left half, with one half-covered column."""
    alpha = np.zeros((side, side), np.float32)
    alpha[:, : side // 2] = 1
    alpha[:, side // 2] = 0.5
    return np.full((side, side, 3), 0.2, np.float32), alpha


@pytest.mark.parametrize("picture", [False, True])
def test_light_wraps_around_the_edge_within_the_subject(picture) -> None:
    front, alpha = edge()
    back = np.full((64, 64, 3), (1, 0.5, 0), np.float32) if picture else (1.0, 0.5, 0.0)
    plain = srgb_to_linear(composite(front, alpha, back))
    wrapped = srgb_to_linear(composite(front, alpha, back, light_wrap=0.5, light_wrap_radius=3))
    added = wrapped - plain
    np.testing.assert_allclose(added[:, 33:], 0, atol=1e-5)  # none beside the subject
    np.testing.assert_allclose(added[:, :16], 0, atol=1e-3)  # none deep inside
    assert (np.diff(added[32, 16:32, 0]) > -1e-6).all()  # more and more towards the edge
    assert 0.1 < added[32, 31, 0] < 0.25
    light = srgb_to_linear(np.float32([1, 0.5, 0]))
    np.testing.assert_allclose(added[32, 31], added[32, 31, 0] * light, atol=1e-3)


@given(PICTURES, MATTES, PICTURES, st.sampled_from(["linear", "encoded"]), st.floats(0, 1))
def test_light_wrap_only_adds(front, alpha, back, space, wrap) -> None:
    plain = composite(front, alpha, back, space=space)
    result = composite(front, alpha, back, space=space, light_wrap=wrap)
    assert result.max() <= 1
    assert (result >= plain - 1e-5).all()
    assert (result[alpha == 0] == plain[alpha == 0]).all()


@pytest.mark.parametrize(
    "wrong", [{"light_wrap": -1}, {"light_wrap": 2}, {"light_wrap": 1, "light_wrap_radius": 0}]
)
def test_light_wrap_out_of_range(wrong) -> None:
    front, alpha = edge(8)
    with pytest.raises(InvalidOptionError, match="light_wrap"):
        composite(front, alpha, "white", **wrong)


@given(PICTURES, hnp.arrays(np.float32, (4, 5), elements=st.floats(2**-7, 1, width=32)))
def test_premultiply_and_back(rgb, alpha) -> None:
    premultiplied = premultiply(rgb, alpha)
    assert (premultiplied <= alpha[..., None]).all()
    np.testing.assert_allclose(unpremultiply(premultiplied, alpha), rgb, atol=1e-6)


def test_unpremultiply_where_nothing_is() -> None:
    rgb = np.full((4, 4, 3), 0.5)
    alpha = np.zeros((4, 4))
    alpha[0, 0] = 0.25
    result = unpremultiply(rgb, alpha)
    assert result[1, 1].tolist() == [0, 0, 0]
    assert result[0, 0].tolist() == [1, 1, 1]  # more colour than cover: clipped


def test_premultiply_checks_shapes() -> None:
    for function in (premultiply, unpremultiply):
        with pytest.raises(InvalidMaskError):
            function(np.zeros((4, 4, 3)), np.zeros((4, 5)))


def test_checkerboard() -> None:
    board = checkerboard((5, 7), square=2)
    assert board.shape == (5, 7, 3)
    assert board.dtype == np.float32
    assert len(np.unique(board)) == 2
    assert (board[:2, :2] == 1).all()
    assert (board[2:4, 2:4] == 1).all()
    assert (board[:2, 2:4] < 1).all()


def test_checkerboard_options() -> None:
    for wrong in ({"square": 0}, {"square": 1.5}, {"light": "nocolour"}):
        with pytest.raises(InvalidOptionError):
            checkerboard((4, 4), **wrong)
