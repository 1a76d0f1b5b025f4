"""`hybridbg key`: one picture, mattes, files beside it, and a shot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from click.testing import Result
from PIL import Image as PILImage

from hybridbg.cli.key import DESPILL
from hybridbg.io import load
from hybridbg.keying.despill import DespillMethod
from tests.cli.test_process import ROOT
from tests.cli.test_remove import files, pixels
from tests.pipeline.conftest import DESCRIPTION
from tests.predict.tiny_models import trimap_graph

Run = Callable[..., Result]


@pytest.fixture
def green(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with shot.png and the frames s.0101.png to s.0105.png but for 0104."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (folder / "plates").mkdir()
    for number, column in ((0, 20), (101, 16), (102, 20), (103, 24), (105, 32)):
        image = np.full((64, 96, 3), (20, 180, 50), np.uint8)
        image[16:48, column : column + 32] = (200, 60, 40)
        name = f"plates/s.{number:04}.png" if number else "shot.png"
        PILImage.fromarray(image).save(folder / name)
    return folder


class TestOne:
    def test_a_cutout(self, green: Path, run: Run) -> None:
        result = run("key", "shot.png", "x.png")
        assert (result.exit_code, result.stdout) == (0, "x.png\n")
        cutout = pixels("x.png")
        assert cutout[32, 36].tolist() == [200, 60, 40, 255]
        assert cutout[4, 4, 3] == 0

    def test_mattes(self, green: Path, run: Run) -> None:
        mask = np.zeros((64, 96), np.uint8)
        mask[:, :36] = 255
        PILImage.fromarray(mask).save("left.png")
        for garbage in ("left.png", "0,0 35,0 35,63 0,63"):
            assert run("key", "shot.png", "x.png", "--garbage", garbage).exit_code == 0
            alpha = pixels("x.png")[:, :, 3]
            assert alpha[32, 30] == 0
            assert alpha[32, 46] == 255
        core = ("--core", "60,8 90,8 90,56 60,56")
        assert run("key", "shot.png", "x.png", *core).exit_code == 0
        assert pixels("x.png")[32, 75, 3] == 255

    def test_the_network_has_a_say(self, green: Path, run: Run) -> None:
        Path("tiny.onnx").write_bytes(trimap_graph().SerializeToString())
        Path("tiny.toml").write_text(DESCRIPTION)
        image = pixels("shot.png").copy()
        image[6:10, 80:84] = (90, 20, 20)  # dark: this network sees bright things
        PILImage.fromarray(image).save("marked.png")
        for flags, alpha in ((), 255), (("--core", "network", "--model", "tiny.onnx"), 0):
            assert run("key", "marked.png", "x.png", *flags).exit_code == 0
            assert pixels("x.png")[8, 82, 3] == alpha
            assert pixels("x.png")[32, 36, 3] == 255

    def test_mattes_of_a_preset(self, green: Path, run: Run) -> None:
        Path("set.toml").write_text(
            'garbage = ["0,0 35,0 35,63 0,63", "0,0 95,0 95,9 0,9"]\ndespill-strength = 0.5\n'
        )
        assert run("key", "shot.png", "x.png", "--preset", "set.toml").exit_code == 0
        alpha = pixels("x.png")[:, :, 3]
        assert (alpha[32, 30], alpha[32, 46]) == (0, 255)

    @pytest.mark.parametrize("option", ["--garbage", "--core"])
    @pytest.mark.parametrize(
        "corners", ["0,0 90", "10,10 20,20", "1,2", "0.5,0;1,2;3,3", "(0,0) (1,2) (3,3)"]
    )
    def test_a_polygon_that_is_none(self, green: Path, run: Run, option: str, corners: str) -> None:
        result = run("key", "green.png", "out.png", option, corners)
        assert result.exit_code == 2
        assert "at least three corners" in result.stderr
        assert not Path("out.png").exists()

    def test_foreground_and_matte(self, green: Path, run: Run) -> None:
        result = run(
            "key", "shot.png", "out/", "--foreground", "f.tif", "--matte", "mattes/", "--json"
        )
        [entry] = json.loads(result.stdout)["results"]
        assert entry["output"] == "out/shot.png"
        assert (entry["foreground"], entry["matte"]) == ("f.tif", "mattes/shot-matte.png")
        assert pixels("f.tif").shape == (64, 96, 3)
        assert (pixels("mattes/shot-matte.png") == pixels("out/shot.png")[:, :, 3]).all()

    def test_the_shadow_is_written_or_kept(self, green: Path, run: Run) -> None:
        image = pixels("shot.png").copy()
        image[24:44, 64:90] = (14, 129, 36)  # half of the screen's light
        PILImage.fromarray(image).save("shaded.png")
        result = run("key", "shaded.png", "x.png", "--shadow", "s.png", "--keep-shadow", "--json")
        [entry] = json.loads(result.stdout)["results"]
        assert entry["shadow"] == "s.png"
        shadow = pixels("s.png")
        assert abs(int(shadow[32, 76]) - 128) < 20
        assert shadow[4, 4] == 0
        cutout = pixels("x.png")
        assert cutout[32, 76, :3].max() == 0
        assert abs(int(cutout[32, 76, 3]) - 128) < 20
        assert run("key", "shaded.png", "y.png").exit_code == 0
        assert pixels("y.png")[32, 76, 3] == 0

    def test_a_background_with_light_wrap(self, green: Path, run: Run) -> None:
        assert run("key", "shot.png", "x.jpg", "--background", "white").exit_code == 0
        flags = ("--background", "white", "--light-wrap", "1")
        assert run("key", "shot.png", "y.jpg", *flags).exit_code == 0
        assert pixels("x.jpg")[4, 4].min() > 250
        assert pixels("y.jpg")[32, 20, 2] > pixels("x.jpg")[32, 20, 2] + 20

    def test_a_preview(self, green: Path, run: Run) -> None:
        result = run("key", "shot.png", "x.png", "--preview", "--json")
        [entry] = json.loads(result.stdout)["results"]
        assert "solver" not in entry["diagnostics"]
        assert pixels("x.png")[32, 36].tolist() == [200, 60, 40, 255]
        result = run("key", "plates/s.####.png", "out", "--preview")
        assert result.exit_code == 0
        assert len(list(Path("out").glob("s.*"))) == 4

    @pytest.mark.parametrize("flags", [(), ("--exr-float",), ("--exr-straight",)])
    def test_openexr(self, green: Path, run: Run, flags: tuple[str, ...]) -> None:
        openexr = pytest.importorskip("OpenEXR")
        assert run("key", "shot.png", "x.exr", "--matte", "m.exr", *flags).exit_code == 0
        stored = openexr.File("x.exr", separate_channels=True).channels()
        assert stored["R"].pixels.dtype == (np.float32 if "--exr-float" in flags else np.float16)
        outside = float(np.abs(stored["R"].pixels[4:60, 14:18]).max())
        assert (outside > 0) == ("--exr-straight" in flags)
        assert load("m.exr").pixels[32, 36, 0] == 1
        assert run("key", "shot.png", "x.png", *flags).exit_code == 0
        assert load("x.png").dtype == np.uint8  # which only OpenEXR heeds

    def test_despill(self, green: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        import hybridbg.pipeline

        asked: list[Any] = []
        real = hybridbg.pipeline.remove_background

        def spy(image: Any, **options: Any) -> Any:
            names = ("despill", "despill_strength", "despill_weight", "despill_restore")
            asked.append(tuple(options[name] for name in names))
            return real(image, **options)

        monkeypatch.setattr(hybridbg.pipeline, "remove_background", spy)
        weighted = ("--despill", "weighted", "--despill-weight", "0.3")
        for arguments in (
            (),
            ("--despill", "average", "--despill-strength", "0.5"),
            (*weighted, "--despill-restore", "#808080"),
        ):
            assert run("key", "shot.png", "x.png", *arguments).exit_code == 0
        assert asked == [
            ("max", 1.0, 0.5, "none"),
            ("average", 0.5, 0.5, "none"),
            ("weighted", 1.0, 0.3, "#808080"),
        ]
        assert set(DESPILL) == set(get_args(DespillMethod))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("trimap.png", "x.png"), "screen"),
            (("shot.png", "shot.png"), "never overwritten"),
            (("shot.png", "x.jpg"), "JPEG has no alpha"),
            (("shot.png", "x.png", "--matte", "x.png"), "would both be written"),
            (("shot.png", "x.png", "--garbage", "0,0 3,3"), "0,0 3,3"),
            (("shot.png", "x.png", "--core", "trimap.png"), "core: expected shape"),
            (("shot.png", "x.png", "--garbage", "red.png"), "garbage red.png: expected a grey"),
            (("shot.png", "x.png", "--garbage", "no.png"), "--garbage: no such file: 'no.png'"),
            (("shot.png", "x.png", "--garbage", "no.png"), "a polygon X,Y X,Y X,Y\n"),
            (("shot.png", "x.png", "--garbage", "network"), "no such file: 'network'"),
            (("shot.png", "x.png", "--core", "net"), "X,Y X,Y X,Y or the word network"),
            (("plates", "out"), "add --sequence"),
            (("missing.####.png", "out"), "no frame matches"),
            (("shot.png", "x.png", "--resume"), "serve sequences"),
            (("shot.png", "x.png", "--plate", "missing.png"), "missing.png"),
            (("shot.png", "x.png", "--plate", "noise.png"), "plate: expected the same shot"),
            (("shot.png", "x.png", "--light-wrap", "0.5"), "--light-wrap needs"),
            (("shot.png", "x.png", "--preview", "--core", "3,3 9,3 9,9"), "takes no hint"),
            (("shot.png", "x.png", "--preview", "--core", "network"), "asks no network"),
            (("shot.png", "x.png", "--core", "network", "--model", "none.onnx"), "none.onnx"),
            (("shot.png", "x.png", "--model", "u2netp"), "add --core network"),
            (("shot.png", "x.png", "--core", "3,3 9,3 9,9", "--model", "default"), "leave out"),
            (("shot.png", "x.png", "--despill-restore", "nocolour"), "nocolour"),
        ],
    )
    def test_refused(self, green: Path, run: Run, arguments: tuple, message: str) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
        PILImage.fromarray(noise).save("noise.png")
        before = files(green)
        result = run("key", *arguments)
        assert result.exit_code == 2
        assert message in result.stderr
        assert files(green) == before


class TestShot:
    @pytest.mark.parametrize(
        ("source", "output", "name"),
        [
            (("plates/s.####.png",), "out", "s.{}.png"),
            (("plates", "--sequence"), "out/", "s.{}.png"),
            (("plates/s.%04d.png",), "out/key_####.png", "key_{}.png"),
        ],
    )
    def test_numbers_are_kept_and_gaps_told(
        self, green: Path, run: Run, source: tuple[str, ...], output: str, name: str
    ) -> None:
        result = run("key", *source, output, "--matte", "mattes", "--json")
        assert result.exit_code == 0
        written = {path.name for path in Path("out").glob("[!.]*")}
        assert written == {name.format(n) for n in ("0101", "0102", "0103", "0105")}
        assert len(files(green / "mattes")) == 4
        assert result.stderr.startswith("warning: frame 104 is missing\n")
        report = json.loads(result.stdout)
        assert report["missing"] == [104]
        assert len(report["results"]) == 4
        alpha = pixels(green / "out" / name.format("0105"))[:, :, 3]
        assert (alpha[32, 48], alpha[4, 4]) == (255, 0)

    def test_the_plate_is_estimated_once(
        self, green: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import hybridbg.cli.key as command

        given: list[Any] = []
        monkeypatch.setattr(
            command, "run_batch", lambda *a, **_: given.append((a[2].plate, a[2].screen)) or 0
        )
        run("key", "plates/s.####.png", "out")
        run("key", "plates/s.####.png", "out", "--plate", "shot.png", "--screen", "blue")
        (plate, screen), own = given
        assert (plate.shape, plate.screen, screen) == ((64, 96), "green", "green")
        assert own == ("shot.png", "blue")

    def test_resume_and_a_bad_frame(self, green: Path, run: Run) -> None:
        Path("plates/s.0104.png").write_bytes(b"no picture")
        result = run("key", "plates/s.####.png", "out", "--resume", "--plate", "clean.png")
        assert (result.exit_code, "clean.png" in result.stderr) == (2, True)
        run("key", "plates/s.####.png", "out")
        Path("out/s.0101.png").write_bytes(b"finished before")
        result = run("key", "plates/s.####.png", "out", "--resume", "--despill", "min")
        assert (result.exit_code, "--despill was max, is min" in result.stderr) == (2, True)
        result = run("key", "plates/s.####.png", "out", "--resume")
        assert result.exit_code == 1
        assert "error: plates/s.0104.png: not a picture" in result.stderr
        assert Path("out/s.0101.png").read_bytes() == b"finished before"
        assert len(list(Path("out").glob("s.*"))) == 4

    def test_never_over_its_own_frames(self, green: Path, run: Run) -> None:
        result = run("key", "plates/s.####.png", "plates")
        assert (result.exit_code, "never overwritten" in result.stderr) == (2, True)
