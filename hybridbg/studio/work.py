"""One picture's job, what a run asks for, and the bench where a picture is worked off.

Files that serve every picture (hint, trimap, plate, background) are read, the colour is
understood and the network is loaded once, when the bench is set up, so that a mistake there costs
nothing. Jobs and settings are small: they travel to worker processes.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridbg.core.errors import ImageWriteError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hybridbg.core.image import Image
    from hybridbg.core.progress import Progress
    from hybridbg.keying.despill import DespillMethod
    from hybridbg.pipeline import Cutout
    from hybridbg.pipeline.mattes import Polygon
    from hybridbg.pipeline.options import Edge, Quality
    from hybridbg.predict import Session
    from hybridbg.studio.sequence import ShotPlate

__all__ = ["NETWORK", "STREAM", "Bench", "Job", "Settings"]

STREAM = "-"
"""The path that stands for standard input or output."""

NETWORK = "network"
"""The word for a core matte that is the network's vote."""

NETWORK_METHODS = ("auto", "predict")

_NO_SHADOW = "no shadow is kept: only a key finds it, and this picture was not keyed"


@dataclass(frozen=True)
class Job:
    """One picture's way: what is read and what is written.

    Attributes
    ----------
    source, output : str
        Paths, or ``-`` for standard input and output.
    trimap, foreground, matte, shadow : str or None
        Where the trimap, the colours without alpha, and alpha and shadow as grey pictures go as
        well.
    """

    source: str
    output: str
    trimap: str | None = None
    foreground: str | None = None
    matte: str | None = None
    shadow: str | None = None

    @property
    def name(self) -> str:
        """The source as messages call it."""
        return "standard input" if self.source == STREAM else self.source

    @property
    def outputs(self) -> list[str]:
        """Everything this job writes."""
        return [path for name, path in self.record().items() if name != "input"]

    def finished(self, since: float = 0) -> bool:
        """Whether everything this job writes is there already, and no older than its picture.

        A picture is as old as its last change, even if it is a copy that bears an older date. Nor
        may results be older than `since`, when the run began that it is to be a result of.

        Files appear whole or not at all (`io.write_bytes`), so that being there is being complete;
        only a power cut can leave an empty one.
        """
        paths = [Path(path) for path in self.outputs if path != STREAM]
        if len(paths) < len(self.outputs) or not all(path.is_file() for path in paths):
            return False
        source = Path(self.source)
        oldest = since
        if source.is_file():
            dates = source.stat()
            oldest = max(since, dates.st_mtime, dates.st_ctime)
        found = [path.stat() for path in paths]
        return all(each.st_size > 0 and each.st_mtime >= oldest for each in found)

    def record(self) -> dict[str, str]:
        """Names for JSON."""
        names = {"input": self.source, "output": self.output}
        extras = {name: getattr(self, name) for name in ("trimap", "foreground", "matte", "shadow")}
        return names | {name: path for name, path in extras.items() if path is not None}

    def make_folders(self) -> None:
        """Make the folders that are missing.

        Raises
        ------
        ImageWriteError
            The system refuses.
        """
        for path in self.outputs:
            folder = Path(path).parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ImageWriteError(f"cannot make the folder {str(folder)!r}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What was asked for, the same for every picture of a run; fields as the options."""

    method: str
    model: str
    hint: str | None
    rect: tuple[int, int, int, int] | None
    trimap: str | None
    screen: str
    plate: str | ShotPlate | None
    refine: bool
    background: str | None
    alpha_only: bool
    crop: bool
    file_format: str | None
    max_pixels: int | None
    threads: int | None
    garbage: tuple[str | Polygon, ...] = ()
    core: tuple[str | Polygon, ...] = ()
    light_wrap: float = 0.0
    keep_shadow: bool = False
    despill: DespillMethod = "max"
    despill_strength: float = 1.0
    despill_weight: float = 0.5
    despill_restore: str = "none"
    quality: Quality = "full"
    exr_float: bool = False
    exr_straight: bool = False
    keep: tuple[tuple[int, int], ...] = ()
    drop: tuple[tuple[int, int], ...] = ()
    scribbles: str | None = None
    edge: Edge = "auto"
    holes: bool = True

    def bench(self) -> Bench:
        """Load what all pictures share."""
        return Bench(self)

    @property
    def files_read(self) -> list[str]:
        """Files that are read besides the inputs."""
        files = (self.hint, self.scribbles, self.trimap, self.plate, self.background_file)
        mattes = (matte for matte in (*self.garbage, *self.core) if matte != NETWORK)
        return [path for path in (*files, *mattes) if isinstance(path, str)]

    @property
    def background_file(self) -> str | None:
        """A background that exists as a file is one; anything else is a colour."""
        named = self.background is not None and Path(self.background).is_file()
        return self.background if named else None


class Bench:
    """Everything that the pictures of a run share, loaded once.

    Parameters
    ----------
    settings : Settings
        What was asked for.

    Raises
    ------
    HybridBgError
        Something that every picture needs cannot be used; nothing was written.
    """

    def __init__(self, settings: Settings) -> None:
        from hybridbg.io import load

        self.settings = settings
        self._background = self._background_value()
        self._evidence: dict[str, Any] = {
            "hint": self._mask("hint", settings.hint),
            "trimap": self._mask("trimap", settings.trimap),
            "plate": load(settings.plate, max_pixels=settings.max_pixels)
            if isinstance(settings.plate, str)
            else None,
            "rect": settings.rect,
            "keep": settings.keep,
            "drop": settings.drop,
            "scribbles": None
            if settings.scribbles is None
            else load(settings.scribbles, encoding="srgb", max_pixels=settings.max_pixels),
            "edge": settings.edge,
            "holes": settings.holes,
            "method": settings.method,
            "screen": settings.screen,
            "refine": settings.refine,
            "despill": settings.despill,
            "despill_strength": settings.despill_strength,
            "despill_weight": settings.despill_weight,
            "despill_restore": settings.despill_restore,
            "quality": settings.quality,
            "session": self._session(),
            "num_threads": settings.threads,
        }
        self._mattes: dict[str, list[Any]] = {
            name: [
                self._mask(name, matte) if isinstance(matte, str) else matte
                for matte in mattes
                if matte != NETWORK
            ]
            for name, mattes in (("garbage", settings.garbage), ("core", settings.core))
        }

    def work(self, job: Job, progress: Progress | None = None) -> dict[str, Any]:
        """Read, cut out and write one picture.

        Parameters
        ----------
        job : Job
            Folders that are missing are made.
        progress : callable, optional
            As of `remove_background`.

        Returns
        -------
        dict
            The job's record, with size, seconds and diagnostics.

        Raises
        ------
        HybridBgError
        """
        began = time.perf_counter()
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always", UserWarning)
            image, cutout = self._cut_out(job, progress)
            job.make_folders()
            self._write(cutout, job)
        shadowless = self.settings.keep_shadow and cutout.shadow is None
        of_files = [str(doubt.message).removeprefix(f"{job.source}: ") for doubt in doubts]
        return {
            **job.record(),
            "rows": image.shape[0],
            "columns": image.shape[1],
            "seconds": round(time.perf_counter() - began, 3),
            "diagnostics": {
                **cutout.diagnostics,
                "warnings": [
                    *of_files,
                    *cutout.diagnostics["warnings"],
                    *([_NO_SHADOW] if shadowless else []),
                ],
            },
        }

    def _cut_out(self, job: Job, progress: Progress | None) -> tuple[Image, Cutout]:
        from hybridbg.io import load
        from hybridbg.pipeline import remove_background
        from hybridbg.pipeline.mattes import hint_from_mattes

        image = load(job.source, max_pixels=self.settings.max_pixels)
        evidence = dict(self._evidence)
        if any(self._mattes.values()):
            evidence["hint"] = hint_from_mattes(image.shape, **self._mattes)
        if self.settings.plate is not None and not isinstance(self.settings.plate, str):
            evidence["plate"] = self.settings.plate.at(job.source)
            evidence["plate_registered"] = True
        return image, remove_background(image, progress=progress, **evidence)

    def _write(self, cutout: Cutout, job: Job) -> None:
        from hybridbg import io

        settings = self.settings
        cutout.save(
            job.output,
            format=settings.file_format,
            background=self._background,
            alpha_only=settings.alpha_only,
            crop=settings.crop,
            shadow=settings.keep_shadow and cutout.shadow is not None,
            light_wrap=settings.light_wrap,
            dtype=self._depth(job.output, settings.file_format),
            premultiplied=not settings.exr_straight,
        )
        if job.trimap is not None:
            io.save(job.trimap, cutout.trimap)
        for path, array in (
            (job.foreground, cutout.foreground),
            (job.matte, cutout.alpha),
            (job.shadow, cutout.shadow),
        ):
            if path is not None and array is not None:  # what `key` asks for, a key finds
                dtype = self._depth(path) or cutout.image.dtype
                io.save(path, array, like=cutout.image, dtype=dtype)

    def _depth(self, path: str, file_format: str | None = None) -> str | None:
        """Depth of OpenEXR files; others have that of the picture."""
        from hybridbg.io import format_of

        if format_of(path, file_format) != "exr":
            return None
        return "float32" if self.settings.exr_float else "float16"

    def _background_value(self) -> Any:
        """Read the background: an `Image`, a colour, or None."""
        from hybridbg.io import as_colour_or_image, load

        settings = self.settings
        if settings.background_file is not None:
            return load(settings.background_file, max_pixels=settings.max_pixels)
        return None if settings.background is None else as_colour_or_image(settings.background)

    def _mask(self, kind: str, path: str | None) -> NDArray[Any] | None:
        from hybridbg.io import as_grey

        if path is None:
            return None
        name = f"{kind} {path}"
        return as_grey(path, max_pixels=self.settings.max_pixels, name=name)

    def _session(self) -> Session | None:
        from hybridbg.predict import new_session

        settings = self.settings
        if NETWORK in settings.core:
            return new_session(settings.model, num_threads=settings.threads)
        keyed = settings.screen != "auto" or settings.plate is not None
        if settings.trimap is not None or settings.method not in NETWORK_METHODS or keyed:
            return None
        return new_session(settings.model, num_threads=settings.threads)
