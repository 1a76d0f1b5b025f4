"""A folder with small pictures to work on, and a way to run the command line in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image as PILImage

from hybridbg.cli import main

SIDE = 48
INSIDE = slice(12, 36)


def square(colour: tuple[int, int, int] = (200, 60, 40)) -> np.ndarray:
    """A coloured square before blue."""
    image = np.full((SIDE, SIDE, 3), (60, 90, 160), np.uint8)
    image[INSIDE, INSIDE] = colour
    return image


def square_trimap() -> np.ndarray:
    """The square's trimap: four pixels on either side of its edge unknown."""
    trimap = np.zeros((SIDE, SIDE), np.uint8)
    trimap[8:40, 8:40] = 128
    trimap[16:32, 16:32] = 255
    return trimap


def write(path: Path, array: np.ndarray) -> None:
    PILImage.fromarray(array).save(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with red.png, green.jpg, trimap.png and hint.png."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "red.png", square())
    write(tmp_path / "green.jpg", square((40, 200, 60)))
    write(tmp_path / "trimap.png", square_trimap())
    hint = np.zeros((SIDE, SIDE), np.uint8)
    hint[INSIDE, INSIDE] = 255
    write(tmp_path / "hint.png", hint)
    return tmp_path


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run the command line in this process."""

    def run_here(*arguments: str, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, input=stdin, prog_name="hybridbg")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run_here
