"""hybridbg.predict.known: the table of other projects' models."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from hybridbg.predict import new_session, predict_probabilities
from hybridbg.predict.fetch import check_address
from hybridbg.predict.known import describe, known_for, known_models
from tests.predict.tiny_models import channel_graph, class_graph, saliency_graph

NAMES = list(known_models())


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_complete(name):
    known = known_models()[name]
    assert known.spec.licence
    assert known.spec.origin.startswith("https://")
    assert known.files == tuple(one.lower() for one in known.files)
    if known.url:
        check_address(known.url)
        assert known.digest
    assert known.md5 is None or re.fullmatch(r"[0-9a-f]{32}", known.md5)
    assert known.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", known.sha256)


@pytest.mark.parametrize("name", NAMES)
def test_no_entry_hides_another(name):
    for pattern in known_models()[name].files:
        file = Path(pattern.replace("*", "x"))
        assert known_for(file) is known_models()[name]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("u2net.onnx", "u2net"),
        ("u2net_human_seg.onnx", "u2net_human_seg"),
        ("BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx", "birefnet-general-lite"),
        ("BiRefNet-general-epoch_244.onnx", "birefnet-general"),
        ("BiRefNet-massive-TR_DIS5K_TR_TEs-epoch_420.onnx", "birefnet-massive"),
        ("RMBG-1.4.onnx", "bria-rmbg-1_4"),
        ("modnet_photographic_portrait_matting.onnx", "modnet"),
        ("MediaPipe-Selfie-Segmentation.onnx", "mediapipe-selfie"),
        ("deeplabv3_resnet50.onnx", "deeplabv3"),
        ("MaskRCNN-12.onnx", "maskrcnn-zoo"),
        ("u2net_custom.onnx", None),
        ("model.onnx", None),
        ("u2net.pth", None),
    ],
)
def test_file_names(file, name):
    known = known_for(Path("somewhere") / file)
    assert (known and known.spec.name) == name


def test_a_found_file_keeps_its_own_name():
    spec = describe(Path("there/BiRefNet-DIS-epoch_590.onnx"))
    assert (spec.name, spec.file.name) == ("BiRefNet-DIS-epoch_590", "BiRefNet-DIS-epoch_590.onnx")
    assert (spec.activation, spec.sha256) == ("sigmoid", None)


@pytest.mark.parametrize("name", [name for name in NAMES if "bria" in name])
def test_what_is_not_free_says_so(name):
    assert "Non-commercial" in known_models()[name].spec.terms


def test_difference_from_the_published_file(tmp_path):
    file = tmp_path / "u2netp.onnx"
    file.write_bytes(b"abc")
    known = known_models()["u2netp"]
    assert "sha256 309c84" in known.difference(file)
    right = replace(known, sha256=None, md5=hashlib.md5(b"abc").hexdigest())  # noqa: S324
    assert right.difference(file) is None
    assert "md5 8e83" in replace(known, sha256=None).difference(file)
    assert replace(known, sha256=None, md5=None).difference(file) is None


@pytest.mark.parametrize("name", [name for name in NAMES if "maskrcnn" not in name])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_every_entry_runs_a_graph_of_its_shape(name, layout, write_model, tmp_path):
    """The description of each fits a graph with the inputs and outputs that its project exports."""
    import numpy as np

    spec = known_models()[name].spec
    side = min(spec.size or 256, 64) if spec.dynamic is not False else spec.size
    sides = (side, side) if spec.dynamic is False or spec.size is None else ("h", "w")
    if spec.kind == "classes":
        graph = class_graph(layout=layout)
        spec = replace(spec, classes=(1, 2), size=64)
    elif spec.activation == "sigmoid":
        graph = channel_graph(0, layout=layout, sides=sides)
    else:
        graph = saliency_graph(layout=layout, size=side)
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(graph.SerializeToString())
    spec = replace(spec, file=path, size=None if spec.dynamic is None else spec.size)
    if spec.kind == "classes":
        spec = replace(spec, size=64)
    # The networks' own normalisation takes the values of these graphs out of the range.
    spec = replace(spec, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    image = np.random.default_rng(1).random((40, 60, 3), dtype=np.float32)
    got = predict_probabilities(image, session=new_session(spec))
    assert got.alpha.shape == (40, 60)
