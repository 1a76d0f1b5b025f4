"""hybridbg.predict.registry: which model a name or a path stands for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from hybridbg.core.errors import InvalidModelError, ModelNotFoundError
from hybridbg.predict import registry
from hybridbg.predict.registry import (
    DEFAULT_MODEL,
    find_model,
    list_models,
    scan_models,
    search_folders,
)

DESCRIPTION = 'kind = "saliency"\nsize = 320\n'


def put(folder, name, text=DESCRIPTION, content=b"onnx"):
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    if content is not None:
        (folder / f"{name}.onnx").write_bytes(content)
    return folder / f"{name}.onnx"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """The five folders of the search, each by a short name."""
    monkeypatch.setenv("HYBRIDBG_MODELS", f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}")
    monkeypatch.setattr(registry, "_PACKAGED", tmp_path / "packaged")
    named = {name: tmp_path / name for name in ("one", "two", "packaged", "u2net")}
    return named | {"user": registry.user_folder()}


def test_folders_are_searched_in_the_order_of_the_design(folders):
    order = ("one", "two", "user", "packaged", "u2net")
    assert search_folders() == [folders[name] for name in order]
    for name in reversed(order):
        file = put(folders[name], "net")
        assert find_model("net").file == file


def test_rembg_folder_is_in_the_home_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("U2NET_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert search_folders()[-1] == tmp_path / ".u2net"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert search_folders()[-1] == tmp_path / "data" / ".u2net"


def test_default_is_the_packaged_model_whatever_else_has_its_name(folders):
    put(folders["one"], DEFAULT_MODEL)
    packaged = put(folders["packaged"], DEFAULT_MODEL)
    assert find_model().file == packaged
    assert find_model("default").file == packaged
    assert find_model(DEFAULT_MODEL).file.parent == folders["one"]


def test_the_first_of_a_name_is_listed_once(folders):
    first = put(folders["one"], "net")
    put(folders["u2net"], "net")
    put(folders["u2net"], "u2netp", text=None)
    assert [(spec.name, spec.file.parent.name) for spec in list_models()] == [
        ("net", "one"),
        ("u2netp", "u2net"),
    ]
    assert find_model("net").file == first


def test_rembg_files_need_no_description(folders):
    for name, size in (("u2net", 320), ("silueta", 320), ("isnet-general-use", 1024)):
        put(folders["u2net"], name, text=None)
        spec = find_model(name)
        assert (spec.kind, spec.size, spec.dynamic) == ("saliency", size, False)
        assert spec.licence == "Apache-2.0"
    put(folders["u2net"], "birefnet-general", text=None)
    assert find_model("birefnet-general").activation == "sigmoid"


def test_a_description_goes_before_rembg_names(folders):
    put(folders["u2net"], "u2net", text='kind = "alpha"\nsize = 64')
    assert find_model("u2net").kind == "alpha"


def test_paths(tmp_path, monkeypatch):
    file = put(tmp_path / "mine", "net")
    for path in (file, file.with_suffix(".toml"), str(file), str(file.with_suffix(".toml"))):
        assert find_model(path).file == file
    monkeypatch.chdir(tmp_path / "mine")
    assert find_model("net.onnx").file.resolve() == file.resolve()
    assert find_model("../mine/net.onnx").file.resolve() == file.resolve()
    assert find_model(Path("net.onnx")).name == "net"


def test_a_spec_is_taken_as_it_is(tmp_path):
    file = put(tmp_path, "net")
    spec = find_model(file)
    assert find_model(spec) is spec
    with pytest.raises(ModelNotFoundError, match="does not exist"):
        find_model(replace(spec, file=tmp_path / "gone.onnx"))


def test_an_unknown_name_says_what_there_is(folders):
    put(folders["one"], "net")
    put(folders["u2net"], "u2netp", text=None)
    with pytest.raises(ModelNotFoundError) as caught:
        find_model("nett")
    for part in ("'nett'", "net, u2netp", *(str(folder) for folder in folders.values())):
        assert part in str(caught.value)


def test_a_known_model_that_is_not_here_says_how_to_get_it(folders):
    with pytest.raises(ModelNotFoundError, match="`hybridbg models fetch u2netp` gets it"):
        find_model("u2netp")
    with pytest.raises(ModelNotFoundError, match=r"see https://github\.com/pytorch"):
        find_model("deeplabv3")


@pytest.mark.parametrize(
    "name",
    ["../secret/net", "..", ".", "", "/", "/etc/passwd", "secret/net", "a\\b", "net\0", "*", "NET"],
)
def test_names_never_become_paths(folders, tmp_path, name):
    put(tmp_path / "secret", "net")
    put(tmp_path / "one" / "secret", "net")
    put(folders["one"], "net")
    with pytest.raises(ModelNotFoundError):
        find_model(name)


@pytest.mark.parametrize("name", ["no.onnx", "no.toml", "a/b/no.onnx", "no\0.onnx"])
def test_a_path_without_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFoundError, match="no"):
        find_model(name)


def test_a_bare_file_of_unknown_name_asks_for_a_description(tmp_path):
    file = put(tmp_path, "holiday", text=None)
    with pytest.raises(InvalidModelError, match=r"holiday\.toml beside it"):
        find_model(file)


def test_problems_are_reported_and_do_not_hide_the_rest(folders):
    put(folders["one"], "good")
    put(folders["one"], "broken", text="kind =")
    put(folders["one"], "nofile", content=None)
    put(folders["one"], "bare", text=None)
    models, problems = scan_models()
    assert [spec.name for spec in models] == ["good"]
    assert {path.name: type(error) for path, error in problems} == {
        "bare.onnx": InvalidModelError,
        "broken.toml": InvalidModelError,
        "nofile.toml": ModelNotFoundError,
    }
    with pytest.raises(InvalidModelError, match="not valid TOML"):
        find_model("broken")
    with pytest.raises(ModelNotFoundError, match="does not exist"):
        find_model("nofile")


def test_default_without_its_file_says_so(folders):
    with pytest.raises(ModelNotFoundError, match=DEFAULT_MODEL):
        find_model()
