"""hybridbg.evaluation.scenes: everything in one form, whatever the files are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from hybridbg.core.errors import HybridBgError
from hybridbg.evaluation.corruptions import CORRUPTIONS, KEEPS_COLOURS
from hybridbg.evaluation.datasets import Picture, read_dataset
from hybridbg.evaluation.scenes import open_scene
from tests.evaluation.made import RED, SHAPE, as_bytes, disc, painted, write


def picture(folder: Path, **arrays: np.ndarray) -> Picture:
    for kind, array in arrays.items():
        write(folder / f"{kind}.png", array)
    return Picture("one", {kind: str(folder / f"{kind}.png") for kind in arrays})


def test_an_alpha_is_soft_and_a_mask_is_not(tmp_path: Path) -> None:
    alpha = disc(20, 20, 8)
    image = painted(alpha)
    soft = open_scene(picture(tmp_path, image=image, alpha=as_bytes(alpha)))
    assert soft.soft
    assert 0 < np.median(soft.alpha[(soft.alpha > 0) & (soft.alpha < 1)]) < 1
    hard = open_scene(picture(tmp_path, image=image, mask=as_bytes(alpha)))
    assert not hard.soft
    assert set(np.unique(hard.alpha)) == {0, 1}


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    PILImage.fromarray(np.full((8, 8), 0x8080, np.uint16)).save(path)
    write(tmp_path / "mask.png", np.zeros((8, 8), np.uint8))
    scene = open_scene(Picture("one", {"image": str(path), "mask": str(tmp_path / "mask.png")}))
    assert (scene.image.dtype, scene.image.shape) == (np.uint8, (8, 8, 3))
    assert (scene.image == 0x80).all()


@pytest.mark.parametrize("how", ["indices", "palette", "colours"])
def test_instances_as_indices_palette_or_colours(tmp_path: Path, how: str) -> None:
    labels = np.zeros((8, 8), np.uint8)
    labels[1:3, 1:3], labels[5:7, 5:7] = 1, 2
    path = tmp_path / "instances.png"
    if how == "palette":
        indexed = PILImage.new("P", (8, 8))
        indexed.putpalette([0, 0, 0, 200, 10, 10, 200, 10, 10])  # two of one colour
        indexed.putdata(labels.ravel().tolist())
        indexed.save(path)
    else:
        colours = np.array([(0, 0, 0), (200, 10, 10), (10, 200, 10)], np.uint8)
        PILImage.fromarray(labels if how == "indices" else colours[labels]).save(path)
    write(tmp_path / "image.png", np.zeros((8, 8, 3), np.uint8))
    scene = open_scene(
        Picture("one", {"image": str(tmp_path / "image.png"), "instances": str(path)})
    )
    assert scene.instances is not None
    assert len(np.unique(scene.instances)) == 3
    assert (scene.alpha == (labels > 0)).all()
    assert not scene.soft


@pytest.mark.parametrize("condition", CORRUPTIONS)
def test_corruptions_fit_what_belongs_to_the_picture(dataset: Path, condition: str) -> None:
    [one, *_] = read_dataset(dataset).pictures
    clean, scene = open_scene(one), open_scene(one, condition, seed=3)
    assert scene.image.shape == clean.image.shape
    if condition != "blur":  # which is finer than a pixel of so small a picture
        assert (scene.image != clean.image).any()
    hidden = scene.alpha != clean.alpha
    assert hidden.any() == (condition == "occluder")
    assert clean.trimap is not None
    assert scene.trimap is not None
    assert (scene.trimap[hidden] == 0).all()
    assert (scene.trimap[~hidden] == clean.trimap[~hidden]).all()
    assert (scene.foreground is not None) == (condition in KEEPS_COLOURS)


def test_each_picture_and_seed_has_its_own_corruption_and_the_same_again(dataset: Path) -> None:
    first, second, _ = read_dataset(dataset).pictures
    other = Picture(second.name, first.files)
    noise = [
        open_scene(one, "noise", seed=seed).image.astype(int)
        for one, seed in ((first, 0), (first, 0), (first, 1), (other, 0))
    ]
    assert (noise[0] == noise[1]).all()
    assert (noise[0] != noise[2]).any()
    assert (noise[0] != noise[3]).any()


def test_clutter_lays_the_true_colours_over_it(dataset: Path) -> None:
    [one, *_] = read_dataset(dataset).pictures
    scene = open_scene(one, "clutter")
    assert (scene.image[scene.alpha == 1] == RED).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": np.zeros((9, 9), np.uint8)}, r"alpha.png.*\(40, 48\).*\(9, 9\)"),
        ({"mask": np.eye(40, 48, dtype=np.uint8)}, "mask.png.*only 0 and 1"),
        ({"alpha": np.full(SHAPE, 9, np.uint8), "trimap": np.full(SHAPE, 77, np.uint8)}, "77"),
        ({"alpha": np.zeros(SHAPE, np.uint8), "hint": np.zeros((4, 4), np.uint8)}, "hint.png"),
        ({"instances": np.zeros((4, 4), np.uint8)}, "instances"),
        (
            {"alpha": np.zeros(SHAPE, np.uint8), "foreground": np.zeros((4, 4, 3), np.uint8)},
            "foreg",
        ),
        ({}, "no truth; expected alpha, mask or instances"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, change: dict, message: str) -> None:
    made = picture(tmp_path, image=painted(disc(20, 20, 8)), **change)
    with pytest.raises(HybridBgError, match=message):
        open_scene(made)
