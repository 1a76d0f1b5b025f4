"""Options that several commands share, and the words they take."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "EDGES",
    "FORMATS",
    "METHODS",
    "background_options",
    "cutout_options",
    "evidence_options",
    "format_option",
    "limit_options",
    "preset_option",
    "read_point",
    "read_rect",
    "refine_option",
    "shadow_option",
    "side_by_side_options",
]

METHODS = ("auto", "key", "grabcut", "predict")
"""Values of ``--method``: those of `hybridbg.remove_background`."""

EDGES = ("auto", "hard", "soft")
"""Values of ``--edge``: those of `hybridbg.remove_background`."""

FORMATS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "tiff": ".tif", "exr": ".exr"}
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


def read_point(text: str) -> tuple[int, int]:
    """Read ``ROW,COLUMN``; whether it lies in the picture is the library's to say.

    Raises
    ------
    click.BadParameter
        Not two integers parted by a comma.

    Examples
    --------
    >>> read_point("120,80")
    (120, 80)
    """
    try:
        row, column = (int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"expected ROW,COLUMN, got {text!r}") from None
    return row, column


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
            "--keep-holes/--fill-holes",
            "holes",
            default=True,
            help="What the subject encloses stays a hole (default), or becomes the subject's.",
        ),
        click.option(
            "--edge",
            type=click.Choice(EDGES),
            default="auto",
            show_default=True,
            help="How soft the edge is: hard for products, soft for long hair and fur.",
        ),
        click.option(
            "--scribbles",
            metavar="FILE",
            help="White strokes on the subject, black ones on what is not; grey or transparent"
            " elsewhere.",
        ),
        click.option(
            "--drop",
            type=read_point,
            multiple=True,
            metavar="ROW,COL",
            help="A point that is not the subject; may be repeated.",
        ),
        click.option(
            "--keep",
            type=read_point,
            multiple=True,
            metavar="ROW,COL",
            help="A point on the subject, row first; may be repeated.",
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


def cutout_options(command: _Command) -> _Command:
    """Add the options that say how the cut-out is made and what is written."""
    for option in (
        format_option,
        click.option("--crop", is_flag=True, help="Crop to the subject."),
        click.option("--alpha-only", is_flag=True, help="Write the alpha as a grey picture."),
        background_options,
        refine_option,
        click.option(
            "--trimap", metavar="FILE", help="Your own trimap: black, grey (128) and white."
        ),
    ):
        command = option(command)
    return command


def background_options(command: _Command) -> _Command:
    """Add ``--background`` and ``--light-wrap``: what the cut-out is put on, and how."""
    for option in (
        click.option(
            "--light-wrap",
            type=click.FloatRange(0, 1),
            default=0.0,
            metavar="0..1",
            help="Let the background's light spill over the subject's edge.",
        ),
        click.option("--background", metavar="COLOUR|FILE", help="Put the cut-out on this."),
    ):
        command = option(command)
    return command


def shadow_option(command: _Command) -> _Command:
    """Add ``--keep-shadow``, for pictures that are keyed."""
    return click.option(
        "--keep-shadow",
        is_flag=True,
        help="Keep the shadow on a screen: as black with alpha, or on --background.",
    )(command)


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


def side_by_side_options(command: _Command) -> _Command:
    """Add ``--workers`` and ``--resume``: several pictures at a time, and where they stopped."""
    for option in (
        click.option(
            "--resume",
            is_flag=True,
            help="Go on with the run before, which had the same IN and options: keep its results"
            " where pictures have not changed since.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            metavar="N",
            help="Worker processes; by default as many as cores and memory bear.",
        ),
    ):
        command = option(command)
    return command


def preset_option(command: _Command) -> _Command:
    """Add ``--preset``: a TOML file with values for options that are not given.

    Its keys are the command's options as they are written, with or without their dashes.
    """
    return click.option(
        "--preset",
        metavar="FILE",
        is_eager=True,  # the other options take their defaults from it
        expose_value=False,
        callback=_read_preset,
        help="TOML file with values for the options here; what is given here counts more.",
    )(command)


_NOT_IN_A_PRESET = ("json", "preset", "quiet", "verbose", "help", "version")


def _read_preset(context: click.Context, _: click.Parameter, path: str | None) -> None:
    if path is None:
        return
    try:
        with Path(path).open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        reason = error.strerror or error
        raise click.BadParameter(f"{path!r} cannot be read: {reason}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path!r} is not TOML: {error}") from None
    names = {
        long.lstrip("-"): option
        for option in context.command.params
        if isinstance(option, click.Option)
        for long in (*option.opts, *option.secondary_opts)
        if long.startswith("--") and long.lstrip("-") not in _NOT_IN_A_PRESET
    }
    unknown = [key for key in values if key.replace("_", "-") not in names]
    if unknown:
        raise click.BadParameter(
            f"{path!r}: there is no option {', '.join(map(repr, unknown))};"
            f" expected {', '.join(sorted(names))}"
        )
    nested = [key for key, value in values.items() if isinstance(value, dict)]
    if nested:
        raise click.BadParameter(f"{path!r}: {nested[0]!r} is a table; expected one value")
    context.default_map = {}
    for key, value in values.items():
        name = key.replace("_", "-")
        option = names[name]
        # "fill-holes = true" is "keep-holes = false".
        turned = f"--{name}" in option.secondary_opts and isinstance(value, bool)
        written = _as_written(not value if turned else value, option)
        context.default_map[str(option.name)] = written


def _as_written(value: Any, option: click.Option) -> Any:
    """Take a list for an option given several times, or for what commas part."""
    if option.multiple:
        return [_joined(each) for each in (value if isinstance(value, list) else [value])]
    return _joined(value) if isinstance(value, list) else value


def _joined(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
