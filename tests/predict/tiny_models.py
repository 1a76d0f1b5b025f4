"""Tiny networks, made here: real ONNX graphs whose answer can be said in one line.

`trimap_graph` sees x = 8 (mean of RGB - 0.5) + 8 (hint - 0.5) and answers with the softmax of
(-x, 0, x) and the alpha sigmoid(x): bright is foreground, dark is background, and the hint counts
as much as the brightness. `saliency_graph` is the mean of its three normalised channels,
`channel_graph` one of them. `class_graph` scores class 0 at zero, 1 by the red channel and 2 by the
blue one. `instance_graph` finds the same objects whatever it sees.
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


def channel_graph(
    channel: int,
    *,
    layout: str = "NCHW",
    sides: tuple[int | str, int | str] = (32, 32),
    batch: int | str | None = "n",
    element: str = "FLOAT",
    logit: bool = False,
    decoy: bool = False,
) -> Any:
    """Make a network that answers with one of its input's channels, or the logit of it.

    `batch` is the first axis, None for an input without; `decoy` puts another output before it.
    """
    from onnx import TensorProto, helper, numpy_helper

    kind = getattr(TensorProto, element)
    lead = [] if batch is None else [batch]
    axis = len(lead) + (0 if layout == "NCHW" else 2)
    shapes = {
        count: [*lead, count, *sides] if layout == "NCHW" else [*lead, *sides, count]
        for count in (1, 3)
    }
    nodes = [
        helper.make_node("Gather", ["picture", "which"], ["picked"], axis=axis),
        helper.make_node("Cast", ["picked"], ["map"], to=TensorProto.FLOAT),
    ]
    constants = {"which": np.array([channel], dtype=np.int64)}
    if logit:
        # log(x / (1 - x))
        constants["one"] = np.ones(1, dtype=np.float32)
        nodes[1] = helper.make_node("Cast", ["picked"], ["share"], to=TensorProto.FLOAT)
        nodes += [
            helper.make_node("Sub", ["one", "share"], ["rest"]),
            helper.make_node("Div", ["share", "rest"], ["odds"]),
            helper.make_node("Log", ["odds"], ["map"]),
        ]
    outputs = [helper.make_tensor_value_info("map", TensorProto.FLOAT, shapes[1])]
    if decoy:
        nodes.append(helper.make_node("Neg", ["map"], ["first"]))
        outputs.insert(0, helper.make_tensor_value_info("first", TensorProto.FLOAT, shapes[1]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", kind, shapes[3])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def class_graph(*, layout: str = "NCHW", numbers: bool = False, softmax: bool = False) -> Any:
    """Make a network that answers with scores, probabilities or numbers of three classes."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.zeros((3, 3, 1, 1), dtype=np.float32)
    weights[1, 0] = weights[2, 2] = GAIN
    bias = np.array([0, -GAIN / 2, -GAIN / 2], dtype=np.float32)
    last = layout == "NHWC"
    nodes = [
        helper.make_node("Transpose", ["picture"], ["first"], perm=[0, 3, 1, 2])
        if last
        else helper.make_node("Identity", ["picture"], ["first"]),
        helper.make_node("Conv", ["first", "weights", "bias"], ["raw"]),
        helper.make_node("Softmax" if softmax else "Identity", ["raw"], ["scores"]),
        helper.make_node("Transpose", ["scores"], ["out"], perm=[0, 2, 3, 1])
        if last
        else helper.make_node("Identity", ["scores"], ["out"]),
    ]
    if softmax:
        nodes[2].attribute.append(helper.make_attribute("axis", 1))
    kind, answer = TensorProto.FLOAT, ["n", "h", "w", 3] if last else ["n", 3, "h", "w"]
    name = "out"
    if numbers:
        nodes.append(helper.make_node("ArgMax", ["scores"], ["numbers"], axis=1, keepdims=0))
        kind, answer, name = TensorProto.INT64, ["n", "h", "w"], "numbers"
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(
                "picture", TensorProto.FLOAT, ["n", "h", "w", 3] if last else ["n", 3, "h", "w"]
            )
        ],
        [helper.make_tensor_value_info(name, kind, answer)],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def instance_graph(
    boxes: Any, labels: Any, scores: Any, masks: Any, *, size: int = 64, names: str = "blsm"
) -> Any:
    """Make a network of a fixed size, without a first axis, that finds these objects.

    `names` gives the order of the outputs; in another than "blsm" they have no telling names.
    """
    from onnx import TensorProto, helper, numpy_helper

    values = {
        "b": ("boxes", np.asarray(boxes, dtype=np.float32).reshape(-1, 4), TensorProto.FLOAT),
        "l": ("labels", np.asarray(labels, dtype=np.int64), TensorProto.INT64),
        "s": ("scores", np.asarray(scores, dtype=np.float32), TensorProto.FLOAT),
        "m": ("masks", np.asarray(masks, dtype=np.float32), TensorProto.FLOAT),
    }
    nodes, outputs, constants = [], [], []
    for letter in names:
        name, value, kind = values[letter]
        called = name if names == "blsm" else f"out_{letter}"
        constants.append(numpy_helper.from_array(value, f"fixed_{letter}"))
        nodes.append(helper.make_node("Identity", [f"fixed_{letter}"], [called]))
        outputs.append(helper.make_tensor_value_info(called, kind, value.shape))
    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, [3, size, size])
    graph = helper.make_graph(nodes, "tiny", [picture], outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
