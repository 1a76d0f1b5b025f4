"""How many threads to use: the caller's word, then `OMP_NUM_THREADS`, then the cores allowed to us.

"Allowed" counts the scheduler's affinity mask and a container's CPU quota (cgroup v2, then v1),
because a container limited to two of sixty-four cores crawls when sixty-four threads share them.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from hybridbg.core.checks import as_count

__all__ = ["allowed_cores", "resolve_num_threads"]

_CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_V1_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
_CGROUP_V1_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")


def resolve_num_threads(num_threads: int | None) -> int:
    """Return the number of threads to use, at least 1.

    Parameters
    ----------
    num_threads : int or None
        The caller's choice; None means `OMP_NUM_THREADS` if it is a positive number, else every
        core this process may use.

    Raises
    ------
    InvalidOptionError
        If `num_threads` is not an integer of 1 or more.

    Examples
    --------
    >>> resolve_num_threads(3)
    3
    """
    if num_threads is not None:
        return as_count(num_threads, "num_threads")
    # OMP_NUM_THREADS may be a list, one number for each level of nesting.
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if first.isdecimal() and int(first) > 0:
        return int(first)
    return allowed_cores()


def allowed_cores() -> int:
    """Return how many cores the scheduler and a container's quota leave to this process."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        cores = os.cpu_count() or 1
    quota = _container_quota()
    return max(1, cores if quota is None else min(cores, math.ceil(quota)))


def _container_quota() -> float | None:
    """Return the container's CPU limit in cores, or None where there is none."""
    try:
        quota, period = _CGROUP_V2.read_text(encoding="ascii").split()[:2]
    except (OSError, ValueError):
        try:
            quota = _CGROUP_V1_QUOTA.read_text(encoding="ascii").strip()
            period = _CGROUP_V1_PERIOD.read_text(encoding="ascii").strip()
        except OSError:
            return None
    try:
        limit = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max" means no limit
        return None
    return limit if limit > 0 else None
