"""Colours and alpha in and out of a tile: the nearest pixels of pictures of other sizes.

What a level starts from is never enlarged or shrunk as a whole: a tile picks the pixels it needs,
and only where `Marks` wants them. What was not wanted keeps its first guess and is copied to the
result from where that guess comes from.
"""

from foreground_tiles cimport (
    ALPHA, BACK, CHANNELS, COLS, FORE, IMAGE, SEGMENT, SEGMENTS, Marks, Tile, run_end, within,
)
from libc.string cimport memcpy


ctypedef struct Source:
    const float* pixels
    Py_ssize_t rows
    Py_ssize_t row_step
    int[COLS] nearest  # place in a row of the pixel nearest to each of the tile's columns


cdef inline const float* nearest_row(
    const Tile* tile, const Source* source, Py_ssize_t row,
) noexcept nogil:
    return (
        source.pixels
        + within(tile.first_row + row, tile.height) * source.rows // tile.height * source.row_step
    )


cdef inline void look_at(
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


cdef inline void load_alpha(const Tile* tile, const Source* source) noexcept nogil:
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


cdef inline void spread(
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


cdef inline void keep_known(
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


cdef inline void load_colours(
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


cdef inline void store_cells(
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


cdef inline void store_nearest(
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


cdef inline bint same_guess(const Marks* marks, Py_ssize_t place, Py_ssize_t count) noexcept nogil:
    """Whether segments of one kind, which keep their first guess, do so in the row above too."""
    cdef Py_ssize_t above
    for above in range(place - SEGMENTS, place - SEGMENTS + count):
        if marks.wanted[above] or marks.kind[above] != marks.kind[place]:
            return False
    return True


cdef inline void store(
    const Tile* tile, const Marks* marks, const Source* image, const Source* coarse, char known,
    Py_ssize_t plane, float* target,
) noexcept nogil:
    """Write the tile to its level, from its cells where it was loaded, else the first guess."""
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
                out = target + CHANNELS * (
                    (tile.first_row + row) * tile.width + tile.first_col + col
                )
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
