"""Functions of floats, to six digits, in a form that compilers find vectors in.

Those of the C library are calls, one number at a time, and of two comparisons in a row GCC makes
branches. So a clamp is made of the sign's bit, powers of two of the exponent's bits, and the rest
of a polynomial: exp(r) on |r| <= log(2) / 2 (Taylor), log(m) on sqrt(1/2) <= m < sqrt(2) as
2 artanh((m - 1) / (m + 1)).
"""

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    static CYTHON_INLINE float hybridbg_from_bits(int32_t bits) {
        float value; memcpy(&value, &bits, 4); return value;
    }
    static CYTHON_INLINE int32_t hybridbg_to_bits(float value) {
        int32_t bits; memcpy(&bits, &value, 4); return bits;
    }
    static CYTHON_INLINE float hybridbg_positive(float x) {
        const int32_t bits = hybridbg_to_bits(x);
        return hybridbg_from_bits(bits & ~(bits >> 31));
    }
    static CYTHON_INLINE float hybridbg_decay(float x) {
        const float y = 80.0f - hybridbg_positive(80.0f - x);
        const int32_t n = (int32_t)(y * 1.44269504f + 0.5f);
        const float r = (float)n * 0.693147181f - y;
        const float e = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666667f
            + r * (0.0416666667f + r * (0.00833333333f + r * 0.00138888889f)))));
        return e * hybridbg_from_bits((127 - n) << 23);
    }
    static CYTHON_INLINE float hybridbg_log(float x) {
        const int32_t bits = hybridbg_to_bits(x) - 0x3f3504f3;
        const int32_t n = bits >> 23;
        const float m = hybridbg_from_bits((bits & 0x007fffff) + 0x3f3504f3);
        const float t = (m - 1.0f) / (m + 1.0f), s = t * t;
        return (float)n * 0.693147181f
            + 2.0f * t * (1.0f + s * (0.333333333f + s * (0.2f + s * 0.142857143f)));
    }
    """
    float positive "hybridbg_positive"(float x) noexcept nogil
    # max(x, 0)

    float decay "hybridbg_decay"(float x) noexcept nogil
    # exp(-x) for x >= 0

    float log_of "hybridbg_log"(float x) noexcept nogil
    # log(x) for normal x > 0


cdef inline float at_least(float x, float low) noexcept nogil:
    return low + positive(x - low)
