"""The preview's key: alpha by the classical colour difference, screen subtracted, despilled.

With k the screen's channel, i and j the others, B the plate and s(X) = X_k - (X_i + X_j) / 2,

    a = clip((1 - s(C) / s(B) - low) / (high - low)),   P = clip(C - (1 - a) B, 0, a),   F = P / a,

and F_k is at most (F_i + F_j) / 2 (Petro Vlahos's colour difference; Smith & Blinn 1996). Opaque
pixels and screen, which are most, take a short way round the division and the tables.

Layout: image[row, col, :] sRGB-coded bytes; plate[row, col, :] linear light; cutout[row, col, :]
straight RGBA bytes. decode[256] gives linear light of a byte, encode[n] the byte of (index / (n - 1)).

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange


cdef inline float clip(float value, float low, float high) noexcept nogil:
    return low if value < low else (high if value > high else value)


cdef void key_row(
    const unsigned char[:, ::1] image, const float[:, ::1] plate, int k, float low, float high,
    const float[::1] decode, const unsigned char[::1] encode, unsigned char[:, ::1] cutout,
) noexcept nogil:
    cdef int i = (k + 1) % 3, j = (k + 2) % 3
    cdef Py_ssize_t col, top = encode.shape[0] - 1
    cdef float ck, ci, cj, spill, backing, alpha, rest, scale, limit, span = high - low
    for col in range(image.shape[0]):
        ck = decode[image[col, k]]
        ci = decode[image[col, i]]
        cj = decode[image[col, j]]
        spill = ck - <float>0.5 * (ci + cj)
        backing = plate[col, k] - <float>0.5 * (plate[col, i] + plate[col, j])
        # Compared before it is divided: 1 - spill / backing <= low, or >= high.
        if spill >= (1 - low) * backing:
            cutout[col, 0] = cutout[col, 1] = cutout[col, 2] = cutout[col, 3] = 0
            continue
        if spill <= (1 - high) * backing:
            cutout[col, 3] = 255
            cutout[col, i] = image[col, i]
            cutout[col, j] = image[col, j]
            limit = <float>0.5 * (ci + cj)
            cutout[col, k] = (
                image[col, k] if ck <= limit else encode[<Py_ssize_t>(limit * top + <float>0.5)]
            )
            continue
        alpha = (1 - spill / backing - low) / span
        rest = 1 - alpha
        scale = top / alpha
        ck = clip(ck - rest * plate[col, k], 0, alpha)
        ci = clip(ci - rest * plate[col, i], 0, alpha)
        cj = clip(cj - rest * plate[col, j], 0, alpha)
        limit = <float>0.5 * (ci + cj)
        ck = ck if ck < limit else limit
        cutout[col, k] = encode[<Py_ssize_t>(ck * scale + <float>0.5)]
        cutout[col, i] = encode[<Py_ssize_t>(ci * scale + <float>0.5)]
        cutout[col, j] = encode[<Py_ssize_t>(cj * scale + <float>0.5)]
        cutout[col, 3] = <unsigned char>(255 * alpha + <float>0.5)


def key_pixels(
    const unsigned char[:, :, ::1] image not None,
    const float[:, :, ::1] plate not None,
    int channel,
    float low,
    float high,
    const float[::1] decode not None,
    const unsigned char[::1] encode not None,
    unsigned char[:, :, ::1] cutout not None,
    int num_threads,
):
    """Write the cut-out of a picture before its plate; 0 <= low < high <= 1."""
    cdef Py_ssize_t row
    for row in prange(image.shape[0], schedule="static", num_threads=num_threads, nogil=True):
        key_row(image[row], plate[row], channel, low, high, decode, encode, cutout[row])
