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

Layout: the level is cut into tiles, each worked on in a thread's own memory (foreground_tiles.pxd);
what comes out is the sweeps over the whole level, whatever the tiles. Colours come and go in
foreground_colours.pxd, and are relaxed in foreground_sweeps.pxd.

Threads: each tile is written by one thread, from arrays that no thread writes, so the result does
not depend on their number.
"""

from cython.parallel cimport prange, threadid
from foreground_colours cimport Source, keep_known, load_alpha, load_colours, look_at, store
from foreground_sweeps cimport relax
from foreground_tiles cimport (
    ALL_ONE, ALL_ZERO, BACK, CHANNELS, COLS, FORE, PLANES, ROWS, SEGMENT, SEGMENTS, TILE_COLS,
    TILE_ROWS, Marks, Tile, find_busy,
)

CELLS = PLANES * ROWS * COLS  # floats of memory that a thread needs
ROWS_OF_TILES = TILE_ROWS  # blocks of rows begin at multiples of it


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
    store(&tile, &marks, &i, &f, ALL_ONE, FORE, &foreground[0, 0, 0])
    if background.shape[0]:
        store(&tile, &marks, &i, &b, ALL_ZERO, BACK, &background[0, 0, 0])


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
    """Write a level's colours in rows `top`, a multiple of ROWS_OF_TILES, to `bottom`.

    `background` may be empty, when nobody needs it. If `fixed_background`, `coarse_background` is
    the full plate and `background` is empty. Without `settle` every pixel is relaxed. At most
    SWEEPS sweeps; more than three are dear on levels of many tiles. `memory`: CELLS zeros for each
    thread, or what another level left there.
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
