"""Tiny networks, made here: real ONNX graphs whose answer can be said in one line.

`trimap_graph` sees x = 8 (mean of RGB - 0.5) + 8 (hint - 0.5) and answers with the softmax of
(-x, 0, x) and the alpha sigmoid(x): bright is foreground, dark is background, and the hint counts
as much as the brightness. `saliency_graph` is the mean of its three normalised channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

GAIN = 8.0


def trimap_graph(*, channels: int = 4, softmax: bool = True, outputs: tuple[str, ...] = ()) -> Any:
    """Make a trimap network of any size, or a spoilt variant of it."""
    from onnx import TensorProto, helper, numpy_helper

    colours = np.full(3, GAIN / 3, dtype=np.float32)
    weights = np.concatenate((colours, np.full(channels - 3, GAIN, dtype=np.float32)))
    threshold = GAIN / 2 * (1 + (channels - 3))
    stack = np.stack((-weights, 0 * weights, weights))[:, :, None, None].astype(np.float32)
    bias = np.array([threshold, 0, -threshold], dtype=np.float32)
    nodes = [
        helper.make_node("Conv", ["input", "classes", "bias"], ["logits"]),
        helper.make_node(
            "Softmax" if softmax else "Identity",
            ["logits"],
            ["probabilities"],
            **({"axis": 1} if softmax else {}),
        ),
        helper.make_node("Conv", ["input", "matte", "offset"], ["level"]),
        helper.make_node("Sigmoid", ["level"], ["alpha"]),
    ]
    constants = {
        "classes": stack,
        "bias": bias,
        "matte": stack[2:],
        "offset": bias[2:],
    }
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", float32, ["n", channels, "h", "w"])],
        [
            helper.make_tensor_value_info(name, float32, ["n", count, "h", "w"])
            for name, count in (("probabilities", 3), ("alpha", 1))
            if not outputs or name in outputs
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def saliency_graph(*, layout: str = "NCHW", size: int = 32) -> Any:
    """Make a saliency network of a fixed square size."""
    from onnx import TensorProto, helper, numpy_helper

    axis = 1 if layout == "NCHW" else 3
    sides = ["n", size, size, size]
    sides[axis] = 3
    answer = ["n", size, size, size]
    answer[axis] = 1
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["picture", "axes"], ["d0"], keepdims=1)],
        "tiny",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("d0", TensorProto.FLOAT, answer)],
        [numpy_helper.from_array(np.array([axis], dtype=np.int64), "axes")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
