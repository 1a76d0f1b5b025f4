"""Jobs that do not fit are refused with a number and advice."""

from __future__ import annotations

import pytest

from hybridbg.core import memory
from hybridbg.core.errors import HybridBgError, NotEnoughMemoryError


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Pretend to be a machine, and a container on it, with so many bytes."""

    def pretend(available=None, limit="max", used=0):
        meminfo = tmp_path / "meminfo"
        line = "" if available is None else f"MemAvailable: {available // 1024} kB\n"
        meminfo.write_text(f"MemTotal: 99 kB\n{line}")
        (tmp_path / "max").write_text(str(limit))
        (tmp_path / "used").write_text(str(used))
        monkeypatch.setattr(memory, "_MEMINFO", meminfo)
        monkeypatch.setattr(memory, "_CGROUP_LIMIT", tmp_path / "max")
        monkeypatch.setattr(memory, "_CGROUP_USED", tmp_path / "used")

    return pretend


def test_the_machines_memory_counts_where_there_is_no_limit(machine):
    machine(available=1 << 20)
    assert memory.available_memory() == 1 << 20


def test_a_containers_limit_counts_less_what_it_uses(machine):
    machine(available=1 << 30, limit=3 << 20, used=1 << 20)
    assert memory.available_memory() == 2 << 20


def test_a_container_over_its_limit_has_nothing_left(machine):
    machine(available=1 << 30, limit=1 << 20, used=2 << 20)
    assert memory.available_memory() == 0


def test_nothing_is_refused_where_nobody_says(machine, tmp_path, monkeypatch):
    machine()
    monkeypatch.setattr(memory, "_CGROUP_LIMIT", tmp_path / "missing")
    assert memory.available_memory() is None
    memory.check_memory(1 << 60, "it", "")


def test_the_message_says_what_is_needed_what_is_left_and_what_to_do(machine):
    machine(available=1 << 20)
    memory.check_memory(1 << 20, "this", "")
    with pytest.raises(
        NotEnoughMemoryError, match=r"this needs about 3 MB .* 1 MB are left; shrink"
    ):
        memory.check_memory(3 << 20, "this", "shrink it")


def test_it_is_one_of_ours_and_a_memory_error():
    assert issubclass(NotEnoughMemoryError, (HybridBgError, MemoryError))
    assert issubclass(NotEnoughMemoryError, MemoryError)
