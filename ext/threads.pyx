"""What the kernels were built with and run on: OpenMP, its threads, the processor's vectors."""

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

    #if (defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)))
    static int hybridbg_vector_bits(void) {
        __builtin_cpu_init();
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 128;
        if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw")
            || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
            return 256;
        return 512;
    }
    #else
    static int hybridbg_vector_bits(void) { return 128; }
    #endif
    """
    int hybridbg_openmp_version() noexcept nogil
    int hybridbg_max_threads() noexcept nogil
    int hybridbg_vector_bits() noexcept nogil


def openmp_version():
    """Return the date (YYYYMM) of the OpenMP standard the kernels were compiled with, or 0."""
    return hybridbg_openmp_version()


def max_threads():
    """Return how many threads OpenMP would use by default; honours OMP_NUM_THREADS."""
    return hybridbg_max_threads()


def vector_bits():
    """Return 512 where the processor runs AVX-512 (F, BW, DQ, VL), 256 for AVX2 with FMA, or 128."""
    return hybridbg_vector_bits()
