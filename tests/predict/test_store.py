"""hybridbg.predict.store: adding, fetching and verifying models."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from hybridbg.core.errors import (
    InvalidModelError,
    InvalidOptionError,
    ModelFetchError,
    ModelNotFoundError,
)
from hybridbg.predict import find_model, load_spec, predict_trimap, registry, scan_models
from hybridbg.predict.description import description_of
from hybridbg.predict.known import KnownModel, known_models
from hybridbg.predict.spec import ModelSpec
from hybridbg.predict.store import add_model, fetch_model, find_known, verify_model
from tests.predict.server import serving
from tests.predict.tiny_models import channel_graph, class_graph, instance_graph, trimap_graph


@pytest.fixture
def bare(tmp_path):
    """`bare(graph, name)` writes a model file without description."""

    def write(graph, name="net"):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(graph if isinstance(graph, bytes) else graph.SerializeToString())
        return path

    return write


def here():
    """Files in the user's folder."""
    folder = registry.user_folder()
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_file_and_what_is_said_of_it(bare):
    file = bare(channel_graph(0, layout="NHWC"))
    fields = {"name": "mine", "kind": "alpha", "licence": "CC0-1.0", "origin": 'a "friend"\\'}
    spec = add_model(file, fields)
    assert here() == ["mine.onnx", "mine.toml"]
    assert spec == load_spec(registry.user_folder() / "mine.toml") == find_model("mine")
    assert (spec.layout, spec.shape, spec.origin) == ("NHWC", (32, 32), 'a "friend"\\')
    assert spec.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert verify_model(spec).state == "ok"
    file.unlink()
    image = np.zeros((40, 40, 3), np.float32)
    image[10:30, 10:30] = 1
    assert predict_trimap(image, model="mine")[20, 20] == 255


def test_a_description_beside_the_file_and_its_card(write_model, tmp_path):
    file = write_model(trimap_graph(), card="card.md", licence="MIT")
    (tmp_path / "card.md").write_text("# Card")
    spec = add_model(file, {"terms": "Ask first."})
    assert here() == ["tiny.md", "tiny.onnx", "tiny.toml"]
    assert (spec.licence, spec.terms, spec.card, spec.has_hint) == (
        "MIT",
        "Ask first.",
        "tiny.md",
        True,
    )


def test_a_well_known_file(bare):
    file = bare(channel_graph(0, sides=(1024, 1024)), "BiRefNet-DIS-epoch_590")
    spec = add_model(file)
    assert (spec.name, spec.activation, spec.licence) == ("birefnet-dis", "sigmoid", "MIT")
    assert find_model("birefnet-dis") == spec


def test_objects_need_not_be_found(bare):
    file = bare(instance_graph([], [], [], np.zeros((0, 1, 28, 28))))
    assert add_model(file, {"kind": "instances"}).kind == "instances"


@pytest.mark.parametrize(
    ("graph", "fields", "expected"),
    [
        (b"not a model", {"kind": "alpha"}, "cannot be loaded"),
        (b"", {"kind": "alpha"}, "got 0 bytes"),
        (channel_graph(0), {}, "nothing is known of this file"),
        (channel_graph(0), {"kind": "trimap"}, "alpha and probabilities missing"),
        (channel_graph(0), {"kind": "alpha", "shape": (64, 64)}, "32 rows and 32 columns"),
        (channel_graph(0), {"kind": "alpha", "layout": "NHWC"}, "NHWC"),
        (channel_graph(0), {"kind": "alpha", "value_range": (0, 255)}, r"within 0\.\.1"),
        (channel_graph(0), {"kind": "alpha", "sha256": "0" * 64}, "expected .* with SHA-256 00"),
        (class_graph(), {"kind": "alpha", "size": 64}, "1 channels of"),
        (channel_graph(0), {"kind": "alpha", "name": "../evil"}, "name must be"),
        (channel_graph(0), {"kind": "alpha", "colour": "red"}, "unknown keys colour"),
    ],
)
def test_what_does_not_fit_leaves_nothing(bare, graph, fields, expected):
    with pytest.raises(InvalidModelError, match=expected):
        add_model(bare(graph), fields)
    assert here() == []


def test_a_disk_that_is_full_leaves_nothing(bare, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hybridbg.predict.store.shutil.copyfile", full)
    with pytest.raises(OSError, match="No space"):
        add_model(bare(channel_graph(0)), {"kind": "alpha"})
    assert here() == []


def test_a_file_that_is_too_large(bare, monkeypatch):
    monkeypatch.setattr("hybridbg.predict.session.MAX_MODEL_BYTES", 100)
    with pytest.raises(InvalidModelError, match="1 to 99 bytes"):
        add_model(bare(channel_graph(0)), {"kind": "alpha"})


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelNotFoundError, match="check the path"):
        add_model(tmp_path / "no.onnx")


def test_a_name_that_is_taken(bare):
    add_model(bare(channel_graph(0)), {"kind": "alpha"})
    other = bare(channel_graph(1), "other")
    with pytest.raises(InvalidOptionError, match="already"):
        add_model(other, {"kind": "alpha", "name": "net"})
    assert verify_model(find_model("net")).state == "ok"
    spec = add_model(other, {"kind": "alpha", "name": "net"}, replacing=True)
    assert spec.sha256 == hashlib.sha256(other.read_bytes()).hexdigest()
    assert scan_models()[1] == []


def test_descriptions_are_written_as_they_are_read(tmp_path):
    spec = ModelSpec(
        name="net",
        file=tmp_path / "net.onnx",
        kind="instances",
        size=800,
        size_of="short",
        order="BGR",
        mean=(102.9801, 115.9465, 122.7717),
        value_range=(0, 255),
        outputs=(("boxes", "6568"), ("masks", 3)),
        classes=(1, 17),
        choose="all",
        min_score=0.25,
        licence='"quoted" \\ and\nbroken \x7f \x00 ünïcode',
        by_maximum=True,
        dynamic=False,
        shape=(800, 1200),
    )
    (tmp_path / "net.toml").write_text(description_of(spec), encoding="utf-8")
    assert load_spec(tmp_path / "net.toml") == spec


@pytest.mark.parametrize("name", ["default", "net.onnx", "net.toml"])
def test_names_that_mean_something_else(bare, name):
    with pytest.raises(InvalidOptionError, match="already means something"):
        add_model(bare(channel_graph(0)), {"kind": "alpha", "name": name})
    assert here() == []


def test_a_failure_in_the_last_step_leaves_nothing(bare, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hybridbg.predict.store.Path.write_text", full)
    with pytest.raises(OSError, match="No space"):
        add_model(bare(channel_graph(0)), {"kind": "alpha"})
    assert here() == []


# --- verifying


def test_verdicts(tmp_path):
    file = tmp_path / "u2netp.onnx"
    file.write_bytes(b"abc")
    spec = ModelSpec(name="u2netp", file=file, kind="saliency")
    assert verify_model(spec).state == "wrong"
    assert "models add" in verify_model(spec).text
    assert verify_model(replace(spec, sha256=hashlib.sha256(b"abc").hexdigest())).text == "ok"
    assert verify_model(replace(spec, sha256="0" * 64)).text.startswith("wrong: the file has ba78")
    unknown = file.rename(tmp_path / "holiday.onnx")
    assert verify_model(replace(spec, file=unknown)).state == "unknown"
    gone = verify_model(replace(spec, file=tmp_path / "gone.onnx", sha256="0" * 64))
    assert "cannot be read" in gone.text


# --- fetching


CONTENT = channel_graph(0).SerializeToString()


def known(server, **fields):
    spec = ModelSpec(
        name="far", file=known_models()["u2netp"].spec.file, kind="alpha", licence="MIT"
    )
    digest = hashlib.sha256(CONTENT).hexdigest()
    values = {"files": ("far.onnx",), "url": server.url, "bytes": len(CONTENT), "sha256": digest}
    return KnownModel(spec=spec, **(values | fields))


def test_a_fetched_model_is_as_published():
    with serving(CONTENT) as server:
        spec = fetch_model(known(server))
        assert here() == ["far.onnx", "far.toml"]
        assert find_model("far") == spec
        assert (spec.sha256, spec.licence) == (hashlib.sha256(CONTENT).hexdigest(), "MIT")
        asked = len(server.requests)
        assert fetch_model(known(server)) == spec
        assert len(server.requests) == asked
        with pytest.raises(InvalidOptionError, match="already"):
            fetch_model(known(server, sha256="0" * 64))


def test_a_mirror_and_an_md5():
    with serving(CONTENT) as server:
        md5 = hashlib.md5(CONTENT).hexdigest()  # noqa: S324
        model = known(server, url="https://nowhere.invalid/", sha256=None, md5=md5, bytes=None)
        spec = fetch_model(model, url=server.url)
    assert spec.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_another_file_than_published_gets_no_name():
    with serving(CONTENT[::-1]) as server:
        with pytest.raises(ModelFetchError, match=r"not the published file \(sha256"):
            fetch_model(known(server))
        assert here() == []
        server.content = CONTENT
        assert fetch_model(known(server)).name == "far"


def test_a_fetch_that_is_cut_short_goes_on():
    with serving(CONTENT) as server:
        server.cut = 100
        with pytest.raises(ModelFetchError, match="run this again"):
            fetch_model(known(server))
        assert here() == ["far.onnx.part", "far.onnx.part.json"]
        assert "far" not in {spec.name for spec in scan_models()[0]}
        server.cut = None
        fetch_model(known(server))
        assert server.requests[-1][1]["Range"] == "bytes=100-"
    assert here() == ["far.onnx", "far.toml"]


def test_a_model_without_address_or_checksum():
    for name in ("mediapipe-selfie", "deeplabv3"):
        with pytest.raises(ModelFetchError, match="models add FILE"):
            fetch_model(find_known(name))
    with serving(CONTENT) as server:
        with pytest.raises(ModelFetchError, match="no published address and checksum"):
            fetch_model(known(server, sha256=None))
        assert server.requests == []


def test_a_name_that_nobody_knows():
    with pytest.raises(ModelNotFoundError, match="known are u2net, u2netp"):
        find_known("u2nett")
