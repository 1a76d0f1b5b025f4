"""The package's face: what it exports, and how little importing it costs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import hybridbg

HEAVY = ("cv2", "onnxruntime", "skimage", "scipy", "pymatting", "PIL", "tifffile", "click", "numpy")


@pytest.mark.parametrize("name", hybridbg.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(hybridbg, name)
    assert name == "__version__" or value.__doc__


def test_every_error_is_public():
    from hybridbg.core import errors

    assert set(errors.__all__) <= set(hybridbg.__all__)
    assert all(getattr(hybridbg, name) is getattr(errors, name) for name in errors.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nosuch"):
        _ = hybridbg.nosuch


def test_a_function_is_not_hidden_by_a_module_of_its_name():
    import hybridbg.graphcut

    assert callable(hybridbg.grabcut)


def test_import_loads_nothing_heavy():
    code = "import json, sys, hybridbg; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded.isdisjoint(HEAVY)
    assert "urllib.request" not in json.loads(done.stdout)


def test_networks_load_neither_their_runtime_nor_a_network():
    """Neither ONNX Runtime before a session, nor anything of HTTP before a fetch."""
    code = (
        "import json, sys, hybridbg.predict, hybridbg.predict.store, hybridbg.cli;"
        "hybridbg.predict.list_models(); print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert loaded.isdisjoint({"onnxruntime", "urllib.request", "http.client", "ssl", "onnx"})
