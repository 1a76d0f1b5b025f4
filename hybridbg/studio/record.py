"""What a run was asked for, kept beside its results, so that a later one can take it up.

A hidden JSON file holds where the pictures were and every option that shapes a result; of a file it
holds the digest. Results count as those of that run if they are no older than it: what lay there
before is done again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hybridbg.core.errors import ImageWriteError, InvalidOptionError

if TYPE_CHECKING:
    from hybridbg.pipeline.mattes import Polygon
    from hybridbg.studio.work import Settings

__all__ = ["RunRecord"]

_SHAPELESS: Final = ("threads", "max_pixels")
"""Settings that no result depends on."""

_ENDING: Final = ".hybridbg.json"

_OPTIONS: Final = {"file_format": "format", "holes": "keep-holes", "quality": "preview"}
"""Options that bear another name than their setting."""


@dataclass(frozen=True)
class RunRecord:
    """One run's pictures and options, and the file that keeps them.

    Attributes
    ----------
    path : Path
    asked : dict of str to str
        Values by the options' names, and IN as an absolute path.
    """

    path: Path
    asked: dict[str, str]

    @classmethod
    def of(cls, source: str, results: Path, settings: Settings) -> RunRecord:
        """Describe a run over `source`, a folder or a sequence, into the folder `results`."""
        asked = {"IN": str(Path(source).resolve())}
        for field in fields(settings):
            if field.name not in _SHAPELESS:
                name = _OPTIONS.get(field.name, field.name.replace("_", "-"))
                write = _mattes if field.name in ("garbage", "core") else _written
                asked[f"--{name}"] = write(getattr(settings, field.name))
        return cls(results / f".{Path(source).resolve().name}{_ENDING}", asked)

    @staticmethod
    def is_one(name: str) -> bool:
        """Whether a file of that name keeps a run.

        Examples
        --------
        >>> RunRecord.is_one(".shoot.hybridbg.json"), RunRecord.is_one("shoot.hybridbg.json")
        (True, False)
        """
        return name.startswith(".") and name.endswith(_ENDING)

    def earlier(self) -> float:
        """Time from which results are those of an earlier run with these options.

        Returns
        -------
        float
            As files have it; infinite where no run is known.

        Raises
        ------
        InvalidOptionError
            The earlier run had other options, or was over another folder of that name.
        """
        try:
            was = json.loads(self.path.read_bytes())
            began = self.path.stat().st_mtime
        except (OSError, ValueError):
            return math.inf
        changes = [
            f"{name} was {was.get(name, 'unknown')}, is {value}"
            for name, value in self.asked.items()
            if was.get(name) != value
        ]
        if changes:
            raise InvalidOptionError(
                f"--resume: results in '{self.path.parent}' were made of other pictures or with "
                f"other options ({'; '.join(changes)}); give those again, or leave out --resume to "
                "make all anew"
            )
        return began

    def begin(self) -> Callable[[], None]:
        """Keep the options from now on.

        Returns
        -------
        callable
            Forgets them again and remembers what was kept before, for a run that made nothing.

        Raises
        ------
        ImageWriteError
        """
        from hybridbg.io import write_bytes

        before = None
        with suppress(OSError):
            before = self.path.read_bytes(), self.path.stat().st_mtime
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImageWriteError(f"cannot make the folder {str(folder)!r}: {error}") from error
        write_bytes(self.path, json.dumps(self.asked, indent=2, ensure_ascii=False).encode())

        def forget() -> None:
            if before is None:
                self.path.unlink()
                with suppress(OSError):  # others have put something there
                    folder.rmdir()
            else:
                write_bytes(self.path, before[0])
                os.utime(self.path, (before[1], before[1]))

        return forget


def _mattes(mattes: tuple[str | Polygon, ...]) -> str:
    """Write mattes down as they are given: a polygon's corners as X,Y.

    Examples
    --------
    >>> _mattes((((0.0, 330.0), (0.0, 512.0), (130.5, 330.0)), "network")), _mattes(())
    ('330,0 512,0 330,130.5 and network', 'not given')
    """
    return " and ".join(
        _written(matte)
        if isinstance(matte, str)
        else " ".join(f"{column:.12g},{row:.12g}" for row, column in matte)
        for matte in mattes
    ) or _written(())


def _written(value: Any) -> str:
    """Write a setting down; a file by its name and what is in it.

    Examples
    --------
    >>> _written(True), _written(None), _written(((24, 24), (2, 2))), _written("white")
    ('on', 'not given', '24,24 2,2', 'white')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value == ():
        return "not given"
    if isinstance(value, tuple):
        deep = any(isinstance(each, (tuple, str)) for each in value)
        return (" " if deep else ",").join(map(_written, value))
    if isinstance(value, str) and Path(value).is_file():
        with suppress(OSError), Path(value).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return f"{Path(value).name} ({digest[:12]})"
    return str(value)
