"""`hybridbg models add`, `fetch` and `verify`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from hybridbg.predict import known
from tests.predict.server import FileServer, serving
from tests.predict.tiny_models import channel_graph, saliency_graph

Run = Callable[..., Result]
CONTENT = channel_graph(0).SerializeToString()


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder is one of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "u2net"))
    for name in ("HYBRIDBG_MODELS", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server of the one model "far", which is known."""
    with serving(CONTENT) as server:
        far = replace(
            known.known_models()["bria-rmbg"],
            url=server.url,
            bytes=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
        )
        far = replace(far, spec=replace(far.spec, name="far"), files=("far.onnx",))
        monkeypatch.setattr("hybridbg.predict.store.known_models", lambda: {"far": far})
        yield server


class TestAdd:
    def test_add(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "net.onnx").write_bytes(CONTENT)
        arguments = ["--kind", "alpha", "--licence", "MIT", "--terms", "Not on Sundays."]
        result = run("models", "add", str(tmp_path / "net.onnx"), "--name", "mine", *arguments)
        assert result.exit_code == 0, result.output
        name, path = result.stdout.split()
        assert (name, Path(path).name) == ("mine", "mine.onnx")
        assert "licence: MIT" in result.stderr
        assert "warning: Not on Sundays." in result.stderr
        shown = run("models", "show", "mine").stdout
        assert "terms       Not on Sundays." in shown
        assert "checksum    ok" in shown
        again = run("models", "add", str(tmp_path / "net.onnx"), "--name", "mine", *arguments)
        assert (again.exit_code, again.stdout) == (2, "")

    def test_another_file_than_published(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "u2netp.onnx").write_bytes(saliency_graph(size=320).SerializeToString())
        result = run("models", "add", str(tmp_path / "u2netp.onnx"))
        assert result.exit_code == 0, result.output
        assert "not the file that https://github.com/xuebinqin/U-2-Net is known for" in (
            result.stderr
        )
        assert run("models", "verify", "u2netp").exit_code == 0

    def test_numbers_and_json(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "net.onnx").write_bytes(CONTENT)
        numbers = ("--mean", ".5", ".5", ".5", "--std", "1", "1", "2")
        options = ("--kind", "saliency", "--activation", "sigmoid", "--json", *numbers)
        result = run("models", "add", str(tmp_path / "net.onnx"), *options)
        model = json.loads(result.stdout)["model"]
        assert (model["mean"], model["std"]) == ([0.5, 0.5, 0.5], [1, 1, 2])
        assert (model["activation"], model["layout"]) == ("sigmoid", "NCHW")

    @pytest.mark.parametrize(
        ("content", "options", "expected"),
        [
            (b"no model", ["--kind", "alpha"], "cannot be loaded"),
            (CONTENT, [], "--kind"),
            (CONTENT, ["--kind", "trimap"], "missing"),
            (CONTENT, ["--kind", "alpha", "--name", "a/b"], "name must be"),
            (CONTENT, ["--kind", "mask"], "Invalid value"),
            (None, ["--kind", "alpha"], "check the path"),
        ],
    )
    def test_bad_input(
        self,
        run: Run,
        tmp_path: Path,
        content: bytes | None,
        options: list[str],
        expected: str,
    ) -> None:
        if content is not None:
            (tmp_path / "net.onnx").write_bytes(content)
        result = run("models", "add", str(tmp_path / "net.onnx"), *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert expected in result.stderr
        assert "Traceback" not in result.stderr
        assert not list(tmp_path.glob("cache/hybridbg/models/*"))


class TestFetch:
    def test_facts_come_before_the_file(self, run: Run, server: FileServer) -> None:
        result = run("models", "fetch", "far", "--yes")
        assert result.exit_code == 0, result.output
        for fact in (server.url, str(len(CONTENT)), "CC-BY-NC-4.0", "Non-commercial use only"):
            assert fact in result.stderr
        assert Path(result.stdout.split()[1]).read_bytes() == CONTENT
        assert run("models", "verify", "far").exit_code == 0

    def test_nobody_to_ask(self, run: Run, server: FileServer) -> None:
        result = run("models", "fetch", "far")
        assert result.exit_code == 2
        assert "--yes" in result.stderr
        assert server.requests == []

    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
    def test_a_person_is_asked(
        self, run: Run, server: FileServer, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
    ) -> None:
        monkeypatch.setattr("hybridbg.cli.model_store._at_terminal", lambda: True)
        result = run("models", "fetch", "far", "-q", stdin=answer.encode())
        assert result.exit_code == code
        assert "Non-commercial use only" in result.stderr
        assert "error" not in result.stderr
        assert bool(server.requests) == (code == 0)

    def test_a_mirror(self, run: Run, server: FileServer) -> None:
        with serving(CONTENT) as mirror:
            assert run("models", "fetch", "far", "--yes", "--url", mirror.url).exit_code == 0
            assert len(mirror.requests) == 1
        assert server.requests == []

    @pytest.mark.parametrize(
        ("spoil", "expected"),
        [
            ({"content": CONTENT[::-1]}, "not the published file"),
            ({"status": 404}, "404"),
            ({"cut": 50}, "run this again"),
            ({"content": CONTENT * 2}, "expected a file of"),
        ],
    )
    def test_failures(
        self, run: Run, server: FileServer, spoil: dict[str, object], expected: str
    ) -> None:
        for name, value in spoil.items():
            setattr(server, name, value)
        result = run("models", "fetch", "far", "--yes")
        assert (result.exit_code, result.stdout) == (2, "")
        assert expected in result.stderr
        assert "far" not in run("models", "list").stdout.split()

    def test_unknown(self, run: Run) -> None:
        result = run("models", "fetch", "nothing", "--yes")
        assert result.exit_code == 2
        assert "no known model named 'nothing'" in result.stderr


class TestVerify:
    def test_all(self, run: Run, tmp_path: Path) -> None:
        assert run("models", "verify").exit_code == 0
        (tmp_path / "u2net").mkdir()
        (tmp_path / "u2net" / "u2netp.onnx").write_bytes(b"other")
        result = run("models", "verify")
        assert result.exit_code == 1
        [line] = [line for line in result.stdout.splitlines() if line.startswith("u2netp")]
        assert "is published, the file has" in line
        assert run("models", "verify", "default").exit_code == 0
        assert run("models", "verify", "u2netp").exit_code == 1
        report = json.loads(run("models", "verify", "--json").stdout)
        assert {one["name"]: one["state"] for one in report["models"]}["u2netp"] == "wrong"

    def test_what_cannot_be_used_is_wrong_too(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "u2net").mkdir()
        (tmp_path / "u2net" / "broken.toml").write_text("kind =")
        result = run("models", "verify")
        assert result.exit_code == 1
        assert "broken.toml" in result.stderr

    def test_unknown(self, run: Run) -> None:
        assert run("models", "verify", "nothing").exit_code == 2


class TestKnown:
    def test_list(self, run: Run) -> None:
        result = run("models", "list", "--known")
        assert result.exit_code == 0
        assert "birefnet-general" in result.stdout
        assert "Non-commercial" in result.stderr

    def test_show_what_is_not_here(self, run: Run) -> None:
        result = run("models", "show", "bria-rmbg")
        assert result.exit_code == 0
        assert "licence     CC-BY-NC-4.0" in result.stdout
        assert "known but not here" in result.stderr
        model = json.loads(run("models", "show", "bria-rmbg", "--json").stdout)["model"]
        assert model["terms"].startswith("Non-commercial")
