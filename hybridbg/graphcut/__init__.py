"""GrabCut: seeds from what the caller knows, and a cut by colours.

The package is not named after its function: `hybridbg.grabcut` is that function.
"""

from __future__ import annotations

from hybridbg.graphcut.cut import grabcut, segment, working_cell
from hybridbg.graphcut.seeds import (
    PROBABLE_BACKGROUND,
    PROBABLE_FOREGROUND,
    SURE_BACKGROUND,
    SURE_FOREGROUND,
    seeds_from_hint,
    seeds_from_rect,
    seeds_from_trimap,
)

__all__ = [
    "PROBABLE_BACKGROUND",
    "PROBABLE_FOREGROUND",
    "SURE_BACKGROUND",
    "SURE_FOREGROUND",
    "grabcut",
    "seeds_from_hint",
    "seeds_from_rect",
    "seeds_from_trimap",
    "segment",
    "working_cell",
]
