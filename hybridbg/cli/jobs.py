"""The work of one command line, settled before the first picture is opened.

`plan` turns inputs and ``-o`` into `Job` objects and refuses whatever could lose a file or could
not be written; `check_streams` does the same for standard input and output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

from hybridbg.cli.options import FORMATS
from hybridbg.cli.paths import (
    FOREGROUND_ENDING,
    MATTE_ENDING,
    SHADOW_ENDING,
    TRIMAP_ENDING,
    check_outputs,
    name_outputs,
    output_folder,
)
from hybridbg.core.errors import ImageWriteError, InvalidOptionError
from hybridbg.studio.work import STREAM, Job

__all__ = ["check_alpha_fits", "check_format", "check_lossless", "check_streams", "plan"]

DEFAULT_FORMAT = "png"  # keeps alpha and 16 bits, and every program reads it
LOSSLESS_FORMATS = ("png", "tiff")


def plan(
    sources: Sequence[str],
    output: str | None,
    *,
    ending: str,
    file_format: str | None = None,
    trimap: str | None = None,
    foreground: str | None = None,
    matte: str | None = None,
    shadow: str | None = None,
    protected: Iterable[str] = (),
) -> list[Job]:
    """Name everything that will be written, and refuse what cannot or must not be.

    Parameters
    ----------
    sources : sequence of str
        Expanded inputs.
    output, trimap, foreground, matte, shadow : str or None
        A file for one source, a folder for several.
    ending : str
        Added to the names of outputs that are not given, such as ``-cutout``.
    file_format : str, optional
        A key of `FORMATS`.
    protected : iterable of str
        Files besides the sources that are read and must survive.

    Raises
    ------
    InvalidOptionError
        Two files would be written to one place, or one over an input.
    ImageWriteError
        A place cannot be written to, or a file's name says no format that can be.

    Examples
    --------
    >>> [job] = plan(["cat.jpg"], None, ending="-cutout")
    >>> job.source, job.output, job.matte
    ('cat.jpg', 'cat-cutout.png', None)
    """
    from hybridbg.io import format_of

    suffix = FORMATS[file_format or DEFAULT_FORMAT]
    outputs = name_outputs(sources, output, ending=ending, suffix=suffix)
    trimaps: Sequence[str | None] = [None] * len(sources)
    if trimap is not None:
        trimaps = name_outputs(
            sources, trimap, ending=TRIMAP_ENDING, suffix=FORMATS[DEFAULT_FORMAT]
        )
    check_lossless(path for path in trimaps if path is not None)
    for path in outputs:
        check_format(path, file_format)
    extras = [
        [None] * len(sources)
        if given is None
        else name_outputs(sources, given, ending=ending_of, suffix=suffix)
        for given, ending_of in (
            (foreground, FOREGROUND_ENDING),
            (matte, MATTE_ENDING),
            (shadow, SHADOW_ENDING),
        )
    ]
    for path in (path for paths in extras for path in paths if path is not None):
        format_of(path)
    jobs = [Job(*names) for names in zip(sources, outputs, trimaps, *extras, strict=True)]
    several = len(sources) > 1
    folders = (
        output_folder(given, several=several)
        for given in (output, trimap, foreground, matte, shadow)
    )
    check_outputs(
        [(job.source, path) for job in jobs for path in job.outputs],
        protected=[*sources, *protected],
        may_create=[folder for folder in folders if folder is not None],
    )
    return jobs


def check_lossless(paths: Iterable[str]) -> None:
    """Refuse to write trimaps in a format that would blur their three values.

    Raises
    ------
    InvalidOptionError
        JPEG or WebP.
    ImageWriteError
        No known format.

    Examples
    --------
    >>> check_lossless(["trimap.png", "-"])
    """
    from hybridbg.io import format_of

    for path in paths:
        if format_of(path) not in LOSSLESS_FORMATS:
            raise InvalidOptionError(f"{path!r} would alter the trimap's values; use .png or .tif")


def check_format(path: str, file_format: str | None) -> None:
    """Refuse a name of no format that can be written, or of another one than was asked for.

    Raises
    ------
    ImageWriteError, InvalidOptionError
    """
    from hybridbg.io import format_of

    wanted = format_of(path, file_format)
    if file_format is None or path == STREAM:
        return
    with suppress(ImageWriteError):  # a suffix that means nothing contradicts nothing
        meant = format_of(path)
        if meant != wanted:
            raise InvalidOptionError(
                f"--format {wanted}: {path!r} says {meant}; change one of them"
            )


def check_alpha_fits(jobs: Iterable[Job], file_format: str | None) -> None:
    """Refuse to write cut-outs in a format without alpha.

    Raises
    ------
    InvalidOptionError
        JPEG.
    """
    from hybridbg.io import format_of

    for job in jobs:
        if format_of(job.output, file_format) == "jpeg":
            raise InvalidOptionError(
                f"{job.output!r}: JPEG has no alpha; give a background, or write PNG, WebP or TIFF"
            )


def check_streams(*, reads: Sequence[str], writes: Sequence[str], as_json: bool) -> None:
    """Refuse what standard input and output cannot do.

    Raises
    ------
    InvalidOptionError
        Two pictures on one stream; a picture mixed with JSON, or thrown at a terminal.
    """
    for stream, paths in (("input", reads), ("output", writes)):
        if paths.count(STREAM) > 1:
            raise InvalidOptionError(f"standard {stream} takes one picture; use - once")
    if STREAM in writes:
        if as_json:
            raise InvalidOptionError("standard output takes the picture; --json needs a file")
        if sys.stdout.isatty():
            raise InvalidOptionError("a picture would be written to the terminal; name a file")
