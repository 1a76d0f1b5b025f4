"""Row runs of a mask, and the way between a picture and the cells that stand for its pixels.

A run is a stretch of pixels in one row: (row, col, length). Cells are numbered along runs, so that
a run's pixels have the consecutive numbers start, start + 1, ... (see hybridbg/matting/layout.py).
Runs may reach beyond the picture; what lies there is left as it was.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memchr

ctypedef fused value:
    uint8_t
    float


cdef inline Py_ssize_t stretch(const uint8_t* mask, int kind, Py_ssize_t most) noexcept nogil:
    """How many of the next `most` pixels follow one another that are of a kind, 0 or 1."""
    cdef const void* other = memchr(mask, 1 - kind, most)
    return <const uint8_t*>other - mask if other != NULL else most


def count_runs(const uint8_t[:, ::1] mask not None):
    """Return how many runs of ones the rows of a mask of 0 and 1 hold."""
    cdef Py_ssize_t row, col, count = 0
    with nogil:
        for row in range(mask.shape[0]):
            count += mask[row, 0]
            for col in range(1, mask.shape[1]):
                count += mask[row, col] & (mask[row, col - 1] ^ 1)
    return count


def find_runs(
    const uint8_t[:, ::1] mask not None,
    int32_t[::1] run_row not None,
    int32_t[::1] run_col not None,
    int32_t[::1] run_length not None,
):
    """Write the runs of ones, row by row and from left to right."""
    cdef Py_ssize_t row, col, run = 0, begin
    with nogil:
        for row in range(mask.shape[0]):
            col = 0
            while True:
                begin = col + stretch(&mask[row, 0] + col, 0, mask.shape[1] - col)
                if begin == mask.shape[1]:
                    break
                col = begin + stretch(&mask[row, 0] + begin, 1, mask.shape[1] - begin)
                run_row[run] = <int32_t>row
                run_col[run] = <int32_t>begin
                run_length[run] = <int32_t>(col - begin)
                run += 1


def gather(
    const value[:, ::1] plane not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[::1] run_start not None,
    value[::1] cells not None,
):
    """cells[start + n] = plane[row, col + n]."""
    cdef Py_ssize_t run, col
    with nogil:
        for run in range(run_row.shape[0]):
            if 0 <= run_row[run] < plane.shape[0]:
                for col in range(
                    max(run_col[run], 0),
                    min(run_col[run] + run_length[run], plane.shape[1]),
                ):
                    cells[run_start[run] + col - run_col[run]] = plane[run_row[run], col]


def gather_colours(
    const float[:, :, ::1] rows not None,
    Py_ssize_t first_row,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[::1] run_start not None,
    float[:, ::1] cells not None,
):
    """Set cells[n] to (1, R, G, B) from `rows` of a picture, the first of which is `first_row`."""
    cdef Py_ssize_t run, row, col, cell
    with nogil:
        for run in range(run_row.shape[0]):
            row = run_row[run] - first_row
            if 0 <= row < rows.shape[0]:
                for col in range(
                    max(run_col[run], 0),
                    min(run_col[run] + run_length[run], rows.shape[1]),
                ):
                    cell = run_start[run] + col - run_col[run]
                    cells[cell, 0] = 1
                    cells[cell, 1] = rows[row, col, 0]
                    cells[cell, 2] = rows[row, col, 1]
                    cells[cell, 3] = rows[row, col, 2]


def scatter(
    const double[::1] cells not None,
    const int32_t[::1] run_row not None,
    const int32_t[::1] run_col not None,
    const int32_t[::1] run_length not None,
    const int64_t[::1] run_start not None,
    float[:, ::1] plane not None,
):
    """plane[row, col + n] = cells[start + n], kept within 0 and 1."""
    cdef Py_ssize_t run, n
    with nogil:
        for run in range(run_row.shape[0]):
            for n in range(run_length[run]):
                plane[run_row[run], run_col[run] + n] = <float>min(
                    max(cells[run_start[run] + n], 0.0), 1.0
                )
