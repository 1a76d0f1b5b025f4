"""How many workers, and how many threads each: as much as cores and memory bear, and no more.

Pictures are independent, so that one thread in each of many processes gets more done than many
threads in one. Fewer pictures than cores, or too little memory, leave more threads to each worker.
"""

from __future__ import annotations

import heapq
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hybridbg.core.memory import available_memory
from hybridbg.core.threads import allowed_cores

__all__ = ["Crew", "largest_picture", "share_out"]

_WORKER_BYTES: Final = 300 * 2**20
"""What a worker holds before its first picture: libraries and the shipped network."""

_BYTES_PER_PIXEL: Final = 120
"""Peak of a removal per pixel of the picture; at 12 megapixels it was 53 for hair, 95 for a key."""

_MEMORY_SHARE: Final = 0.8
"""Part of the memory left that workers may plan with; the rest is for file caches and others."""

_MEASURED: Final = 16
"""How many files, the largest ones, are asked for the size of their picture."""


@dataclass(frozen=True)
class Crew:
    """Worker processes, and threads of each."""

    workers: int
    threads: int


def share_out(
    sources: Iterable[str],
    *,
    workers: int | None = None,
    threads: int | None = None,
) -> Crew:
    """Share cores and memory among workers.

    Parameters
    ----------
    sources : iterable of str
        Paths of the pictures.
    workers, threads : int, optional
        What the user decided; threads are those of one worker.

    Returns
    -------
    Crew
        Never more workers than pictures, and at least one.

    Examples
    --------
    >>> share_out(["cat.jpg", "dog.jpg"], workers=8, threads=1)
    Crew(workers=2, threads=1)
    """
    paths = list(sources)
    cores = allowed_cores()
    if workers is None:
        workers = max(1, cores // (threads or 1))
        memory = available_memory()
        if memory is not None:
            each = _WORKER_BYTES + _BYTES_PER_PIXEL * largest_picture(paths)
            workers = min(workers, max(1, int(memory * _MEMORY_SHARE / each)))
    workers = max(1, min(workers, len(paths)))
    return Crew(workers, threads or max(1, cores // workers))


def largest_picture(paths: Iterable[str]) -> int:
    """Pixels of the largest picture, by the headers of the largest files."""
    files = (path for path in paths if Path(path).is_file())  # a pipe would keep us waiting
    largest = heapq.nlargest(_MEASURED, ((Path(path).stat().st_size, path) for path in files))
    return max((_pixels(path, size) for size, path in largest), default=0)


def _pixels(path: str, size: int) -> int:
    """Rows times columns; where the header cannot be read, as if a pixel took a byte."""
    from PIL import Image as PILImage

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own limit on size
        try:
            with PILImage.open(path) as picture:
                return picture.width * picture.height
        except Exception:
            return size
