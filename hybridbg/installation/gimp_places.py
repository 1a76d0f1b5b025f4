"""Where GIMP 3 is installed and where its users' plug-ins live, on every system it ships for.

Only folders and executables are looked at; GIMP is not started.  Linux knows three kinds of
installation, each with its own configuration folder: native (``~/.config``, or
``$XDG_CONFIG_HOME``), Flatpak (``~/.var/app/org.gimp.GIMP/config``) and Snap
(``~/snap/gimp/current/.config``).  ``GIMP3_DIRECTORY`` names another profile, as gimp(1) says: an
absolute path, or a folder below the configuration folder.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["GimpPlace", "find_gimp"]

GIMP_MAJOR = 3
_EXECUTABLE = re.compile(rf"gimp(-console)?-{GIMP_MAJOR}(\.\d+)?")
_PROFILE = re.compile(rf"{GIMP_MAJOR}\.\d+")


@dataclass(frozen=True)
class GimpPlace:
    """One installation of GIMP 3, or the trace of one.

    Attributes
    ----------
    kind : str
        "native", "flatpak", "snap", "macos" or "windows".
    program : Path or None
        The executable or application folder; None when only a profile was found.
    profiles : tuple of Path
        Configuration folders, such as ``~/.config/GIMP/3.0``; plug-ins go to ``plug-ins`` inside.
    config : Path or None
        The folder that holds the profiles, if it is known.
    """

    kind: str
    program: Path | None
    profiles: tuple[Path, ...]
    config: Path | None = field(default=None, compare=False)


def find_gimp(
    *, platform: str | None = None, environ: Mapping[str, str] | None = None, root: Path = Path("/")
) -> list[GimpPlace]:
    """Look for GIMP 3.

    Parameters
    ----------
    platform : str, optional
        As `sys.platform`; the running system's by default.
    environ : mapping, optional
        Environment variables; the process's own by default.
    root : Path, optional
        Where absolute folders start; for tests.

    Returns
    -------
    list of GimpPlace
        In order of likelihood; empty when there is none.

    Examples
    --------
    >>> find_gimp(platform="linux", environ={"HOME": "/nowhere", "PATH": ""}, root=Path("/nowhere"))
    []
    """
    system = sys.platform if platform is None else platform
    variables = os.environ if environ is None else environ
    home = Path(variables.get("USERPROFILE" if system == "win32" else "HOME") or Path.home())
    if system == "win32":
        places = [_windows(variables)]
    elif system == "darwin":
        places = [_macos(variables, home, root)]
    else:
        places = [_native(variables, home), *_packaged(home, root)]
    return [place for place in places if place.program or place.profiles]


def _native(variables: Mapping[str, str], home: Path) -> GimpPlace:
    found = (
        path
        for folder in variables.get("PATH", "").split(os.pathsep)
        if folder
        for path in _entries(Path(folder), _EXECUTABLE)
        if os.access(path, os.X_OK)
    )
    config = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
    profiles = _own_profiles(config, variables)
    return GimpPlace("native", next(found, None), profiles, config / "GIMP")


def _packaged(home: Path, root: Path) -> Iterator[GimpPlace]:
    application = "flatpak/app/org.gimp.GIMP"
    flatpaks = (root / "var/lib" / application, home / ".local/share" / application)
    config = home / ".var/app/org.gimp.GIMP/config/GIMP"
    yield GimpPlace("flatpak", _first_folder(*flatpaks), _profiles(config))
    config = home / "snap/gimp/current/.config/GIMP"
    yield GimpPlace("snap", _first_folder(root / "snap/gimp/current"), _profiles(config))


def _macos(variables: Mapping[str, str], home: Path, root: Path) -> GimpPlace:
    applications = (folder / "Applications/GIMP.app" for folder in (root, home))
    profiles = _own_profiles(home / "Library/Application Support", variables)
    return GimpPlace("macos", _first_folder(*applications), profiles)


def _windows(variables: Mapping[str, str]) -> GimpPlace:
    parents = [
        Path(variables[name], *below)
        for name, below in (("PROGRAMFILES", ()), ("LOCALAPPDATA", ("Programs",)))
        if variables.get(name)
    ]
    program = _first_folder(*(parent / f"GIMP {GIMP_MAJOR}" for parent in parents))
    roaming = variables.get("APPDATA")
    profiles = _own_profiles(Path(roaming), variables) if roaming else ()
    return GimpPlace("windows", program, profiles)


def _first_folder(*folders: Path) -> Path | None:
    return next((folder for folder in folders if folder.is_dir()), None)


def _own_profiles(config: Path, variables: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the profiles of a GIMP that sees this environment."""
    chosen = variables.get("GIMP3_DIRECTORY")
    return (config / chosen,) if chosen else _profiles(config / "GIMP")


def _profiles(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in _entries(folder, _PROFILE) if path.is_dir())


def _entries(folder: Path, name: re.Pattern[str]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if name.fullmatch(path.name))
    except OSError:  # absent, or not ours to read
        return []
