"""The error tree: everything hybridbg raises on purpose derives from `HybridBgError`.

::

    HybridBgError
    |-- InvalidInputError (ValueError)      the data handed in cannot be used
    |   |-- InvalidImageError               shape, dtype, NaN, empty, too small
    |   |-- InvalidTrimapError              values, size, no known foreground or background
    |   |-- InvalidMaskError                a hint, alpha or mask of wrong size or range
    |   `-- InvalidOptionError              an option outside its domain
    |-- ImageFileError (OSError)            a file cannot be read or written
    |   |-- ImageReadError                  missing, truncated, not an image
    |   |   `-- ImageTooLargeError          more pixels than the limit allows
    |   `-- ImageWriteError                 unwritable folder, unknown format
    |-- ModelError                          a network cannot be used
    |   |-- ModelNotFoundError              no such name or file
    |   |-- InvalidModelError               not ONNX, wrong hash, wrong inputs
    |   `-- ModelFetchError                 a model cannot be fetched from its address
    |-- NotEnoughMemoryError (MemoryError)  a picture is too large for this machine
    |-- NoSubjectError                      nothing in the picture could be called foreground
    |-- SolverError                         the linear solver did not converge
    |-- WorkerDiedError                     a worker process ended in the middle of its work
    `-- ExternalCommandError                another program failed, hung or gave no answer

    HybridBgWarning (UserWarning)           the result is defined, but doubtful

Functions that return diagnostics put their warnings there instead of warning through Python.
Messages say what was expected, what came, and what to do.
"""

from __future__ import annotations

__all__ = [
    "ExternalCommandError",
    "HybridBgError",
    "HybridBgWarning",
    "ImageFileError",
    "ImageReadError",
    "ImageTooLargeError",
    "ImageWriteError",
    "InvalidImageError",
    "InvalidInputError",
    "InvalidMaskError",
    "InvalidModelError",
    "InvalidOptionError",
    "InvalidTrimapError",
    "ModelError",
    "ModelFetchError",
    "ModelNotFoundError",
    "NoSubjectError",
    "NotEnoughMemoryError",
    "SolverError",
    "WorkerDiedError",
]


class HybridBgError(Exception):
    """Root of every error raised by hybridbg."""


class HybridBgWarning(UserWarning):
    """A result is defined, but doubtful."""


class InvalidInputError(HybridBgError, ValueError):
    """The data handed in cannot be used."""


class InvalidImageError(InvalidInputError):
    """An image has the wrong shape, dtype, range or size."""


class InvalidTrimapError(InvalidInputError):
    """A trimap has the wrong size or values, or lacks known foreground or background."""


class InvalidMaskError(InvalidInputError):
    """A hint, alpha or mask has the wrong size, dtype or range."""


class InvalidOptionError(InvalidInputError):
    """An option is outside its domain."""


class ImageFileError(HybridBgError, OSError):
    """An image file cannot be read or written."""


class ImageReadError(ImageFileError):
    """A file is missing, truncated or not an image."""


class ImageTooLargeError(ImageReadError):
    """A file holds more pixels than the limit allows."""


class ImageWriteError(ImageFileError):
    """A file cannot be written there or in that format."""


class ModelError(HybridBgError):
    """A network cannot be used."""


class ModelNotFoundError(ModelError):
    """No model of that name, and no file at that path."""


class InvalidModelError(ModelError):
    """A model file is not ONNX, fails its checksum or has unexpected inputs."""


class ModelFetchError(ModelError):
    """A model cannot be fetched: offline, refused, cut short, or another file than published."""


class NoSubjectError(HybridBgError):
    """Nothing in the picture could be told from the background."""


class SolverError(HybridBgError):
    """The linear solver did not reach its tolerance."""


class NotEnoughMemoryError(HybridBgError, MemoryError):
    """A task needs more memory than there is."""


class WorkerDiedError(HybridBgError):
    """A worker process was killed, or ended by itself, before its work was done."""


class ExternalCommandError(HybridBgError):
    """A program that is not ours failed, took too long or gave no answer."""
