"""Errors as people read them."""

from __future__ import annotations

from hybridbg.core import errors
from hybridbg.core.error_text import describe


def test_an_error_is_one_line() -> None:
    assert describe(errors.SolverError("did not\n converge")) == "did not converge"
    assert describe(errors.SolverError()) == "SolverError"
    assert describe(MemoryError("16 GiB")) == "out of memory: 16 GiB"
