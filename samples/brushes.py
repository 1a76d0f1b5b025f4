"""Brushes for painting the samples: noise, strokes with exact coverage, layers, colour codes.

Everything is linear light in float64 and NumPy only, apart from OpenCV's Gaussian blur. Nothing
chaotic feeds on a rounding error, so that the pictures come out the same on every machine: the
random numbers come from `numpy.random.RandomState`, whose streams are frozen for good, and values
are rounded once, at the end. Pixel (row, column) has its centre at exactly (row, column).
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

ROWS, COLUMNS = 384, 512
# The finest hair is drawn at least this thick (half width, pixels): thinner ones only cost time.
THINNEST = 0.05


def rgb(code):
    """Linear light of an sRGB colour written as "#rrggbb"."""
    return decode(np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255)


def decode(coded):
    """SRGB code values to linear light, IEC 61966-2-1."""
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def encode(linear):
    """Linear light to sRGB code values, IEC 61966-2-1."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def to_bytes(values):
    """Round [0, 1] to uint8."""
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def grid(scale=1):
    """Row and column of every pixel; with `scale` n, of n x n samples inside every pixel."""
    rows, columns = ((np.arange(count * scale) + 0.5) / scale - 0.5 for count in (ROWS, COLUMNS))
    return np.meshgrid(rows, columns, indexing="ij")


def blur(values, sigma):
    """Gaussian blur of a picture or a matte, the border repeated."""
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def noise(random, cell, octaves=4, *, stretch=(1, 1)):
    """Fractal value noise of mean 0 and about unit range; `cell` is its coarsest period in pixels.

    `stretch` multiplies the period along (rows, columns), for grain.
    """
    total = np.zeros((ROWS, COLUMNS))
    for octave in range(octaves):
        size = cell / 2**octave
        row, column = grid()
        if stretch == (1, 1):
            # Each octave turned another way hides the lattice.
            cosine, sine = np.cos(0.5 + octave), np.sin(0.5 + octave)
            row, column = cosine * row + sine * column, cosine * column - sine * row
        row, column = (
            (row - row.min()) / (size * stretch[0]),
            (column - column.min()) / (size * stretch[1]),
        )
        lattice = random.rand(int(row.max()) + 3, int(column.max()) + 3) - 0.5
        total += _smooth_lookup(lattice, row, column) / 2**octave
    return total


def _smooth_lookup(lattice, row, column):
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    down, right = (t * t * (3 - 2 * t) for t in (row - top, column - left))
    above = lattice[top, left] * (1 - right) + lattice[top, left + 1] * right
    below = lattice[top + 1, left] * (1 - right) + lattice[top + 1, left + 1] * right
    return above * (1 - down) + below * down


def mix(first, second, weight):
    """Blend two colours (or pictures) by a weight per pixel."""
    weight = np.clip(weight, 0, 1)[..., None]
    return first * (1 - weight) + second * weight


def bezier(*control, steps=48):
    """Points of the Bezier curve of the given (row, column) control points."""
    t = np.linspace(0, 1, steps)[:, None]
    level = [np.asarray(point, dtype=np.float64) for point in control]
    while len(level) > 1:
        level = [a * (1 - t) + b * t for a, b in itertools.pairwise(level)]
    return level[0]


def circle(centre, radius, *, start=0.0, turn=2 * np.pi, steps=200):
    """Points of an arc, angles in radians, clockwise from three o'clock."""
    angle = start + np.linspace(0, turn, steps)
    return np.stack(
        [centre[0] + radius * np.sin(angle), centre[1] + radius * np.cos(angle)], axis=1
    )


def coverage(distance):
    """Coverage of a pixel by a half plane whose edge is `distance` away (negative: inside)."""
    return np.clip(0.5 - distance, 0, 1)


class Layer:
    """A picture with alpha, painted back to front; colours are kept premultiplied."""

    def __init__(self):
        self.colour = np.zeros((ROWS, COLUMNS, 3))
        self.alpha = np.zeros((ROWS, COLUMNS))

    def fill(self, alpha, colour):
        """Lay a colour (or a picture) over everything, with an alpha per pixel."""
        alpha = np.broadcast_to(alpha, self.alpha.shape)
        self.colour = alpha[..., None] * colour + (1 - alpha[..., None]) * self.colour
        self.alpha = alpha + (1 - alpha) * self.alpha

    def over(self, other):
        """Lay another layer over this one."""
        self.colour = other.colour + (1 - other.alpha[..., None]) * self.colour
        self.alpha = other.alpha + (1 - other.alpha) * self.alpha

    def stroke(self, points, radius, colour, *, round_light=0.0, opacity=1.0):
        """Lay a tapered curve over everything, with its exact coverage of each pixel.

        Parameters
        ----------
        points : ndarray of shape (N, 2)
            (row, column) along the curve.
        radius : float or ndarray of shape (N,)
            Half of the curve's width in pixels; less than half a pixel gives a faint curve.
        colour : ndarray of shape (3,) or (N, 3)
            Linear light along the curve.
        round_light : float
            0 for a flat ribbon; towards 1 for a rod lit from the upper left.
        opacity : float
            Alpha of full coverage.
        """
        count = len(points)
        radius = np.maximum(np.broadcast_to(np.asarray(radius, np.float64), (count,)), THINNEST)
        colour = np.broadcast_to(np.asarray(colour, np.float64), (count, 3))
        start, step = points[:-1], np.diff(points, axis=0)
        length = np.maximum(np.hypot(*step.T), 1e-9)
        reach = int(np.ceil(radius.max() + length.max() / 2 + 1))
        offset = np.arange(-reach, reach + 1)
        middle = np.round(start + step / 2).astype(int)
        row = (middle[:, 0, None, None] + offset[:, None] + 0 * offset).reshape(count - 1, -1)
        column = (middle[:, 1, None, None] + 0 * offset[:, None] + offset).reshape(count - 1, -1)
        # Where along the segment, and how far to its side, each pixel of its window lies.
        across = np.stack([row - start[:, :1], column - start[:, 1:]])
        unit = (step / length[:, None]).T[:, :, None]
        along = np.clip((across * unit).sum(axis=0), 0, length[:, None])
        side = across[1] * unit[0] - across[0] * unit[1]
        distance = np.hypot(*(across - along * unit))
        t = along / length[:, None]
        width = radius[:-1, None] * (1 - t) + radius[1:, None] * t
        covered = np.clip(
            np.minimum(width, distance + 0.5) - np.maximum(-width, distance - 0.5), 0, 1
        )
        segment, pixel = np.nonzero(
            (covered > 0) & (row >= 0) & (row < ROWS) & (column >= 0) & (column < COLUMNS)
        )
        if not len(segment):
            return
        here = segment, pixel
        place, amount = row[here] * COLUMNS + column[here], covered[here]
        # A pixel near several segments belongs to the one that covers it most.
        order = np.lexsort((segment, -amount, place))
        first = np.r_[True, np.diff(place[order]) > 0]
        chosen = order[first]
        place, amount, segment = place[chosen], opacity * amount[chosen, None], segment[chosen]
        t = t[here][chosen, None]
        paint = colour[segment] * (1 - t) + colour[segment + 1] * t
        if round_light:
            s = np.clip(side[here][chosen] / width[here][chosen], -1, 1)[:, None]
            lit = np.sqrt(1 - s**2) * 0.75 + 0.35 * np.exp(-((s - 0.45) ** 2) / 0.05)
            paint = paint * (1 - round_light + round_light * lit)
        flat_colour, flat_alpha = self.colour.reshape(-1, 3), self.alpha.reshape(-1)
        flat_colour[place] = amount * paint + (1 - amount) * flat_colour[place]
        flat_alpha[place] = amount[:, 0] + (1 - amount[:, 0]) * flat_alpha[place]

    def straight(self):
        """Return the foreground's own colours, continued smoothly where there is no foreground."""
        return _push_pull(self.colour, self.alpha)


def average(layers):
    """Average layers: what an open shutter sees if each shows for the same time."""
    total, count = Layer(), 0
    for layer in layers:
        total.colour, total.alpha = total.colour + layer.colour, total.alpha + layer.alpha
        count += 1
    total.colour, total.alpha = total.colour / count, total.alpha / count
    return total


def softened(layer, sigma=0.45):
    """Blur a layer as a real lens does: never quite sharp to the pixel."""
    layer.colour, layer.alpha = blur(layer.colour, sigma), blur(layer.alpha, sigma)
    return layer


def _push_pull(colour, alpha):
    """Divide colour by alpha; where alpha is nothing, take the average of the neighbourhood."""
    if min(alpha.shape) == 1:
        return colour / np.maximum(alpha, 1e-12)[..., None]
    padded = [np.pad(a, [(0, a.shape[0] % 2), (0, a.shape[1] % 2)] + [(0, 0)] * (a.ndim - 2))
              for a in (colour, alpha)]  # fmt: skip
    halves = [a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2] for a in padded]
    # Weights saturate: a neighbourhood with any opaque pixel counts as known.
    scale = np.minimum(1, 1 / np.maximum(halves[1], 1e-12))
    coarse = _push_pull(halves[0] * scale[..., None], halves[1] * scale)
    fill = cv2.resize(coarse, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    own = colour / np.maximum(alpha, 1e-12)[..., None]
    # From 2 % alpha down the neighbourhood takes over: there the quotient means little.
    trust = np.clip(alpha / 0.02, 0, 1)[..., None]
    return trust * own + (1 - trust) * fill
