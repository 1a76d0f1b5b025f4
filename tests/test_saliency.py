"""Saliency: manifold ranking over superpixels."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.metrics import iou
from hybridbg.core.types import BoolArray, FloatArray
from hybridbg.saliency import saliency


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
