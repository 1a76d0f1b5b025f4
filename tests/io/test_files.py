from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hybridbg.core.errors import ImageWriteError
from hybridbg.io import files
from hybridbg.io.files import check_folder, write_bytes

POSIX = pytest.mark.skipif(os.name != "posix", reason="permission bits and links of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_new_and_existing(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"one")
    write_bytes(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a.bin"]


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_bytes("a.bin", b"one")
    assert (tmp_path / "a.bin").read_bytes() == b"one"


def test_longest_names(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".png")
    write_bytes(path, b"one")
    assert names(tmp_path) == [path.name]


@POSIX
def test_permission_bits(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"one")
    umask = os.umask(0o022)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o640)
    write_bytes(path, b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@POSIX
def test_links_are_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "real" / "a.bin", tmp_path / "link.bin"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["a.bin"]


@POSIX
def test_devices_and_pipes(tmp_path: Path) -> None:
    write_bytes(os.devnull, b"one")
    assert not Path(os.devnull).is_file()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(pipe.read_bytes)
        write_bytes(pipe, b"through the pipe")
        assert reading.result() == b"through the pipe"
    assert names(tmp_path) == ["pipe"]


@pytest.mark.parametrize("step", ["write", "rename"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_failure_leaves_everything_as_it_was(
    step: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    path.chmod(0o640)

    def fail(*_args: object, **_options: object) -> None:
        raise error

    if step == "rename":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        real = os.fdopen

        def half(descriptor: int, mode: str):
            file = real(descriptor, mode)
            file.write(b"ha")
            file.close()
            raise error

        monkeypatch.setattr(files, "open", half, raising=False)
    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else ImageWriteError
    with pytest.raises(expected) as caught:
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["a.bin"]
    if expected is ImageWriteError:
        assert "a.bin" in str(caught.value)
        assert "No space left" in str(caught.value)


def impossible(tmp_path: Path) -> list[Path]:
    """Places nobody can write to, not even root."""
    file = tmp_path / "file"
    file.write_bytes(b"old")
    return [tmp_path, tmp_path / "missing" / "a.png", file / "a.png", Path("a\0b.png")]


@pytest.mark.parametrize("which", range(4))
def test_places_that_cannot_be_written(which: int, tmp_path: Path) -> None:
    path = impossible(tmp_path)[which]
    with pytest.raises(ImageWriteError):
        write_bytes(path, b"new")
    with pytest.raises(ImageWriteError):
        check_folder(path)
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_messages_tell_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImageWriteError, match="is a folder; give the name of a file in it"):
        write_bytes(tmp_path, b"")
    with pytest.raises(ImageWriteError, match=r"there is no folder .*missing'; create it"):
        check_folder(tmp_path / "missing" / "a.png")


@POSIX
def test_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(ImageWriteError, match="is not writable"):
        check_folder(tmp_path / "a.png")


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    contents = [bytes([value]) * 100_000 for value in range(16)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda content: write_bytes(path, content), contents))
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["a.bin"]
