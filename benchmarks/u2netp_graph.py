"""A graph of the shape of U2-Net-p with random weights, to be timed and nothing else.

Qin et al., "U2-Net: Going Deeper with Nested U-Structure for Salient Object Detection" (Pattern
Recognition 2020): U-shaped blocks (RSU) nested in a U; the small variant has 64 channels everywhere
and 16 inside the blocks, 1,131,181 parameters by its authors' code. Batch normalisation is folded
into the convolutions, as ONNX Runtime would do it: that leaves two parameters a channel fewer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

OPSET = 18
CHANNELS = 64
INNER = 16
DEPTHS = (7, 6, 5, 4)
"""Layers of the RSU blocks from outside to inside; two more blocks keep their resolution (4F)."""


@dataclass(frozen=True)
class Map:
    """A feature map in the making: square."""

    name: str
    channels: int
    side: int


@dataclass
class U2NetP:
    """The graph while it is built.

    Attributes
    ----------
    parameters : int
        Weights and biases, normalisation folded.
    normalised : int
        Channels that the original normalises; it keeps two more parameters for each.
    multiply_adds : int
        Of the convolutions, for one picture.
    """

    side: int = 320
    seed: int = 0
    parameters: int = 0
    normalised: int = 0
    multiply_adds: int = 0
    nodes: list[object] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.side % 32:
            raise ValueError(f"side must be a multiple of 32, got {self.side}")
        self._rng = np.random.default_rng(self.seed)

    def model(self) -> ModelProto:
        """Build the whole: input (1, 3, side, side), output the fused map (1, 1, side, side)."""
        x = Map("input", 3, self.side)
        encoded = []
        for depth in DEPTHS:
            x = self._block(x, depth)
            encoded.append(x)
            x = self._halve(x)
        x = self._flat_block(x)
        encoded.append(x)
        x = self._flat_block(self._halve(x))
        sides = [x]
        for skip, depth in zip(reversed(encoded), (None, *reversed(DEPTHS)), strict=True):
            joined = self._join(self._double(x), skip)
            x = self._flat_block(joined) if depth is None else self._block(joined, depth)
            sides.append(x)
        maps = [self._enlarge(self._plain(one, 1, size=3), self.side) for one in reversed(sides)]
        fused = self._plain(self._join(*maps), 1, size=1)
        self.nodes.append(helper.make_node("Sigmoid", [fused.name], ["saliency"]))
        shape = [1, 3, self.side, self.side]
        graph = helper.make_graph(
            self.nodes,
            "u2netp-shaped",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("saliency", TensorProto.FLOAT, [1, 1, *shape[2:]])],
            self.weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8
        )
        checker.check_model(model, full_check=True)
        return model

    def _block(self, x: Map, depth: int) -> Map:
        """RSU of `depth` layers: encoder with pooling, one dilated layer, decoder, shortcut."""
        entry = self._layer(x, CHANNELS)
        levels = [self._layer(entry, INNER)]
        for _ in range(depth - 2):
            levels.append(self._layer(self._halve(levels[-1]), INNER))
        deep = self._layer(levels[-1], INNER, dilation=2)
        for level in reversed(levels):
            outermost = level is levels[0]
            joined = self._join(self._enlarge(deep, level.side), level)
            deep = self._layer(joined, CHANNELS if outermost else INNER)
        return self._add(deep, entry)

    def _flat_block(self, x: Map) -> Map:
        """RSU-4F: dilation instead of pooling."""
        entry = self._layer(x, CHANNELS)
        levels = [self._layer(entry, INNER)]
        for dilation in (2, 4):
            levels.append(self._layer(levels[-1], INNER, dilation=dilation))
        deep = self._layer(levels[-1], INNER, dilation=8)
        for level, dilation in zip(reversed(levels), (4, 2, 1), strict=True):
            channels = CHANNELS if level is levels[0] else INNER
            deep = self._layer(self._join(deep, level), channels, dilation=dilation)
        return self._add(deep, entry)

    def _layer(self, x: Map, channels: int, *, dilation: int = 1) -> Map:
        """Convolution, normalisation (folded) and ReLU."""
        self.normalised += channels
        made = self._plain(x, channels, size=3, dilation=dilation)
        return self._node("Relu", [made], channels, made.side)

    def _plain(self, x: Map, channels: int, *, size: int, dilation: int = 1) -> Map:
        """Convolution with bias alone."""
        shape = (channels, x.channels, size, size)
        fan_in = int(np.prod(shape[1:]))
        kernel = self._rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
        names = [f"weight{len(self.weights)}", f"bias{len(self.weights)}"]
        for name, values in zip(names, (kernel, np.zeros(channels, np.float32)), strict=True):
            self.weights.append(numpy_helper.from_array(values, name))
            self.parameters += values.size
        self.multiply_adds += kernel.size * x.side**2
        made = Map(f"map{len(self.nodes)}", channels, x.side)
        pads = [dilation * (size // 2)] * 4
        self.nodes.append(
            helper.make_node(
                "Conv",
                [x.name, *names],
                [made.name],
                kernel_shape=[size, size],
                dilations=[dilation] * 2,
                pads=pads,
            )
        )
        return made

    def _halve(self, x: Map) -> Map:
        strides = {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}
        return self._node("MaxPool", [x], x.channels, x.side // 2, **strides)

    def _double(self, x: Map) -> Map:
        return self._enlarge(x, 2 * x.side)

    def _enlarge(self, x: Map, side: int) -> Map:
        """Bilinear, as the original does it; nothing where the size is right."""
        if side == x.side:
            return x
        name = f"size{len(self.nodes)}"
        self.weights.append(numpy_helper.from_array(np.int64([1, x.channels, side, side]), name))
        made = Map(f"map{len(self.nodes)}", x.channels, side)
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        self.nodes.append(helper.make_node("Resize", [x.name, "", "", name], [made.name], **how))
        return made

    def _join(self, *maps: Map) -> Map:
        channels = sum(one.channels for one in maps)
        return self._node("Concat", maps, channels, maps[0].side, axis=1)

    def _add(self, first: Map, second: Map) -> Map:
        return self._node("Add", [first, second], first.channels, first.side)

    def _node(self, kind: str, given: object, channels: int, side: int, **options: object) -> Map:
        made = Map(f"map{len(self.nodes)}", channels, side)
        names = [one.name for one in given]
        self.nodes.append(helper.make_node(kind, names, [made.name], **options))
        return made
