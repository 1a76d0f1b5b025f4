"""Says, once for all tests of this folder, that they were not run and how they are."""

from __future__ import annotations

from tests.gimp.root import find_root


def test_there_is_a_gimp() -> None:
    assert (find_root() / "usr/bin/gimp-console-3.0").exists()
