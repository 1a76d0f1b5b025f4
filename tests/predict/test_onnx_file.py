"""hybridbg.predict.onnx_file: a model that names other files is found out, wherever it hides it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridbg.core.errors import InvalidModelError
from hybridbg.predict import new_session
from hybridbg.predict.onnx_file import names_other_files
from tests.predict.tiny_models import trimap_graph


def outside(location="weights.bin"):
    from onnx import TensorProto

    tensor = TensorProto(name="outside", data_type=TensorProto.FLOAT, dims=[3, 4, 1, 1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def hidden_in(place):
    """A model with such a tensor in one of the places that hold tensors."""
    from onnx import SparseTensorProto, helper

    model = trimap_graph()
    branch = helper.make_graph([], "branch", [], [], [outside()])
    if place == "initializer":
        model.graph.initializer.append(outside())
    elif place == "sparse":
        model.graph.sparse_initializer.append(SparseTensorProto(values=outside()))
    elif place == "training":
        model.training_info.add().initialization.initializer.append(outside())
    elif place == "function":
        attribute = helper.make_attribute("value", outside())
        model.functions.add().node.add(op_type="Constant").attribute.append(attribute)
    else:
        value = {
            "tensor": outside(),
            "tensors": [outside()],
            "graph": branch,
            "graphs": [branch],
        }[place]
        model.graph.node[0].attribute.append(helper.make_attribute("hidden", value))
    return model.SerializeToString()


PLACES = (
    "initializer",
    "sparse",
    "training",
    "function",
    "tensor",
    "tensors",
    "graph",
    "graphs",
)


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_looked_at(place):
    assert names_other_files(hidden_in(place))


def test_a_model_in_one_file_passes():
    assert not names_other_files(trimap_graph().SerializeToString())


def test_a_file_in_the_current_folder_is_not_followed(write_model, tmp_path, monkeypatch):
    """ONNX Runtime alone would read it: models given as bytes look there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.bin").write_bytes(bytes(48))
    model = trimap_graph()
    [tensor] = [one for one in model.graph.initializer if one.name == "classes"]
    tensor.ClearField("raw_data")
    tensor.MergeFrom(outside())
    tensor.name = "classes"
    del tensor.dims[4:]
    with pytest.raises(InvalidModelError, match="keeps weights in other files"):
        new_session(write_model(model))


@pytest.mark.parametrize(
    "prefix",
    [b"\x0b", b"\x13\x14", b"\x07", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"],
)
def test_what_cannot_be_followed_is_refused(write_model, prefix):
    """Fields of unknown types in front must not make the check stop and ONNX Runtime go on."""
    content = prefix + hidden_in("initializer")
    with pytest.raises(ValueError, match=r"protocol buffer|truncated"):
        names_other_files(content)
    with pytest.raises(InvalidModelError, match="cannot be loaded"):
        new_session(write_model(content))


@given(st.binary(max_size=200))
def test_any_bytes_are_judged_or_refused(content):
    with suppress(ValueError):
        assert names_other_files(content) in (True, False)
