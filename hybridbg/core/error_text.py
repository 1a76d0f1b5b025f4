"""An error as people read it."""

from __future__ import annotations

from hybridbg.core.errors import HybridBgError

__all__ = ["describe"]


def describe(error: BaseException) -> str:
    """One line for an error, complete enough to act on.

    Examples
    --------
    >>> describe(FileNotFoundError(2, "No such file or directory", "cat.jpg"))
    "No such file or directory: 'cat.jpg'"
    >>> describe(TypeError("oops"))
    'internal error, please report it with the output of -v: TypeError: oops'
    """
    if isinstance(error, MemoryError) and not isinstance(error, HybridBgError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    text = " ".join(str(error).split())
    if isinstance(error, HybridBgError):
        return text or type(error).__name__
    if isinstance(error, OSError):
        where = f": {error.filename!r}" if error.filename is not None else ""
        return f"{error.strerror or text or type(error).__name__}{where}"
    return f"internal error, please report it with the output of -v: {type(error).__name__}: {text}"
