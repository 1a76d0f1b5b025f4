"""Red-black sweeps over a tile: the 2 x 2 systems of equation (6) for runs of busy segments.

The paper and its symbols are in the head of multilevel_foreground.pyx. Every cell of a run is
computed, and those that are settled or outside keep their value: loops without branches are what
compilers find the vectors of.
"""

from foreground_tiles cimport (
    ALPHA, BACK, CHANNELS, COLS, FORE, IMAGE, OUTSIDE, SEGMENT, SEGMENTS, Marks, Tile, run_end,
)
from libc.math cimport fabsf


cdef inline float clip(float value) noexcept nogil:
    value = value if value > 0 else 0
    return value if value < 1 else 1


cdef inline void replace(
    float* values, const float* found, const float* change, float settled, Py_ssize_t count,
) noexcept nogil:
    cdef Py_ssize_t k
    cdef float stays, moves
    for k in range(count):
        stays = values[k]
        moves = found[k]
        values[k] = moves if change[k] > settled else stays


cdef inline void relax_run(
    const Tile* tile, Py_ssize_t here, Py_ssize_t left, Py_ssize_t count, Py_ssize_t first,
    Py_ssize_t end, float regularization, float settled, bint fixed_background,
) noexcept nogil:
    """Relax cells `first` to `end` of `count` from `here`; `left` is left of the first of these."""
    cdef float[COLS] rest
    cdef float[COLS] change
    cdef float[COLS] w_up
    cdef float[COLS] w_down
    cdef float[COLS] w_left
    cdef float[COLS] w_right
    cdef float[COLS] ff
    cdef float[COLS] fb
    cdef float[COLS] bb
    cdef float[COLS] new_f
    cdef float[COLS] new_b
    cdef Py_ssize_t up = -tile.row_step, down = tile.row_step, k, c
    cdef const float* alpha = tile.cells + ALPHA * tile.plane + here
    cdef const float* beside = tile.cells + ALPHA * tile.plane + left
    cdef const float* image
    cdef const float* f_beside
    cdef const float* b_beside
    cdef float* f
    cdef float* b
    cdef float mine, others, total, scale, side_f, side_b
    for k in range(count):
        mine = alpha[k]
        others = 1 - mine
        rest[k] = others
        w_up[k] = fabsf(mine - alpha[k + up])
        w_down[k] = fabsf(mine - alpha[k + down])
        w_left[k] = fabsf(mine - beside[k])
        w_right[k] = fabsf(mine - beside[k + 1])
        total = w_up[k] + w_down[k] + w_left[k] + w_right[k]
        change[k] = total + mine * others
        total += 4 * regularization
        w_up[k] += regularization
        w_down[k] += regularization
        w_left[k] += regularization
        w_right[k] += regularization
        # the inverse of the pixel's 2 x 2 matrix
        scale = 1 / ((mine * mine + others * others + total) * total)
        ff[k] = scale * (others * others + total)
        fb[k] = -scale * mine * others
        bb[k] = scale * (mine * mine + total)
    for k in range(first):
        change[k] = OUTSIDE
    for k in range(end, count):
        change[k] = OUTSIDE
    for c in range(CHANNELS):
        image = tile.cells + (IMAGE + c) * tile.plane + here
        f = tile.cells + (FORE + c) * tile.plane + here
        f_beside = tile.cells + (FORE + c) * tile.plane + left
        b = tile.cells + (BACK + c) * tile.plane + here
        b_beside = tile.cells + (BACK + c) * tile.plane + left
        if fixed_background:
            for k in range(count):
                side_f = (
                    alpha[k] * (image[k] - rest[k] * b[k]) + w_up[k] * f[k + up]
                    + w_down[k] * f[k + down] + w_left[k] * f_beside[k]
                    + w_right[k] * f_beside[k + 1]
                )
                new_f[k] = clip(
                    side_f / (alpha[k] * alpha[k] + w_up[k] + w_down[k] + w_left[k] + w_right[k])
                )
            replace(f, new_f, change, settled, count)
            continue
        for k in range(count):
            side_f = (
                alpha[k] * image[k] + w_up[k] * f[k + up] + w_down[k] * f[k + down]
                + w_left[k] * f_beside[k] + w_right[k] * f_beside[k + 1]
            )
            side_b = (
                rest[k] * image[k] + w_up[k] * b[k + up] + w_down[k] * b[k + down]
                + w_left[k] * b_beside[k] + w_right[k] * b_beside[k + 1]
            )
            new_f[k] = clip(ff[k] * side_f + fb[k] * side_b)
            new_b[k] = clip(fb[k] * side_f + bb[k] * side_b)
        replace(f, new_f, change, settled, count)
        replace(b, new_b, change, settled, count)


cdef inline void relax(
    const Tile* tile, const Marks* marks, Py_ssize_t sweeps, bint settle, float regularization,
    bint fixed_background,
) noexcept nogil:
    cdef Py_ssize_t step, margin, row, odd, here, first, end, start_col, end_col, segment, start
    cdef Py_ssize_t last_segment, stop
    cdef const char* busy
    cdef float settled = 0 if settle else -1
    for step in range(2 * sweeps):
        margin = 2 * sweeps - 1 - step  # what later steps will look at
        start_col = max(tile.left - margin, 0) - tile.first_col
        end_col = min(tile.right + margin, tile.width) - tile.first_col
        for row in range(
            max(tile.top - margin, 0) - tile.first_row,
            min(tile.bottom + margin, tile.height) - tile.first_row,
        ):
            busy = marks.busy + row * SEGMENTS
            odd = (tile.first_row + row + step) & 1
            first = (start_col - odd + 1) // 2
            end = (end_col - odd + 1) // 2
            here = row * tile.row_step
            segment = first // SEGMENT
            last_segment = (end + SEGMENT - 1) // SEGMENT
            while segment < last_segment:
                stop = run_end(busy, segment, last_segment)
                start = segment * SEGMENT
                if busy[segment]:
                    relax_run(
                        tile, here + odd * tile.half + start,
                        here + (1 - odd) * tile.half + start - 1 + odd, stop * SEGMENT - start,
                        max(first - start, 0), min(end, stop * SEGMENT) - start,
                        regularization, settled, fixed_background,
                    )
                segment = stop
