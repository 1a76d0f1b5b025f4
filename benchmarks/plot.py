"""Curves on logarithmic axes as a small SVG file, for the results that are about growth."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 360, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 44
COLOURS = ("#1b7837", "#5aae61", "#762a83", "#b35806")

Curve = list[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One diagram: its title and its curves by name."""

    title: str
    curves: dict[str, Curve]


def log_log(panels: list[Panel], across: str) -> str:
    """Return an SVG of the panels side by side; `across` names the horizontal axis."""
    inner = "".join(
        f'<g transform="translate({n * WIDTH},0)">{drawn(panel, across)}</g>'
        for n, panel in enumerate(panels)
    )
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}"'
    style = "<style>text{font:11px sans-serif}path{fill:none;stroke-width:2}</style>"
    paper = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{paper}{inner}</svg>\n'


def drawn(panel: Panel, across: str) -> str:
    """Draw one panel."""
    points = [point for curve in panel.curves.values() for point in curve]
    low = [floor(log10(min(point[axis] for point in points)) * 2) / 2 for axis in (0, 1)]
    high = [ceil(log10(max(point[axis] for point in points)) * 2) / 2 for axis in (0, 1)]

    def place(point: tuple[float, float]) -> tuple[float, float]:
        share = [(log10(point[axis]) - low[axis]) / (high[axis] - low[axis]) for axis in (0, 1)]
        return (
            LEFT + share[0] * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - share[1] * (HEIGHT - TOP - BOTTOM),
        )

    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(panel.title)}</text>']
    for axis in (0, 1):
        for value in ticks(low[axis], high[axis]):
            x, y = place((value, 10 ** low[1]) if axis == 0 else (10 ** low[0], value))
            line = f"M{x:.1f},{y:.1f}" + (f"V{TOP}" if axis == 0 else f"H{WIDTH - RIGHT}")
            parts.append(f'<path d="{line}" stroke="#ddd" style="stroke-width:1"/>')
            shift = (x, y + 15, "middle") if axis == 0 else (x - 5, y + 4, "end")
            parts.append(
                f'<text x="{shift[0]:.1f}" y="{shift[1]:.1f}" text-anchor="{shift[2]}">'
                f"{value:g}</text>"
            )
    for number, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [place(point) for point in curve]
        line = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<path d="{line}" stroke="{colour}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        y += -8 if number else 18  # the first curve's name goes below it
        parts.append(
            f'<text x="{min(x, WIDTH - RIGHT - 4):.1f}" y="{y:.1f}" text-anchor="end" '
            f'fill="{colour}">{escape(name)}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>'
    )
    return "".join(parts)


def ticks(low: float, high: float) -> list[float]:
    """Ones and threes of every power of ten in a range of logarithms."""
    values = [base * 10.0**power for power in range(floor(low), ceil(high) + 1) for base in (1, 3)]
    return [value for value in values if 10**low <= value * 1.001 and value <= 1.001 * 10**high]
