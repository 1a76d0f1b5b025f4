"""`hybridbg.composite` takes whatever holds a picture; the arithmetic is tested in core."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PILImage

import hybridbg as hb
from hybridbg.core import compositing

FRONT, ALPHA, BACK = (
    np.random.default_rng(seed).integers(256, size=shape, dtype=np.uint8)
    for seed, shape in enumerate([(6, 9, 3), (6, 9), (6, 9, 3)])
)
EXPECTED = compositing.composite(FRONT, ALPHA, BACK)


def as_files(folder):
    paths = [folder / f"{name}.png" for name in ("front", "alpha", "back")]
    for path, array in zip(paths, (FRONT, ALPHA, BACK), strict=True):
        PILImage.fromarray(array).save(path)
    return paths


def test_arrays_pil_images_paths_and_images_agree(tmp_path):
    paths = as_files(tmp_path)
    kinds = {
        "arrays": (FRONT, ALPHA, BACK),
        "PIL images": [PILImage.open(path) for path in paths],
        "paths": paths,
        "names": [str(path) for path in paths],
        "images": [hb.load(path) for path in paths],
    }
    for kind, given in kinds.items():
        assert np.array_equal(hb.composite(*given), EXPECTED), kind


def test_a_cut_out_brings_its_alpha(tmp_path):
    path = tmp_path / "cutout.png"
    hb.save(path, np.dstack([FRONT, ALPHA]))
    assert np.array_equal(hb.composite(path, path, BACK), EXPECTED)


@pytest.mark.parametrize("background", ["red", "#f00", (255, 0, 0)])
def test_colours(background):
    expected = compositing.composite(FRONT, ALPHA, "red")
    assert np.array_equal(hb.composite(FRONT, ALPHA, background), expected)


def test_pictures_in_linear_light_are_coded():
    light = hb.Image.from_array(np.full((4, 4, 3), 0.5, np.float32), encoding="linear")
    nothing, all_of_it = np.zeros((4, 4), np.float32), np.ones((4, 4), np.float32)
    black = np.zeros((4, 4, 3), np.uint8)
    for mixed in (hb.composite(light, all_of_it, black), hb.composite(black, nothing, light)):
        np.testing.assert_allclose(mixed, 0.735, atol=1e-3)


@pytest.mark.parametrize(
    ("front", "alpha", "back", "error"),
    [
        ("nowhere.png", ALPHA, BACK, hb.ImageReadError),
        (FRONT, "nowhere.png", BACK, hb.ImageReadError),
        (FRONT, ALPHA[1:], BACK, hb.InvalidMaskError),
        (FRONT, ALPHA, BACK[1:], hb.InvalidImageError),
        (FRONT, ALPHA, "no such colour", hb.HybridBgError),
        (None, ALPHA, BACK, hb.InvalidImageError),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(front, alpha, back, error):
    with pytest.raises(error):
        hb.composite(front, alpha, back)
