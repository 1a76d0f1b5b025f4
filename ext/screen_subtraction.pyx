"""The screen taken off colours: subtracted, the rest divided by alpha, and its spill taken out.

With C the picture, B the plate, a alpha, P what is left of the light, _ means of a neighbourhood and
m = max(faint - a, 0) / faint how much of a pixel's colour its neighbours tell,

    P = min(max(C - (1 - a) B, 0), a),     F = min((P + m P_) / (a + m a_), 1).

With k the screen's channel, i < j the others and spill s = max(F_k - limit(F_i, F_j), 0), F_k loses
strength * s, and all channels get as much of the light that is to replace it.

Layout: linear, plate, light and foreground[row, col, :]; alpha[row, col]; the means around[row, col, :]
and cover[row, col] are smooth, and given on a copy of any size, between whose pixels they are
interpolated linearly; the corners of both coincide.

Threads: each row writes only its own, so the result does not depend on their number.
"""

from cython.parallel cimport prange

cdef enum:              # limits
    WEIGHTED = 0
    HIGHER = 1
    LOWER = 2


cdef struct Despill:
    int channel
    int first
    int second
    int limit
    float weight        # of the first channel; the second has the rest
    float strength
    float[3] restored   # light for each unit of spill that is removed


cdef inline float within(float value, float high) noexcept nogil:
    value = value if value > 0 else 0
    return value if value < high else high


cdef void subtract_row(
    const float[:, ::1] linear, const float[:, ::1] plate, const float[::1] alpha,
    float[:, ::1] light,
) noexcept nogil:
    cdef Py_ssize_t col, k
    for col in range(linear.shape[0]):
        if alpha[col] <= 0:
            light[col, 0] = light[col, 1] = light[col, 2] = 0
        else:
            for k in range(3):
                light[col, k] = within(
                    linear[col, k] - (1 - alpha[col]) * plate[col, k], alpha[col]
                )


def subtract(
    const float[:, :, ::1] linear not None,
    const float[:, :, ::1] plate not None,
    const float[:, ::1] alpha not None,
    float[:, :, ::1] light not None,
    int num_threads,
):
    """Write P, premultiplied."""
    cdef Py_ssize_t row
    for row in prange(linear.shape[0], schedule="static", num_threads=num_threads, nogil=True):
        subtract_row(linear[row], plate[row], alpha[row], light[row])


cdef struct Place:      # between two pixels of a copy
    Py_ssize_t first
    Py_ssize_t second
    float share         # of the second


cdef inline Place place_of(Py_ssize_t index, Py_ssize_t size, Py_ssize_t copied) noexcept nogil:
    cdef Place place
    cdef float at = (index + <float>0.5) * copied / size - <float>0.5
    at = at if at > 0 else 0
    place.first = <Py_ssize_t>at
    place.second = place.first + 1 if place.first + 1 < copied else place.first
    place.share = at - place.first
    return place


cdef inline float between(float first, float second, float share) noexcept nogil:
    return first + share * (second - first)


cdef void divide_row(
    const float[:, ::1] light, const float[::1] alpha, const float[:, :, ::1] around,
    const float[:, ::1] cover, Place down, float faint, float[:, ::1] foreground,
) noexcept nogil:
    cdef Py_ssize_t col, k
    cdef Place along
    cdef float missing, weight, mean
    for col in range(light.shape[0]):
        if alpha[col] >= faint:
            for k in range(3):
                foreground[col, k] = within(light[col, k] / alpha[col], 1)
            continue
        along = place_of(col, light.shape[0], cover.shape[1])
        missing = (faint - alpha[col]) / faint
        mean = between(
            between(cover[down.first, along.first], cover[down.first, along.second], along.share),
            between(cover[down.second, along.first], cover[down.second, along.second], along.share),
            down.share,
        )
        weight = alpha[col] + missing * mean
        weight = weight if weight > <float>1.2e-38 else <float>1.2e-38
        for k in range(3):
            mean = between(
                between(around[down.first, along.first, k], around[down.first, along.second, k],
                        along.share),
                between(around[down.second, along.first, k], around[down.second, along.second, k],
                        along.share),
                down.share,
            )
            foreground[col, k] = within((light[col, k] + missing * mean) / weight, 1)


def divide(
    const float[:, :, ::1] light not None,
    const float[:, ::1] alpha not None,
    const float[:, :, ::1] around not None,
    const float[:, ::1] cover not None,
    float faint,
    float[:, :, ::1] foreground not None,
    int num_threads,
):
    """Write F, straight."""
    cdef Py_ssize_t row
    for row in prange(light.shape[0], schedule="static", num_threads=num_threads, nogil=True):
        divide_row(light[row], alpha[row], around, cover,
                   place_of(row, light.shape[0], cover.shape[0]), faint, foreground[row])


cdef void despill_row(float[:, ::1] foreground, const Despill* plan) noexcept nogil:
    cdef Py_ssize_t col, k
    cdef float first, second, limit, removed
    for col in range(foreground.shape[0]):
        first = foreground[col, plan.first]
        second = foreground[col, plan.second]
        limit = plan.weight * first + (1 - plan.weight) * second
        if plan.limit == HIGHER:
            limit = first if first > second else second
        elif plan.limit == LOWER:
            limit = first if first < second else second
        removed = foreground[col, plan.channel] - limit
        if removed > 0:
            removed = removed * plan.strength
            foreground[col, plan.channel] -= removed
            for k in range(3):
                if plan.restored[k] > 0:
                    foreground[col, k] = within(foreground[col, k] + removed * plan.restored[k], 1)


def despill(
    float[:, :, ::1] foreground not None,
    int channel,
    int limit,
    float weight,
    float strength,
    const float[::1] restored not None,
    int num_threads,
):
    """Take the spill out of straight colours, in place.

    `limit` is 1 for the higher of the other channels, 2 for the lower and 0 for `weight` times the
    first of them in RGB order with the rest of the second.
    """
    cdef Py_ssize_t row
    cdef Despill plan
    plan.channel = channel
    plan.first = 1 if channel == 0 else 0
    plan.second = 1 if channel == 2 else 2
    plan.limit = limit
    plan.weight = weight
    plan.strength = strength
    for row in range(3):
        plan.restored[row] = restored[row]
    for row in prange(
        foreground.shape[0], schedule="static", num_threads=num_threads, nogil=True
    ):
        despill_row(foreground[row], &plan)
