"""``hybridbg gimp install``, ``check`` and ``uninstall``: the plug-in for GIMP 3."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from hybridbg.cli.exits import DONE, SOME_FAILED, reporting
from hybridbg.cli.gimp_plugin import Installer, ask_worker, worker_command
from hybridbg.cli.report import Reporter
from hybridbg.core.errors import ExternalCommandError, InvalidOptionError
from hybridbg.installation.gimp_places import GimpPlace, find_gimp

__all__ = ["gimp"]

_MENU = "Filters > Hybrid Background"

_NOT_SHOWN = f"""If GIMP does not show {_MENU}:
  - close GIMP wholly and start it again: it looks for plug-ins only when it starts;
  - look in Edit > Preferences > Folders > Plug-ins whether the folder above is listed;
  - start GIMP from a terminal and look for lines with gimp-hybridbg;
  - run: hybridbg gimp check"""

_ADVICE = {
    "flatpak": (
        "This GIMP is a Flatpak and may start programs on your system only if you allow it:\n"
        "  flatpak override --user --talk-name=org.freedesktop.Flatpak org.gimp.GIMP"
    ),
    "snap": (
        "This GIMP is a Snap, which may not start programs of your home folder. If Setup Check in\n"
        f"{_MENU} fails, install GIMP from your distribution, gimp.org or Flathub."
    ),
}

_profile_option = click.option(
    "--profile",
    "chosen",
    type=click.Path(path_type=Path, file_okay=False),
    multiple=True,
    metavar="DIR",
    help="GIMP's folder for one version, such as ~/.config/GIMP/3.0; repeatable.",
)


@click.group()
def gimp() -> None:
    """Install, check and remove the plug-in for GIMP 3."""


@gimp.command()
@_profile_option
@reporting
def install(reporter: Reporter, chosen: tuple[Path, ...]) -> int:
    """Copy the plug-in into every GIMP 3 that is found, and record this Python for it."""
    targets = _found(chosen)
    if not targets:
        raise InvalidOptionError(_nowhere())
    command = worker_command()
    hello, seconds = ask_worker(command)
    done = []
    for kind, profile in targets:
        folder = Installer(profile).install()
        done.append({"kind": kind, "folder": str(folder)})
        reporter.result(f"installed in {folder}")
    reporter.result(f"it starts: {' '.join(command)}")
    reporter.result(f"which answered in {seconds:.2f} s (hybridbg {hello['version']})")
    for kind in sorted({kind for kind, _ in targets}):
        if kind in _ADVICE:
            reporter.result(_ADVICE[kind])
    reporter.result(f"In GIMP: {_MENU}.")
    reporter.result(_NOT_SHOWN)
    reporter.json({"installed": done, "command": command})
    return DONE


@gimp.command()
@_profile_option
@reporting
def check(reporter: Reporter, chosen: tuple[Path, ...]) -> int:
    """Say where the plug-in is installed, and whether what it starts answers.

    The exit code is 0 if it can be used in every GIMP 3 that is found, and 1 if not, as where there
    is no GIMP.
    """
    targets, found = _found(chosen), list[dict[str, Any]]()
    if not targets:
        reporter.result(_nowhere())
    healthy = bool(targets)
    for kind, profile in targets:
        there = Installer(profile).look()
        text = {
            "absent": "not installed; run: hybridbg gimp install",
            "current": "installed",
            "other": "damaged, or of another version or Python; run: hybridbg gimp install",
            "foreign": "something else lies there, not put there by hybridbg",
        }[there.state]
        reporter.result(f"{kind}: {there.folder}: {text}")
        healthy &= there.state == "current"
        entry: dict[str, Any] = {"kind": kind, "folder": str(there.folder), "state": there.state}
        if there.record:
            try:
                hello, seconds = ask_worker(there.record["command"])
            except ExternalCommandError as error:
                reporter.result(f"  {error}")
                healthy = False
                entry["error"] = str(error)
            else:
                reporter.result(f"  the worker answered in {seconds:.2f} s")
                entry |= {"worker": hello, "seconds": round(seconds, 3)}
        found.append(entry)
    reporter.json({"usable": healthy, "places": found})
    return DONE if healthy else SOME_FAILED


@gimp.command()
@_profile_option
@reporting
def uninstall(reporter: Reporter, chosen: tuple[Path, ...]) -> int:
    """Remove the plug-in from every GIMP 3 that is found."""
    removed = []
    for _, profile in _found(chosen):
        installer = Installer(profile)
        if installer.uninstall():
            removed.append(str(installer.folder))
            reporter.result(f"removed {installer.folder}")
    if not removed:
        reporter.result("the plug-in was not installed")
    reporter.json({"removed": removed})
    return DONE


def _found(chosen: tuple[Path, ...]) -> list[tuple[str, Path]]:
    """Return (kind, profile) of every GIMP that is meant."""
    if chosen:
        return [("chosen", profile.expanduser().absolute()) for profile in chosen]
    return [
        (place.kind, profile)
        for place in find_gimp()
        for profile in place.profiles or _first_profile(place)
    ]


def _nowhere() -> str:
    """Say that there is no profile, and what to do."""
    never_started = [f"{place.kind}: {place.program}" for place in find_gimp()]
    if never_started:
        return (
            f"this GIMP 3 was never started ({', '.join(never_started)}): it has no folder of "
            "yours yet; start it once and run this again"
        )
    return (
        "no GIMP 3 was found; start GIMP once, or name its folder, which GIMP shows under "
        "Edit > Preferences > Folders, without the last part: "
        "hybridbg gimp install --profile ~/.config/GIMP/3.0"
    )


def _first_profile(place: GimpPlace) -> tuple[Path, ...]:
    """Return the profile that a GIMP will use that was never started; native ones tell by name."""
    found = re.search(r"\d+\.\d+$", place.program.name) if place.program else None
    return (place.config / found.group(),) if found and place.config else ()
