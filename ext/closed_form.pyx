"""Assemble the closed-form matting Laplacian into compact bands.

Paper: A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", IEEE
TPAMI 30(2), 2008, equation (12). For every 3 x 3 window w of N = 9 pixels with colours I, mean mu
and covariance S,

    L_ij = sum over w holding i and j of  [i = j] - (1 + (I_i - mu)' (S + e/N)^-1 (I_j - mu)) / N

With S + e/N = C C' (Cholesky) and the whitened colours z_i = C^-1 (I_i - mu), the bracket is
1 + z_i' z_j: symmetric to the last bit, and free of the cancellation of an explicit inverse.

    paper       here
    I           image[row, col, :]
    e           epsilon
    z_i / 3     lane 1..3 of position p in `windows` (lane 0 is 1/3, or 0 where no window fits)
    L_UU        bands[k, n] (off-diagonal, see OFFSETS) and diagonal[n]
    -L_UK a_K   right_side[n]

Layout: unknown pixels are numbered along row runs (see hybridbg/matting/layout.py). `bands[k, n]`
couples the pixel numbered n with its k-th forward neighbour, in the order

    (0, 1) (0, 2) (1, -2) (1, -1) (1, 0) (1, 1) (1, 2) (2, -2) (2, -1) (2, 0) (2, 1) (2, 2)

Off-diagonals are kept in float32 or float64, and the diagonal, in float64, is minus the sum of the
rounded row, so that a constant alpha costs exactly nothing. An outlier in a flat neighbourhood (a
hot pixel) has couplings that cancel to about sqrt(epsilon) of their size; where less than `CANCELLED`
is left (epsilon below 1e-9), float32 holds no digits of it, and `assemble` says so.

Threads: a block of rows is one unit of work. It keeps the whitened windows of three rows in a
rolling buffer, and each pixel gathers from the nine windows around it and writes only its own row
of the system; so the result does not depend on the number of threads.
"""

from cython.parallel cimport prange
from libc.math cimport fabs, sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc

cdef enum:
    POSITIONS = 9    # pixels of a 3 x 3 window
    LANES = 4        # 1, z_0, z_1, z_2
    WINDOW = POSITIONS * LANES
    NEIGHBOURS = 25  # the 5 x 5 stencil, centre included
    STRIP = 128      # pixels handled at once, so that the accumulators stay in the first cache

ctypedef fused stored:
    float
    double

cdef double CANCELLED = 1e-5
"""Share of its couplings' size below which a diagonal has lost its digits to float32 rounding."""


cdef inline void whiten(
    const float[:, :, ::1] image, Py_ssize_t row, Py_ssize_t col, double ridge,
    double* out, Py_ssize_t stride,
) noexcept nogil:
    """Write the nine whitened colours of the window centred on (row, col), divided by 3."""
    cdef double colour[POSITIONS][3]
    cdef double mean0 = 0, mean1 = 0, mean2 = 0
    cdef double s00 = ridge, s10 = 0, s11 = ridge, s20 = 0, s21 = 0, s22 = ridge
    cdef double l00, l10, l11, l20, l21, l22, z0, z1, z2
    cdef double ninth = 1.0 / POSITIONS
    cdef double third = 1.0 / 3.0
    cdef Py_ssize_t p
    for p in range(POSITIONS):
        colour[p][0] = image[row + p // 3 - 1, col + p % 3 - 1, 0]
        colour[p][1] = image[row + p // 3 - 1, col + p % 3 - 1, 1]
        colour[p][2] = image[row + p // 3 - 1, col + p % 3 - 1, 2]
        mean0 += colour[p][0]
        mean1 += colour[p][1]
        mean2 += colour[p][2]
    mean0 *= ninth
    mean1 *= ninth
    mean2 *= ninth
    for p in range(POSITIONS):
        colour[p][0] -= mean0
        colour[p][1] -= mean1
        colour[p][2] -= mean2
        s00 += colour[p][0] * colour[p][0] * ninth
        s10 += colour[p][1] * colour[p][0] * ninth
        s11 += colour[p][1] * colour[p][1] * ninth
        s20 += colour[p][2] * colour[p][0] * ninth
        s21 += colour[p][2] * colour[p][1] * ninth
        s22 += colour[p][2] * colour[p][2] * ninth
    # S + e/N = C C'. Exact pivots are at least the ridge; rounding may eat it on grey windows
    # of high contrast, where the pivot is then noise of that size.
    l00 = sqrt(s00)
    l10 = s10 / l00
    l20 = s20 / l00
    l11 = sqrt(max(s11 - l10 * l10, ridge))
    l21 = (s21 - l20 * l10) / l11
    l22 = sqrt(max(s22 - l20 * l20 - l21 * l21, ridge))
    for p in range(POSITIONS):
        z0 = colour[p][0] / l00
        z1 = (colour[p][1] - l10 * z0) / l11
        z2 = (colour[p][2] - l20 * z0 - l21 * z1) / l22
        out[(p * LANES + 0) * stride] = third
        out[(p * LANES + 1) * stride] = z0 * third
        out[(p * LANES + 2) * stride] = z1 * third
        out[(p * LANES + 3) * stride] = z2 * third


cdef inline void clear_window(double* windows, Py_ssize_t stride) noexcept nogil:
    cdef Py_ssize_t lane
    for lane in range(WINDOW):
        windows[lane * stride] = 0


cdef inline void fill_window_row(
    const float[:, :, ::1] image, const uint8_t[:, ::1] unknown, Py_ssize_t row, double ridge,
    double* windows, Py_ssize_t stride,
) noexcept nogil:
    """Whiten every window of a row that holds an unknown pixel; zero those off the picture.

    `windows` is (POSITIONS * LANES, stride); the window centred on col is at col + 1. Other
    windows keep what they held: no unknown pixel ever reads them.
    """
    cdef Py_ssize_t height = image.shape[0], width = image.shape[1]
    cdef Py_ssize_t col
    if row < 1 or row >= height - 1:
        for col in range(WINDOW * stride):
            windows[col] = 0
        return
    clear_window(windows, stride)
    clear_window(windows + 1, stride)
    clear_window(windows + width, stride)
    clear_window(windows + width + 1, stride)
    for col in range(1, width - 1):
        if (
            unknown[row - 1, col - 1] | unknown[row - 1, col] | unknown[row - 1, col + 1]
            | unknown[row, col - 1] | unknown[row, col] | unknown[row, col + 1]
            | unknown[row + 1, col - 1] | unknown[row + 1, col] | unknown[row + 1, col + 1]
        ):
            whiten(image, row, col, ridge, windows + col + 1, stride)


cdef inline void gather_strip(
    double** window_rows, Py_ssize_t stride, Py_ssize_t col, Py_ssize_t count, double* couplings,
) noexcept nogil:
    """Add up (1 + z_i' z_j) / N over the windows of `count` pixels from `col`, for all 25 j."""
    cdef Py_ssize_t p, q, n, dr, dc
    cdef const double* first
    cdef const double* second
    cdef double* total
    for n in range(NEIGHBOURS * STRIP):
        couplings[n] = 0
    for p in range(POSITIONS):
        for q in range(POSITIONS):
            if p == q:
                continue
            dr = q // 3 - p // 3
            dc = q % 3 - p % 3
            total = couplings + ((dr + 2) * 5 + dc + 2) * STRIP
            # The window in which the pixel sits at position p is centred 1 - p // 3 rows below
            # it and 1 - p % 3 columns to its right.
            first = window_rows[2 - p // 3] + p * LANES * stride + col + 2 - p % 3
            second = window_rows[2 - p // 3] + q * LANES * stride + col + 2 - p % 3
            for n in range(count):
                total[n] += (
                    first[n] * second[n]
                    + first[n + stride] * second[n + stride]
                    + first[n + 2 * stride] * second[n + 2 * stride]
                    + first[n + 3 * stride] * second[n + 3 * stride]
                )


cdef inline bint store_pixel(
    const uint8_t[:, ::1] unknown, const float[:, ::1] known_alpha,
    Py_ssize_t row, Py_ssize_t col, const double* coupling, int64_t number,
    stored[:, ::1] bands, double[::1] diagonal, double[::1] right_side,
) noexcept nogil:
    """Split one pixel's couplings into bands (to unknown pixels) and right side (to known).

    Returns whether they cancel to less than float32 can tell.
    """
    cdef Py_ssize_t dr, dc, k
    cdef double value, total = 0, size = 0, side = 0
    cdef stored rounded
    for dr in range(-2, 3):
        for dc in range(-2, 3):
            k = (dr + 2) * 5 + dc + 2
            value = coupling[k * STRIP]
            if value == 0:
                continue
            size += fabs(value)
            if unknown[row + dr, col + dc]:
                rounded = <stored>value
                total += rounded
                if k > 12:  # forward neighbours follow the centre, which is number 12
                    bands[k - 13, number] = -rounded
            else:
                total += value
                side += value * known_alpha[row + dr, col + dc]
    diagonal[number] = total
    right_side[number] = side
    return total < CANCELLED * size


cdef bint assemble_rows(
    const float[:, :, ::1] image, const uint8_t[:, ::1] unknown, const float[:, ::1] known_alpha,
    const int32_t[::1] run_row, const int32_t[::1] run_col, const int32_t[::1] run_length,
    const int64_t[:, ::1] run_base, Py_ssize_t first_run, Py_ssize_t last_run, double ridge,
    stored[:, ::1] bands, double[::1] diagonal, double[::1] right_side,
    double* buffer, double* couplings,
) noexcept nogil:
    """Assemble the runs first_run <= n < last_run, sorted by row.

    Returns whether some pixel's couplings cancel to less than float32 can tell.
    """
    cdef bint cancelled = False
    cdef Py_ssize_t stride = image.shape[1] + 2
    cdef Py_ssize_t row, run, n, start, count, filled = -2
    cdef double* window_rows[3]
    for run in range(first_run, last_run):
        row = run_row[run]
        # Windows centred on row - 1, row, row + 1; slot = centre row modulo 3.
        for n in range(max(row - 1, filled + 1), row + 2):
            fill_window_row(
                image, unknown, n, ridge, buffer + ((n + 3) % 3) * WINDOW * stride, stride
            )
        filled = row + 1
        for n in range(3):
            window_rows[n] = buffer + ((row - 1 + n + 3) % 3) * WINDOW * stride
        start = 0
        while start < run_length[run]:
            count = min(<Py_ssize_t>STRIP, run_length[run] - start)
            gather_strip(window_rows, stride, run_col[run] + start, count, couplings)
            for n in range(count):
                cancelled |= store_pixel(
                    unknown, known_alpha, row, run_col[run] + start + n, couplings + n,
                    run_base[run, 2] + start + n, bands, diagonal, right_side,
                )
            start = start + count
    return cancelled


def assemble(
    const float[:, :, ::1] image not None,
    const uint8_t[:, ::1] unknown not None,
    const float[:, ::1] known_alpha not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    double epsilon,
    stored[:, ::1] bands not None,
    double[::1] diagonal not None,
    double[::1] right_side not None,
    int num_threads,
):
    """Fill `bands`, `diagonal` and `right_side` (all zero on entry) for the unknown pixels.

    image : (H, W, 3); unknown : (H, W), 1 where alpha is sought; known_alpha : (H, W), read where
    unknown is 0; chunks : run numbers at which the units of work begin, and the number of runs.

    Returns whether float32 bands are too coarse for this picture.
    """
    cdef Py_ssize_t stride = image.shape[1] + 2
    cdef Py_ssize_t chunk, count = chunks.shape[0] - 1
    cdef double ridge = epsilon / POSITIONS
    cdef double* buffer
    cdef int failed = 0, cancelled = 0
    for chunk in prange(count, schedule="dynamic", num_threads=num_threads, nogil=True):
        buffer = <double*>malloc((3 * WINDOW * stride + NEIGHBOURS * STRIP) * sizeof(double))
        if buffer == NULL:
            failed += 1
        else:
            cancelled += assemble_rows(
                image, unknown, known_alpha, run_row, run_col, run_length, run_base,
                chunks[chunk], chunks[chunk + 1], ridge, bands, diagonal, right_side,
                buffer, buffer + 3 * WINDOW * stride,
            )
            free(buffer)
    if failed:
        raise MemoryError("no memory for the rolling window buffers")
    return cancelled > 0
