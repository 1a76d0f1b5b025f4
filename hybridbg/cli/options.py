"""Options that several commands share, and the words they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = [
    "FORMATS",
    "METHODS",
    "evidence_options",
    "format_option",
    "limit_options",
    "read_rect",
    "refine_option",
]

METHODS = ("auto", "key", "grabcut", "predict")
"""Values of ``--method``: those of `hybridbg.remove_background`."""

FORMATS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "tiff": ".tif"}
"""Values of ``--format`` and the suffix each gives to a file."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def read_rect(text: str) -> tuple[int, int, int, int]:
    """Read ``TOP,LEFT,BOTTOM,RIGHT``; whether it lies in the picture is the library's to say.

    Raises
    ------
    click.BadParameter
        Not four integers parted by commas.

    Examples
    --------
    >>> read_rect("10,20,200,180")
    (10, 20, 200, 180)
    """
    try:
        top, left, bottom, right = (int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"expected TOP,LEFT,BOTTOM,RIGHT, got {text!r}") from None
    return top, left, bottom, right


def evidence_options(command: _Command) -> _Command:
    """Add the options that say how the subject is found and where it is."""
    for option in (
        click.option("--plate", metavar="FILE", help="The same shot without the subject."),
        click.option(
            "--screen",
            default="auto",
            show_default=True,
            metavar="green|blue|COLOUR",
            help="Screen colour to key.",
        ),
        click.option(
            "--rect", type=read_rect, metavar="T,L,B,R", help="The subject is in this box."
        ),
        click.option("--hint", metavar="MASK", help="Rough mask: white subject, black background."),
        click.option("--model", default="default", metavar="NAME|PATH", help="Network to use."),
        click.option(
            "--method",
            type=click.Choice(METHODS),
            default="auto",
            show_default=True,
            help="How the subject is found.",
        ),
    ):
        command = option(command)
    return command


def limit_options(command: _Command) -> _Command:
    """Add ``--max-pixels`` and ``--threads``: what the machine is asked for."""
    for option in (
        click.option("--threads", type=click.IntRange(min=1), metavar="N", help="CPU threads."),
        click.option(
            "--max-pixels",
            type=click.IntRange(min=1),
            metavar="N",
            help="Refuse larger pictures; raise it for very large ones.",
        ),
    ):
        command = option(command)
    return command


def format_option(command: _Command) -> _Command:
    """Add ``--format``: the file format when the output's name does not say it."""
    return click.option(
        "--format", "file_format", type=click.Choice(tuple(FORMATS)), help="File format to write."
    )(command)


def refine_option(command: _Command) -> _Command:
    """Add ``--refine`` and ``--no-refine``: whether sampled colours help matting."""
    return click.option(
        "--refine/--no-refine",
        default=True,
        help="Let colours sampled from what the trimap knows help our solver (default), or solve"
        " plain closed form.",
    )(command)
