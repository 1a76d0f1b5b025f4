"""training.quantise: from a tiny network and drawn photographs to a model the package loads."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hybridbg.predict import new_session, predict_probabilities
from tests.predict.tiny_models import trimap_graph
from training import quantise
from training.data import is_held_out

SIDE = 64


@pytest.fixture
def model(tmp_path):
    """A float model whose larger weights are stored as float16, and its description."""
    made = trimap_graph()
    for node, name in zip(made.graph.node, ("classes", "classes", "matte", "matte"), strict=True):
        node.name = f"/{name}/{node.op_type}"
    [tensor] = [one for one in made.graph.initializer if one.name == "classes"]
    half = numpy_helper.to_array(tensor).astype(np.float16)
    tensor.CopyFrom(numpy_helper.from_array(half, "classes_half"))
    cast = helper.make_node("Cast", ["classes_half"], ["classes"], to=TensorProto.FLOAT)
    made.graph.node.insert(0, cast)
    path = tmp_path / "tiny.onnx"
    onnx.save(made, path)
    path.with_suffix(".toml").write_text(
        '# About the float model.\nname = "tiny"\nfile = "tiny.onnx"\nsha256 = "0"\n'
        'kind = "trimap"\nsize = 64\ndivisor = 32\ndynamic = true\nhas_hint = true\n'
        'origin = "here"\ncard = "tiny.md"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """Bright squares on dark, some of them held out."""
    from PIL import Image

    monkeypatch.setattr(quantise, "CALIBRATED_ON", 4)
    rng = np.random.default_rng(0)
    for kind in ("image", "mask"):
        (tmp_path / "data/train/animals" / kind).mkdir(parents=True)
    names = [f"p{number}" for number in range(60)]
    assert any(is_held_out(f"animals/{name}") for name in names)
    for name in names:
        mask = np.zeros((SIDE, SIDE), np.uint8)
        row, column = rng.integers(4, 24, 2)
        mask[row : row + 32, column : column + 32] = 255
        image = np.where(mask[..., None] > 0, 220, 40) + rng.integers(0, 30, (SIDE, SIDE, 3))
        for kind, pixels in (("image", image.astype(np.uint8)), ("mask", mask)):
            Image.fromarray(pixels).save(tmp_path / f"data/train/animals/{kind}/{name}.png")
    return tmp_path / "data"


def test_makes_a_model_with_description_and_card(model, photographs, tmp_path, monkeypatch):
    out = tmp_path / "tiny-int8.onnx"
    # Of two blocks each does a good part of the damage; this leaves out the worse one alone.
    monkeypatch.setattr(quantise, "WORTH_KEEPING", 0.45)
    quantise.make(model, out, photographs)
    content = out.read_bytes()
    weights = [node.input[1] for node in onnx.load(out).graph.node if node.op_type == "Conv"]
    assert [name in ("classes", "matte") for name in weights] == [True, False]
    session = new_session(out)
    assert (session.spec.name, session.spec.size) == ("tiny-int8", 64)
    assert session.sha256 in out.with_suffix(".md").read_text(encoding="utf-8")
    bright = np.full((40, 50, 3), 0.9, np.float32)
    assert predict_probabilities(bright, session=session).alpha.min() > 0.9
    quantise.make(model, out, photographs)
    assert out.read_bytes() == content


def test_refuses_what_loses_too_much_and_writes_nothing(model, photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(quantise, "MAX_LOSS", -1.0)
    out = tmp_path / "tiny-int8.onnx"
    with pytest.raises(SystemExit, match="mean IoU"):
        quantise.make(model, out, photographs)
    assert not list(tmp_path.glob("tiny-int8*"))


def test_weights_stored_as_half_become_plain_ones(model):
    plain = onnx.load(model)
    quantise.unfold_half(plain)
    assert all(node.op_type != "Cast" for node in plain.graph.node)
    assert {one.data_type for one in plain.graph.initializer} == {TensorProto.FLOAT}
    onnx.checker.check_model(plain, full_check=True)


def test_blocks_are_parts_of_the_network():
    names = ["/stem/0/Conv", "/stem/1/Relu", "/context/context.0/Conv", "/context/context.1/Conv"]
    nodes = [helper.make_node(name.rsplit("/", 1)[1], ["x"], ["y"], name=name) for name in names]
    nodes.append(helper.make_node("Softmax", ["x"], ["y"], name="/out/Softmax"))
    model = helper.make_model(helper.make_graph(nodes, "g", [], []))
    assert quantise.blocks(model) == {
        "stem": names[:2],
        "context.0": names[2:3],
        "context.1": names[3:],
    }
