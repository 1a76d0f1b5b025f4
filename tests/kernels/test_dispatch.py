"""Which build of the kernels is taken, and that all of them give the same to rounding."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hybridbg._kernels as kernels

ROOT = Path(__file__).parents[2]
BITS = {"baseline": 128, "avx2": 256, "avx512": 512}
NAMES = sorted(path.stem for path in (ROOT / "ext").glob("*.pyx") if path.stem != "threads")

PROGRAM = """
import sys
import numpy as np
from hybridbg import _kernels
from hybridbg.matting.cells import colours_of
from hybridbg.matting.layout import build_layout
from hybridbg.matting.multigrid import ColourMultigrid
from hybridbg.matting.system import assemble_system
from hybridbg.matting import closed_form_alpha, estimate_foreground

rng = np.random.default_rng(0)
rows, cols = np.mgrid[:53, :201] / 20
image = np.stack([np.sin(rows + k * cols) for k in (1, 2, 3)], axis=2) / 4 + 0.5
image = (image + 0.05 * rng.random(image.shape)).astype(np.float32)
trimap = np.full(image.shape[:2], 128, np.uint8)
trimap[:, :9], trimap[:, -9:] = 0, 255
layout = build_layout(trimap == 128)
system = assemble_system(colours_of(image, layout), trimap, layout, epsilon=1e-5, num_threads=2)
cells = layout.positions()
x, y = np.zeros(layout.size, np.float32), np.zeros(layout.size)
x[cells] = rng.random(cells.size, dtype=np.float32)
curvature = system.product(x, y)
multigrid = ColourMultigrid(system)
correction = multigrid.apply(y.astype(np.float32)).copy()
alpha = closed_form_alpha(image, trimap, num_threads=2, epsilon=1e-5, tolerance=1e-6).alpha
foreground = estimate_foreground(image, alpha)
np.savez(
    sys.argv[1],
    level=_kernels.simd(),
    modules=[getattr(_kernels, name).__name__ for name in sys.argv[2:]],
    bands=system.bands,
    diagonal=system.diagonal,
    right_side=system.right_side,
    inverse=system.inverse,
    product=y,
    curvature=curvature,
    blocks=multigrid.nodes[0].blocks,
    lower=multigrid.nodes[0].lower,
    correction=correction,
    alpha=alpha,
    foreground=foreground,
)
"""

ACCURACY = {
    "bands": 1e-6,
    "diagonal": 1e-6,
    "right_side": 1e-6,
    "inverse": 1e-5,
    "product": 1e-6,
    "curvature": 1e-5,
    "blocks": 1e-5,
    "lower": 1e-4,
    "correction": 2e-3,
    "alpha": 2e-6,
    "foreground": 2e-3,
}
"""Largest difference, as a part of the largest value."""


def was_built(level):
    """Whether this level of every kernel was built; a baseline build has no other."""
    package = f"hybridbg._kernels.{level}"
    if importlib.util.find_spec(package) is None:
        return False
    return all(importlib.util.find_spec(f"{package}.{name}") is not None for name in NAMES)


def runs_here(level):
    return BITS[level] <= kernels.threads.vector_bits() and was_built(level)


def results_of(level, folder):
    path = folder / f"{level}.npz"
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), *NAMES],
        check=True,
        cwd=ROOT,
        env=os.environ | {"HYBRIDBG_SIMD": level, "PYTHONPATH": str(ROOT)},
    )
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module", name="baseline")
def compute_baseline(tmp_path_factory):
    return results_of("baseline", tmp_path_factory.mktemp("baseline"))


def test_the_baseline_is_what_is_asked_for(baseline):
    assert baseline["level"] == "baseline"
    assert baseline["modules"].tolist() == [f"hybridbg._kernels.baseline.{name}" for name in NAMES]
    for name in ACCURACY:
        assert np.isfinite(baseline[name]).all(), name


@pytest.mark.parametrize("level", ["avx2", "avx512"])
def test_every_level_gives_the_same_to_rounding(level, baseline, tmp_path):
    if not runs_here(level):
        pytest.skip(f"{level} was not built or does not run on this processor")
    found = results_of(level, tmp_path)
    assert found["level"] == level
    assert found["modules"].tolist() == [f"hybridbg._kernels.{level}.{name}" for name in NAMES]
    for name, accuracy in ACCURACY.items():
        expected = baseline[name]
        limit = accuracy * np.abs(expected).max()
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=limit, err_msg=name)


@pytest.mark.parametrize("bits", [128, 256, 512])
@pytest.mark.parametrize("asked", [None, *BITS, "", "neon"])
def test_the_level_is_the_best_that_is_allowed_and_runs(asked, bits, monkeypatch):
    monkeypatch.setattr(kernels.threads, "vector_bits", lambda: bits)
    monkeypatch.delenv("HYBRIDBG_SIMD", raising=False)
    if asked is not None:
        monkeypatch.setenv("HYBRIDBG_SIMD", asked)
    assert BITS[kernels.simd()] == min(bits, BITS.get(asked, 512))


def test_the_processor_has_one_of_three_widths():
    assert kernels.threads.vector_bits() in BITS.values()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_imported_past_the_choice(name):
    """A kernel in the package itself would, once imported by its full name, hide better ones."""
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"hybridbg._kernels.{name}")
    assert getattr(kernels, name).__name__ == f"hybridbg._kernels.{kernels.simd()}.{name}"


@pytest.mark.parametrize("name", ["no_such_kernel", "_private", "__wrapped__"])
def test_what_is_no_kernel_is_no_attribute(name):
    assert not hasattr(kernels, name)


def test_a_kernel_without_variants_is_in_the_package():
    assert kernels.threads.__name__ == "hybridbg._kernels.threads"
