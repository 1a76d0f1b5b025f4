"""``hybridbg models add``, ``fetch`` and ``verify``: the user's folder of models."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from hybridbg.cli.exits import DONE, SOME_FAILED, reporting
from hybridbg.cli.models import facts, known_record, spec_record
from hybridbg.cli.report import Progress, Reporter, error_record
from hybridbg.core.errors import InvalidOptionError

__all__ = ["add", "fetch", "verify"]

KINDS: Final = ("trimap", "saliency", "alpha", "classes", "instances")
"""Values of ``--kind``: those of `hybridbg.predict.ModelSpec`."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Name to call it by; by default the file's or the known one.")
@click.option("--kind", type=click.Choice(KINDS), help="What the network answers with.")
@click.option("--size", type=click.IntRange(1), help="Side in pixels at which it works best.")
@click.option("--layout", type=click.Choice(["NCHW", "NHWC"]), help="Order of the input's axes.")
@click.option("--mean", type=float, nargs=3, help="Mean of each channel, to be subtracted.")
@click.option("--std", type=float, nargs=3, help="Deviation of each channel, to divide by.")
@click.option("--activation", type=click.Choice(["none", "sigmoid", "softmax"]))
@click.option("--classes", type=int, multiple=True, help="A class that is foreground; repeatable.")
@click.option("--licence", help="Licence of the weights, such as Apache-2.0.")
@click.option("--terms", help="What the licence forbids, in a sentence.")
@click.option("--origin", help="Where the weights came from.")
@click.option("--replace", "replacing", is_flag=True, help="Replace a model of the same name.")
@reporting
def add(
    reporter: Reporter,
    file: Path,
    name: str | None,
    kind: str | None,
    size: int | None,
    layout: str | None,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    activation: str | None,
    classes: Sequence[int],
    licence: str | None,
    terms: str | None,
    origin: str | None,
    replacing: bool,
) -> int:
    """Check the model FILE and copy it to your folder of models.

    Well-known files need no options; of others, a description beside FILE (the same name with
    .toml behind, see docs/models.md) or the options below say what they are. The network is loaded
    and a small picture is run through it before the copy gets its name.
    """
    from hybridbg.predict.known import known_for
    from hybridbg.predict.store import add_model

    given = {
        "name": name,
        "kind": kind,
        "size": size,
        "layout": layout,
        "mean": tuple(mean) if mean else None,
        "std": tuple(std) if std else None,
        "activation": activation,
        "classes": tuple(classes) or None,
        "licence": licence,
        "terms": terms,
        "origin": origin,
    }
    fields = {key: value for key, value in given.items() if value is not None}
    spec = add_model(file, fields, replacing=replacing)
    reporter.result(f"{spec.name}  {spec.file}")
    reporter.message(f"licence: {spec.licence or 'not known; ask where you got it'}")
    if spec.terms:
        reporter.warning(spec.terms)
    known = known_for(file)
    if known is not None and (difference := known.difference(spec.file)):
        reporter.warning(f"not the file that {known.spec.origin} is known for: {difference}")
    reporter.json({"model": spec_record(spec), "errors": []})
    return DONE


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Fetch without asking.")
@click.option("--url", help="Another address of the same file; its checksum must be the same.")
@reporting
def fetch(reporter: Reporter, name: str, yes: bool, url: str | None) -> int:
    """Fetch the known model NAME from its project's address, after asking.

    `models list --known` lists the names. This is the only command that uses a network. What was
    cut short is continued next time; the file gets its name when its checksum is right.
    """
    from hybridbg.predict.store import fetch_model, find_known

    known = find_known(name)
    record = known_record(known) | ({"address": url} if url else {})
    if yes:
        for line in facts(record):
            reporter.message(line)
    elif not _agreed(record):
        reporter.message("not fetched")
        return SOME_FAILED
    with reporter.progress(1) as progress:
        progress.start(name)
        spec = fetch_model(known, url=url, progress=_shown(progress))
    reporter.result(f"{spec.name}  {spec.file}")
    reporter.json({"model": spec_record(spec), "errors": []})
    return DONE


@click.command()
@click.argument("name", required=False)
@reporting
def verify(reporter: Reporter, name: str | None) -> int:
    """Compare the checksums of all models, or of NAME; exit code 1 if something is wrong.

    A file is compared with its description, or where that has no checksum with the one that the
    project publishes.
    """
    from hybridbg.predict import find_model, scan_models
    from hybridbg.predict.store import verify_model

    found, problems = scan_models() if name is None else ([find_model(name)], [])
    verdicts = [(spec, verify_model(spec)) for spec in found]
    for spec, verdict in verdicts:
        reporter.result(f"{spec.name}  {verdict.text}  {spec.file}")
    for path, problem in problems:
        reporter.error(problem, about=str(path))
    reporter.json(
        {
            "models": [
                {"name": spec.name, "file": spec.file, "state": verdict.state, "text": verdict.text}
                for spec, verdict in verdicts
            ],
            "errors": [error_record(problem, source=path) for path, problem in problems],
        }
    )
    wrong = problems or any(verdict.state == "wrong" for _, verdict in verdicts)
    return SOME_FAILED if wrong else DONE


def _agreed(record: dict[str, Any]) -> bool:
    """Ask a person; where nobody can be asked, ``--yes`` must have been given."""
    if not _at_terminal():
        raise InvalidOptionError(
            f"fetching {record['name']} from {record['address']} needs your consent; nobody can "
            "be asked here, so give --yes"
        )
    for line in facts(record):  # even under -q: nobody can agree to what is not shown
        click.echo(line, err=True)
    try:
        return click.confirm("Fetch it?", err=True)
    except click.Abort:  # end of input instead of an answer
        return False


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _shown(progress: Progress) -> Any:
    """Report bytes as progress."""

    def show(received: int, total: int | None) -> None:
        progress.stage("fetching", received / total if total else 0.0)

    return show
