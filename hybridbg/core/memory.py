"""How much memory may still be had, so that a job too large is refused before it starts.

What is left is the smaller of the machine's and the container's (cgroup v2). Where neither can be
read, as outside Linux, nothing is refused.
"""

from __future__ import annotations

from pathlib import Path

from hybridbg.core.errors import NotEnoughMemoryError

__all__ = ["available_memory", "check_memory"]

_MEMINFO = Path("/proc/meminfo")
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_CGROUP_USED = Path("/sys/fs/cgroup/memory.current")


def available_memory() -> int | None:
    """Return the bytes that can be allocated without swapping, or None if nobody says."""
    left = [value for value in (_machine(), _container()) if value is not None]
    return min(left, default=None)


def check_memory(needed: int, task: str, advice: str) -> None:
    """Refuse a task that needs more memory than there is.

    Parameters
    ----------
    needed : int
        Bytes.
    task, advice : str
        What needs it, and what to do; for the message.

    Raises
    ------
    NotEnoughMemoryError
    """
    left = available_memory()
    if left is not None and needed > left:
        raise NotEnoughMemoryError(
            f"{task} needs about {needed / 2**20:,.0f} MB of memory, and {left / 2**20:,.0f} MB "
            f"are left; {advice}"
        )


def _machine() -> int | None:
    """Return the machine's available memory as Linux estimates it."""
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
        sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
        return int(sizes[0]) * 1024
    except (OSError, ValueError, IndexError):
        return None


def _container() -> int | None:
    """Return what a container's limit leaves; what it counts as used includes file caches."""
    try:
        limit = int(_CGROUP_LIMIT.read_text(encoding="ascii"))
        return max(0, limit - int(_CGROUP_USED.read_text(encoding="ascii")))
    except (OSError, ValueError):  # "max" means no limit
        return None
