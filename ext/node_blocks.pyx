"""Operations on the coarse levels of the colour multigrid: 4 x 4 blocks on a 5 x 5 node stencil.

See colour_multigrid.pyx for the storage. Backward blocks are the transposes of forward ones.
Vectors are (nodes, 4) float32. Everything gathers: a node writes only its own result.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt
from libc.stdint cimport int32_t

from fours cimport add_columns, add_rows

cdef enum:
    BASIS = 4
    BLOCK = 16
    HALF = 13       # itself and its forward neighbours
    NEIGHBOURS = 25

cdef Py_ssize_t[NEIGHBOURS] ROW_STEP
cdef Py_ssize_t[NEIGHBOURS] COL_STEP
ROW_STEP[:] = [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 0, 0, -1, -1, -1, -1, -1, -2, -2, -2, -2, -2]
COL_STEP[:] = [0, 1, 2, -2, -1, 0, 1, 2, -2, -1, 0, 1, 2, -1, -2, 2, 1, 0, -1, -2, 2, 1, 0, -1, -2]


def find_neighbours(
    const int32_t[:, ::1] index not None,
    const int32_t[::1] node_row not None,
    const int32_t[::1] node_col not None,
    int32_t[:, ::1] neighbours not None,
):
    """neighbours[J, k] = number of the k-th neighbour of node J, or -1."""
    cdef Py_ssize_t node, k, row, col
    with nogil:
        for node in range(node_row.shape[0]):
            for k in range(NEIGHBOURS):
                row = node_row[node] + ROW_STEP[k]
                col = node_col[node] + COL_STEP[k]
                if 0 <= row < index.shape[0] and 0 <= col < index.shape[1]:
                    neighbours[node, k] = index[row, col]
                else:
                    neighbours[node, k] = -1


cdef inline void node_product(
    const float[:, :, ::1] blocks, const int32_t[:, ::1] neighbours, const float[:, ::1] x,
    Py_ssize_t node, float* total,
) noexcept nogil:
    """total = (A x) at a node; entries of blocks are multiplied in place, then summed up."""
    cdef float forward[BLOCK]
    cdef float backward[BLOCK]
    cdef Py_ssize_t k, p, q, other
    for p in range(BLOCK):
        forward[p] = 0
        backward[p] = 0
    for k in range(HALF):
        other = neighbours[node, k]
        if other < 0:
            continue
        add_rows(&blocks[node, k, 0], &x[other, 0], forward)
    for k in range(1, HALF):
        other = neighbours[node, HALF - 1 + k]
        if other < 0:
            continue
        add_columns(&blocks[other, k, 0], &x[other, 0], backward)
    for p in range(BASIS):
        total[p] = 0
        for q in range(BASIS):
            total[p] += forward[p * BASIS + q] + backward[q * BASIS + p]


def product(
    const float[:, :, ::1] blocks not None,
    const int32_t[:, ::1] neighbours not None,
    const float[:, ::1] x not None,
    float[:, ::1] y not None,
    int num_threads,
):
    """y = A x."""
    cdef Py_ssize_t node
    for node in prange(
        neighbours.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        node_product(blocks, neighbours, x, node, &y[node, 0])


cdef void subtract_node(
    const float[:, :, ::1] blocks, const int32_t[:, ::1] neighbours, const float* residual,
    const float[:, ::1] x, Py_ssize_t node, float* out,
) noexcept nogil:
    cdef float total[BASIS]
    cdef Py_ssize_t p
    node_product(blocks, neighbours, x, node, total)
    for p in range(BASIS):
        out[p] = residual[p] - total[p]


def subtract_product(
    const float[:, :, ::1] blocks not None,
    const int32_t[:, ::1] neighbours not None,
    const float[:, ::1] residual not None,
    const float[:, ::1] x not None,
    float[:, ::1] out not None,
    int num_threads,
):
    """out = residual - A x."""
    cdef Py_ssize_t node
    for node in prange(
        neighbours.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        subtract_node(blocks, neighbours, &residual[node, 0], x, node, &out[node, 0])


cdef inline void scale_node(const float* inverse, const float* residual, float* out) noexcept nogil:
    cdef Py_ssize_t p
    for p in range(BASIS):
        out[p] = (
            inverse[p * BASIS] * residual[0] + inverse[p * BASIS + 1] * residual[1]
            + inverse[p * BASIS + 2] * residual[2] + inverse[p * BASIS + 3] * residual[3]
        )


def scale(
    const float[:, ::1] inverses not None,
    const float[:, ::1] residual not None,
    float g,
    float[:, ::1] out not None,
):
    """out = g D^-1 residual, D being the nodes' own blocks."""
    cdef Py_ssize_t node, p
    with nogil:
        for node in range(inverses.shape[0]):
            scale_node(&inverses[node, 0], &residual[node, 0], &out[node, 0])
            for p in range(BASIS):
                out[node, p] *= g


cdef void relax_node(
    const float[:, :, ::1] blocks, const int32_t[:, ::1] neighbours, const float* inverse,
    const float* residual, const float[:, ::1] x, Py_ssize_t node, float* out,
    float a, float b, float g,
) noexcept nogil:
    cdef float left[BASIS]
    cdef float scaled[BASIS]
    cdef Py_ssize_t p
    subtract_node(blocks, neighbours, residual, x, node, left)
    scale_node(inverse, left, scaled)
    for p in range(BASIS):
        out[p] = a * x[node, p] + b * out[p] + g * scaled[p]


def relax(
    const float[:, :, ::1] blocks not None,
    const int32_t[:, ::1] neighbours not None,
    const float[:, ::1] inverses not None,
    const float[:, ::1] residual not None,
    const float[:, ::1] x not None,
    float[:, ::1] out not None,
    float a,
    float b,
    float g,
    int num_threads,
):
    """out = a x + b out + g D^-1 (residual - A x)."""
    cdef Py_ssize_t node
    for node in prange(
        neighbours.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        relax_node(
            blocks, neighbours, &inverses[node, 0], &residual[node, 0], x, node, &out[node, 0],
            a, b, g,
        )


def invert_blocks(
    const double[:, :, ::1] blocks not None,
    double relative_pivot,
    float[:, ::1] inverses not None,
):
    """Pseudo-invert every node's own block, dropping pivots that are nothing but rounding.

    Where colour is constant under a hat, its four functions are dependent and the block singular;
    a pivot below `relative_pivot` times its diagonal entry drops that function.
    """
    cdef Py_ssize_t node, p, q, k
    cdef double lower[BLOCK]
    cdef double inverse[BLOCK]
    cdef double value
    with nogil:
        for node in range(blocks.shape[0]):
            for p in range(BLOCK):
                lower[p] = 0
                inverse[p] = 0
            # A = L L' row by row, and the rows of L^-1 beside it.
            for p in range(BASIS):
                for q in range(p):
                    if lower[q * BASIS + q] == 0:
                        continue
                    value = blocks[node, 0, p * BASIS + q]
                    for k in range(q):
                        value = value - lower[p * BASIS + k] * lower[q * BASIS + k]
                    lower[p * BASIS + q] = value / lower[q * BASIS + q]
                value = blocks[node, 0, p * BASIS + p]
                for k in range(p):
                    value = value - lower[p * BASIS + k] * lower[p * BASIS + k]
                if value <= relative_pivot * blocks[node, 0, p * BASIS + p]:
                    for q in range(p):
                        lower[p * BASIS + q] = 0
                    continue
                lower[p * BASIS + p] = sqrt(value)
                inverse[p * BASIS + p] = 1 / lower[p * BASIS + p]
                for q in range(p):
                    value = 0
                    for k in range(q, p):
                        value = value - lower[p * BASIS + k] * inverse[k * BASIS + q]
                    inverse[p * BASIS + q] = value / lower[p * BASIS + p]
            # A^-1 = L^-T L^-1
            for p in range(BASIS):
                for q in range(BASIS):
                    value = 0
                    for k in range(max(p, q), BASIS):
                        value = value + inverse[k * BASIS + p] * inverse[k * BASIS + q]
                    inverses[node, p * BASIS + q] = <float>value


cdef inline Py_ssize_t parents(Py_ssize_t place, Py_ssize_t* parent, double* weight) noexcept nogil:
    """Coarse places that a fine place interpolates from, along one axis."""
    parent[0] = place >> 1
    if place & 1:
        parent[1] = parent[0] + 1
        weight[0] = 0.5
        weight[1] = 0.5
        return 2
    weight[0] = 1
    return 1


def mark_parents(
    const int32_t[::1] node_row not None,
    const int32_t[::1] node_col not None,
    int32_t[:, ::1] coarse_index not None,
):
    """Set coarse_index to 1 at every coarse node that some fine node interpolates from."""
    cdef Py_ssize_t node, a, b, rows, cols
    cdef Py_ssize_t parent_row[2]
    cdef Py_ssize_t parent_col[2]
    cdef double weight[2]
    with nogil:
        for node in range(node_row.shape[0]):
            rows = parents(node_row[node], parent_row, weight)
            cols = parents(node_col[node], parent_col, weight)
            for a in range(rows):
                for b in range(cols):
                    coarse_index[parent_row[a], parent_col[b]] = 1


cdef void add_pair(
    const double* block, bint transposed, double weight, Py_ssize_t row, Py_ssize_t col,
    Py_ssize_t coarse_row, Py_ssize_t coarse_col, double[:, ::1] coarse_blocks,
) noexcept nogil:
    """Add one fine block, seen from the coarse node, to the coarse node's forward blocks."""
    cdef Py_ssize_t parent_row[2]
    cdef Py_ssize_t parent_col[2]
    cdef double row_weight[2]
    cdef double col_weight[2]
    cdef Py_ssize_t a, b, p, q, dj, dk, k
    cdef Py_ssize_t rows = parents(row, parent_row, row_weight)
    cdef Py_ssize_t cols = parents(col, parent_col, col_weight)
    cdef double w
    for a in range(rows):
        dj = parent_row[a] - coarse_row
        if dj < 0:
            continue
        for b in range(cols):
            dk = parent_col[b] - coarse_col
            if dj == 0 and dk < 0:
                continue
            k = dk if dj == 0 else 3 + (dj - 1) * 5 + dk + 2
            w = weight * row_weight[a] * col_weight[b]
            for p in range(BASIS):
                for q in range(BASIS):
                    coarse_blocks[k, p * BASIS + q] += w * (
                        block[q * BASIS + p] if transposed else block[p * BASIS + q]
                    )


cdef void galerkin_node(
    const double[:, :, ::1] blocks, const int32_t[:, ::1] neighbours,
    const int32_t[::1] node_row, const int32_t[::1] node_col, const int32_t[:, ::1] index,
    Py_ssize_t row, Py_ssize_t col, double[:, ::1] coarse_blocks,
) noexcept nogil:
    cdef Py_ssize_t a, b, k, node, other
    cdef double weight
    for a in range(max(2 * row - 1, 0), min(2 * row + 2, index.shape[0])):
        for b in range(max(2 * col - 1, 0), min(2 * col + 2, index.shape[1])):
            node = index[a, b]
            if node < 0:
                continue
            weight = (0.5 if a & 1 else 1.0) * (0.5 if b & 1 else 1.0)
            for k in range(NEIGHBOURS):
                other = neighbours[node, k]
                if other < 0:
                    continue
                if k < HALF:
                    add_pair(
                        &blocks[node, k, 0], False, weight, node_row[other], node_col[other],
                        row, col, coarse_blocks,
                    )
                else:
                    add_pair(
                        &blocks[other, k - HALF + 1, 0], True, weight,
                        node_row[other], node_col[other], row, col, coarse_blocks,
                    )


def galerkin_nodes(
    const double[:, :, ::1] blocks not None,
    const int32_t[:, ::1] neighbours not None,
    const int32_t[::1] node_row not None,
    const int32_t[::1] node_col not None,
    const int32_t[:, ::1] index not None,
    const int32_t[::1] coarse_row not None,
    const int32_t[::1] coarse_col not None,
    double[:, :, ::1] coarse_blocks not None,
    int num_threads,
):
    """coarse_blocks = P' A P from one node level to the next coarser."""
    cdef Py_ssize_t node
    for node in prange(
        coarse_row.shape[0], schedule="dynamic", chunksize=64, num_threads=num_threads, nogil=True
    ):
        galerkin_node(
            blocks, neighbours, node_row, node_col, index, coarse_row[node], coarse_col[node],
            coarse_blocks[node],
        )


def restrict_nodes(
    const float[:, ::1] residual not None,
    const int32_t[:, ::1] index not None,
    const int32_t[::1] coarse_row not None,
    const int32_t[::1] coarse_col not None,
    float[:, ::1] coarse not None,
):
    """coarse = P' residual."""
    cdef Py_ssize_t node, a, b, p, fine
    cdef float weight
    with nogil:
        for node in range(coarse_row.shape[0]):
            for p in range(BASIS):
                coarse[node, p] = 0
            for a in range(max(2 * coarse_row[node] - 1, 0),
                           min(2 * coarse_row[node] + 2, index.shape[0])):
                for b in range(max(2 * coarse_col[node] - 1, 0),
                               min(2 * coarse_col[node] + 2, index.shape[1])):
                    fine = index[a, b]
                    if fine >= 0:
                        weight = (0.5 if a & 1 else 1.0) * (0.5 if b & 1 else 1.0)
                        for p in range(BASIS):
                            coarse[node, p] += weight * residual[fine, p]


def prolong_nodes(
    const float[:, ::1] coarse not None,
    const int32_t[:, ::1] coarse_index not None,
    const int32_t[::1] node_row not None,
    const int32_t[::1] node_col not None,
    float[:, ::1] fine not None,
):
    """fine += P coarse."""
    cdef Py_ssize_t node, a, b, p, other, rows, cols
    cdef Py_ssize_t parent_row[2]
    cdef Py_ssize_t parent_col[2]
    cdef double row_weight[2]
    cdef double col_weight[2]
    with nogil:
        for node in range(node_row.shape[0]):
            rows = parents(node_row[node], parent_row, row_weight)
            cols = parents(node_col[node], parent_col, col_weight)
            for a in range(rows):
                for b in range(cols):
                    other = coarse_index[parent_row[a], parent_col[b]]
                    for p in range(BASIS):
                        fine[node, p] += <float>(
                            row_weight[a] * col_weight[b] * coarse[other, p]
                        )
