"""The sample pictures are what samples/README.md promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hybridbg.core.colour import linear_to_srgb, srgb_to_linear
from hybridbg.core.trimap import as_trimap, split

SAMPLES = Path(__file__).parent.parent / "samples"
NAMES = sorted(folder.parent.name for folder in SAMPLES.glob("*/image.png"))
KINDS = ["alpha", "background", "foreground", "image", "trimap"]


def test_there_are_all_that_the_readme_lists():
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in readme.splitlines() if line.startswith("| `")]
    assert sorted(name for name in listed if not name.endswith(".png")) == NAMES
    assert sorted(name[:-4] for name in listed if name.endswith(".png")) == KINDS


def test_they_are_small():
    assert sum(path.stat().st_size for path in SAMPLES.glob("*/*.png")) < 5_000_000


def test_the_licence_is_cc0():
    assert "CC0 1.0 Universal" in (SAMPLES / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["holes", "glass"])
def test_painting_again_gives_the_same_pixels(name, tmp_path):
    from PIL import Image

    subprocess.run(
        [sys.executable, SAMPLES / "generate.py", name, "--out", tmp_path], check=True, timeout=300
    )
    for kind in KINDS:
        with (
            Image.open(tmp_path / name / f"{kind}.png") as again,
            Image.open(SAMPLES / name / f"{kind}.png") as committed,
        ):
            assert np.array_equal(np.array(again), np.array(committed)), kind


@pytest.mark.parametrize("name", NAMES)
def test_the_files_agree(name, sample):
    files = sample(name)
    foreground, background = (
        srgb_to_linear(picture.astype(np.float32) / 255)
        for picture in (files.foreground, files.background)
    )
    alpha = files.alpha[..., None].astype(np.float32) / 255
    coded = linear_to_srgb(alpha * foreground + (1 - alpha) * background)
    difference = files.image - 255 * coded
    # Noise of 0.9 levels, rounding of three pictures; clipping bends it where light is at an end.
    assert np.abs(difference).max() < 7
    assert difference.std() < 1.1
    inside = (files.image > 4) & (files.image < 251)
    assert abs(difference[inside].mean()) < 0.02


@pytest.mark.parametrize("name", NAMES)
def test_the_trimap_says_only_what_is_true(name, sample):
    files = sample(name)
    background, unknown, foreground = split(as_trimap(files.trimap, files.alpha.shape))
    assert (files.alpha[background] == 0).all()
    assert (files.alpha[foreground] == 255).all()
    mixed = (files.alpha > 0) & (files.alpha < 255)
    assert mixed[unknown].any()
    assert not mixed[~unknown].any()


def test_holes_are_enclosed(sample):
    import cv2

    clear = (sample("holes").alpha == 0).astype(np.uint8)
    components, _, stats, _ = cv2.connectedComponentsWithStats(clear, connectivity=4)
    assert np.count_nonzero(stats[1:components, cv2.CC_STAT_AREA] > 20) > 60


@pytest.mark.parametrize(("name", "share"), [("glass", 0.10), ("motion", 0.12), ("hair", 0.02)])
def test_much_is_neither_opaque_nor_clear(name, share, sample):
    alpha = sample(name).alpha
    assert np.mean((alpha > 5) & (alpha < 250)) > share
