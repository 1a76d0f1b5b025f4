"""Arithmetic on four numbers at a time: the functions 1, R, G, B of a node, and blocks of 4 x 4.

Compilers unroll loops of four before they look for vectors, and then find none; GCC and Clang are
told so by their vector types, others get the loops.
"""

cdef extern from *:
    """
    #if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 9)
    typedef float hybridbg_floats __attribute__((vector_size(16), aligned(4), may_alias));
    typedef double hybridbg_doubles __attribute__((vector_size(32), aligned(8), may_alias));
    typedef float hybridbg_eight __attribute__((vector_size(32), aligned(4), may_alias));
    #define HYBRIDBG_EIGHT(x) (*(hybridbg_eight *)(x))
    #define HYBRIDBG_FLOATS(x) (*(hybridbg_floats *)(x))
    #define HYBRIDBG_DOUBLES(x) (*(hybridbg_doubles *)(x))
    #define HYBRIDBG_WIDENED(x) \\
        __builtin_convertvector(*(const hybridbg_floats *)(x), hybridbg_doubles)
    static CYTHON_INLINE void hybridbg_add_rows(const float *block, const float *x, float *sums) {
        const hybridbg_eight twice = {x[0], x[1], x[2], x[3], x[0], x[1], x[2], x[3]};
        HYBRIDBG_EIGHT(sums) += HYBRIDBG_EIGHT(block) * twice;
        HYBRIDBG_EIGHT(sums + 8) += HYBRIDBG_EIGHT(block + 8) * twice;
    }
    static CYTHON_INLINE void hybridbg_add_columns(
        const float *block, const float *x, float *sums) {
        const hybridbg_eight upper = {x[0], x[0], x[0], x[0], x[1], x[1], x[1], x[1]};
        const hybridbg_eight lower = {x[2], x[2], x[2], x[2], x[3], x[3], x[3], x[3]};
        HYBRIDBG_EIGHT(sums) += HYBRIDBG_EIGHT(block) * upper;
        HYBRIDBG_EIGHT(sums + 8) += HYBRIDBG_EIGHT(block + 8) * lower;
    }
    static CYTHON_INLINE void hybridbg_add_both(
        float left, float right, const float *x, float *sums) {
        const hybridbg_eight twice = {x[0], x[1], x[2], x[3], x[0], x[1], x[2], x[3]};
        const hybridbg_eight weights = {left, left, left, left, right, right, right, right};
        HYBRIDBG_EIGHT(sums) += weights * twice;
    }
    static CYTHON_INLINE void hybridbg_add_outer(
        double weight, const double *column, const double *row, double *block) {
        for (int p = 0; p < 4; p++)
            HYBRIDBG_DOUBLES(block + 4 * p) += (weight * column[p]) * HYBRIDBG_DOUBLES(row);
    }
    static CYTHON_INLINE void hybridbg_add_four(float weight, const float *x, float *sum) {
        HYBRIDBG_FLOATS(sum) += weight * HYBRIDBG_FLOATS(x);
    }
    static CYTHON_INLINE void hybridbg_add_wide(double weight, const double *x, double *sum) {
        HYBRIDBG_DOUBLES(sum) += weight * HYBRIDBG_DOUBLES(x);
    }
    static CYTHON_INLINE void hybridbg_add_widened(double weight, const float *x, double *sum) {
        HYBRIDBG_DOUBLES(sum) += weight * HYBRIDBG_WIDENED(x);
    }
    #else
    static CYTHON_INLINE void hybridbg_add_rows(const float *block, const float *x, float *sums) {
        for (int n = 0; n < 16; n++) sums[n] += block[n] * x[n % 4];
    }
    static CYTHON_INLINE void hybridbg_add_columns(
        const float *block, const float *x, float *sums) {
        for (int n = 0; n < 16; n++) sums[n] += block[n] * x[n / 4];
    }
    static CYTHON_INLINE void hybridbg_add_both(
        float left, float right, const float *x, float *sums) {
        for (int n = 0; n < 8; n++) sums[n] += (n < 4 ? left : right) * x[n % 4];
    }
    static CYTHON_INLINE void hybridbg_add_outer(
        double weight, const double *column, const double *row, double *block) {
        for (int n = 0; n < 16; n++) block[n] += (weight * column[n / 4]) * row[n % 4];
    }
    static CYTHON_INLINE void hybridbg_add_four(float weight, const float *x, float *sum) {
        for (int n = 0; n < 4; n++) sum[n] += weight * x[n];
    }
    static CYTHON_INLINE void hybridbg_add_wide(double weight, const double *x, double *sum) {
        for (int n = 0; n < 4; n++) sum[n] += weight * x[n];
    }
    static CYTHON_INLINE void hybridbg_add_widened(double weight, const float *x, double *sum) {
        for (int n = 0; n < 4; n++) sum[n] += weight * x[n];
    }
    #endif
    """
    # sums[p, q] += block[p, q] x[q]
    void add_rows "hybridbg_add_rows" (
        const float* block, const float* x, float* sums) noexcept nogil
    # sums[p, q] += block[p, q] x[p]
    void add_columns "hybridbg_add_columns" (
        const float* block, const float* x, float* sums) noexcept nogil
    # block[p, q] += weight column[p] row[q]
    void add_outer "hybridbg_add_outer" (
        double weight, const double* column, const double* row, double* block) noexcept nogil
    # sums[0, q] += left x[q], sums[1, q] += right x[q]
    void add_both "hybridbg_add_both" (
        float left, float right, const float* x, float* sums) noexcept nogil
    # sum += weight x, of four floats, doubles, or floats to doubles
    void add_four "hybridbg_add_four" (float weight, const float* x, float* sum) noexcept nogil
    void add_wide "hybridbg_add_wide" (double weight, const double* x, double* sum) noexcept nogil
    void add_widened "hybridbg_add_widened" (
        double weight, const float* x, double* sum) noexcept nogil
