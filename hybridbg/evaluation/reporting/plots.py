"""Diagrams as SVG inside the page: figures with intervals, sorted scores, and quality over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

__all__ = [
    "EDGE",
    "HEIGHT",
    "WIDTH",
    "Axis",
    "Diagram",
    "colour_of",
    "curves",
    "dot",
    "dots",
    "grid",
    "scatter",
    "side",
    "svg",
]

_COLOURS: Final = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#444444", "#e69f00",
)  # fmt: skip
"""After Okabe & Ito: told apart by colour-blind people too."""

WIDTH: Final = 430
HEIGHT: Final = 260
_ROW: Final = 24
EDGE: Final = 18

Point = tuple[float, float]


@dataclass(frozen=True)
class Diagram:
    """An SVG and what it is called."""

    title: str
    svg: str


@dataclass(frozen=True)
class Axis:
    """Numbers on a line of the page."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Place of a value."""
        low, high, value = (math.log10(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (value - low) / ((high - low) or 1) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values along it."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            every = [base * 10.0**power for power in range(first, last + 1) for base in (1, 2, 5)]
        else:
            rough = (self.high - self.low) / 6 or 1
            unit = 10 ** math.floor(math.log10(rough))
            step = next(unit * base for base in (1, 2, 5, 10) if unit * base >= rough)
            first = math.ceil(self.low / step)
            every = [step * n for n in range(first, first + 12)]
        return [
            value for value in every if self.low <= value * (1 + 1e-9) <= self.high * (1 + 2e-9)
        ]


def colour_of(index: int) -> str:
    """Colour of a method by its place."""
    return _COLOURS[index % len(_COLOURS)]


def dots(title: str, methods: Sequence[str], figures: Mapping[str, dict[str, Any]]) -> Diagram:
    """Draw a figure of each method with its interval.

    Parameters
    ----------
    title : str
    methods : sequence of str
        Their places give the colours.
    figures : mapping of str to figure
        By method; those without are left out.
    """
    shown = [name for name in methods if name in figures]
    ends = [figures[name][end] for name in shown for end in ("value", "low", "high")]
    known = [end for end in ends if end is not None]
    margin = (max(known) - min(known)) * 0.06 or 0.01
    left = 14 + 7 * min(24, max(map(len, shown)))
    axis = Axis(min(known) - margin, max(known) + margin, left, WIDTH - EDGE)
    bottom = EDGE + _ROW * len(shown)
    parts = [grid(axis, bottom)]
    for row, name in enumerate(shown):
        found, y = figures[name], EDGE + _ROW * (row + 0.5)
        colour = colour_of(methods.index(name))
        if found["low"] is not None:
            line = f"M{axis.at(found['low']):.1f},{y}H{axis.at(found['high']):.1f}"
            parts.append(f'<path d="{line}" stroke="{colour}" stroke-width="2"/>')
        parts.append(dot(axis.at(found["value"]), y, colour, f"{name}: {found['value']:.4g}"))
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{_short(name)}</text>')
    return Diagram(title, svg("".join(parts), bottom + 22, title))


def curves(title: str, methods: Sequence[str], scores: Mapping[str, Sequence[float]]) -> Diagram:
    """Draw the scores of each method's pictures, sorted: how many are worse than what.

    Parameters
    ----------
    title : str
    methods : sequence of str
    scores : mapping of str to sequence of floats in [0, 1]
        By method; those without are left out.
    """
    across, up = Axis(0, 1, 40, WIDTH - EDGE), Axis(0, 1, HEIGHT - 26, EDGE)
    parts = [grid(across, HEIGHT - 26, percent=True), side(up)]
    for index, name in enumerate(methods):
        values = sorted(scores.get(name, ()))
        points = [((n + 0.5) / len(values), value) for n, value in enumerate(values)]
        line = "L".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in points)
        if line:
            stroke = f'stroke="{colour_of(index)}" stroke-width="2" fill="none"'
            parts.append(f'<path d="M{line}" {stroke}><title>{escape(name)}</title></path>')
    return Diagram(title, _with_legend("".join(parts), methods, title))


def scatter(title: str, methods: Sequence[str], points: Mapping[str, Point]) -> Diagram:
    """Draw a point for each method: a cost on a logarithmic axis, and what it buys.

    Parameters
    ----------
    title : str
    methods : sequence of str
    points : mapping of str to (cost above 0, figure)
        By method; at least one.
    """
    xs, ys = ([point[axis] for point in points.values()] for axis in (0, 1))
    margin = (max(ys) - min(ys)) * 0.1 or 0.05
    across = Axis(min(xs) / 1.6, max(xs) * 1.6, 48, WIDTH - EDGE, log=True)
    up = Axis(min(ys) - margin, max(ys) + margin, HEIGHT - 26, EDGE)
    parts = [grid(across, HEIGHT - 26), side(up)]
    for index, name in enumerate(methods):
        if name in points:
            x, y = across.at(points[name][0]), up.at(points[name][1])
            told = f"{name}: {points[name][0]:.3g}, {points[name][1]:.4g}"
            parts.append(dot(x, y, colour_of(index), told))
    return Diagram(title, _with_legend("".join(parts), methods, title))


def svg(inner: str, height: float, title: str) -> str:
    """Wrap a drawing of the usual width."""
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    return f'<svg {size} role="img" aria-label="{escape(title)}">{inner}</svg>'


def grid(axis: Axis, bottom: float, *, percent: bool = False) -> str:
    """Draw the upright lines of a plot and their numbers below."""
    parts = []
    for value in axis.ticks():
        x = axis.at(value)
        told = f"{value:.0%}" if percent else f"{value:.4g}"
        parts.append(f'<path class="axis" d="M{x:.1f},{EDGE}V{bottom}"/>')
        parts.append(
            f'<text class="quiet" x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{told}</text>'
        )
    return "".join(parts)


def side(axis: Axis) -> str:
    """Draw the level lines of a plot and their numbers on the left."""
    parts = []
    for value in axis.ticks():
        y = axis.at(value)
        parts.append(f'<path class="axis" d="M40,{y:.1f}H{WIDTH - EDGE}"/>')
        parts.append(
            f'<text class="quiet" x="36" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        )
    return "".join(parts)


def dot(x: float, y: float, colour: str, told: str) -> str:
    """Draw a point that tells something when hovered over."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}">'
        f"<title>{escape(told)}</title></circle>"
    )


def _with_legend(inner: str, methods: Sequence[str], title: str) -> str:
    """Finish a plot with its methods' names below, where no curve runs."""
    top = HEIGHT + 12
    names = "".join(
        f'<rect x="48" y="{top + 16 * n}" width="10" height="10" fill="{colour_of(n)}"/>'
        f'<text x="62" y="{top + 9 + 16 * n}">{escape(name)}</text>'
        for n, name in enumerate(methods)
    )
    return svg(inner + names, top + 16 * len(methods), title)


def _short(name: str) -> str:
    return escape(name if len(name) <= 24 else f"{name[:23]}…")
