"""Tables of the page: figures, differences, the heat map of slices, failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from hybridbg.evaluation.scores import HEADLINES

__all__ = ["best_of", "differences_table", "failures_table", "figures_table", "heat_maps", "told"]

_GOOD: Final = (158, 202, 225)
_MIDDLE: Final = (247, 247, 247)
_BAD: Final = (253, 190, 133)
"""Blue and orange, told apart by colour-blind people too."""

Results = Mapping[str, Any]
_Cells = dict[tuple[str, str, str], dict[str, Any]]


def told(value: float | None, digits: int, *, sign: bool = False) -> str:
    """Write a number, or a dash.

    Examples
    --------
    >>> told(0.12345, 3), told(0.5, 1, sign=True), told(None, 2)
    ('0.123', '+0.5', '–')
    """
    return "–" if value is None else f"{value:{'+' if sign else ''}.{digits}f}"


def best_of(found: Iterable[dict[str, Any]], better: str) -> float | None:
    """Give the best value of several figures."""
    values = [each["value"] for each in found]
    return (max if better == "higher" else min)(values, default=None)


def figures_table(results: Results) -> str:
    """Make the table of all figures, a row for each slice and method."""
    cells = _by_place(results["figures"])
    counts = {(each["slice"], each["method"]): each for each in results["counts"]}
    rows = []
    for part, method in _places(results):
        count = counts[part, method]
        row = [_word(part), _word(method), _number(count["asked"], str(count["asked"]))]
        row += [_count(count["failed"]), _count(count["nothing_found"], bad=False)]
        for metric, about in results["metrics"].items():
            column = (cells.get((part, each["name"], metric)) for each in results["methods"])
            best = best_of((each for each in column if each), about["better"])
            row.append(_figure_cell(cells.get((part, method, metric)), about, best))
        rows.append(f'<tr data-slice="{escape(part)}">{"".join(row)}</tr>')
    heads = ["slice", "method", "pictures", "failed", "nothing found"]
    return _chosen("figures", results) + _table("figures", [*heads, *_labels(results)], rows)


def differences_table(results: Results) -> str:
    """Make the table of differences from the first method; empty where there is no other."""
    cells = _by_place(results["differences"])
    if not cells:
        return ""
    first = results["methods"][0]["name"]
    rows = []
    for part, method in _places(results):
        if method != first:
            row = [_word(part), _word(method)]
            row += [
                _difference_cell(cells.get((part, method, metric)), about)
                for metric, about in results["metrics"].items()
            ]
            rows.append(f'<tr data-slice="{escape(part)}">{"".join(row)}</tr>')
    heads = ["slice", "method", *_labels(results)]
    return _chosen("differences", results) + _table("differences", heads, rows)


def heat_maps(results: Results) -> str:
    """Make a map of slices and methods for each headline metric."""
    cells = _by_place(results["figures"])
    methods = [each["name"] for each in results["methods"]]
    maps = []
    for metric in HEADLINES:
        values = [found["value"] for place, found in cells.items() if place[2] == metric]
        if not values:
            continue
        about = results["metrics"][metric]
        rows = []
        for part in results["slices"]:
            found = [cells.get((part["name"], method, metric)) for method in methods]
            shaded = "".join(_heat_cell(each, about, min(values), max(values)) for each in found)
            rows.append(f"<tr>{_word(part['name'])}{shaded}</tr>")
        heads = ["slice", *methods]
        caption = f"{about['label']} ({about['better']} is better)"
        maps.append(
            f"<figure>{_table('', heads, rows, kind='heat')}"
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )
    return f'<div class="heats">{"".join(maps)}</div>'


def failures_table(results: Results) -> str:
    """Make the list of what failed."""
    if not results["failures"]:
        return "<p>Nothing failed.</p>"
    rows = [
        "<tr>"
        + "".join(_word(each[key]) for key in ("picture", "condition"))
        + _word("the picture itself" if each["of"] == "picture" else each["method"])
        + f'<td class="failed">{escape(each["type"])}: {escape(each["message"])}</td></tr>'
        for each in results["failures"]
    ]
    return _table("failures", ["picture", "condition", "method", "why"], rows)


def _by_place(found: Iterable[dict[str, Any]]) -> _Cells:
    return {(each["slice"], each["method"], each["metric"]): each for each in found}


def _places(results: Results) -> list[tuple[str, str]]:
    methods = [each["name"] for each in results["methods"]]
    return [(part["name"], method) for part in results["slices"] for method in methods]


def _labels(results: Results) -> list[str]:
    return [
        f"{about['label']} {'↑' if about['better'] == 'higher' else '↓'}"
        for about in results["metrics"].values()
    ]


def _chosen(table: str, results: Results) -> str:
    """Make the choice of the slice that a table shows."""
    names = [part["name"] for part in results["slices"]]
    options = "".join(f'<option value="{escape(name)}">{escape(name)}</option>' for name in names)
    every = '<option value="">every slice</option>'
    return f'<label>Slice <select data-table="{table}">{options}{every}</select></label>'


def _table(name: str, heads: Sequence[str], rows: Sequence[str], *, kind: str = "sortable") -> str:
    words = {"slice", "method", "picture", "condition", "why"}
    marked = ((" class='word'" if head in words else "", escape(head)) for head in heads)
    head = "".join(f"<th{mark}>{text}</th>" for mark, text in marked)
    named = f' id="{name}"' if name else ""
    return (
        f'<div class="wide"><table class="{kind}"{named}><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _word(text: str) -> str:
    return f'<td class="word">{escape(text)}</td>'


def _number(value: float, text: str, *, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<td data-value="{value}"{marked}>{text}</td>'


def _count(count: int, *, bad: bool = True) -> str:
    return _number(count, str(count), kind="worse" if count and bad else "")


def _figure_cell(found: dict[str, Any] | None, about: dict[str, Any], best: float | None) -> str:
    if found is None:
        return "<td>–</td>"
    digits = about["digits"]
    text = told(found["value"], digits)
    if found["low"] is not None:
        text += f"<small>{told(found['low'], digits)} … {told(found['high'], digits)}</small>"
    return _number(found["value"], text, kind="best" if found["value"] == best else "")


def _difference_cell(found: dict[str, Any] | None, about: dict[str, Any]) -> str:
    if found is None:
        return "<td>–</td>"
    digits = about["digits"]
    text = told(found["value"], digits, sign=True)
    if found["low"] is not None:
        ends = (told(found[end], digits, sign=True) for end in ("low", "high"))
        text += f"<small>{' … '.join(ends)}</small>"
    return _number(found["value"], text, kind=found["verdict"])


def _heat_cell(found: dict[str, Any] | None, about: dict[str, Any], low: float, high: float) -> str:
    if found is None:
        return "<td>–</td>"
    share = (found["value"] - low) / ((high - low) or 1)
    good = share if about["better"] == "higher" else 1 - share
    ends = (_BAD, _MIDDLE, 2 * good) if good < 0.5 else (_MIDDLE, _GOOD, 2 * good - 1)
    mixed = (round(one + (other - one) * ends[2]) for one, other in zip(*ends[:2], strict=True))
    shade = ",".join(map(str, mixed))
    text = told(found["value"], about["digits"])
    return f'<td style="background:rgb({shade})">{text}</td>'
