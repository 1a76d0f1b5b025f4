"""Matte errors and mask scores as plain loops, written from the papers, for small arrays only.

Rhemann et al., CVPR 2009, with the choices of the benchmark's published evaluation code where the
paper leaves room; Cheng et al., CVPR 2021; Fan et al., ICCV 2017; Lin et al., ECCV 2014. Nothing
here is shared with hybridbg. Sums are plain, not in thousands.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import deque

import numpy as np


def pixels(scored):
    """Indices of the scored pixels."""
    return [tuple(index) for index in np.argwhere(scored)]


def sad(alpha, truth, scored):
    return sum(abs(float(alpha[p]) - float(truth[p])) for p in pixels(scored))


def mse(alpha, truth, scored):
    errors = [(float(alpha[p]) - float(truth[p])) ** 2 for p in pixels(scored)]
    return sum(errors) / len(errors)


def mad(alpha, truth, scored):
    return sad(alpha, truth, scored) / int(scored.sum())


def gradient_error(alpha, truth, scored, sigma=1.4, epsilon=1e-2):
    first, second = (_gradient_amplitude(matte, sigma, epsilon) for matte in (alpha, truth))
    return sum((first[p] - second[p]) ** 2 for p in pixels(scored))


def _gradient_amplitude(matte, sigma, epsilon):
    """Amplitude of the response to two dense 2-D Gaussian derivative filters of unit energy."""

    def gauss(x):
        return math.exp(-(x**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))

    def dgauss(x):
        return -x * gauss(x) / sigma**2

    half = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * epsilon)))
    size = 2 * half + 1
    horizontal = np.array(
        [[gauss(i - half) * dgauss(j - half) for j in range(size)] for i in range(size)]
    )
    horizontal /= math.sqrt((horizontal**2).sum())
    rows, columns = matte.shape
    amplitude = np.zeros(matte.shape)
    for row in range(rows):
        for column in range(columns):
            x = y = 0.0
            for i in range(-half, half + 1):
                for j in range(-half, half + 1):
                    # Beyond the border the nearest pixel is repeated.
                    value = matte[
                        min(max(row + i, 0), rows - 1), min(max(column + j, 0), columns - 1)
                    ]
                    x += horizontal[i + half, j + half] * float(value)
                    y += horizontal[j + half, i + half] * float(value)
            amplitude[row, column] = math.hypot(x, y)
    return amplitude


def connectivity_error(alpha, truth, scored, step=0.1, theta=0.15):
    levels = [np.float32(k * step) for k in range(round(1 / step) + 1)]
    connected = {}
    for previous, level in itertools.pairwise(levels):
        source = _largest_component((alpha >= level) & (truth >= level))
        for p in pixels(np.ones_like(scored)):
            if p not in connected and p not in source:
                connected[p] = float(previous)
    total = 0.0
    for p in pixels(scored):
        phis = []
        for matte in (alpha, truth):
            distance = float(matte[p]) - connected.get(p, 1.0)
            phis.append(1 - (distance if distance >= theta else 0.0))
        total += abs(phis[0] - phis[1])
    return total


def _largest_component(mask):
    """The largest 4-connected component as a set of pixels, the first in scan order on a tie."""
    seen, best = set(), set()
    for start in pixels(mask):
        if start in seen:
            continue
        component, queue = {start}, deque([start])
        while queue:
            row, column = queue.popleft()
            for p in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                inside = 0 <= p[0] < mask.shape[0] and 0 <= p[1] < mask.shape[1]
                if inside and mask[p] and p not in component:
                    component.add(p)
                    queue.append(p)
        seen |= component
        if len(component) > len(best):
            best = component
    return best


def boundary_iou(mask, truth, width):
    bands = [
        {p for p in pixels(matte) if _chessboard_depth(matte, p) <= width}
        for matte in (mask, truth)
    ]
    union = bands[0] | bands[1]
    return len(bands[0] & bands[1]) / len(union) if union else 1.0


def _chessboard_depth(mask, pixel):
    """Chessboard distance to the nearest pixel outside the mask or outside the picture."""
    rows, columns = mask.shape
    return min(
        max(abs(pixel[0] - row), abs(pixel[1] - column))
        for row in range(-1, rows + 1)
        for column in range(-1, columns + 1)
        if not (0 <= row < rows and 0 <= column < columns and mask[row, column])
    )


def boundary_f(mask, truth, tolerance):
    ours, theirs = (_outline(matte) for matte in (mask, truth))
    if not ours or not theirs:
        return 1.0 if not ours and not theirs else 0.0
    precision, recall = (
        sum(any(np.hypot(r - y, c - x) <= tolerance for y, x in other) for r, c in one) / len(one)
        for one, other in ((ours, theirs), (theirs, ours))
    )
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(mask):
    rows, columns = mask.shape
    return {
        (row, column)
        for row, column in pixels(mask)
        if any(
            0 <= y < rows and 0 <= x < columns and not mask[y, x]
            for y, x in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
        )
    }


def s_measure(alpha, truth, balance=0.5):
    """Counting rows and columns from one, as the authors do."""
    rows, columns = truth.shape
    inside = pixels(truth >= 0.5)
    share = len(inside) / truth.size
    if share in (0, 1):
        mean = sum(float(v) for v in alpha.ravel()) / alpha.size
        return mean if share else 1 - mean
    outside = pixels(truth < 0.5)
    whole = share * _object_score([float(alpha[p]) for p in inside])
    whole += (1 - share) * _object_score([1 - float(alpha[p]) for p in outside])
    y = math.floor(sum(p[0] + 1 for p in inside) / len(inside) + 0.5)
    x = math.floor(sum(p[1] + 1 for p in inside) / len(inside) + 0.5)
    regions = 0.0
    for low, high in (((1, 1), (y, x)), ((1, x + 1), (y, columns)), ((y + 1, 1), (rows, x)),
                      ((y + 1, x + 1), (rows, columns))):  # fmt: skip
        block = [
            (row - 1, column - 1)
            for row in range(low[0], high[0] + 1)
            for column in range(low[1], high[1] + 1)
        ]
        if block:
            first = [float(alpha[p]) for p in block]
            second = [float(truth[p] >= 0.5) for p in block]
            regions += len(block) / truth.size * _region_score(first, second)
    return max(0.0, balance * whole + (1 - balance) * regions)


def _object_score(values):
    mean = sum(values) / len(values)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + spread + 2.0**-52)


def _region_score(first, second):
    count = len(first)
    x, y = sum(first) / count, sum(second) / count
    below = count - 1 + 2.0**-52
    sx = sum((v - x) ** 2 for v in first) / below
    sy = sum((v - y) ** 2 for v in second) / below
    sxy = sum((v - x) * (w - y) for v, w in zip(first, second, strict=True)) / below
    numerator, denominator = 4 * x * y * sxy, (x**2 + y**2) * (sx + sy)
    if numerator:
        return numerator / (denominator + 2.0**-52)
    return 0.0 if denominator else 1.0


def average_precision(pictures, threshold):
    """Of pictures, each (list of (score, set of pixels), list of sets of pixels): COCO's AP."""
    judged, total = [], 0
    for found, objects in pictures:
        total += len(objects)
        left = list(range(len(objects)))
        for score, pixels_found in sorted(found, key=lambda each: -each[0]):
            overlaps = {
                index: len(pixels_found & objects[index]) / len(pixels_found | objects[index])
                for index in left
            }
            best = max(overlaps, key=lambda index: overlaps[index], default=None)
            hit = best is not None and overlaps[best] >= threshold
            if hit:
                left.remove(best)
            judged.append((score, hit))
    judged.sort(key=lambda each: -each[0])
    points, hits = [], 0
    for rank, (_, hit) in enumerate(judged, start=1):
        hits += hit
        points.append((hits / total, hits / rank))
    heights = [
        max((precision for recall, precision in points if recall >= level), default=0.0)
        for level in np.linspace(0, 1, 101)
    ]
    return sum(heights) / len(heights)
