"""How the worker is started: the recorded command, in an environment that GIMP did not arrange.

GIMP's packages set variables so that their own Python and libraries are found; a Python of somebody
else's would load those instead of its own and fail in ways that nobody understands. From inside a
Flatpak the worker has to be started on the host.

The worker is started before this process imports GIMP's libraries: both take about as long. So this
module imports nothing of them.
"""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from hybridbg_gimp.texts import _
from hybridbg_gimp.worker import Worker, WorkerError

__all__ = [
    "NotInstalled",
    "clean_environment",
    "command_of",
    "end_early",
    "start_early",
    "start_worker",
]

RECORD = Path(__file__).resolve().parents[1] / "worker.json"

_FOREIGN = ("PYTHON", "LD_", "DYLD_", "GI_", "GIO_", "GTK_", "GDK_", "GEGL_", "BABL_", "GIMP")
"""Beginnings of the names of variables that belong to GIMP's process alone."""

_LARGE_PAGES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
"""Lets Linux hand out memory in large pages: a layer's planes are tens of megabytes each."""

_HOST = ("flatpak-spawn", "--host", "--watch-bus", "--directory=/")
"""GIMP's working folder may not be there outside of its Flatpak."""


_early = []
"""The worker that was started and that nobody has taken yet."""


def start_early():
    """Start the worker, if it can be: `start_worker` says what stands in the way."""
    if sys.platform == "win32":  # only GIMP's libraries say what must leave PATH
        return
    with suppress(NotInstalled, WorkerError):
        _early.append(Worker(command_of(), clean_environment()))


def start_worker(gimp_folder):
    """Return the worker that was started early, or start one.

    Parameters
    ----------
    gimp_folder : str
        Where GIMP is installed.

    Raises
    ------
    NotInstalled, WorkerError
    """
    if _early:
        return _early.pop()
    return Worker(command_of(), clean_environment(gimp_folder=gimp_folder))


def end_early():
    """End the worker that was started early, if nobody took it."""
    while _early:
        _early.pop().end()


class NotInstalled(Exception):  # noqa: N818 - said to a person
    """There is no usable record of how to start the worker."""


def command_of(record=RECORD, *, flatpak=None):
    """Return the command that starts the worker.

    Parameters
    ----------
    record : Path
        The JSON file that ``hybridbg gimp install`` wrote: ``{"command": [program, ...]}``.
    flatpak : bool, optional
        Whether GIMP runs inside a Flatpak; looked up by default.
    """
    try:
        command = json.loads(record.read_text(encoding="utf-8"))["command"]
        words = isinstance(command, list) and all(isinstance(word, str) for word in command)
        if not (words and command):
            raise ValueError(command)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotInstalled(
            _("The plug-in does not know where hybridbg is installed ({error}).").format(
                error=error
            )
        ) from error
    inside = Path("/.flatpak-info").exists() if flatpak is None else flatpak
    if inside:
        return [*_HOST, *command]
    if not Path(command[0]).exists():
        raise NotInstalled(
            _("The Python that hybridbg was installed in is gone: {path}").format(path=command[0])
        )
    return command


def clean_environment(environ=None, *, gimp_folder=None):
    """Return the environment for the worker.

    Parameters
    ----------
    environ : mapping, optional
        Default: this process's.
    gimp_folder : str, optional
        Where GIMP is installed; its own programs and libraries leave ``PATH`` on Windows.
    """
    source = os.environ if environ is None else environ
    kept = {name: value for name, value in source.items() if not name.upper().startswith(_FOREIGN)}
    if sys.platform == "linux":
        kept.setdefault(*_LARGE_PAGES)
    if sys.platform == "win32" and gimp_folder and "PATH" in kept:
        own = os.path.normcase(gimp_folder)
        parts = kept["PATH"].split(os.pathsep)
        kept["PATH"] = os.pathsep.join(
            part for part in parts if not os.path.normcase(part).startswith(own)
        )
    return kept
