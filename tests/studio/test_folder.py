"""Which files of a folder are pictures, and where their results go."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridbg.core.errors import ImageReadError, InvalidOptionError
from hybridbg.io import READABLE
from hybridbg.studio.folder import find_pictures, mirrored


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path, without: Path) -> list[str]:
    pictures, left_out = find_pictures(folder, without=without)
    assert not left_out
    return [path.as_posix() for path in pictures]


def test_by_suffix_at_any_depth_in_order(tmp_path: Path) -> None:
    names = [f"a/{number}{suffix}" for number, suffix in enumerate(READABLE)]
    touch(tmp_path, *names, "z.PNG", "b/c/d.JPeG", "notes.txt", "png", "a/readme")
    assert found(tmp_path, tmp_path / "out") == sorted([*names, "z.PNG", "b/c/d.JPeG"])


def test_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", ".b.png", "._a.png", ".thumbnails/a.png")
    assert found(tmp_path, tmp_path / "out") == ["a.png"]


@pytest.mark.parametrize("out", ["out", "deep/out", "link"])
def test_results_do_not_feed_themselves(tmp_path: Path, out: str) -> None:
    touch(tmp_path, "a.png", "deep/b.png", "out/a.png", "deep/out/b.png")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    left_out = "deep/out" if out == "deep/out" else "out"
    assert left_out not in {str(Path(name).parent) for name in found(tmp_path, tmp_path / out)}
    assert "a.png" in found(tmp_path, tmp_path / out)


def test_results_of_earlier_runs_are_left_out(tmp_path: Path) -> None:
    touch(
        tmp_path, ".in.hybridbg.json", "a.png", "deep/b.png", "other/hybridbg.json", "other/c.png"
    )
    touch(tmp_path, "deep/out/.in.hybridbg.json", "deep/out/a.png", "deep/out/deep/b.png")
    pictures, left_out = find_pictures(tmp_path, without=tmp_path / "out")
    assert [path.as_posix() for path in pictures] == ["a.png", "deep/b.png", "other/c.png"]
    assert left_out == [tmp_path / "deep/out"]
    assert found(tmp_path / "deep/out", tmp_path / "out") == ["a.png", "deep/b.png"]  # asked for
    touch(tmp_path, "done/out/.in.hybridbg.json", "done/out/a.png")
    with pytest.raises(ImageReadError, match=r"no picture in '.*' besides results in '.*out'"):
        find_pictures(tmp_path / "done", without=tmp_path / "out")


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.png")
    (tmp_path / "in" / "round").symlink_to(tmp_path / "in")
    assert found(tmp_path / "in", tmp_path / "out") == ["a.png"]


def test_refused(tmp_path: Path) -> None:
    touch(tmp_path, "empty/notes.txt", "file")
    with pytest.raises(ImageReadError, match="no picture in"):
        find_pictures(tmp_path / "empty", without=tmp_path / "out")
    with pytest.raises(ImageReadError, match="does not exist"):
        find_pictures(tmp_path / "missing", without=tmp_path / "out")
    with pytest.raises(ImageReadError, match="is a file"):
        find_pictures(tmp_path / "file", without=tmp_path / "out")
    with pytest.raises(InvalidOptionError, match="choose another OUT"):
        find_pictures(tmp_path / "empty", without=tmp_path / "empty" / ".." / "empty")


def test_mirrored_under_the_same_stem() -> None:
    [job] = mirrored([Path("a", "b.c.jpg")], Path("in"), Path("out"), ".tif")
    assert (Path(job.source), Path(job.output)) == (Path("in/a/b.c.jpg"), Path("out/a/b.c.tif"))
