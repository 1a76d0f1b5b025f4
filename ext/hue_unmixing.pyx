"""Alpha of each pixel by unmixing it into the plate and one of several hues, all of them voting.

For a hue h, C = u h + v B by least squares, lengths in standard deviations of the noise:

    u = max((C.h B.B - C.B B.h) / (h.h B.B - B.h^2), 0),   v = (C.B - u B.h) / B.B.

It votes 1 - v with support[h] exp(-|C - u h - v B|^2 / 2 (plane^2 + (spread u |h|)^2)), and 1, for
being opaque, with certain * support[h] exp(-|C - t h|^2 / 2 (plane^2 + (ray |C|)^2)). The classical
key votes with a constant, for what no hue explains. The result is at least the bound that
0 <= F <= 1 gives, less a margin for noise. See hybridbg/keying/alpha.py.

Layout: linear, plate and alpha are of the picture; support[row, col, hue] and known[row, col] of a
smaller copy that covers it. Hues come divided by the noise.

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange
from libc.math cimport expf


cdef inline float dot(const float* a, const float* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


cdef inline float vote_of(float square, float reach) noexcept nogil:
    return expf(square / (-2 * reach)) if square > 0 else 1


cdef float unmix(
    const float* c, const float* b, const float[:, ::1] hues, const float* support,
    float certain, float grey_key, float plane, float spread, float ray, float undecided,
) noexcept nogil:
    cdef float cc = dot(c, c), cb = dot(c, b), bb = dot(b, b), tiny = <float>1e-30
    cdef float total = undecided * grey_key, weight = undecided
    cdef float hh, ch, bh, u, v, determinant, vote, along
    cdef Py_ssize_t k
    for k in range(hues.shape[0]):
        hh = dot(&hues[k, 0], &hues[k, 0])
        ch = dot(c, &hues[k, 0])
        bh = dot(b, &hues[k, 0])
        determinant = hh * bb - bh * bh
        determinant = determinant if determinant > tiny else tiny
        u = (ch * bb - cb * bh) / determinant
        u = u if u > 0 else 0
        v = (cb - u * bh) / bb
        vote = support[k] * vote_of(
            cc - u * ch - v * cb, plane * plane + spread * spread * u * u * hh
        )
        total += vote * (1 - v)
        weight += vote
        along = ch if ch > 0 else 0
        vote = certain * support[k] * vote_of(
            cc - along * along / hh, plane * plane + ray * ray * cc
        )
        total += vote
        weight += vote
    return total / weight


cdef void unmix_row(
    const float[:, ::1] linear, const float[:, ::1] plate, const float[::1] grey_key,
    const float[:, ::1] hues, const float[:, ::1] support, const float[::1] known,
    const float[::1] noise, const float[::1] constants, float[::1] alpha,
) noexcept nogil:
    cdef Py_ssize_t col, near, i
    cdef float[3] c, b
    cdef float found, darker, lighter, margin, room
    for col in range(linear.shape[0]):
        if alpha[col] == 0:
            continue
        near = col * support.shape[0] // linear.shape[0]
        for i in range(3):
            c[i] = linear[col, i] / noise[i]
            b[i] = plate[col, i] / noise[i]
        found = unmix(
            c, b, hues, &support[near, 0], constants[4] * known[near] * known[near],
            grey_key[col], constants[0], constants[1], constants[2], constants[3],
        )
        for i in range(3):
            margin = constants[5] * noise[i]
            darker = (plate[col, i] - linear[col, i] - margin) / plate[col, i]
            room = 1 - plate[col, i]
            room = room if room > constants[6] else constants[6]
            lighter = (linear[col, i] - plate[col, i] - margin) / room
            found = max(found, darker, lighter)
        alpha[col] *= min(max(found, 0), 1)


def unmix_pixels(
    const float[:, :, ::1] linear not None,
    const float[:, :, ::1] plate not None,
    const float[:, ::1] grey_key not None,
    const float[:, ::1] hues not None,
    const float[:, :, ::1] support not None,
    const float[:, ::1] known not None,
    const float[::1] noise not None,
    const float[::1] constants not None,
    float[:, ::1] alpha not None,
    int num_threads,
):
    """Multiply `alpha` by what unmixing finds, where it is not 0.

    `constants`: plane, spread, ray, the classical key's vote, the ray's weight, the bound's margin in
    standard deviations, and the least room above the plate.
    """
    cdef Py_ssize_t row, near
    for row in prange(linear.shape[0], schedule="dynamic", num_threads=num_threads, nogil=True):
        near = row * support.shape[0] // linear.shape[0]
        unmix_row(linear[row], plate[row], grey_key[row], hues, support[near], known[near],
                  noise, constants, alpha[row])
