"""`hybridbg remove` when all is well, and when one picture of several is not."""

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

from hybridbg.cli.options import FORMATS, METHODS
from hybridbg.core.errors import SolverError
from hybridbg.io import load
from hybridbg.studio.work import Bench, Job

Run = Callable[..., Result]
GIVEN = ("--trimap", "trimap.png")  # matting only: quick, and without a network


def pixels(path: str | Path) -> np.ndarray:
    with PILImage.open(path) as picture:
        return np.asarray(picture)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


class TestOne:
    def test_beside_the_input_by_default(self, folder: Path, run: Run) -> None:
        before = files(folder)
        result = run("remove", "red.png", *GIVEN)
        assert (result.exit_code, result.stdout) == (0, "red-cutout.png\n")
        assert files(folder) - before == {"red-cutout.png"}
        cutout = pixels("red-cutout.png")
        assert cutout.shape == (48, 48, 4)
        assert (cutout[24, 24] == (200, 60, 40, 255)).all()
        assert cutout[2, 2, 3] == 0

    @pytest.mark.parametrize("arguments", [("--rect", "6,6,42,42"), ("--hint", "hint.png")])
    def test_told_where(self, folder: Path, run: Run, arguments: tuple[str, ...]) -> None:
        assert run("remove", "red.png", "--method", "grabcut", *arguments).exit_code == 0
        alpha = pixels("red-cutout.png")[:, :, 3]
        assert alpha[24, 24] == 255
        assert alpha[2, 2] == 0

    @pytest.mark.parametrize("name", ["y.png", "y.tiff", "y.webp"])
    def test_a_format_and_a_name_that_contradict_each_other(
        self, folder: Path, run: Run, name: str
    ) -> None:
        result = run("remove", "red.png", *GIVEN, "--format", "jpeg", "-o", name)
        assert result.exit_code == 2
        assert f"--format jpeg: '{name}' says " in result.stderr
        assert not (folder / name).exists()

    def test_before_a_green_screen(self, folder: Path, run: Run) -> None:
        screen = np.full((48, 48, 3), (20, 180, 50), np.uint8)
        PILImage.fromarray(screen).save("plate.png")
        screen[12:36, 12:36] = (200, 60, 40)
        PILImage.fromarray(screen).save("shot.png")
        for arguments in (("--method", "key"), ("--screen", "green"), ("--plate", "plate.png")):
            assert run("remove", "shot.png", *arguments).exit_code == 0
            alpha = pixels("shot-cutout.png")[:, :, 3]
            assert alpha[24, 24] == 255
            assert alpha[2, 2] == 0

    def test_alpha_only(self, folder: Path, run: Run) -> None:
        assert run("remove", "red.png", *GIVEN, "--alpha-only").stdout == "red-alpha.png\n"
        assert pixels("red-alpha.png").shape == (48, 48)

    def test_crop(self, folder: Path, run: Run) -> None:
        run("remove", "red.png", *GIVEN, "--crop")
        assert pixels("red-cutout.png").shape == (24, 24, 4)

    @pytest.mark.parametrize("background", ["#00ff00", "backdrop.png"])
    def test_background(self, folder: Path, run: Run, background: str) -> None:
        PILImage.new("RGB", (9, 7), "#00ff00").save("backdrop.png")
        result = run("remove", "red.png", *GIVEN, "--background", background, "-o", "x.jpg")
        assert result.exit_code == 0
        assert pixels("x.jpg").shape == (48, 48, 3)
        assert abs(pixels("x.jpg")[2, 2].astype(int) - (0, 255, 0)).max() < 4

    def test_openexr(self, folder: Path, run: Run) -> None:
        pytest.importorskip("OpenEXR")
        assert run("remove", "red.png", *GIVEN, "-o", "x.exr").stdout == "x.exr\n"
        assert run("remove", "x.exr", *GIVEN, "-o", "y.png").exit_code == 0
        image = load("x.exr")
        assert (image.encoding, image.pixels[2, 2].tolist()) == ("linear", [0, 0, 0])
        np.testing.assert_allclose(image.srgb()[24, 24] * 255, (200, 60, 40), atol=0.1)

    @pytest.mark.parametrize(
        ("file_format", "suffix"), [item for item in FORMATS.items() if item[0] != "exr"]
    )
    def test_format(self, folder: Path, run: Run, file_format: str, suffix: str) -> None:
        result = run("remove", "red.png", *GIVEN, "--format", file_format, "--background", "white")
        assert result.stdout == f"red-cutout{suffix}\n"
        with PILImage.open(f"red-cutout{suffix}") as picture:
            assert str(picture.format).lower() == file_format

    def test_trimap_is_saved_as_it_was_used(self, folder: Path, run: Run) -> None:
        result = run("remove", "red.png", *GIVEN, "--save-trimap", "used.png")
        assert result.stdout.split() == ["red-cutout.png", "used.png"]
        assert (pixels("used.png") == pixels("trimap.png")).all()

    def test_streams(self, folder: Path, run: Run) -> None:
        result = run("remove", "-", *GIVEN, stdin=Path("red.png").read_bytes())
        assert result.exit_code == 0
        with PILImage.open(io.BytesIO(result.stdout_bytes)) as picture:
            assert (picture.format, picture.mode) == ("PNG", "RGBA")

    def test_an_output_is_replaced_but_not_an_input(self, folder: Path, run: Run) -> None:
        Path("x.png").write_bytes(b"old")
        assert run("remove", "red.png", *GIVEN, "-o", "x.png").exit_code == 0
        assert pixels("x.png").shape == (48, 48, 4)
        for protected in ("red.png", "trimap.png"):
            content = Path(protected).read_bytes()
            result = run("remove", "red.png", *GIVEN, "-o", protected)
            assert (result.exit_code, "never overwritten" in result.stderr) == (2, True)
            assert Path(protected).read_bytes() == content


class TestSeveral:
    def test_into_a_new_folder(self, folder: Path, run: Run) -> None:
        result = run("remove", "red.png", "*.jpg", *GIVEN, "-o", "new/er")
        assert result.exit_code == 0
        assert sorted(path.name for path in Path("new/er").iterdir()) == [
            "green-cutout.png",
            "red-cutout.png",
        ]
        assert result.stderr == (
            "warning: --trimap: the same place in all 2 pictures\n[1/2] red.png\n[2/2] green.jpg\n"
        )

    def test_a_bad_picture_does_not_stop_the_others(self, folder: Path, run: Run) -> None:
        Path("bad.png").write_bytes(b"not a picture")
        result = run("remove", "red.png", "bad.png", "green.jpg", *GIVEN, "-q")
        assert result.exit_code == 1
        assert result.stdout.split() == ["red-cutout.png", "green-cutout.png"]
        assert result.stderr.startswith("error: bad.png: ")
        assert result.stderr.count("\n") == 1

    def test_nor_does_a_missing_one(self, folder: Path, run: Run) -> None:
        result = run("remove", "missing.png", "red.png", *GIVEN, "-q")
        assert result.exit_code == 1
        assert result.stdout.split() == ["red-cutout.png"]
        assert result.stderr.startswith("error: 'missing.png' cannot be opened")

    def test_a_fault_of_ours_does_not_either(
        self, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "hybridbg.pipeline.remove_background", lambda image, **_: image.no_such_attribute
        )
        result = run("remove", "red.png", "green.jpg", *GIVEN)
        assert result.exit_code == 1
        assert result.stderr.count("internal error, please report it") == 2
        assert "2 of 2 pictures failed" in result.stderr

    def test_json(self, folder: Path, run: Run) -> None:
        Path("bad.png").write_bytes(b"")
        result = run("remove", "red.png", "bad.png", *GIVEN, "--json")
        assert result.exit_code == 1
        report = json.loads(result.stdout)
        assert [entry["input"] for entry in report["results"]] == ["red.png"]
        entry = report["results"][0]
        assert (entry["output"], entry["rows"], entry["columns"]) == ("red-cutout.png", 48, 48)
        assert entry["diagnostics"]["method"] == "trimap"
        assert report["errors"][0]["input"] == "bad.png"
        assert report["errors"][0]["type"] == "ImageReadError"

    def test_keep_existing(self, folder: Path, run: Run) -> None:
        Path("red-cutout.png").write_bytes(b"retouched by hand")
        result = run("remove", "red.png", "green.jpg", *GIVEN, "--keep-existing", "--json")
        kept, made = json.loads(result.stdout)["results"]
        assert (kept["output"], kept["kept"]) == ("red-cutout.png", True)
        assert (made["output"], "kept" in made) == ("green-cutout.png", False)
        assert Path("red-cutout.png").read_bytes() == b"retouched by hand"

    @pytest.mark.parametrize("where", [(), ("-o", "."), ("-o", "x"), ("--alpha-only",)])
    @pytest.mark.parametrize("trimaps", [(), ("--save-trimap", "y/")])
    def test_run_twice(
        self, folder: Path, run: Run, where: tuple[str, ...], trimaps: tuple[str, ...]
    ) -> None:
        Path("trimap.png").rename("marks.png")
        Path("hint.png").unlink()
        arguments = ("remove", "red*.png", "*.jpg", "**/*-*.png", "--trimap", "marks.png")
        Path("z").mkdir()
        Path("red.png").rename("z/other-one.png")  # a name with a dash is no output
        Path("red.png").write_bytes(Path("z/other-one.png").read_bytes())
        first = run(*arguments, *where, *trimaps)
        assert first.exit_code == 0
        assert "skipped" not in first.stderr
        made = files(folder)
        for _ in range(2):
            again = run(*arguments, *where, *trimaps)
            assert (again.exit_code, again.stdout) == (0, first.stdout)
            assert again.stderr.count("named as outputs of other inputs") == 1
        assert files(folder) == made

    def test_trimaps_into_a_folder(self, folder: Path, run: Run) -> None:
        run("remove", "red.png", "green.jpg", *GIVEN, "-o", "x", "--save-trimap", "x")
        assert files(folder / "x") == {
            f"{name}-{kind}.png" for name in ("red", "green") for kind in ("cutout", "trimap")
        }

    def test_interrupted_between_pictures(
        self, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = Bench._write

        def stop_at_green(self: Bench, cutout: Any, job: Job) -> None:
            if "green" in job.source:
                raise KeyboardInterrupt
            real(self, cutout, job)

        monkeypatch.setattr(Bench, "_write", stop_at_green)
        result = run("remove", "red.png", "green.jpg", *GIVEN, "--json")
        assert result.exit_code == 130
        assert result.stderr.endswith("interrupted\n")
        assert [entry["input"] for entry in json.loads(result.stdout)["results"]] == ["red.png"]
        assert not Path("green-cutout.png").exists()


class TestBeforeWorkBegins:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("red.png", "copy/red.png", "-o", "x"), "would both be written"),
            (("red.png", "hint.png", "-o", "red.png"), "expected a folder for several"),
            (("red.png", "-o", "red.png"), "never overwritten"),
            (("red.png", "green.jpg", "-o", "-"), "standard output takes one picture"),
            (("red.png", "-o", "-", "--json"), "--json needs a file"),
            (("-", "--hint", "-"), "standard input takes one picture"),
            (("red.png", "--alpha-only", "--background", "white"), "leave out --background"),
            (("red.png", "-o", "x.jpg"), "JPEG has no alpha"),
            (("red.png", "--format", "jpeg"), "JPEG has no alpha"),
            (("red.png", "-o", "x.gif"), "no format that can be written"),
            (("red.png", "--save-trimap", "x.jpg"), "alter the trimap's values"),
            (("red.png", "--background", "no such colour"), "no such colour"),
            (("red.png", "--model", "no-such-model"), "no model named 'no-such-model'"),
            (("red.png", "--hint", "missing.png"), "missing.png"),
            (("red.png", "-o", "nowhere/x.png"), "there is no folder"),
            (("missing.png",), "no such file"),
            (("*.gif",), "no file matches"),
            (("copy",), "got the folder"),
        ],
    )
    def test_refused(
        self, folder: Path, run: Run, arguments: tuple[str, ...], message: str
    ) -> None:
        Path("copy").mkdir()
        for copy in ("copy/red.png", "red-cutout.png"):
            Path(copy).write_bytes(Path("red.png").read_bytes())
        before = files(folder)
        result = run("remove", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
        assert files(folder) == before

    @pytest.mark.parametrize("rect", ["1,2,3", "a,b,c,d", ""])
    def test_rect_is_four_numbers(self, folder: Path, run: Run, rect: str) -> None:
        result = run("remove", "red.png", "--rect", rect)
        assert result.exit_code == 2
        assert "expected TOP,LEFT,BOTTOM,RIGHT" in result.stderr


def test_remove_refines_unless_told_not_to(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hybridbg.pipeline

    asked: list[bool] = []
    real = hybridbg.pipeline.remove_background

    def spy(*arguments: Any, refine: bool, **options: Any) -> Any:
        asked.append(refine)
        return real(*arguments, refine=refine, **options)

    monkeypatch.setattr(hybridbg.pipeline, "remove_background", spy)
    for option in ([], ["--no-refine"]):
        assert run("remove", "red.png", *GIVEN, *option).exit_code == 0
    assert asked == [True, False]


def test_solver_errors_are_bad_input(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SolverError("did not converge")

    monkeypatch.setattr("hybridbg.pipeline.remove_background", fail)
    result = run("remove", "red.png", *GIVEN)
    assert (result.exit_code, result.stderr) == (
        2,
        "[1/1] red.png\nerror: red.png: did not converge\n",
    )


def test_the_words_of_the_options_are_the_librarys() -> None:
    from hybridbg import io
    from hybridbg.pipeline.options import METHODS as LIBRARY_METHODS

    assert METHODS == LIBRARY_METHODS
    assert set(FORMATS) == set(io.FORMATS)
    assert all(suffix in io.FORMATS[name] for name, suffix in FORMATS.items())


class TestPointingAndShape:
    def alpha(self, run: Run, *arguments: str) -> np.ndarray:
        result = run("remove", "red.png", "--method", "grabcut", *arguments)
        assert result.exit_code == 0, result.stderr
        return pixels("red-cutout.png")[:, :, 3]

    def test_points(self, folder: Path, run: Run) -> None:
        points = ("--keep", "24,24", "--keep", "2,40", "--drop", "14,14", "--drop", "5,5")
        alpha = self.alpha(run, *points)
        assert [alpha[place] for place in ((24, 24), (2, 40), (14, 14), (5, 5))] == [255, 255, 0, 0]

    def test_strokes_on_a_transparent_layer(self, folder: Path, run: Run) -> None:
        layer = np.zeros((48, 48, 4), np.uint8)
        layer[24, 14:34] = 255
        layer[30, 14:34] = (0, 0, 0, 255)
        PILImage.fromarray(layer).save("strokes.png")
        alpha = self.alpha(run, "--scribbles", "strokes.png")
        assert (alpha[24, 14:34] == 255).all()
        assert (alpha[30, 14:34] == 0).all()
        result = run(
            "trimap", "red.png", "found.png", "--scribbles", "strokes.png", "--keep", "2,2"
        )
        assert result.exit_code == 0
        assert (pixels("found.png")[24, 14:34] == 255).all()
        assert pixels("found.png")[2, 2] == 255

    def test_holes_and_a_hard_edge(self, folder: Path, run: Run) -> None:
        image = pixels("red.png").copy()
        image[20:28, 20:28] = image[0, 0]
        PILImage.fromarray(image).save("red.png")
        told = ("--rect", "6,6,42,42")
        assert self.alpha(run, *told, "--keep-holes")[24, 24] == 0
        assert (self.alpha(run, *told, "--fill-holes")[14:34, 14:34] == 255).all()
        hard = self.alpha(run, *told, "--edge", "hard")
        assert set(np.unique(hard)) == {0, 255}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--keep", "24"), "expected ROW,COLUMN, got '24'"),
            (("--drop", "a,b"), "expected ROW,COLUMN"),
            (("--keep", "48,0"), "rows 0 to 47"),
            (("--edge", "feathered"), "'--edge'"),
            (("--scribbles", "missing.png"), "missing.png"),
            (("--scribbles", "trimap.png", "--trimap", "trimap.png"), "trimap goes alone"),
            (("--fill-holes", "--trimap", "trimap.png"), "trimap says itself"),
        ],
    )
    def test_mistakes(
        self, folder: Path, run: Run, arguments: tuple[str, ...], message: str
    ) -> None:
        result = run("remove", "red.png", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
        assert not Path("red-cutout.png").exists()

    def test_strokes_are_never_overwritten(self, folder: Path, run: Run) -> None:
        result = run("remove", "red.png", "--scribbles", "trimap.png", "-o", "trimap.png")
        assert result.exit_code == 2
