"""Export a checkpoint: ``python -m training.export RUN/last.pt MODEL.onnx``.

Writes ONNX opset 18 with dynamic batch and size.  Batch normalisation is folded into the
convolutions; weights are stored as float16 and cast back to float32 when the model is loaded, which
halves the file and leaves the arithmetic in float32.  The export fails unless ONNX Runtime agrees
with PyTorch at several sizes.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from training.network import STRIDE, TrimapNet

OPSET = 18
HALF_FROM = 256  # smallest tensor (numbers) that is stored as float16
CHECK_SHAPES = ((1, 192, 256), (2, 320, 320), (1, 96, 448))
EXACT_TOLERANCE = 1e-4  # float32 export against PyTorch, largest difference
HALF_TOLERANCE = 2e-2  # float16 storage against PyTorch, largest difference
SMALLEST_NORMAL_HALF = 6.1e-5


def load_network(checkpoint: Path) -> TrimapNet:
    """Load the averaged network of a checkpoint, in evaluation mode."""
    net = TrimapNet()
    net.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    return net.eval()


def fold_normalisation(module: nn.Module) -> None:
    """Fold each convolution followed by batch normalisation into one convolution, in place."""
    for child in module.children():
        if (
            isinstance(child, nn.Sequential)
            and len(child) >= 2
            and isinstance(child[0], nn.Conv2d)
            and isinstance(child[1], nn.BatchNorm2d)
        ):
            child[0] = fuse_conv_bn_eval(child[0], child[1])
            child[1] = nn.Identity()
        fold_normalisation(child)


def export_float32(net: TrimapNet, path: Path) -> None:
    """Write the network as it is, with dynamic batch and size."""
    axes = {0: "batch", 2: "height", 3: "width"}
    torch.onnx.export(
        net,
        (torch.rand(2, 4, 6 * STRIDE, 7 * STRIDE),),
        str(path),
        input_names=["input"],
        output_names=["probabilities", "alpha"],
        opset_version=OPSET,
        dynamic_axes={"input": axes, "probabilities": axes, "alpha": axes},
        dynamo=False,
    )


def store_half(model: onnx.ModelProto) -> None:
    """Keep large float32 weights as float16, followed by a cast, in place."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < HALF_FROM:
            continue
        values = numpy_helper.to_array(tensor)
        values = np.where(np.abs(values) < SMALLEST_NORMAL_HALF / 2, 0, values)
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(
            helper.make_node("Cast", [f"{name}_half"], [name], f"cast_{name}", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def largest_difference(net: TrimapNet, path: Path) -> float:
    """Largest difference of any output between PyTorch and ONNX Runtime over several sizes."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    worst = 0.0
    for count, rows, cols in CHECK_SHAPES:
        coarse = torch.from_numpy(rng.random((count, 4, rows // 16, cols // 16), np.float32))
        smooth = nn.functional.interpolate(coarse, size=(rows, cols), mode="bilinear")
        with torch.no_grad():
            expected = net(smooth)
        found = session.run(["probabilities", "alpha"], {"input": smooth.numpy()})
        for a, b in zip(expected, found, strict=True):
            worst = max(worst, float(np.abs(a.numpy() - b).max()))
    return worst


def export(checkpoint: Path, path: Path) -> str:
    """Export, check, write; returns the file's sha256."""
    net = load_network(checkpoint)
    plain = load_network(checkpoint)
    fold_normalisation(net)
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "float32.onnx"
        export_float32(net, exact)
        difference = largest_difference(plain, exact)
        if difference > EXACT_TOLERANCE:
            raise RuntimeError(f"float32 export differs from PyTorch by {difference:.2g}")
        model = onnx.load(str(exact))
    model.producer_name = "hybridbg training"
    model.producer_version = ""
    store_half(model)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    half = largest_difference(plain, path)
    if half > HALF_TOLERANCE:
        raise RuntimeError(f"float16 storage differs from PyTorch by {half:.2g}")
    print(f"largest difference: float32 {difference:.2g}, stored as float16 {half:.2g}")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("model", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    digest = export(arguments.checkpoint, arguments.model)
    size = arguments.model.stat().st_size
    print(f"{arguments.model}: {size} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
