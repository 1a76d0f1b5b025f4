"""How far each pixel has, but for shading, one of several hues that are common around it.

    likeness = max over hues h of  min(support[h] / common, 1) exp(-|C / sum(C) - h|^2 / 2 alike^2)

Layout: linear and likeness are of the picture; support[row, col, hue] of a smaller copy that covers
it; hues[hue, :] sum to 1. Of the hues the last, grey, is passed over.

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange

from plain_floats cimport decay

# Half the squared distance, in `alike`, at which a likeness is nothing.
cdef float BEYOND = 12


cdef void compare_row(
    const float[:, ::1] linear, const unsigned char[::1] asked, const float[:, ::1] hues,
    const float[:, ::1] support, float common, float alike, float darkest, float[::1] likeness,
) noexcept nogil:
    cdef Py_ssize_t col, near, k, hue_count = hues.shape[0] - 1
    cdef float scale = 1 / (2 * alike * alike)
    cdef float total, r, g, b, x, y, z, distance, worth, best
    for col in range(linear.shape[0]):
        if asked[col] == 0:
            likeness[col] = 0
            continue
        near = col * support.shape[0] // linear.shape[0]
        total = linear[col, 0] + linear[col, 1] + linear[col, 2]
        total = 1 / (total if total > darkest else darkest)
        r = linear[col, 0] * total
        g = linear[col, 1] * total
        b = linear[col, 2] * total
        best = 0
        for k in range(hue_count):
            x = r - hues[k, 0]
            y = g - hues[k, 1]
            z = b - hues[k, 2]
            distance = (x * x + y * y + z * z) * scale
            if distance < BEYOND:
                worth = support[near, k] / common
                worth = (worth if worth < 1 else 1) * decay(distance)
                best = worth if worth > best else best
        likeness[col] = best


def compare_hues(
    const float[:, :, ::1] linear not None,
    const unsigned char[:, ::1] asked not None,
    const float[:, ::1] hues not None,
    const float[:, :, ::1] support not None,
    float common,
    float alike,
    float darkest,
    float[:, ::1] likeness not None,
    int num_threads,
):
    """Write `likeness`, 0 where nobody asked; a colour's sum counts as `darkest` at least."""
    cdef Py_ssize_t row, near
    for row in prange(linear.shape[0], schedule="static", num_threads=num_threads, nogil=True):
        near = row * support.shape[0] // linear.shape[0]
        compare_row(
            linear[row], asked[row], hues, support[near], common, alike, darkest, likeness[row]
        )
