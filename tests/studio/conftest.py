"""The small pictures of the command line's tests."""

from __future__ import annotations

from tests.cli.conftest import folder

__all__ = ["folder"]
