"""Pictures, trimaps and masks that cannot be used: one clear line, exit code 2, nothing written."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import Result
from PIL import Image as PILImage

Run = Callable[..., Result]


def png_header(width: int, height: int) -> bytes:
    """A PNG that is nothing but its header."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


def grey(value: int, side: int = 48) -> PILImage.Image:
    return PILImage.new("L", (side, side), value)


def make_pictures() -> None:
    """Every kind of picture that cannot be cut out."""
    good = Path("red.png").read_bytes()
    Path("empty.png").write_bytes(b"")
    Path("zero.png").write_bytes(png_header(0, 0))
    PILImage.new("RGB", (1, 1)).save("1x1.png")
    PILImage.new("RGB", (3, 3)).save("3x3.png")
    PILImage.new("RGB", (400, 3)).save("flat.png")
    Path("truncated.png").write_bytes(good[: len(good) // 2])
    Path("truncated.jpg").write_bytes(Path("green.jpg").read_bytes()[:300])
    Path("text.png").write_text("this is not a picture")
    nan = np.full((48, 48, 3), 0.5, np.float32)
    nan[3, 4] = np.nan
    tifffile.imwrite("nan.tif", nan, photometric="rgb")
    bright = np.full((48, 48, 3), 7, np.float32)
    tifffile.imwrite("bright.tif", bright, photometric="rgb")
    PILImage.new("1", (10_000, 10_000)).save("bomb.png")


class TestPictures:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("empty.png", "empty"),
            ("zero.png", "damaged|4 x 4"),
            ("1x1.png", "at least 4 x 4"),
            ("3x3.png", "at least 4 x 4"),
            ("flat.png", "at least 4 x 4"),
            ("truncated.png", "truncated"),
            ("truncated.jpg", "truncated"),
            ("text.png", "not a picture"),
            ("nan.tif", "NaN"),
            ("bright.tif", r"0\.\.1"),
            ("bomb.png", "100,000,000 pixels"),
        ],
    )
    @pytest.mark.parametrize("command", ["remove", "trimap", "matte"])
    def test_one_line_and_nothing_written(
        self, folder: Path, run: Run, command: str, name: str, message: str
    ) -> None:
        make_pictures()
        before = set(folder.iterdir())
        arguments = {
            "remove": ("remove", name, "--method", "grabcut"),
            "trimap": ("trimap", name, "out.png", "--method", "grabcut"),
            "matte": ("matte", name, "trimap.png", "out.png"),
        }
        result = run(*arguments[command], "-q")
        assert_one_error(result, name, message)
        assert set(folder.iterdir()) == before

    def test_a_limit_of_ones_own(self, folder: Path, run: Run) -> None:
        result = run("remove", "red.png", "--max-pixels", "100", "-q", "--method", "grabcut")
        assert_one_error(result, "red.png", "48 x 48")

    def test_a_bomb_from_standard_input(self, folder: Path, run: Run) -> None:
        PILImage.new("1", (10_000, 10_000)).save("bomb.png")
        result = run(
            "remove", "-", "-q", "--method", "grabcut", stdin=Path("bomb.png").read_bytes()
        )
        assert_one_error(result, "standard input", "100,000,000 pixels")
        assert result.stdout_bytes == b""


class TestTrimapsAndMasks:
    @pytest.mark.parametrize("command", ["remove", "matte"])
    def test_trimap_of_other_values(self, folder: Path, run: Run, command: str) -> None:
        grey(77).save("flat.png")
        arguments = {
            "remove": ("red.png", "--trimap", "flat.png", "-q"),
            "matte": ("red.png", "flat.png", "out.png", "-q"),
        }
        before = set(folder.iterdir())
        assert_one_error(run(command, *arguments[command]), "", "77")
        assert set(folder.iterdir()) == before

    @pytest.mark.parametrize("option", ["--trimap", "--hint"])
    def test_another_size(self, folder: Path, run: Run, option: str) -> None:
        half = PILImage.new("L", (24, 24))
        half.paste(255, (8, 8, 16, 16))
        half.save("half.png")
        result = run("remove", "red.png", "--method", "grabcut", option, "half.png", "-q")
        assert_one_error(result, "", r"\(48, 48\).*\(24, 24\)")

    def test_a_coloured_trimap(self, folder: Path, run: Run) -> None:
        result = run("matte", "red.png", "green.jpg", "out.png", "-q")
        assert_one_error(result, "trimap", "grey")

    def test_a_trimap_goes_alone(self, folder: Path, run: Run) -> None:
        arguments = ("--trimap", "trimap.png", "--hint", "hint.png", "-q")
        assert_one_error(run("remove", "red.png", *arguments), "", "trimap goes alone")

    @pytest.mark.parametrize("rect", ["0,0,99,99", "9,9,9,9", "-1,0,9,9"])
    def test_a_rectangle_outside(self, folder: Path, run: Run, rect: str) -> None:
        result = run("remove", "red.png", "--method", "grabcut", "--rect", rect, "-q")
        assert_one_error(result, "rect", "48")


class TestPlaces:
    @pytest.mark.skipif(
        os.name == "nt" or os.geteuid() == 0, reason="needs a user who can be refused"
    )
    def test_an_unwritable_folder(self, folder: Path, run: Run) -> None:
        Path("locked").mkdir(mode=0o555)
        result = run("remove", "red.png", "--trimap", "trimap.png", "-o", "locked/x.png")
        assert_one_error(result, "locked", "no permission|not writable")

    def test_a_file_where_a_folder_should_be(self, folder: Path, run: Run) -> None:
        result = run("remove", "red.png", "--trimap", "trimap.png", "-o", "green.jpg/x.png")
        assert_one_error(result, "green.jpg", "not a folder")

    def test_a_disk_that_refuses(
        self, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "replace", refuse)
        before = set(folder.iterdir())
        result = run("remove", "red.png", "--trimap", "trimap.png", "-q")
        assert_one_error(result, "red-cutout.png", "No space left on device")
        assert set(folder.iterdir()) == before


def assert_one_error(result: Result, name: str, message: str) -> None:
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert name in lines[0]
    assert re.search(message, lines[0]), lines[0]
