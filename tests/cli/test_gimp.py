"""`hybridbg gimp`: what it copies, what it says, and what it leaves alone."""

from __future__ import annotations

import gettext
import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hybridbg.cli import main
from hybridbg.cli.gimp_plugin import worker_command


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The profile of a GIMP that was started once."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("GIMP3_DIRECTORY", raising=False)
    folder = tmp_path / "config/GIMP/3.0"
    folder.mkdir(parents=True)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["gimp", *words])


linux = pytest.mark.skipif(sys.platform != "linux", reason="folders as on Linux")


@linux
def test_install_check_uninstall(profile: Path) -> None:
    assert run("check").exit_code == 1
    result = run("install")
    assert result.exit_code == 0, result.output
    folder = profile / "plug-ins/gimp-hybridbg"
    assert str(folder) in result.output
    assert "If GIMP does not show" in result.output
    assert os.access(folder / "gimp-hybridbg.py", os.X_OK)
    assert json.loads((folder / "worker.json").read_text())["command"] == worker_command()
    assert not list(folder.rglob("__pycache__"))
    assert [path.name for path in profile.iterdir()] == ["plug-ins"]
    assert run("check").exit_code == 0
    again = run("install")
    assert again.exit_code == 0
    (folder / "gimp-hybridbg.py").write_text("# older")
    checked = run("check", "--json")
    assert checked.exit_code == 1
    assert json.loads(checked.output)["places"][0]["state"] == "other"
    assert "removed" in run("uninstall").output
    assert not folder.exists()
    assert "was not installed" in run("uninstall").output


@linux
def test_languages_are_compiled(profile: Path) -> None:
    assert run("install").exit_code == 0
    locale = profile / "plug-ins/gimp-hybridbg/locale"
    for language in ("de", "fr", "es", "ja"):
        catalogue = gettext.translation("gimp-hybridbg", locale, [language])
        assert catalogue.gettext("Layer mask") != "Layer mask"


@linux
def test_somebody_elses_folder_is_left_alone(profile: Path) -> None:
    folder = profile / "plug-ins/gimp-hybridbg"
    folder.mkdir(parents=True)
    (folder / "mine").touch()
    for word in ("install", "uninstall"):
        assert run(word).exit_code == 2
    assert (folder / "mine").exists()


@linux
def test_without_gimp(profile: Path) -> None:
    profile.rmdir()
    result = run("install")
    assert result.exit_code == 2
    assert "--profile" in result.output


@linux
def test_check_and_uninstall_without_gimp(profile: Path) -> None:
    profile.rmdir()
    checked = run("check")
    assert checked.exit_code == 1  # the check worked; what it checked cannot be used
    assert "no GIMP 3 was found" in checked.output
    assert json.loads(run("check", "--json").output) == {"usable": False, "places": []}
    removed = run("uninstall")
    assert removed.exit_code == 0
    assert "was not installed" in removed.output


@linux
def test_a_gimp_without_a_profile_yet(profile: Path) -> None:
    profile.rmdir()
    (profile.parents[2] / ".local/share/flatpak/app/org.gimp.GIMP").mkdir(parents=True)
    for word, code in (("install", 2), ("check", 1)):
        result = run(word)
        assert result.exit_code == code
        assert "start it once" in result.output


@linux
@pytest.mark.parametrize("record", ["", "{", "[]", '{"command": "python", "version": "1"}', None])
def test_a_damaged_record_is_mended(profile: Path, record: str | None) -> None:
    assert run("install").exit_code == 0
    path = profile / "plug-ins/gimp-hybridbg/worker.json"
    if record is None:
        path.unlink()
    else:
        path.write_text(record)
    checked = run("check")
    assert checked.exit_code == 1
    assert "damaged" in checked.output
    assert run("install").exit_code == 0
    assert run("check").exit_code == 0


@linux
def test_a_worker_that_does_not_start_is_a_finding(profile: Path) -> None:
    assert run("install").exit_code == 0
    path = profile / "plug-ins/gimp-hybridbg/worker.json"
    path.write_text(json.dumps({"command": ["/nowhere/python"], "version": "1"}))
    checked = run("check", "--profile", str(profile), "--profile", str(profile.parent / "3.2"))
    assert checked.exit_code == 1
    assert "/nowhere/python" in checked.output
    assert "3.2" in checked.output  # and the next is looked at all the same


@linux
def test_a_gimp_that_was_never_started(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile.rmdir()
    program = profile.parents[1] / "bin/gimp-3.2"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert run("install").exit_code == 0
    assert (profile.parent / "3.2/plug-ins/gimp-hybridbg/worker.json").exists()


def test_a_chosen_profile(tmp_path: Path) -> None:
    assert run("install", "--profile", str(tmp_path / "3.0")).exit_code == 0
    assert (tmp_path / "3.0/plug-ins/gimp-hybridbg/hybridbg_gimp/plugin.py").exists()
