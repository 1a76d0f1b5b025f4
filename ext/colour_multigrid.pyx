"""Coarse spaces for the matting Laplacian: hat functions times {1, R, G, B}, and their operators.

The Laplacian hardly resists an alpha that is locally an affine function of colour (Levin et al.
2008, theorem 1), and relaxation cannot remove such errors. So the coarse space is built from them:
on a square grid of nodes with spacing `CELL` pixels, node J spans hat_J(i) * (1, R_i, G_i, B_i).
Its Galerkin operator has 4 x 4 blocks on a 5 x 5 stencil of nodes; coarser levels halve the node
grid with bilinear weights and keep the four functions, and so keep that stencil.

    level 0 -> 1    P[i, (J, q)] = hat_J(i) c_q(i),   c = (1, R - r, G - g, B - b) = colours[i]
    level n -> n+1  P[J, I] = hat_I(J) times the 4 x 4 identity
    operator        A_coarse = P' A P, accumulated in float64 and kept in float32

(r, g, b) is the mean colour, so that the four functions differ as much as they can.

Storage: nodes with at least one unknown pixel under their hat are numbered in reading order
through `index` (-1 elsewhere). `blocks[J, k]` couples node J with its k-th neighbour, forward half
only: k = 0 is J itself, then the forward neighbours in the order of closed_form.pyx.
`neighbours[J]` holds their numbers (0 to 12), then those of the backward ones (13 to 24).

Threads: a pixel touches the two node rows of its cell row, so cell rows of even number run in
parallel, then those of odd number; node operations gather. The order of sums is therefore fixed.
"""

from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t

from fours cimport add_both, add_four, add_outer, add_wide, add_widened

cdef enum:
    CELL = 8         # pixels between nodes; a power of two
    SHIFT = 3        # its logarithm
    BASIS = 4        # 1, R, G, B
    NEIGHBOURS = 25  # of a pixel, itself included
    BANDS = 12       # forward neighbours of a pixel
    AROUND = 4       # node rows (or columns) that one pixel's stencil can reach

ctypedef fused stored:
    float
    double

CELL_PIXELS = CELL

cdef Py_ssize_t[BANDS] ROW_STEP
cdef Py_ssize_t[BANDS] COL_STEP
ROW_STEP[:] = [0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
COL_STEP[:] = [1, 2, -2, -1, 0, 1, 2, -2, -1, 0, 1, 2]


cdef inline void spread_row(
    const double* weights, const float* colours, Py_ssize_t row, Py_ssize_t col,
    Py_ssize_t first_row, Py_ssize_t first_col, double* reached,
) noexcept nogil:
    """reached[J, K, q] += weight P[pixel, (J, K, q)] over five pixels from (row, col)."""
    # What goes to the nodes left and right of each pixel, by columns of cells. They are kept
    # apart so that a sum is read back as it was written, which processors like.
    cdef double left[(AROUND - 1) * BASIS]
    cdef double right[(AROUND - 1) * BASIS]
    cdef double across, down = <double>(row & (CELL - 1)) / CELL
    cdef double* above = reached + ((row >> SHIFT) - first_row) * AROUND * BASIS
    cdef double* below = above + AROUND * BASIS
    cdef Py_ssize_t n, q, cell
    for q in range((AROUND - 1) * BASIS):
        left[q] = 0
        right[q] = 0
    for n in range(5):
        across = <double>((col + n) & (CELL - 1)) / CELL
        cell = (((col + n) >> SHIFT) - first_col) * BASIS
        add_widened((1 - across) * weights[n], colours + n * BASIS, left + cell)
        add_widened(across * weights[n], colours + n * BASIS, right + cell)
    for q in range(0, (AROUND - 1) * BASIS, 4):
        add_wide(1 - down, left + q, above + q)
        add_wide(1 - down, right + q, above + BASIS + q)
        add_wide(down, left + q, below + q)
        add_wide(down, right + q, below + BASIS + q)


cdef inline Py_ssize_t half_stencil(Py_ssize_t dj, Py_ssize_t dk) noexcept nogil:
    """Number of the block that couples a node with its neighbour (dj, dk), or -1 if backward."""
    if dj == 0:
        return dk if dk >= 0 else -1
    if dj < 0:
        return -1
    return 3 + (dj - 1) * 5 + dk + 2


cdef void galerkin_pixel(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base,
    Py_ssize_t step, Py_ssize_t row, Py_ssize_t col, const float[:, ::1] colours,
    const int32_t[:, ::1] index, double[:, :, ::1] blocks,
) noexcept nogil:
    """Add one unknown pixel's row of P' A P."""
    cdef double reached[AROUND * AROUND * BASIS]
    cdef double weights[NEIGHBOURS]
    cdef Py_ssize_t k, q, a, b, j, m, half, node, centre = base[2] + step
    cdef Py_ssize_t first_row = (row >> SHIFT) - 1, first_col = (col >> SHIFT) - 1
    cdef double value, weight
    cdef double basis[BASIS]
    cdef double* other
    for k in range(AROUND * AROUND * BASIS):
        reached[k] = 0
    weights[12] = diagonal[centre]
    for k in range(BANDS):
        weights[13 + k] = bands[k, centre]
        weights[11 - k] = bands[k, base[2 - ROW_STEP[k]] - COL_STEP[k] + step]
    for k in range(5):
        spread_row(
            weights + 5 * k, &colours[base[k] + step - 2, 0], row + k - 2, col - 2,
            first_row, first_col, reached,
        )
    for q in range(BASIS):
        basis[q] = colours[centre, q]
    for a in range(2):
        for b in range(2):
            weight = <double>(row & (CELL - 1)) / CELL
            value = <double>(col & (CELL - 1)) / CELL
            weight = (weight if a else 1 - weight) * (value if b else 1 - value)
            if weight == 0:
                continue
            node = index[first_row + 1 + a, first_col + 1 + b]
            for j in range(1 + a, AROUND):
                for m in range(AROUND):
                    half = half_stencil(j - 1 - a, m - 1 - b)
                    if half < 0:
                        continue
                    other = reached + (j * AROUND + m) * BASIS
                    if other[0] == 0 and other[1] == 0 and other[2] == 0 and other[3] == 0:
                        continue
                    add_outer(weight, basis, other, &blocks[node, half, 0])


def galerkin_pixels(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] cell_rows not None,
    const float[:, ::1] colours not None,
    const int32_t[:, ::1] index not None,
    double[:, :, ::1] blocks not None,
    int num_threads,
):
    """blocks += P' A P for the first coarse level; `cell_rows` cuts the runs by row // CELL."""
    cdef Py_ssize_t parity, half, run, step, count = cell_rows.shape[0] - 1
    for parity in range(2):
        for half in prange(
            (count + 1 - parity) // 2, schedule="dynamic", num_threads=num_threads, nogil=True
        ):
            for run in range(cell_rows[2 * half + parity], cell_rows[2 * half + parity + 1]):
                for step in range(run_length[run]):
                    galerkin_pixel(
                        bands, diagonal, &run_base[run, 0], step, run_row[run],
                        run_col[run] + step, colours, index, blocks,
                    )


def mark_nodes(
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    int32_t[:, ::1] index not None,
):
    """Set index to 1 at every node with an unknown pixel under its hat."""
    cdef Py_ssize_t run, row, first, last, k
    with nogil:
        for run in range(run_row.shape[0]):
            row = run_row[run]
            first = run_col[run] >> SHIFT
            last = (run_col[run] + run_length[run] - 1 + CELL - 1) >> SHIFT
            for k in range(first, last + 1):
                index[row >> SHIFT, k] = 1
                if row & (CELL - 1):
                    index[(row >> SHIFT) + 1, k] = 1


cdef inline Py_ssize_t in_cell(Py_ssize_t col, Py_ssize_t left) noexcept nogil:
    """How many of `left` pixels from `col` lie before the next column of nodes."""
    return min(left, CELL - (col & (CELL - 1)))


cdef inline void add_to_node(
    float weight, const float* sums, float[:, ::1] coarse, int32_t node,
) noexcept nogil:
    if node >= 0:  # a node beyond the last, with nothing to take, has no number
        add_four(weight, sums, &coarse[node, 0])


cdef void restrict_run(
    Py_ssize_t row, Py_ssize_t col, Py_ssize_t length, const float* residual,
    const float* colours, const int32_t[:, ::1] index, float[:, ::1] coarse,
) noexcept nogil:
    cdef float sides[2 * BASIS]  # for the nodes to the left, and to the right
    cdef float down = <float>(row & (CELL - 1)) / CELL
    cdef float across
    cdef Py_ssize_t start = 0, count, n, q, node_row = row >> SHIFT, node_col
    while start < length:
        count = in_cell(col + start, length - start)
        for q in range(2 * BASIS):
            sides[q] = 0
        for n in range(start, start + count):
            across = <float>((col + n) & (CELL - 1)) / CELL
            add_both(
                (1 - across) * residual[n], across * residual[n], colours + n * BASIS, sides
            )
        node_col = (col + start) >> SHIFT
        add_to_node(1 - down, sides, coarse, index[node_row, node_col])
        add_to_node(1 - down, sides + BASIS, coarse, index[node_row, node_col + 1])
        if down > 0:
            add_to_node(down, sides, coarse, index[node_row + 1, node_col])
            add_to_node(down, sides + BASIS, coarse, index[node_row + 1, node_col + 1])
        start += count


def restrict_pixels(
    const float[::1] residual not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] cell_rows not None,
    const float[:, ::1] colours not None,
    const int32_t[:, ::1] index not None,
    float[:, ::1] coarse not None,
    int num_threads,
):
    """coarse += P' residual."""
    cdef Py_ssize_t parity, half, run, count = cell_rows.shape[0] - 1
    for parity in range(2):
        for half in prange(
            (count + 1 - parity) // 2, schedule="dynamic", num_threads=num_threads, nogil=True
        ):
            for run in range(cell_rows[2 * half + parity], cell_rows[2 * half + parity + 1]):
                restrict_run(
                    run_row[run], run_col[run], run_length[run], &residual[run_base[run, 2]],
                    &colours[run_base[run, 2], 0], index, coarse,
                )


cdef inline void mix_nodes(
    float down, const float[:, ::1] coarse, int32_t above, int32_t below, float* mixed,
) noexcept nogil:
    """mixed = (1 - down) coarse[above] + down coarse[below]; nodes without number count as 0."""
    cdef Py_ssize_t q
    for q in range(BASIS):
        mixed[q] = (1 - down) * coarse[above, q] if above >= 0 else 0
    if below >= 0:
        for q in range(BASIS):
            mixed[q] += down * coarse[below, q]


cdef void prolong_run(
    Py_ssize_t row, Py_ssize_t col, Py_ssize_t length, float* fine,
    const float* colours, const int32_t[:, ::1] index, const float[:, ::1] coarse,
) noexcept nogil:
    cdef float left[BASIS]
    cdef float right[BASIS]
    cdef float down = <float>(row & (CELL - 1)) / CELL
    cdef float across, total
    cdef Py_ssize_t start = 0, count, n, q, above = row >> SHIFT, node_col
    cdef Py_ssize_t below = above + (1 if down > 0 else 0)
    while start < length:
        count = in_cell(col + start, length - start)
        node_col = (col + start) >> SHIFT
        mix_nodes(down, coarse, index[above, node_col], index[below, node_col], left)
        mix_nodes(down, coarse, index[above, node_col + 1], index[below, node_col + 1], right)
        for q in range(BASIS):
            right[q] -= left[q]
        for n in range(start, start + count):
            across = <float>((col + n) & (CELL - 1)) / CELL
            total = 0
            for q in range(BASIS):
                total += colours[n * BASIS + q] * (left[q] + across * right[q])
            fine[n] += total
        start += count


def prolong_pixels(
    const float[:, ::1] coarse not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const float[:, ::1] colours not None,
    const int32_t[:, ::1] index not None,
    float[::1] fine not None,
    int num_threads,
):
    """fine += P coarse."""
    cdef Py_ssize_t chunk, run
    for chunk in prange(
        chunks.shape[0] - 1, schedule="dynamic", num_threads=num_threads, nogil=True
    ):
        for run in range(chunks[chunk], chunks[chunk + 1]):
            prolong_run(
                run_row[run], run_col[run], run_length[run], &fine[run_base[run, 2]],
                &colours[run_base[run, 2], 0], index, coarse,
            )
