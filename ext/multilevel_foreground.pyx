"""One relaxation of multi-level foreground estimation.

Paper: T. Germer, T. Uelwer, S. Conrad, S. Harmeling, "Fast Multi-Level Foreground Estimation",
ICPR 2020, equation (6). For each pixel i and channel, with neighbours j above, below, left and
right, minimise over F_i and B_i

    (a_i F_i + (1 - a_i) B_i - I_i)^2 + sum over j of  w_ij ((F_i - F_j)^2 + (B_i - B_j)^2),
    w_ij = regularization + |a_i - a_j|

    paper   here
    I       image[row, col, c]
    a       alpha[row, col]
    F, B    foreground, background [row, col, c], updated in place and kept in [0, 1]

Threads: even rows run in parallel, then odd rows; a row needs only its own and its neighbours
above and below, so the result does not depend on the number of threads.
"""

from cython.parallel cimport prange
from libc.math cimport fabsf

cdef enum:
    CHANNELS = 3


cdef inline float clip(float value) noexcept nogil:
    return 0 if value < 0 else (1 if value > 1 else value)


cdef void relax_row(
    const float[:, :, ::1] image, const float[:, ::1] alpha, Py_ssize_t row, float regularization,
    bint fixed_background, float[:, :, ::1] foreground, float[:, :, ::1] background,
) noexcept nogil:
    cdef Py_ssize_t height = alpha.shape[0], width = alpha.shape[1]
    cdef Py_ssize_t up = max(row - 1, 0), down = min(row + 1, height - 1)
    cdef Py_ssize_t col, left, right, c
    cdef float a, b, total, a_up, a_down, a_left, a_right, ff, fb, bb, scale, side_f, side_b
    for col in range(width):
        left = max(col - 1, 0)
        right = min(col + 1, width - 1)
        a = alpha[row, col]
        b = 1 - a
        a_up = regularization + fabsf(a - alpha[up, col])
        a_down = regularization + fabsf(a - alpha[down, col])
        a_left = regularization + fabsf(a - alpha[row, left])
        a_right = regularization + fabsf(a - alpha[row, right])
        total = a_up + a_down + a_left + a_right
        ff = a * a + total
        fb = a * b
        bb = b * b + total
        scale = 1 / (ff * bb - fb * fb)
        for c in range(CHANNELS):
            side_f = (
                a_up * foreground[up, col, c] + a_down * foreground[down, col, c]
                + a_left * foreground[row, left, c] + a_right * foreground[row, right, c]
            )
            if fixed_background:
                side_f += a * (image[row, col, c] - b * background[row, col, c])
                foreground[row, col, c] = clip(side_f / ff)
                continue
            side_f += a * image[row, col, c]
            side_b = b * image[row, col, c] + (
                a_up * background[up, col, c] + a_down * background[down, col, c]
                + a_left * background[row, left, c] + a_right * background[row, right, c]
            )
            foreground[row, col, c] = clip((bb * side_f - fb * side_b) * scale)
            background[row, col, c] = clip((ff * side_b - fb * side_f) * scale)


def relax(
    const float[:, :, ::1] image not None,
    const float[:, ::1] alpha not None,
    float regularization,
    int iterations,
    bint fixed_background,
    float[:, :, ::1] foreground not None,
    float[:, :, ::1] background not None,
    int num_threads,
):
    """Improve `foreground` (and `background` unless fixed) in place by so many sweeps."""
    cdef Py_ssize_t parity, half, sweep
    for sweep in range(iterations):
        for parity in range(2):
            for half in prange(
                (alpha.shape[0] + 1 - parity) // 2,
                schedule="static", num_threads=num_threads, nogil=True,
            ):
                relax_row(
                    image, alpha, 2 * half + parity, regularization, fixed_background,
                    foreground, background,
                )
