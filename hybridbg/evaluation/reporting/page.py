"""The report: one HTML file that holds everything it shows and asks nothing of any network.

Whoever opens it sees the tables without scripts, and sorts them with. The page forbids itself to
load anything (Content-Security-Policy), so that a name in a dataset cannot make it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any, Final

from hybridbg.evaluation.reporting import reliability_plots, tables
from hybridbg.evaluation.reporting.plots import Diagram, curves, dots, scatter
from hybridbg.evaluation.reporting.statistics import FEW
from hybridbg.evaluation.reporting.tables import told
from hybridbg.evaluation.scores import HEADLINES
from hybridbg.evaluation.work import thumbnail_paths

__all__ = ["make_page"]

_WORST_OF_EACH: Final = 4
_MOST_CASES: Final = 12

_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
_POLICY_SCRIPT: Final = "script-src 'unsafe-inline'"

Results = Mapping[str, Any]


def make_page(results: Results, thumbnails: Path) -> str:
    """Make the page.

    Parameters
    ----------
    results : mapping
        From `summary.summarise`.
    thumbnails : Path
        Folder of the small pictures of the run; those that are missing are left out.

    Returns
    -------
    str
        HTML.
    """
    title = f"Evaluation on {', '.join(each['name'] for each in results['datasets'])}"
    names = [each["name"] for each in results["methods"]]
    sections = [
        ("Figures", _FIGURES, tables.figures_table(results)),
        (f"Compared with {names[0]}", _DIFFERENCES, tables.differences_table(results)),
        ("Plots", _PLOTS, _figures(_plots(results, names))),
        ("Probabilities and certainties", _RELIABILITY, _figures(_reliability(results, names))),
        ("Slices", _HEAT, tables.heat_maps(results)),
        ("Worst cases", _CASES, _cases(results, names, thumbnails)),
        ("Failures", "", tables.failures_table(results)),
        ("What the figures are", _COUNTED, _explained(results)),
        ("With what it was computed", "", _computed_with(results)),
    ]
    body = "".join(
        f"<h2>{escape(heading)}</h2>" + (f"<p>{lead}</p>" if lead else "") + content
        for heading, lead, content in sections
        if content
    )
    parts = resources.files("hybridbg.evaluation.reporting")
    style, script = ((parts / name).read_text("utf-8") for name in ("style.css", "script.js"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}{_POLICY_SCRIPT}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f"<h1>{escape(title)}</h1>{_lead(results)}{_few(results)}{body}<script>{script}</script></body></html>\n"
    )


_FIGURES: Final = (
    "Means over pictures; below them 95 % of the bootstrap. ↑ higher is better, ↓ lower. "
    "Click a head to sort."
)
_DIFFERENCES: Final = (
    "Paired differences: this method less the first, picture by picture. Coloured where the 95 % "
    "interval leaves out zero; of twenty comparisons without any difference, one is coloured."
)
_PLOTS: Final = "Of the first slice. Hover for figures."
_RELIABILITY: Final = (
    "Of the first slice. Below the line more was claimed than is true, above it less. Bars say "
    "how much lies where; heights go by square roots. Beside the names: expected calibration "
    "error, and area under the curve for results with IoU below .5, with 95 % of the bootstrap."
)
_HEAT: Final = "Blue is better, orange worse, on one scale for each map."
_CASES: Final = (
    "Of the first slice, the pictures with the largest mean absolute difference of each method."
)
_COUNTED: Final = (
    "Where a method finds nothing or fails, an empty mask is scored in its place. Pictures that "
    "cannot be read are scored for nobody."
)


def _lead(results: Results) -> str:
    of_each = (
        f"{escape(each['name'])}: {len(each['pictures'])} pictures"
        + (f", {escape(_plain(each['licence']))}" if each["licence"] else "")
        for each in results["datasets"]
    )
    methods = ", ".join(escape(each["name"]) for each in results["methods"])
    failures = len(results["failures"])
    failed = f" · {failures} failed" if failures else ""
    return f'<p class="quiet">{" · ".join(of_each)} · methods: {methods}{failed}</p>'


def _few(results: Results) -> str:
    """Say plainly which slices have too few pictures for their intervals to mean much."""
    asked = {each["slice"]: each["asked"] for each in results["counts"]}
    few = [f"{name} ({count})" for name, count in asked.items() if count < FEW]
    if not few:
        return ""
    text = (
        f"Few pictures: {', '.join(few)}. Intervals of less than {FEW} pictures are much too "
        "narrow, and what looks like a difference may be chance."
    )
    return f'<p class="few">{escape(text)}</p>'


def _plots(results: Results, names: Sequence[str]) -> list[Diagram]:
    if not results["slices"]:
        return []
    found = _first_figures(results)
    diagrams = []
    for metric in HEADLINES:
        if metric in found:
            about = results["metrics"][metric]
            arrow = "higher" if about["better"] == "higher" else "lower"
            diagrams.append(dots(f"{about['label']}, {arrow} is better", names, found[metric]))
    scores = {name: [r["scores"]["iou"] for r in _records(results, name)] for name in names}
    diagrams.append(curves("IoU of pictures, from the worst to the best", names, scores))
    points = {
        name: (figure["value"], found["iou"][name]["value"])
        for name, figure in found.get("seconds", {}).items()
        if figure["value"] > 0 and name in found["iou"]
    }
    if points:
        diagrams.append(scatter("IoU over seconds for a picture", names, points))
    return diagrams


def _reliability(results: Results, names: Sequence[str]) -> list[Diagram]:
    """Diagrams of how right probabilities and certainties are, where anything is known of it."""
    if not results["slices"]:
        return []
    first, found = results["slices"][0]["name"], _first_figures(results)
    of_slice = (each for each in results.get("reliability", ()) if each["slice"] == first)
    curves = {each["method"]: each for each in of_slice}
    known = {kind for each in curves.values() for kind in each}
    diagrams = []
    if "pixels" in known:
        diagrams.append(reliability_plots.pixels(names, curves, found.get("ece", {})))
    if "pictures" in known:
        diagrams.append(reliability_plots.certainty(names, curves))
    if "roc" in known:
        areas = found.get("certainty_auc", {})
        diagrams.append(reliability_plots.warnings(names, curves, areas))
    return diagrams


def _first_figures(results: Results) -> dict[str, dict[str, Any]]:
    """Figures of the first slice, by metric and method."""
    found: dict[str, dict[str, Any]] = {}
    for each in results["figures"]:
        if each["slice"] == results["slices"][0]["name"]:
            found.setdefault(each["metric"], {})[each["method"]] = each
    return found


def _figures(diagrams: Sequence[Diagram]) -> str:
    each = (f"<figure>{d.svg}<figcaption>{escape(d.title)}</figcaption></figure>" for d in diagrams)
    return f'<div class="plots">{"".join(each)}</div>' if diagrams else ""


def _records(results: Results, method: str) -> list[dict[str, Any]]:
    """Take the scored records of a method in the first condition: that of the first slice."""
    condition = results["options"]["conditions"][0]
    return [
        record
        for record in results["records"]
        if record["method"] == method and record["condition"] == condition and "scores" in record
    ]


def _cases(results: Results, names: Sequence[str], thumbnails: Path) -> str:
    """Make the table of worst cases, all methods side by side."""
    records = {name: {r["picture"]: r for r in _records(results, name)} for name in names}
    chosen: dict[str, list[str]] = {}
    for name, of_method in records.items():
        worst = sorted(of_method.values(), key=lambda record: -record["scores"]["mad"])
        for record in worst[:_WORST_OF_EACH]:
            if record["picture"] in chosen or len(chosen) < _MOST_CASES:
                chosen.setdefault(record["picture"], []).append(name)
    facts = {name: f for each in results["datasets"] for name, f in each["pictures"].items()}
    rows = []
    for picture, worst_of in chosen.items():
        some = next(of[picture] for of in records.values() if picture in of)
        shown = thumbnail_paths(str(thumbnails), some["scene"], some["key"])[:2]
        tags = ", ".join(facts[picture]["tags"])
        row = f'<td class="word">{escape(picture)}<br><small>{escape(tags)}</small></td>'
        row += "".join(f"<td>{_image(path)}</td>" for path in shown)
        for name in names:
            row += _case(records[name].get(picture), thumbnails, worst=name in worst_of)
        rows.append(f"<tr>{row}</tr>")
    heads = "".join(f"<th>{escape(head)}</th>" for head in ("", "picture", "truth", *names))
    return (
        f'<div class="wide"><table class="cases"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        if rows
        else ""
    )


def _case(record: dict[str, Any] | None, thumbnails: Path, *, worst: bool) -> str:
    if record is None:
        return "<td>–</td>"
    path = thumbnail_paths(str(thumbnails), record["scene"], record["key"])[2]
    scores = record["scores"]
    text = f"IoU {told(scores['iou'], 2)} · MAD {told(scores['mad'], 3)}"
    if "error" in record:
        text = f"failed: {record['error']['type']}"
    elif record.get("nothing_found"):
        text += " · nothing found"
    text = f"<b>{escape(text)}</b>" if worst else escape(text)
    return f"<td>{_image(path)}{text}</td>"


def _image(path: Path) -> str:
    try:
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError:
        return ""
    return f'<img alt="" src="data:image/jpeg;base64,{data}">'


def _explained(results: Results) -> str:
    entries = (
        f"<dt>{escape(about['label'])}</dt><dd>{escape(about['about'])}</dd>"
        for about in results["metrics"].values()
    )
    return f"<dl>{''.join(entries)}</dl>"


def _computed_with(results: Results) -> str:
    with_what = results["environment"]
    libraries = ", ".join(f"{name} {number}" for name, number in with_what["libraries"].items())
    ours = f"hybridbg {with_what['hybridbg']} (code {with_what['code'][:12]})"
    on_what = f"Python {with_what['python']}, {with_what['machine']}; {libraries}"
    lines = [f"{ours}, {on_what}", f"seed {results['options']['seed']}"]
    lines += [
        f"{each['name']}: {_plain(each['source'])}"
        for each in results["datasets"]
        if each["source"]
    ]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _plain(text: str) -> str:
    """Take the scheme off addresses: nothing in this page leads anywhere."""
    return text.replace("https://", "").replace("http://", "")
