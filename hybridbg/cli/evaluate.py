"""``hybridbg evaluate``: methods compared on pictures with truths, and two such runs compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import click

from hybridbg.cli.exits import DONE, SOME_FAILED, reporting
from hybridbg.cli.report import Reporter

__all__ = ["evaluate"]

_TIME_LIMIT: Final = 300.0


@click.command()
@click.argument("datasets", metavar="DATASET...", nargs=-1)
@click.option("--methods", default="auto", show_default=True, help="Methods, parted by commas.")
@click.option(
    "--command",
    "commands",
    multiple=True,
    metavar="NAME=TEMPLATE",
    help="Another program: its words with {image} and {output}. May be given several times.",
)
@click.option("-o", "--output", metavar="FOLDER", help="Where report and records go.")
@click.option(
    "--slices",
    default="clean",
    show_default=True,
    help="Conditions, parted by commas: clean, corruptions by name, or all.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="So many pictures of each dataset."
)
@click.option("--trimaps", metavar="NAME", help="Folder of the dataset with the trimaps to use.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes.")
@click.option("--resume", is_flag=True, help="Go on where an earlier run stopped.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of corruptions and intervals."
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=_TIME_LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="For another program and one picture.",
)
@click.option(
    "--compare", nargs=2, metavar="A.json B.json", help="Compare two reports; no dataset then."
)
@reporting
def evaluate(
    reporter: Reporter,
    datasets: tuple[str, ...],
    methods: str,
    commands: tuple[str, ...],
    output: str | None,
    slices: str,
    limit: int | None,
    trimaps: str | None,
    jobs: int | None,
    resume: bool,
    seed: int,
    time_limit: float,
    compare: tuple[str, str] | None,
) -> int:
    """Compare methods on datasets: folders with image/ and alpha/ or mask/.

    Methods are auto, key, grabcut and predict; predict:MODEL and auto:MODEL; network or
    network:MODEL for its soft mask alone; +hint behind a method to use the dataset's hint/; matte,
    matte:plain or matte:ENGINE to solve the dataset's trimap/. The first is what the others are
    compared with. The report is FOLDER/report.html and report.json.

    \b
    Examples:
      hybridbg evaluate photos -o report --methods auto,grabcut,predict
      hybridbg evaluate photos -o report --slices all --resume
      hybridbg evaluate photos -o report --command "other=other-tool {image} {output}"
      hybridbg evaluate --compare before/report.json after/report.json
    """  # noqa: D301 - click's mark for a paragraph that is not to be wrapped
    if compare is not None:
        if datasets:
            raise click.UsageError("--compare takes two reports and no DATASET")
        return _compare(reporter, compare, seed)
    if not datasets:
        raise click.UsageError("expected a DATASET, or --compare A.json B.json")
    if output is None:
        raise click.UsageError("expected -o FOLDER for the report")
    from hybridbg.evaluation import (
        Run,
        choose_conditions,
        choose_methods,
        read_datasets,
        summarise,
        write_report,
    )

    # With a program given and no method named, the program is what is asked about.
    named = click.get_current_context().get_parameter_source("methods")
    by_default = named is click.core.ParameterSource.DEFAULT and commands
    run = Run(
        read_datasets(datasets, limit=limit, trimaps=trimaps),
        choose_methods(
            [] if by_default else _parted(methods), _commands(commands), time_limit=time_limit
        ),
        Path(output),
        conditions=choose_conditions(_parted(slices)),
        seed=seed,
    )
    run.begin(resume=resume)
    if run.records:
        reporter.message(f"kept {len(run.records)} of {len(run.tasks)}: finished before")
    failed = 0
    with reporter.tally(len(run.due)) as tally, closing(run.work_off(jobs=jobs)) as work:
        for record in work:
            what = f"{record['picture']} {record['condition']} {record['method']}"
            if "error" in record:
                failed += 1
                reporter.warning(f"{what}: {record['error']['message']}")
            tally.count(what, failed=failed)
    results = summarise(run)
    paths = write_report(results, run.output)
    reporter.result(_figures(results))
    for path in paths:
        reporter.result(str(path))
    reporter.json({**{key: results[key] for key in results if key != "records"}, "files": paths})
    if not results["failures"]:
        return DONE
    reporter.message(f"{len(results['failures'])} of {len(run.tasks)} answers failed")
    return SOME_FAILED


def _compare(reporter: Reporter, paths: tuple[str, str], seed: int) -> int:
    from hybridbg.evaluation import compare, read_results
    from hybridbg.evaluation.scores import METRICS

    found = compare(*map(read_results, paths), seed=seed)
    if found["left_out"]:
        reporter.warning(f"{found['left_out']} answers have no counterpart and were left out")
    rows = [
        [
            each["slice"],
            each["method"],
            METRICS[each["metric"]].label,
            *(_told(each[key], each["metric"]) for key in ("first", "second")),
            _told(each["value"], each["metric"], each["low"], each["high"], sign="+"),
            str(each["pictures"]),
            each["verdict"] or "-",
        ]
        for each in found["differences"]
        if each["metric"] in _shown()
    ]
    heads = ["slice", "method", "metric", "A", "B", "B less A (95 %)", "pictures", "B is"]
    reporter.result(_table([heads, *rows]))
    reporter.json(found)
    return DONE


def _figures(results: Mapping[str, Any]) -> str:
    """Lay out the headlines of every slice as a table of text."""
    shown = [name for name in _shown() if name in results["metrics"]]
    labels = [results["metrics"][name]["label"] for name in shown]
    cells = {(each["slice"], each["method"], each["metric"]): each for each in results["figures"]}
    rows = [["slice", "method", "pictures", "failed", *labels]]
    for count in results["counts"]:
        place = count["slice"], count["method"]
        found = (cells.get((*place, name)) for name in shown)
        told = (
            _told(each["value"], each["metric"], each["low"], each["high"]) if each else "-"
            for each in found
        )
        rows.append([*place, str(count["asked"]), str(count["failed"]), *told])
    return _table(rows)


def _shown() -> tuple[str, ...]:
    """Metrics of which a line of text has room."""
    from hybridbg.evaluation.scores import HEADLINES

    return (*HEADLINES, "ece", "certainty_auc", "map", "seconds")


def _told(
    value: float | None,
    metric: str,
    low: float | None = None,
    high: float | None = None,
    *,
    sign: str = "",
) -> str:
    from hybridbg.evaluation.scores import METRICS

    if value is None:
        return "-"
    written = [
        f"{each:{sign}.{METRICS[metric].digits}f}"
        for each in (value, low, high)
        if each is not None
    ]
    return written[0] if len(written) == 1 else f"{written[0]} ({written[1]} to {written[2]})"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def _parted(text: str) -> list[str]:
    return [part for part in (each.strip() for each in text.split(",")) if part]


def _commands(given: Iterable[str]) -> dict[str, str]:
    commands: dict[str, str] = {}
    for each in given:
        name, equals, template = each.partition("=")
        if not (equals and name.strip() and template.strip()):
            raise click.UsageError(f"--command: expected NAME=TEMPLATE, got {each!r}")
        if name.strip() in commands:
            raise click.UsageError(f"--command: {name.strip()!r} is given twice")
        commands[name.strip()] = template
    return commands
