"""Put bytes where they belong, whole or not at all.

A file is written beside its target under a temporary name and then renamed over it (`os.replace`),
so that nobody ever sees half a picture and a failure leaves the old file as it was. The rename is
atomic against crashes of the program; power cuts are left to the file system (no fsync, which would
slow a batch down more than the loss of the last picture is worth).
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from hybridbg.core.errors import ImageWriteError

__all__ = ["check_folder", "remove_leftovers", "write_bytes"]

O_BINARY = getattr(os, "O_BINARY", 0)  # without it Windows would translate line ends
NEW_FILE_MODE = 0o666  # less the user's umask, as the system applies it


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file atomically; "-" is standard output.

    Parameters
    ----------
    path : path or "-"
        An existing file is replaced and keeps its permission bits; a symbolic link is followed;
        pipes and devices are written to directly.
    data : bytes
        The whole content.

    Raises
    ------
    ImageWriteError
        If the folder is missing or not writable, the target is a folder, or the disk is full. The
        temporary file is removed and an existing target is untouched.
    """
    if os.fspath(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        target = Path(os.path.realpath(path))
        mode = target.stat().st_mode if target.exists() else None
        if mode is None or stat.S_ISREG(mode):
            _replace(target, data, mode)
        elif stat.S_ISDIR(mode):
            raise ImageWriteError(f"{os.fspath(path)!r} is a folder; give the name of a file in it")
        else:
            target.write_bytes(data)
    except ImageWriteError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise ImageWriteError(f"{os.fspath(path)!r} cannot be written: {reason}") from error


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise `ImageWriteError` if it is plain already that `path` cannot be written.

    To be asked before the work is done. The answer can change until the file is written.
    """
    target = Path(path)
    if "\0" in str(target):
        raise ImageWriteError(f"{os.fspath(path)!r} cannot be written: it contains a NUL character")
    if target.is_dir():
        raise ImageWriteError(f"'{target}' is a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise ImageWriteError(f"'{target}': there is no folder '{target.parent}'; create it")
    if not os.access(target.parent, os.W_OK):
        raise ImageWriteError(f"'{target}': the folder '{target.parent}' is not writable")


def remove_leftovers(folder: str | os.PathLike[str], process: int) -> None:
    """Remove what a process that was killed in the middle of writing left in a folder."""
    for leftover in Path(folder).glob(f"{_prefix(process)}*.tmp"):
        with suppress(OSError):  # it is hidden, and nothing takes it for a picture
            leftover.unlink()


def _prefix(process: int) -> str:
    return f".hybridbg-{process}-"


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    # A name of its own: the target's plus a suffix could exceed the system's limit.
    temporary = target.parent / f"{_prefix(os.getpid())}{os.urandom(8).hex()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_BINARY, NEW_FILE_MODE)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(data)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
