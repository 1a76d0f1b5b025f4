"""How many threads: the caller's word, the environment, then what the machine allows."""

from __future__ import annotations

import os

import pytest

from hybridbg.core import threads
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.threads import allowed_cores, resolve_num_threads


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch, tmp_path):
    """Eight cores, no quota, and nothing in the environment."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    for name in ("_CGROUP_V2", "_CGROUP_V1_QUOTA", "_CGROUP_V1_PERIOD"):
        monkeypatch.setattr(threads, name, tmp_path / name)
    return tmp_path


def test_the_callers_choice_wins(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert resolve_num_threads(3) == 3
    assert resolve_num_threads(99) == 99


@pytest.mark.parametrize("choice", [0, -1, 2.5, "2", True])
def test_a_choice_must_be_an_integer_of_one_or_more(choice):
    with pytest.raises(InvalidOptionError, match="num_threads"):
        resolve_num_threads(choice)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("5", 5), (" 3 ", 3), ("4,2,1", 4), ("", 8), ("0", 8), ("-2", 8), ("many", 8), ("²", 8)],
)
def test_then_the_environment_if_it_is_a_number(monkeypatch, value, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert resolve_num_threads(None) == expected


def test_then_the_cores_the_scheduler_allows():
    assert resolve_num_threads(None) == allowed_cores() == 8


@pytest.mark.parametrize("cores", [6, None])
def test_without_an_affinity_mask_the_machines_cores_count(monkeypatch, cores):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert allowed_cores() == (cores or 1)


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("1600000 100000\n", 8),
        ("max 100000\n", 8),
        ("100000 0\n", 8),
        ("-1 100000\n", 8),
    ],
)
def test_a_containers_quota_limits_them(bare_machine, quota, expected):
    (bare_machine / "_CGROUP_V2").write_text(quota, encoding="ascii")
    assert allowed_cores() == expected


@pytest.mark.parametrize(("quota", "expected"), [("300000", 3), ("-1", 8)])
def test_so_does_the_older_kind_of_quota(bare_machine, quota, expected):
    (bare_machine / "_CGROUP_V1_QUOTA").write_text(quota, encoding="ascii")
    (bare_machine / "_CGROUP_V1_PERIOD").write_text("100000", encoding="ascii")
    assert allowed_cores() == expected


@pytest.mark.parametrize("text", ["", "100000", "nonsense here"])
def test_a_quota_that_cannot_be_read_is_none(bare_machine, text):
    (bare_machine / "_CGROUP_V2").write_text(text, encoding="ascii")
    assert allowed_cores() == 8
