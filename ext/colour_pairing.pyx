"""A foreground and a background colour for every cell: the second pass of colour sampling.

    E. Gastal, M. Oliveira, "Shared Sampling for Real-Time Alpha Matting", Eurographics 2010

One unknown pixel p of every cell shoots rays; each yields the first foreground F and the first
background B it meets, as means over the pixels of that side among 3 x 3, lest their noise become a
bias of all who use them. The cell keeps the pair with the least

    (r^2 + noise)^2 (1 + |p - F|) (1 + |p - B|)

where r^2 = |C - a F - (1 - a) B|^2, here as the mean over 3 x 3 pixels, and a may overshoot 0..1 by
`overshoot` times what noise makes of it: else pairs would be preferred in which a is too large near
0 and too small near 1.

    paper        here
    C            image[row, col, :], sRGB-coded
    F, B, a      foreground, background and alpha of a pair, a = (C - B).(F - B) / |F - B|^2

Layout: see sampling.pxd. clearance[row, col, side] is a cell's chessboard distance, 255 at most, to
the nearest cell with a known pixel of side 0, background, or 1, foreground: so far a ray can leap
without passing one over. pairs[0..2] are the F, pairs[3..5] the B of a cell and pairs[6] is 1 where
there is a pair.

Threads: each cell writes only its own pair, so the result does not depend on their number.
"""

from cython.parallel cimport prange
from libc.math cimport sqrtf

from sampling cimport CHANNELS, UNKNOWN, clamp

cdef enum:
    RAYS = 12
    PAIRS = 144         # RAYS foreground times RAYS background samples
    PATCH = 9
    PHASES = 64         # sets of directions, one for each cell of 8 x 8
    LONGEST = 255       # cells that a ray may leap over

cdef float FAR = 1e9


cdef struct Sample:
    float red
    float green
    float blue
    float distance


cdef inline void average_around(
    const float[:, :, ::1] image, const unsigned char[:, ::1] marks, Py_ssize_t row,
    Py_ssize_t col, float* colour,
) noexcept nogil:
    cdef Py_ssize_t r, c, k, count = 0
    for k in range(CHANNELS):
        colour[k] = 0
    for r in range(max(row - 1, 0), min(row + 2, marks.shape[0])):
        for c in range(max(col - 1, 0), min(col + 2, marks.shape[1])):
            if marks[r, c] == marks[row, col]:
                count += 1
                for k in range(CHANNELS):
                    colour[k] += image[r, c, k]
    for k in range(CHANNELS):
        colour[k] = colour[k] / count


cdef void shoot(
    const float[:, :, ::1] image, const unsigned char[:, ::1] marks,
    const short[:, :, ::1] picks, const unsigned char[:, :, ::1] clearance, Py_ssize_t pitch,
    float row, float col, float rise, float run,
    Sample* foreground, Sample* background, Py_ssize_t* found,
) noexcept nogil:
    """Leap from cell to cell until both sides are met or the picture ends."""
    cdef float y = row / pitch, x = col / pitch
    cdef float bottom = <float>clearance.shape[0], right = <float>clearance.shape[1]
    cdef int cell_row, cell_col, side, leap, place
    cdef int[2] sought
    cdef Py_ssize_t r, c
    cdef Sample* sample
    cdef float[CHANNELS] colour
    sought[0] = True
    sought[1] = True
    while (sought[0] or sought[1]) and 0 <= y < bottom and 0 <= x < right:
        cell_row = <int>y
        cell_col = <int>x
        leap = LONGEST
        for side in range(2):
            if not sought[side]:
                continue
            if clearance[cell_row, cell_col, side]:
                leap = min(leap, <int>clearance[cell_row, cell_col, side])
                continue
            sought[side] = False
            place = picks[2 * side, cell_row, cell_col]
            r = cell_row * pitch + place // pitch
            c = cell_col * pitch + place % pitch
            sample = (background if side == 0 else foreground) + found[side]
            average_around(image, marks, r, c, colour)
            sample.red = colour[0]
            sample.green = colour[1]
            sample.blue = colour[2]
            sample.distance = sqrtf((r - row) * (r - row) + (c - col) * (c - col))
            found[side] += 1
        y = y + leap * rise
        x = x + leap * run


cdef void pair_cell(
    const float[:, :, ::1] image, const unsigned char[:, ::1] marks,
    const short[:, :, ::1] picks, const unsigned char[:, :, ::1] clearance,
    const float[:, :, ::1] directions, Py_ssize_t pitch, Py_ssize_t cell_row,
    Py_ssize_t cell_col, float noise, float overshoot, float[:, :, ::1] pairs,
) noexcept nogil:
    cdef Sample foreground[RAYS]
    cdef Sample background[RAYS]
    cdef float[PAIRS] red, green, blue, inverse, away, fit, share, slack
    cdef float own_red, own_green, own_blue
    cdef float[PAIRS] back_red, back_green, back_blue
    cdef Py_ssize_t[2] found
    cdef Py_ssize_t place = picks[UNKNOWN, cell_row, cell_col]
    cdef Py_ssize_t row = cell_row * pitch + place // pitch, col = cell_col * pitch + place % pitch
    cdef Py_ssize_t phase = (cell_row % 8 * 8 + cell_col % 8) * 27 % PHASES
    cdef Py_ssize_t ray, f, b, n, count, step, r, c, best = 0
    cdef float e0, e1, e2, a, cost, least
    found[0] = 0
    found[1] = 0
    for ray in range(RAYS):
        shoot(
            image, marks, picks, clearance, pitch, <float>row, <float>col,
            directions[phase, ray, 0], directions[phase, ray, 1], foreground, background, found,
        )
    if found[0] == 0 or found[1] == 0:
        return
    count = 0
    for f in range(found[1]):
        for b in range(found[0]):
            red[count] = foreground[f].red - background[b].red
            green[count] = foreground[f].green - background[b].green
            blue[count] = foreground[f].blue - background[b].blue
            back_red[count] = background[b].red
            back_green[count] = background[b].green
            back_blue[count] = background[b].blue
            inverse[count] = 1 / (
                red[count] * red[count] + green[count] * green[count] + blue[count] * blue[count]
                + <float>1e-5
            )
            away[count] = (foreground[f].distance + 1) * (background[b].distance + 1)
            fit[count] = 0
            slack[count] = overshoot * sqrtf(noise * inverse[count])
            count += 1
    for step in range(PATCH):
        r = clamp(row + step // 3 - 1, 0, image.shape[0] - 1)
        c = clamp(col + step % 3 - 1, 0, image.shape[1] - 1)
        own_red = image[r, c, 0]
        own_green = image[r, c, 1]
        own_blue = image[r, c, 2]
        # Clamps apart, as in judge.
        for n in range(count):
            a = (
                (own_red - back_red[n]) * red[n] + (own_green - back_green[n]) * green[n]
                + (own_blue - back_blue[n]) * blue[n]
            ) * inverse[n]
            share[n] = a if a > -slack[n] else -slack[n]
        for n in range(count):
            a = share[n]
            share[n] = a if a < 1 + slack[n] else 1 + slack[n]
        for n in range(count):
            a = share[n]
            e0 = own_red - back_red[n] - a * red[n]
            e1 = own_green - back_green[n] - a * green[n]
            e2 = own_blue - back_blue[n] - a * blue[n]
            fit[n] = fit[n] + e0 * e0 + e1 * e1 + e2 * e2
    least = FAR
    for n in range(count):
        cost = fit[n] / PATCH + noise
        cost = cost * cost * away[n]
        if cost < least:
            least = cost
            best = n
    pairs[0, cell_row, cell_col] = red[best] + back_red[best]
    pairs[1, cell_row, cell_col] = green[best] + back_green[best]
    pairs[2, cell_row, cell_col] = blue[best] + back_blue[best]
    pairs[3, cell_row, cell_col] = back_red[best]
    pairs[4, cell_row, cell_col] = back_green[best]
    pairs[5, cell_row, cell_col] = back_blue[best]
    pairs[6, cell_row, cell_col] = 1


def pair(
    const float[:, :, ::1] image not None,
    const unsigned char[:, ::1] marks not None,
    const short[:, :, ::1] picks not None,
    const unsigned char[:, :, ::1] clearance not None,
    const float[:, :, ::1] directions not None,
    Py_ssize_t pitch,
    float noise,
    float overshoot,
    float[:, :, ::1] pairs not None,
    int num_threads,
):
    """Find a foreground and a background colour for every cell with an unknown pixel."""
    cdef Py_ssize_t cell, across = picks.shape[2]
    for cell in prange(
        picks.shape[1] * across, schedule="dynamic", chunksize=256, num_threads=num_threads,
        nogil=True,
    ):
        if picks[UNKNOWN, cell // across, cell % across] >= 0:
            pair_cell(
                image, marks, picks, clearance, directions, pitch, cell // across,
                cell % across, noise, overshoot, pairs,
            )
