"""What commands do with their jobs: one after another in this process, or side by side in several.

A picture that fails is recorded and the next one begins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hybridbg.cli.report import Reporter, error_record
from hybridbg.core.errors import HybridBgError
from hybridbg.studio.work import STREAM, Bench, Job, Settings

if TYPE_CHECKING:
    from hybridbg.studio.crew import Crew
    from hybridbg.studio.record import RunRecord

__all__ = ["Removal"]


@dataclass
class Removal:
    """One run over several pictures, and what became of each.

    Attributes
    ----------
    reporter : Reporter
        Where results and messages go.
    done : list of dict
        One record for each picture written or kept.
    failed : list of (str, Exception)
        Source and error of each picture that could not be cut out.
    """

    reporter: Reporter
    done: list[dict[str, Any]] = field(default_factory=list)
    failed: list[tuple[str, Exception]] = field(default_factory=list)

    def run(self, jobs: Sequence[Job], settings: Settings, *, keep_existing: bool) -> None:
        """Work off `jobs`; errors of one picture end up in `failed`.

        Raises
        ------
        HybridBgError
            Something that every picture needs cannot be used; nothing was written.
        """
        bench = Bench(settings)
        with self.reporter.progress(len(jobs)) as progress:
            for job in jobs:
                progress.start(job.name)
                if keep_existing and job.finished():
                    self.reporter.message(f"{job.name}: kept {job.output}")
                    self.keep(job)
                    continue
                try:
                    record = bench.work(job, progress.stage)
                except BrokenPipeError:
                    raise
                except Exception as error:
                    self.fail(job, error)
                else:
                    self.finish(job, record)

    def run_side_by_side(
        self,
        jobs: Sequence[Job],
        settings: Settings,
        *,
        workers: int | None,
        resume: bool,
        record: RunRecord,
    ) -> None:
        """Work off `jobs` in worker processes, in the order in which they are finished.

        With `resume` what an earlier run of that `record` has finished is kept.

        Raises
        ------
        HybridBgError
            As of `run`; or workers die before they have a picture; or other options are resumed.
        """
        from hybridbg.studio.crew import share_out

        began = record.earlier() if resume else math.inf
        due = []
        for job in jobs:
            if resume and job.finished(began):
                self.keep(job)
            else:
                due.append(job)
        if self.done:
            self.reporter.message(f"kept {len(self.done)} of {len(jobs)}: finished before")
        if not due:
            return
        crew = share_out((job.source for job in due), workers=workers, threads=settings.threads)
        self.reporter.detail(f"{crew.workers} workers with {crew.threads} threads each")
        forget = record.begin() if math.isinf(began) else None
        try:
            self._side_by_side(due, settings, crew)
        except HybridBgError:
            if forget and not (self.done or self.failed):
                forget()
            raise

    def _side_by_side(self, due: Sequence[Job], settings: Settings, crew: Crew) -> None:
        from hybridbg.studio.workers import work_off

        with self.reporter.tally(len(due)) as tally, closing(work_off(due, settings, crew)) as work:
            for outcome in work:
                if outcome.record is None:
                    assert outcome.error is not None  # noqa: S101 - one of the two
                    self.fail(outcome.job, outcome.error)
                else:
                    self.finish(outcome.job, outcome.record)
                tally.count(outcome.job.name, failed=len(self.failed))

    def keep(self, job: Job) -> None:
        """Note a picture whose results were there already."""
        self.done.append({**job.record(), "kept": True})

    def finish(self, job: Job, record: dict[str, Any]) -> None:
        """Name what was written, and say what is doubtful."""
        for path in job.outputs:
            if path != STREAM:
                self.reporter.result(path)
        self.reporter.warnings(record["diagnostics"], about=job.name)
        self.done.append(record)

    def fail(self, job: Job, error: Exception) -> None:
        """Note a picture that could not be cut out, and why."""
        self.failed.append((job.source, error))
        self.reporter.error(error, about=job.name)

    def report(self) -> dict[str, Any]:
        """Everything for machines."""
        errors = [error_record(error, source=source) for source, error in self.failed]
        return {"results": self.done, "errors": errors}
