"""Make the INT8 variant: ``python -m training.quantise FLOAT.onnx OUT.onnx --data DATA``.

ONNX Runtime's static quantiser (QDQ; weights per channel, of 7 bits so that processors without
8-bit dot products do not saturate) gets its ranges from training photographs under
``DATA/train``, every other one with a rough hint.  Blocks of the network whose arithmetic costs
most stay in float: quantisation is tried with each block left out, and a block stays out where that
brings the answer nearer to the float model's by more than `WORTH_KEEPING`.  Nothing is written when
the mean IoU on the photographs held out from training falls by more than `MAX_LOSS`.  Beside the
model go its description (that of the float model with what differs replaced) and its card.  The
result depends on the model, the photographs and the version of ONNX Runtime only.

A lone convolution between blocks in INT8 cannot be kept in float: recent versions of ONNX Runtime
quantise its weights when they load the model.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from training.data import Photo, is_held_out, read_masked_photos
from training.evaluate import Predictor, as_input
from training.measures import overlap, rough_hint

Floats = NDArray[np.float32]

SEED = 0
CALIBRATED_ON = 40  # photographs
COMPARED_ON = 24  # of these, when blocks are left out
QUANTISED = ("Conv", "Add", "Relu")
WORTH_KEEPING = 0.2  # of the distance to the float model's answer
MAX_LOSS = 0.01  # of mean IoU on the photographs held out
SUBJECT_ALPHA = 0.5
CARD = Path(__file__).parent / "int8_card.md"


@dataclass(frozen=True)
class Scores:
    """Mean IoU on the photographs held out from training."""

    alone: float
    hinted: float


class Inputs(CalibrationDataReader):
    """Hands network inputs to the quantiser, one by one."""

    def __init__(self, inputs: Sequence[Floats]) -> None:
        self.left = iter(inputs)

    def get_next(self) -> dict[str, Floats] | None:
        """Return the next one; None at the end."""
        batch = next(self.left, None)
        return None if batch is None else {"input": batch}


def unfold_half(model: ModelProto) -> None:
    """Turn weights stored as float16 back into float32 initialisers, in place.

    The quantiser looks for weights among the initialisers and does not see through a cast.
    """
    stored = {
        one.name: one for one in model.graph.initializer if one.data_type == TensorProto.FLOAT16
    }
    kept = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            tensor = stored[node.input[0]]
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, node.output[0]))
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)


def network_inputs(photos: Sequence[Photo], long_side: int) -> list[Floats]:
    """Make inputs of the network, every other one with a rough hint."""
    return [
        as_input(
            photo.image,
            rough_hint(photo.mask > 127, seed=number) if number % 2 else None,
            long_side,
        )[0]
        for number, photo in enumerate(photos)
    ]


def blocks(model: ModelProto) -> dict[str, list[str]]:
    """Names of the nodes by the part of the network they belong to, such as ``context.1``.

    Exported names are paths of modules; parts that hold others (``context/context.1``) are named
    by the inner one, so that attention is not lumped together with what surrounds it.
    """
    found: dict[str, list[str]] = {}
    for node in model.graph.node:
        if node.op_type in QUANTISED:
            outer, *inner = node.name.strip("/").split("/")
            deeper = bool(inner) and inner[0].startswith(f"{outer}.") and outer == "context"
            found.setdefault(inner[0] if deeper else outer, []).append(node.name)
    return found


def quantise(path: Path, out: Path, inputs: Sequence[Floats], in_float: Sequence[str]) -> None:
    """Write the model at `path` in INT8, but for the nodes named `in_float`."""
    quantize_static(
        path,
        out,
        Inputs(inputs),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(QUANTISED),
        nodes_to_exclude=list(in_float),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


def answers(path: Path, inputs: Sequence[Floats]) -> list[Floats]:
    """Class probabilities and alpha, put together, for every input."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    wanted = ["probabilities", "alpha"]
    return [np.concatenate(session.run(wanted, {"input": one}), axis=1) for one in inputs]


def choose_blocks(path: Path, inputs: Sequence[Floats], folder: Path) -> list[str]:
    """Find the blocks that are worth keeping in float, by leaving out one after the other."""
    compared = inputs[:COMPARED_ON]
    expected = answers(path, compared)

    def distance(in_float: Sequence[str]) -> float:
        tried = folder / "tried.onnx"
        quantise(path, tried, inputs, in_float)
        found = answers(tried, compared)
        each = [np.abs(a - b).mean() for a, b in zip(found, expected, strict=True)]
        return float(np.mean(each))

    whole = distance([])
    print(f"mean distance of the answer from the float model's, all in INT8: {whole:.5f}")
    chosen = []
    for name, nodes in blocks(onnx.load(path)).items():
        left = distance(nodes)
        worth = left < (1 - WORTH_KEEPING) * whole
        print(f"  {name:10s} in float: {left:.5f}{'  <- stays in float' if worth else ''}")
        if worth:
            chosen.append(name)
    return chosen


def hold_out_scores(path: Path, photos: Sequence[Photo], long_side: int) -> Scores:
    """Mean IoU with and without a rough hint."""
    predict = Predictor(path, long_side)
    each = []
    for number, photo in enumerate(photos):
        truth = photo.mask > 127
        hints = (None, rough_hint(truth, seed=number))
        found = (predict(photo.image, hint, mirror=False).alpha for hint in hints)
        each.append([overlap(alpha > SUBJECT_ALPHA, truth) for alpha in found])
    alone, hinted = np.mean(each, axis=0)
    return Scores(float(alone), float(hinted))


def describe(source: Path, out: Path, digest: str) -> None:
    """Write the description of `out`: that of the float model with what differs replaced."""
    replaced = {
        "name": out.stem,
        "file": out.name,
        "sha256": digest,
        "origin": f"made from {source.name} by training/quantise.py of this repository",
        "card": f"{out.stem}.md",
    }
    lines = [
        "# Written by training/quantise.py; keys are the fields of hybridbg.predict.ModelSpec."
    ]
    for line in source.with_suffix(".toml").read_text(encoding="utf-8").splitlines():
        key = line.split("=")[0].strip()
        if not line.startswith("#"):
            lines.append(f'{key} = "{replaced[key]}"' if key in replaced else line)
    out.with_suffix(".toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make(source: Path, out: Path, data: Path) -> None:
    """Quantise, compare, and write model, description and card."""
    photos = read_masked_photos(data)
    held_out = [one for one in photos if is_held_out(one.name)]
    trained_on = [one for one in photos if not is_held_out(one.name)]
    rng = np.random.default_rng(SEED)
    picked = rng.choice(len(trained_on), min(CALIBRATED_ON, len(trained_on)), replace=False)
    long_side = tomllib.loads(source.with_suffix(".toml").read_text(encoding="utf-8"))["size"]
    inputs = network_inputs([trained_on[at] for at in picked], long_side)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = onnx.load(source)
        unfold_half(model)
        plain, made = folder / "float.onnx", folder / "int8.onnx"
        onnx.save(model, plain)
        kept = choose_blocks(plain, inputs, folder)
        parts = blocks(model)
        quantise(plain, made, inputs, [node for part in kept for node in parts[part]])
        before, after = (hold_out_scores(path, held_out, long_side) for path in (plain, made))
        content = made.read_bytes()
    for title, a, b in (
        ("no hint", before.alone, after.alone),
        ("rough hint", before.hinted, after.hinted),
    ):
        print(f"mean IoU on {len(held_out)} photographs, {title}: float {a:.4f}, INT8 {b:.4f}")
        if a - b > MAX_LOSS:
            raise SystemExit(f"{title}: lost {a - b:.4f} of mean IoU, at most {MAX_LOSS} may go")
    out.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    describe(source, out, digest)
    card = CARD.read_text(encoding="utf-8").format(
        name=out.stem,
        source=source.stem,
        source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        sha256=digest,
        megabytes=len(content) / 1e6,
        source_megabytes=source.stat().st_size / 1e6,
        kept=", ".join(f"`{one}`" for one in kept) or "none",
        calibrated=CALIBRATED_ON,
        held_out=len(held_out),
        before=before,
        after=after,
        alone=after.alone - before.alone,
        hinted=after.hinted - before.hinted,
        runtime=onnxruntime.__version__,
    )
    out.with_suffix(".md").write_text(card, encoding="utf-8")
    print(f"{out}: {len(content)} bytes, sha256 {digest}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="float model, its description beside it")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    onnxruntime.set_default_logger_severity(3)
    make(arguments.model, arguments.out, arguments.data)


if __name__ == "__main__":
    main()
