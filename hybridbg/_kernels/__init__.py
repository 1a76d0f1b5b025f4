"""The compiled kernels, one module for each file of `ext/`; private to the package.

Each is built for the plain processor and, on x86-64, for AVX2 and AVX-512, all in subpackages.
`from hybridbg._kernels import NAME` gives the best that this processor runs; there is no module of
that name to import past the choice. `HYBRIDBG_SIMD`
(`baseline`, `avx2` or `avx512`) holds it to less, for measuring and for hunting faults; results
differ in the last bits between them, as sums are rounded differently.

Waiting threads must soon sleep rather than spin: a solve is hundreds of short parallel regions,
and on a busy machine spinning made it many times slower. A short spin of some 0.1 ms, as long as
it takes to wake a thread, made a solve a sixth faster on an idle machine and costs little on a busy
one. GNU OpenMP reads its wait policy once, when its library is loaded, so the policy is set around
the first import and the environment left as it was; a policy of the user's stands.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

_WAITING = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "3000"}

if any(name in os.environ for name in _WAITING):
    from hybridbg._kernels import threads
else:
    os.environ.update(_WAITING)
    try:
        from hybridbg._kernels import threads
    finally:
        for _name in _WAITING:
            del os.environ[_name]

__all__ = ["simd", "threads"]

_LEVELS = {"avx512": 512, "avx2": 256, "baseline": 128}
"""Vector bits that each set of kernels asks of the processor, best first."""


def simd() -> str:
    """Return the best set of kernels to use: "avx512", "avx2" or "baseline"."""
    limit = _LEVELS.get(os.environ.get("HYBRIDBG_SIMD", ""), 512)
    bits = min(limit, threads.vector_bits())
    return next(name for name, needed in _LEVELS.items() if needed <= bits)


def __getattr__(name: str) -> ModuleType:
    """Import a kernel, the best one that was built and runs here."""
    if name.startswith("_"):
        raise AttributeError(name)
    levels = list(_LEVELS)
    for level in levels[levels.index(simd()) :]:
        full = f"{__name__}.{level}.{name}"
        try:
            module = import_module(full)
        except ModuleNotFoundError as missing:
            if missing.name != full:
                raise
        else:
            globals()[name] = module
            return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
