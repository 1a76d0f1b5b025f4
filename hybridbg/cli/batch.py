"""``hybridbg batch``: a folder of photographs in, the same folder of cut-outs out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hybridbg.cli.exits import DONE, SOME_FAILED, reporting
from hybridbg.cli.jobs import DEFAULT_FORMAT
from hybridbg.cli.options import (
    FORMATS,
    cutout_options,
    evidence_options,
    limit_options,
    preset_option,
    shadow_option,
    side_by_side_options,
)
from hybridbg.cli.paths import check_outputs
from hybridbg.cli.removal import Removal
from hybridbg.cli.remove import check_contradictions, warn_of_one_place
from hybridbg.cli.report import Reporter
from hybridbg.studio.record import RunRecord
from hybridbg.studio.work import Job, Settings

__all__ = ["batch", "run_batch"]


@click.command()
@click.argument("folder", metavar="IN")
@click.argument("results", metavar="OUT")
@preset_option
@side_by_side_options
@evidence_options
@cutout_options
@shadow_option
@limit_options
@reporting
def batch(
    reporter: Reporter,
    /,
    folder: str,
    results: str,
    workers: int | None,
    resume: bool,
    **options: Any,
) -> int:
    """Remove the background of every picture in the folder IN and in the folders below it.

    OUT gets the same folders, and for each picture a PNG with alpha under the same name; it is made
    if need be, and may lie inside IN, where results of earlier runs are left out. A picture that
    cannot be cut out is listed and passed over. --threads are those of each worker. The paths
    written are printed on standard output.

    \b
    Examples:
      hybridbg batch shoot cutouts
      hybridbg batch shoot cutouts --resume
      hybridbg batch shoot web --preset shop.toml --background white --format jpeg
      hybridbg batch shots cutouts --screen green --keep-shadow
    """  # noqa: D301 - click's mark for a paragraph that is not to be wrapped
    from hybridbg.studio.folder import find_pictures, mirrored

    settings = Settings(**options)  # fields and options bear the same names
    pictures, left_out = find_pictures(Path(folder), without=Path(results))
    if left_out:
        places = ", ".join(repr(str(place)) for place in left_out)
        reporter.warning(f"left out results of earlier runs, which are no pictures: {places}")
    suffix = FORMATS[settings.file_format or DEFAULT_FORMAT]
    jobs = mirrored(pictures, Path(folder), Path(results), suffix)
    check_outputs(
        [(job.source, job.output) for job in jobs],
        protected=[*(job.source for job in jobs), *settings.files_read],
        may_create={Path(job.output).parent for job in jobs},
    )
    check_contradictions(settings, jobs)
    warn_of_one_place(reporter, settings, jobs)
    record = RunRecord.of(folder, Path(results), settings)
    return run_batch(reporter, jobs, settings, workers=workers, resume=resume, record=record)


def run_batch(
    reporter: Reporter,
    jobs: list[Job],
    settings: Settings,
    *,
    workers: int | None,
    resume: bool,
    record: RunRecord,
    notes: Mapping[str, Any] | None = None,
) -> int:
    """Work off pictures side by side, report with `notes` for JSON, and return the exit code."""
    removal = Removal(reporter)
    try:
        removal.run_side_by_side(jobs, settings, workers=workers, resume=resume, record=record)
    except KeyboardInterrupt:
        reporter.json({**removal.report(), **(notes or {})})
        raise
    reporter.json({**removal.report(), **(notes or {})})
    if not removal.failed:
        return DONE
    reporter.message(f"{len(removal.failed)} of {len(jobs)} pictures failed")
    return SOME_FAILED
