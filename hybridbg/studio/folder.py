"""A folder of pictures and its mirror image: which files are pictures, and where each result goes.

Folders are walked to any depth, in the order of names. Hidden files and folders are no pictures
(among them are the temporary files of `io.write_bytes`), links to folders are not followed, and
folders of results, this run's and earlier ones', are left out where they lie inside the folder of
pictures.
"""

from __future__ import annotations

import os
from pathlib import Path

from hybridbg.core.errors import ImageReadError, InvalidOptionError
from hybridbg.studio.record import RunRecord
from hybridbg.studio.work import Job

__all__ = ["find_pictures", "mirrored"]


def find_pictures(folder: Path, *, without: Path) -> tuple[list[Path], list[Path]]:
    """Find the pictures of a folder by their suffixes.

    Parameters
    ----------
    folder : Path
        Where to look.
    without : Path
        A folder that is left out: that of the results.

    Returns
    -------
    pictures : list of Path
        Relative to `folder`, sorted.
    left_out : list of Path
        Folders below `folder` that hold an earlier run's results, which are no pictures; sorted.

    Raises
    ------
    ImageReadError
        There is no such folder, one in it cannot be listed, or there is no picture.
    InvalidOptionError
        Results would go among the pictures themselves.
    """
    from hybridbg.io import READABLE, readable

    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise ImageReadError(f"expected a folder of pictures, {str(folder)!r} {what}")
    results = without.resolve()
    if results == folder.resolve():
        raise InvalidOptionError(f"{str(folder)!r} is where the pictures are; choose another OUT")
    found, left_out = [], []
    for place, folders, names in os.walk(folder, onerror=_refuse):
        here = Path(place)
        if here != folder and any(map(RunRecord.is_one, names)):
            left_out.append(here)
            folders.clear()
            continue
        folders[:] = [
            name for name in folders if name[0] != "." and (here / name).resolve() != results
        ]
        found += [
            (here / name).relative_to(folder) for name in names if name[0] != "." and readable(name)
        ]
    if not found:
        but = f" besides results in {str(min(left_out))!r}" if left_out else ""
        raise ImageReadError(f"no picture in {str(folder)!r}{but}; expected {', '.join(READABLE)}")
    return sorted(found), sorted(left_out)


def mirrored(pictures: list[Path], folder: Path, results: Path, suffix: str) -> list[Job]:
    """Give each picture its result: the same folders and stem under `results`.

    Examples
    --------
    >>> [job] = mirrored([Path("a", "cat.jpg")], Path("in"), Path("out"), ".png")
    >>> job.output == str(Path("out", "a", "cat.png"))
    True
    """
    return [
        Job(str(folder / picture), str(results / picture.with_suffix(suffix)))
        for picture in pictures
    ]


def _refuse(error: OSError) -> None:
    raise ImageReadError(f"the folder {error.filename!r} cannot be listed: {error.strerror}")
