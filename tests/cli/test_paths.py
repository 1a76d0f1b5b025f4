"""Which file becomes which: patterns, names, clashes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hybridbg.cli.paths import (
    check_outputs,
    expand,
    name_outputs,
    output_folder,
    without_outputs,
)
from hybridbg.core.errors import ImageReadError, ImageWriteError, InvalidOptionError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.jpg", "a.jpg", "c.png", "cat[1].jpg"):
        (tmp_path / name).touch()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "d.jpg").touch()
    return tmp_path


class TestExpand:
    def test_patterns_are_sorted_and_order_of_arguments_is_kept(self, folder: Path) -> None:
        assert expand(["c.png", "?.jpg"]) == ["c.png", "a.jpg", "b.jpg"]

    def test_each_file_once(self, folder: Path) -> None:
        assert expand(["a.jpg", "./a.jpg", "[ab].jpg"]) == ["a.jpg", "b.jpg"]

    def test_a_file_with_brackets_is_itself(self, folder: Path) -> None:
        assert expand(["cat[1].jpg"]) == ["cat[1].jpg"]

    def test_two_stars_go_deep(self, folder: Path) -> None:
        assert expand(["deep/**/*.jpg"]) == [str(Path("deep", "er", "d.jpg"))]

    @pytest.mark.parametrize(
        ("pattern", "message"),
        [
            ("*.gif", "no file matches"),
            ("missing.jpg", "no such file"),
            ("deep", "got the folder 'deep'"),
        ],
    )
    def test_nothing_to_read(self, folder: Path, pattern: str, message: str) -> None:
        with pytest.raises(ImageReadError, match=message):
            expand([pattern])

    def test_one_of_several_that_is_missing_fails_in_its_turn(self, folder: Path) -> None:
        assert expand(["missing.jpg", "a.jpg", "*.gif"]) == ["missing.jpg", "a.jpg", "*.gif"]
        with pytest.raises(ImageReadError, match="no such file"):
            expand(["missing.jpg", "*.gif"])
        with pytest.raises(ImageReadError, match="got the folder"):
            expand(["a.jpg", "deep"])


class TestNames:
    def test_beside_the_input(self) -> None:
        named = name_outputs(["in/a.b.jpg"], None, ending="-cutout", suffix=".webp")
        assert named == [str(Path("in", "a.b-cutout.webp"))]

    def test_file_for_one_folder_for_several(self) -> None:
        rest = {"ending": "-cutout", "suffix": ".png"}
        assert name_outputs(["a.jpg"], "x.tif", **rest) == ["x.tif"]
        assert name_outputs(["a.jpg", "b.jpg"], "x", **rest) == [
            str(Path("x", "a-cutout.png")),
            str(Path("x", "b-cutout.png")),
        ]

    def test_folder_for_one(self, tmp_path: Path) -> None:
        assert output_folder(str(tmp_path), several=False) == tmp_path
        assert output_folder("new" + os.sep, several=False) == Path("new")
        assert output_folder("new", several=False) == Path("new")
        assert output_folder("new.png", several=False) is None

    def test_the_name_of_one_picture_is_no_folder_for_several(self, tmp_path: Path) -> None:
        named = str(tmp_path / "one.PNG")
        with pytest.raises(InvalidOptionError, match=r"expected a folder for several"):
            name_outputs(["a.png", "b.png"], named, ending="-cutout", suffix=".png")
        Path(named).mkdir()  # but whoever has such a folder may use it
        assert name_outputs(["a.png", "b.png"], named, ending="-cutout", suffix=".png") == [
            str(Path(named) / "a-cutout.png"),
            str(Path(named) / "b-cutout.png"),
        ]

    def test_standard_input_goes_to_standard_output(self, tmp_path: Path) -> None:
        rest = {"ending": "-cutout", "suffix": ".png"}
        assert name_outputs(["-"], None, **rest) == ["-"]
        assert name_outputs(["-"], str(tmp_path), **rest) == [str(tmp_path / "stdin-cutout.png")]

    def test_standard_output_takes_one(self) -> None:
        with pytest.raises(InvalidOptionError, match="one picture, got 2"):
            name_outputs(["a.jpg", "b.jpg"], "-", ending="", suffix=".png")


class TestClashes:
    def test_two_inputs_one_output(self) -> None:
        with pytest.raises(InvalidOptionError, match=r"'p/a.jpg' and 'q/a.jpg' would both"):
            check_outputs([("p/a.jpg", "a.png"), ("q/a.jpg", "./a.png")], protected=[])

    def test_two_outputs_of_one_input(self) -> None:
        with pytest.raises(InvalidOptionError, match="would both"):
            check_outputs([("a.jpg", "a.png"), ("a.jpg", "a.png")], protected=["a.jpg"])

    def test_an_input_is_never_overwritten(self, folder: Path) -> None:
        with pytest.raises(InvalidOptionError, match="never overwritten"):
            check_outputs([("a.jpg", "deep/../b.jpg")], protected=["a.jpg", "b.jpg"])

    def test_not_even_through_a_link(self, folder: Path) -> None:
        os.link("a.jpg", "hard.jpg")
        with pytest.raises(InvalidOptionError, match="never overwritten"):
            check_outputs([("a.jpg", "hard.jpg")], protected=["a.jpg"])

    @pytest.mark.parametrize(
        ("output", "message"),
        [
            ("nowhere/x.png", "there is no folder 'nowhere'"),
            ("a.jpg/x.png", "'a.jpg' is not a folder"),
            ("deep", "it is a folder"),
        ],
    )
    def test_unwritable(self, folder: Path, output: str, message: str) -> None:
        with pytest.raises(ImageWriteError, match=message):
            check_outputs([("c.png", output)], protected=["c.png"])

    def test_permission(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(ImageWriteError, match="no permission"):
            check_outputs([("c.png", "x.png")], protected=["c.png"])

    def test_a_folder_that_will_be_made(self, folder: Path) -> None:
        pair = ("c.png", str(Path("new", "er", "c-cutout.png")))
        check_outputs([pair], protected=["c.png"], may_create=[Path("new", "er")])
        with pytest.raises(ImageWriteError, match="not a folder"):
            check_outputs(
                [("c.png", "a.jpg/new/c.png")], protected=[], may_create=[Path("a.jpg/new")]
            )

    def test_standard_output_clashes_with_nothing(self) -> None:
        check_outputs([("-", "-")], protected=["-"])


class TestOutputsOfEarlierRuns:
    @pytest.mark.parametrize(
        "output", ["cat-cutout.png", "cat-alpha.tif", "cat-trimap.png", "./cat-cutout.webp"]
    )
    def test_beside_their_source(self, output: str) -> None:
        assert without_outputs([output, "cat.jpg"]) == (["cat.jpg"], [output])

    def test_outputs_of_outputs(self) -> None:
        made = ["cat-cutout.png", "cat-cutout-cutout.png"]
        assert without_outputs(["cat.jpg", *made]) == (["cat.jpg"], made)

    def test_in_the_folder_of_outputs(self) -> None:
        sources = ["in/cat.jpg", "out/cat-cutout.png"]
        assert without_outputs(sources) == (sources, [])
        assert without_outputs(sources, [None, Path("out")]) == (sources[:1], sources[1:])

    @pytest.mark.parametrize(
        "name", ["dog-cutout.png", "x/cat-cutout.png", "cat-cutout-2.png", "cat.png", "-cutout.png"]
    )
    def test_everything_else_is_a_source(self, name: str) -> None:
        assert without_outputs(["cat.jpg", name, "-"]) == (["cat.jpg", name, "-"], [])
