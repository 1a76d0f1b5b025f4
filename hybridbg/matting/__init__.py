"""Alpha from a trimap, and foreground colours from alpha: the only place where alpha is solved."""

from __future__ import annotations

from hybridbg.matting.alpha import (
    DEFAULT_EPSILON,
    ClosedForm,
    closed_form_alpha,
    estimate_alpha,
    refined_alpha,
)
from hybridbg.matting.foreground import estimate_foreground, multilevel_foreground

__all__ = [
    "DEFAULT_EPSILON",
    "ClosedForm",
    "closed_form_alpha",
    "estimate_alpha",
    "estimate_foreground",
    "multilevel_foreground",
    "refined_alpha",
]
