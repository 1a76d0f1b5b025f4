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

    paper        here
    C            image[row, col, :], sRGB-coded
    1 / t^2      inverse[side, cell_row, cell_col], side 0 background, 1 foreground

Layout: see sampling.pxd. Threads: a pass writes only cells or tiles of its own, so the result does
not depend on the number of threads.
"""

from cython.parallel cimport prange
from libc.math cimport sqrtf

from sampling cimport (
    AREA, BACKGROUND, CHANNELS, FOREGROUND, TILE, UNKNOWN, Cells, Pixels, cells_around, collect,
    tiles_along,
)

cdef float FAR = 1e9


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


cdef inline float outside(float value, float low, float high) noexcept nogil:
    """How far a value is from an interval."""
    cdef float below = low - value, above = value - high
    below = below if below > above else above
    return below if below > 0 else 0


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


cdef void match_tile(
    const float[:, :, ::1] image, const unsigned char[:, ::1] trimap,
    const short[:, :, ::1] picks, const float[:, :, ::1] inverse, Py_ssize_t pitch,
    Py_ssize_t top, Py_ssize_t left,
    float tolerance, float closeness, float ratio, unsigned char[:, ::1] marks,
) noexcept nogil:
    cdef Pixels pixels
    cdef float[2][AREA] best, worth
    cdef float[CHANNELS] low, high
    cdef float seen, gap, total
    cdef Py_ssize_t n, c, side, row, col, cell_row, cell_col
    cdef Cells cells
    cdef int place
    collect(image, trimap, top, left, &pixels)
    if pixels.own == 0:
        return
    for c in range(CHANNELS):
        low[c] = 1
        high[c] = 0
    for n in range(pixels.count):
        best[0][n] = FAR
        best[1][n] = FAR
        worth[0][n] = FAR
        worth[1][n] = FAR
        low[0] = min(low[0], pixels.red[n])
        high[0] = max(high[0], pixels.red[n])
        low[1] = min(low[1], pixels.green[n])
        high[1] = max(high[1], pixels.green[n])
        low[2] = min(low[2], pixels.blue[n])
        high[2] = max(high[2], pixels.blue[n])
    # Nothing further than this can make a match, or unmake one.
    seen = tolerance / (ratio * ratio)
    cells = cells_around(
        top, left, sqrtf(tolerance / closeness), pitch, picks.shape[1], picks.shape[2]
    )
    for cell_row in range(cells.top, cells.bottom):
        for cell_col in range(cells.left, cells.right):
            for side in range(2):
                place = picks[2 * side, cell_row, cell_col]
                if place < 0:
                    continue
                row = cell_row * pitch + place // pitch
                col = cell_col * pitch + place % pitch
                total = 0
                for c in range(CHANNELS):
                    gap = outside(image[row, col, c], low[c], high[c])
                    total = total + gap * gap
                if total > seen:
                    continue
                nearest(
                    &pixels, image[row, col, 0], image[row, col, 1], image[row, col, 2],
                    <float>row, <float>col, closeness,
                    inverse[side, cell_row, cell_col], best[side], worth[side],
                )
    for n in range(pixels.own):
        row = <Py_ssize_t>pixels.row[n]
        col = <Py_ssize_t>pixels.col[n]
        if matches(worth[0][n], best[0][n], best[1][n], ratio):
            marks[row, col] = 0
        elif matches(worth[1][n], best[1][n], best[0][n], ratio):
            marks[row, col] = 255


def match(
    const float[:, :, ::1] image not None,
    const unsigned char[:, ::1] trimap not None,
    const short[:, :, ::1] picks not None,
    const float[:, :, ::1] inverse not None,
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
            image, trimap, picks, inverse, pitch, tile // across * TILE, tile % across * TILE,
            tolerance, closeness, ratio, marks,
        )
