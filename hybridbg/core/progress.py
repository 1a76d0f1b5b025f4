"""Progress: how much of some work is done, told to whoever asked, in fractions that never fall.

Public functions take a `Progress`; what it raises stops the work, which is how one cancels. Inside,
each piece of work gets a `Report` of its own, from 0 to 1, and knows nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

__all__ = ["Progress", "Report", "Rising", "stage_report"]

Progress: TypeAlias = Callable[[str, float], None]
"""Called with the name of the stage that runs and the fraction of all work done."""

Report: TypeAlias = Callable[[float], None]
"""Called with the fraction done of one piece of work."""


class Rising:
    """Reports of work in parts, whose fractions never fall and never leave [0, 1].

    Parameters
    ----------
    report : Report, optional
        Who is told; nobody by default.

    Examples
    --------
    >>> fractions = []
    >>> work = Rising(fractions.append)
    >>> half = work.part(0.5, 1)
    >>> half(0.5), half(0.2), work(1.5)
    (None, None, None)
    >>> fractions
    [0.75, 0.75, 1.0]
    """

    def __init__(self, report: Report | None = None) -> None:
        self._report = report
        self._done = 0.0

    def __call__(self, done: float) -> None:
        """Report that this much is done, or as much as before if that was more."""
        self._done = max(self._done, min(done, 1.0))
        if self._report is not None:
            self._report(self._done)

    def part(self, begin: float, end: float) -> Report:
        """Return who is told of the part of the work from `begin` to `end`."""
        return lambda done: self(begin + done * (end - begin))


def stage_report(progress: Progress | None, stage: str) -> Report | None:
    """Return who is told of work that is one stage."""
    return None if progress is None else partial(progress, stage)
