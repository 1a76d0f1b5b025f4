"""How far each pixel is from the plate: the classical key, its mean around, and the distance.

With k the screen's channel, i and j the others, B the plate and s(X) = X_k - (X_i + X_j) / 2,

    key = 1 - s(C) / s(B),     distance = |C - B| / |B|,

s(B) and |B| being `least` and `darkest` at least. Linear light.

The mean is weighted, by the same odd number of weights down and across; beyond the border the picture
is mirrored.

Layout: linear and plate[row, col, :]; grey_key, mean_key and distance[row, col].

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange
from libc.math cimport sqrtf
from libc.stdlib cimport free, malloc

cdef enum:
    BAND = 32           # rows that one buffer serves


cdef void compare_row(
    const float[:, ::1] linear, const float[:, ::1] plate, int k, float least, float darkest,
    float[::1] grey_key, float[::1] distance,
) noexcept nogil:
    cdef int i = (k + 1) % 3, j = (k + 2) % 3
    cdef Py_ssize_t col
    cdef float c0, c1, c2, b0, b1, b2, backing, length
    for col in range(linear.shape[0]):
        c0 = linear[col, k]
        c1 = linear[col, i]
        c2 = linear[col, j]
        b0 = plate[col, k]
        b1 = plate[col, i]
        b2 = plate[col, j]
        backing = b0 - <float>0.5 * (b1 + b2)
        backing = backing if backing > least else least
        grey_key[col] = 1 - (c0 - <float>0.5 * (c1 + c2)) / backing
        length = sqrtf(b0 * b0 + b1 * b1 + b2 * b2)
        length = length if length > darkest else darkest
        c0 = c0 - b0
        c1 = c1 - b1
        c2 = c2 - b2
        distance[col] = sqrtf(c0 * c0 + c1 * c1 + c2 * c2) / length


def compare_pixels(
    const float[:, :, ::1] linear not None,
    const float[:, :, ::1] plate not None,
    int channel,
    float least,
    float darkest,
    float[:, ::1] grey_key not None,
    float[:, ::1] distance not None,
    int num_threads,
):
    """Write the classical key, not clipped, and the relative distance of every pixel."""
    cdef Py_ssize_t row
    for row in prange(linear.shape[0], schedule="static", num_threads=num_threads, nogil=True):
        compare_row(linear[row], plate[row], channel, least, darkest, grey_key[row], distance[row])


cdef inline Py_ssize_t mirrored(Py_ssize_t index, Py_ssize_t count) noexcept nogil:
    """Index of the pixel that stands for one beyond the border; the outermost stands once."""
    while index < 0 or index >= count:
        if count == 1:
            return 0
        index = -index if index < 0 else 2 * (count - 1) - index
    return index


cdef void average_row(
    const float[:, ::1] plane, Py_ssize_t row, const float[::1] weights, float* padded,
    float[::1] mean,
) noexcept nogil:
    cdef Py_ssize_t count = plane.shape[1], reach = weights.shape[0] // 2, col, k, source
    cdef float weight
    cdef float* middle = padded + reach
    cdef float* out = &mean[0]
    cdef const float* line
    for col in range(count):
        middle[col] = 0
    for k in range(weights.shape[0]):
        line = &plane[mirrored(row + k - reach, plane.shape[0]), 0]
        weight = weights[k]
        for col in range(count):
            middle[col] += weight * line[col]
    for k in range(reach):
        middle[-1 - k] = middle[mirrored(-1 - k, count)]
        middle[count + k] = middle[mirrored(count + k, count)]
    for col in range(count):
        out[col] = 0
    for k in range(weights.shape[0]):
        weight = weights[k]
        for col in range(count):
            out[col] += weight * padded[col + k]


def average_pixels(
    const float[:, ::1] plane not None,
    const float[::1] weights not None,
    float[:, ::1] mean not None,
    int num_threads,
):
    """Write the weighted mean around every pixel; `weights`, an odd number of them, sum to 1."""
    cdef Py_ssize_t band, row, width = plane.shape[1] + weights.shape[0]
    cdef Py_ssize_t bands = (plane.shape[0] + BAND - 1) // BAND
    cdef float* padded = <float*>malloc(bands * width * sizeof(float))
    if padded == NULL:
        raise MemoryError
    for band in prange(bands, schedule="static", num_threads=num_threads, nogil=True):
        for row in range(band * BAND, min((band + 1) * BAND, plane.shape[0])):
            average_row(plane, row, weights, padded + band * width, mean[row])
    free(padded)
