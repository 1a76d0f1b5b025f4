"""Products, smoothing and vector sums on the compact-band system that closed_form.pyx assembles.

Every unknown pixel's row of the matrix is gathered from its twelve forward bands and, by symmetry,
from the bands of its twelve backward neighbours:

    (A x)_n = diagonal_n x_n + sum over k of  bands[k, n] x[n + o_k] + bands[k, n - o_k] x[n - o_k]

o_k is constant along a row run, so each term is a product of two contiguous stretches and nothing
is scattered. Cells of the layout that are not unknown hold zeros in every vector.

The smoother is Chebyshev iteration on D^-1 A (M. Adams, M. Brezina, J. Hu, R. Tuminaro, "Parallel
multigrid smoothing: polynomial versus Gauss-Seidel", J. Comp. Phys. 188, 2003), in float32.

Threads: a chunk of runs is one unit of work, and chunks do not depend on the number of threads;
sums are taken chunk by chunk and added in order, so results are the same bits for any number.
"""

from cython.parallel cimport prange
from libc.math cimport fabs
from libc.stdint cimport int32_t, int64_t

cdef enum:
    FORWARD = 12  # forward neighbours of the 5 x 5 stencil
    STRIP = 128   # pixels handled at once, so that the accumulators stay in the first cache

ctypedef fused real:
    float
    double

ctypedef fused stored:
    float
    double

cdef Py_ssize_t[FORWARD] ROW_STEP
cdef Py_ssize_t[FORWARD] COL_STEP
ROW_STEP[:] = [0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
COL_STEP[:] = [1, 2, -2, -1, 0, 1, 2, -2, -1, 0, 1, 2]


cdef inline void product_strip(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t[:, ::1] run_base,
    Py_ssize_t run, Py_ssize_t start, Py_ssize_t count, const real* x, real* total,
) noexcept nogil:
    """total = (A x) for `count` pixels of a run, from its pixel `start`."""
    cdef Py_ssize_t centre = run_base[run, 2] + start
    cdef Py_ssize_t k, n, forward, backward
    cdef const stored* weights
    cdef const real* values
    for n in range(count):
        total[n] = <real>diagonal[centre + n] * x[centre + n]
    for k in range(FORWARD):
        forward = run_base[run, 2 + ROW_STEP[k]] + COL_STEP[k] + start
        backward = run_base[run, 2 - ROW_STEP[k]] - COL_STEP[k] + start
        weights = &bands[k, centre]
        values = x + forward
        for n in range(count):
            total[n] += <real>weights[n] * values[n]
        weights = &bands[k, backward]
        values = x + backward
        for n in range(count):
            total[n] += <real>weights[n] * values[n]


cdef void product_run(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t[:, ::1] run_base,
    Py_ssize_t run, Py_ssize_t length, const real* x, real* y,
) noexcept nogil:
    cdef real total[STRIP]
    cdef Py_ssize_t start = 0, count, n, centre
    while start < length:
        count = min(<Py_ssize_t>STRIP, length - start)
        centre = run_base[run, 2] + start
        product_strip(bands, diagonal, run_base, run, start, count, x, total)
        for n in range(count):
            y[centre + n] = total[n]
        start += count


def product(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const real[::1] x not None,
    real[::1] y not None,
    int num_threads,
):
    """y = A x on the unknown pixels."""
    cdef Py_ssize_t chunk, run
    for chunk in prange(
        chunks.shape[0] - 1, schedule="dynamic", num_threads=num_threads, nogil=True
    ):
        for run in range(chunks[chunk], chunks[chunk + 1]):
            product_run(bands, diagonal, run_base, run, run_length[run], &x[0], &y[0])


cdef void chebyshev_run(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t[:, ::1] run_base,
    Py_ssize_t run, Py_ssize_t length, const float* step, float* residual, float* x,
    float* next_step, float keep, float gain,
) noexcept nogil:
    cdef float total[STRIP]
    cdef Py_ssize_t start = 0, count, n, m, centre
    while start < length:
        count = min(<Py_ssize_t>STRIP, length - start)
        centre = run_base[run, 2] + start
        product_strip(bands, diagonal, run_base, run, start, count, step, total)
        for n in range(count):
            m = centre + n
            residual[m] -= total[n]
            next_step[m] = keep * step[m] + gain * residual[m] / <float>diagonal[m]
            x[m] += next_step[m]
        start += count


def chebyshev_first(
    const double[::1] diagonal not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const float[::1] residual not None,
    float gain,
    float[::1] x not None,
    float[::1] step not None,
    bint from_zero,
    int num_threads,
):
    """First Chebyshev step: step = gain D^-1 residual; x = step, or x += step."""
    cdef Py_ssize_t chunk, run, n, centre
    for chunk in prange(
        chunks.shape[0] - 1, schedule="dynamic", num_threads=num_threads, nogil=True
    ):
        for run in range(chunks[chunk], chunks[chunk + 1]):
            centre = run_base[run, 2]
            for n in range(centre, centre + run_length[run]):
                step[n] = gain * residual[n] / <float>diagonal[n]
                x[n] = step[n] if from_zero else x[n] + step[n]


def chebyshev_next(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const float[::1] step not None,
    float[::1] residual not None,
    float keep,
    float gain,
    float[::1] x not None,
    float[::1] next_step not None,
    int num_threads,
):
    """One more step: residual -= A step; next_step = keep step + gain D^-1 residual; x += it."""
    cdef Py_ssize_t chunk, run
    for chunk in prange(
        chunks.shape[0] - 1, schedule="dynamic", num_threads=num_threads, nogil=True
    ):
        for run in range(chunks[chunk], chunks[chunk + 1]):
            chebyshev_run(
                bands, diagonal, run_base, run, run_length[run], &step[0], &residual[0],
                &x[0], &next_step[0], keep, gain,
            )


cdef void subtract_run(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t[:, ::1] run_base,
    Py_ssize_t run, Py_ssize_t length, const float* step, float* residual,
) noexcept nogil:
    cdef float total[STRIP]
    cdef Py_ssize_t start = 0, count, n
    while start < length:
        count = min(<Py_ssize_t>STRIP, length - start)
        product_strip(bands, diagonal, run_base, run, start, count, step, total)
        for n in range(count):
            residual[run_base[run, 2] + start + n] -= total[n]
        start += count


def subtract_product(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const float[::1] step not None,
    float[::1] residual not None,
    int num_threads,
):
    """residual -= A step."""
    cdef Py_ssize_t chunk, run
    for chunk in prange(
        chunks.shape[0] - 1, schedule="dynamic", num_threads=num_threads, nogil=True
    ):
        for run in range(chunks[chunk], chunks[chunk + 1]):
            subtract_run(
                bands, diagonal, run_base, run, run_length[run], &step[0], &residual[0]
            )


def dot(
    const real[::1] x not None,
    const real[::1] y not None,
    const int64_t[::1] cells not None,
    double[::1] partial not None,
    int num_threads,
):
    """Sum of x y, chunk by chunk over `cells` (chunk bounds), partial sums added in order."""
    cdef Py_ssize_t chunk, n
    cdef double total
    for chunk in prange(
        cells.shape[0] - 1, schedule="static", num_threads=num_threads, nogil=True
    ):
        total = 0
        for n in range(cells[chunk], cells[chunk + 1]):
            total = total + <double>x[n] * y[n]
        partial[chunk] = total
    total = 0
    for chunk in range(cells.shape[0] - 1):
        total += partial[chunk]
    return total


def descend(
    double step,
    const double[::1] direction not None,
    const double[::1] image_of_direction not None,
    const int64_t[::1] cells not None,
    double[::1] x not None,
    double[::1] residual not None,
    float[::1] residual_single not None,
    double[::1] partial not None,
    int num_threads,
):
    """x += step p; r -= step A p, also rounded to float32; return the squared norm of r."""
    cdef Py_ssize_t chunk, n
    cdef double total
    for chunk in prange(
        cells.shape[0] - 1, schedule="static", num_threads=num_threads, nogil=True
    ):
        total = 0
        for n in range(cells[chunk], cells[chunk + 1]):
            x[n] += step * direction[n]
            residual[n] -= step * image_of_direction[n]
            residual_single[n] = <float>residual[n]
            total = total + residual[n] * residual[n]
        partial[chunk] = total
    total = 0
    for chunk in range(cells.shape[0] - 1):
        total += partial[chunk]
    return total


def project_dot(
    const float[::1] z not None,
    const double[::1] residual not None,
    const int64_t[::1] cells not None,
    double[:, ::1] partial not None,
    int num_threads,
):
    """Return the sum of z r and the largest |z|, for a float32 z and a float64 r."""
    cdef Py_ssize_t chunk, n
    cdef double total, largest
    for chunk in prange(
        cells.shape[0] - 1, schedule="static", num_threads=num_threads, nogil=True
    ):
        total = 0
        largest = 0
        for n in range(cells[chunk], cells[chunk + 1]):
            total = total + z[n] * residual[n]
            largest = max(largest, fabs(z[n]))
        partial[0, chunk] = total
        partial[1, chunk] = largest
    total = 0
    largest = 0
    for chunk in range(cells.shape[0] - 1):
        total += partial[0, chunk]
        largest = max(largest, partial[1, chunk])
    return total, largest


def turn(
    const float[::1] z not None,
    double keep,
    const int64_t[::1] cells not None,
    double[::1] direction not None,
    int num_threads,
):
    """p = z + keep p."""
    cdef Py_ssize_t chunk, n
    for chunk in prange(
        cells.shape[0] - 1, schedule="static", num_threads=num_threads, nogil=True
    ):
        for n in range(cells[chunk], cells[chunk + 1]):
            direction[n] = z[n] + keep * direction[n]
