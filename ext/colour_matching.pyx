"""Which unknown pixels look like known ones nearby: the first pass of colour sampling.

An unknown pixel whose colour (and place, a little) is that of a known pixel nearby, and not that of
one of the other side, is of that pixel's side from now on. This matters most: it brings the samples
close to where colours truly mix. Nearest neighbours in colour and place, as in

    K. He, C. Rhemann, C. Rother, X. Tang, J. Sun, "A Global Sampling Method for Alpha Matting",
    CVPR 2011

    d(p, q) = |C_p - C_q|^2 + closeness |p - q|^2

How near is near enough is what the known pixel's own neighbours say: q vouches for colours within

    t_q^2 = min(multiple * variance of the colours of its side in 5 x 5 picks + least, most)

so that before a flat screen a trace of foreground is no match, and among leaves it may be. p is of
the side of q if d < t_q^2, if no pixel of the other side is nearer than 1 / ratio times as far, and
if t_q is less than 2 ratio times the distance of the other side's nearest: where the two sides
differ by little more than their noise, being near to one of them says nothing.

Most pixels within reach are of other colours. So they are gathered into blocks of cells whose bounds
are known, and a tile looks twice, into those blocks alone that its own bounds come near: first for
what vouches for any of its colours, and then as far as that may be outdone or unmade.

    paper        here
    C            image[row, col, :], sRGB-coded
    1 / t^2      inverse[side, cell_row, cell_col], side 0 background, 1 foreground
    bounds       boxes[side, block_row, block_col]: lowest red, green, blue; highest; largest t^2

Layout: see sampling.pxd. Threads: a pass writes only cells or tiles of its own, so the result does
not depend on the number of threads.
"""

from cython.parallel cimport prange
from libc.math cimport sqrtf

from sampling cimport (
    AREA, BACKGROUND, CHANNELS, FOREGROUND, TILE, UNKNOWN, Cells, Pixels, cells_around, collect,
    fill_up, tiles_along,
)

cdef float FAR = 1e9
cdef float ROUNDED = 1.0001     # squared distances that are told apart are further apart than that

cdef enum:
    BLOCK = 8       # cells along a block's side

BLOCK_CELLS = BLOCK     # for those who make room for `boxes`


cdef void pick_cell_row(
    const unsigned char[:, ::1] trimap, Py_ssize_t pitch, Py_ssize_t cell_row,
    short[:, :, ::1] picks,
) noexcept nogil:
    cdef Py_ssize_t cell_col, row, col, side
    cdef unsigned char mark
    for cell_col in range(picks.shape[2]):
        for side in range(3):
            picks[side, cell_row, cell_col] = -1
        for row in range(cell_row * pitch, min((cell_row + 1) * pitch, trimap.shape[0])):
            for col in range(cell_col * pitch, min((cell_col + 1) * pitch, trimap.shape[1])):
                mark = trimap[row, col]
                if mark != 0 and mark != 128 and mark != 255:
                    continue    # nobody asked
                side = BACKGROUND if mark == 0 else (FOREGROUND if mark == 255 else UNKNOWN)
                if picks[side, cell_row, cell_col] < 0:
                    picks[side, cell_row, cell_col] = <short>(
                        (row - cell_row * pitch) * pitch + col - cell_col * pitch
                    )


def pick(
    const unsigned char[:, ::1] trimap not None,
    Py_ssize_t pitch,
    short[:, :, ::1] picks not None,
    int num_threads,
):
    """Find a pixel for each side (0 / 128 / 255) in every cell of a trimap."""
    cdef Py_ssize_t cell_row
    for cell_row in prange(
        picks.shape[1], schedule="static", num_threads=num_threads, nogil=True
    ):
        pick_cell_row(trimap, pitch, cell_row, picks)


cdef void vouch_cell_row(
    const float[:, :, ::1] image, const unsigned char[:, ::1] trimap,
    const short[:, :, ::1] picks, Py_ssize_t pitch, Py_ssize_t cell_row,
    float multiple, float least, float most, float[:, :, ::1] inverse,
) noexcept nogil:
    cdef Py_ssize_t cell_col, side, row, col, r, c, i, j, k, count
    cdef int place
    cdef float value, variance
    cdef float[CHANNELS] total, squares
    for cell_col in range(picks.shape[2]):
        for side in range(2):
            place = picks[2 * side, cell_row, cell_col]
            if place < 0:
                continue
            row = cell_row * pitch + place // pitch
            col = cell_col * pitch + place % pitch
            count = 0
            for k in range(CHANNELS):
                total[k] = squares[k] = 0
            for i in range(-2, 3):
                r = row + i * pitch
                if r < 0 or r >= trimap.shape[0]:
                    continue
                for j in range(-2, 3):
                    c = col + j * pitch
                    if c < 0 or c >= trimap.shape[1] or trimap[r, c] != trimap[row, col]:
                        continue
                    count += 1
                    for k in range(CHANNELS):
                        value = image[r, c, k] - image[row, col, k]
                        total[k] += value
                        squares[k] += value * value
            variance = 0
            for k in range(CHANNELS):
                variance += squares[k] - total[k] * total[k] / count
            value = multiple * variance / count + least
            inverse[side, cell_row, cell_col] = 1 / min(value, most)


def vouch(
    const float[:, :, ::1] image not None,
    const unsigned char[:, ::1] trimap not None,
    const short[:, :, ::1] picks not None,
    Py_ssize_t pitch,
    float multiple,
    float least,
    float most,
    float[:, :, ::1] inverse not None,
    int num_threads,
):
    """Write 1 / t^2 for every known pixel that stands for a cell."""
    cdef Py_ssize_t cell_row
    for cell_row in prange(
        picks.shape[1], schedule="static", num_threads=num_threads, nogil=True
    ):
        vouch_cell_row(
            image, trimap, picks, pitch, cell_row, multiple, least, most, inverse
        )


cdef void bound_block_row(
    const float[:, :, ::1] image, const short[:, :, ::1] picks, Py_ssize_t pitch,
    const float[:, :, ::1] inverse, Py_ssize_t block_row, float[:, :, :, ::1] boxes,
) noexcept nogil:
    cdef Py_ssize_t side, block_col, cell_row, cell_col, row, col, c
    cdef int place
    cdef float value
    cdef float* box
    for side in range(2):
        for block_col in range(boxes.shape[2]):
            box = &boxes[side, block_row, block_col, 0]
            for c in range(CHANNELS):
                box[c] = FAR
                box[CHANNELS + c] = -FAR
            box[2 * CHANNELS] = 0
            for cell_row in range(block_row * BLOCK, min((block_row + 1) * BLOCK, picks.shape[1])):
                for cell_col in range(
                    block_col * BLOCK, min((block_col + 1) * BLOCK, picks.shape[2])
                ):
                    place = picks[2 * side, cell_row, cell_col]
                    if place < 0:
                        continue
                    row = cell_row * pitch + place // pitch
                    col = cell_col * pitch + place % pitch
                    for c in range(CHANNELS):
                        value = image[row, col, c]
                        box[c] = min(box[c], value)
                        box[CHANNELS + c] = max(box[CHANNELS + c], value)
                    value = 1 / inverse[side, cell_row, cell_col]
                    box[2 * CHANNELS] = max(box[2 * CHANNELS], value)


def bound(
    const float[:, :, ::1] image not None,
    const short[:, :, ::1] picks not None,
    Py_ssize_t pitch,
    const float[:, :, ::1] inverse not None,
    float[:, :, :, ::1] boxes not None,
    int num_threads,
):
    """Write the bounds of what is known in every block of cells; an empty block is far away."""
    cdef Py_ssize_t block_row
    for block_row in prange(
        boxes.shape[1], schedule="static", num_threads=num_threads, nogil=True
    ):
        bound_block_row(image, picks, pitch, inverse, block_row, boxes)


cdef struct Found:              # of the pixels of a tile
    float best[2][AREA]         # least d from either side
    float worth[2][AREA]        # least d / t^2
    float low[CHANNELS]         # bounds of their colours
    float high[CHANNELS]
    float top                   # and of their places
    float bottom
    float left
    float right


cdef inline float outside(float low, float high, float from_, float to) noexcept nogil:
    """How far an interval is from another."""
    cdef float below = from_ - high, above = low - to
    below = below if below > above else above
    return below if below > 0 else 0


cdef inline float apart(
    const float* low, const float* high, float top, float left, float side,
    const Found* found, float closeness,
) noexcept nogil:
    """Least d of a tile's pixels from known ones, whose colours and square of places are bounded."""
    cdef float gap = outside(top, top + side, found.top, found.bottom)
    cdef float total = closeness * gap * gap
    cdef Py_ssize_t c
    gap = outside(left, left + side, found.left, found.right)
    total = total + closeness * gap * gap
    for c in range(CHANNELS):
        gap = outside(low[c], high[c], found.low[c], found.high[c])
        total = total + gap * gap
    return total


cdef void nearest(
    const Pixels* pixels, float red, float green, float blue, float row, float col,
    float closeness, float inverse, float* best, float* worth,
) noexcept nogil:
    """Lower best[n] to the distance d of pixel n from one sample, worth[n] to d / tolerance."""
    cdef Py_ssize_t n
    cdef float r, g, b, y, x, d
    for n in range(pixels.count):
        r = pixels.red[n] - red
        g = pixels.green[n] - green
        b = pixels.blue[n] - blue
        y = pixels.row[n] - row
        x = pixels.col[n] - col
        d = r * r + g * g + b * b + closeness * (y * y + x * x)
        best[n] = d if d < best[n] else best[n]
        d = d * inverse
        worth[n] = d if d < worth[n] else worth[n]


cdef inline bint matches(float worth, float own, float other, float ratio) noexcept nogil:
    """Whether d of the own side is a match; own / worth is about its tolerance t^2."""
    cdef float near = ratio * ratio * other
    return worth < 1 and own < near and own < 4 * near * worth


cdef void bound_tile(const Pixels* pixels, Found* found) noexcept nogil:
    cdef Py_ssize_t n, c
    for c in range(CHANNELS):
        found.low[c] = 1
        found.high[c] = 0
    found.top = found.bottom = pixels.row[0]
    found.left = found.right = pixels.col[0]
    for n in range(pixels.own):
        found.low[0] = min(found.low[0], pixels.red[n])
        found.high[0] = max(found.high[0], pixels.red[n])
        found.low[1] = min(found.low[1], pixels.green[n])
        found.high[1] = max(found.high[1], pixels.green[n])
        found.low[2] = min(found.low[2], pixels.blue[n])
        found.high[2] = max(found.high[2], pixels.blue[n])
        found.bottom = max(found.bottom, pixels.row[n])     # rows are in order
        found.left = min(found.left, pixels.col[n])
        found.right = max(found.right, pixels.col[n])


cdef void look(
    const float[:, :, ::1] image, const short[:, :, ::1] picks, const float[:, :, ::1] inverse,
    const float[:, :, :, ::1] boxes, Py_ssize_t pitch, Cells cells, float closeness,
    const float* farthest, const Pixels* pixels, Found* found,
) noexcept nogil:
    """See the known pixels that vouch for a colour of the tile, or up to `farthest` the others."""
    cdef Py_ssize_t side, row, col, block_row, block_col, cell_row, cell_col
    cdef const float* box
    cdef const float* colour
    cdef float total
    cdef bint vouches
    cdef int place
    cdef Py_ssize_t width = BLOCK * pitch
    for block_row in range(cells.top // BLOCK, (cells.bottom + BLOCK - 1) // BLOCK):
        for block_col in range(cells.left // BLOCK, (cells.right + BLOCK - 1) // BLOCK):
            for side in range(2):
                box = &boxes[side, block_row, block_col, 0]
                total = apart(
                    box, box + CHANNELS, <float>(block_row * width), <float>(block_col * width),
                    <float>(width - 1), found, closeness,
                )
                if total > (farthest[side] if farthest else ROUNDED * box[2 * CHANNELS]):
                    continue
                for cell_row in range(
                    max(cells.top, block_row * BLOCK), min(cells.bottom, (block_row + 1) * BLOCK)
                ):
                    for cell_col in range(
                        max(cells.left, block_col * BLOCK),
                        min(cells.right, (block_col + 1) * BLOCK),
                    ):
                        place = picks[2 * side, cell_row, cell_col]
                        if place < 0:
                            continue
                        row = cell_row * pitch + place // pitch
                        col = cell_col * pitch + place % pitch
                        colour = &image[row, col, 0]
                        total = apart(
                            colour, colour, <float>row, <float>col, 0, found, closeness
                        )
                        vouches = total * inverse[side, cell_row, cell_col] <= ROUNDED
                        if (vouches or total > farthest[side]) if farthest else not vouches:
                            continue
                        nearest(
                            pixels, colour[0], colour[1], colour[2], <float>row, <float>col,
                            closeness, inverse[side, cell_row, cell_col],
                            found.best[side], found.worth[side],
                        )


cdef void keep_candidates(Pixels* pixels, Found* found) noexcept nogil:
    """Forget the pixels that nothing vouches for."""
    cdef Py_ssize_t n, side, kept = 0
    for n in range(pixels.own):
        if found.worth[0][n] < 1 or found.worth[1][n] < 1:
            pixels.red[kept] = pixels.red[n]
            pixels.green[kept] = pixels.green[n]
            pixels.blue[kept] = pixels.blue[n]
            pixels.row[kept] = pixels.row[n]
            pixels.col[kept] = pixels.col[n]
            for side in range(2):
                found.best[side][kept] = found.best[side][n]
                found.worth[side][kept] = found.worth[side][n]
            kept += 1
    pixels.own = kept
    fill_up(pixels)


cdef void look_further(
    const Pixels* pixels, const Found* found, float ratio, float* farthest
) noexcept nogil:
    """Up to which d other known pixels of each side can outdo or unmake what may be a match."""
    cdef Py_ssize_t n, side
    cdef float own, worth
    farthest[0] = farthest[1] = 0
    for side in range(2):
        for n in range(pixels.own):
            own, worth = found.best[side][n], found.worth[side][n]
            if 0 < worth < 1:
                farthest[side] = max(farthest[side], ROUNDED * own)
                # As in `matches`.
                own = ROUNDED * own / (ratio * ratio * min(1, 4 * worth))
                farthest[1 - side] = max(farthest[1 - side], own)


cdef void match_tile(
    const float[:, :, ::1] image, const unsigned char[:, ::1] trimap,
    const short[:, :, ::1] picks, const float[:, :, ::1] inverse,
    const float[:, :, :, ::1] boxes, Py_ssize_t pitch, Py_ssize_t top, Py_ssize_t left,
    float tolerance, float closeness, float ratio, unsigned char[:, ::1] marks,
) noexcept nogil:
    cdef Pixels pixels
    cdef Found found
    cdef Cells cells
    cdef float[2] farthest
    cdef Py_ssize_t n, side, row, col
    collect(image, trimap, top, left, &pixels)
    if pixels.own == 0:
        return
    for n in range(pixels.count):
        for side in range(2):
            found.best[side][n] = found.worth[side][n] = FAR
    bound_tile(&pixels, &found)
    cells = cells_around(
        top, left, sqrtf(tolerance / closeness), pitch, picks.shape[1], picks.shape[2]
    )
    look(image, picks, inverse, boxes, pitch, cells, closeness, NULL, &pixels, &found)
    keep_candidates(&pixels, &found)
    if pixels.own == 0:
        return
    look_further(&pixels, &found, ratio, farthest)
    bound_tile(&pixels, &found)
    look(image, picks, inverse, boxes, pitch, cells, closeness, farthest, &pixels, &found)
    for n in range(pixels.own):
        row = <Py_ssize_t>pixels.row[n]
        col = <Py_ssize_t>pixels.col[n]
        if matches(found.worth[0][n], found.best[0][n], found.best[1][n], ratio):
            marks[row, col] = 0
        elif matches(found.worth[1][n], found.best[1][n], found.best[0][n], ratio):
            marks[row, col] = 255


def match(
    const float[:, :, ::1] image not None,
    const unsigned char[:, ::1] trimap not None,
    const short[:, :, ::1] picks not None,
    const float[:, :, ::1] inverse not None,
    const float[:, :, :, ::1] boxes not None,
    Py_ssize_t pitch,
    float tolerance,
    float closeness,
    float ratio,
    unsigned char[:, ::1] marks not None,
    int num_threads,
):
    """Give unknown pixels in `marks`, a copy of the trimap, the side of what they look like."""
    cdef Py_ssize_t tile, across = tiles_along(trimap.shape[1])
    for tile in prange(
        tiles_along(trimap.shape[0]) * across, schedule="dynamic", chunksize=8,
        num_threads=num_threads, nogil=True,
    ):
        match_tile(
            image, trimap, picks, inverse, boxes, pitch, tile // across * TILE,
            tile % across * TILE, tolerance, closeness, ratio, marks,
        )
