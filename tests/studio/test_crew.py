"""How many workers and threads a machine bears."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as PILImage

from hybridbg.studio import crew
from hybridbg.studio.crew import Crew, largest_picture, share_out

PLENTY = 2**40


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    def pretend(cores: int, memory: int | None) -> None:
        monkeypatch.setattr(crew, "allowed_cores", lambda: cores)
        monkeypatch.setattr(crew, "available_memory", lambda: memory)

    return pretend


@pytest.mark.parametrize(
    ("cores", "memory", "pictures", "expected"),
    [
        (8, PLENTY, 100, Crew(8, 1)),
        (8, None, 100, Crew(8, 1)),
        (8, PLENTY, 3, Crew(3, 2)),
        (8, PLENTY, 1, Crew(1, 8)),
        (8, 2**30, 100, Crew(2, 4)),  # memory for two
        (8, 0, 100, Crew(1, 8)),
        (1, PLENTY, 100, Crew(1, 1)),
    ],
)
def test_as_much_as_the_machine_bears(
    machine, cores: int, memory: int | None, pictures: int, expected: Crew
) -> None:
    machine(cores, memory)
    assert share_out(["missing.png"] * pictures) == expected


def test_the_users_word_counts(machine) -> None:
    machine(8, 0)
    assert share_out(["a"] * 9, workers=4) == Crew(4, 2)
    assert share_out(["a"] * 9, workers=4, threads=3) == Crew(4, 3)
    assert share_out(["a"] * 2, workers=4) == Crew(2, 4)
    machine(8, PLENTY)
    assert share_out(["a"] * 9, threads=2) == Crew(4, 2)


def test_large_pictures_need_memory(tmp_path: Path, machine) -> None:
    path = tmp_path / "large.png"
    PILImage.new("L", (5000, 4000)).save(path)
    machine(8, 12 * 2**30)
    assert share_out([str(path)] * 9).workers < 4
    assert share_out(["missing.png"] * 9).workers == 8


def test_largest_picture(tmp_path: Path) -> None:
    PILImage.new("L", (30, 20)).save(tmp_path / "a.png")
    PILImage.new("L", (10, 20)).save(tmp_path / "b.bmp")
    (tmp_path / "c.png").write_bytes(b"no picture")
    names = [str(tmp_path / name) for name in ("a.png", "b.bmp", "c.png", "missing.png")]
    assert largest_picture(names) == 600
    assert largest_picture([]) == 0
