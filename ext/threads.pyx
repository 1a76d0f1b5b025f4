"""What the kernels were built with: whether OpenMP is there, and how many threads it would use."""

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    static int hybridbg_openmp_version(void) { return _OPENMP; }
    static int hybridbg_max_threads(void) { return omp_get_max_threads(); }
    #else
    static int hybridbg_openmp_version(void) { return 0; }
    static int hybridbg_max_threads(void) { return 1; }
    #endif
    """
    int hybridbg_openmp_version() noexcept nogil
    int hybridbg_max_threads() noexcept nogil


def openmp_version():
    """Return the date (YYYYMM) of the OpenMP standard the kernels were compiled with, or 0."""
    return hybridbg_openmp_version()


def max_threads():
    """Return how many threads OpenMP would use by default; honours OMP_NUM_THREADS."""
    return hybridbg_max_threads()
