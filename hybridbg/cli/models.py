"""``hybridbg models list`` and ``show``: which networks there are, and what is known of one.

`model_store` adds the commands that add, fetch and verify.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hybridbg.cli.exits import DONE, reporting
from hybridbg.cli.report import Reporter, error_record

if TYPE_CHECKING:
    from hybridbg.predict import ModelSpec
    from hybridbg.predict.known import KnownModel

__all__ = ["facts", "known_record", "models", "spec_record"]


@click.group()
def models() -> None:
    """List, show, add, fetch and verify the networks that find the subject."""


@models.command("list")
@click.option("--known", is_flag=True, help="List models of other projects that are known.")
@reporting
def list_models(reporter: Reporter, known: bool) -> int:
    """List the models found, first of each name first.

    Looked for in the folders of HYBRIDBG_MODELS, the user's cache, the package and rembg's folder.
    Descriptions that cannot be used are reported on standard error.
    """
    from hybridbg.predict import scan_models

    if known:
        return _list_known(reporter)
    found, problems = scan_models()
    for line in _table(found):
        reporter.result(line)
    for path, problem in problems:
        reporter.warning(f"{path}: {problem}")
    reporter.json(
        {
            "models": [spec_record(spec) for spec in found],
            "errors": [error_record(problem, source=path) for path, problem in problems],
        }
    )
    return DONE


@models.command("show")
@click.argument("name")
@reporting
def show_model(reporter: Reporter, name: str) -> int:
    """Show what is known of the model NAME, with its card.

    NAME is a name that `models list` prints, `default`, or the path of an ONNX file. For a model
    that is not here but known, it shows where it comes from and under which licence.
    """
    from hybridbg.core.errors import ModelNotFoundError
    from hybridbg.predict import find_model
    from hybridbg.predict.known import known_models
    from hybridbg.predict.store import verify_model

    try:
        spec = find_model(name)
    except ModelNotFoundError:
        if name not in known_models():
            raise
        record = known_record(known_models()[name])
        for line in facts(record):
            reporter.result(line)
        reporter.message(f"{name} is known but not here")
        reporter.json({"model": record, "errors": []})
        return DONE
    state = verify_model(spec).text
    record = spec_record(spec)
    for line in facts(record):
        reporter.result(line)
    reporter.result(f"{'checksum':12}{state}")
    card = _card_text(spec)
    if card is not None:
        reporter.result(f"\n{card.rstrip()}")
    reporter.json({"model": {**record, "checksum": state, "card_text": card}, "errors": []})
    return DONE


def spec_record(spec: ModelSpec) -> dict[str, Any]:
    """Fields of a description as JSON can carry them."""
    record = {
        key: str(value) if isinstance(value, Path) else value for key, value in asdict(spec).items()
    }
    return record | {"outputs": dict(spec.outputs)}


def known_record(known: KnownModel) -> dict[str, Any]:
    """Collect what is known of a model that is not here."""
    spec = known.spec
    return {
        "name": spec.name,
        "kind": spec.kind,
        "address": known.url or "none published with a checksum",
        "bytes": known.bytes,
        "checksum": known.digest or "none published",
        "licence": spec.licence,
        "terms": spec.terms,
        "origin": spec.origin,
    }


def facts(record: Mapping[str, Any]) -> list[str]:
    """Write a line for each field that says something."""
    return [
        f"{key:12}{value}" for key, value in record.items() if value not in (None, "", (), {}, [])
    ]


def _list_known(reporter: Reporter) -> int:
    from hybridbg.predict.known import known_models

    records = [known_record(known) for known in known_models().values()]
    rows = [
        (
            str(record["name"]),
            str(record["kind"]),
            f"{record['licence']}{' (!)' if record['terms'] else ''}",
            str(record["origin"]),
        )
        for record in records
    ]
    for line in _aligned(rows):
        reporter.result(line)
    for terms in sorted({str(record["terms"]) for record in records} - {""}):
        reporter.message(f"(!) {terms}")
    reporter.json({"models": records, "errors": []})
    return DONE


def _card_text(spec: ModelSpec) -> str | None:
    """Text of a card that lies beside the model; None where the card is an address or absent."""
    card = spec.file.parent / Path(spec.card).name
    return card.read_text(encoding="utf-8") if spec.card and card.is_file() else None


def _table(found: Iterable[ModelSpec]) -> list[str]:
    return _aligned([(spec.name, spec.kind, spec.licence or "-", str(spec.file)) for spec in found])


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
