"""``hybridbg key``: a picture, or a shot, before a green, blue or other screen."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hybridbg.cli.batch import run_batch
from hybridbg.cli.exits import reporting
from hybridbg.cli.jobs import check_format, check_streams, plan
from hybridbg.cli.options import (
    FORMATS,
    background_options,
    format_option,
    limit_options,
    preset_option,
    shadow_option,
    side_by_side_options,
)
from hybridbg.cli.paths import check_outputs, expand_one
from hybridbg.cli.remove import check_contradictions, run_here
from hybridbg.cli.report import Reporter
from hybridbg.core.errors import ImageReadError, InvalidOptionError
from hybridbg.studio.record import RunRecord
from hybridbg.studio.work import NETWORK, STREAM, Job, Settings

if TYPE_CHECKING:
    from hybridbg.studio.sequence import Frames

__all__ = ["DESPILL", "key", "read_matte"]

DESPILL = ("average", "max", "min", "weighted")
"""Values of ``--despill``: the methods of `hybridbg.despill`."""

_NUMBER = r"-?\d+(?:\.\d+)?"
_CORNERS = re.compile(rf"\s*{_NUMBER},{_NUMBER}(?:\s+{_NUMBER},{_NUMBER}){{2,}}\s*")
_LIKE_CORNERS = re.compile(r"(?=.*\d)(?=.*[,;])[-+\d.,;:()\[\]\s]*", re.DOTALL)
"""No file is called so, but if one is, a folder before its name makes the difference."""

# What `remove` has and a key has no use for.
_UNUSED: dict[str, Any] = {
    "method": "key", "hint": None, "rect": None, "trimap": None,
    "refine": True, "alpha_only": False, "crop": False,
}  # fmt: skip


def read_matte(text: str) -> str | tuple[tuple[float, float], ...]:
    """Tell a polygon, ``X,Y X,Y X,Y ...``, from a file's name; corners become (row, column).

    Raises
    ------
    InvalidOptionError
        Numbers, but not of three corners, or not written so.

    Examples
    --------
    >>> read_matte("0,0 20,0 20,30"), read_matte("garbage.png")
    (((0.0, 0.0), (0.0, 20.0), (30.0, 20.0)), 'garbage.png')
    """
    if not _CORNERS.fullmatch(text):
        if _LIKE_CORNERS.fullmatch(text):
            raise InvalidOptionError(
                f"expected at least three corners X,Y X,Y X,Y or a file, got {text!r}"
            )
        return text
    corners = (corner.split(",") for corner in text.split())
    return tuple((float(row), float(column)) for column, row in corners)


@click.command()
@click.argument("source", metavar="IN")
@click.argument("output", metavar="OUT")
@click.option(
    "--screen",
    default="auto",
    show_default=True,
    metavar="green|blue|COLOUR",
    help="Screen colour.",
)
@click.option("--plate", metavar="FILE", help="The same shot without the subject.")
@click.option(
    "--garbage",
    type=read_matte,
    multiple=True,
    metavar="FILE|POLYGON",
    help="What is surely not the subject: white in FILE, or inside of X,Y X,Y X,Y ...",
)
@click.option(
    "--core",
    type=read_matte,
    multiple=True,
    metavar="FILE|POLYGON|network",
    help="What surely is the subject; along its outline the key decides. 'network' forces nothing:"
    " it votes on what is opaque where colours leave that open.",
)
@click.option("--model", metavar="NAME|PATH", help="Network for --core network.")
@click.option(
    "--despill",
    type=click.Choice(DESPILL),
    default="max",
    show_default=True,
    help="Limit for the screen's channel: that of the others.",
)
@click.option(
    "--despill-strength",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Part of the spill that is taken away.",
)
@click.option(
    "--despill-weight",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Of a weighted limit: 1 follows red, 0 the other channel.",
)
@click.option(
    "--despill-restore",
    default="none",
    show_default=True,
    metavar="none|neutral|COLOUR",
    help="What is put in place of the light that was taken away.",
)
@click.option("--foreground", metavar="PATH", help="Also write the colours without alpha.")
@click.option("--matte", metavar="PATH", help="Also write the alpha as a grey picture.")
@click.option("--shadow", metavar="PATH", help="Also write the subject's shadow, white on black.")
@shadow_option
@background_options
@click.option(
    "--preview",
    "quality",
    flag_value="preview",
    default="full",
    help="The key alone, quickly: no matting, no mattes, 8 bits.",
)
@format_option
@click.option("--exr-float", is_flag=True, help="OpenEXR with 32 bits instead of half.")
@click.option("--exr-straight", is_flag=True, help="OpenEXR that is not premultiplied.")
@click.option("--sequence", is_flag=True, help="IN is a folder with the frames of one shot.")
@preset_option
@side_by_side_options
@limit_options
@reporting
def key(
    reporter: Reporter,
    /,
    source: str,
    output: str,
    foreground: str | None,
    matte: str | None,
    shadow: str | None,
    sequence: bool,
    model: str | None,
    workers: int | None,
    resume: bool,
    **options: Any,
) -> int:
    """Key the picture or image sequence IN and write OUT.

    A sequence is written shot.####.exr, or is a folder with --sequence. Its frames keep their
    numbers, and one plate serves them all. OUT is then a folder or has #### as well, and so have
    --foreground, --matte and --shadow. OpenEXR is linear and premultiplied, every other format
    straight.

    \b
    Examples:
      hybridbg key shot.png cutout.png
      hybridbg key shot.png cutout.exr --plate empty.png --garbage "0,0 90,0 90,1080 0,1080"
      hybridbg key shot.png poster.jpg --background street.jpg --keep-shadow --light-wrap 0.3
      hybridbg key "plates/shot.####.exr" keyed/ --format exr --matte mattes/
    """  # noqa: D301 - click's mark for a paragraph that is not to be wrapped
    from hybridbg.studio.sequence import estimate_shot_plate, find_frames, is_pattern

    settings = Settings(**_UNUSED, model=model or "default", **options)
    if model is not None and NETWORK not in settings.core:
        raise InvalidOptionError(
            "--model names the network that --core network asks; add --core network, or leave out"
            " --model"
        )
    _check_mattes(settings)
    if settings.quality == "preview" and NETWORK in settings.core:
        raise InvalidOptionError("--preview asks no network; leave out --core network")
    if not (sequence or is_pattern(source)):
        if Path(source).is_dir():
            raise InvalidOptionError(
                f"{source!r} is a folder; add --sequence if it holds the frames of one shot, or use"
                " hybridbg batch --method key"
            )
        if resume or workers is not None:
            raise InvalidOptionError("--resume and --workers serve sequences, got one picture")
        found = expand_one(source)
        jobs = plan(
            [found],
            output,
            ending="",
            file_format=settings.file_format,
            foreground=foreground,
            matte=matte,
            shadow=shadow,
            protected=settings.files_read,
        )
        check_streams(
            reads=[found, *settings.files_read],
            writes=[path for job in jobs for path in job.outputs],
            as_json=reporter.as_json,
        )
        check_contradictions(settings, jobs)
        return run_here(reporter, jobs, settings, keep_existing=False)
    frames = find_frames(source)
    extras = {"foreground": foreground, "matte": matte, "shadow": shadow}
    jobs = _frame_jobs(frames, output, extras, settings)
    record = RunRecord.of(source, Path(jobs[0].output).parent, settings)
    if frames.missing:
        several = len(frames.missing) > 1
        numbers = f"{'frames' if several else 'frame'} {_ranges(frames.missing)}"
        reporter.warning(f"{numbers} {'are' if several else 'is'} missing")
    notes: dict[str, Any] = {"missing": frames.missing, "warnings": []}
    if settings.plate is None:
        shot = estimate_shot_plate(
            list(frames.paths.values()), screen=settings.screen, max_pixels=settings.max_pixels
        )
        reporter.warnings({"warnings": shot.warnings}, about=source)
        notes["warnings"] = shot.warnings
        reporter.detail(f"the shot's screen is {shot.screen}, confidence {shot.confidence}")
        settings = replace(settings, plate=shot, screen=shot.screen)
    return run_batch(
        reporter, jobs, settings, workers=workers, resume=resume, record=record, notes=notes
    )


def _check_mattes(settings: Settings) -> None:
    """Refuse what is neither a polygon nor a file, and say how the one is written."""
    for option, mattes, words in (
        ("--garbage", settings.garbage, ()),
        ("--core", settings.core, (NETWORK,)),
    ):
        for matte in mattes:
            if not isinstance(matte, str) or matte in (STREAM, *words):
                continue
            if os.path.exists(matte):  # noqa: PTH110 - Path raises for names too long for one
                continue
            other = "".join(f" or the word {word}" for word in words)
            raise ImageReadError(
                f"{option}: no such file: {matte!r}; expected a picture, a polygon X,Y X,Y X,Y"
                f"{other}"
            )


def _frame_jobs(
    frames: Frames, output: str, extras: dict[str, str | None], settings: Settings
) -> list[Job]:
    """Name what is written for each frame, and refuse what cannot or must not be."""
    from hybridbg.studio.sequence import is_pattern, numbered

    suffix = FORMATS[settings.file_format or "png"]

    def name(given: str | None, number: str, source: str) -> str | None:
        if given is None:
            return None
        if is_pattern(given):
            return numbered(given, number)
        return str(Path(given) / Path(source).with_suffix(suffix).name)

    jobs = [
        Job(
            source,
            name(output, number, source) or "",
            **{extra: name(given, number, source) for extra, given in extras.items()},
        )
        for number, source in frames.paths.items()
    ]
    for path in jobs[0].outputs:
        check_format(path, settings.file_format if path == jobs[0].output else None)
    check_contradictions(settings, jobs[:1])
    check_outputs(
        [(job.source, path) for job in jobs for path in job.outputs],
        protected=[*(job.source for job in jobs), *settings.files_read],
        may_create={Path(path).parent for job in jobs for path in job.outputs},
    )
    return jobs


def _ranges(numbers: tuple[int, ...]) -> str:
    """Write numbers as ranges.

    Examples
    --------
    >>> _ranges((3, 7, 8, 9))
    '3, 7-9'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)
