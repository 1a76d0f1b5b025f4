"""Other people's matting engines behind our contract: pymatting's solvers.

They load when first used, because pymatting compiles itself then (half a minute the first time on
a machine). Papers: KNN, Chen et al. 2012; learning-based, Zheng & Kambhamettu 2009; large-kernel
closed form, He et al. 2010; random walk, Grady et al. 2005; closed form, Levin et al. 2008.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np

from hybridbg.core.errors import InvalidImageError, SolverError
from hybridbg.core.types import ByteArray, FloatArray

__all__ = ["ENGINES", "pymatting_alpha"]

ENGINES = {
    "knn": "estimate_alpha_knn",
    "lbdm": "estimate_alpha_lbdm",
    "lkm": "estimate_alpha_lkm",
    "rw": "estimate_alpha_rw",
    "cf-pymatting": "estimate_alpha_cf",
}
"""Method names of `estimate_alpha` and the pymatting functions they call."""

_SMALLEST_SIDE = {"lkm": 41}
"""Smallest pictures, in pixels, where an engine has a limit: two of lkm's windows of radius 10."""


def pymatting_alpha(image: FloatArray, trimap: ByteArray, method: str) -> FloatArray:
    """Estimate alpha with one of pymatting's engines.

    Parameters
    ----------
    image : (H, W, 3) float32 in [0, 1], sRGB-coded
    trimap : (H, W) uint8, 0 / 128 / 255
    method : str
        A key of `ENGINES`.

    Returns
    -------
    (H, W) float32 in [0, 1]
        Exactly 0 and 1 on known pixels.

    Raises
    ------
    InvalidImageError
        If the picture is too small for the engine.
    SolverError
        If the engine fails.
    """
    smallest = _SMALLEST_SIDE.get(method, 0)
    if min(trimap.shape) < smallest:
        raise InvalidImageError(
            f"method {method!r} needs at least {smallest} x {smallest} pixels, got "
            f"{trimap.shape[0]} x {trimap.shape[1]}; use method='closed-form'"
        )
    import warnings

    if not _is_compiled():
        print(
            "hybridbg: pymatting compiles itself when it is first used; this takes about a minute",
            file=sys.stderr,
        )
    # Before Numba loads OpenMP and settles for our own solver, too, how its threads wait.
    from hybridbg import _kernels  # noqa: F401

    with warnings.catch_warnings():  # its Cholesky factor retries aloud, then succeeds
        warnings.simplefilter("ignore")
        import pymatting

        levels = np.select([trimap == 0, trimap == 255], [0.0, 1.0], 0.5)
        try:
            alpha = getattr(pymatting, ENGINES[method])(image.astype(np.float64), levels)
        except (ValueError, ArithmeticError, RuntimeError) as error:
            raise SolverError(
                f"pymatting's {ENGINES[method]} failed: {error}; try method='closed-form'"
            ) from error
    # Most engines hold known pixels by a weight only; our contract is that they are exact.
    exact = np.where(levels == 0.5, np.clip(alpha, 0, 1), levels)
    return np.ascontiguousarray(exact, dtype=np.float32)


def _is_compiled() -> bool:
    """Whether pymatting is loaded, or Numba's cache beside it holds its functions."""
    if "pymatting" in sys.modules:
        return True
    found = importlib.util.find_spec("pymatting")
    folder = Path(found.origin).parent if found is not None and found.origin else Path()
    return any(folder.rglob("__pycache__/*.nbi"))
