"""Assemble the closed-form matting Laplacian into compact bands.

Paper: A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", IEEE
TPAMI 30(2), 2008, equation (12). For every 3 x 3 window w of N = 9 pixels with colours I, mean mu
and covariance S,

    L_ij = sum over w holding i and j of  [i = j] - (1 + (I_i - mu)' (S + e/N)^-1 (I_j - mu)) / N

With S + e/N = C C' (Cholesky) and the whitened colours z_i = C^-1 (I_i - mu), the bracket is
1 + z_i' z_j: symmetric to the last bit, and free of the cancellation of an explicit inverse.

    paper       here
    I           colours[n, 1:]
    e           epsilon
    z_i / 3     lane 1..3 of position p in `windows` (lane 0 is 1/3, or 0 where no window fits)
    L_UU        bands[k, n] (off-diagonal) and diagonal[n]
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
    PIXEL = 4        # 1, R, G, B
    POSITIONS = 9    # pixels of a 3 x 3 window
    LANES = 4        # 1, z_0, z_1, z_2
    WINDOW = POSITIONS * LANES
    BATCH = 8        # windows whitened at once
    NEIGHBOURS = 25  # the 5 x 5 stencil, centre included
    UNKNOWN = 128    # of a trimap
    FOREGROUND = 255
    STRIP = 128      # pixels handled at once, so that the accumulators stay in the first cache

ctypedef fused stored:
    float
    double

cdef double SPECTRUM = 2.0
LARGEST_EIGENVALUE = SPECTRUM

cdef double CANCELLED = 1e-5
"""Share of its couplings' size below which a diagonal has lost its digits to float32 rounding."""


cdef inline double larger(double a, double b) noexcept nogil:
    return a if a > b else b


cdef inline void whiten(
    const float* above, const float* centre, const float* below, Py_ssize_t count, double ridge,
    double* out, Py_ssize_t stride,
) noexcept nogil:
    """Write the nine whitened colours, divided by 3, of `count` <= BATCH windows side by side.

    The three rows begin with the first window's left pixel; a pixel is (1, R, G, B). All of a
    batch is computed, whatever lies behind the last window, so that loops are whole vectors.
    """
    cdef double colour[POSITIONS][3][BATCH]
    cdef double mean[3][BATCH]
    cdef double cov[6][BATCH]    # 00, 10, 11, 20, 21, 22
    cdef double lower[6][BATCH]  # of its Cholesky factor; reciprocals on the diagonal
    cdef double z0, z1, z2
    cdef double ninth = 1.0 / POSITIONS
    cdef double third = 1.0 / 3.0
    cdef const float* pixel
    cdef double* row
    cdef Py_ssize_t p, c, n
    for c in range(3):
        for n in range(BATCH):
            mean[c][n] = 0
    for p in range(POSITIONS):
        pixel = (above if p < 3 else (centre if p < 6 else below)) + p % 3 * PIXEL + 1
        for c in range(3):
            for n in range(BATCH):
                colour[p][c][n] = pixel[n * PIXEL + c]
            for n in range(BATCH):
                mean[c][n] += colour[p][c][n] * ninth
    for n in range(BATCH):
        cov[0][n] = ridge
        cov[1][n] = 0
        cov[2][n] = ridge
        cov[3][n] = 0
        cov[4][n] = 0
        cov[5][n] = ridge
    for p in range(POSITIONS):
        for c in range(3):
            for n in range(BATCH):
                colour[p][c][n] -= mean[c][n]
        for n in range(BATCH):
            cov[0][n] += colour[p][0][n] * colour[p][0][n] * ninth
            cov[1][n] += colour[p][1][n] * colour[p][0][n] * ninth
            cov[2][n] += colour[p][1][n] * colour[p][1][n] * ninth
            cov[3][n] += colour[p][2][n] * colour[p][0][n] * ninth
            cov[4][n] += colour[p][2][n] * colour[p][1][n] * ninth
            cov[5][n] += colour[p][2][n] * colour[p][2][n] * ninth
    # S + e/N = C C'. Exact pivots are at least the ridge; rounding may eat it on grey windows
    # of high contrast, where the pivot is then noise of that size.
    for n in range(BATCH):
        lower[0][n] = 1 / sqrt(cov[0][n])
        lower[1][n] = cov[1][n] * lower[0][n]
        lower[3][n] = cov[3][n] * lower[0][n]
        lower[2][n] = 1 / sqrt(larger(cov[2][n] - lower[1][n] * lower[1][n], ridge))
        lower[4][n] = (cov[4][n] - lower[3][n] * lower[1][n]) * lower[2][n]
        lower[5][n] = 1 / sqrt(larger(
            cov[5][n] - lower[3][n] * lower[3][n] - lower[4][n] * lower[4][n], ridge
        ))
    for p in range(POSITIONS):
        for n in range(BATCH):
            z0 = colour[p][0][n] * lower[0][n]
            z1 = (colour[p][1][n] - lower[1][n] * z0) * lower[2][n]
            z2 = (colour[p][2][n] - lower[3][n] * z0 - lower[4][n] * z1) * lower[5][n]
            colour[p][0][n] = z0 * third
            colour[p][1][n] = z1 * third
            colour[p][2][n] = z2 * third
    for p in range(POSITIONS):
        for n in range(count):
            out[p * LANES * stride + n] = third
        for c in range(3):
            row = out + (p * LANES + c + 1) * stride
            if count == BATCH:
                for n in range(BATCH):
                    row[n] = colour[p][c][n]
            else:
                for n in range(count):
                    row[n] = colour[p][c][n]


cdef inline void clear_window(double* windows, Py_ssize_t stride) noexcept nogil:
    cdef Py_ssize_t lane
    for lane in range(WINDOW):
        windows[lane * stride] = 0


cdef inline void fill_window_row(
    const float[:, ::1] colours, const int32_t[::1] window_first, const int32_t[::1] window_col,
    const int32_t[::1] window_length, const int64_t[:, ::1] window_base,
    Py_ssize_t row, Py_ssize_t height, Py_ssize_t width, double ridge,
    double* windows, Py_ssize_t stride,
) noexcept nogil:
    """Whiten every window of a row that holds an unknown pixel; zero those off the picture.

    `windows` is (POSITIONS * LANES, stride); the window centred on col is at col + 1. Other
    windows keep what they held: no unknown pixel ever reads them.
    """
    cdef Py_ssize_t run, n, count
    if row < 1 or row >= height - 1:
        for n in range(WINDOW * stride):
            windows[n] = 0
        return
    clear_window(windows, stride)
    clear_window(windows + 1, stride)
    clear_window(windows + width, stride)
    clear_window(windows + width + 1, stride)
    for run in range(window_first[row], window_first[row + 1]):
        n = 0
        while n < window_length[run]:
            count = min(<Py_ssize_t>BATCH, window_length[run] - n)
            whiten(
                &colours[window_base[run, 0] + n - 1, 0], &colours[window_base[run, 1] + n - 1, 0],
                &colours[window_base[run, 2] + n - 1, 0], count, ridge,
                windows + window_col[run] + n + 1, stride,
            )
            n = n + count


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
    const uint8_t[::1] trimap, const int64_t* base, Py_ssize_t step, const double* coupling,
    stored[:, ::1] bands, double[::1] diagonal, double[::1] right_side, float[::1] inverse,
) noexcept nogil:
    """Split one pixel's couplings into bands (to unknown pixels) and right side (to known).

    Returns whether they cancel to less than float32 can tell.
    """
    cdef Py_ssize_t number = base[2] + step, other
    cdef Py_ssize_t dr, dc, k
    cdef double value, total = 0, size = 0, side = 0, beside = 0
    cdef stored rounded
    for dr in range(-2, 3):
        for dc in range(-2, 3):
            k = (dr + 2) * 5 + dc + 2
            value = coupling[k * STRIP]
            if value == 0:
                continue
            size += fabs(value)
            other = base[2 + dr] + step + dc
            if trimap[other] == UNKNOWN:
                rounded = <stored>value
                total += rounded
                beside += fabs(value)
                if k > 12:  # forward neighbours follow the centre, which is number 12
                    bands[k - 13, number] = -rounded
            else:
                total += value
                side += value * (trimap[other] == FOREGROUND)
    diagonal[number] = total
    right_side[number] = side
    # Every row of |D^-1 L_UU| sums up to at most SPECTRUM, hence so do its eigenvalues (Gershgorin).
    inverse[number] = <float>(1 / max(total, (total + beside) / SPECTRUM)) if total > 0 else 0
    return total < CANCELLED * size


cdef bint assemble_rows(
    const float[:, ::1] colours, const uint8_t[::1] trimap, Py_ssize_t height, Py_ssize_t width,
    const int32_t[::1] run_row, const int32_t[::1] run_col, const int32_t[::1] run_length,
    const int64_t[:, ::1] run_base, Py_ssize_t first_run, Py_ssize_t last_run,
    const int32_t[::1] window_first, const int32_t[::1] window_col,
    const int32_t[::1] window_length, const int64_t[:, ::1] window_base, double ridge,
    stored[:, ::1] bands, double[::1] diagonal, double[::1] right_side, float[::1] inverse,
    double* buffer, double* couplings,
) noexcept nogil:
    """Assemble the runs first_run <= n < last_run, sorted by row.

    Returns whether some pixel's couplings cancel to less than float32 can tell.
    """
    cdef bint cancelled = False
    cdef Py_ssize_t stride = width + 2
    cdef Py_ssize_t row, run, n, start, count, filled = -2
    cdef double* window_rows[3]
    for run in range(first_run, last_run):
        row = run_row[run]
        # Windows centred on row - 1, row, row + 1; slot = centre row modulo 3.
        for n in range(max(row - 1, filled + 1), row + 2):
            fill_window_row(
                colours, window_first, window_col, window_length, window_base, n, height, width,
                ridge, buffer + ((n + 3) % 3) * WINDOW * stride, stride,
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
                    trimap, &run_base[run, 0], start + n, couplings + n,
                    bands, diagonal, right_side, inverse,
                )
            start = start + count
    return cancelled


def assemble(
    const float[:, ::1] colours not None,
    const uint8_t[::1] trimap not None,
    Py_ssize_t height,
    Py_ssize_t width,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const int32_t[::1] window_first not None,
    const int32_t[::1] window_col not None,
    const int32_t[::1] window_length not None,
    const int64_t[:, ::1] window_base not None,
    double epsilon,
    stored[:, ::1] bands not None,
    double[::1] diagonal not None,
    double[::1] right_side not None,
    float[::1] inverse not None,
    int num_threads,
):
    """Fill `bands`, `diagonal`, `right_side` and `inverse` (all zero on entry) for unknown pixels.

    `inverse` is D^-1 for a smoother: D is the diagonal, and more where couplings outweigh it, so
    that no eigenvalue of D^-1 L_UU is above `LARGEST_EIGENVALUE`.

    colours : (cells, 4), 1 and three colours; trimap : (cells,), 0, 128 or 255; height, width : of
    the picture; chunks : run numbers at which the units of work begin, and the number of runs;
    window_first : (height + 1,) number of each row's first run of windows.

    Returns whether float32 bands are too coarse for this picture.
    """
    cdef Py_ssize_t stride = width + 2
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
                colours, trimap, height, width, run_row, run_col, run_length, run_base,
                chunks[chunk], chunks[chunk + 1], window_first, window_col, window_length,
                window_base, ridge, bands, diagonal, right_side, inverse,
                buffer, buffer + 3 * WINDOW * stride,
            )
            free(buffer)
    if failed:
        raise MemoryError("no memory for the rolling window buffers")
    return cancelled > 0
