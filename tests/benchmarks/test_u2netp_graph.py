"""benchmarks.u2netp_graph: of the size its authors publish, and countable by others."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from benchmarks.u2netp_graph import U2NetP


@pytest.fixture(scope="module")
def built():
    graph = U2NetP(side=64)
    return graph, graph.model()


def test_parameters_are_those_of_the_original(built):
    graph, _ = built
    assert graph.parameters + 2 * graph.normalised == 1_131_181


def test_multiply_adds_agree_with_the_shapes_that_onnx_infers(built):
    graph, model = built
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    sizes = {
        one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
        for one in (*inferred.value_info, *inferred.output)
    }
    kernels = {one.name: np.prod(one.dims) for one in inferred.initializer}
    counted = sum(
        kernels[node.input[1]] * np.prod(sizes[node.output[0]][2:])
        for node in inferred.node
        if node.op_type == "Conv"
    )
    assert counted == graph.multiply_adds


def test_runs_and_is_the_same_for_the_same_seed(built):
    import onnxruntime

    _, model = built
    assert model.SerializeToString() == U2NetP(side=64).model().SerializeToString()
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    [answer] = session.run(None, {"input": np.ones((1, 3, 64, 64), np.float32)})
    assert answer.shape == (1, 1, 64, 64)
    assert np.isfinite(answer).all()


def test_side_must_fit_the_pools():
    with pytest.raises(ValueError, match="multiple of 32"):
        U2NetP(side=100)
