"""What a call takes: seconds, and the peak of resident memory.

Memory is that of the whole process at its highest, Python and libraries and loaded networks
included, as Linux keeps it (VmHWM of proc(5), which may be reset). Elsewhere nobody says for one
call among many, and it stays unknown.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

__all__ = ["Cost", "measured"]

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_RESET_PEAK = "5"

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Cost:
    """Seconds of wall time, and megabytes (2^20 bytes) at the highest if known."""

    seconds: float
    megabytes: float | None


def measured(call: Callable[[], _Result]) -> tuple[_Result, Cost]:
    """Call and measure."""
    known = _reset_peak()
    began = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - began
    return result, Cost(seconds, _peak_megabytes() if known else None)


def _peak_megabytes() -> float | None:
    found = _PEAK.search(Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else None


def _reset_peak() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True
