"""pymatting's engines behind our contract; they compile once per installation, then are quick."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

from hybridbg.core.errors import InvalidImageError, SolverError
from hybridbg.matting import engines, estimate_alpha
from hybridbg.matting.engines import ENGINES
from tests.matting.pictures import between_edges

SHAPE = (44, 48)


def ramp():
    """Two colours mixed by a ramp, with texture that tells pixels apart."""
    truth = np.tile(np.linspace(0, 1, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))[..., None]
    texture = np.random.default_rng(0).normal(scale=0.01, size=(*SHAPE, 3))
    image = truth * [0.9, 0.7, 0.2] + (1 - truth) * [0.1, 0.2, 0.6] + texture
    return image.clip(0, 1).astype(np.float32), truth[..., 0]


@pytest.mark.parametrize("method", ENGINES)
def test_each_engine_keeps_the_contract(method):
    image, truth = ramp()
    trimap = between_edges(SHAPE)
    copies = image.copy(), trimap.copy()
    alpha = estimate_alpha(image, trimap, method=method)
    assert alpha.shape == SHAPE
    assert alpha.dtype == np.float32
    assert alpha.flags.c_contiguous
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 255] == 1).all()
    assert np.corrcoef(alpha.ravel(), truth.ravel())[0, 1] > 0.9
    assert np.array_equal(image, copies[0])
    assert np.array_equal(trimap, copies[1])


def test_a_picture_too_small_for_an_engine_is_an_error():
    image, _ = ramp()
    estimate_alpha(image[:41, :41], between_edges((41, 41)), method="lkm")
    with pytest.raises(InvalidImageError, match="at least 41 x 41 pixels, got 40 x 48"):
        estimate_alpha(image[:40], between_edges((40, 48)), method="lkm")


def test_an_engine_that_fails_is_a_solver_error(monkeypatch):
    import pymatting

    def fail(*_):
        raise ValueError("no convergence")

    monkeypatch.setattr(pymatting, "estimate_alpha_knn", fail)
    with pytest.raises(SolverError, match="estimate_alpha_knn failed: no convergence"):
        estimate_alpha(ramp()[0], between_edges(SHAPE), method="knn")


def test_our_own_solver_does_without_pymatting(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    image, truth = ramp()
    alpha = estimate_alpha(image, between_edges(SHAPE))
    assert np.corrcoef(alpha.ravel(), truth.ravel())[0, 1] > 0.9


def test_the_first_compilation_is_announced_and_only_that(monkeypatch, capsys):
    image = np.random.default_rng(0).random((12, 12, 3), dtype=np.float32)
    trimap = np.full((12, 12), 128, np.uint8)
    trimap[:, 0], trimap[:, -1] = 0, 255
    monkeypatch.setattr(engines, "_is_compiled", lambda: False)
    engines.pymatting_alpha(image, trimap, "cf-pymatting")
    assert "compiles itself" in capsys.readouterr().err
    monkeypatch.undo()
    assert engines._is_compiled()
    engines.pymatting_alpha(image, trimap, "cf-pymatting")
    assert capsys.readouterr().err == ""


def test_a_cache_beside_the_package_counts_as_compiled(monkeypatch, tmp_path):
    package = tmp_path / "pymatting"
    cache = package / "alpha" / "__pycache__"
    cache.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "pymatting", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    assert not engines._is_compiled()
    (cache / "some.nbi").touch()
    assert engines._is_compiled()
