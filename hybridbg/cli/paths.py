"""Which file becomes which: patterns expanded, outputs named, clashes found before work begins.

Patterns are expanded here as well as by the shell, because Windows shells leave that to the
program.  ``-`` stands for standard input or output.  An input is never overwritten, two inputs
never share an output, and an output nobody could write is refused before a second is spent.
What an earlier run made of one input is not another, though a pattern may match it.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hybridbg.core.errors import ImageReadError, ImageWriteError, InvalidOptionError
from hybridbg.studio.work import STREAM

__all__ = [
    "ALPHA_ENDING",
    "CUTOUT_ENDING",
    "FOREGROUND_ENDING",
    "MATTE_ENDING",
    "SHADOW_ENDING",
    "TRIMAP_ENDING",
    "check_outputs",
    "expand",
    "expand_one",
    "name_outputs",
    "output_folder",
    "without_outputs",
]

CUTOUT_ENDING, ALPHA_ENDING, TRIMAP_ENDING = "-cutout", "-alpha", "-trimap"
"""What is added to a source's name where its output is given none."""

FOREGROUND_ENDING, MATTE_ENDING, SHADOW_ENDING = "-foreground", "-matte", "-shadow"
"""Likewise, of what `hybridbg key` writes besides."""


def expand(patterns: Sequence[str]) -> list[str]:
    """Expand patterns into files, in order, each file once.

    One of several that does not exist stays in the list, to fail in its turn: the others are done.

    Parameters
    ----------
    patterns : sequence of str
        Paths, glob patterns (``*``, ``?``, ``[...]``, ``**`` for any depth) or ``-``.

    Returns
    -------
    list of str
        Paths as the user wrote them, matches of a pattern sorted.

    Raises
    ------
    ImageReadError
        A folder; or nothing that is named exists.

    Examples
    --------
    >>> expand(["-"])
    ['-']
    """
    files: dict[str, str] = {}
    missing: list[str] = []
    for pattern in patterns:
        paths = [STREAM] if pattern == STREAM else _matches(pattern)
        missing += [] if paths else [pattern]
        for path in paths or [pattern]:
            files.setdefault(_identity(path), path)
    if missing and len(missing) == len(patterns):
        matched = "file matches" if glob.has_magic(missing[0]) else "such file:"
        raise ImageReadError(f"no {matched} {missing[0]!r}")
    return list(files.values())


def expand_one(pattern: str) -> str:
    """Expand a pattern that must name one file.

    Raises
    ------
    ImageReadError
        It names none.
    InvalidOptionError
        It names several.
    """
    [first, *others] = expand([pattern])
    if others:
        raise InvalidOptionError(f"expected one picture, {pattern!r} matches {1 + len(others)}")
    return first


def _matches(pattern: str) -> list[str]:
    path = Path(pattern)
    # A name such as "cat[1].jpg" is a file before it is a pattern.
    if path.is_file() or _is_stream_like(path):
        return [pattern]
    if path.is_dir():
        raise ImageReadError(f"expected a picture, got the folder {pattern!r}; write {pattern}/*")
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 - pathlib takes no absolute pattern
    return sorted(path for path in found if Path(path).is_file())


def _is_stream_like(path: Path) -> bool:
    """Named pipes and character devices can be read as well (``<(...)`` of a shell)."""
    return path.is_fifo() or path.is_char_device()


def output_folder(output: str | None, *, several: bool) -> Path | None:
    """Folder that `output` names, or None when it names a file, a stream or nothing.

    A name without a suffix is a folder, so that a pattern means the same whether it matches one
    picture or many; unless something other than a folder of that name exists.

    Raises
    ------
    InvalidOptionError
        It names one picture, but there are several.

    Examples
    --------
    >>> output_folder("cut.png", several=False) is None
    True
    >>> output_folder("cut", several=False) == Path("cut")
    True
    """
    if output is None or output == STREAM:
        return None
    ends_as_folder = output.endswith(tuple(filter(None, (os.sep, os.altsep))))
    path = Path(output)
    bare = not path.suffix and not path.exists()
    if several and not ends_as_folder and not path.is_dir() and _names_a_picture(path):
        raise InvalidOptionError(
            f"expected a folder for several pictures, got the name of one, {output!r}; leave "
            f"{path.suffix!r} out, or write {output}{os.sep}"
        )
    return path if several or ends_as_folder or bare or path.is_dir() else None


def _names_a_picture(path: Path) -> bool:
    from hybridbg.io import FORMATS  # with NumPy, which --help can do without

    return any(path.suffix.lower() in suffixes for suffixes in FORMATS.values())


def name_outputs(
    sources: Sequence[str], output: str | None, *, ending: str, suffix: str
) -> list[str]:
    """Name one output for each source.

    Parameters
    ----------
    sources : sequence of str
        Expanded inputs.
    output : str or None
        What ``-o`` said: a file for one source, a folder for several, ``-`` for the stream, None
        for a file beside each source (and the stream for standard input).
    ending : str
        What is added to a source's name, such as ``-cutout``.
    suffix : str
        File suffix with its dot.

    Examples
    --------
    >>> name_outputs(["in/cat.jpg"], None, ending="-cutout", suffix=".png")
    ['in/cat-cutout.png']
    >>> name_outputs(["a.jpg", "b.jpg"], "done", ending="-cutout", suffix=".webp")
    ['done/a-cutout.webp', 'done/b-cutout.webp']
    >>> name_outputs(["-"], None, ending="-cutout", suffix=".png")
    ['-']
    """
    several = len(sources) > 1
    if output == STREAM and several:
        raise InvalidOptionError(f"standard output takes one picture, got {len(sources)} inputs")
    folder = output_folder(output, several=several)
    if output is not None and folder is None:
        return [output]

    def name(source: str) -> str:
        stem = "stdin" if source == STREAM else Path(source).stem
        if folder is not None:
            return str(folder / f"{stem}{ending}{suffix}")
        if source == STREAM:
            return STREAM
        return str(Path(source).with_name(f"{stem}{ending}{suffix}"))

    return [name(source) for source in sources]


def without_outputs(
    sources: Sequence[str], folders: Iterable[Path | None] = ()
) -> tuple[list[str], list[str]]:
    """Tell sources from what this or another run makes of them.

    A file counts as an output if it bears the name of another source with an ending, in the folder
    of that source or in one of `folders`.

    Parameters
    ----------
    sources : sequence of str
        Expanded inputs.
    folders : iterable of Path or None
        Where outputs go besides the folders of their sources.

    Returns
    -------
    sources, outputs : list of str

    Examples
    --------
    >>> without_outputs(["cat.jpg", "cat-cutout.png", "dog-cutout.png"])
    (['cat.jpg', 'dog-cutout.png'], ['cat-cutout.png'])
    """
    paths = [Path(source) for source in sources if source != STREAM]
    beside = {_identity(str(path.with_suffix(""))) for path in paths}
    names = {os.path.normcase(path.stem) for path in paths}
    elsewhere = {_identity(str(folder)) for folder in folders if folder is not None}

    def is_output(path: Path) -> bool:
        for ending in (CUTOUT_ENDING, ALPHA_ENDING, TRIMAP_ENDING):
            name = path.stem.removesuffix(ending)
            if name and name != path.stem:
                made_beside = _identity(str(path.with_name(name))) in beside
                known = os.path.normcase(name) in names
                if made_beside or (known and _identity(str(path.parent)) in elsewhere):
                    return True
        return False

    outputs = [source for source in sources if source != STREAM and is_output(Path(source))]
    return [source for source in sources if source not in outputs], outputs


def check_outputs(
    pairs: Sequence[tuple[str, str]], *, protected: Iterable[str], may_create: Iterable[Path] = ()
) -> None:
    """Refuse a plan that would lose a file or could not be carried out.

    Parameters
    ----------
    pairs : sequence of (str, str)
        Source and output, for every file that will be written.
    protected : iterable of str
        Files that are read and therefore must survive.
    may_create : iterable of Path
        Folders that will be made when they are missing.

    Raises
    ------
    InvalidOptionError
        Two outputs are one file, or an output is an input.
    ImageWriteError
        The folder is missing, is not a folder or cannot be written to.
    """
    taken: dict[str, str] = {}
    creatable = {ancestor for folder in may_create for ancestor in (folder, *folder.parents)}
    inputs = {key for path in protected if path != STREAM for key in _keys(path)}
    for source, output in pairs:
        identity = _identity(output)
        if identity in taken:
            raise InvalidOptionError(
                f"{taken[identity]!r} and {source!r} would both be written to {output!r}; "
                "give them different names or folders"
            )
        taken[identity] = source
        if output == STREAM:
            continue
        if not inputs.isdisjoint(_keys(output)):
            raise InvalidOptionError(
                f"{output!r} is an input and is never overwritten; name another output"
            )
        _check_writable(Path(output), creatable)


def _check_writable(path: Path, creatable: Container[Path]) -> None:
    folder = path.parent
    while folder in creatable and not folder.exists():
        folder = folder.parent
    if path.is_dir():
        reason = "it is a folder"
    elif not folder.exists():
        reason = f"there is no folder {str(folder)!r}"
    elif not folder.is_dir():
        reason = f"{str(folder)!r} is not a folder"
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = f"no permission to write in {str(folder)!r}"
    else:
        return
    raise ImageWriteError(f"cannot write {str(path)!r}: {reason}; choose another place")


def _keys(path: str) -> Iterator[str | tuple[int, int]]:
    """Everything by which a file can be known: where it is, and its number on its disk."""
    yield _identity(path)
    with suppress(OSError):  # it does not exist, so it has no other names
        status = Path(path).stat()
        yield status.st_dev, status.st_ino


def _identity(path: str) -> str:
    return path if path == STREAM else os.path.normcase(Path(path).resolve())
