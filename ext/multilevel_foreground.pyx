"""One level of multi-level foreground estimation: from the coarser level's colours to its own.

Paper: T. Germer, T. Uelwer, S. Conrad, S. Harmeling, "Fast Multi-Level Foreground Estimation",
ICPR 2020, equation (6). For each pixel i and channel, with neighbours j above, below, left and
right, minimise over F_i and B_i

    (a_i F_i + (1 - a_i) B_i - I_i)^2 + sum over j of  w_ij ((F_i - F_j)^2 + (B_i - B_j)^2),
    w_ij = regularization + |a_i - a_j|

    paper   here
    a       alpha, at the level's size: the nearest pixels of the full picture
    I       image, likewise
    F, B    foreground, background; first the image where alpha is 1 (F) or 0 (B), elsewhere the
            nearest pixel of the coarser level; kept in [0, 1]

A sweep relaxes the red cells of a chessboard, (row + col) even, then the black ones. Outside the
picture a neighbour is the pixel's own first guess. A pixel whose alpha and neighbours' alpha are
all 0 or all 1 is settled: there is nothing to tell apart, and it keeps its first guess.

Layout: the level is cut into tiles. A tile, with a margin as wide as its sweeps can see, is worked
on in a thread's own memory, so that every sweep finds it in the cache; what comes out is the sweeps
over the whole level, whatever the tiles. In that memory each value is a plane of rows, and a row
its even columns and then its odd ones: the cells of one colour and each of their four neighbours
are contiguous. Rows are cut into segments, and work is spent only where a segment is not settled.

Threads: each tile is written by one thread, from arrays that no thread writes, so the result does
not depend on their number.
"""

from cython.parallel cimport prange, threadid
from libc.math cimport fabsf
from libc.string cimport memcmp, memcpy

cdef enum:
    CHANNELS = 3
    SWEEPS = 10  # at most, on levels of one tile; on others the margin is part of the cost
    MARGIN = 2 * SWEEPS
    SEGMENT = 8  # cells of each parity
    TILE_ROWS = 64
    TILE_COLS = 116  # even; with the margins of three sweeps a whole number of segments
    ROWS = TILE_ROWS + 2 * MARGIN
    SEGMENTS = 10
    COLS = 2 * SEGMENT * SEGMENTS  # TILE_COLS + 2 * MARGIN and some

    ALPHA = 0  # planes of a tile's memory
    IMAGE = 1
    FORE = 4
    BACK = 7
    PLANES = 10

    ALL_ZERO = 0  # kinds of segment, by the alpha in it and beside it
    ALL_ONE = 1
    MIXED = 2

    OUTSIDE = -2  # less than any change of alpha: the cell is not to be relaxed

CELLS = PLANES * ROWS * COLS  # floats of memory that a thread needs
ROWS_OF_TILES = TILE_ROWS  # blocks of rows begin at multiples of it


ctypedef struct Source:
    const float* pixels
    Py_ssize_t rows
    Py_ssize_t row_step
    int[COLS] nearest  # place in a row of the pixel nearest to each of the tile's columns


ctypedef struct Tile:
    Py_ssize_t height, width  # of the level
    Py_ssize_t top, bottom, left, right  # half-open, without the margin
    Py_ssize_t first_row, first_col, rows, segments  # with it
    Py_ssize_t half, row_step, plane  # cells of a parity, of a row and of a plane
    float* cells


ctypedef struct Marks:  # of the segments; apart from Tile, or compilers take `cells` for anything
    char[ROWS * SEGMENTS] kind
    char[ROWS * SEGMENTS] busy  # has a pixel that is not settled
    char[ROWS * SEGMENTS] wanted  # is busy or touches one that is


cdef inline float clip(float value) noexcept nogil:
    value = value if value > 0 else 0
    return value if value < 1 else 1


cdef inline Py_ssize_t within(Py_ssize_t index, Py_ssize_t count) noexcept nogil:
    return min(max(index, 0), count - 1)


cdef inline Py_ssize_t run_end(const char* flags, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """First place from `start` on that is not flagged like it."""
    cdef Py_ssize_t place = start
    while place < end and flags[place] == flags[start]:
        place += 1
    return place


cdef inline const float* nearest_row(
    const Tile* tile, const Source* source, Py_ssize_t row,
) noexcept nogil:
    return (
        source.pixels
        + within(tile.first_row + row, tile.height) * source.rows // tile.height * source.row_step
    )


cdef void look_at(
    const Tile* tile, const float* pixels, Py_ssize_t rows, Py_ssize_t cols, Py_ssize_t channels,
    Source* source,
) noexcept nogil:
    """Find the columns of a picture of another size nearest to the tile's."""
    cdef Py_ssize_t col, first = within(tile.first_col, tile.width)
    cdef Py_ssize_t whole = cols // tile.width, part = cols % tile.width
    cdef Py_ssize_t place = first * cols // tile.width, over = first * cols % tile.width
    source.pixels = pixels
    source.rows = rows
    source.row_step = cols * channels
    for col in range(2 * tile.half):
        source.nearest[col] = <int>(place * channels)
        if tile.first_col + col < first or tile.first_col + col >= tile.width - 1:
            continue
        place += whole  # floor((first + n) cols / width) without a division for each
        over += part
        if over >= tile.width:
            over -= tile.width
            place += 1


cdef void load_alpha(const Tile* tile, const Source* source) noexcept nogil:
    cdef Py_ssize_t row, k, end_col = tile.first_col + 2 * tile.half
    cdef bint contiguous = (
        source.row_step == tile.width and tile.first_col >= 0 and end_col <= tile.width
    )
    cdef const float* pixels
    cdef float* even
    cdef float* odd
    for row in range(tile.rows):
        pixels = nearest_row(tile, source, row)
        even = tile.cells + ALPHA * tile.plane + row * tile.row_step
        odd = even + tile.half
        if contiguous:
            pixels += tile.first_col
            for k in range(tile.half):
                even[k] = pixels[2 * k]
                odd[k] = pixels[2 * k + 1]
            continue
        for k in range(tile.half):
            even[k] = pixels[source.nearest[2 * k]]
            odd[k] = pixels[source.nearest[2 * k + 1]]


cdef char kind_of(
    const float* even, const float* odd, Py_ssize_t segment, Py_ssize_t segments,
) noexcept nogil:
    """Kind of a segment with the cells left and right of it."""
    cdef Py_ssize_t k, start = segment * SEGMENT
    cdef float first = even[start]
    cdef int others = 0
    for k in range(start, start + SEGMENT):
        others += (even[k] != first) + (odd[k] != first)
    if segment > 0:
        others += odd[start - 1] != first
    if segment < segments - 1:
        others += even[start + SEGMENT] != first
    if others or (first != 0 and first != 1):
        return MIXED
    return ALL_ONE if first == 1 else ALL_ZERO


cdef void find_busy(const Tile* tile, bint settle, Marks* marks) noexcept nogil:
    cdef Py_ssize_t row, segment, near, here
    cdef const float* cells
    cdef char kind
    for row in range(tile.rows):
        cells = tile.cells + ALPHA * tile.plane + row * tile.row_step
        here = row * SEGMENTS
        for segment in range(SEGMENTS):
            marks.busy[here + segment] = marks.wanted[here + segment] = 0
        if row > 0 and not memcmp(cells, cells - tile.row_step, tile.row_step * sizeof(float)):
            memcpy(marks.kind + here, marks.kind + here - SEGMENTS, SEGMENTS)
            continue
        for segment in range(tile.segments):
            marks.kind[here + segment] = kind_of(cells, cells + tile.half, segment, tile.segments)
    for row in range(1, tile.rows - 1):
        for segment in range(tile.segments):
            here = row * SEGMENTS + segment
            kind = marks.kind[here]
            if settle and (
                kind != MIXED
                and kind == marks.kind[here - SEGMENTS] and kind == marks.kind[here + SEGMENTS]
            ):
                continue
            marks.busy[here] = 1
            marks.wanted[here - SEGMENTS] = marks.wanted[here + SEGMENTS] = 1
            for near in range(max(segment - 1, 0), min(segment + 2, tile.segments)):
                marks.wanted[here - segment + near] = 1


cdef void spread(
    const Tile* tile, const Source* source, Py_ssize_t row, Py_ssize_t start, Py_ssize_t end,
    Py_ssize_t plane,
) noexcept nogil:
    """Write segments of a row as three planes."""
    cdef const float* pixels = nearest_row(tile, source, row)
    cdef const float* pixel
    cdef float* cells
    cdef Py_ssize_t odd, k
    for odd in range(2):
        cells = tile.cells + plane * tile.plane + row * tile.row_step + odd * tile.half
        for k in range(start * SEGMENT, end * SEGMENT):
            pixel = pixels + source.nearest[2 * k + odd]
            cells[k] = pixel[0]
            cells[tile.plane + k] = pixel[1]
            cells[2 * tile.plane + k] = pixel[2]


cdef void keep_known(
    const Tile* tile, Py_ssize_t row, Py_ssize_t start, Py_ssize_t end, float known,
    Py_ssize_t plane,
) noexcept nogil:
    """Set colours to the image where alpha is `known`."""
    cdef Py_ssize_t c, odd, k
    cdef const float* alpha
    cdef const float* image
    cdef float* value
    cdef float ours, theirs
    for odd in range(2):
        alpha = tile.cells + row * tile.row_step + odd * tile.half
        for c in range(CHANNELS):
            image = alpha + (IMAGE + c) * tile.plane
            value = <float*>alpha + (plane + c) * tile.plane
            for k in range(start * SEGMENT, end * SEGMENT):
                ours = value[k]
                theirs = image[k]
                value[k] = theirs if alpha[k] == known else ours


cdef void load_colours(
    const Tile* tile, const Marks* marks, const Source* image, const Source* f, const Source* b,
    bint fixed_background,
) noexcept nogil:
    cdef Py_ssize_t row, segment, end
    cdef const char* wanted
    for row in range(tile.rows):
        wanted = marks.wanted + row * SEGMENTS
        segment = 0
        while segment < tile.segments:
            end = run_end(wanted, segment, tile.segments)
            if wanted[segment]:
                spread(tile, image, row, segment, end, IMAGE)
                spread(tile, f, row, segment, end, FORE)
                spread(tile, b, row, segment, end, BACK)
                keep_known(tile, row, segment, end, 1, FORE)
                if not fixed_background:
                    keep_known(tile, row, segment, end, 0, BACK)
            segment = end


cdef inline void replace(
    float* values, const float* found, const float* change, float settled, Py_ssize_t count,
) noexcept nogil:
    cdef Py_ssize_t k
    cdef float stays, moves
    for k in range(count):
        stays = values[k]
        moves = found[k]
        values[k] = moves if change[k] > settled else stays


cdef void relax_run(
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


cdef void relax(
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


cdef void store_cells(
    const Tile* tile, Py_ssize_t row, Py_ssize_t col, Py_ssize_t end, Py_ssize_t plane, float* out,
) noexcept nogil:
    cdef const float* cells = tile.cells + plane * tile.plane + row * tile.row_step
    cdef Py_ssize_t place
    for col in range(col, end):
        place = (col & 1) * tile.half + (col >> 1)
        out[0] = cells[place]
        out[1] = cells[tile.plane + place]
        out[2] = cells[2 * tile.plane + place]
        out += CHANNELS


cdef void store_nearest(
    const Tile* tile, const Source* source, Py_ssize_t row, Py_ssize_t col, Py_ssize_t end,
    float* out,
) noexcept nogil:
    cdef const float* pixels = nearest_row(tile, source, row)
    cdef const float* pixel
    if source.row_step == CHANNELS * tile.width:
        memcpy(out, pixels + source.nearest[col], (end - col) * CHANNELS * sizeof(float))
        return
    for col in range(col, end):
        pixel = pixels + source.nearest[col]
        out[0] = pixel[0]
        out[1] = pixel[1]
        out[2] = pixel[2]
        out += CHANNELS


cdef bint same_guess(const Marks* marks, Py_ssize_t place, Py_ssize_t count) noexcept nogil:
    """Whether segments of one kind, which keep their first guess, do so in the row above too."""
    cdef Py_ssize_t above
    for above in range(place - SEGMENTS, place - SEGMENTS + count):
        if marks.wanted[above] or marks.kind[above] != marks.kind[place]:
            return False
    return True


cdef void store(
    const Tile* tile, const Marks* marks, const Source* image, const Source* coarse, char known,
    Py_ssize_t plane,
    float[:, :, ::1] target,
) noexcept nogil:
    """Write the tile: from its cells where it was loaded, elsewhere the first guess."""
    cdef Py_ssize_t row, segment, stop, col, end
    cdef const char* wanted
    cdef const char* kind
    cdef const Source* source
    cdef float* out
    cdef Py_ssize_t top = tile.top - tile.first_row
    for row in range(top, tile.bottom - tile.first_row):
        wanted = marks.wanted + row * SEGMENTS
        kind = marks.kind + row * SEGMENTS
        segment = 0
        while segment < tile.segments:
            stop = run_end(wanted, segment, tile.segments)
            if not wanted[segment]:
                stop = run_end(kind, segment, stop)
            col = max(segment * 2 * SEGMENT, tile.left - tile.first_col)
            end = min(stop * 2 * SEGMENT, tile.right - tile.first_col)
            if col < end:
                out = &target[tile.first_row + row, tile.first_col + col, 0]
                if wanted[segment]:
                    store_cells(tile, row, col, end, plane, out)
                else:  # the first guess; ALL_ZERO is 0 and ALL_ONE is 1
                    source = image if kind[segment] == known else coarse
                    if row > top and nearest_row(tile, source, row) == nearest_row(
                        tile, source, row - 1
                    ) and same_guess(marks, row * SEGMENTS + segment, stop - segment):
                        memcpy(
                            out, out - CHANNELS * tile.width,
                            (end - col) * CHANNELS * sizeof(float),
                        )
                    else:
                        store_nearest(tile, source, row, col, end, out)
            segment = stop


cdef void refine_tile(
    const float[:, :, ::1] image, const float[:, ::1] alpha,
    const float[:, :, ::1] coarse_foreground, const float[:, :, ::1] coarse_background,
    bint fixed_background, float regularization, Py_ssize_t sweeps, bint settle,
    Py_ssize_t top, Py_ssize_t left, float* cells,
    float[:, :, ::1] foreground, float[:, :, ::1] background,
) noexcept nogil:
    cdef Tile tile
    cdef Marks marks
    cdef Source a, i, f, b
    cdef Py_ssize_t row, segment
    tile.height = foreground.shape[0]
    tile.width = foreground.shape[1]
    tile.top = top
    tile.bottom = min(top + TILE_ROWS, tile.height)
    tile.left = left
    tile.right = min(left + TILE_COLS, tile.width)
    tile.first_row = max(top - 2 * sweeps, -1)
    tile.rows = min(tile.bottom + 2 * sweeps, tile.height + 1) - tile.first_row
    tile.first_col = max(left - 2 * sweeps, -2)  # even
    tile.segments = (
        min(tile.right + 2 * sweeps, tile.width + 1) - tile.first_col + 2 * SEGMENT - 1
    ) // (2 * SEGMENT)
    tile.half = tile.segments * SEGMENT
    tile.row_step = 2 * tile.half
    tile.plane = tile.rows * tile.row_step
    tile.cells = cells
    look_at(&tile, &alpha[0, 0], alpha.shape[0], alpha.shape[1], 1, &a)
    load_alpha(&tile, &a)
    find_busy(&tile, settle, &marks)
    look_at(&tile, &image[0, 0, 0], image.shape[0], image.shape[1], CHANNELS, &i)
    look_at(
        &tile, &coarse_foreground[0, 0, 0], coarse_foreground.shape[0],
        coarse_foreground.shape[1], CHANNELS, &f,
    )
    look_at(
        &tile, &coarse_background[0, 0, 0], coarse_background.shape[0],
        coarse_background.shape[1], CHANNELS, &b,
    )
    load_colours(&tile, &marks, &i, &f, &b, fixed_background)
    relax(&tile, &marks, sweeps, settle, regularization, fixed_background)
    for row in range(tile.top - tile.first_row, tile.bottom - tile.first_row):
        for segment in range(tile.segments):
            if marks.wanted[row * SEGMENTS + segment]:
                keep_known(&tile, row, segment, segment + 1, 1, FORE)
    store(&tile, &marks, &i, &f, ALL_ONE, FORE, foreground)
    if background.shape[0]:
        store(&tile, &marks, &i, &b, ALL_ZERO, BACK, background)


def refine(
    const float[:, :, ::1] image not None,
    const float[:, ::1] alpha not None,
    const float[:, :, ::1] coarse_foreground not None,
    const float[:, :, ::1] coarse_background not None,
    bint fixed_background,
    float regularization,
    Py_ssize_t sweeps,
    bint settle,
    Py_ssize_t top,
    Py_ssize_t bottom,
    float[:, :, ::1] foreground not None,
    float[:, :, ::1] background not None,
    float[:, ::1] memory not None,
    int num_threads,
):
    """Write a level's colours in rows `top`, a multiple of ROWS_OF_TILES, to `bottom`; `background` may be empty, when nobody needs it.

    If `fixed_background`, `coarse_background` is the full plate and `background` is empty. Without
    `settle` every pixel is relaxed. At most SWEEPS sweeps; more than three are dear on levels of
    many tiles. `memory`: CELLS zeros for each thread, or what another level left there.
    """
    cdef Py_ssize_t across = (foreground.shape[1] + TILE_COLS - 1) // TILE_COLS
    cdef Py_ssize_t count = across * ((bottom - top + TILE_ROWS - 1) // TILE_ROWS)
    cdef Py_ssize_t number
    num_threads = <int>min(<Py_ssize_t>num_threads, count)
    for number in prange(count, schedule="dynamic", num_threads=num_threads, nogil=True):
        refine_tile(
            image, alpha, coarse_foreground, coarse_background, fixed_background,
            regularization, sweeps, settle, top + number // across * TILE_ROWS,
            number % across * TILE_COLS, &memory[threadid(), 0], foreground, background,
        )
