"""Arithmetic on four numbers at a time: the functions 1, R, G, B of a node, and blocks of 4 x 4.

Compilers unroll loops of four before they look for vectors, and then find none; GCC and Clang are
told so by their vector types, others get the loops. Sums stay in local variables until they are
complete: read back from memory, each addition would wait for the one before to be stored.
"""

from libc.stdint cimport int32_t

cdef extern from *:
    """
    #include <string.h>
    #if defined(__has_builtin)
    #if __has_builtin(__builtin_shufflevector) && __has_builtin(__builtin_convertvector)
    #define HYBRIDBG_VECTORS 1
    #endif
    #endif
    #ifdef HYBRIDBG_VECTORS
    typedef float hybridbg_floats __attribute__((vector_size(16), aligned(4), may_alias));
    typedef double hybridbg_doubles __attribute__((vector_size(32), aligned(8), may_alias));
    typedef float hybridbg_eight __attribute__((vector_size(32), aligned(4), may_alias));
    #define HYBRIDBG_EIGHT(x) (*(const hybridbg_eight *)(x))
    #define HYBRIDBG_FLOATS(x) (*(const hybridbg_floats *)(x))
    #define HYBRIDBG_DOUBLES(x) (*(hybridbg_doubles *)(x))
    #define HYBRIDBG_LOWER(v) __builtin_shufflevector(v, v, 0, 1, 2, 3)
    #define HYBRIDBG_UPPER(v) __builtin_shufflevector(v, v, 4, 5, 6, 7)
    #define HYBRIDBG_WIDENED(x) __builtin_convertvector(HYBRIDBG_FLOATS(x), hybridbg_doubles)
    static CYTHON_INLINE hybridbg_floats hybridbg_sums_of(
        hybridbg_floats a, hybridbg_floats b, hybridbg_floats c, hybridbg_floats d) {
        const hybridbg_floats ab = __builtin_shufflevector(a, b, 0, 2, 4, 6)
            + __builtin_shufflevector(a, b, 1, 3, 5, 7);
        const hybridbg_floats cd = __builtin_shufflevector(c, d, 0, 2, 4, 6)
            + __builtin_shufflevector(c, d, 1, 3, 5, 7);
        return __builtin_shufflevector(ab, cd, 0, 2, 4, 6)
            + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
    }
    static CYTHON_INLINE void hybridbg_multiply_four(
        const float *matrix, int transposed, float *vector) {
        const hybridbg_floats v = HYBRIDBG_FLOATS(vector);
        const hybridbg_floats a = HYBRIDBG_FLOATS(matrix), b = HYBRIDBG_FLOATS(matrix + 4);
        const hybridbg_floats c = HYBRIDBG_FLOATS(matrix + 8), d = HYBRIDBG_FLOATS(matrix + 12);
        if (transposed)
            *(hybridbg_floats *)vector = (v[0] * a + v[1] * b) + (v[2] * c + v[3] * d);
        else
            *(hybridbg_floats *)vector = hybridbg_sums_of(a * v, b * v, c * v, d * v);
    }
    static CYTHON_INLINE void hybridbg_sum_blocks(
        const float *blocks, const int *neighbours, Py_ssize_t node, int half, const float *x,
        float *total) {
        const float *own = blocks + node * half * 16;
        const int *numbers = neighbours + node * (2 * half - 1);
        hybridbg_eight rows_0 = {0}, rows_1 = {0}, columns_0 = {0}, columns_1 = {0};
        for (int k = 0; k < half; k++) {
            if (numbers[k] < 0) continue;
            const hybridbg_floats v = HYBRIDBG_FLOATS(x + 4 * (Py_ssize_t)numbers[k]);
            const hybridbg_eight twice = __builtin_shufflevector(v, v, 0, 1, 2, 3, 0, 1, 2, 3);
            rows_0 += HYBRIDBG_EIGHT(own + 16 * k) * twice;
            rows_1 += HYBRIDBG_EIGHT(own + 16 * k + 8) * twice;
        }
        for (int k = 1; k < half; k++) {
            const Py_ssize_t other = numbers[half - 1 + k];
            if (other < 0) continue;
            const float *block = blocks + (other * half + k) * 16;
            const hybridbg_floats v = HYBRIDBG_FLOATS(x + 4 * other);
            columns_0 += HYBRIDBG_EIGHT(block)
                * __builtin_shufflevector(v, v, 0, 0, 0, 0, 1, 1, 1, 1);
            columns_1 += HYBRIDBG_EIGHT(block + 8)
                * __builtin_shufflevector(v, v, 2, 2, 2, 2, 3, 3, 3, 3);
        }
        columns_0 += columns_1;
        *(hybridbg_floats *)total = hybridbg_sums_of(
            HYBRIDBG_LOWER(rows_0), HYBRIDBG_UPPER(rows_0),
            HYBRIDBG_LOWER(rows_1), HYBRIDBG_UPPER(rows_1))
            + (HYBRIDBG_LOWER(columns_0) + HYBRIDBG_UPPER(columns_0));
    }
    static CYTHON_INLINE void hybridbg_weigh_cell(
        const float *values, const float *colours, Py_ssize_t count, float across, float step,
        float *left, float *right) {
        hybridbg_floats all_0 = {0}, all_1 = {0}, far_0 = {0}, far_1 = {0};
        Py_ssize_t n = 0;
        for (; n + 1 < count; n += 2) {
            const hybridbg_floats even = values[n] * HYBRIDBG_FLOATS(colours + 4 * n);
            const hybridbg_floats odd = values[n + 1] * HYBRIDBG_FLOATS(colours + 4 * n + 4);
            all_0 += even;
            all_1 += odd;
            far_0 += (across + n * step) * even;
            far_1 += (across + (n + 1) * step) * odd;
        }
        if (n < count) {
            const hybridbg_floats last = values[n] * HYBRIDBG_FLOATS(colours + 4 * n);
            all_0 += last;
            far_0 += (across + n * step) * last;
        }
        far_0 += far_1;
        all_0 = all_0 + all_1 - far_0;
        memcpy(left, &all_0, 16);
        memcpy(right, &far_0, 16);
    }
    static CYTHON_INLINE void hybridbg_mix_cell(
        const float *left, const float *right, const float *colours, Py_ssize_t count,
        float across, float step, float *values) {
        const hybridbg_floats start = HYBRIDBG_FLOATS(left);
        const hybridbg_floats slope = HYBRIDBG_FLOATS(right) - start;
        Py_ssize_t n = 0;
        for (; n + 3 < count; n += 4) {
            const float *four = colours + 4 * n;
            *(hybridbg_floats *)(values + n) += hybridbg_sums_of(
                HYBRIDBG_FLOATS(four) * (start + (across + n * step) * slope),
                HYBRIDBG_FLOATS(four + 4) * (start + (across + (n + 1) * step) * slope),
                HYBRIDBG_FLOATS(four + 8) * (start + (across + (n + 2) * step) * slope),
                HYBRIDBG_FLOATS(four + 12) * (start + (across + (n + 3) * step) * slope));
        }
        for (; n < count; n++) {
            const hybridbg_floats one = HYBRIDBG_FLOATS(colours + 4 * n)
                * (start + (across + n * step) * slope);
            values[n] += (one[0] + one[1]) + (one[2] + one[3]);
        }
    }
    static CYTHON_INLINE void hybridbg_weigh_cell_wide(
        const double *values, const float *colours, Py_ssize_t count, double across, double step,
        double *left, double *right) {
        hybridbg_doubles all = {0}, far = {0};
        for (Py_ssize_t n = 0; n < count; n++) {
            const hybridbg_doubles one = values[n] * HYBRIDBG_WIDENED(colours + 4 * n);
            all += one;
            far += (across + n * step) * one;
        }
        HYBRIDBG_DOUBLES(left) = all - far;
        HYBRIDBG_DOUBLES(right) = far;
    }
    static CYTHON_INLINE void hybridbg_sum_outer(
        Py_ssize_t count, const double *columns, const double *rows, Py_ssize_t stride,
        double *block) {
        hybridbg_doubles a = {0}, b = {0}, c = {0}, d = {0};
        for (Py_ssize_t n = 0; n < count; n++) {
            const hybridbg_doubles row = HYBRIDBG_DOUBLES(rows + n * stride);
            a += columns[4 * n] * row;
            b += columns[4 * n + 1] * row;
            c += columns[4 * n + 2] * row;
            d += columns[4 * n + 3] * row;
        }
        HYBRIDBG_DOUBLES(block) = a;
        HYBRIDBG_DOUBLES(block + 4) = b;
        HYBRIDBG_DOUBLES(block + 8) = c;
        HYBRIDBG_DOUBLES(block + 12) = d;
    }
    static CYTHON_INLINE void hybridbg_add_four(float weight, const float *x, float *sum) {
        *(hybridbg_floats *)sum += weight * HYBRIDBG_FLOATS(x);
    }
    static CYTHON_INLINE void hybridbg_add_wide(double weight, const double *x, double *sum) {
        HYBRIDBG_DOUBLES(sum) += weight * HYBRIDBG_DOUBLES(x);
    }
    #else
    static CYTHON_INLINE void hybridbg_multiply_four(
        const float *matrix, int transposed, float *vector) {
        const float v[4] = {vector[0], vector[1], vector[2], vector[3]};
        for (int p = 0; p < 4; p++) {
            float total = 0;
            for (int q = 0; q < 4; q++)
                total += matrix[transposed ? 4 * q + p : 4 * p + q] * v[q];
            vector[p] = total;
        }
    }
    static CYTHON_INLINE void hybridbg_sum_blocks(
        const float *blocks, const int *neighbours, Py_ssize_t node, int half, const float *x,
        float *total) {
        const float *own = blocks + node * half * 16;
        const int *numbers = neighbours + node * (2 * half - 1);
        float rows[16] = {0}, columns[16] = {0};
        for (int k = 0; k < half; k++) {
            if (numbers[k] < 0) continue;
            const float *v = x + 4 * (Py_ssize_t)numbers[k];
            for (int n = 0; n < 16; n++) rows[n] += own[16 * k + n] * v[n % 4];
        }
        for (int k = 1; k < half; k++) {
            const Py_ssize_t other = numbers[half - 1 + k];
            if (other < 0) continue;
            const float *block = blocks + (other * half + k) * 16;
            for (int n = 0; n < 16; n++) columns[n] += block[n] * x[4 * other + n / 4];
        }
        for (int p = 0; p < 4; p++)
            total[p] = ((rows[4 * p] + rows[4 * p + 1]) + (rows[4 * p + 2] + rows[4 * p + 3]))
                + ((columns[p] + columns[8 + p]) + (columns[4 + p] + columns[12 + p]));
    }
    static CYTHON_INLINE void hybridbg_weigh_cell(
        const float *values, const float *colours, Py_ssize_t count, float across, float step,
        float *left, float *right) {
        for (int q = 0; q < 4; q++) left[q] = right[q] = 0;
        for (Py_ssize_t n = 0; n < count; n++)
            for (int q = 0; q < 4; q++) {
                left[q] += values[n] * colours[4 * n + q];
                right[q] += (across + n * step) * (values[n] * colours[4 * n + q]);
            }
        for (int q = 0; q < 4; q++) left[q] -= right[q];
    }
    static CYTHON_INLINE void hybridbg_mix_cell(
        const float *left, const float *right, const float *colours, Py_ssize_t count,
        float across, float step, float *values) {
        for (Py_ssize_t n = 0; n < count; n++) {
            float total = 0;
            for (int q = 0; q < 4; q++)
                total += colours[4 * n + q]
                    * (left[q] + (across + n * step) * (right[q] - left[q]));
            values[n] += total;
        }
    }
    static CYTHON_INLINE void hybridbg_weigh_cell_wide(
        const double *values, const float *colours, Py_ssize_t count, double across, double step,
        double *left, double *right) {
        for (int q = 0; q < 4; q++) left[q] = right[q] = 0;
        for (Py_ssize_t n = 0; n < count; n++)
            for (int q = 0; q < 4; q++) {
                left[q] += values[n] * colours[4 * n + q];
                right[q] += (across + n * step) * (values[n] * colours[4 * n + q]);
            }
        for (int q = 0; q < 4; q++) left[q] -= right[q];
    }
    static CYTHON_INLINE void hybridbg_sum_outer(
        Py_ssize_t count, const double *columns, const double *rows, Py_ssize_t stride,
        double *block) {
        for (int m = 0; m < 16; m++) block[m] = 0;
        for (Py_ssize_t n = 0; n < count; n++)
            for (int m = 0; m < 16; m++)
                block[m] += columns[4 * n + m / 4] * rows[n * stride + m % 4];
    }
    static CYTHON_INLINE void hybridbg_add_four(float weight, const float *x, float *sum) {
        for (int n = 0; n < 4; n++) sum[n] += weight * x[n];
    }
    static CYTHON_INLINE void hybridbg_add_wide(double weight, const double *x, double *sum) {
        for (int n = 0; n < 4; n++) sum[n] += weight * x[n];
    }
    #endif
    """
    # vector = matrix vector, or with the transpose of the 4 x 4 matrix
    void multiply_four "hybridbg_multiply_four" (
        const float* matrix, bint transposed, float* vector) noexcept nogil
    # total = sum over k of blocks[node, k] x[neighbours[node, k]] and, from the blocks of backward
    # neighbours, blocks[other, k]' x[other]; a node has 2 half - 1 neighbours, itself first
    void sum_blocks "hybridbg_sum_blocks" (
        const float* blocks, const int32_t* neighbours, Py_ssize_t node, int half, const float* x,
        float* total) noexcept nogil
    # left, right = sums over n of values[n] colours[n], weighted by 1 - a_n and a_n, where
    # a_n = across + n step
    void weigh_cell "hybridbg_weigh_cell" (
        const float* values, const float* colours, Py_ssize_t count, float across, float step,
        float* left, float* right) noexcept nogil
    # values[n] += colours[n] . ((1 - a_n) left + a_n right)
    void mix_cell "hybridbg_mix_cell" (
        const float* left, const float* right, const float* colours, Py_ssize_t count,
        float across, float step, float* values) noexcept nogil
    # the same in double precision
    void weigh_cell_wide "hybridbg_weigh_cell_wide" (
        const double* values, const float* colours, Py_ssize_t count, double across, double step,
        double* left, double* right) noexcept nogil
    # block[p, q] = sum over n of columns[n, p] rows[n, q]; `stride` lies between the rows
    void sum_outer "hybridbg_sum_outer" (
        Py_ssize_t count, const double* columns, const double* rows, Py_ssize_t stride,
        double* block) noexcept nogil
    # sum += weight x, of four floats or doubles
    void add_four "hybridbg_add_four" (float weight, const float* x, float* sum) noexcept nogil
    void add_wide "hybridbg_add_wide" (double weight, const double* x, double* sum) noexcept nogil
