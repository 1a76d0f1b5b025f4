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

from fours cimport add_four, add_wide, mix_cell, sum_outer, weigh_cell, weigh_cell_wide

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


cdef inline Py_ssize_t in_cell(Py_ssize_t col, Py_ssize_t left) noexcept nogil:
    """How many of `left` pixels from `col` lie before the next column of nodes."""
    return min(left, CELL - (col & (CELL - 1)))


cdef inline void spread_row(
    const double* weights, const float* colours, Py_ssize_t row, Py_ssize_t col,
    Py_ssize_t first_row, Py_ssize_t first_col, double* reached,
) noexcept nogil:
    """reached[J, K, q] += weight P[pixel, (J, K, q)] over five pixels from (row, col)."""
    cdef double sides[2 * BASIS]  # for the nodes to the left, and to the right
    cdef double down = <double>(row & (CELL - 1)) / CELL
    cdef double* above = reached + ((row >> SHIFT) - first_row) * AROUND * BASIS
    cdef Py_ssize_t start = 0, count, q, place
    while start < 5:  # at most two cells
        count = in_cell(col + start, 5 - start)
        weigh_cell_wide(
            weights + start, colours + start * BASIS, count,
            <double>((col + start) & (CELL - 1)) / CELL, <double>1 / CELL, sides, sides + BASIS,
        )
        for q in range(2):
            # The nodes of a cell are neighbours, in its row above and in the next one below.
            place = (((col + start) >> SHIFT) - first_col + q) * BASIS
            add_wide(1 - down, sides + q * BASIS, above + place)
            add_wide(down, sides + q * BASIS, above + AROUND * BASIS + place)
        start += count


cdef inline Py_ssize_t half_stencil(Py_ssize_t dj, Py_ssize_t dk) noexcept nogil:
    """Number of the block that couples a node with its neighbour (dj, dk), or -1 if backward."""
    if dj == 0:
        return dk if dk >= 0 else -1
    if dj < 0:
        return -1
    return 3 + (dj - 1) * 5 + dk + 2


cdef inline void reach_pixel(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base,
    Py_ssize_t step, Py_ssize_t row, Py_ssize_t col, const float[:, ::1] colours,
    double* reached,
) noexcept nogil:
    """reached = the row of A P of one unknown pixel, on the nodes around its cell."""
    cdef double weights[NEIGHBOURS]
    cdef Py_ssize_t k, centre = base[2] + step
    for k in range(AROUND * AROUND * BASIS):
        reached[k] = 0
    weights[12] = diagonal[centre]
    for k in range(BANDS):
        weights[13 + k] = bands[k, centre]
        weights[11 - k] = bands[k, base[2 - ROW_STEP[k]] - COL_STEP[k] + step]
    for k in range(5):
        spread_row(
            weights + 5 * k, &colours[base[k] + step - 2, 0], row + k - 2, col - 2,
            (row >> SHIFT) - 1, (col >> SHIFT) - 1, reached,
        )


cdef void galerkin_stretch(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base,
    Py_ssize_t start, Py_ssize_t count, Py_ssize_t row, Py_ssize_t col,
    const float[:, ::1] colours, const int32_t[:, ::1] index, double[:, :, ::1] blocks,
) noexcept nogil:
    """Add the rows of P' A P of unknown pixels that lie side by side in one cell."""
    cdef double reached[CELL * AROUND * AROUND * BASIS]
    cdef double functions[2][CELL * BASIS]  # of the nodes to the left, and to the right
    cdef double sums[BASIS * BASIS]
    cdef double across, weight, down = <double>(row & (CELL - 1)) / CELL
    cdef Py_ssize_t first_row = (row >> SHIFT) - 1, first_col = (col >> SHIFT) - 1
    cdef Py_ssize_t n, q, a, b, j, m, half, node
    for n in range(count):
        reach_pixel(
            bands, diagonal, base, start + n, row, col + n, colours,
            reached + n * AROUND * AROUND * BASIS,
        )
        across = <double>((col + n) & (CELL - 1)) / CELL
        for q in range(BASIS):
            functions[0][n * BASIS + q] = (1 - across) * colours[base[2] + start + n, q]
            functions[1][n * BASIS + q] = across * colours[base[2] + start + n, q]
    # Nodes beyond these are out of reach of all of the stretch.
    for j in range(1, ((row + 2 + CELL - 1) >> SHIFT) - first_row + 1):
        for m in range(
            ((col - 2) >> SHIFT) - first_col,
            ((col + count - 1 + 2 + CELL - 1) >> SHIFT) - first_col + 1,
        ):
            for b in range(2):
                sum_outer(
                    count, functions[b], reached + (j * AROUND + m) * BASIS,
                    AROUND * AROUND * BASIS, sums,
                )
                for a in range(2):
                    weight = down if a else 1 - down
                    half = half_stencil(j - 1 - a, m - 1 - b)
                    node = index[first_row + 1 + a, first_col + 1 + b]
                    if weight > 0 and half >= 0 and node >= 0:
                        for q in range(0, BASIS * BASIS, 4):
                            add_wide(weight, sums + q, &blocks[node, half, q])


cdef void galerkin_run(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t* base,
    Py_ssize_t row, Py_ssize_t col, Py_ssize_t length, const float[:, ::1] colours,
    const int32_t[:, ::1] index, double[:, :, ::1] blocks,
) noexcept nogil:
    cdef Py_ssize_t start = 0, count
    while start < length:
        count = in_cell(col + start, length - start)
        galerkin_stretch(
            bands, diagonal, base, start, count, row, col + start, colours, index, blocks
        )
        start += count


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
    cdef Py_ssize_t parity, half, run, count = cell_rows.shape[0] - 1
    for parity in range(2):
        for half in prange(
            (count + 1 - parity) // 2, schedule="dynamic", num_threads=num_threads, nogil=True
        ):
            for run in range(cell_rows[2 * half + parity], cell_rows[2 * half + parity + 1]):
                galerkin_run(
                    bands, diagonal, &run_base[run, 0], run_row[run], run_col[run],
                    run_length[run], colours, index, blocks,
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
    cdef Py_ssize_t start = 0, count, node_row = row >> SHIFT, node_col
    while start < length:
        count = in_cell(col + start, length - start)
        across = <float>((col + start) & (CELL - 1)) / CELL
        weigh_cell(
            residual + start, colours + start * BASIS, count, across, <float>1 / CELL,
            sides, sides + BASIS,
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
    cdef float across
    cdef Py_ssize_t start = 0, count, above = row >> SHIFT, node_col
    cdef Py_ssize_t below = above + (1 if down > 0 else 0)
    while start < length:
        count = in_cell(col + start, length - start)
        node_col = (col + start) >> SHIFT
        mix_nodes(down, coarse, index[above, node_col], index[below, node_col], left)
        mix_nodes(down, coarse, index[above, node_col + 1], index[below, node_col + 1], right)
        across = <float>((col + start) & (CELL - 1)) / CELL
        mix_cell(
            left, right, colours + start * BASIS, count, across, <float>1 / CELL, fine + start
        )
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
