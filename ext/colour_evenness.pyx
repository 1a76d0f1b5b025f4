"""Where colours change evenly over a neighbourhood, and sampling had better be silent.

There closed-form matting is at its best and a sample from afar at its worst. A plane is fitted to
the mean colours of 5 x 5 cells; where it explains nearly all of them, no trust is given.

Layout: see sampling.pxd. means[row, col, :] and trust[row, col] are of cells.

Threads: each row of cells writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange

from sampling cimport CHANNELS, UNKNOWN, clamp


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
