"""Products, smoothing and vector sums on the compact-band system that closed_form.pyx assembles.

Every unknown pixel's row of the matrix is gathered from its twelve forward bands and, by symmetry,
from the bands of its twelve backward neighbours:

    (A x)_n = diagonal_n x_n + sum over k of  bands[k, n] x[n + o_k] + bands[k, n - o_k] x[n - o_k]

o_k is constant along a row run, so each term is a product of two contiguous stretches and nothing
is scattered; one loop over a strip of pixels adds up all 25 terms in registers. Strips are rounded
up to whole vectors: the cells behind a run are read and their sums dropped, for which every array
ends in `PADDING` spare cells. Cells that are not unknown hold zeros in every vector.

The smoother is Chebyshev iteration on D^-1 A, D^-1 being `inverse` (M. Adams, M. Brezina, J. Hu, R. Tuminaro, "Parallel
multigrid smoothing: polynomial versus Gauss-Seidel", J. Comp. Phys. 188, 2003), in float32, with
every step written as out = a x + b out + g D^-1 (r - A x).

Two sweeps go over a chunk of rows at once, while its bands are in the cache: the second follows on
the rows whose stencil stays inside the chunk, and on the rest when all chunks have had the first.

Threads: a chunk of rows is one unit of work, and chunks do not depend on the number of threads;
sums are taken chunk by chunk and added in order, so results are the same bits for any number.
"""

from cython.parallel cimport prange
from libc.math cimport fabsf
from libc.stdint cimport int32_t, int64_t

cdef enum:
    STRIP = 128  # pixels handled at once, so that the sums stay in the first cache
    VECTOR = 16  # strips are rounded up to so many pixels
    LANES = 8    # sums of products run side by side, as one alone waits for each addition

PADDING = VECTOR + 4
"""Spare cells at the end of every array of cells: what a rounded strip and its stencil can reach."""

ctypedef fused stored:
    float
    double

ctypedef fused summed:
    float
    double


cdef inline void sum_strip(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base, Py_ssize_t start,
    Py_ssize_t count, const float* vector, summed* total,
) noexcept nogil:
    """total = (A x) for `count` pixels of a run, from its pixel `start`."""
    cdef summed vectors[STRIP]  # local, hence known not to overlap with what is read
    cdef Py_ssize_t n, whole = (count + VECTOR - 1) & ~(VECTOR - 1)
    cdef const double* d = &diagonal[base[2] + start]
    # The five rows of the stencil in x: 0 is the pixel's own, u and v above, s and t below.
    cdef const float* v = vector + base[0] + start
    cdef const float* u = vector + base[1] + start
    cdef const float* x = vector + base[2] + start
    cdef const float* s = vector + base[3] + start
    cdef const float* t = vector + base[4] + start
    # Forward couplings, at the pixel itself; k as in closed_form.pyx.
    cdef const stored* f0 = &bands[0, base[2] + start]
    cdef const stored* f1 = &bands[1, base[2] + start]
    cdef const stored* f2 = &bands[2, base[2] + start]
    cdef const stored* f3 = &bands[3, base[2] + start]
    cdef const stored* f4 = &bands[4, base[2] + start]
    cdef const stored* f5 = &bands[5, base[2] + start]
    cdef const stored* f6 = &bands[6, base[2] + start]
    cdef const stored* f7 = &bands[7, base[2] + start]
    cdef const stored* f8 = &bands[8, base[2] + start]
    cdef const stored* f9 = &bands[9, base[2] + start]
    cdef const stored* f10 = &bands[10, base[2] + start]
    cdef const stored* f11 = &bands[11, base[2] + start]
    # Backward couplings, at the neighbours.
    cdef const stored* b0 = &bands[0, base[2] + start - 1]
    cdef const stored* b1 = &bands[1, base[2] + start - 2]
    cdef const stored* b2 = &bands[2, base[1] + start + 2]
    cdef const stored* b3 = &bands[3, base[1] + start + 1]
    cdef const stored* b4 = &bands[4, base[1] + start]
    cdef const stored* b5 = &bands[5, base[1] + start - 1]
    cdef const stored* b6 = &bands[6, base[1] + start - 2]
    cdef const stored* b7 = &bands[7, base[0] + start + 2]
    cdef const stored* b8 = &bands[8, base[0] + start + 1]
    cdef const stored* b9 = &bands[9, base[0] + start]
    cdef const stored* b10 = &bands[10, base[0] + start - 1]
    cdef const stored* b11 = &bands[11, base[0] + start - 2]
    for n in range(whole):
        vectors[n] = (
            <summed>d[n] * x[n]
            + <summed>f0[n] * x[n + 1] + <summed>f1[n] * x[n + 2]
            + <summed>f2[n] * s[n - 2] + <summed>f3[n] * s[n - 1] + <summed>f4[n] * s[n]
            + <summed>f5[n] * s[n + 1] + <summed>f6[n] * s[n + 2]
            + <summed>f7[n] * t[n - 2] + <summed>f8[n] * t[n - 1] + <summed>f9[n] * t[n]
            + <summed>f10[n] * t[n + 1] + <summed>f11[n] * t[n + 2]
        ) + (
            <summed>b0[n] * x[n - 1] + <summed>b1[n] * x[n - 2]
            + <summed>b2[n] * u[n + 2] + <summed>b3[n] * u[n + 1] + <summed>b4[n] * u[n]
            + <summed>b5[n] * u[n - 1] + <summed>b6[n] * u[n - 2]
            + <summed>b7[n] * v[n + 2] + <summed>b8[n] * v[n + 1] + <summed>b9[n] * v[n]
            + <summed>b10[n] * v[n - 1] + <summed>b11[n] * v[n - 2]
        )
    for n in range(count):
        total[n] = vectors[n]


cdef inline double added(const double* lanes) noexcept nogil:
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + (
        (lanes[4] + lanes[5]) + (lanes[6] + lanes[7])
    )


cdef double product_run(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base,
    Py_ssize_t length, const float* x, double* y,
) noexcept nogil:
    """y = A x on a run; return the sum of x y."""
    cdef double total[STRIP]
    cdef double lanes[LANES]
    cdef Py_ssize_t start = 0, count, n, lane, centre
    for lane in range(LANES):
        lanes[lane] = 0
    while start < length:
        count = min(<Py_ssize_t>STRIP, length - start)
        sum_strip(bands, diagonal, base, start, count, x, total)
        centre = base[2] + start
        for n in range(count):
            y[centre + n] = total[n]
        for n in range(count, (count + LANES - 1) & ~(LANES - 1)):
            total[n] = 0
        for n in range(0, count, 8):
            for lane in range(LANES):
                lanes[lane] += total[n + lane] * x[centre + n + lane]
        start += count
    return added(lanes)


def product(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const float[::1] x not None,
    double[::1] y not None,
    double[::1] partial not None,
    int num_threads,
):
    """y = A x on the unknown pixels, summed in float64; return the sum of x y."""
    cdef Py_ssize_t chunk, run, count = chunks.shape[0] - 1
    cdef double total
    for chunk in prange(count, schedule="dynamic", num_threads=num_threads, nogil=True):
        total = 0
        for run in range(chunks[chunk], chunks[chunk + 1]):
            total = total + product_run(
                bands, diagonal, &run_base[run, 0], run_length[run], &x[0], &y[0]
            )
        partial[chunk] = total
    total = 0
    for chunk in range(count):
        total += partial[chunk]
    return total


cdef void relax_run(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base,
    const float* inverse, Py_ssize_t length, const float* residual, const float* x, float* out,
    float a, float b, float g,
) noexcept nogil:
    cdef float total[STRIP]
    cdef Py_ssize_t start = 0, count, n, m
    while start < length:
        count = min(<Py_ssize_t>STRIP, length - start)
        sum_strip(bands, diagonal, base, start, count, x, total)
        for n in range(count):
            m = base[2] + start + n
            out[m] = a * x[m] + b * out[m] + g * inverse[m] * (residual[m] - total[n])
        start += count


cdef void subtract_run(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base,
    Py_ssize_t length, const float* residual, const float* x, float* out,
) noexcept nogil:
    cdef float total[STRIP]
    cdef Py_ssize_t start = 0, count, n, m
    while start < length:
        count = min(<Py_ssize_t>STRIP, length - start)
        sum_strip(bands, diagonal, base, start, count, x, total)
        for n in range(count):
            m = base[2] + start + n
            out[m] = residual[m] - total[n]
        start += count


def relax_subtract(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const float[::1] inverse not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const int64_t[:, ::1] cores not None,
    const float[::1] residual not None,
    const float[::1] x not None,
    float[::1] relaxed not None,
    float[::1] left not None,
    float a,
    float g,
    int num_threads,
):
    """relaxed = a x + g D^-1 (residual - A x);  left = residual - A relaxed."""
    cdef Py_ssize_t chunk, run, count = cores.shape[0]
    for chunk in prange(count, schedule="dynamic", num_threads=num_threads, nogil=True):
        for run in range(chunks[chunk], chunks[chunk + 1]):
            relax_run(
                bands, diagonal, &run_base[run, 0], &inverse[0], run_length[run], &residual[0],
                &x[0], &relaxed[0], a, 0, g,
            )
        for run in range(cores[chunk, 0], cores[chunk, 1]):
            subtract_run(
                bands, diagonal, &run_base[run, 0], run_length[run], &residual[0], &relaxed[0],
                &left[0],
            )
    for chunk in prange(count, schedule="dynamic", num_threads=num_threads, nogil=True):
        for run in range(chunks[chunk], cores[chunk, 0]):
            subtract_run(
                bands, diagonal, &run_base[run, 0], run_length[run], &residual[0], &relaxed[0],
                &left[0],
            )
        for run in range(cores[chunk, 1], chunks[chunk + 1]):
            subtract_run(
                bands, diagonal, &run_base[run, 0], run_length[run], &residual[0], &relaxed[0],
                &left[0],
            )


def relax_twice(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const float[::1] inverse not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const int64_t[:, ::1] cores not None,
    const float[::1] residual not None,
    float[::1] x not None,
    float[::1] other not None,
    float first,
    float a,
    float b,
    float g,
    int num_threads,
):
    """other = x + first D^-1 (residual - A x);  x = a other + b x + g D^-1 (residual - A other)."""
    cdef Py_ssize_t chunk, run, count = cores.shape[0]
    for chunk in prange(count, schedule="dynamic", num_threads=num_threads, nogil=True):
        for run in range(chunks[chunk], chunks[chunk + 1]):
            relax_run(
                bands, diagonal, &run_base[run, 0], &inverse[0], run_length[run], &residual[0],
                &x[0], &other[0], 1, 0, first,
            )
        for run in range(cores[chunk, 0], cores[chunk, 1]):
            relax_run(
                bands, diagonal, &run_base[run, 0], &inverse[0], run_length[run], &residual[0],
                &other[0], &x[0], a, b, g,
            )
    for chunk in prange(count, schedule="dynamic", num_threads=num_threads, nogil=True):
        for run in range(chunks[chunk], cores[chunk, 0]):
            relax_run(
                bands, diagonal, &run_base[run, 0], &inverse[0], run_length[run], &residual[0],
                &other[0], &x[0], a, b, g,
            )
        for run in range(cores[chunk, 1], chunks[chunk + 1]):
            relax_run(
                bands, diagonal, &run_base[run, 0], &inverse[0], run_length[run], &residual[0],
                &other[0], &x[0], a, b, g,
            )


cdef void scale_cells(
    const float* inverse, const float* residual, float g, Py_ssize_t count, float* out,
) noexcept nogil:
    cdef Py_ssize_t n
    for n in range(count):
        out[n] = g * inverse[n] * residual[n]


def scale(
    const float[::1] inverse not None,
    const float[::1] residual not None,
    float g,
    const int64_t[::1] cells not None,
    float[::1] out not None,
    int num_threads,
):
    """out = g D^-1 residual."""
    cdef Py_ssize_t chunk, first
    for chunk in prange(
        cells.shape[0] - 1, schedule="static", num_threads=num_threads, nogil=True
    ):
        first = cells[chunk]
        scale_cells(&inverse[first], &residual[first], g, cells[chunk + 1] - first, &out[first])


cdef double descend_chunk(
    double step, const float* direction, const double* image_of_direction, Py_ssize_t count,
    double* x, double* residual, float* single,
) noexcept nogil:
    cdef double lanes[LANES]
    cdef Py_ssize_t n, lane, whole = count & ~(LANES - 1)
    for lane in range(LANES):
        lanes[lane] = 0
    for n in range(count):
        x[n] += step * direction[n]
    for n in range(count):
        residual[n] -= step * image_of_direction[n]
        single[n] = <float>residual[n]
    for n in range(0, whole, 8):
        for lane in range(LANES):
            lanes[lane] += residual[n + lane] * residual[n + lane]
    for n in range(whole, count):
        lanes[0] += residual[n] * residual[n]
    return added(lanes)


def descend(
    double step,
    const float[::1] direction not None,
    const double[::1] image_of_direction not None,
    const int64_t[::1] cells not None,
    double[::1] x not None,
    double[::1] residual not None,
    float[::1] residual_single not None,
    double[::1] partial not None,
    int num_threads,
):
    """x += step p; r -= step A p, also rounded to float32; return the squared norm of r."""
    cdef Py_ssize_t chunk, first, count = cells.shape[0] - 1
    cdef double total = 0
    for chunk in prange(count, schedule="static", num_threads=num_threads, nogil=True):
        first = cells[chunk]
        partial[chunk] = descend_chunk(
            step, &direction[first], &image_of_direction[first], cells[chunk + 1] - first,
            &x[first], &residual[first], &residual_single[first],
        )
    for chunk in range(count):
        total += partial[chunk]
    return total


cdef void project_chunk(
    const float* z, const double* residual, Py_ssize_t count, double* dot, double* largest,
) noexcept nogil:
    cdef double lanes[LANES]
    cdef float sizes[LANES]
    cdef float size
    cdef Py_ssize_t n, lane, whole = count & ~(LANES - 1)
    for lane in range(LANES):
        lanes[lane] = 0
        sizes[lane] = 0
    for n in range(0, whole, 8):
        for lane in range(LANES):
            lanes[lane] += z[n + lane] * residual[n + lane]
            size = fabsf(z[n + lane])
            sizes[lane] = size if size > sizes[lane] else sizes[lane]
    for n in range(whole, count):
        lanes[0] += z[n] * residual[n]
        sizes[0] = max(sizes[0], fabsf(z[n]))
    for lane in range(1, LANES):
        sizes[0] = max(sizes[0], sizes[lane])
    dot[0] = added(lanes)
    largest[0] = sizes[0]


def project_dot(
    const float[::1] z not None,
    const double[::1] residual not None,
    const int64_t[::1] cells not None,
    double[:, ::1] partial not None,
    int num_threads,
):
    """Return the sum of z r and the largest |z|, for a float32 z and a float64 r."""
    cdef Py_ssize_t chunk, first, count = cells.shape[0] - 1
    cdef double total = 0, largest = 0
    for chunk in prange(count, schedule="static", num_threads=num_threads, nogil=True):
        first = cells[chunk]
        project_chunk(
            &z[first], &residual[first], cells[chunk + 1] - first,
            &partial[0, chunk], &partial[1, chunk],
        )
    for chunk in range(count):
        total += partial[0, chunk]
        largest = max(largest, partial[1, chunk])
    return total, largest


def turn(
    const float[::1] z not None,
    float keep,
    const int64_t[::1] cells not None,
    float[::1] direction not None,
    int num_threads,
):
    """p = z + keep p."""
    cdef Py_ssize_t chunk, n
    for chunk in prange(
        cells.shape[0] - 1, schedule="static", num_threads=num_threads, nogil=True
    ):
        for n in range(cells[chunk], cells[chunk + 1]):
            direction[n] = z[n] + keep * direction[n]
