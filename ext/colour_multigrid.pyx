"""Coarse spaces for the matting Laplacian: hat functions times {1, R, G, B}, and their operators.

The Laplacian hardly resists an alpha that is locally an affine function of colour (Levin et al.
2008, theorem 1), and relaxation cannot remove such errors. So the coarse space is built from them:
on a square grid of nodes with spacing `CELL` pixels, node J spans hat_J(i) * (1, R_i, G_i, B_i).
Its Galerkin operator has 4 x 4 blocks on a 5 x 5 stencil of nodes; coarser levels halve the node
grid with bilinear weights and keep the four functions, and so keep that stencil.

    level 0 -> 1    P[i, (J, q)] = hat_J(i) c_q(i),   c = (1, R - r, G - g, B - b), (r, g, b) the mean
    level n -> n+1  P[J, I] = hat_I(J) times the 4 x 4 identity
    operator        A_coarse = P' A P, accumulated in float64 and kept in float32

Storage: nodes with at least one unknown pixel under their hat are numbered in reading order
through `index` (-1 elsewhere). `blocks[J, k]` couples node J with its k-th neighbour, forward half
only: k = 0 is J itself, then the forward neighbours in the order of closed_form.pyx.
`neighbours[J]` holds their numbers (0 to 12), then those of the backward ones (13 to 24).

Threads: a pixel touches the two node rows of its cell row, so cell rows of even number run in
parallel, then those of odd number; node operations gather. The order of sums is therefore fixed.
"""

from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t

cdef enum:
    CELL = 8         # pixels between nodes; a power of two
    SHIFT = 3        # its logarithm
    BASIS = 4        # 1, R, G, B
    BLOCK = 16       # entries of a block
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


cdef inline void basis_at(
    const float[:, :, ::1] image, Py_ssize_t row, Py_ssize_t col, const double* mean, double* basis,
) noexcept nogil:
    basis[0] = 1
    basis[1] = image[row, col, 0] - mean[0]
    basis[2] = image[row, col, 1] - mean[1]
    basis[3] = image[row, col, 2] - mean[2]


cdef inline void spread(
    const float[:, :, ::1] image, const double* mean, Py_ssize_t row, Py_ssize_t col, double weight,
    Py_ssize_t first_row, Py_ssize_t first_col, double* reached,
) noexcept nogil:
    """reached[J, K, q] += weight P[pixel, (J, K, q)], with node rows counted from first_row."""
    cdef double basis[BASIS]
    cdef double down = <double>(row & (CELL - 1)) / CELL
    cdef double right = <double>(col & (CELL - 1)) / CELL
    cdef double* corner = reached + (
        ((row >> SHIFT) - first_row) * AROUND + (col >> SHIFT) - first_col
    ) * BASIS
    cdef double w
    cdef Py_ssize_t q
    basis_at(image, row, col, mean, basis)
    w = (1 - down) * (1 - right) * weight
    for q in range(BASIS):
        corner[q] += w * basis[q]
    if right > 0:
        w = (1 - down) * right * weight
        for q in range(BASIS):
            corner[BASIS + q] += w * basis[q]
    if down > 0:
        w = down * (1 - right) * weight
        for q in range(BASIS):
            corner[AROUND * BASIS + q] += w * basis[q]
        if right > 0:
            w = down * right * weight
            for q in range(BASIS):
                corner[(AROUND + 1) * BASIS + q] += w * basis[q]


cdef inline Py_ssize_t half_stencil(Py_ssize_t dj, Py_ssize_t dk) noexcept nogil:
    """Number of the block that couples a node with its neighbour (dj, dk), or -1 if backward."""
    if dj == 0:
        return dk if dk >= 0 else -1
    if dj < 0:
        return -1
    return 3 + (dj - 1) * 5 + dk + 2


cdef void galerkin_pixel(
    const stored[:, ::1] bands, const double[::1] diagonal, const int64_t[:, ::1] run_base,
    Py_ssize_t run, Py_ssize_t step, Py_ssize_t row, Py_ssize_t col,
    const float[:, :, ::1] image, const double* mean, const int32_t[:, ::1] index,
    double[:, :, ::1] blocks,
) noexcept nogil:
    """Add one unknown pixel's row of P' A P."""
    cdef double reached[AROUND * AROUND * BASIS]
    cdef double basis[BASIS]
    cdef Py_ssize_t k, p, q, a, b, j, m, half, node, centre = run_base[run, 2] + step
    cdef Py_ssize_t first_row = (row >> SHIFT) - 1, first_col = (col >> SHIFT) - 1
    cdef double value, weight
    cdef double* block
    cdef double* other
    for k in range(AROUND * AROUND * BASIS):
        reached[k] = 0
    spread(image, mean, row, col, diagonal[centre], first_row, first_col, reached)
    for k in range(BANDS):
        value = bands[k, centre]
        if value != 0:
            spread(
                image, mean, row + ROW_STEP[k], col + COL_STEP[k], value,
                first_row, first_col, reached,
            )
        value = bands[k, run_base[run, 2 - ROW_STEP[k]] - COL_STEP[k] + step]
        if value != 0:
            spread(
                image, mean, row - ROW_STEP[k], col - COL_STEP[k], value,
                first_row, first_col, reached,
            )
    basis_at(image, row, col, mean, basis)
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
                    block = &blocks[node, half, 0]
                    for p in range(BASIS):
                        for q in range(BASIS):
                            block[p * BASIS + q] += weight * basis[p] * other[q]


def galerkin_pixels(
    const stored[:, ::1] bands not None,
    const double[::1] diagonal not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] cell_rows not None,
    const float[:, :, ::1] image not None,
    const double[::1] mean not None,
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
                        bands, diagonal, run_base, run, step, run_row[run], run_col[run] + step,
                        image, &mean[0], index, blocks,
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


cdef void restrict_run(
    Py_ssize_t row, Py_ssize_t col, Py_ssize_t length, const float* residual,
    const float[:, :, ::1] image, const double* mean, const int32_t[:, ::1] index,
    float[:, ::1] coarse,
) noexcept nogil:
    cdef double basis[BASIS]
    cdef double down = <double>(row & (CELL - 1)) / CELL
    cdef double right, w
    cdef Py_ssize_t n, a, b, q, node
    for n in range(length):
        basis_at(image, row, col + n, mean, basis)
        right = <double>((col + n) & (CELL - 1)) / CELL
        for a in range(2):
            for b in range(2):
                w = (down if a else 1 - down) * (right if b else 1 - right) * residual[n]
                if w != 0:
                    node = index[(row >> SHIFT) + a, ((col + n) >> SHIFT) + b]
                    for q in range(BASIS):
                        coarse[node, q] += <float>(w * basis[q])


def restrict_pixels(
    const float[::1] residual not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] cell_rows not None,
    const float[:, :, ::1] image not None,
    const double[::1] mean not None,
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
                    image, &mean[0], index, coarse,
                )


cdef void prolong_run(
    Py_ssize_t row, Py_ssize_t col, Py_ssize_t length, float* fine,
    const float[:, :, ::1] image, const double* mean, const int32_t[:, ::1] index,
    const float[:, ::1] coarse,
) noexcept nogil:
    cdef double basis[BASIS]
    cdef double down = <double>(row & (CELL - 1)) / CELL
    cdef double right, w, total
    cdef Py_ssize_t n, a, b, node
    for n in range(length):
        basis_at(image, row, col + n, mean, basis)
        right = <double>((col + n) & (CELL - 1)) / CELL
        total = 0
        for a in range(2):
            for b in range(2):
                w = (down if a else 1 - down) * (right if b else 1 - right)
                if w != 0:
                    node = index[(row >> SHIFT) + a, ((col + n) >> SHIFT) + b]
                    total += w * (
                        basis[0] * coarse[node, 0] + basis[1] * coarse[node, 1]
                        + basis[2] * coarse[node, 2] + basis[3] * coarse[node, 3]
                    )
        fine[n] += <float>total


def prolong_pixels(
    const float[:, ::1] coarse not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[:, ::1] run_base not None,
    const int64_t[::1] chunks not None,
    const float[:, :, ::1] image not None,
    const double[::1] mean not None,
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
                image, &mean[0], index, coarse,
            )
