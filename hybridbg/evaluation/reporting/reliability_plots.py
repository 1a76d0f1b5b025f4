"""Diagrams of how right probabilities and certainties are: reliability, and warnings found.

Each method has a line, and below the plot a strip of bars that says how much lies where: a bin that
holds one pixel in a thousand, or one picture, proves little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from hybridbg.evaluation.reporting import plots
from hybridbg.evaluation.reporting.plots import Axis, Diagram, colour_of

__all__ = ["certainty", "pixels", "warnings"]

_STRIP: Final = 40
_BAR: Final = 18

_Curves = Mapping[str, Mapping[str, Any]]
_Bins = Sequence[Mapping[str, float]]


def pixels(methods: Sequence[str], curves: _Curves, figures: Mapping[str, Any]) -> Diagram:
    """Draw what is true of pixels over what was predicted of them.

    Parameters
    ----------
    methods : sequence of str
        Their places give the colours.
    curves : mapping of str to mapping
        By method, from `reliability.curves_of`; those without the curve are left out.
    figures : mapping of str to figure
        Calibration errors by method.
    """
    across, up = _axes()
    shown = [name for name in methods if "pixels" in curves.get(name, {})]
    parts, strips = [_frame(across, up)], []
    for name in shown:
        bins, colour = curves[name]["pixels"], colour_of(methods.index(name))
        parts.append(_line(bins, "predicted", "observed", (across, up), colour, name))
        counted = [(each["predicted"], each["share"], f"{each['share']:.2%}") for each in bins]
        strips.append(_strip(name, colour, figures.get(name), counted, across))
    title = "Foreground among pixels over their alpha; on the dashed line it is a probability"
    return _stacked(title, parts, strips)


def certainty(methods: Sequence[str], curves: _Curves) -> Diagram:
    """Draw how many results are good, and their mean IoU (dotted), over their certainty.

    Parameters are those of `pixels`.
    """
    across, up = _axes()
    shown = [name for name in methods if "pictures" in curves.get(name, {})]
    parts, strips = [_frame(across, up)], []
    for name in shown:
        bins, colour = curves[name]["pictures"], colour_of(methods.index(name))
        parts.append(_line(bins, "certainty", "iou", (across, up), colour, name, dotted=True))
        parts.append(_line(bins, "certainty", "good", (across, up), colour, name))
        counted = [
            (each["certainty"], each["count"], f"{each['count']:.0f} pictures") for each in bins
        ]
        strips.append(_strip(name, colour, None, counted, across))
    title = "Share of results with IoU from .5, and mean IoU (dotted), over certainty"
    return _stacked(title, parts, strips)


def warnings(methods: Sequence[str], curves: _Curves, figures: Mapping[str, Any]) -> Diagram:
    """Draw the ROC curves of certainties: bad results found over good ones warned of in vain.

    Parameters are those of `pixels`, but that figures are areas under the curve.
    """
    across, up = _axes()
    shown = [name for name in methods if "roc" in curves.get(name, {})]
    parts, strips = [_frame(across, up)], []
    for name in shown:
        colour = colour_of(methods.index(name))
        points = "L".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in curves[name]["roc"])
        parts.append(_path(f"M{points}", colour, name))
        strips.append(_strip(name, colour, figures.get(name), [], across))
    title = "Results below IoU .5 that a warning finds, over others that it is given for"
    return _stacked(title, parts, strips, height=20)


def _axes() -> tuple[Axis, Axis]:
    return (
        Axis(0, 1, 40, plots.WIDTH - plots.EDGE),
        Axis(0, 1, plots.HEIGHT - 26, plots.EDGE),
    )


def _frame(across: Axis, up: Axis) -> str:
    ends = (across.at(0), up.at(0), across.at(1), up.at(1))
    diagonal = "M{:.1f},{:.1f}L{:.1f},{:.1f}".format(*ends)
    dashed = f'<path class="axis" d="{diagonal}" stroke-dasharray="5 4" style="stroke:#888"/>'
    return plots.grid(across, plots.HEIGHT - 26) + plots.side(up) + dashed


def _line(
    bins: _Bins,
    x: str,
    y: str,
    axes: tuple[Axis, Axis],
    colour: str,
    name: str,
    *,
    dotted: bool = False,
) -> str:
    across, up = axes
    points = [(across.at(each[x]), up.at(each[y])) for each in bins]
    drawn = _path("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points), colour, name, dotted)
    if dotted:
        return drawn
    told = (f"{name}: {each[x]:.3f} predicted, {each[y]:.3f} found" for each in bins)
    return drawn + "".join(
        plots.dot(*point, colour, text) for point, text in zip(points, told, strict=True)
    )


def _path(line: str, colour: str, name: str, dotted: bool = False) -> str:
    dashes = ' stroke-dasharray="2 4"' if dotted else ""
    stroke = f'stroke="{colour}" stroke-width="2" fill="none"{dashes}'
    return f'<path d="{line}" {stroke}><title>{escape(name)}</title></path>'


def _strip(
    name: str,
    colour: str,
    figure: Mapping[str, Any] | None,
    counted: Sequence[tuple[float, float, str]],
    across: Axis,
) -> str:
    """Name a method with its figure, and draw how much lies where: heights go by square roots."""
    text = name
    if figure is not None:
        text += f": {figure['value']:.3f}"
        if figure["low"] is not None:
            text += f" ({figure['low']:.3f} to {figure['high']:.3f})"
    parts = [f'<rect x="40" y="1" width="10" height="10" fill="{colour}"/>']
    parts.append(f'<text x="54" y="10">{escape(text)}</text>')
    most = max((count for _, count, _ in counted), default=1)
    for place, count, told in counted:
        tall = max(1.0, _BAR * (count / most) ** 0.5)
        where = f'x="{across.at(place) - 4:.1f}" y="{_STRIP - 6 - tall:.1f}"'
        parts.append(
            f'<rect {where} width="8" height="{tall:.1f}" fill="{colour}">'
            f"<title>{escape(f'{name}: {told} at {place:.3f}')}</title></rect>"
        )
    return "".join(parts)


def _stacked(
    title: str, parts: Sequence[str], strips: Sequence[str], *, height: int = _STRIP
) -> Diagram:
    top = plots.HEIGHT + 8
    placed = (
        f'<g transform="translate(0 {top + height * row})">{strip}</g>'
        for row, strip in enumerate(strips)
    )
    inner = "".join((*parts, *placed))
    return Diagram(title, plots.svg(inner, top + height * len(strips), title))
