"""The compiled kernels, one module for each file of `ext/`; private to the package.

Waiting threads must sleep rather than spin: a solve is hundreds of short parallel regions, and on
a busy machine spinning made it many times slower. GNU OpenMP reads its wait policy once, when its
library is loaded, so the policy is set around the first import and the environment left as it was.
"""

from __future__ import annotations

import os

_POLICY = "OMP_WAIT_POLICY"

if _POLICY in os.environ:
    from hybridbg._kernels import threads
else:
    os.environ[_POLICY] = "passive"
    try:
        from hybridbg._kernels import threads
    finally:
        del os.environ[_POLICY]

__all__ = ["threads"]
