"""benchmarks.network: which model is measured, and where pictures of others do not go."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmarks.network import session_of
from benchmarks.sheet import REPOSITORY, Sheet
from hybridbg.predict import DEFAULT_MODEL, find_model


def test_a_file_without_description_is_taken_for_one_of_the_packaged_kind(tmp_path):
    file = tmp_path / "candidate.onnx"
    shutil.copyfile(find_model().file, file)
    spec = session_of(str(file)).spec
    assert (spec.name, spec.file, spec.size) == ("candidate", file, find_model().size)
    assert session_of("default").spec.name == DEFAULT_MODEL


def test_sheet_is_not_written_into_the_repository(tmp_path):
    with pytest.raises(SystemExit, match="inside the repository"):
        Sheet(REPOSITORY / "docs" / "sheet.png", ["image"])
    sheet = Sheet(tmp_path / "sheet.png", ["image", "alpha", "truth"])
    image = np.zeros((30, 400, 3), np.uint8)
    sheet.add("a row", [image, np.full((30, 400), 0.5, np.float32), np.ones((30, 400), bool)])
    sheet.write()
    assert sheet.path.stat().st_size > 0
