"""A tiny dataset, and runs without processes where those are not the matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridbg.studio import workers
from tests.evaluation.made import make_dataset


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three discs."""
    return make_dataset(tmp_path / "discs")


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Work off tasks in this process; gives the tasks that were worked off."""
    return without_processes(monkeypatch)


def without_processes(patch: pytest.MonkeyPatch) -> list[Any]:
    done: list[Any] = []

    def work_off(jobs: Any, settings: Any, crew: Any) -> Iterator[workers.Outcome[Any]]:
        bench = replace(settings, threads=crew.threads).bench()
        for job in jobs:
            done.append(job)
            yield workers.Outcome(job, record=bench.work(job))

    patch.setattr(workers, "work_off", work_off)
    return done
