"""In a real window: menu, dialog, result, undo, redo; and cancelled half-way."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hybridbg
from tests.gimp.root import REPOSITORY, GimpRoot
from tests.gimp.window import GimpWindow

HAIR = REPOSITORY / "samples/hair/image.png"
GREEN = REPOSITORY / "samples/green_uneven/image.png"

CANCEL = ("988", "861")
"""Where GIMP's status bar has its cancel button, in a window of `GimpWindow`'s size."""

PLAIN = ["open.png", False, True, False]
MASKED = ["open.png", True, True, False]


def keep(window: GimpWindow) -> None:
    """Leave the screenshots where somebody can look at them."""
    folder = os.environ.get("HYBRIDBG_GIMP_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for shot in window.shots:
            if shot.exists():
                shutil.copy(shot, folder)


@pytest.fixture
def window(gimp: GimpRoot) -> Iterator[GimpWindow]:
    with GimpWindow(gimp, HAIR) as opened:
        yield opened
        keep(opened)


def test_menu_dialog_result_undo_redo(window: GimpWindow) -> None:
    before = window.ask("pixels(image.get_layers()[0])")
    window.menu("r")
    dialog = window.find("^Remove Background$")
    window.wait_for("workers()", 1)
    time.sleep(6)  # for the picture: the preview has no other sign
    window.shot("dialog")
    window.focus(dialog)
    window.keys("Return")
    window.gone("^Remove Background$")
    window.wait_for("layers()", [MASKED])
    window.wait_for("workers()", 0)
    window.shot("result")
    window.focus(window.main)
    window.keys("ctrl+z")
    window.wait_for("layers()", [PLAIN])
    assert window.ask("pixels(image.get_layers()[0])") == before
    window.keys("ctrl+y")
    window.wait_for("layers()", [MASKED])
    assert window.ask("pixels(image.get_layers()[0])") == before


def test_alpha_in_place_is_one_undo_step_and_keeps_the_selection(window: GimpWindow) -> None:
    window.ask("image.select_ellipse(Gimp.ChannelOps.REPLACE, 120, 40, 280, 340)")
    before = window.ask("pixels(image.get_layers()[0])")
    window.menu("r")
    dialog = window.find("^Remove Background$")
    window.focus(dialog)
    window.keys("alt+u", "Down", "Down")
    time.sleep(6)
    window.shot("dialog-selection")
    window.keys("alt+o")
    window.gone("^Remove Background$")
    window.wait_for("layers()", [["open.png", False, True, True]])
    assert window.ask("list(Gimp.Selection.bounds(image))[2:]") == [120, 40, 400, 380]
    assert window.ask("len(image.get_channels())") == 0
    window.focus(window.main)
    window.keys("ctrl+z")
    window.wait_for("layers()", [PLAIN])
    assert window.ask("pixels(image.get_layers()[0])") == before
    assert window.ask("list(Gimp.Selection.bounds(image))[2:]") == [120, 40, 400, 380]


def test_last_values_are_remembered(gimp: GimpRoot) -> None:
    with GimpWindow(gimp, HAIR) as window:
        window.menu("r")
        window.focus(window.find("^Remove Background$"))
        window.keys("alt+u", "Down", "Down", "Down", "alt+o")
        window.gone("^Remove Background$")
        window.wait_for("bool(Gimp.Selection.is_empty(image))", False)
        window.ask("Gimp.Selection.none(image)")
        window.focus(window.main)
        window.keys("ctrl+f")  # repeat: no dialog, the same values
        window.wait_for("bool(Gimp.Selection.is_empty(image))", False)
        assert window.ask("layers()") == [PLAIN]


def test_cancelled_dialog(window: GimpWindow) -> None:
    window.menu("h")
    window.focus(window.find("^Refine Hair and Edges$"))
    window.shot("refine")
    window.keys("Escape")
    window.wait_for("workers()", 0)
    assert window.ask("layers()") == [PLAIN]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A picture that takes a while."""
    path = tmp_path / "large.png"
    Image.open(HAIR).resize((4096, 3072), Image.Resampling.BICUBIC).save(path, compress_level=1)
    return path


def test_cancelled_half_way(gimp: GimpRoot, large: Path) -> None:
    with GimpWindow(gimp, large) as window:
        before = window.ask("pixels(image.get_layers()[0])")
        window.menu("r")
        window.focus(window.find("^Remove Background$"))
        window.keys("Return")
        window.gone("^Remove Background$")
        time.sleep(2)
        assert window.ask("workers()") == 1
        window.shot("half-way")
        window.focus(window.main)
        window.run("xdotool", "mousemove", *CANCEL, "click", "1")
        window.wait_for("workers()", 0, seconds=10)
        window.shot("cancelled")
        assert window.ask("layers()") == [PLAIN]
        assert window.ask("pixels(image.get_layers()[0])") == before
        keep(window)


def test_a_layer_that_is_changed_meanwhile_is_left_alone(window: GimpWindow) -> None:
    window.menu("r")
    window.focus(window.find("^Remove Background$"))
    window.keys("Return", pause=0)
    window.wait_for("workers() > 0", True)
    window.ask("image.scale(60, 50)")
    window.wait_for("workers()", 0)
    assert window.ask("layers()") == [PLAIN]
    window.shot("changed")
    keep(window)


def test_green_screen_as_a_new_layer(gimp: GimpRoot) -> None:
    truth = np.asarray(Image.open(GREEN.with_name("alpha.png")).convert("L"))
    screen, subject = (map(int, np.argwhere(truth == value)[1000]) for value in (0, 255))
    with GimpWindow(gimp, GREEN) as window:
        before = window.ask("pixels(image.get_layers()[0])")
        window.menu("g")
        window.focus(window.find("^Remove Green Screen$"))
        window.keys("alt+u", "Down")
        time.sleep(5)
        window.shot("green-dialog")
        window.keys("alt+o")
        window.gone("^Remove Green Screen$")
        window.wait_for(
            "layers()", [["open.png cut out", False, True, True], ["open.png", False, False, False]]
        )
        for (row, column), alpha in ((screen, 0), (subject, 1)):
            assert window.ask(f"opacity({column}, {row})") == pytest.approx(alpha, abs=0.05)
        assert window.ask("pixels(image.get_layers()[1])") == before
        window.shot("green")
        keep(window)


def test_indexed_offers_conversion(gimp: GimpRoot, tmp_path: Path) -> None:
    path = tmp_path / "few.png"
    Image.open(HAIR).quantize(32).save(path)
    with GimpWindow(gimp, path) as window:
        window.menu("r")
        question = window.find("^Hybrid Background$")
        window.shot("indexed")
        window.focus(question)
        window.keys("Return")
        window.focus(window.find("^Remove Background$"))
        window.keys("Return")
        window.wait_for("layers()", [MASKED])
        assert window.ask("image.get_base_type().value_nick") == "rgb"
        window.focus(window.main)
        window.keys("ctrl+z")
        window.wait_for("image.get_base_type().value_nick", "indexed")
        assert window.ask("layers()") == [PLAIN]
        keep(window)


def test_setup_check(window: GimpWindow) -> None:
    window.menu("s")
    dialog = window.find("^Setup Check$")
    window.focus(dialog)
    window.shot("check")
    window.run("xdotool", "mousemove", "--window", dialog, "60", "60", "click", "1")
    window.keys("ctrl+a", "ctrl+c")
    said = window.ask("copied()")
    assert hybridbg.__version__ in said
    for name in ("numpy", "kernels", "default model"):
        assert f"\nok: {name}: " in said
    window.keys("Escape")
    window.gone("^Setup Check$")


def test_screenshots_are_no_blank_screens(window: GimpWindow) -> None:
    shot = np.asarray(Image.open(window.shot("open")).convert("L"))
    assert shot.std() > 10
