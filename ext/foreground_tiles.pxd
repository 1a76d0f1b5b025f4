"""A tile of multi-level foreground estimation: its memory, and what of it has to be worked on.

A tile, with a margin as wide as its sweeps can see, is worked on in a thread's own memory, so that
every sweep finds it in the cache. In that memory each value is a plane of rows, and a row its even
columns and then its odd ones: the cells of one colour of the chessboard and each of their four
neighbours are contiguous. Rows are cut into segments. A segment is busy if one of its pixels, or of
those beside it, tells foreground and background apart; the others are settled.

The functions are those of multilevel_foreground.pyx, whose head has the paper and its symbols.
"""

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


cdef inline Py_ssize_t within(Py_ssize_t index, Py_ssize_t count) noexcept nogil:
    return min(max(index, 0), count - 1)


cdef inline Py_ssize_t run_end(const char* flags, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """First place from `start` on that is not flagged like it."""
    cdef Py_ssize_t place = start
    while place < end and flags[place] == flags[start]:
        place += 1
    return place


cdef inline char kind_of(
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


cdef inline void find_busy(const Tile* tile, bint settle, Marks* marks) noexcept nogil:
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
