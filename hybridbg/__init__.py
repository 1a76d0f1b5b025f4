"""hybridbg removes the background from photographs and leaves every hair.

>>> import hybridbg as hb
>>> from skimage.data import astronaut
>>> cutout = hb.remove_background(astronaut())
>>> cutout.rgba().shape
(512, 512, 4)

Importing costs next to nothing: everything below but the errors loads when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hybridbg.core.errors import (
    ExternalCommandError,
    HybridBgError,
    HybridBgWarning,
    ImageFileError,
    ImageReadError,
    ImageTooLargeError,
    ImageWriteError,
    InvalidImageError,
    InvalidInputError,
    InvalidMaskError,
    InvalidModelError,
    InvalidOptionError,
    InvalidTrimapError,
    ModelError,
    ModelFetchError,
    ModelNotFoundError,
    NoSubjectError,
    NotEnoughMemoryError,
    SolverError,
    WorkerDiedError,
)

if TYPE_CHECKING:
    from hybridbg.core import metrics
    from hybridbg.core.image import Image
    from hybridbg.graphcut import grabcut
    from hybridbg.io import load, save
    from hybridbg.keying import despill, estimate_screen, key_alpha
    from hybridbg.matting import estimate_alpha, estimate_foreground
    from hybridbg.pipeline import Cutout, composite, find_trimap, remove_background
    from hybridbg.predict import new_session, predict_trimap

__all__ = [
    "Cutout",
    "ExternalCommandError",
    "HybridBgError",
    "HybridBgWarning",
    "Image",
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
    "__version__",
    "composite",
    "despill",
    "estimate_alpha",
    "estimate_foreground",
    "estimate_screen",
    "find_trimap",
    "grabcut",
    "key_alpha",
    "load",
    "metrics",
    "new_session",
    "predict_trimap",
    "remove_background",
    "save",
]

_HOMES = {
    "Cutout": "hybridbg.pipeline",
    "Image": "hybridbg.core.image",
    "composite": "hybridbg.pipeline",
    "despill": "hybridbg.keying",
    "estimate_alpha": "hybridbg.matting",
    "estimate_foreground": "hybridbg.matting",
    "estimate_screen": "hybridbg.keying",
    "find_trimap": "hybridbg.pipeline",
    "grabcut": "hybridbg.graphcut",
    "key_alpha": "hybridbg.keying",
    "load": "hybridbg.io",
    "new_session": "hybridbg.predict",
    "predict_trimap": "hybridbg.predict",
    "remove_background": "hybridbg.pipeline",
    "save": "hybridbg.io",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first asked for (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("hybridbg")
    if name == "metrics":
        return importlib.import_module("hybridbg.core.metrics")
    if name not in _HOMES:
        raise AttributeError(f"module 'hybridbg' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
