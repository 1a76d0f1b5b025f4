"""Colour sampling as the heads of ext/colour_*.pyx describe it, pixel by pixel in float64."""

from __future__ import annotations

import numpy as np

SIDES = (0, 128, 255)


def pick(trimap, pitch):
    """For each side and cell the first pixel of that side, in reading order, or -1."""
    rows, cols = (-(-size // pitch) for size in trimap.shape)
    picks = np.full((3, rows, cols), -1, np.int16)
    for side, mark in enumerate(SIDES):
        for row in range(rows):
            for col in range(cols):
                part = trimap[row * pitch : (row + 1) * pitch, col * pitch : (col + 1) * pitch]
                found = np.argwhere(part == mark)
                if found.size:
                    picks[side, row, col] = found[0, 0] * pitch + found[0, 1]
    return picks


def places(picks, pitch):
    """Pixels (row, col) of the cells that have one, and their cells."""
    cells = np.argwhere(picks >= 0)
    inside = picks[tuple(cells.T)].astype(int)
    return cells * pitch + np.stack([inside // pitch, inside % pitch], axis=1), cells


def survey(image, pitch, even, faint, rounding=0.0):
    """How little the colours of 5 x 5 cells are a plane: 0 an even slope, 1 anything else."""
    height, width = image.shape[:2]
    rows, cols = -(-height // pitch), -(-width // pitch)
    means = np.empty((rows, cols, 3))
    for row in range(rows):
        for col in range(cols):
            part = image[row * pitch : (row + 1) * pitch, col * pitch : (col + 1) * pitch]
            means[row, col] = part.mean(axis=(0, 1), dtype=np.float64)
    padded = np.pad(means, ((2, 2), (2, 2), (0, 0)), mode="edge")
    down, across = (part.ravel() for part in np.mgrid[-2:3, -2:3])
    design = np.stack([np.ones(25), down, across], axis=1)
    trust = np.empty((rows, cols))
    for row in range(rows):
        for col in range(cols):
            window = padded[row : row + 5, col : col + 5].reshape(25, 3)
            window = window - window.mean(axis=0)
            rest = window - design @ np.linalg.lstsq(design, window, rcond=None)[0]
            left = (rest**2).sum()
            slope = (window**2).sum() - left
            left = max(left - rounding, 0)
            trust[row, col] = np.clip((left + faint) / (even * slope + faint / 4) - 1, 0, 1)
    return trust


def same_side(marks, pixel, step, reach):
    """Places at distances of `step` within `reach` steps that are of the pixel's side."""
    around = pixel + step * np.stack(np.mgrid[-reach : reach + 1, -reach : reach + 1], axis=-1)
    around = around.reshape(-1, 2)
    around = around[((around >= 0) & (around < marks.shape)).all(axis=1)]
    return around[marks[tuple(around.T)] == marks[tuple(pixel)]]


def vouch(image, trimap, picks, pitch, multiple, least, most):
    """One over the squared colour difference that is a match, for each known pick."""
    inverse = np.zeros((2, *picks.shape[1:]))
    for number, side in enumerate((0, 2)):
        for pixel, cell in zip(*places(picks[side], pitch), strict=True):
            around = same_side(trimap, pixel, pitch, 2)
            variance = image[tuple(around.T)].astype(np.float64).var(axis=0).sum()
            inverse[number, cell[0], cell[1]] = 1 / min(multiple * variance + least, most)
    return inverse


def match(image, trimap, inverse, pitch, tolerance, closeness, ratio):
    """The trimap with unknown pixels that look like known ones made known."""
    colours = image.astype(np.float64)
    picks = pick(trimap, pitch)
    known = [places(picks[side], pitch) for side in (0, 2)]
    marks = trimap.copy()
    for pixel in np.argwhere(trimap == 128):
        least, worth = [], []
        for number, (samples, cells) in enumerate(known):
            apart = ((colours[tuple(samples.T)] - colours[tuple(pixel)]) ** 2).sum(axis=1)
            apart += closeness * ((samples - pixel) ** 2).sum(axis=1)
            least.append(apart.min(initial=1e9))
            worth.append((apart * inverse[number][tuple(cells.T)]).min(initial=1e9))
        for side, mark in enumerate((0, 255)):
            near = ratio**2 * least[1 - side]
            if worth[side] < 1 and least[side] < near * min(4 * worth[side], 1):
                marks[tuple(pixel)] = mark
    return marks


def explain(colours, foreground, background, noise, overshoot):
    """Alpha of colours between two, or a little beyond, and the squared error that remains."""
    along = foreground - background
    length = along @ along + 1e-5
    slack = overshoot * np.sqrt(noise / length)
    alpha = np.clip((colours - background) @ along / length, -slack, 1 + slack)
    rest = colours - background - alpha[..., None] * along
    return alpha, (rest**2).sum(axis=-1)


def pair(image, marks, picks, directions, pitch, noise, overshoot):
    """For each cell with an unknown pixel the best pair of colours on its rays."""
    colours = image.astype(np.float64)
    pairs = np.zeros((7, *picks.shape[1:]))
    for pixel, cell in zip(*places(picks[1], pitch), strict=True):
        phase = (cell[0] % 8 * 8 + cell[1] % 8) * 27 % len(directions)
        found = {0: [], 2: []}
        for step in directions[phase]:
            for side, samples in found.items():
                place = (pixel / pitch).astype(np.float32)
                while (place >= 0).all() and (place < picks.shape[1:]).all():
                    here = place.astype(int)
                    inside = int(picks[side][tuple(here)])
                    if inside >= 0:
                        samples.append(here * pitch + [inside // pitch, inside % pitch])
                        break
                    place = place + step
        around = np.clip(
            pixel + np.stack(np.mgrid[-1:2, -1:2], axis=-1), 0, np.array(image.shape[:2]) - 1
        )
        patch = colours[around[..., 0], around[..., 1]]
        least = np.inf
        means = {
            tuple(sample): colours[tuple(same_side(marks, sample, 1, 1).T)].mean(axis=0)
            for sample in found[0] + found[2]
        }
        for f in found[2]:
            for b in found[0]:
                both = means[tuple(f)], means[tuple(b)]
                error = explain(patch, *both, noise, overshoot)[1].mean() + noise
                away = np.prod([np.hypot(*(pixel - sample)) + 1 for sample in (f, b)])
                if error**2 * away < least:
                    least = error**2 * away
                    pairs[:, cell[0], cell[1]] = [*both[0], *both[1], 1]
    return pairs


def estimate(
    image,
    trimap,
    marks,
    pairs,
    trust,
    pitch,
    reach,
    noise,
    overshoot,
    misfit,
    strength,
    doubt,
    least,
):
    """Alpha and weight where the trimap is unknown."""
    prior, weight = np.zeros(trimap.shape), np.zeros(trimap.shape)
    cells = np.argwhere(pairs[6] > 0)
    for pixel in map(tuple, np.argwhere(trimap == 128)):
        trusted = strength * trust[pixel[0] // pitch, pixel[1] // pitch]
        if marks[pixel] != 128:
            prior[pixel], weight[pixel] = marks[pixel] / 255, trusted
            continue
        apart = (((cells + 0.5) * pitch - pixel) ** 2).sum(axis=1) / reach**2
        w, a, spread = [], [], []
        for cell in cells[apart < 1]:
            f, b = pairs[:3, cell[0], cell[1]], pairs[3:6, cell[0], cell[1]]
            alpha, error = explain(image[pixel].astype(np.float64), f, b, noise, overshoot)
            w.append((noise / (error + noise)) ** 3)
            a.append(alpha)
            spread.append(misfit * (error + noise) / ((f - b) @ (f - b) + 1e-5))
        w = np.array(w) * (1 - apart[apart < 1]) ** 2
        if w.sum() < 1e-20:
            continue
        mean = np.average(a, weights=w)
        variance = np.average((np.array(a) - mean) ** 2 + spread, weights=w)
        if variance <= 1:
            prior[pixel] = mean
            weight[pixel] = trusted * ((2 * mean - 1) ** 2 + least) * doubt / (doubt + variance)
    return prior, weight
