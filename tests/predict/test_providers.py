"""hybridbg.predict.providers: the names people use, and what is taken when none is given."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hybridbg.core.errors import InvalidOptionError
from hybridbg.predict import available_providers, new_session, providers
from hybridbg.predict.session import Session

EVERYTHING = [
    "TensorrtExecutionProvider",
    "CUDAExecutionProvider",
    "MIGraphXExecutionProvider",
    "ROCMExecutionProvider",
    "OpenVINOExecutionProvider",
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
    "AzureExecutionProvider",
    "CPUExecutionProvider",
]


@pytest.fixture
def everything(monkeypatch):
    """A build of ONNX Runtime that has it all."""
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: EVERYTHING)


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("cpu", "CPUExecutionProvider"),
        ("CUDA", "CUDAExecutionProvider"),
        ("rocm", "ROCMExecutionProvider"),
        ("migraphx", "MIGraphXExecutionProvider"),
        ("directml", "DmlExecutionProvider"),
        ("dml", "DmlExecutionProvider"),
        ("coreml", "CoreMLExecutionProvider"),
        ("openvino", "OpenVINOExecutionProvider"),
        ("tensorrt", "TensorrtExecutionProvider"),
        ("DmlExecutionProvider", "DmlExecutionProvider"),
    ],
)
def test_names(everything, name, full):
    assert providers.resolve([name]) == (full,)


def test_each_is_taken_once(everything):
    assert providers.resolve(["dml", "DirectML", "cpu"]) == (
        "DmlExecutionProvider",
        "CPUExecutionProvider",
    )


def test_the_best_first_and_none_that_sends_pictures_away(everything):
    assert providers.preferred_providers() == [
        "CUDAExecutionProvider",
        "ROCMExecutionProvider",
        "DmlExecutionProvider",
        "OpenVINOExecutionProvider",
        "CPUExecutionProvider",
    ]
    with pytest.raises(InvalidOptionError, match="'azure' is not in this build"):
        providers.resolve(["azure"])


def test_a_missing_one_is_an_error_that_lists_what_there_is():
    with pytest.raises(InvalidOptionError) as caught:
        providers.resolve(["openvino9"])
    for name in available_providers():
        assert name in str(caught.value)


def test_one_that_is_dropped_behind_another_is_an_error(tiny_trimap, everything):
    """The first starts; the second was asked for all the same."""
    with pytest.raises(InvalidOptionError, match="MIGraphXExecutionProvider does not start"):
        new_session(tiny_trimap, providers=["cpu", "migraphx"])


def test_directml_runs_one_picture_at_a_time(tiny_trimap, monkeypatch):
    """Its sessions are not safe to run from two threads at once."""
    monkeypatch.setattr("hybridbg.predict.session.execution.DIRECTML", "CPUExecutionProvider")
    session = Session(new_session(tiny_trimap).spec, providers=["cpu"])
    inside, most = [], []
    guard = threading.Lock()

    class Watched:
        def run(self, names, feed):
            with guard:
                inside.append(1)
                most.append(len(inside))
            time.sleep(0.005)
            with guard:
                inside.pop()
            shape = next(iter(feed.values())).shape
            return [np.zeros((1, 1, *shape[2:]), np.float32) for _ in names]

    session._inference = Watched()
    batch = np.zeros((1, 4, 32, 32), np.float32)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: session.run(batch), range(8)))
    assert max(most) == 1


def test_onnx_runtime_leaves_no_trace_and_sends_nothing(tiny_trimap, tmp_path):
    """Whoever reports keeps a device's number and a queue of reports in the user's cache."""
    script = (
        "import sys, numpy as np; from hybridbg.predict import look, new_session;"
        "look(np.zeros((64, 64, 3), np.float32), session=new_session(sys.argv[1]))"
    )
    home = tmp_path / "home"
    home.mkdir()
    folders = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    kept = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", script, str(tiny_trimap)], env=kept | folders, check=True)
    assert list(home.rglob("*")) == []
