"""Is everything here that hybridbg needs: what does not work is found."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

from hybridbg.core.errors import ModelNotFoundError
from hybridbg.installation import checks
from hybridbg.installation.checks import DEPENDENCIES, EXTRAS

ROOT = Path(__file__).parents[2]


def test_a_dependency_that_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def fail(name: str) -> object:
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    states = {finding.name: finding for finding in checks.findings()}
    assert states["opencv-contrib-python-headless"].state == "BROKEN"
    assert "libGL.so.1" in states["opencv-contrib-python-headless"].text


def test_a_default_model_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ModelNotFoundError("no model")

    monkeypatch.setattr("hybridbg.predict.new_session", fail)
    states = {finding.name: finding for finding in checks.findings()}
    found = states["default model"]
    assert found.state == "BROKEN"
    assert found.text == "no model; it comes with hybridbg: install hybridbg again"


def test_an_extra_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "EXTRAS", {"no-such": ("no_such", "exr", "OpenEXR files")})
    [finding] = [finding for finding in checks.findings() if finding.name == "no-such"]
    assert (finding.state, "hybridbg[exr]" in finding.text) == ("note", True)


def test_every_dependency_is_asked_for() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    required = {line.split(">=")[0] for line in metadata["project"]["dependencies"]}
    assert set(DEPENDENCIES) == required
    extras = metadata["project"]["optional-dependencies"]
    for distribution, (_, extra, _purpose) in EXTRAS.items():
        assert [line.split(">=")[0] for line in extras[extra]] == [distribution]
