"""Seconds that each stage took, and what is told of the work done on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from hybridbg.core.progress import Progress, Report, Rising

__all__ = ["Stopwatch"]

_STAGES = {"find the subject": 0.0, "matting": 0.4, "foreground": 0.85}
"""Stages and the share of the work done when each begins, on a picture of some megapixels."""


class Stopwatch:
    """Seconds per stage, and progress reports."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = ""
        self._progress = progress
        self._work = Rising(self._tell)

    def _tell(self, done: float) -> None:
        if self._progress is not None:
            self._progress(self._stage, done)

    @contextmanager
    def stage(self, name: str) -> Iterator[Report]:
        """Time a stage, and hand out who is told how much of it is done."""
        self._stage = name
        ends = [*_STAGES.values(), 1.0]
        begin = ends.index(_STAGES[name])
        report = self._work.part(ends[begin], ends[begin + 1])
        report(0)
        began = time.perf_counter()
        yield report
        self.seconds[name] = round(time.perf_counter() - began, 4)
        report(1)
