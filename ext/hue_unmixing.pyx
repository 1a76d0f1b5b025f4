"""Alpha of each pixel by unmixing it into the plate and one of several hues, all of them voting.

For a hue h, C = u h + v B by least squares, lengths in standard deviations of the noise:

    u = max((C.h B.B - C.B B.h) / (h.h B.B - B.h^2), 0),   v = (C.B - u B.h) / B.B.

It votes 1 - v with

    support[h] exp(-|C - u h - v B|^2 / 2 (plane^2 + (spread u |h|)^2) - (log(u / (1 - v)) - m)^2 / 2 s)

where m and s are mean and variance of log-lightness of things of that hue, s with the error of u and
v added; and 1, for being opaque, with
certain * support[h] exp(-|C - t h|^2 / 2 (plane^2 + (ray |C|)^2)). The classical
key votes with a constant, for what no hue explains. The result is at least the bound that
0 <= F <= 1 gives, less a margin for noise. See hybridbg/keying/alpha.py.

Beside it stands how far this alpha and the three classical keys 1 - spill(C) / spill(B) agree.

Layout: linear, plate, alpha and agreement are of the picture; support[row, col, hue] and
known[row, col] of a smaller copy that covers it. Hues come divided by the noise; light[hue, 0..1] is
m and s.

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange
from libc.math cimport expf, logf, sqrtf

# Squared distance, in standard deviations, at which a vote is nothing.
cdef float BEYOND = 24


cdef struct Limits:
    float plane         # constants of `unmix_pixels`, in their order
    float spread
    float ray
    float undecided
    float accident
    float margin
    float room
    float faint
    float least_alpha
    int channel         # the screen's, and the other two
    int first
    int second


cdef inline float dot(const float* a, const float* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


cdef float unmix(
    const float* c, const float* b, const float[:, ::1] hues, const float[:, ::1] light,
    const float* support, float certain, float grey_key, const Limits* limits,
) noexcept nogil:
    cdef float cc = dot(c, c), cb = dot(c, b), bb = dot(b, b), tiny = <float>1e-30
    cdef float total = limits.undecided * grey_key, weight = limits.undecided
    cdef float plane = limits.plane * limits.plane, spread = limits.spread * limits.spread
    cdef float opaque = plane + limits.ray * limits.ray * cc
    cdef float hh, ch, bh, u, v, a, determinant, vote, along, off, shade, error
    cdef Py_ssize_t k
    for k in range(hues.shape[0]):
        if support[k] < limits.faint:
            continue
        hh = dot(&hues[k, 0], &hues[k, 0])
        ch = dot(c, &hues[k, 0])
        bh = dot(b, &hues[k, 0])
        determinant = hh * bb - bh * bh
        determinant = determinant if determinant > tiny else tiny
        u = (ch * bb - cb * bh) / determinant
        u = u if u > 0 else 0
        v = (cb - u * bh) / bb
        off = max(cc - u * ch - v * cb, 0) / (plane + spread * u * u * hh)
        if off < BEYOND:
            a = max(1 - v, limits.least_alpha)
            shade = logf(max(u, tiny) / a) - light[k, 0]
            # Errors of u and of v, relative to u and to alpha.
            error = (
                sqrtf(hh * bb / determinant)
                * (1 / max(sqrtf(hh) * u, 1) + 1 / max(sqrtf(bb) * a, 1))
            )
            vote = support[k] * expf(
                <float>-0.5 * (off + shade * shade / (light[k, 1] + error * error))
            )
            total += vote * (1 - v)
            weight += vote
        along = ch if ch > 0 else 0
        off = max(cc - along * along / hh, 0) / opaque
        if off < BEYOND:
            vote = certain * support[k] * expf(<float>-0.5 * off)
            total += vote
            weight += vote
    return total / weight


cdef inline float key_of(float excess, float backing, float least) noexcept nogil:
    return min(max(1 - excess / max(backing, least), 0), 1)


cdef float agreement_of(
    const float* c, const float* b, float alpha, const Limits* limits
) noexcept nogil:
    """Square of 1 less the range of alpha and the keys with average, maximum and minimum."""
    cdef int k = limits.channel, i = limits.first, j = limits.second
    cdef float average = key_of(
        c[k] - (c[i] + c[j]) / 2, b[k] - (b[i] + b[j]) / 2, limits.room
    )
    cdef float highest = key_of(c[k] - max(c[i], c[j]), b[k] - max(b[i], b[j]), limits.room)
    cdef float lowest = key_of(c[k] - min(c[i], c[j]), b[k] - min(b[i], b[j]), limits.room)
    cdef float low = min(min(alpha, average), min(highest, lowest))
    cdef float high = max(max(alpha, average), max(highest, lowest))
    return (1 - high + low) * (1 - high + low)


cdef void unmix_row(
    const float[:, ::1] linear, const float[:, ::1] plate, const float[::1] grey_key,
    const float[:, ::1] hues, const float[:, ::1] light, const float[:, ::1] support,
    const float[::1] known, const float[::1] noise, const Limits* limits,
    float[::1] alpha, float[::1] agreement,
) noexcept nogil:
    cdef Py_ssize_t col, near, i
    cdef float[3] c, b
    cdef float found, darker, lighter, margin, room
    for col in range(linear.shape[0]):
        if alpha[col] > 0:
            near = col * support.shape[0] // linear.shape[0]
            for i in range(3):
                c[i] = linear[col, i] / noise[i]
                b[i] = plate[col, i] / noise[i]
            found = unmix(
                c, b, hues, light, &support[near, 0], limits.accident * known[near] * known[near],
                grey_key[col], limits,
            )
            for i in range(3):
                margin = limits.margin * noise[i]
                darker = (plate[col, i] - linear[col, i] - margin) / plate[col, i]
                room = 1 - plate[col, i]
                room = room if room > limits.room else limits.room
                lighter = (linear[col, i] - plate[col, i] - margin) / room
                found = max(found, darker, lighter)
            alpha[col] *= min(max(found, 0), 1)
        agreement[col] = agreement_of(&linear[col, 0], &plate[col, 0], alpha[col], limits)


def unmix_pixels(
    const float[:, :, ::1] linear not None,
    const float[:, :, ::1] plate not None,
    const float[:, ::1] grey_key not None,
    const float[:, ::1] hues not None,
    const float[:, ::1] light not None,
    const float[:, :, ::1] support not None,
    const float[:, ::1] known not None,
    const float[::1] noise not None,
    const float[::1] constants not None,
    int channel,
    float[:, ::1] alpha not None,
    float[:, ::1] agreement not None,
    int num_threads,
):
    """Multiply `alpha` by what unmixing finds, where it is not 0, and write `agreement`.

    `constants`: plane, spread, ray, the classical key's vote, the ray's weight, the bound's margin in
    standard deviations, the least room above the plate and the least spill of it, the support from
    which on a hue votes, and the least alpha that lightness is divided by. `channel` is the screen's.
    """
    cdef Py_ssize_t row, near
    cdef Limits limits = Limits(
        constants[0], constants[1], constants[2], constants[3], constants[4], constants[5],
        constants[6], constants[7], constants[8], channel, (channel + 1) % 3, (channel + 2) % 3,
    )
    for row in prange(linear.shape[0], schedule="dynamic", num_threads=num_threads, nogil=True):
        near = row * support.shape[0] // linear.shape[0]
        unmix_row(linear[row], plate[row], grey_key[row], hues, light, support[near], known[near],
                  noise, &limits, alpha[row], agreement[row])
