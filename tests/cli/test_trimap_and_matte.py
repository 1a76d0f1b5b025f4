"""`hybridbg trimap` and `hybridbg matte`: each alone, and one after the other."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image as PILImage

from hybridbg.cli.matte import ENGINES

Run = Callable[..., Result]


def pixels(path: str) -> np.ndarray:
    with PILImage.open(path) as picture:
        return np.asarray(picture)


def test_trimap(folder: Path, run: Run) -> None:
    arguments = ("--method", "grabcut", "--rect", "6,6,42,42")
    result = run("trimap", "red.png", "found.png", *arguments, "--json")
    assert result.exit_code == 0
    trimap = pixels("found.png")
    assert set(np.unique(trimap)) == {0, 128, 255}
    assert (trimap[24, 24], trimap[2, 2]) == (255, 0)
    [entry] = json.loads(result.stdout)["results"]
    assert (entry["output"], entry["diagnostics"]["method"]) == ("found.png", "grabcut")


def test_a_trimap_must_not_be_jpeg(folder: Path, run: Run) -> None:
    result = run("trimap", "red.png", "found.jpg", "--method", "grabcut")
    assert (result.exit_code, "alter the trimap" in result.stderr) == (2, True)


def test_matte_of_ones_own_trimap(folder: Path, run: Run) -> None:
    result = run("matte", "red.png", "trimap.png", "alpha.png")
    assert (result.exit_code, result.stdout) == (0, "alpha.png\n")
    alpha = pixels("alpha.png")
    assert alpha.shape == (48, 48)
    assert (alpha[24, 24], alpha[2, 2], alpha[13, 24], alpha[10, 24]) == (255, 0, 255, 0)


def test_matte_refines_unless_told_not_to(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hybridbg.matting

    asked: list[bool] = []
    real = hybridbg.matting.estimate_alpha

    def spy(*arguments: Any, refine: bool, **options: Any) -> Any:
        asked.append(refine)
        return real(*arguments, refine=refine, **options)

    monkeypatch.setattr(hybridbg.matting, "estimate_alpha", spy)
    for option in ([], ["--no-refine"]):
        assert run("matte", "red.png", "trimap.png", "alpha.png", *option).exit_code == 0
    assert asked == [True, False]


def test_matte_keeps_the_pictures_depth(folder: Path, run: Run) -> None:
    import cv2

    deep = cv2.imread("red.png").astype(np.uint16) * 257
    cv2.imwrite("deep.png", deep)
    run("matte", "deep.png", "trimap.png", "alpha.png")
    assert cv2.imread("alpha.png", cv2.IMREAD_UNCHANGED).dtype == np.uint16


def test_matte_with_foreground(folder: Path, run: Run) -> None:
    run("matte", "red.png", "trimap.png", "cutout.png", "--foreground")
    assert pixels("cutout.png").shape == (48, 48, 4)
    result = run("matte", "red.png", "trimap.png", "cutout.jpg", "--foreground")
    assert (result.exit_code, "JPEG has no alpha" in result.stderr) == (2, True)


def test_matte_through_streams(folder: Path, run: Run) -> None:
    result = run("matte", "-", "trimap.png", "-", stdin=Path("red.png").read_bytes())
    with PILImage.open(io.BytesIO(result.stdout_bytes)) as picture:
        assert picture.mode == "L"


def test_tolerance(folder: Path, run: Run) -> None:
    PILImage.fromarray(pixels("trimap.png").clip(1, 254)).save("inexact.png")
    assert run("matte", "red.png", "inexact.png", "alpha.png").exit_code == 2
    arguments = ("matte", "red.png", "inexact.png", "alpha.png", "--tolerance", "2")
    assert run(*arguments).exit_code == 0


@pytest.mark.parametrize("command", ["matte", "remove"])
def test_a_trimap_that_knows_nothing_is_a_warning(folder: Path, run: Run, command: str) -> None:
    PILImage.new("L", (48, 48), 128).save("grey.png")
    arguments = {
        "matte": ("matte", "red.png", "grey.png", "alpha.png"),
        "remove": ("remove", "red.png", "--trimap", "grey.png", "-o", "alpha.png", "--alpha-only"),
    }
    result = run(*arguments[command])
    assert (result.exit_code, result.stdout) == (0, "alpha.png\n")
    assert result.stderr.count("warning: red.png: the trimap has no known pixel") == 1
    assert np.isin(pixels("alpha.png"), (127, 128)).all()
    result = run(*arguments[command], "--json")
    [entry] = json.loads(result.stdout)["results"]
    [doubt] = entry.get("warnings") or entry["diagnostics"]["warnings"]
    assert "no known pixel" in doubt


def test_pymattings_engines_need_known_pixels(folder: Path, run: Run) -> None:
    PILImage.new("L", (48, 48), 128).save("grey.png")
    result = run("matte", "red.png", "grey.png", "alpha.png", "--method", "knn")
    assert (result.exit_code, "without known foreground" in result.stderr) == (2, True)


@pytest.mark.parametrize("taken", ["red.png", "trimap.png"])
def test_inputs_survive(folder: Path, run: Run, taken: str) -> None:
    result = run("matte", "red.png", "trimap.png", taken)
    assert (result.exit_code, "never overwritten" in result.stderr) == (2, True)


def test_one_picture_only(folder: Path, run: Run) -> None:
    result = run("matte", "*.png", "trimap.png", "alpha.png")
    assert (result.exit_code, "matches 3" in result.stderr) == (2, True)


def test_engines_are_the_librarys() -> None:
    from hybridbg.matting.engines import ENGINES as LIBRARY_ENGINES

    assert set(ENGINES) == {"closed-form", *LIBRARY_ENGINES}
