"""Saliency: manifold ranking over superpixels."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.metrics import iou
from hybridbg.core.types import BoolArray, FloatArray
from hybridbg.saliency import nearness, saliency


def _disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> BoolArray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    inside: BoolArray = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
    return inside


def _scene(subject: BoolArray, seed: int = 0) -> FloatArray:
    """Paint a red thing before noisy greenish grey whose light falls off to one side."""
    rng = np.random.default_rng(seed)
    light = np.linspace(0.4, 0.7, subject.shape[1], dtype=np.float32)[:, np.newaxis]
    image = np.broadcast_to(light * np.float32([0.8, 1.0, 0.8]), (*subject.shape, 3)).copy()
    image[subject] = (0.8, 0.2, 0.1)
    noise = rng.normal(0, 0.02, image.shape).astype(np.float32)
    return np.asarray((image + noise).clip(0, 1), dtype=np.float32)


@pytest.mark.parametrize("centre", [(120, 160), (100, 90), (160, 230)])
def test_what_differs_from_the_border_stands_out(centre: tuple[int, int]) -> None:
    subject = _disc((240, 320), centre, 50)
    assert iou(saliency(_scene(subject)) > 0.4, subject) > 0.85


def test_size_of_the_picture_does_not_matter() -> None:
    large = saliency(_scene(_disc((720, 960), (360, 480), 150)))
    assert large.shape == (720, 960)
    assert large.dtype == np.float32
    assert iou(large > 0.4, _disc((720, 960), (360, 480), 150)) > 0.85


def test_a_background_of_another_colour_on_one_side_is_no_subject() -> None:
    subject = _disc((240, 320), (110, 160), 45)
    image = _scene(subject)
    image[200:] = (0.1, 0.1, 0.4)  # the ground it stands on
    found = saliency(image)
    assert found[205:].mean() < 0.3 * found[subject].mean()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (5, 7), (12, 400), (64, 64)])
@pytest.mark.parametrize("kind", ["flat", "noise"])
def test_any_shape_has_an_answer(shape: tuple[int, int], kind: str) -> None:
    image = np.full((*shape, 3), 0.5, np.float32)
    if kind == "noise":
        image = np.random.default_rng(1).random((*shape, 3), dtype=np.float32)
    found = saliency(image)
    assert found.shape == shape
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_a_flat_picture_says_nothing() -> None:
    assert not saliency(np.full((100, 120, 3), 0.3, np.float32)).any()


def test_the_answer_is_always_the_same_and_the_picture_untouched() -> None:
    image = _scene(_disc((200, 200), (90, 100), 40))
    image.setflags(write=False)
    np.testing.assert_array_equal(saliency(image), saliency(image))


class TestNearness:
    def marks(self, **places: tuple[int, int]) -> FloatArray:
        marks = np.full((240, 320), 0.5, np.float32)
        for name, place in places.items():
            marks[place] = name.startswith("keep")
        return marks

    def test_all_of_what_a_point_lies_on_is_near_it(self) -> None:
        subject = _disc((240, 320), (100, 90), 50)
        near = nearness(_scene(subject), self.marks(keep=(120, 100)))
        assert near.dtype == np.float32
        assert iou(near > 0.5, subject) > 0.85
        assert near[120, 100] == 1

    def test_of_two_alike_only_the_one_under_the_point(self) -> None:
        one, other = _disc((240, 320), (120, 80), 45), _disc((240, 320), (120, 240), 45)
        near = nearness(_scene(one | other), self.marks(keep=(120, 80)))
        assert near[one].mean() > 0.9
        assert near[other].mean() < 0.5

    def test_a_part_of_another_colour_can_be_dropped(self) -> None:
        subject = _disc((240, 320), (120, 160), 60)
        image = _scene(subject)
        lower = subject & (np.arange(240) > 120)[:, np.newaxis]
        image[lower] = (0.9, 0.6, 0.1)
        whole = nearness(image, self.marks(keep=(90, 160)))
        upper = nearness(image, self.marks(keep=(90, 160), drop=(150, 160)))
        assert upper[lower].mean() < 0.3 < whole[lower].mean()
        assert upper[subject & ~lower].mean() > 0.8

    def test_nothing_is_near_to_no_mark(self) -> None:
        image = _scene(_disc((240, 320), (120, 160), 60))
        assert not nearness(image, self.marks(drop=(5, 5))).any()

    @pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (5, 7), (64, 64)])
    def test_any_size(self, shape: tuple[int, int]) -> None:
        image = np.random.default_rng(2).random((*shape, 3), dtype=np.float32)
        marks = np.full(shape, 0.5, np.float32)
        marks[shape[0] // 2, shape[1] // 2] = 1
        near = nearness(image, marks)
        assert near.shape == shape
        assert ((near >= 0) & (near <= 1)).all()

    def test_marked_everywhere_along_the_border(self) -> None:
        marks = np.ones((40, 60), np.float32)
        assert (nearness(np.zeros((40, 60, 3), np.float32), marks) == 1).all()
