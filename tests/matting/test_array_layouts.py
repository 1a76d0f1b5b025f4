"""Whatever lies how in memory: public functions that feed kernels copy it at the edge, or read it.

Kernels ask for contiguous arrays of one type. Here each array that a caller can hand in comes in
every type and layout; the result is that of a plain contiguous copy, to the last bit, and what was
handed in stays as it was.
"""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg import estimate_alpha, estimate_foreground, remove_background
from hybridbg.matting import alpha as solving
from tests.matting.pictures import busiest_crop

IMAGE, TRIMAP = busiest_crop("hair", 40)
IMAGE, TRIMAP = IMAGE[:, :36], TRIMAP[:, :36]
ALPHA = np.where(TRIMAP == 128, IMAGE[..., 1], TRIMAP == 255).astype(np.float32)


def in_steps(array):
    large = np.full((2 * array.shape[0], 3 * array.shape[1], *array.shape[2:]), 1, array.dtype)
    large[::2, 1::3] = array
    return large[::2, 1::3]


def in_a_frame(array):
    large = np.full((array.shape[0] + 6, array.shape[1] + 10, *array.shape[2:]), 1, array.dtype)
    large[3:-3, 5:-5] = array
    return large[3:-3, 5:-5]


def unaligned(array):
    room = np.empty(array.nbytes + 1, np.uint8)
    shifted = room[1:].view(array.dtype).reshape(array.shape)
    shifted[...] = array
    return shifted


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "upside down": lambda array: np.ascontiguousarray(array[::-1])[::-1],
    "mirrored": lambda array: np.ascontiguousarray(array[:, ::-1])[:, ::-1],
    "backwards": lambda array: np.ascontiguousarray(array[..., ::-1])[..., ::-1],
    "every second row and third column": in_steps,
    "part of a larger one": in_a_frame,
    "unaligned": unaligned,
}
PIXELS = ["uint8", "uint16", "float32", "float64"]
MASKS = ["bool", *PIXELS]


def as_type(array, dtype):
    """Values in [0, 1] as the dtype's own range."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return array.astype(dtype)
    if dtype.kind == "b":
        return array >= 0.5
    return np.round(array * np.iinfo(dtype).max).astype(dtype)


def trimap_of(dtype):
    levels = np.select([TRIMAP == 0, TRIMAP == 255], [0.0, 1.0], 0.5)
    return TRIMAP if dtype == "uint8" else levels.astype(dtype)


def alpha_of(image, trimap, **options):
    return estimate_alpha(image, trimap, num_threads=2, **options)


def plain_alpha_of(image, trimap):
    return alpha_of(image, trimap, refine=False)


def alpha_near(image, trimap, prior, weight):
    return alpha_of(image, trimap, prior=prior, prior_weight=weight)


def foreground_before(image, alpha, plate):
    return estimate_foreground(image, alpha, background=plate)


def removed(image, trimap):
    return remove_background(image, trimap=trimap).rgba(np.float32)


def keyed(image, plate):
    return remove_background(image, plate=plate, method="key").rgba(np.float32)


SCREEN = np.full(IMAGE.shape, (0.1, 0.6, 0.2), np.float32)
RADIUS = np.hypot(*np.mgrid[-20:20, -18:18])
CORE = np.where(RADIUS < 10, 1, np.where(RADIUS < 13, ALPHA, 0))
SHOT = SCREEN + CORE[..., None] * (np.float32([0.8, 0.3, 0.2]) - SCREEN)
CALLS = {
    "alpha": (alpha_of, [(IMAGE, PIXELS), ("trimap", ["uint8", "float32", "float64"])]),
    "plain alpha": (plain_alpha_of, [(IMAGE, PIXELS), ("trimap", ["uint8", "float64"])]),
    "alpha of grey": (alpha_of, [(IMAGE[..., 0], PIXELS), ("trimap", ["uint8"])]),
    "alpha of a cut-out": (alpha_of, [(np.dstack([IMAGE, ALPHA]), PIXELS), ("trimap", ["uint8"])]),
    "alpha with a prior": (
        alpha_near,
        [
            (IMAGE, ["float32"]),
            ("trimap", ["uint8"]),
            (ALPHA, MASKS),
            (ALPHA, ["float32", "float64", "uint8"]),
        ],
    ),
    "foreground": (estimate_foreground, [(IMAGE, PIXELS), (ALPHA, MASKS)]),
    "foreground before a plate": (
        foreground_before,
        [(IMAGE, ["float32"]), (ALPHA, ["float32"]), (IMAGE[::-1], PIXELS)],
    ),
    "removal": (removed, [(IMAGE, PIXELS), ("trimap", ["uint8", "float32"])]),
    "key": (keyed, [(SHOT, PIXELS), (SCREEN, PIXELS)]),
}
CASES = [
    pytest.param(function, arguments, place, dtype, id=f"{name}-{place}-{dtype}")
    for name, (function, arguments) in CALLS.items()
    for place, (_, dtypes) in enumerate(arguments)
    for dtype in dtypes
]


def made(argument, dtype):
    array, _ = argument
    return trimap_of(dtype) if isinstance(array, str) else as_type(array, dtype)


@pytest.fixture(autouse=True)
def _iterative(monkeypatch):
    """Use the kernels that large pictures use."""
    monkeypatch.setattr(solving, "DIRECT_PIXELS", 0)


@pytest.mark.parametrize(("function", "arguments", "place", "dtype"), CASES)
def test_every_type_and_layout_gives_the_bits_of_a_contiguous_copy(
    function, arguments, place, dtype
):
    given = [np.ascontiguousarray(made(each, each[1][0])) for each in arguments]
    given[place] = np.ascontiguousarray(made(arguments[place], dtype))
    expected = function(*given)
    assert np.isfinite(expected).all()
    for name, lay_out in LAYOUTS.items():
        for writeable in (True, False):
            array = lay_out(given[place])
            array.flags.writeable = writeable
            before = array.copy()
            result = function(*given[:place], array, *given[place + 1 :])
            assert np.array_equal(result, expected), (name, writeable)
            assert np.array_equal(array, before), (name, writeable)
            assert not np.shares_memory(result, array), (name, writeable)


def test_one_value_for_all_pixels_may_be_stretched():
    """Arrays without strides, as np.broadcast_to makes them."""
    half = np.broadcast_to(np.float32(0.5), TRIMAP.shape)
    grey = np.broadcast_to(np.float32([0.2, 0.4, 0.6]), IMAGE.shape)
    for stretched, copy in (
        (alpha_near(IMAGE, TRIMAP, half, half), alpha_near(IMAGE, TRIMAP, half.copy(), 0.5)),
        (alpha_of(grey, TRIMAP), alpha_of(grey.copy(), TRIMAP)),
        (estimate_foreground(IMAGE, half), estimate_foreground(IMAGE, half.copy())),
        (foreground_before(IMAGE, ALPHA, grey), foreground_before(IMAGE, ALPHA, grey.copy())),
    ):
        assert np.array_equal(stretched, copy)
