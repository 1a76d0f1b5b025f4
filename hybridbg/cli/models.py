"""``hybridbg models``: which networks there are, and what is known of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hybridbg.cli.exits import DONE, reporting
from hybridbg.cli.report import Reporter, error_record

if TYPE_CHECKING:
    from hybridbg.predict import ModelSpec

__all__ = ["models", "sha256_state", "spec_record"]


@click.group()
def models() -> None:
    """List and show the networks that find the subject."""


@models.command("list")
@reporting
def list_models(reporter: Reporter) -> int:
    """List the models found, first of each name first.

    Looked for in the folders of HYBRIDBG_MODELS, the user's cache, the package and rembg's folder.
    Descriptions that cannot be used are reported on standard error.
    """
    from hybridbg.predict import scan_models

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

    NAME is a name that `models list` prints, `default`, or the path of an ONNX file.
    """
    from hybridbg.predict import find_model

    spec = find_model(name)
    state = sha256_state(spec)
    record = spec_record(spec)
    for key, value in record.items():
        reporter.result(f"{key:12}{value}")
    reporter.result(f"{'checksum':12}{state}")
    card = _card_text(spec)
    if card is not None:
        reporter.result(f"\n{card.rstrip()}")
    reporter.json({"model": {**record, "checksum": state, "card_text": card}, "errors": []})
    return DONE


def spec_record(spec: ModelSpec) -> dict[str, Any]:
    """Fields of a description as JSON can carry them."""
    return {
        key: str(value) if isinstance(value, Path) else value for key, value in asdict(spec).items()
    }


def sha256_state(spec: ModelSpec) -> str:
    """Compare a model file with its description: "ok", "none given" or what differs."""
    from hybridbg.predict import file_sha256

    if spec.sha256 is None:
        return "none given"
    actual = file_sha256(spec.file)
    return "ok" if actual == spec.sha256 else f"wrong: the file has {actual}"


def _card_text(spec: ModelSpec) -> str | None:
    """Text of a card that lies beside the model; None where the card is an address or absent."""
    card = spec.file.parent / Path(spec.card).name
    return card.read_text(encoding="utf-8") if spec.card and card.is_file() else None


def _table(found: Iterable[ModelSpec]) -> list[str]:
    rows = [(spec.name, spec.kind, spec.licence or "-", str(spec.file)) for spec in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
