"""Measurements of quality and speed against peers; see README.md and RESULTS.md."""

# GNU OpenMP reads its wait policy when it is loaded, and Numba loads it as well; as in any program
# that imports hybridbg first, it is ours that counts. See hybridbg/_kernels/__init__.py.
import hybridbg._kernels  # noqa: F401
