"""From a picture to a cut-out: options, evidence, fusion, strategy, and the result."""

from __future__ import annotations

from hybridbg.pipeline.compositing import composite
from hybridbg.pipeline.cutout import Cutout
from hybridbg.pipeline.remove import remove_background
from hybridbg.pipeline.trimap import FoundTrimap, find_trimap

__all__ = ["Cutout", "FoundTrimap", "composite", "find_trimap", "remove_background"]
