"""`hybridbg models` and `hybridbg doctor`, on folders made for the test."""

from __future__ import annotations

import importlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hybridbg.cli import doctor
from hybridbg.cli.doctor import DEPENDENCIES, EXTRAS, Finding
from hybridbg.core.errors import ModelNotFoundError

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]


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
        monkeypatch.setattr(doctor, "findings", lambda: [Finding("a", "ok", "fine")])
        assert run("doctor").stdout.split() == ["ok", "a", "fine"]
        assert run("doctor").exit_code == 0

    def test_broken(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        found = [Finding("a", "note", "absent"), Finding("b", "BROKEN", "gone", {"error": "E"})]
        monkeypatch.setattr(doctor, "findings", lambda: found)
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
        checks = {check["name"]: check for check in report["checks"]}
        assert {*DEPENDENCIES, "kernels", "network runtime", "GIMP 3", "pixel limit"} <= {*checks}
        assert all(checks[name]["state"] == "ok" for name in (*DEPENDENCIES, "kernels"))
        assert checks["model good"]["state"] == "ok"
        assert checks["model tampered"]["state"] == "BROKEN"
        assert checks["model bare"]["state"] == "note"
        assert checks["model u2netp"]["state"] == "note"
        assert "is published" in checks["model u2netp"]["text"]
        assert report["usable"] is False

    def test_a_dependency_that_does_not_load(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = importlib.import_module

        def fail(name: str) -> object:
            if name == "cv2":
                raise ImportError("libGL.so.1: cannot open shared object file")
            return real(name)

        monkeypatch.setattr(importlib, "import_module", fail)
        states = {finding.name: finding for finding in doctor.findings()}
        assert states["opencv-contrib-python-headless"].state == "BROKEN"
        assert "libGL.so.1" in states["opencv-contrib-python-headless"].text

    def test_a_default_model_that_is_gone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail() -> None:
            raise ModelNotFoundError("no model")

        monkeypatch.setattr("hybridbg.predict.new_session", fail)
        states = {finding.name: finding for finding in doctor.findings()}
        found = states["default model"]
        assert found.state == "BROKEN"
        assert found.text == "no model; it comes with hybridbg: install hybridbg again"

    def test_an_extra_may_be_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor, "EXTRAS", {"no-such": ("no_such", "exr", "OpenEXR files")})
        [finding] = [finding for finding in doctor.findings() if finding.name == "no-such"]
        assert (finding.state, "hybridbg[exr]" in finding.text) == ("note", True)

    def test_every_dependency_is_asked_for(self) -> None:
        metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        required = {line.split(">=")[0] for line in metadata["project"]["dependencies"]}
        assert set(DEPENDENCIES) == required
        extras = metadata["project"]["optional-dependencies"]
        for distribution, (_, extra, _purpose) in EXTRAS.items():
            assert [line.split(">=")[0] for line in extras[extra]] == [distribution]
