"""Alpha of every unknown pixel from the pairs of cells around it, and how far to trust it.

The third pass of colour sampling. As in

    E. Gastal, M. Oliveira, "Shared Sampling for Real-Time Alpha Matting", Eurographics 2010

neighbours share their pairs; but a mean over all shared pairs takes the place of the best few, and
its variance says how sure it is:

    w = (1 - |p - q|^2 / reach^2)^2 / (r^2 + noise)^3,     alpha = mean of a with weights w
    variance = mean of (a - alpha)^2 + misfit (r^2 + noise) / |F - B|^2

A colour that a pair leaves unexplained across F - B may err as much along it, and more where the
true F or B is nowhere known; hence misfit. a may overshoot 0..1 by `overshoot` times what noise
makes of it: cut off at 0 and 1, noise would become a bias, which the solver cannot average away.

    paper        here
    C            image[row, col, :], sRGB-coded
    F, B, a      foreground, background and alpha of a pair, a = (C - B).(F - B) / |F - B|^2

Layout: see sampling.pxd; pairs as in colour_pairing.pyx.

Threads: a tile writes only its own pixels, so the result does not depend on their number.
"""

from cython.parallel cimport prange
from libc.math cimport sqrtf

from sampling cimport AREA, TILE, Cells, Pixels, cells_around, collect, tiles_along


cdef struct Sums:
    float weight[AREA]      # sum of w
    float first[AREA]       # of w a
    float second[AREA]      # of w a^2
    float spread[AREA]      # of w (r^2 + noise) / |F - B|^2


cdef void judge(
    const Pixels* pixels, const float* pair_colours, float row, float col, float inverse_reach,
    float noise, float overshoot, Sums* sums,
) noexcept nogil:
    """Add one pair to the sums of every pixel, by how well it explains the pixel's colour."""
    cdef Py_ssize_t n
    cdef float b0 = pair_colours[3], b1 = pair_colours[4], b2 = pair_colours[5]
    cdef float d0 = pair_colours[0] - b0, d1 = pair_colours[1] - b1, d2 = pair_colours[2] - b2
    cdef float inverse = 1 / (d0 * d0 + d1 * d1 + d2 * d2 + <float>1e-5)
    cdef float[AREA] share, near
    cdef float e0, e1, e2, a, y, x, w, fit, slack = overshoot * sqrtf(noise * inverse)
    # Clamps stand in loops of their own: of two in a row GCC makes branches, and no vectors.
    for n in range(pixels.count):
        a = (
            (pixels.red[n] - b0) * d0 + (pixels.green[n] - b1) * d1 + (pixels.blue[n] - b2) * d2
        ) * inverse
        share[n] = a if a > -slack else -slack
    for n in range(pixels.count):
        a = share[n]
        share[n] = a if a < 1 + slack else 1 + slack
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
    float reach, float noise, float overshoot, float misfit, float strength, float doubt,
    float least,
    float[:, ::1] prior, float[:, ::1] weight,
) noexcept nogil:
    cdef Pixels pixels
    cdef Sums sums
    cdef float[6] colours
    cdef float a, variance
    cdef Py_ssize_t n, c, row, col, cell_row, cell_col
    cdef Cells cells
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
    cells = cells_around(top, left, reach, pitch, pairs.shape[1], pairs.shape[2])
    for cell_row in range(cells.top, cells.bottom):
        for cell_col in range(cells.left, cells.right):
            if pairs[6, cell_row, cell_col] == 0:
                continue
            for c in range(6):
                colours[c] = pairs[c, cell_row, cell_col]
            judge(
                &pixels, colours, (cell_row + <float>0.5) * pitch, (cell_col + <float>0.5) * pitch,
                1 / (reach * reach), noise, overshoot, &sums,
            )
    for n in range(pixels.own):
        if sums.weight[n] < <float>1e-20:
            continue
        row = <Py_ssize_t>pixels.row[n]
        col = <Py_ssize_t>pixels.col[n]
        a = sums.first[n] / sums.weight[n]
        variance = (sums.second[n] + misfit * sums.spread[n]) / sums.weight[n] - a * a
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
    float overshoot,
    float misfit,
    float strength,
    float doubt,
    float least,
    float[:, ::1] prior not None,
    float[:, ::1] weight not None,
    int num_threads,
):
    """Write alpha and its weight where the trimap is 128 and a match or pairs were found."""
    cdef Py_ssize_t tile, across = tiles_along(trimap.shape[1])
    for tile in prange(
        tiles_along(trimap.shape[0]) * across, schedule="dynamic", chunksize=8,
        num_threads=num_threads, nogil=True,
    ):
        estimate_tile(
            image, trimap, marks, pairs, trust, pitch,
            tile // across * TILE, tile % across * TILE,
            reach, noise, overshoot, misfit, strength, doubt, least, prior, weight,
        )
