"""``hybridbg remove``: photographs in, cut-outs out."""

from __future__ import annotations

from typing import Any

import click

from hybridbg.cli.exits import DONE, SOME_FAILED, exit_code_of, reporting
from hybridbg.cli.jobs import check_alpha_fits, check_streams, plan
from hybridbg.cli.options import cutout_options, evidence_options, limit_options
from hybridbg.cli.paths import (
    ALPHA_ENDING,
    CUTOUT_ENDING,
    expand,
    output_folder,
    without_outputs,
)
from hybridbg.cli.removal import Removal
from hybridbg.cli.report import Reporter
from hybridbg.core.errors import InvalidOptionError
from hybridbg.studio.work import Job, Settings

__all__ = ["check_contradictions", "remove", "run_here", "warn_of_one_place"]


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="File (with a suffix) for one input, or folder; - for standard output."
    " Without it, NAME-cutout.png beside each input.",
)
@evidence_options
@cutout_options
@click.option("--save-trimap", metavar="FILE", help="Also write the trimap (several: a folder).")
@click.option("--keep-existing", is_flag=True, help="Skip inputs whose output exists already.")
@limit_options
@reporting
def remove(
    reporter: Reporter,
    /,
    inputs: tuple[str, ...],
    output: str | None,
    save_trimap: str | None,
    keep_existing: bool,
    **options: Any,
) -> int:
    """Remove the background of the pictures IN.

    IN is a file, a pattern such as "*.jpg", or - for standard input. The paths written are printed
    on standard output. Inputs are never overwritten; a file named as the output of another IN is
    skipped.

    \b
    Examples:
      hybridbg remove cat.jpg
      hybridbg remove *.jpg -o cutouts --background white --format jpeg
      hybridbg remove portrait.tif --hint rough.png --save-trimap trimap.png
      cat photo.jpg | hybridbg remove - > cutout.png
    """  # noqa: D301 - click's mark for a paragraph that is not to be wrapped
    settings = Settings(**options)  # fields and options bear the same names
    jobs = plan(
        _sources(inputs, output, save_trimap, reporter),
        output,
        ending=ALPHA_ENDING if settings.alpha_only else CUTOUT_ENDING,
        file_format=settings.file_format,
        trimap=save_trimap,
        protected=settings.files_read,
    )
    check_streams(
        reads=[*(job.source for job in jobs), *settings.files_read],
        writes=[path for job in jobs for path in job.outputs],
        as_json=reporter.as_json,
    )
    check_contradictions(settings, jobs)
    warn_of_one_place(reporter, settings, jobs)
    return run_here(reporter, jobs, settings, keep_existing=keep_existing)


def run_here(
    reporter: Reporter, jobs: list[Job], settings: Settings, *, keep_existing: bool
) -> int:
    """Work off pictures one by one, report, and return the exit code."""
    removal = Removal(reporter)
    try:
        removal.run(jobs, settings, keep_existing=keep_existing)
    except KeyboardInterrupt:
        reporter.json(removal.report())
        raise
    reporter.json(removal.report())
    if removal.failed and len(jobs) > 1:
        reporter.message(f"{len(removal.failed)} of {len(jobs)} pictures failed")
        return SOME_FAILED
    return exit_code_of(removal.failed[0][1]) if removal.failed else DONE


def _sources(
    inputs: tuple[str, ...], output: str | None, save_trimap: str | None, reporter: Reporter
) -> list[str]:
    """Expand the inputs, and leave out what an earlier run made of them."""
    found = expand(inputs)
    several = len(found) > 1
    folders = [output_folder(given, several=several) for given in (output, save_trimap)]
    sources, outputs = without_outputs(found, folders)
    if outputs:
        more = f" and {len(outputs) - 1} more" if len(outputs) > 1 else ""
        reporter.message(f"skipped {outputs[0]}{more}: named as outputs of other inputs")
    return sources


def warn_of_one_place(reporter: Reporter, settings: Settings, jobs: list[Job]) -> None:
    """Say that what tells a place is taken for the same place in every picture."""
    places = ("trimap", "hint", "rect", "keep", "drop", "scribbles")
    given = [f"--{name}" for name in places if getattr(settings, name)]
    if given and len(jobs) > 1:
        reporter.warning(f"{', '.join(given)}: the same place in all {len(jobs)} pictures")


def check_contradictions(settings: Settings, jobs: list[Job]) -> None:
    """Refuse options that cannot be met together, before any work.

    Raises
    ------
    InvalidOptionError
        With what to leave out.
    """
    if settings.alpha_only and settings.background is not None:
        raise InvalidOptionError("--alpha-only writes no colours; leave out --background")
    if settings.light_wrap and settings.background is None:
        raise InvalidOptionError("--light-wrap needs a --background; name one or leave it out")
    if settings.keep_shadow and settings.alpha_only:
        raise InvalidOptionError("--alpha-only has no shadow; leave out --keep-shadow")
    if settings.keep_shadow and (settings.trimap or settings.method in ("grabcut", "predict")):
        raise InvalidOptionError(
            "--keep-shadow needs a key, which finds the shadow; leave it out, or leave out --trimap"
            " and --method"
        )
    if not settings.alpha_only and settings.background is None:
        check_alpha_fits(jobs, settings.file_format)
