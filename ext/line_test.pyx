"""Whether colours around a pixel lie on a line through black, or on one that misses it.

With m the mean and S the covariance of the colours around, d the direction of S's largest eigenvalue
and B the screen: (u, v) of least squares m = u d + v B, hence with |d| = 1

    v = (m.B - m.d B.d) / (B.B - (B.d)^2),     u = m.d - v B.d,

is 0 in v where all is opaque. v counts as far as colours vary, lie on a line, and m in the plane of
d and B. See hybridbg/keying/shading.py. Eigenvalues of a symmetric matrix of order 3 are the roots
of a cubic (O. Smith, CACM 4(4), 1961), in double, as they are differences; the vector is a cross
product of rows of S - value.

Layout: sums[:, row, col] are weighted sums around a pixel: the weight, of R, G, B, and of RR, GR, GG,
BR, BG, BB; plate[row, col, :].

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange
from libc.math cimport acos, cos, sqrt

cdef enum:
    SUMS = 10

cdef double THIRD_TURN = 2.0943951023931953     # 2 pi / 3


cdef struct Limits:
    double noise        # constants of `test_lines`, in their order
    double varied_low
    double varied_high
    double straight_low
    double straight_high
    double off_low
    double off_high
    double least_sine   # its square, as the next
    double parallel


cdef inline double dot(const double* a, const double* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


cdef inline double ramp(double value, double low, double high) noexcept nogil:
    return min(max((value - low) / (high - low), 0.0), 1.0)


cdef inline void cross(const double* a, const double* b, double* product) noexcept nogil:
    product[0] = a[1] * b[2] - a[2] * b[1]
    product[1] = a[2] * b[0] - a[0] * b[2]
    product[2] = a[0] * b[1] - a[1] * b[0]


cdef void largest(const double* s, double* along, double* first, double* second) noexcept nogil:
    """Two largest eigenvalues of the matrix with lower triangle s, and the first's unit vector."""
    cdef double q = (s[0] + s[2] + s[5]) / 3
    cdef double a = s[0] - q, b = s[2] - q, c = s[5] - q
    cdef double p = sqrt(max(
        (a * a + b * b + c * c + 2 * (s[1] * s[1] + s[3] * s[3] + s[4] * s[4])) / 6, 0.0
    ))
    cdef double determinant = (
        a * (b * c - s[4] * s[4]) - s[1] * (s[1] * c - s[4] * s[3]) + s[3] * (s[1] * s[4] - b * s[3])
    )
    cdef double angle, size, best = 0
    cdef double[3][3] rows
    cdef double[3] product
    cdef int i, j, k
    along[0] = 1
    along[1] = 0
    along[2] = 0
    first[0] = q
    second[0] = q
    if p < 1e-30:
        return
    angle = acos(min(max(determinant / (2 * p * p * p), -1.0), 1.0)) / 3
    first[0] = q + 2 * p * cos(angle)
    second[0] = 3 * q - first[0] - (q + 2 * p * cos(angle + THIRD_TURN))
    rows[0][0] = s[0] - first[0]
    rows[0][1] = s[1]
    rows[0][2] = s[3]
    rows[1][0] = s[1]
    rows[1][1] = s[2] - first[0]
    rows[1][2] = s[4]
    rows[2][0] = s[3]
    rows[2][1] = s[4]
    rows[2][2] = s[5] - first[0]
    for i in range(3):
        j = (i + 1) % 3
        cross(rows[i], rows[j], product)
        size = dot(product, product)
        if size > best:
            best = size
            for k in range(3):
                along[k] = product[k] / sqrt(size)


cdef void test_pixel(
    const float* sums, const float* backing, const Limits* limits, float* share, float* trust
) noexcept nogil:
    """Write both where this trust is greater than what stands there."""
    cdef double total = sums[0], first, second, m_d, m_b, b_d, b_b, sine, u, v, off, belief
    cdef double[3] m, b, d, rest
    cdef double[6] s
    cdef int i, j, n = 0
    for i in range(3):
        m[i] = sums[1 + i] / total
        b[i] = backing[i]
        for j in range(i + 1):
            s[n] = sums[4 + n] / total - m[i] * m[j]
            n += 1
    largest(s, d, &first, &second)
    first = sqrt(max(first - limits.noise * limits.noise, 0.0))
    second = sqrt(max(second - limits.noise * limits.noise, 0.0))
    belief = ramp(first / max(limits.noise, 1e-6), limits.varied_low, limits.varied_high)
    belief *= ramp(
        first / max(second, max(limits.noise, 1e-6) / 2), limits.straight_low, limits.straight_high
    )
    if belief <= trust[0]:
        return
    m_d = dot(m, d)
    m_b = dot(m, b)
    b_d = dot(b, d)
    b_b = dot(b, b)
    sine = 1 - b_d * b_d / b_b
    v = (m_b - m_d * b_d) / (b_b * max(sine, limits.parallel))
    u = m_d - v * b_d
    for i in range(3):
        rest[i] = m[i] - u * d[i] - v * b[i]
    off = sqrt(dot(rest, rest)) / max(sqrt(dot(m, m)), limits.noise)
    belief *= 1 - ramp(off, limits.off_low, limits.off_high)
    if belief > trust[0]:
        trust[0] = <float>belief
        share[0] = <float>(1.0 if sine < limits.least_sine else min(max(v, 0.0), 1.0))


cdef void test_row(
    const float[:, :, ::1] planes, Py_ssize_t row, const float[:, ::1] plate,
    const unsigned char[::1] asked, const Limits* limits, float[::1] share, float[::1] trust,
) noexcept nogil:
    cdef Py_ssize_t col, k
    cdef float[SUMS] sums
    for col in range(asked.shape[0]):
        if asked[col]:
            for k in range(SUMS):
                sums[k] = planes[k, row, col]
            test_pixel(sums, &plate[col, 0], limits, &share[col], &trust[col])


def test_lines(
    const float[:, :, ::1] sums not None,
    const float[:, :, ::1] plate not None,
    const unsigned char[:, ::1] asked not None,
    const double[::1] constants not None,
    float[:, ::1] share not None,
    float[:, ::1] trust not None,
    int num_threads,
):
    """Write share of the screen and trust where pixels are asked and trust is more than it was.

    `constants`: standard deviation of the noise around; ramps from no trust to full of the variation
    along the line in those, and relative to that across it; ramp down of the distance from the plane;
    squares of the sine below which all is screen, and of one that is rounding.
    """
    cdef Py_ssize_t row
    cdef Limits limits = Limits(
        constants[0], constants[1], constants[2], constants[3], constants[4], constants[5],
        constants[6], constants[7], constants[8],
    )
    for row in prange(asked.shape[0], schedule="dynamic", num_threads=num_threads, nogil=True):
        test_row(sums, row, plate[row], asked[row], &limits, share[row], trust[row])
