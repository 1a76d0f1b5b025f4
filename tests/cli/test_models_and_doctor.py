"""`hybridbg models` and `hybridbg doctor`, on folders made for the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hybridbg.installation import checks
from hybridbg.installation.checks import DEPENDENCIES, Finding

Run = Callable[..., Result]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models that is searched first: one good, one with a wrong digest, one bare."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name, digest in (("good", ""), ("tampered", f'sha256 = "{64 * "0"}"\n')):
        (folder / f"{name}.onnx").write_bytes(b"no network")
        (folder / f"{name}.toml").write_text(
            f'kind = "trimap"\nsize = 320\nlicence = "CC0-1.0"\ncard = "{name}.md"\n{digest}'
        )
        (folder / f"{name}.md").write_text(f"# What {name} can do\n")
    (folder / "bare.onnx").write_bytes(b"")
    (folder / "u2netp.onnx").write_bytes(b"another version")
    monkeypatch.setenv("HYBRIDBG_MODELS", str(folder))
    return folder


class TestModels:
    def test_list(self, models: Path, run: Run) -> None:
        result = run("models", "list")
        assert result.exit_code == 0
        [line] = [line for line in result.stdout.splitlines() if line.startswith("good")]
        assert line.split() == ["good", "trimap", "CC0-1.0", str(models / "good.onnx")]
        assert "bare.onnx" in result.stderr

    def test_list_as_json(self, models: Path, run: Run) -> None:
        report = json.loads(run("models", "list", "--json").stdout)
        assert {"good", "tampered"} <= {model["name"] for model in report["models"]}
        assert str(models / "bare.onnx") in {error["input"] for error in report["errors"]}

    def test_show(self, models: Path, run: Run) -> None:
        result = run("models", "show", "good")
        assert result.exit_code == 0
        assert "licence     CC0-1.0" in result.stdout
        assert result.stdout.endswith("\n# What good can do\n")

    def test_show_as_json(self, models: Path, run: Run) -> None:
        model = json.loads(run("models", "show", "tampered", "--json").stdout)["model"]
        assert model["checksum"].startswith("wrong: the file has")
        assert model["card_text"] == "# What tampered can do\n"

    def test_unknown(self, models: Path, run: Run) -> None:
        result = run("models", "show", "missing")
        assert result.exit_code == 2
        assert result.stderr.startswith("error: no model named 'missing'")


class TestDoctor:
    def test_usable(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checks, "findings", lambda: [Finding("a", "ok", "fine")])
        assert run("doctor").stdout.split() == ["ok", "a", "fine"]
        assert run("doctor").exit_code == 0

    def test_broken(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        found = [Finding("a", "note", "absent"), Finding("b", "BROKEN", "gone", {"error": "E"})]
        monkeypatch.setattr(checks, "findings", lambda: found)
        result = run("doctor", "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout) == {
            "usable": False,
            "checks": [
                {"name": "a", "state": "note", "text": "absent", "facts": {}},
                {"name": "b", "state": "BROKEN", "text": "gone", "facts": {"error": "E"}},
            ],
        }

    def test_here(self, models: Path, run: Run) -> None:
        report = json.loads(run("doctor", "--json").stdout)
        found = {check["name"]: check for check in report["checks"]}
        assert {*DEPENDENCIES, "kernels", "network runtime", "GIMP 3", "pixel limit"} <= {*found}
        assert all(found[name]["state"] == "ok" for name in (*DEPENDENCIES, "kernels"))
        assert found["model good"]["state"] == "ok"
        assert found["model tampered"]["state"] == "BROKEN"
        assert found["model bare"]["state"] == "note"
        assert found["model u2netp"]["state"] == "note"
        assert "is published" in found["model u2netp"]["text"]
        assert report["usable"] is False
