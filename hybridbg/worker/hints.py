"""What a person can do about an error, one sentence for each kind.

The sentences are written for somebody in front of a paint program; the plug-in translates them, and
its catalogues are extracted from this file too.
"""

from __future__ import annotations

from typing import Final

from hybridbg.core.errors import (
    HybridBgError,
    InvalidImageError,
    InvalidMaskError,
    InvalidModelError,
    InvalidOptionError,
    InvalidTrimapError,
    ModelError,
    ModelNotFoundError,
    NoSubjectError,
    SolverError,
)

__all__ = ["hint_for", "kind_of"]


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a sentence for translation."""
    return text


_HINTS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (
        NoSubjectError,
        N_("Select the subject roughly and run again: the selection serves as a hint."),
    ),
    (
        InvalidTrimapError,
        N_(
            "Mark some of the subject white and some of the background black; grey is left to "
            "matting."
        ),
    ),
    (
        InvalidMaskError,
        N_("The mask or selection needs some of the subject and some of the background."),
    ),
    (
        ModelNotFoundError,
        N_(
            'Leave the network at "default", or see in a terminal: hybridbg models list. If the '
            "default network is missing, install hybridbg again."
        ),
    ),
    (
        InvalidModelError,
        N_(
            "Check the network in a terminal: hybridbg models verify. If it is the default "
            "network, install hybridbg again."
        ),
    ),
    (ModelError, N_("Check the installation in a terminal: hybridbg doctor")),
    (
        InvalidImageError,
        N_(
            "Layers need at least 4 x 4 pixels and values that are numbers; a damaged colour "
            "profile can be replaced under Image > Color Management."
        ),
    ),
    (InvalidOptionError, N_("Change the value in the dialog and run again.")),
    (SolverError, N_("Make the unknown region narrower and run again.")),
    (
        MemoryError,
        N_(
            "Crop the layer to its content, scale it down, or close other programs; then run again."
        ),
    ),
)
_NO_MEMORY: Final = (
    "Insufficient memory",  # OpenCV
    "Failed to allocate memory",  # ONNX Runtime
    "bad_alloc",
    "bad allocation",
    "Cannot allocate memory",
)
_OURS: Final = N_("This is a fault of hybridbg; please report it together with this text.")


def hint_for(error: BaseException) -> str:
    """Return one sentence that says what to do, or "" where the message says it all.

    Examples
    --------
    >>> hint_for(InvalidOptionError("method: ..."))
    'Change the value in the dialog and run again.'
    """
    if out_of_memory(error):
        error = MemoryError()
    for kind, hint in _HINTS:
        if isinstance(error, kind):
            return hint
    return "" if isinstance(error, HybridBgError) else _OURS


def kind_of(error: BaseException) -> str:
    """Return the name of an error's kind, as `hybridbg` exports it; "InternalError" for others."""
    if isinstance(error, HybridBgError):
        return type(error).__name__
    return "NotEnoughMemoryError" if out_of_memory(error) else "InternalError"


def out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out: OpenCV and ONNX Runtime have errors of their own for it.

    Examples
    --------
    >>> out_of_memory(MemoryError()), out_of_memory(ValueError("too large"))
    (True, False)
    """
    ours = isinstance(error, HybridBgError) and not isinstance(error, MemoryError)
    return isinstance(error, MemoryError) or (
        not ours and any(words in str(error) for words in _NO_MEMORY)
    )
