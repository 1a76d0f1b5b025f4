"""What a run was asked for, beside its results."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hybridbg.core.errors import ImageWriteError, InvalidOptionError
from hybridbg.studio.record import RunRecord
from hybridbg.studio.work import Settings

SETTINGS = Settings(
    method="auto", model="default", hint=None, rect=(1, 2, 3, 4), trimap=None, screen="auto",
    plate=None, refine=True, background=None, alpha_only=False, crop=False, file_format=None,
    max_pixels=None, threads=None, garbage=(((0.0, 0.0), (0.0, 9.0), (9.0, 9.0)), "network"),
)  # fmt: skip


def record(results: Path, source: str = "shoot", **changes: object) -> RunRecord:
    return RunRecord.of(source, results, replace(SETTINGS, **changes))


def test_only_what_shapes_a_result_is_compared(tmp_path: Path) -> None:
    record(tmp_path).begin()
    assert math.isfinite(record(tmp_path, threads=3, max_pixels=9).earlier())
    with pytest.raises(InvalidOptionError) as caught:
        record(tmp_path, rect=None, crop=True).earlier()
    assert "(--rect was 1,2,3,4, is not given; --crop was off, is on)" in str(caught.value)


def test_a_polygon_is_told_as_it_is_given(tmp_path: Path) -> None:
    record(tmp_path).begin()
    with pytest.raises(InvalidOptionError) as caught:
        record(tmp_path, garbage=(((0.0, 330.0), (0.0, 512.0), (130.5, 512.0)),)).earlier()
    assert "--garbage was 0,0 9,0 9,9 and network, is 330,0 512,0 512,130.5)" in str(caught.value)


def test_a_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    hint = tmp_path / "hint.png"
    hint.write_bytes(b"one")
    given = {"hint": str(hint)}
    record(tmp_path, **given).begin()
    assert math.isfinite(record(tmp_path, hint=os.path.relpath(hint)).earlier())
    hint.write_bytes(b"another")
    with pytest.raises(InvalidOptionError, match=r"--hint was hint.png \(\w+\), is hint.png \("):
        record(tmp_path, **given).earlier()


def test_each_source_has_its_own(tmp_path: Path) -> None:
    record(tmp_path, "one.####.exr").begin()
    assert math.isinf(record(tmp_path, "two.####.exr", crop=True).earlier())


def test_what_cannot_be_read_is_no_run(tmp_path: Path) -> None:
    record(tmp_path).path.write_bytes(b"{")
    assert math.isinf(record(tmp_path).earlier())


def test_forgotten_again(tmp_path: Path) -> None:
    results = tmp_path / "new/er"
    record(results).begin()()
    assert not results.exists()
    record(results).begin()
    os.utime(record(results).path, (5, 5))
    record(results, crop=True).begin()()
    assert record(results).earlier() == 5


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ImageWriteError, match="cannot make the folder"):
        record(tmp_path / "file" / "out").begin()
