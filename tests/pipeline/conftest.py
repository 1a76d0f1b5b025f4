"""A tiny network for the pipeline: bright is foreground, and the hint counts as much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hybridbg.predict import Session, new_session
from tests.predict.tiny_models import trimap_graph

DESCRIPTION = """
name = "tiny"
file = "tiny.onnx"
kind = "trimap"
size = 128
has_hint = true
licence = "MIT"
origin = "made by the tests"
"""


@pytest.fixture(scope="session")
def tiny_session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The session of the tiny network."""
    folder = tmp_path_factory.mktemp("model")
    Path(folder, "tiny.onnx").write_bytes(trimap_graph().SerializeToString())
    Path(folder, "tiny.toml").write_text(DESCRIPTION, encoding="utf-8")
    return new_session(Path(folder, "tiny.onnx"))


@pytest.fixture
def disc() -> NDArray[np.uint8]:
    """A bright disc, 40 pixels in radius, before a dark ground, both a little noisy."""
    rng = np.random.default_rng(3)
    row, col = np.mgrid[:120, :160]
    inside = (row - 60) ** 2 + (col - 80) ** 2 < 40**2
    image = np.where(inside[..., None], (230, 215, 190), (30, 40, 60))
    return (image + rng.integers(-8, 9, image.shape)).astype(np.uint8)


@pytest.fixture
def disc_mask() -> NDArray[np.bool_]:
    """Where the disc is."""
    row, col = np.mgrid[:120, :160]
    mask: NDArray[np.bool_] = (row - 60) ** 2 + (col - 80) ** 2 < 40**2
    return mask
