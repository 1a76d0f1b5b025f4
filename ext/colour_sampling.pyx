"""Alpha of unknown pixels from the colours of known ones, with a confidence for each.

Three passes, each a gather over what the one before wrote. They follow

    E. Gastal, M. Oliveira, "Shared Sampling for Real-Time Alpha Matting", Eurographics 2010
    K. He, C. Rhemann, C. Rother, X. Tang, J. Sun, "A Global Sampling Method for Alpha Matting",
    CVPR 2011

in that samples are known colours found along rays, pairs of them are judged by how well they
explain a colour and by how near they are, and neighbours share their pairs; and differ in that a
mean over all shared pairs takes the place of the best few, whose variance says how sure it is.

1. match: an unknown pixel whose colour (and place, a little) is that of a known pixel nearby, and
   not that of one of the other side, is of that pixel's side from now on. This matters most: it
   brings the samples close to where colours truly mix.

       d(p, q) = |C_p - C_q|^2 + closeness |p - q|^2

2. pair: one unknown pixel of every cell shoots rays; each yields the first foreground F and the
   first background B it meets. The cell keeps the pair with the least

       (r^2 + noise)^2 (1 + |p - F|) (1 + |p - B|)

   where r^2 = |C - a F - (1 - a) B|^2, here as the mean over 3 x 3 pixels.

3. estimate: every pixel still unknown judges by its own colour the pairs kept by cells around it

       w = (1 - |p - q|^2 / reach^2)^2 / (r^2 + noise)^3,     alpha = mean of a with weights w

Where colours change evenly over a neighbourhood, closed-form matting is at its best and a sample
from afar at its worst. survey fits a plane to the mean colours of 5 x 5 cells; where that explains
nearly all of them, no weight is given.

    paper        here
    C            image[row, col, :], sRGB-coded
    F, B, a      foreground, background and alpha of a pair, a = (C - B).(F - B) / |F - B|^2 in 0..1

Layout: the picture is divided into cells of pitch x pitch pixels. picks[side, row, col] is the
pixel that stands for background, unknown or foreground in a cell, as row * pitch + col within the
cell, or -1. pairs[0..2] are the F, pairs[3..5] the B of a cell and pairs[6] is 1 where there is
a pair.
Passes 1 and 3 copy the unknown pixels of a TILE x TILE tile into planes and run over these for
every sample, so that the inner loop is over contiguous floats.

Threads: a pass writes only cells or tiles of its own, so the result does not depend on the number
of threads.
"""

from cython.parallel cimport prange
from libc.math cimport sqrtf

cdef enum:
    CHANNELS = 3
    TILE = 16
    AREA = 256          # pixels of a tile
    LANES = 16          # planes are filled up to a multiple of this
    RAYS = 12
    PAIRS = 144         # RAYS foreground times RAYS background samples
    PATCH = 9
    PHASES = 64         # sets of directions, one for each cell of 8 x 8

cdef enum:              # sides
    BACKGROUND = 0
    UNKNOWN = 1
    FOREGROUND = 2

cdef float FAR = 1e9


cdef void average_cell_row(
    const float[:, :, ::1] image, Py_ssize_t pitch, Py_ssize_t cell_row, float[:, :, ::1] means,
) noexcept nogil:
    cdef Py_ssize_t cell_col, row, col, c, bottom, right
    cdef float[CHANNELS] total
    cdef float scale
    bottom = min((cell_row + 1) * pitch, image.shape[0])
    for cell_col in range(means.shape[1]):
        right = min((cell_col + 1) * pitch, image.shape[1])
        total[0] = total[1] = total[2] = 0
        for row in range(cell_row * pitch, bottom):
            for col in range(cell_col * pitch, right):
                for c in range(CHANNELS):
                    total[c] += image[row, col, c]
        scale = <float>1 / ((bottom - cell_row * pitch) * (right - cell_col * pitch))
        for c in range(CHANNELS):
            means[cell_row, cell_col, c] = total[c] * scale


cdef void survey_cell_row(
    const float[:, :, ::1] means, const short[:, :, ::1] picks, Py_ssize_t cell_row,
    float even, float faint, float rounding, float[:, ::1] trust,
) noexcept nogil:
    """Compare what a plane explains of 5 x 5 cells' colours (slope) with what it leaves (rest)."""
    cdef Py_ssize_t cell_col, c, i, j, row, col
    cdef float value, total, squares, down, across, slope, rest
    for cell_col in range(means.shape[1]):
        if picks[UNKNOWN, cell_row, cell_col] < 0:
            continue
        slope = 0
        rest = 0
        for c in range(CHANNELS):
            total = squares = down = across = 0
            for i in range(-2, 3):
                row = clamp(cell_row + i, 0, means.shape[0] - 1)
                for j in range(-2, 3):
                    col = clamp(cell_col + j, 0, means.shape[1] - 1)
                    # From the middle, lest squares cancel.
                    value = means[row, col, c] - means[cell_row, cell_col, c]
                    total += value
                    squares += value * value
                    down += i * value
                    across += j * value
            slope += (down * down + across * across) / 50   # sum of i^2 over the 25 cells
            rest += squares - total * total / 25
        rest = rest - slope - rounding
        rest = rest if rest > 0 else 0
        value = (rest + faint) / (even * slope + faint / 4) - 1
        trust[cell_row, cell_col] = value if value < 1 else 1
        if value < 0:
            trust[cell_row, cell_col] = 0


def survey(
    const float[:, :, ::1] image not None,
    const short[:, :, ::1] picks not None,
    Py_ssize_t pitch,
    float even,
    float faint,
    float rounding,
    float[:, :, ::1] means not None,
    float[:, ::1] trust not None,
    int num_threads,
):
    """Write cells' mean colours, and 0..1 where a cell has unknown pixels: 0 is an even slope."""
    cdef Py_ssize_t cell_row
    for cell_row in prange(
        means.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        average_cell_row(image, pitch, cell_row, means)
    for cell_row in prange(
        means.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        survey_cell_row(means, picks, cell_row, even, faint, rounding, trust)


cdef struct Pixels:
    Py_ssize_t count    # with the filling
    Py_ssize_t own      # without
    float red[AREA]
    float green[AREA]
    float blue[AREA]
    float row[AREA]
    float col[AREA]


cdef struct Sample:
    float red
    float green
    float blue
    float distance


cdef inline Py_ssize_t clamp(Py_ssize_t value, Py_ssize_t low, Py_ssize_t high) noexcept nogil:
    return low if value < low else (high if value > high else value)


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
    """Find a pixel for each side in every cell of a trimap (0 / 128 / 255)."""
    cdef Py_ssize_t cell_row
    for cell_row in prange(
        picks.shape[1], schedule="static", num_threads=num_threads, nogil=True
    ):
        pick_cell_row(trimap, pitch, cell_row, picks)


cdef void collect(
    const float[:, :, ::1] image, const unsigned char[:, ::1] trimap,
    Py_ssize_t top, Py_ssize_t left, Pixels* pixels,
) noexcept nogil:
    """Copy the unknown pixels of a tile; fill up with the last one."""
    cdef Py_ssize_t row, col, n = 0
    for row in range(top, min(top + TILE, trimap.shape[0])):
        for col in range(left, min(left + TILE, trimap.shape[1])):
            if trimap[row, col] == 128:
                pixels.red[n] = image[row, col, 0]
                pixels.green[n] = image[row, col, 1]
                pixels.blue[n] = image[row, col, 2]
                pixels.row[n] = <float>row
                pixels.col[n] = <float>col
                n += 1
    pixels.own = n
    if n == 0:
        return
    while n % LANES != 0:
        pixels.red[n] = pixels.red[n - 1]
        pixels.green[n] = pixels.green[n - 1]
        pixels.blue[n] = pixels.blue[n - 1]
        pixels.row[n] = pixels.row[n - 1]
        pixels.col[n] = pixels.col[n - 1]
        n += 1
    pixels.count = n


cdef inline float outside(float value, float low, float high) noexcept nogil:
    """How far a value is from an interval."""
    cdef float below = low - value, above = value - high
    below = below if below > above else above
    return below if below > 0 else 0


cdef void nearest(
    const Pixels* pixels, float red, float green, float blue, float row, float col,
    float closeness, float* best,
) noexcept nogil:
    """Lower best[n] to the distance d of pixel n from one sample."""
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


cdef void match_tile(
    const float[:, :, ::1] image, const unsigned char[:, ::1] trimap,
    const short[:, :, ::1] picks, Py_ssize_t pitch, Py_ssize_t top, Py_ssize_t left,
    float tolerance, float closeness, float ratio, unsigned char[:, ::1] marks,
) noexcept nogil:
    cdef Pixels pixels
    cdef float[2][AREA] best
    cdef float[CHANNELS] low, high
    cdef float value, reach, seen, gap, total
    cdef Py_ssize_t n, c, side, row, col, cell_row, cell_col, spread
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
        low[0] = min(low[0], pixels.red[n])
        high[0] = max(high[0], pixels.red[n])
        low[1] = min(low[1], pixels.green[n])
        high[1] = max(high[1], pixels.green[n])
        low[2] = min(low[2], pixels.blue[n])
        high[2] = max(high[2], pixels.blue[n])
    # Nothing further than this can make a match, or unmake one.
    seen = tolerance / (ratio * ratio)
    spread = <Py_ssize_t>(sqrtf(tolerance / closeness)) // pitch + 1
    for cell_row in range(
        max(top // pitch - spread, 0),
        min((top + TILE - 1) // pitch + spread + 1, picks.shape[1]),
    ):
        for cell_col in range(
            max(left // pitch - spread, 0),
            min((left + TILE - 1) // pitch + spread + 1, picks.shape[2]),
        ):
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
                    <float>row, <float>col, closeness, best[side],
                )
    for n in range(pixels.own):
        row = <Py_ssize_t>pixels.row[n]
        col = <Py_ssize_t>pixels.col[n]
        if best[0][n] < tolerance and best[0][n] < ratio * ratio * best[1][n]:
            marks[row, col] = 0
        elif best[1][n] < tolerance and best[1][n] < ratio * ratio * best[0][n]:
            marks[row, col] = 255


def match(
    const float[:, :, ::1] image not None,
    const unsigned char[:, ::1] trimap not None,
    const short[:, :, ::1] picks not None,
    Py_ssize_t pitch,
    float tolerance,
    float closeness,
    float ratio,
    unsigned char[:, ::1] marks not None,
    int num_threads,
):
    """Give unknown pixels in `marks`, a copy of the trimap, the side of what they look like."""
    cdef Py_ssize_t down = (trimap.shape[0] + TILE - 1) // TILE
    cdef Py_ssize_t across = (trimap.shape[1] + TILE - 1) // TILE
    cdef Py_ssize_t tile
    for tile in prange(
        down * across, schedule="dynamic", chunksize=8, num_threads=num_threads, nogil=True
    ):
        match_tile(
            image, trimap, picks, pitch, tile // across * TILE, tile % across * TILE,
            tolerance, closeness, ratio, marks,
        )


cdef void shoot(
    const float[:, :, ::1] image, const short[:, :, ::1] picks, Py_ssize_t pitch,
    float row, float col, float rise, float run,
    Sample* foreground, Sample* background, Py_ssize_t* found,
) noexcept nogil:
    """Walk from cell to cell until both sides are met or the picture ends."""
    cdef float y = row / pitch, x = col / pitch
    cdef Py_ssize_t cell_row, cell_col, r, c, side
    cdef bint sought[2]
    cdef int place
    cdef Sample* sample
    sought[0] = True
    sought[1] = True
    while sought[0] or sought[1]:
        if not (0 <= y < picks.shape[1] and 0 <= x < picks.shape[2]):
            return
        cell_row = <Py_ssize_t>y
        cell_col = <Py_ssize_t>x
        for side in range(2):
            place = picks[2 * side, cell_row, cell_col]
            if place >= 0 and sought[side]:
                sought[side] = False
                r = cell_row * pitch + place // pitch
                c = cell_col * pitch + place % pitch
                sample = (background if side == 0 else foreground) + found[side]
                sample.red = image[r, c, 0]
                sample.green = image[r, c, 1]
                sample.blue = image[r, c, 2]
                sample.distance = sqrtf((r - row) * (r - row) + (c - col) * (c - col))
                found[side] += 1
        y = y + rise
        x = x + run


cdef void pair_cell(
    const float[:, :, ::1] image, const short[:, :, ::1] picks, const float[:, :, ::1] directions,
    Py_ssize_t pitch, Py_ssize_t cell_row, Py_ssize_t cell_col, float noise,
    float[:, :, ::1] pairs,
) noexcept nogil:
    cdef Sample foreground[RAYS]
    cdef Sample background[RAYS]
    cdef float[PAIRS] red, green, blue, inverse, away, fit, share
    cdef float own_red, own_green, own_blue
    cdef float[PAIRS] back_red, back_green, back_blue
    cdef Py_ssize_t[2] found
    cdef Py_ssize_t place = picks[UNKNOWN, cell_row, cell_col]
    cdef Py_ssize_t row = cell_row * pitch + place // pitch, col = cell_col * pitch + place % pitch
    cdef Py_ssize_t phase = (cell_row % 8 * 8 + cell_col % 8) * 27 % PHASES
    cdef Py_ssize_t ray, f, b, n, count, step, r, c
    cdef float e0, e1, e2, a, cost, least
    found[0] = 0
    found[1] = 0
    for ray in range(RAYS):
        shoot(
            image, picks, pitch, <float>row, <float>col,
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
            share[n] = a if a > 0 else 0
        for n in range(count):
            a = share[n]
            share[n] = a if a < 1 else 1
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
            f = n
    pairs[0, cell_row, cell_col] = red[f] + back_red[f]
    pairs[1, cell_row, cell_col] = green[f] + back_green[f]
    pairs[2, cell_row, cell_col] = blue[f] + back_blue[f]
    pairs[3, cell_row, cell_col] = back_red[f]
    pairs[4, cell_row, cell_col] = back_green[f]
    pairs[5, cell_row, cell_col] = back_blue[f]
    pairs[6, cell_row, cell_col] = 1


def pair(
    const float[:, :, ::1] image not None,
    const short[:, :, ::1] picks not None,
    const float[:, :, ::1] directions not None,
    Py_ssize_t pitch,
    float noise,
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
                image, picks, directions, pitch, cell // across, cell % across, noise, pairs
            )


cdef struct Sums:
    float weight[AREA]      # sum of w
    float first[AREA]       # of w a
    float second[AREA]      # of w a^2
    float spread[AREA]      # of w (r^2 + noise) / |F - B|^2


cdef void judge(
    const Pixels* pixels, const float* pair_colours, float row, float col, float inverse_reach,
    float noise, Sums* sums,
) noexcept nogil:
    """Add one pair to the sums of every pixel, by how well it explains the pixel's colour."""
    cdef Py_ssize_t n
    cdef float b0 = pair_colours[3], b1 = pair_colours[4], b2 = pair_colours[5]
    cdef float d0 = pair_colours[0] - b0, d1 = pair_colours[1] - b1, d2 = pair_colours[2] - b2
    cdef float inverse = 1 / (d0 * d0 + d1 * d1 + d2 * d2 + <float>1e-5)
    cdef float[AREA] share, near
    cdef float e0, e1, e2, a, y, x, w, fit
    # Clamps stand in loops of their own: of two in a row GCC makes branches, and no vectors.
    for n in range(pixels.count):
        a = (
            (pixels.red[n] - b0) * d0 + (pixels.green[n] - b1) * d1 + (pixels.blue[n] - b2) * d2
        ) * inverse
        share[n] = a if a > 0 else 0
    for n in range(pixels.count):
        a = share[n]
        share[n] = a if a < 1 else 1
    for n in range(pixels.count):
        y = pixels.row[n] - row
        x = pixels.col[n] - col
        w = 1 - (y * y + x * x) * inverse_reach
        near[n] = w if w > 0 else 0
    for n in range(pixels.count):
        a = share[n]
        e0 = pixels.red[n] - b0 - a * d0
        e1 = pixels.green[n] - b1 - a * d1
        e2 = pixels.blue[n] - b2 - a * d2
        fit = e0 * e0 + e1 * e1 + e2 * e2 + noise
        w = near[n] * near[n] * (noise * noise * noise) / (fit * fit * fit)
        sums.weight[n] += w
        sums.first[n] += w * a
        sums.second[n] += w * a * a
        sums.spread[n] += w * fit * inverse


cdef void estimate_tile(
    const float[:, :, ::1] image, const unsigned char[:, ::1] trimap,
    const unsigned char[:, ::1] marks, const float[:, :, ::1] pairs,
    const float[:, ::1] trust, Py_ssize_t pitch, Py_ssize_t top, Py_ssize_t left,
    float reach, float noise, float strength, float doubt, float least,
    float[:, ::1] prior, float[:, ::1] weight,
) noexcept nogil:
    cdef Pixels pixels
    cdef Sums sums
    cdef float[6] colours
    cdef float a, variance
    cdef Py_ssize_t n, c, row, col, cell_row, cell_col, spread
    for row in range(top, min(top + TILE, trimap.shape[0])):
        for col in range(left, min(left + TILE, trimap.shape[1])):
            if trimap[row, col] == 128 and marks[row, col] != 128:
                prior[row, col] = 1 if marks[row, col] == 255 else 0
                weight[row, col] = strength * trust[row // pitch, col // pitch]
    collect(image, marks, top, left, &pixels)
    if pixels.own == 0:
        return
    for n in range(pixels.count):
        sums.weight[n] = 0
        sums.first[n] = 0
        sums.second[n] = 0
        sums.spread[n] = 0
    spread = <Py_ssize_t>reach // pitch + 1
    for cell_row in range(
        max(top // pitch - spread, 0),
        min((top + TILE - 1) // pitch + spread + 1, pairs.shape[1]),
    ):
        for cell_col in range(
            max(left // pitch - spread, 0),
            min((left + TILE - 1) // pitch + spread + 1, pairs.shape[2]),
        ):
            if pairs[6, cell_row, cell_col] == 0:
                continue
            for c in range(6):
                colours[c] = pairs[c, cell_row, cell_col]
            judge(
                &pixels, colours, (cell_row + <float>0.5) * pitch, (cell_col + <float>0.5) * pitch,
                1 / (reach * reach), noise, &sums,
            )
    for n in range(pixels.own):
        if sums.weight[n] < <float>1e-20:
            continue
        row = <Py_ssize_t>pixels.row[n]
        col = <Py_ssize_t>pixels.col[n]
        a = sums.first[n] / sums.weight[n]
        variance = (sums.second[n] + sums.spread[n]) / sums.weight[n] - a * a
        variance = variance if variance > 0 else 0
        if variance > 1:    # alpha could be anything
            continue
        prior[row, col] = a
        weight[row, col] = (
            strength * trust[row // pitch, col // pitch]
            * ((2 * a - 1) * (2 * a - 1) + least) * doubt / (doubt + variance)
        )


def estimate(
    const float[:, :, ::1] image not None,
    const unsigned char[:, ::1] trimap not None,
    const unsigned char[:, ::1] marks not None,
    const float[:, :, ::1] pairs not None,
    const float[:, ::1] trust not None,
    Py_ssize_t pitch,
    float reach,
    float noise,
    float strength,
    float doubt,
    float least,
    float[:, ::1] prior not None,
    float[:, ::1] weight not None,
    int num_threads,
):
    """Write alpha and its weight where the trimap is 128 and a match or pairs were found."""
    cdef Py_ssize_t down = (marks.shape[0] + TILE - 1) // TILE
    cdef Py_ssize_t across = (marks.shape[1] + TILE - 1) // TILE
    cdef Py_ssize_t tile
    for tile in prange(
        down * across, schedule="dynamic", chunksize=8, num_threads=num_threads, nogil=True
    ):
        estimate_tile(
            image, trimap, marks, pairs, trust, pitch,
            tile // across * TILE, tile % across * TILE,
            reach, noise, strength, doubt, least, prior, weight,
        )
