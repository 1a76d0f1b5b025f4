"""What the passes of colour sampling share: sides, tiles, and the unknown pixels of a tile.

Lay-out: a picture is divided into cells of pitch x pitch pixels. picks[side, row, col] is the pixel
that stands for background, unknown or foreground in a cell, as row * pitch + col within the cell,
or -1. Passes over pixels copy the unknown ones of a TILE x TILE tile into planes and run over these
for every sample, so that the inner loop is over contiguous floats.
"""

cdef enum:
    CHANNELS = 3
    TILE = 16
    AREA = 256          # pixels of a tile
    LANES = 16          # planes are filled up to a multiple of this

cdef enum:              # sides
    BACKGROUND = 0
    UNKNOWN = 1
    FOREGROUND = 2


cdef struct Pixels:
    Py_ssize_t count    # with the filling
    Py_ssize_t own      # without
    float red[AREA]
    float green[AREA]
    float blue[AREA]
    float row[AREA]
    float col[AREA]


cdef struct Cells:
    Py_ssize_t top
    Py_ssize_t bottom
    Py_ssize_t left
    Py_ssize_t right


cdef inline Py_ssize_t clamp(Py_ssize_t value, Py_ssize_t low, Py_ssize_t high) noexcept nogil:
    return low if value < low else (high if value > high else value)


cdef inline Cells cells_around(
    Py_ssize_t top, Py_ssize_t left, float reach, Py_ssize_t pitch, Py_ssize_t rows,
    Py_ssize_t cols,
) noexcept nogil:
    """Cells that pixels of a tile reach, without those past `bottom` and `right`."""
    cdef Py_ssize_t spread = <Py_ssize_t>reach // pitch + 1
    cdef Cells cells
    cells.top = max(top // pitch - spread, 0)
    cells.bottom = min((top + TILE - 1) // pitch + spread + 1, rows)
    cells.left = max(left // pitch - spread, 0)
    cells.right = min((left + TILE - 1) // pitch + spread + 1, cols)
    return cells


cdef inline Py_ssize_t tiles_along(Py_ssize_t pixels) noexcept nogil:
    return (pixels + TILE - 1) // TILE


cdef inline void fill_up(Pixels* pixels) noexcept nogil:
    """Repeat the last pixel, if there is any, up to a multiple of `LANES`."""
    cdef Py_ssize_t n = pixels.own
    while n % LANES != 0:
        pixels.red[n] = pixels.red[n - 1]
        pixels.green[n] = pixels.green[n - 1]
        pixels.blue[n] = pixels.blue[n - 1]
        pixels.row[n] = pixels.row[n - 1]
        pixels.col[n] = pixels.col[n - 1]
        n += 1
    pixels.count = n


cdef inline void collect(
    const float[:, :, ::1] image, const unsigned char[:, ::1] trimap,
    Py_ssize_t top, Py_ssize_t left, Pixels* pixels,
) noexcept nogil:
    """Copy the unknown pixels of a tile; fill up with the last one."""
    cdef Py_ssize_t row, col, n = 0
    for row in range(top, min(top + TILE, trimap.shape[0])):
        for col in range(left, min(left + TILE, trimap.shape[1])):
            if trimap[row, col] == 128:
                pixels.red[n] = image[row, col, 0]
                pixels.green[n] = image[row, col, 1]
                pixels.blue[n] = image[row, col, 2]
                pixels.row[n] = <float>row
                pixels.col[n] = <float>col
                n += 1
    pixels.own = n
    fill_up(pixels)
