"""GrabCut: pictures whose answer is known, and degenerate input."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridbg.core.errors import (
    InvalidImageError,
    InvalidInputError,
    InvalidMaskError,
    InvalidOptionError,
    InvalidTrimapError,
    NoSubjectError,
)
from hybridbg.core.metrics import iou
from hybridbg.graphcut import (
    PROBABLE_BACKGROUND,
    PROBABLE_FOREGROUND,
    SURE_BACKGROUND,
    SURE_FOREGROUND,
    grabcut,
    seeds_from_hint,
    seeds_from_rect,
    segment,
)
from tests.graphcut.pictures import IMAGE, MASK, RECT, disc, painted

CLASSES = (SURE_BACKGROUND, SURE_FOREGROUND, PROBABLE_BACKGROUND, PROBABLE_FOREGROUND)


def check_trimap(trimap, mask):
    """Known pixels are right, and the unknown band is thin and lies on the edge."""
    assert trimap.dtype == np.uint8
    assert trimap.flags.c_contiguous
    assert set(np.unique(trimap)) == {0, 128, 255}
    assert not mask[trimap == 0].any()
    assert mask[trimap == 255].all()
    assert (trimap == 128).mean() < 0.1


# --- pictures whose answer is known


def test_from_a_rectangle():
    check_trimap(grabcut(IMAGE, rect=RECT), MASK)


def test_from_a_trimap():
    trimap = np.full(MASK.shape, 128, dtype=np.uint8)
    trimap[disc(radius=15)] = 255
    trimap[~disc(radius=55)] = 0
    check_trimap(grabcut(IMAGE, trimap=trimap), MASK)


@pytest.mark.parametrize(("radius", "move"), [(38, (0, 0)), (35, (4, -4)), (32, (-1, 2))])
def test_from_a_rough_hint(radius, move):
    hint = np.roll(disc(radius=radius), move, axis=(0, 1))
    check_trimap(grabcut(IMAGE, hint=hint), MASK)


def test_from_strokes():
    """Eight bits have no exact half: 128 says "don't know"."""
    hint = np.full(MASK.shape, 128, dtype=np.uint8)
    hint[55:65, 60:100] = 255
    hint[5:10, 10:150] = 0
    hint[110:115, 10:150] = 0
    check_trimap(grabcut(IMAGE, hint=hint), MASK)


def test_from_a_box_as_hint():
    hint = np.zeros(MASK.shape, dtype=np.float32)
    hint[RECT[0] : RECT[2], RECT[1] : RECT[3]] = 0.5
    check_trimap(grabcut(IMAGE, hint=hint), MASK)


def test_at_least_here():
    hint = np.full(MASK.shape, 0.5, dtype=np.float32)
    hint[disc(radius=20)] = 1
    check_trimap(grabcut(IMAGE, hint=hint), MASK)


def test_a_rectangle_limits_a_hint():
    """Two discs of one colour; the rectangle takes one of them."""
    both = disc(centre=(60, 40), radius=25) | disc(centre=(60, 120), radius=25)
    image = painted(both)
    check_trimap(grabcut(image, hint=both), both)
    left = grabcut(image, hint=both, rect=(0, 0, 120, 80))
    check_trimap(left, both & (np.arange(160) < 80))
    assert (left[:, 80:] == 0).all()


def test_known_pixels_of_a_trimap_stay():
    """Even where the colours say otherwise."""
    trimap = np.full(MASK.shape, 128, dtype=np.uint8)
    trimap[50:70, 70:90] = 255
    trimap[2:6, 2:6] = 255
    trimap[58:62, 50:54] = 0
    trimap[100:] = 0
    result = grabcut(IMAGE, trimap=trimap)
    known = trimap != 128
    np.testing.assert_array_equal(result[known], trimap[known])


def test_transparent_pixels_are_background():
    image = np.dstack((IMAGE, np.ones(MASK.shape, dtype=np.float32)))
    image[:, 80:, 3] = 0
    result = grabcut(image, rect=RECT)
    assert (result[:, 80:] == 0).all()
    assert result[60, 60] == 255


def test_files(tmp_path):
    from PIL import Image

    pixels = (IMAGE * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    Image.fromarray(MASK).save(tmp_path / "hint.png")
    result = grabcut(tmp_path / "picture.png", hint=str(tmp_path / "hint.png"))
    np.testing.assert_array_equal(result, grabcut(pixels, hint=MASK))
    Image.fromarray(result).save(tmp_path / "trimap.png")
    again = grabcut(tmp_path / "picture.png", trimap=tmp_path / "trimap.png")
    check_trimap(again, MASK)


def test_a_photograph():
    """The cat of scikit-image, whose outline in this rectangle is plain to see."""
    from skimage.data import chelsea

    trimap = grabcut(chelsea(), rect=(10, 40, 300, 400))
    assert trimap[150, 220] == 255
    assert trimap[20, 10] == 0
    assert 0.2 < (trimap == 255).mean() < 0.6


# --- size


@pytest.mark.parametrize("factor", [3, 8])
def test_a_large_picture_gets_its_edges_back(factor):
    """The cut sees cells of several pixels; the mask follows the picture's edge more closely."""
    mask = np.kron(MASK, np.ones((factor, factor), dtype=bool))
    image = painted(disc((120 * factor, 160 * factor), (60 * factor, 80 * factor), 35 * factor))
    truth = disc((120 * factor, 160 * factor), (60 * factor, 80 * factor), 35 * factor)
    seeds = seeds_from_hint(mask.astype(np.float32))
    fine = segment(image, seeds, long_side=160)
    assert fine.dtype == np.float32
    assert fine.min() >= 0
    assert fine.max() <= 1
    assert iou(fine >= 0.5, truth) > 0.99


def test_an_enlarged_edge_is_finer_than_the_working_grid():
    truth = disc((960, 1280), (480, 640), 290)
    image = painted(truth)
    seeds = seeds_from_rect((100, 200, 860, 1080), truth.shape)
    fine = segment(image, seeds, long_side=80)
    blocks = np.kron(
        segment(image[8::16, 8::16], seeds[8::16, 8::16]) >= 0.5, np.ones((16, 16), bool)
    )
    assert iou(fine >= 0.5, truth) > 0.995 > iou(blocks, truth)


def test_thin_strokes_survive_shrinking():
    """A stroke of 3 pixels is a third of a working pixel, and still decides."""
    truth = disc((960, 1280), (480, 640), 290)
    seeds = np.full(truth.shape, PROBABLE_BACKGROUND, dtype=np.uint8)
    seeds[479:482, 400:880] = SURE_FOREGROUND
    seeds[5:8] = SURE_BACKGROUND
    mask = segment(painted(truth), seeds, long_side=160)
    assert iou(mask >= 0.5, truth) > 0.98
    assert (mask[479:482, 400:880] == 1).all()


@pytest.mark.parametrize("shape", [(4, 4), (5, 1000), (1000, 5), (4, 4000), (479, 4)])
def test_extreme_sizes(shape):
    image = np.zeros((*shape, 3), dtype=np.uint8)
    inside = tuple(slice(side // 4, side - side // 4) for side in shape)
    image[inside] = (250, 120, 10)
    hint = np.zeros(shape, dtype=bool)
    hint[inside] = True
    trimap = grabcut(image, hint=hint)
    assert trimap.shape == shape
    assert trimap[0, 0] == 0
    assert (trimap[hint] == 255).any()
    assert not (trimap[~hint] == 255).any()


# --- degenerate input


@pytest.mark.parametrize("level", [0, 77, 255])
@pytest.mark.parametrize("side", [4, 9, 64])
def test_a_flat_picture_keeps_its_seeds(level, side):
    """No colour tells anything: the answer keeps what is sure, or says that nothing is left."""
    image = np.full((side, side, 3), level, dtype=np.uint8)
    trimap = np.full((side, side), 128, dtype=np.uint8)
    trimap[0], trimap[-1] = 0, 255
    result = grabcut(image, trimap=trimap)
    assert (result[0] == 0).all()
    assert (result[-1] == 255).all()
    try:
        inside = grabcut(image, rect=(1, 1, side - 1, side - 1))
    except NoSubjectError:
        return
    assert (inside[0] == 0).all()


def test_nothing_left_as_foreground():
    """Inside the rectangle is the same noise as outside."""
    image = np.random.default_rng(5).normal(0.5, 0.1, (60, 60, 3)).clip(0, 1).astype(np.float32)
    image[20:40, 20:40] = image[:20, :20]
    with pytest.raises(NoSubjectError, match="no foreground"):
        grabcut(image, rect=(20, 20, 24, 24), iterations=10)


def test_a_subject_of_one_pixel_is_not_lost_to_the_band():
    image = np.zeros((40, 40, 3), dtype=np.uint8)
    image[20, 20] = 255
    trimap = np.full((40, 40), 0, dtype=np.uint8)
    trimap[20, 20] = 255
    assert grabcut(image, trimap=trimap)[20, 20] == 255


@given(
    image=hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)),
        elements=st.sampled_from([0, 1, 128, 255]),
    ),
    data=st.data(),
)
@settings(deadline=None)
def test_no_seeds_and_colours_break_the_cut(image, data):
    seeds = data.draw(hnp.arrays(np.uint8, image.shape[:2], elements=st.sampled_from(CLASSES)))
    before = image.copy(), seeds.copy()
    try:
        mask = segment(image / np.float32(255), seeds, iterations=2)
    except NoSubjectError:
        pass
    else:
        assert mask.shape == seeds.shape
        assert (mask[seeds == SURE_BACKGROUND] == 0).all()
        assert (mask[seeds == SURE_FOREGROUND] == 1).all()
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(seeds, before[1])


# --- the same answer, always


def test_the_same_answer_every_time_and_in_every_thread():
    """OpenCV's generator is seeded for each cut; other cuts and draws do not disturb it."""
    import cv2

    images = [painted(MASK, seed) for seed in range(4)]
    expected = [grabcut(image, rect=RECT) for image in images]

    def work(number):
        cv2.setRNGSeed(number)
        cv2.randu(np.zeros((3, 3), np.uint8), 0, 255)
        return grabcut(images[number % 4], rect=RECT)

    with ThreadPoolExecutor(4) as pool:
        for number, result in enumerate(pool.map(work, range(12))):
            np.testing.assert_array_equal(result, expected[number % 4])


def test_the_number_of_threads_does_not_matter():
    import cv2

    threads = cv2.getNumThreads()
    try:
        results = []
        for number in (1, 4):
            cv2.setNumThreads(number)
            results.append(segment(IMAGE, seeds_from_rect(RECT, MASK.shape), long_side=100))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(*results)


def test_inputs_are_not_modified_and_may_be_read_only():
    image, hint = IMAGE.copy(), MASK.astype(np.float32)
    trimap = np.where(disc(radius=20), 255, np.where(disc(radius=50), 128, 0)).astype(np.uint8)
    copies = [array.copy() for array in (image, hint, trimap)]
    for array in (image, hint, trimap):
        array.flags.writeable = False
    grabcut(image, hint=hint)
    grabcut(image, trimap=trimap)
    for array, copy in zip((image, hint, trimap), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


# --- bad input


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rect": RECT, "trimap": np.zeros(MASK.shape, np.uint8)},
        {"hint": MASK, "trimap": np.zeros(MASK.shape, np.uint8)},
        {"rect": (0, 0, 120, 160)},
        {"rect": (0, 0, 121, 160)},
        {"rect": (50, 50, 50, 60)},
        {"rect": (1, 2, 3)},
        {"rect": RECT, "iterations": 0},
        {"rect": RECT, "iterations": 2.5},
        {"rect": RECT, "iterations": 1000},
    ],
)
def test_wrong_options(options):
    with pytest.raises(InvalidOptionError):
        grabcut(IMAGE, **options)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"hint": MASK[:-1]}, InvalidMaskError),
        ({"hint": MASK.astype(np.int64)}, InvalidMaskError),
        ({"hint": np.full(MASK.shape, np.nan)}, InvalidMaskError),
        ({"trimap": np.zeros(MASK.shape, np.uint8)}, InvalidTrimapError),
        ({"trimap": np.full(MASK.shape, 255, np.uint8)}, InvalidTrimapError),
        ({"trimap": np.full(MASK.shape, 7, np.uint8)}, InvalidTrimapError),
        ({"trimap": MASK}, InvalidTrimapError),
    ],
)
def test_wrong_masks(options, error):
    with pytest.raises(error):
        grabcut(IMAGE, **options)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((3, 3, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.full((8, 8, 3), np.nan),
        np.zeros((8, 8, 2), np.uint8),
    ],
)
def test_wrong_images(image):
    with pytest.raises(InvalidImageError):
        grabcut(image, rect=(1, 1, 2, 2))
    assert issubclass(InvalidImageError, InvalidInputError)


def test_specks_are_dropped_unless_they_were_marked():
    """Single pixels of the other's colour on either side; one of them is marked as sure."""
    specks = np.zeros((240, 320), dtype=bool)
    specks[20::40, 20::40] = True
    mask = disc((240, 320), (120, 160), 80)
    image = painted(mask ^ specks)
    seeds = seeds_from_rect((20, 50, 220, 280), mask.shape)
    seeds[60, 180] = SURE_BACKGROUND
    result = segment(image, seeds) >= 0.5
    assert specks[60, 180]
    assert mask[60, 180]
    assert not result[60, 180]
    result[58:63, 178:183] = True
    assert iou(result, mask) > 0.99
    np.testing.assert_array_equal(result[specks], mask[specks])
