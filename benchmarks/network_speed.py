"""How fast the network runs: against a graph of the shape of U2-Net-p, and its INT8 variant.

ONNX Runtime on two threads, one picture of 320 x 320, the three in turn in one process.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.common import Goal, interleave, progress, ratio, table
from benchmarks.u2netp_graph import U2NetP
from hybridbg.predict import Session

SIDE = 320
THREADS = 2
ROUNDS = 21
INT8_SUFFIX = "-int8"


def measure(session: Session) -> list[Goal]:
    """Run the graphs in turn; the INT8 variant is the file beside the model, where there is one."""
    peer = U2NetP(SIDE)
    file = session.spec.file
    int8 = file.with_name(f"{file.stem}{INT8_SUFFIX}{file.suffix}")
    calls = {
        "U2-Net-p's shape": runner(peer.model().SerializeToString(), 3),
        "ours": runner(file.read_bytes(), 4),
    }
    if int8.is_file():
        calls["ours, INT8"] = runner(int8.read_bytes(), 4)
    progress("speed")
    interleave(calls, 2)
    seconds, _ = interleave(calls, ROUNDS)
    progress("")
    theirs, ours = seconds["U2-Net-p's shape"], seconds["ours"]
    faster = ratio(theirs, ours)
    rows = [["U2-Net-p's shape / ours", faster]]
    goals = [Goal("times as fast as U2-Net-p's shape, median", 8.0, faster.median)]
    if int8.is_file():
        packed = ratio(seconds["ours, INT8"], ours)
        rows += [
            ["U2-Net-p's shape / ours in INT8", ratio(theirs, seconds["ours, INT8"])],
            ["ours in INT8 / ours", packed],
        ]
        goals.append(Goal("time of INT8 / float, median", 1.0, packed.median, least=False))
    print(f"\n### Speed, {SIDE} x {SIDE}, {THREADS} threads, {ROUNDS} rounds\n")
    print(table(["", "time (min / median / max)"], rows))
    print(
        f"\nU2-Net-p's shape has {peer.parameters + 2 * peer.normalised:,} parameters "
        f"({peer.parameters:,} with normalisation folded) and {peer.multiply_adds / 1e9:.1f} G "
        "multiply-adds."
    )
    return goals


def runner(content: bytes, channels: int) -> Callable[[], object]:
    """Load a graph and return what runs it once, as `hybridbg.predict.Session` sets it up."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, channels, SIDE, SIDE), np.float32)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: picture})
