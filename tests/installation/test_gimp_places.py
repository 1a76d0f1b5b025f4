"""Where GIMP 3 is looked for, on folders laid out as each system does it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hybridbg.installation.gimp_places import GimpPlace, find_gimp


def folder(*parts: str | Path) -> Path:
    path = Path(*parts)
    path.mkdir(parents=True)
    return path


def find(platform: str, root: Path, **environ: str) -> list[GimpPlace]:
    home = {"HOME": str(root / "home"), "USERPROFILE": str(root / "home"), "PATH": ""}
    return find_gimp(platform=platform, environ={**home, **environ}, root=root)


def test_native(tmp_path: Path) -> None:
    program = folder(tmp_path, "bin") / "gimp-3.0"
    program.touch(mode=0o755)
    profile = folder(tmp_path, "home/.config/GIMP/3.0")
    folder(tmp_path, "home/.config/GIMP/2.10")
    found = find("linux", tmp_path, PATH=str(program.parent))
    assert found == [GimpPlace("native", program, (profile,))]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no executable bit")
def test_a_program_is_executable(tmp_path: Path) -> None:
    (folder(tmp_path, "bin") / "gimp-3.0").touch(mode=0o644)
    assert find("linux", tmp_path, PATH=str(tmp_path / "bin")) == []


def test_gimp_2_is_not_gimp_3(tmp_path: Path) -> None:
    (folder(tmp_path, "bin") / "gimp-2.10").touch(mode=0o755)
    folder(tmp_path, "home/.config/GIMP/2.10")
    assert find("linux", tmp_path, PATH=str(tmp_path / "bin")) == []


def test_configuration_folder_of_the_environment(tmp_path: Path) -> None:
    profile = folder(tmp_path, "settings/GIMP/3.2")
    found = find("linux", tmp_path, XDG_CONFIG_HOME=str(tmp_path / "settings"))
    assert found == [GimpPlace("native", None, (profile,))]


def test_flatpak_and_snap(tmp_path: Path) -> None:
    flatpak = folder(tmp_path, "var/lib/flatpak/app/org.gimp.GIMP")
    in_flatpak = folder(tmp_path, "home/.var/app/org.gimp.GIMP/config/GIMP/3.0")
    snap = folder(tmp_path, "snap/gimp/current")
    in_snap = folder(tmp_path, "home/snap/gimp/current/.config/GIMP/3.0")
    assert find("linux", tmp_path) == [
        GimpPlace("flatpak", flatpak, (in_flatpak,)),
        GimpPlace("snap", snap, (in_snap,)),
    ]


def test_flatpak_and_macos_of_one_user(tmp_path: Path) -> None:
    flatpak = folder(tmp_path, "home/.local/share/flatpak/app/org.gimp.GIMP")
    assert find("linux", tmp_path) == [GimpPlace("flatpak", flatpak, ())]
    program = folder(tmp_path, "home/Applications/GIMP.app")
    assert find("darwin", tmp_path) == [GimpPlace("macos", program, ())]


@pytest.mark.parametrize(
    ("platform", "config"),
    [
        ("linux", "home/.config"),
        ("darwin", "home/Library/Application Support"),
        ("win32", "Roaming"),
    ],
)
def test_the_profile_that_the_environment_names(tmp_path: Path, platform: str, config: str) -> None:
    folder(tmp_path, config, "GIMP/3.0")
    roaming = {"APPDATA": str(tmp_path / "Roaming")}
    for named, wanted in (
        (str(tmp_path / "elsewhere"), tmp_path / "elsewhere"),
        ("mine/three", tmp_path / config / "mine/three"),
    ):
        found = find(platform, tmp_path, GIMP3_DIRECTORY=named, **roaming)
        assert [place.profiles for place in found] == [(wanted,)]


def test_macos(tmp_path: Path) -> None:
    program = folder(tmp_path, "Applications/GIMP.app")
    profile = folder(tmp_path, "home/Library/Application Support/GIMP/3.0")
    assert find("darwin", tmp_path) == [GimpPlace("macos", program, (profile,))]


def test_windows_for_all_users(tmp_path: Path) -> None:
    program = folder(tmp_path, "Program Files/GIMP 3")
    found = find("win32", tmp_path, PROGRAMFILES=str(tmp_path / "Program Files"))
    assert found == [GimpPlace("windows", program, ())]


def test_windows(tmp_path: Path) -> None:
    program = folder(tmp_path, "Local/Programs/GIMP 3")
    profile = folder(tmp_path, "Roaming/GIMP/3.0")
    found = find(
        "win32",
        tmp_path,
        PROGRAMFILES=str(tmp_path / "Program Files"),
        LOCALAPPDATA=str(tmp_path / "Local"),
        APPDATA=str(tmp_path / "Roaming"),
    )
    assert found == [GimpPlace("windows", program, (profile,))]
