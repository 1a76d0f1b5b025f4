"""What a caller may ask of a removal, checked once and carried as one object."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from hybridbg.core.checks import as_number, one_of
from hybridbg.core.errors import InvalidOptionError
from hybridbg.core.progress import Progress
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import BoolArray, ByteArray, ColourLike, FloatArray, ImageLike, Rect
from hybridbg.keying.despill import DespillMethod, replacement
from hybridbg.predict import ModelSpec, Session

__all__ = ["EDGES", "METHODS", "Edge", "Method", "Options", "Quality", "Subject"]


Method: TypeAlias = Literal["auto", "key", "grabcut", "predict"]
METHODS: tuple[Method, ...] = get_args(Method)
Quality: TypeAlias = Literal["full", "preview"]
Edge: TypeAlias = Literal["auto", "hard", "soft"]
EDGES: tuple[Edge, ...] = get_args(Edge)


@dataclass(frozen=True, eq=False)
class Subject:
    """Where the caller says the subject is; at most one of trimap, or the others.

    Attributes
    ----------
    hint : (H, W) float32 in [0, 1], or None
    rect : (top, left, bottom, right) or None
    trimap : (H, W) uint8 or None
    marks : (H, W) float32, or None
        Points and strokes: 1 keep, 0 drop, 0.5 elsewhere. Unlike a hint's, their word is final.
    """

    hint: FloatArray | None = None
    rect: Rect | None = None
    trimap: ByteArray | None = None
    marks: FloatArray | None = None

    @property
    def dropped(self) -> BoolArray | None:
        """What was marked as not the subject, if anything was marked."""
        return None if self.marks is None else self.marks == 0

    @property
    def told(self) -> bool:
        """Whether anything was said at all."""
        said = (self.hint, self.rect, self.trimap, self.marks)
        return any(each is not None for each in said)


@dataclass(frozen=True, kw_only=True, eq=False)
class Options:
    """How to remove a background.

    Attributes
    ----------
    method : {"auto", "key", "grabcut", "predict"}
    model : str, path or ModelSpec
        The network, unless `session` holds one.
    screen : "auto", "green", "blue" or a colour
    plate : image or path, optional
    plate_registered : bool
    edge : {"auto", "hard", "soft"}
    holes : bool
    despill : {"average", "max", "min", "weighted"}
        "max" left the least error of foreground colours on painted shots: what of the screen shines
        through has been subtracted before.
    despill_strength, despill_weight : float in [0, 1]
    despill_restore : "none", "neutral" or a colour
    refine : bool
        Whether sampled colours help matting; with a screen the key alone is the prior.
    session : Session, optional
        A key asks it where colours leave open what is opaque.
    num_threads : int
    progress : callable, optional

    Raises
    ------
    InvalidOptionError
        On an unknown method, edge or quality, a screen or plate without a key, a preview without
        one or with what it cannot do, or fewer threads than one.
    """

    method: Method = "auto"
    model: str | os.PathLike[str] | ModelSpec = "default"
    screen: ColourLike = "auto"
    plate: ImageLike | None = None
    plate_registered: bool = False
    edge: Edge = "auto"
    holes: bool = True
    despill: DespillMethod = "max"
    despill_strength: float = 1.0
    despill_weight: float = 0.5
    despill_restore: ColourLike = "none"
    refine: bool = True
    quality: Quality = "full"
    session: Session | None = None
    num_threads: int | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        one_of(self.method, "method", METHODS)
        one_of(self.edge, "edge", EDGES)
        if not isinstance(self.holes, bool):
            raise InvalidOptionError(f"holes: expected True or False, got {self.holes!r}")
        one_of(self.despill, "despill", get_args(DespillMethod))
        as_number(self.despill_strength, "despill_strength", minimum=0, maximum=1)
        as_number(self.despill_weight, "despill_weight", minimum=0, maximum=1)
        replacement(self.despill_restore)
        one_of(self.quality, "quality", get_args(Quality))
        resolve_num_threads(self.num_threads)
        if self.method not in ("auto", "key") and self.wants_key:
            raise InvalidOptionError(
                f"screen and plate serve keying only, got method {self.method!r}; "
                "use method='key' or leave them out"
            )
        if self.quality == "preview" and self.method not in ("auto", "key"):
            raise InvalidOptionError(
                f"quality='preview' is a key and nothing else, got method {self.method!r}; "
                "use method='key' or quality='full'"
            )

        if self.quality == "preview" and (self.edge != "auto" or not self.holes):
            raise InvalidOptionError(
                "quality='preview' leaves edge and holes to the key; leave them out or use "
                "quality='full'"
            )

    @property
    def wants_key(self) -> bool:
        """Whether a screen colour or a plate was given, which only a key can use."""
        return self.plate is not None or not (
            isinstance(self.screen, str) and self.screen == "auto"
        )

    @property
    def threads(self) -> int:
        """Threads to use."""
        return resolve_num_threads(self.num_threads)
