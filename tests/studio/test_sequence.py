"""Frames and their numbers, and one plate for a shot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.screen_scenes import portrait, scenes
from benchmarks.screens import camera, wall
from hybridbg import io, remove_background
from hybridbg.core.errors import ImageReadError, InvalidOptionError, NoSubjectError
from hybridbg.studio.sequence import estimate_shot_plate, find_frames, is_pattern, numbered
from tests.keying.test_shots import floor_shadow

SCREEN = np.array([0.1, 0.45, 0.15])


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


class TestFrames:
    def test_in_the_order_of_their_numbers(self, tmp_path: Path) -> None:
        touch(
            tmp_path,
            "s.0998.png",
            "s.0999.png",
            "s.10001.png",
            "s.10002.png",
            "s.12.png",
            "t.0001.png",
        )
        frames = find_frames(str(tmp_path / "s.####.png"))
        assert list(frames.paths) == ["0998", "0999", "10001", "10002"]
        assert frames.paths["0999"] == str(tmp_path / "s.0999.png")
        assert frames.missing == tuple(range(1000, 10001))

    @pytest.mark.parametrize("name", ["s.##.png", "s.%02d.png", "s.#.png", "s.%d.png"])
    def test_marks(self, tmp_path: Path, name: str) -> None:
        touch(tmp_path, "s.11.png", "s.13.png", "s.13.jpg", "s.x.png")
        frames = find_frames(str(tmp_path / name))
        assert (list(frames.paths), frames.missing) == (["11", "13"], (12,))

    def test_names_are_no_patterns_of_their_own(self, tmp_path: Path) -> None:
        touch(tmp_path, "a+(b).01.png", "aab.02.png")
        assert list(find_frames(str(tmp_path / "a+(b).##.png")).paths) == ["01"]

    def test_a_folder(self, tmp_path: Path) -> None:
        touch(tmp_path, "v2_s.01.png", "v2_s.02.png", "notes.txt", ".v2_s.03.png", "cover.png")
        assert list(find_frames(str(tmp_path)).paths) == ["01", "02"]
        touch(tmp_path, "other.01.png")
        with pytest.raises(InvalidOptionError, match="2 sequences"):
            find_frames(str(tmp_path))

    def test_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ImageReadError, match="no frame matches"):
            find_frames(str(tmp_path / "s.####.png"))
        with pytest.raises(ImageReadError, match="no frame matches"):
            find_frames(str(tmp_path))
        with pytest.raises(ImageReadError, match="expected ####"):
            find_frames(str(tmp_path / "s.png"))
        touch(tmp_path, "s.1.png", "s.01.png")
        with pytest.raises(InvalidOptionError, match="both frame 1"):
            find_frames(str(tmp_path / "s.#.png"))

    def test_a_file_that_is_there_is_no_pattern(self, tmp_path: Path) -> None:
        path = tmp_path / "no#1.png"
        assert is_pattern(str(path))
        touch(tmp_path, path.name)
        assert not is_pattern(str(path))

    def test_numbers_stay_as_written(self) -> None:
        assert numbered("out/k_%04d.exr", "012") == str(Path("out/k_012.exr"))


def shot(folder: Path, frames: int, *, subject: bool = True, drift: float = 0.0) -> list[str]:
    """A square that wanders before an uneven screen whose lamps flicker."""
    paths = []
    for frame in range(frames):
        light = 1 - 0.3 * np.linspace(0, 1, 96)[:, None] * (1 + 0.1 * (frame % 2))
        light = light + drift * frame * np.linspace(-1, 1, 96)[:, None]
        linear = np.broadcast_to(light, (96, 64)).T[..., None] * SCREEN
        if subject:
            linear[20:50, 10 + 8 * frame : 30 + 8 * frame] = (0.5, 0.2, 0.1)
        coded = io.load(io.encode(linear.astype(np.float32).clip(0, 1), "tiff"), encoding="linear")
        paths.append(str(folder / f"s.{frame:04}.png"))
        io.save(paths[-1], coded.srgb(), dtype=np.uint16)
    return paths


def flicker(folder: Path, lamps: float) -> float:
    """How much the alpha of a person who stands still varies from frame to frame, mixed pixels."""
    size = 180, 320
    layer = portrait(size, np.random.RandomState(0))
    plate = wall(size, np.random.RandomState(1), uneven=0.5)
    x = np.linspace(0, 1, size[1])[None, :, None]
    paths = []
    for frame in range(5):
        random = np.random.RandomState(frame)
        left, right, *tint = 1 + lamps * random.uniform(-1, 1, 5)
        light = (left * (1 - x) + right * x) * (1 + 0.3 * (np.array(tint) - 1))
        seen = (layer[..., :3] + (1 - layer[..., 3:]) * plate) * light.astype(np.float32)
        paths.append(str(folder / f"{lamps}.{frame:04}.png"))
        io.save(paths[-1], camera(seen, np.random.RandomState(100 + frame)))
    found = estimate_shot_plate(paths)
    alphas = [
        remove_background(path, method="key", screen=found.screen, plate=found.at(path)).alpha
        for path in paths
    ]
    mixed = (layer[..., 3] > 0.02) & (layer[..., 3] < 0.98)
    return float(np.std(alphas, axis=0)[mixed].mean())


class TestPlate:
    def test_a_shadow_that_stays_is_a_shadow_in_every_frame(self, tmp_path: Path) -> None:
        size = 270, 480
        truth, shadow = next(scenes(["floor_shadow"], size))[1], floor_shadow(size)
        front = truth.foreground * truth.alpha[..., None]
        seen = front + (1 - truth.alpha[..., None]) * truth.plate
        paths = [str(tmp_path / f"s.{frame}.png") for frame in range(3)]
        for frame, path in enumerate(paths):
            io.save(path, camera(seen, np.random.RandomState(frame)))
        found = estimate_shot_plate(paths)
        cutout = remove_background(paths[1], screen=found.screen, plate=found.at(paths[1]))
        assert np.abs(cutout.alpha - truth.alpha).mean() < 0.001
        assert cutout.shadow is not None
        off = np.abs(cutout.shadow - shadow)[truth.alpha < 0.98]
        assert off.mean() < 0.003
        assert off[shadow[truth.alpha < 0.98] > 0.05].mean() < 0.04

    def test_light_that_flickers_does_not_make_alpha_flicker(self, tmp_path: Path) -> None:
        still = flicker(tmp_path, 0)  # by the camera's noise alone
        assert still < 0.02
        assert flicker(tmp_path, 0.1) < 1.2 * still

    def test_what_one_frame_hides_another_shows(self, tmp_path: Path) -> None:
        paths = shot(tmp_path, 9)
        Path(paths[3]).write_bytes(b"not readable, and passed over here")
        found = estimate_shot_plate(paths)
        assert found.screen == "green"
        assert found.confidence > 0.9
        assert found.warnings == ()
        plate = found.at(paths[4]).linear()
        expected = (1 - 0.315 * np.linspace(0, 1, 96))[None, :, None] * SCREEN
        assert np.abs(plate - expected).max() < 0.02

    def test_a_plate_that_changes_is_followed(self, tmp_path: Path) -> None:
        paths = shot(tmp_path, 9, drift=0.08)
        found = estimate_shot_plate(paths)
        [warning] = found.warnings
        assert "followed smoothly" in warning
        slopes = [np.diff(found.at(path).linear()[:, :, 1].mean(axis=0)).mean() for path in paths]
        assert (np.diff(slopes) > 0).all()  # step by step, without a jump
        assert np.diff(slopes).max() < 2 * np.median(np.diff(slopes))

    def test_no_screen(self, tmp_path: Path) -> None:
        paths = [str(tmp_path / "grey.png")]
        io.save(paths[0], np.full((32, 32, 3), 120, np.uint8))
        with pytest.raises(NoSubjectError, match="no screen in the 1 frames"):
            estimate_shot_plate(paths)

    def test_frames_of_one_size(self, tmp_path: Path) -> None:
        paths = shot(tmp_path, 2)
        io.save(paths[1], np.full((32, 32, 3), (40, 180, 60), np.uint8))
        with pytest.raises(InvalidOptionError, match="differ in size"):
            estimate_shot_plate(paths)
