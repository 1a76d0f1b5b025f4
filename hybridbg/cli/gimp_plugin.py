"""The GIMP plug-in's files: copied into a profile, looked at, removed.

A plug-in is a folder of the executable's name. It gets `worker.json`, which says how to start the
worker and which hybridbg it belongs to, and its compiled translations.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hybridbg
from hybridbg.cli.catalogue import compile_catalogue, parse_catalogue
from hybridbg.core.errors import ExternalCommandError, InvalidOptionError

__all__ = ["NAME", "Installed", "Installer", "ask_worker", "plugin_source", "worker_command"]

NAME = "gimp-hybridbg"
_RECORD = "worker.json"
_OWN_FILE = "hybridbg_gimp/plugin.py"
_GREETING_SECONDS = 60


def plugin_source() -> Path:
    """Return the folder that holds the plug-in and its translations, installed or in a clone."""
    package = Path(hybridbg.__file__).parent
    for folder in (package / "gimp_plugin", package.parent / "gimp_plugin"):
        if (folder / NAME).is_dir():
            return folder
    raise ExternalCommandError(
        f"this installation of hybridbg lacks the plug-in's files (looked in {package}); "
        "install hybridbg again"
    )


def worker_command() -> list[str]:
    """Return the command that starts the worker of this very installation, from any folder."""
    return [sys.executable, "-P", "-m", "hybridbg.worker"]


def ask_worker(command: list[str]) -> tuple[dict[str, Any], float]:
    """Start a worker as the plug-in does, and return what it says of itself and after how long.

    Raises
    ------
    ExternalCommandError
        It does not start, or says something else.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("PYTHON", "LD_", "DYLD_", "GI_"))
    }
    began = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(  # noqa: S603 - our own command
                command,
                env=kept,
                cwd=folder,  # as GIMP has any
                input=b"",  # it greets, and ends with its input
                capture_output=True,
                timeout=_GREETING_SECONDS,
                check=False,
            )
        (length,) = struct.unpack_from("<I", done.stdout)
        hello: dict[str, Any] = json.loads(done.stdout[4 : 4 + length])
    except (OSError, ValueError, struct.error, subprocess.TimeoutExpired) as error:
        said = done.stderr.decode(errors="replace") if "done" in locals() else ""
        raise ExternalCommandError(
            f"the worker does not start ({' '.join(command)}): {said.strip() or error}"
        ) from error
    return hello, time.perf_counter() - began


@dataclass(frozen=True)
class Installed:
    """What is found in a profile.

    Attributes
    ----------
    folder : Path
        Where the plug-in is or would be.
    state : {"absent", "current", "other", "foreign"}
        "other" is damaged, of another version or of another Python; "foreign" was not installed by
        hybridbg.
    record : dict
        What `worker.json` holds; empty where that cannot be used.
    """

    folder: Path
    state: str
    record: dict[str, Any]


class Installer:
    """The plug-in in one GIMP profile, such as ``~/.config/GIMP/3.0``."""

    def __init__(self, profile: Path) -> None:
        self.folder = profile / "plug-ins" / NAME

    def look(self) -> Installed:
        """Say what is there."""
        if not self.folder.exists():
            return Installed(self.folder, "absent", {})
        try:
            record = json.loads((self.folder / _RECORD).read_text(encoding="utf-8"))
            command, of = record["command"], record["version"]
            if not (isinstance(command, list) and all(isinstance(word, str) for word in command)):
                raise TypeError(command)
        except (OSError, ValueError, KeyError, TypeError):
            ours = (self.folder / _OWN_FILE).is_file()
            return Installed(self.folder, "other" if ours else "foreign", {})
        same = of == version("hybridbg") and command == worker_command() and self._same_files()
        return Installed(self.folder, "current" if same else "other", record)

    def install(self) -> Path:
        """Copy the plug-in, whole or not at all, over an older one of ours.

        Raises
        ------
        InvalidOptionError
            Something else lies there.
        OSError
            The profile cannot be written.
        """
        if self.look().state == "foreign":
            raise InvalidOptionError(
                f"{self.folder} was not put there by hybridbg; move it away and install again"
            )
        source = plugin_source()
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside the plug-ins folder, where GIMP does not look for plug-ins.
        with tempfile.TemporaryDirectory(
            dir=self.folder.parents[1], prefix=".hybridbg-"
        ) as scratch:
            made = Path(scratch, NAME)
            shutil.copytree(source / NAME, made, ignore=shutil.ignore_patterns("__pycache__"))
            (made / f"{NAME}.py").chmod(0o755)
            for text in sorted((source / "po").glob("*.po")):
                compiled = made / "locale" / text.stem / "LC_MESSAGES" / f"{NAME}.mo"
                compiled.parent.mkdir(parents=True)
                messages = parse_catalogue(text.read_text(encoding="utf-8"))
                compiled.write_bytes(compile_catalogue(messages))
            (made / "locale").mkdir(exist_ok=True)
            record = {"command": worker_command(), "version": version("hybridbg")}
            (made / _RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
            older = Path(scratch, "older")
            if self.folder.exists():
                self.folder.rename(older)
            try:
                made.rename(self.folder)
            except OSError:
                if older.exists():
                    older.rename(self.folder)
                raise
        return self.folder

    def uninstall(self) -> bool:
        """Remove the plug-in; return whether there was one.

        Raises
        ------
        InvalidOptionError
            It is not ours.
        """
        state = self.look().state
        if state == "foreign":
            raise InvalidOptionError(
                f"{self.folder} was not put there by hybridbg; remove it yourself"
            )
        if state != "absent":
            shutil.rmtree(self.folder)
        return state != "absent"

    def _same_files(self) -> bool:
        source = plugin_source() / NAME
        return all(
            (self.folder / path.relative_to(source)).is_file()
            and (self.folder / path.relative_to(source)).read_bytes() == path.read_bytes()
            for path in source.rglob("*.py")
        )
