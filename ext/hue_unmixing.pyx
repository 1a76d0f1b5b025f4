"""Alpha of each pixel by unmixing it into the plate and one of several hues, all of them voting.

For a hue h, C = u h + v B by least squares, lengths in standard deviations of the noise:

    u = max((C.h B.B - C.B B.h) / (h.h B.B - B.h^2), 0),   v = (C.B - u B.h) / B.B.

It votes 1 - v with

    support[h] exp(-|C - u h - v B|^2 / 2 (plane^2 + (spread u |h|)^2) - (log(u / (1 - v)) - m)^2 / 2 s)

where m and s are mean and variance of log-lightness of things of that hue, s with the error of u and
v added; and 1, for being opaque, with certain = accident known^2 and

    certain * support[h] exp(-|C - t h|^2 / 2 (plane^2 + (ray known |C|)^2)).

The classical key votes with a constant, for what no hue explains. The result is at least the bound that
0 <= F <= 1 gives, less a margin for noise. Without the votes for opaque it is called mixture. See
hybridbg/keying/alpha.py.

Both are multiplied by the presence of anything: 0 where the classical key's mean around a pixel is
within the noise, rising to 1. Beside them stands how far alpha and the three classical keys
1 - spill(C) / spill(B) agree.

Layout: linear, plate, keys, alpha, mixture and agreement are of the picture; support[row, col, hue] and
known[row, col] of smaller copies that cover it. Hues come divided by the noise; light[hue, 0..1] is
m and s. Pixels are worked on in strips of a row, so that loops over them become vectors; a strip
passes over hues that are common nowhere in it.

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange
from libc.math cimport fabsf, sqrtf

from plain_floats cimport at_least, decay, log_of, positive

cdef enum:
    STRIP = 16          # pixels
    CHANNELS = 3


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
    float low
    float high
    int channel         # the screen's, and the other two
    int first
    int second


cdef struct Strip:
    float[STRIP] c0, c1, c2         # colours and plate, divided by the noise
    float[STRIP] b0, b1, b2
    float[STRIP] cc, cb, bb         # their products
    float[STRIP] per_bb, root_bb    # 1 / B.B and its root
    float[STRIP] per_opaque         # 1 over the square of the distance to allow for
    float[STRIP] certain, ray
    float[STRIP] total, weight      # sums of votes for mixtures
    float[STRIP] opaque             # and for opaque


cdef void vote(
    Strip* s, const float* hue, float mean, float variance, const float* support,
    const Limits* limits,
) noexcept nogil:
    """Add the votes of one hue, for a mixture and for being opaque."""
    cdef float h0 = hue[0], h1 = hue[1], h2 = hue[2]
    cdef float hh = h0 * h0 + h1 * h1 + h2 * h2, length = sqrtf(hh), inverse = 1 / hh
    cdef float plane = limits.plane * limits.plane, spread = limits.spread * limits.spread * hh
    cdef float least_alpha = limits.least_alpha, tiny = <float>1e-30
    cdef float ch, bh, per_determinant, u, v, a, off, shade, first, second, error, mixed, opaque
    cdef Py_ssize_t n
    for n in range(STRIP):
        ch = s.c0[n] * h0 + s.c1[n] * h1 + s.c2[n] * h2
        bh = s.b0[n] * h0 + s.b1[n] * h1 + s.b2[n] * h2
        per_determinant = 1 / at_least(hh * s.bb[n] - bh * bh, tiny)
        u = positive((ch * s.bb[n] - s.cb[n] * bh) * per_determinant)
        v = (s.cb[n] - u * bh) * s.per_bb[n]
        off = positive(s.cc[n] - u * ch - v * s.cb[n]) / (plane + spread * u * u)
        a = at_least(1 - v, least_alpha)
        shade = log_of(at_least(u, tiny) / a) - mean
        # Errors of u and of v, relative to u and to alpha.
        first = at_least(length * u, 1)
        second = at_least(s.root_bb[n] * a, 1)
        error = (first + second) / (first * second)
        error = error * error * hh * s.bb[n] * per_determinant
        mixed = support[n] * decay(<float>0.5 * (off + shade * shade / (variance + error)))
        ch = positive(ch)
        off = positive(s.cc[n] - ch * ch * inverse) * s.per_opaque[n]
        opaque = s.certain[n] * support[n] * decay(<float>0.5 * off)
        s.total[n] += mixed * (1 - v)
        s.weight[n] += mixed
        s.opaque[n] += opaque


cdef inline float clip(float value) noexcept nogil:
    value = value if value > 0 else 0
    return value if value < 1 else 1


cdef inline float key_of(float excess, float backing, float least) noexcept nogil:
    return clip(1 - excess / (backing if backing > least else least))


cdef inline float smaller(float a, float b) noexcept nogil:
    return a if a < b else b


cdef inline float larger(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline float measured(const float[::1] colour, const float[::1] axis) noexcept nogil:
    return colour[0] * axis[0] + colour[1] * axis[1] + colour[2] * axis[2]


cdef void compare_row(
    const float[:, ::1] linear, const float[:, ::1] plate, const Limits* limits,
    const float[::1] alpha, float[::1] agreement,
) noexcept nogil:
    """Write the square of 1 less the range of alpha and the keys with average, max and min."""
    cdef int k = limits.channel, i = limits.first, j = limits.second
    cdef float room = limits.room, average, highest, lowest, low, high, c, c1, c2, b, b1, b2
    cdef Py_ssize_t col
    for col in range(linear.shape[0]):
        c = linear[col, k]
        c1 = linear[col, i]
        c2 = linear[col, j]
        b = plate[col, k]
        b1 = plate[col, i]
        b2 = plate[col, j]
        average = key_of(c - (c1 + c2) * <float>0.5, b - (b1 + b2) * <float>0.5, room)
        highest = key_of(c - larger(c1, c2), b - larger(b1, b2), room)
        lowest = key_of(c - smaller(c1, c2), b - smaller(b1, b2), room)
        low = smaller(smaller(alpha[col], average), smaller(highest, lowest))
        high = larger(larger(alpha[col], average), larger(highest, lowest))
        agreement[col] = (1 - high + low) * (1 - high + low)


cdef void unmix_strip(
    const float[:, ::1] linear, const float[:, ::1] plate, const float[::1] grey_key,
    const float[:, ::1] hues, const float[:, ::1] light, const float[:, ::1] support,
    const float[::1] known, const float[::1] noise, const float[:, ::1] metric,
    const Limits* limits, Py_ssize_t start, float[::1] alpha, float[::1] mixture,
) noexcept nogil:
    """Multiply `alpha` and `mixture` of one strip by what the hues say of it."""
    cdef Strip s
    cdef float[STRIP] common
    cdef Py_ssize_t[STRIP] near
    cdef Py_ssize_t count = min(STRIP, linear.shape[0] - start), n, col, i, k
    cdef float least, margin, room, most, worth, sure
    for n in range(STRIP):
        col = start + (n if n < count else count - 1)
        near[n] = col * support.shape[0] // linear.shape[0]
        s.c0[n] = measured(linear[col], metric[0])
        s.c1[n] = measured(linear[col], metric[1])
        s.c2[n] = measured(linear[col], metric[2])
        s.b0[n] = measured(plate[col], metric[0])
        s.b1[n] = measured(plate[col], metric[1])
        s.b2[n] = measured(plate[col], metric[2])
        sure = known[col * known.shape[0] // linear.shape[0]]
        s.certain[n] = limits.accident * sure * sure
        s.ray[n] = limits.ray * sure
        s.total[n] = limits.undecided * grey_key[col]
        s.weight[n] = limits.undecided
        s.opaque[n] = 0
    for n in range(STRIP):
        s.cc[n] = s.c0[n] * s.c0[n] + s.c1[n] * s.c1[n] + s.c2[n] * s.c2[n]
        s.cb[n] = s.c0[n] * s.b0[n] + s.c1[n] * s.b1[n] + s.c2[n] * s.b2[n]
        s.bb[n] = s.b0[n] * s.b0[n] + s.b1[n] * s.b1[n] + s.b2[n] * s.b2[n]
        s.per_bb[n] = 1 / s.bb[n]
        s.root_bb[n] = sqrtf(s.bb[n])
        s.per_opaque[n] = 1 / (limits.plane * limits.plane + s.ray[n] * s.ray[n] * s.cc[n])
    for k in range(hues.shape[0]):
        most = 0
        for n in range(STRIP):
            worth = support[near[n], k]
            common[n] = worth if worth >= limits.faint else 0
            most = max(most, worth)
        if most >= limits.faint:
            vote(&s, &hues[k, 0], light[k, 0], light[k, 1], common, limits)
    for n in range(count):
        col = start + n
        least = 0
        for i in range(CHANNELS):
            margin = limits.margin * noise[i]
            room = larger(1 - plate[col, i], limits.room)
            least = larger(least, (plate[col, i] - linear[col, i] - margin) / plate[col, i])
            least = larger(least, (linear[col, i] - plate[col, i] - margin) / room)
        alpha[col] *= clip(larger(
            least, (s.total[n] + s.opaque[n]) / (s.weight[n] + s.opaque[n])))
        mixture[col] *= clip(larger(least, s.total[n] / s.weight[n]))


cdef void unmix_row(
    const float[:, ::1] linear, const float[:, ::1] plate, const float[::1] grey_key,
    const float[::1] mean_key, const float[:, ::1] hues, const float[:, ::1] light,
    const float[:, ::1] support, const float[::1] known, const float[::1] noise,
    const float[:, ::1] metric, const Limits* limits,
    float[::1] alpha, float[::1] mixture, float[::1] agreement,
) noexcept nogil:
    cdef Py_ssize_t col, strip, start
    cdef float scale = 1 / (limits.high - limits.low), most
    for col in range(linear.shape[0]):
        alpha[col] = clip((fabsf(mean_key[col]) - limits.low) * scale)
        mixture[col] = alpha[col]
    for strip in range((linear.shape[0] + STRIP - 1) // STRIP):
        start = strip * STRIP
        most = 0
        for col in range(start, min(start + STRIP, linear.shape[0])):
            most = larger(most, alpha[col])
        if most > 0:
            unmix_strip(linear, plate, grey_key, hues, light, support, known, noise, metric,
                        limits, start, alpha, mixture)
    compare_row(linear, plate, limits, alpha, agreement)


def unmix_pixels(
    const float[:, :, ::1] linear not None,
    const float[:, :, ::1] plate not None,
    const float[:, ::1] grey_key not None,
    const float[:, ::1] mean_key not None,
    const float[:, ::1] hues not None,
    const float[:, ::1] light not None,
    const float[:, :, ::1] support not None,
    const float[:, ::1] known not None,
    const float[::1] noise not None,
    const float[:, ::1] metric not None,
    const float[::1] constants not None,
    int channel,
    float[:, ::1] alpha not None,
    float[:, ::1] mixture not None,
    float[:, ::1] agreement not None,
    int num_threads,
):
    """Write `alpha`, `mixture` and `agreement`.

    `constants`: plane, spread, ray, the classical key's vote, the ray's weight, the bound's margin in
    standard deviations, the least room above the plate and the least spill of it, the support from
    which on a hue votes, the least alpha that lightness is divided by, and the mean key up to which
    there is nothing and from which there is something. `channel` is the screen's.
    """
    cdef Py_ssize_t row, near, sure
    cdef Limits limits = Limits(
        constants[0], constants[1], constants[2], constants[3], constants[4], constants[5],
        constants[6], constants[7], constants[8], constants[9], constants[10],
        channel, (channel + 1) % 3, (channel + 2) % 3,
    )
    for row in prange(linear.shape[0], schedule="dynamic", num_threads=num_threads, nogil=True):
        near = row * support.shape[0] // linear.shape[0]
        sure = row * known.shape[0] // linear.shape[0]
        unmix_row(linear[row], plate[row], grey_key[row], mean_key[row], hues, light,
                  support[near], known[sure], noise, metric, &limits, alpha[row],
                  mixture[row], agreement[row])
