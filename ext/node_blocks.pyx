"""Operations on the coarse levels of the colour multigrid: 4 x 4 blocks on a 5 x 5 node stencil.

See colour_multigrid.pyx for the storage. What the V-cycle works on is normalised: with the Cholesky
factors D_J = L_J L_J' of the nodes' own blocks,

    B_JK  ->  L_J^-1 B_JK L_K^-T        r  ->  L^-1 r        x  ->  L' x

so that own blocks are identities. A node's four functions may be all but dependent where colours
hardly change under its hat; rounding the plain operator to float32 made it indefinite there.

 Backward blocks are the transposes of forward ones.
Vectors are (nodes, 4) float32. Everything gathers: a node writes only its own result.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt
from libc.stdint cimport int32_t

from fours cimport multiply_four, sum_blocks

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


cpdef void product(
    const float[:, :, ::1] blocks,
    const int32_t[:, ::1] neighbours,
    const float[:, ::1] x,
    float[:, ::1] y,
    int num_threads,
) noexcept:
    """y = A x."""
    cdef Py_ssize_t node
    for node in prange(
        neighbours.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        sum_blocks(&blocks[0, 0, 0], &neighbours[0, 0], node, HALF, &x[0, 0], &y[node, 0])


cdef void subtract_node(
    const float[:, :, ::1] blocks, const int32_t[:, ::1] neighbours, const float* residual,
    const float[:, ::1] x, Py_ssize_t node, float* out,
) noexcept nogil:
    cdef float total[BASIS]
    cdef Py_ssize_t p
    sum_blocks(&blocks[0, 0, 0], &neighbours[0, 0], node, HALF, &x[0, 0], total)
    for p in range(BASIS):
        out[p] = residual[p] - total[p]


cpdef void subtract_product(
    const float[:, :, ::1] blocks,
    const int32_t[:, ::1] neighbours,
    const float[:, ::1] residual,
    const float[:, ::1] x,
    float[:, ::1] out,
    int num_threads,
) noexcept:
    """out = residual - A x."""
    cdef Py_ssize_t node
    for node in prange(
        neighbours.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        subtract_node(blocks, neighbours, &residual[node, 0], x, node, &out[node, 0])


cdef void relax_node(
    const float[:, :, ::1] blocks, const int32_t[:, ::1] neighbours, const float* residual,
    const float[:, ::1] x, Py_ssize_t node, float* out, float a, float b, float g,
) noexcept nogil:
    cdef float left[BASIS]
    cdef Py_ssize_t p
    subtract_node(blocks, neighbours, residual, x, node, left)
    for p in range(BASIS):
        out[p] = a * x[node, p] + b * out[p] + g * left[p]


cpdef void relax(
    const float[:, :, ::1] blocks,
    const int32_t[:, ::1] neighbours,
    const float[:, ::1] residual,
    const float[:, ::1] x,
    float[:, ::1] out,
    float a,
    float b,
    float g,
    int num_threads,
) noexcept:
    """out = a x + b out + g (residual - A x)."""
    cdef Py_ssize_t node
    for node in prange(
        neighbours.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        relax_node(blocks, neighbours, &residual[node, 0], x, node, &out[node, 0], a, b, g)


def factor_blocks(
    const double[:, :, ::1] blocks not None,
    double relative_pivot,
    double[:, ::1] lower not None,
    double[:, ::1] inverse not None,
):
    """Factor every node's own block as L L', and invert L, dropping pivots that are rounding.

    Where colour is constant under a hat, its four functions are dependent and the block singular;
    a pivot below `relative_pivot` times its diagonal entry is taken as zero: L still expresses that
    function by those before it, and its row of L^-1 is zero.
    """
    cdef Py_ssize_t node, p, q, k
    cdef double value
    cdef double* low
    cdef double* up
    with nogil:
        for node in range(blocks.shape[0]):
            low = &lower[node, 0]
            up = &inverse[node, 0]
            for p in range(BLOCK):
                low[p] = 0
                up[p] = 0
            for p in range(BASIS):
                for q in range(p):
                    if low[q * BASIS + q] == 0:
                        continue
                    value = blocks[node, 0, p * BASIS + q]
                    for k in range(q):
                        value = value - low[p * BASIS + k] * low[q * BASIS + k]
                    low[p * BASIS + q] = value / low[q * BASIS + q]
                value = blocks[node, 0, p * BASIS + p]
                for k in range(p):
                    value = value - low[p * BASIS + k] * low[p * BASIS + k]
                if value <= relative_pivot * blocks[node, 0, p * BASIS + p]:
                    continue
                low[p * BASIS + p] = sqrt(value)
                up[p * BASIS + p] = 1 / low[p * BASIS + p]
                for q in range(p):
                    value = 0
                    for k in range(q, p):
                        value = value - low[p * BASIS + k] * up[k * BASIS + q]
                    up[p * BASIS + q] = value / low[p * BASIS + p]


cdef void normalise_block(
    const double* block, const double* left, const double* right, float* out,
) noexcept nogil:
    """out = left block right'."""
    cdef double half[BLOCK]
    cdef double value
    cdef Py_ssize_t p, q, k
    for p in range(BASIS):
        for q in range(BASIS):
            half[p * BASIS + q] = 0
            for k in range(BASIS):
                half[p * BASIS + q] += left[p * BASIS + k] * block[k * BASIS + q]
    for p in range(BASIS):
        for q in range(BASIS):
            value = 0
            for k in range(BASIS):
                value += half[p * BASIS + k] * right[q * BASIS + k]
            out[p * BASIS + q] = <float>value


def normalise_blocks(
    const double[:, :, ::1] blocks not None,
    const int32_t[:, ::1] neighbours not None,
    const double[:, ::1] inverse not None,
    float[:, :, ::1] normal not None,
    int num_threads,
):
    """normal[J, k] = L_J^-1 B_JK L_K^-T, K being the k-th neighbour of J."""
    cdef Py_ssize_t node, k
    for node in prange(
        neighbours.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        for k in range(HALF):
            if neighbours[node, k] >= 0:
                normalise_block(
                    &blocks[node, k, 0], &inverse[node, 0], &inverse[neighbours[node, k], 0],
                    &normal[node, k, 0],
                )


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


cpdef void restrict_nodes(
    const float[:, ::1] residual,
    const int32_t[:, ::1] index,
    const int32_t[::1] coarse_row,
    const int32_t[::1] coarse_col,
    float[:, ::1] coarse,
) noexcept:
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


cpdef void prolong_nodes(
    const float[:, ::1] coarse,
    const int32_t[:, ::1] coarse_index,
    const int32_t[::1] node_row,
    const int32_t[::1] node_col,
    float[:, ::1] fine,
) noexcept:
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


def invert_dense(double[:, ::1] matrix not None, double relative_pivot, double[:, ::1] inverse not None):
    """Pseudo-invert a small semidefinite matrix, which is used up; pivots as in `invert_blocks`.

    LAPACK would do, but the threads that some builds of it keep spinning after a call take the
    processor from ours.
    """
    cdef Py_ssize_t p, q, k, size = matrix.shape[0]
    cdef double value, pivot
    with nogil:
        # matrix = L L' in its lower triangle, and the rows of L^-1 in that of inverse.
        for p in range(size):
            pivot = matrix[p, p]
            for q in range(size):
                inverse[p, q] = 0
            for q in range(p):
                if matrix[q, q] == 0:
                    matrix[p, q] = 0
                    continue
                value = matrix[p, q]
                for k in range(q):
                    value = value - matrix[p, k] * matrix[q, k]
                matrix[p, q] = value / matrix[q, q]
            value = pivot
            for k in range(p):
                value = value - matrix[p, k] * matrix[p, k]
            if value <= relative_pivot * pivot:
                for q in range(p + 1):
                    matrix[p, q] = 0
                continue
            matrix[p, p] = sqrt(value)
            inverse[p, p] = 1 / matrix[p, p]
            for q in range(p):
                value = 0
                for k in range(q, p):
                    value = value - matrix[p, k] * inverse[k, q]
                inverse[p, q] = value / matrix[p, p]
        # A^-1 = L^-T L^-1, over L^-1 column by column.
        for p in range(size):
            for q in range(p, size):
                value = 0
                for k in range(q, size):
                    value = value + inverse[k, p] * inverse[k, q]
                matrix[p, q] = value
        for p in range(size):
            for q in range(size):
                inverse[p, q] = matrix[min(p, q), max(p, q)]


cpdef void multiply_own(
    const float[:, ::1] matrices, bint transposed, float[:, ::1] vector,
) noexcept:
    """Multiply every node's four numbers by a 4 x 4 matrix of its own, or by its transpose."""
    cdef Py_ssize_t node
    with nogil:
        for node in range(vector.shape[0]):
            multiply_four(&matrices[node, 0], transposed, &vector[node, 0])


cdef class Level:
    """What `cycle` needs of one level: its operator, its place in the grid and its vectors."""

    cdef const int32_t[:, ::1] index
    cdef const int32_t[::1] row
    cdef const int32_t[::1] col
    cdef const int32_t[:, ::1] neighbours
    cdef const float[:, :, ::1] blocks
    cdef const float[:, ::1] lower
    cdef const float[:, ::1] inverse
    cdef float[:, ::1] x
    cdef float[:, ::1] other
    cdef float[:, ::1] residual
    cdef float first
    cdef float keep
    cdef float gain
    cdef int num_threads

    def __init__(
        self, index, row, col, neighbours, blocks, lower, inverse, x, other, residual,
        float first, float keep, float gain, int num_threads,
    ):
        self.index, self.row, self.col, self.neighbours = index, row, col, neighbours
        self.blocks, self.lower, self.inverse = blocks, lower, inverse
        self.x, self.other, self.residual = x, other, residual
        self.first, self.keep, self.gain = first, keep, gain
        self.num_threads = num_threads

    cdef void relax(self, float[:, ::1] x, float[:, ::1] out, float a, float b, float g):
        relax(self.blocks, self.neighbours, self.residual, x, out, a, b, g, self.num_threads)

    cdef void descend(self, Level coarse):
        """Smooth twice from zero, and hand what is left of the residual to the coarser level."""
        cdef Py_ssize_t node, p
        for node in range(self.other.shape[0]):
            for p in range(BASIS):
                self.other[node, p] = self.first * self.residual[node, p]
        self.relax(self.other, self.x, 1 + self.keep, 0, self.gain)
        subtract_product(
            self.blocks, self.neighbours, self.residual, self.x, self.other, self.num_threads
        )
        multiply_own(self.lower, False, self.other)
        restrict_nodes(self.other, self.index, coarse.row, coarse.col, coarse.residual)
        multiply_own(coarse.inverse, False, coarse.residual)

    cdef void ascend(self, Level coarse):
        """Take the coarser level's solution, and smooth twice."""
        cdef Py_ssize_t node, p
        multiply_own(coarse.inverse, True, coarse.x)
        self.other[:] = 0
        prolong_nodes(coarse.x, coarse.index, self.row, self.col, self.other)
        multiply_own(self.lower, True, self.other)
        for node in range(self.x.shape[0]):
            for p in range(BASIS):
                self.x[node, p] += self.other[node, p]
        self.relax(self.x, self.other, 1, 0, self.first)
        self.relax(self.other, self.x, 1 + self.keep, -self.keep, self.gain)


cdef void solve_last(const double[:, ::1] inverse, Level level) noexcept:
    """x = inverse residual."""
    cdef Py_ssize_t row, col, count = BASIS * level.residual.shape[0]
    cdef const float* residual = &level.residual[0, 0]
    cdef float* x = &level.x[0, 0]
    cdef double total
    with nogil:
        for row in range(count):
            total = 0
            for col in range(count):
                total = total + inverse[row, col] * residual[col]
            x[row] = <float>total


def cycle(list levels not None, const double[:, ::1] inverse not None):
    """One V-cycle over the levels, from the first one's plain residual to its plain x.

    inverse : dense inverse of the last level's normalised operator.
    """
    cdef Level level, coarse
    cdef Py_ssize_t n, last = len(levels) - 1
    level = levels[0]
    multiply_own(level.inverse, False, level.residual)
    for n in range(last):
        level, coarse = levels[n], levels[n + 1]
        level.descend(coarse)
    level = levels[last]
    solve_last(inverse, level)
    for n in range(last - 1, -1, -1):
        level, coarse = levels[n], levels[n + 1]
        level.ascend(coarse)
    level = levels[0]
    multiply_own(level.inverse, True, level.x)
