"""One GIMP works off all cases, once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.gimp import cases, odd_cases
from tests.gimp.root import VARIABLE, GimpRoot, find_root

HERE = Path(__file__).parent

collect_ignore = ["inside.py", "inside_window.py"]  # for GIMP's own Python
if not os.environ.get(VARIABLE):
    collect_ignore_glob = ["test_[!n]*.py"]  # test_not_run says it once for all


@pytest.fixture(scope="session")
def gimp() -> Iterator[GimpRoot]:
    """A GIMP with the plug-in installed."""
    import shutil

    running = GimpRoot(find_root())
    yield running
    shutil.rmtree(running.folder, ignore_errors=True)


class Results:
    """What GIMP wrote down of every case."""

    def __init__(self, folder: Path, log: str) -> None:
        path = folder / "results.json"
        assert path.exists(), log
        self.folder = folder
        self.log = log
        self.all: dict[str, Any] = json.loads(path.read_text())

    def __getitem__(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.all[name]
        assert "crash" not in found, found
        return found

    def read(self, name: str, format_name: str, size: list[int]) -> NDArray[Any]:
        """Read pixels as GIMP holds them, as float64 in [0, 1]; (H, W) or (H, W, C)."""
        _model, kind = format_name.partition("-")[0].rsplit(" ", 1)
        data = np.frombuffer((self.folder / name).read_bytes(), cases.DTYPES[kind])
        values = data.astype(np.float64)
        if data.dtype.kind == "u":
            values /= np.iinfo(data.dtype).max
        width, height = size
        values = values.reshape(height, width, -1)
        return values[..., 0] if values.shape[2] == 1 else values


@pytest.fixture(scope="session")
def results(gimp: GimpRoot) -> Results:
    """Let GIMP work off the matrix and the odd cases."""
    for base, green in (("rgb", False), ("gray", False), ("green", True)):
        for kind in cases.DTYPES:
            pixels = cases.native(cases.picture(green=green), kind + "-non-linear")
            if base == "gray":
                pixels = pixels[..., 1]
            (gimp.folder / f"{base}.{kind}").write_bytes(pixels.tobytes())
    soft = np.rint(cases.subject() * 255).astype(np.uint8)
    (gimp.folder / "soft.mask").write_bytes(soft.tobytes())
    (gimp.folder / "rough.mask").write_bytes(cases.rough_mask().tobytes())
    odd_cases.write_files(gimp.folder)
    only = os.environ.get("HYBRIDBG_GIMP_ONLY", "")  # part of a name, while one works on it
    everything = [case for case in (*cases.matrix(), *odd_cases.ODD) if only in case["name"]]
    (gimp.folder / "cases.json").write_text(json.dumps(everything))
    log = gimp.run_file(HERE / "inside.py", HYBRIDBG_CASES=gimp.inside)
    return Results(gimp.folder, log)
