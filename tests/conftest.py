"""What all tests share: the sample pictures, and how properties are searched.

Here Hypothesis looks for new counterexamples at every run; under `CI` it repeats the same ones, so
that a change is judged by what it changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

# No deadlines: no test depends on how fast a machine is.
settings.register_profile("hybridbg", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("hybridbg")

SAMPLES = Path(__file__).parent.parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A picture with exact alpha and foreground: uint8 arrays as stored, RGB order, read-only."""

    folder: Path
    image: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    foreground: NDArray[np.uint8]
    background: NDArray[np.uint8]
    trimap: NDArray[np.uint8]

    def path(self, kind: str) -> Path:
        """Path of one of its files, such as "image"."""
        return self.folder / f"{kind}.png"


@cache
def load_sample(name: str) -> Sample:
    """Load a sample once per run."""
    from PIL import Image

    folder = SAMPLES / name
    arrays = {}
    for kind in ("image", "alpha", "foreground", "background", "trimap"):
        with Image.open(folder / f"{kind}.png") as picture:
            arrays[kind] = np.array(picture)
        arrays[kind].flags.writeable = False
    return Sample(folder, **arrays)


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Sample]:
    """`sample("hair")` is the sample of that name; see samples/README.md for what there is."""
    return load_sample
