"""What ``hybridbg remove`` does with its jobs: each picture read, cut out and written.

Files that serve every picture (hint, trimap, plate, background) are read, the colour is
understood and the network is loaded once, before the first picture, so that a mistake there costs
nothing.  A picture that fails is recorded and the next one begins.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridbg.cli.jobs import Job
from hybridbg.cli.paths import STREAM
from hybridbg.cli.report import Progress, Reporter, error_record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hybridbg.pipeline import Cutout
    from hybridbg.predict import Session

__all__ = ["Removal", "Settings"]

NETWORK_METHODS = ("auto", "predict")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What was asked for, the same for every picture of a run; fields as the options."""

    method: str
    model: str
    hint: str | None
    rect: tuple[int, int, int, int] | None
    trimap: str | None
    screen: str
    plate: str | None
    refine: bool
    background: str | None
    alpha_only: bool
    crop: bool
    file_format: str | None
    max_pixels: int | None
    threads: int | None
    keep_existing: bool

    @property
    def files_read(self) -> list[str]:
        """Files that are read besides the inputs."""
        files = (self.hint, self.trimap, self.plate, self._background_file)
        return [path for path in files if path is not None]

    @property
    def _background_file(self) -> str | None:
        """A background that exists as a file is one; anything else is a colour."""
        named = self.background is not None and Path(self.background).is_file()
        return self.background if named else None

    def background_value(self) -> Any:
        """Read the background: an `Image`, a colour, or None.

        Raises
        ------
        HybridBgError
            Neither a picture nor a colour.
        """
        from hybridbg.io import as_colour_or_image, load

        if self._background_file is not None:
            return load(self._background_file, max_pixels=self.max_pixels)
        return None if self.background is None else as_colour_or_image(self.background)

    def evidence(self) -> dict[str, Any]:
        """Read what `remove_background` is told besides the picture."""
        from hybridbg.io import load

        return {
            "hint": self._mask(self.hint),
            "trimap": self._mask(self.trimap),
            "plate": None if self.plate is None else load(self.plate, max_pixels=self.max_pixels),
            "rect": self.rect,
            "method": self.method,
            "screen": self.screen,
            "refine": self.refine,
            "session": self._session(),
            "num_threads": self.threads,
        }

    def _mask(self, path: str | None) -> NDArray[Any] | None:
        from hybridbg.io import as_grey

        return None if path is None else as_grey(path, max_pixels=self.max_pixels)

    def _session(self) -> Session | None:
        from hybridbg.predict import new_session

        keyed = self.screen != "auto" or self.plate is not None
        if self.trimap is not None or self.method not in NETWORK_METHODS or keyed:
            return None
        return new_session(self.model, num_threads=self.threads)


@dataclass
class Removal:
    """One run over several pictures, and what became of each.

    Attributes
    ----------
    settings : Settings
        What was asked for.
    reporter : Reporter
        Where results and messages go.
    done : list of dict
        One record for each picture written or skipped.
    failed : list of (str, Exception)
        Source and error of each picture that could not be cut out.
    """

    settings: Settings
    reporter: Reporter
    done: list[dict[str, Any]] = field(default_factory=list)
    failed: list[tuple[str, Exception]] = field(default_factory=list)

    def run(self, jobs: Sequence[Job]) -> None:
        """Work off `jobs`; errors of one picture end up in `failed`.

        Raises
        ------
        HybridBgError
            Something that every picture needs cannot be used; nothing was written.
        """
        background = self.settings.background_value()
        evidence = self.settings.evidence()
        with self.reporter.progress(len(jobs)) as progress:
            for job in jobs:
                progress.start(job.name)
                try:
                    self._work(job, evidence, background, progress)
                except BrokenPipeError:
                    raise
                except Exception as error:
                    self.failed.append((job.source, error))
                    self.reporter.error(error, about=job.name)

    def report(self) -> dict[str, Any]:
        """Everything for machines."""
        errors = [error_record(error, source=source) for source, error in self.failed]
        return {"results": self.done, "errors": errors}

    def _work(
        self, job: Job, evidence: dict[str, Any], background: Any, progress: Progress
    ) -> None:
        from hybridbg.io import load
        from hybridbg.pipeline import remove_background

        if self.settings.keep_existing and job.exists:
            self.reporter.message(f"{job.name}: kept {job.output}")
            self.done.append({**job.record(), "kept": True})
            return
        began = time.perf_counter()
        image = load(job.source, max_pixels=self.settings.max_pixels)
        cutout = remove_background(image, progress=progress.stage, **evidence)
        job.make_folders()
        self._write(cutout, job, background)
        self.reporter.warnings(cutout.diagnostics, about=job.name)
        self.done.append(
            {
                **job.record(),
                "rows": image.shape[0],
                "columns": image.shape[1],
                "seconds": round(time.perf_counter() - began, 3),
                "diagnostics": dict(cutout.diagnostics),
            }
        )

    def _write(self, cutout: Cutout, job: Job, background: Any) -> None:
        """Write what was asked for, and name each file on standard output."""
        from hybridbg import io

        wanted: dict[str, Any] = {
            "background": background,
            "alpha_only": self.settings.alpha_only,
            "crop": self.settings.crop,
        }
        cutout.save(job.output, format=self.settings.file_format, **wanted)
        if job.output != STREAM:
            self.reporter.result(job.output)
        if job.trimap is not None:
            io.save(job.trimap, cutout.trimap)
            if job.trimap != STREAM:
                self.reporter.result(job.trimap)
