"""Fixtures of the networks' tests: models in files of their own, and nobody else's models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.predict.tiny_models import saliency_graph, trimap_graph


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., Path]:
    """`write_model(graph, name, kind=..., ...)` writes model and description; path of the model."""

    def write(graph: Any, name: str = "tiny", folder: Path = tmp_path, **fields: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.onnx"
        path.write_bytes(graph if isinstance(graph, bytes) else graph.SerializeToString())
        values = {"kind": "trimap", "size": 64, "has_hint": True} | fields
        values = {key: value for key, value in values.items() if value is not None}
        lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
        (folder / f"{name}.toml").write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def tiny_trimap(write_model: Callable[..., Path]) -> Path:
    """Path of a dynamic trimap network with a hint."""
    return write_model(trimap_graph())


@pytest.fixture
def tiny_saliency(write_model: Callable[..., Path]) -> Path:
    """Path of a fixed 32 x 32 saliency network."""
    return write_model(
        saliency_graph(), "saliency", kind="saliency", size=32, has_hint=False, dynamic=False
    )


@pytest.fixture(autouse=True)
def no_models_of_this_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see the package's models and their own, not those of who runs them."""
    monkeypatch.delenv("HYBRIDBG_MODELS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "u2net"))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(own)}" for key, own in value.items()) + " }"
    return str(list(value)) if isinstance(value, tuple) else str(value)
