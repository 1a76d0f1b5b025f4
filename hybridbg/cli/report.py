"""What a command says and where: results on standard output, everything else on standard error.

With ``--json`` standard output carries one JSON object and nothing else.  Progress is a line
redrawn in place when standard error is a terminal, and one plain line per picture elsewhere.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

import click

from hybridbg.core.error_text import describe

__all__ = ["Progress", "Reporter", "Tally", "error_record", "jsonable"]

BAR_CELLS = 20
ERASE_LINE = "\r\x1b[K"


def jsonable(value: Any) -> Any:
    """Turn diagnostics into what JSON can carry: NumPy numbers to numbers, NaN to null.

    Examples
    --------
    >>> import numpy as np
    >>> jsonable({"residual": np.float32(0.5), "size": (2, 3), "worst": float("nan")})
    {'residual': 0.5, 'size': [2, 3], 'worst': None}
    """
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return jsonable(value.tolist())
    return str(value)


class Progress:
    """Where a run of several pictures stands.

    Parameters
    ----------
    reporter : Reporter
        Whose standard error is written to.
    total : int
        Number of pictures.
    """

    def __init__(self, reporter: Reporter, total: int) -> None:
        self._reporter = reporter
        self._total = total
        self._index = 0
        self._name = ""
        self._stage = ""

    def start(self, name: str) -> None:
        """Begin the next picture."""
        self._index += 1
        self._name = name
        self._stage = ""
        if self._reporter.on_terminal:
            self._draw("", 0.0)
        else:
            self._reporter.message(f"[{self._index}/{self._total}] {name}")

    def stage(self, stage: str, fraction: float) -> None:
        """Report that `stage` runs and `fraction` of this picture's work is done."""
        if self._reporter.on_terminal:
            self._draw(stage, fraction)
        elif stage != self._stage:
            self._reporter.detail(f"{self._name}: {stage}")
        self._stage = stage

    def _draw(self, stage: str, fraction: float) -> None:
        done = (self._index - 1 + min(max(fraction, 0.0), 1.0)) / self._total
        text = f"{_bar(done)} {self._index}/{self._total} {self._name}"
        self._reporter.status(f"{text}: {stage}" if stage else text)


class Tally:
    """How many of several pictures that are worked off side by side are done, and what is left.

    Parameters
    ----------
    reporter : Reporter
        Whose standard error is written to.
    total : int
        Number of pictures.
    """

    def __init__(self, reporter: Reporter, total: int) -> None:
        self._reporter = reporter
        self._total = total
        self._done = 0
        self._began = time.monotonic()
        if reporter.on_terminal:
            reporter.status(f"{_bar(0)} 0/{total}")

    def count(self, name: str, *, failed: int) -> None:
        """Note that a picture is done, well or not; pictures to come take as long on average."""
        self._done += 1
        left = self._total - self._done
        notes = [f"{failed} failed"] if failed else []
        if left:
            elapsed = time.monotonic() - self._began
            notes.append(f"{_duration(elapsed / self._done * left)} left")
        note = f" ({', '.join(notes)})" if notes else ""
        if self._reporter.on_terminal:
            bar = _bar(self._done / self._total)
            self._reporter.status(f"{bar} {self._done}/{self._total}{note} {name}")
        else:
            self._reporter.message(f"[{self._done}/{self._total}] {name}{note}")


def _bar(done: float) -> str:
    filled = round(done * BAR_CELLS)
    return f"[{'#' * filled}{'-' * (BAR_CELLS - filled)}]"


def _duration(seconds: float) -> str:
    """Write a duration as exactly as an estimate deserves.

    Examples
    --------
    >>> _duration(41.3), _duration(1000), _duration(10000)
    ('41 s', '17 min', '2 h 47 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class Reporter:
    """A command's two mouths.

    Parameters
    ----------
    as_json : bool
        Standard output is reserved for one JSON object.
    quiet, verbose : bool
        Nothing but errors; or details and tracebacks.
    """

    def __init__(
        self, *, as_json: bool = False, quiet: bool = False, verbose: bool = False
    ) -> None:
        if quiet and verbose:
            raise click.UsageError("-q and -v contradict each other")
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose
        self.on_terminal = not quiet and sys.stderr.isatty()
        self._status_shown = False

    def result(self, text: str) -> None:
        """Print a result line, unless the results are asked for as JSON."""
        if not self.as_json:
            self._clear_status()
            click.echo(text)

    def json(self, value: Mapping[str, Any]) -> None:
        """Print the one JSON object, when asked for."""
        if self.as_json:
            self._clear_status()
            click.echo(json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False))

    def message(self, text: str) -> None:
        """Print a line about the run on standard error."""
        if not self.quiet:
            self._clear_status()
            click.echo(text, err=True)

    def detail(self, text: str) -> None:
        """Print a line that only ``-v`` shows."""
        if self.verbose:
            self.message(text)

    def warning(self, text: str) -> None:
        """Print something the user should look at."""
        self.message(f"warning: {text}")

    def warnings(self, diagnostics: Mapping[str, Any], *, about: str) -> None:
        """Print the warnings that a result's diagnostics carry."""
        for warning in diagnostics.get("warnings", ()):
            self.warning(f"{about}: {warning}")

    def error(self, error: BaseException, *, about: str | None = None) -> None:
        """Print one line for an error, and its traceback under ``-v``."""
        self._clear_status()
        if self.verbose:
            click.echo("".join(traceback.format_exception(error)).rstrip(), err=True)
        text = describe(error)
        if about is not None and not text.startswith((about, repr(about))):
            text = f"{about}: {text}"
        click.echo(f"error: {text}", err=True)

    def failure(self, error: BaseException) -> None:
        """Report an error that ended the command, on both mouths."""
        self.error(error)
        self.json({"results": [], "errors": [error_record(error)]})

    def status(self, text: str) -> None:
        """Redraw the line in place; only meaningful on a terminal."""
        width = shutil.get_terminal_size().columns - 1
        click.echo(ERASE_LINE + text[:width], err=True, nl=False)
        self._status_shown = True

    @contextmanager
    def progress(self, total: int) -> Iterator[Progress]:
        """Track `total` pictures; whatever happens, the line is cleared behind."""
        try:
            yield Progress(self, total)
        finally:
            self._clear_status()

    @contextmanager
    def tally(self, total: int) -> Iterator[Tally]:
        """Count `total` pictures; whatever happens, the line is cleared behind."""
        try:
            yield Tally(self, total)
        finally:
            self._clear_status()

    def _clear_status(self) -> None:
        if self._status_shown:
            click.echo(ERASE_LINE, err=True, nl=False)
            self._status_shown = False


def error_record(error: BaseException, *, source: str | PurePath | None = None) -> dict[str, Any]:
    """Describe an error for JSON."""
    record: dict[str, Any] = {"type": type(error).__name__, "message": describe(error)}
    return record if source is None else {"input": str(source), **record}
