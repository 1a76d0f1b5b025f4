"""A picture of a dataset opened: what methods see and what they are judged by, perhaps corrupted.

Everything is brought to one form, so that all methods get the same: the picture as 8-bit sRGB,
without transparency. A corruption has a seed of its own for each picture. What an occluder hides
is background in all that tells where the subject is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import ImageReadError, InvalidMaskError
from hybridbg.evaluation.corruptions import KEEPS_COLOURS, corrupt

if TYPE_CHECKING:
    from hybridbg.core.types import ByteArray, FloatArray
    from hybridbg.evaluation.datasets import Picture

__all__ = ["CLEAN", "Scene", "open_scene"]

CLEAN: Final = "clean"
"""The condition of a picture that is not corrupted."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture and the truth about it.

    Attributes
    ----------
    image : (H, W, 3) uint8
        sRGB-coded.
    alpha : (H, W) float32 in [0, 1]
        The truth; 0 and 1 only, where it is a mask.
    soft : bool
        Whether the truth is an alpha, edges and all.
    instances : (H, W) integers, or None
        0 background, every other value an object.
    trimap : (H, W) uint8, or None
    hint : (H, W) float32, or None
    foreground : (H, W, 3) uint8, or None
        The subject's true colours, sRGB-coded, straight.
    """

    image: ByteArray
    alpha: FloatArray
    soft: bool
    instances: NDArray[Any] | None = None
    trimap: ByteArray | None = None
    hint: FloatArray | None = None
    foreground: ByteArray | None = None


def open_scene(picture: Picture, condition: str = CLEAN, *, seed: int = 0) -> Scene:
    """Open a picture and what belongs to it.

    Parameters
    ----------
    picture : Picture
    condition : str
        "clean", or a key of `corruptions.CORRUPTIONS`.
    seed : int
        With the picture's name it makes the seed of the corruption.

    Raises
    ------
    HybridBgError
        A file cannot be read or does not fit, or there is no truth; the message names it.
    """
    from hybridbg import io
    from hybridbg.core.trimap import as_trimap

    files = picture.files
    image = _colours(files["image"])
    shape = image.shape[:2]
    labels = _labels(files["instances"]) if "instances" in files else None
    if labels is not None and labels.shape != shape:
        raise InvalidMaskError(f"instances: expected shape {shape}, got {labels.shape}")
    for kind in ("alpha", "mask"):
        if kind in files:
            alpha = io.as_hint(files[kind], shape, name=files[kind])
            break
    else:
        if labels is None:
            raise ImageReadError("it has no truth; expected alpha, mask or instances of its name")
        alpha = (labels != 0).astype(np.float32)
    soft = "alpha" in files
    scene = Scene(
        image,
        alpha if soft else (alpha >= 0.5).astype(np.float32),
        soft,
        instances=labels,
        trimap=as_trimap(io.as_grey(files["trimap"], name=files["trimap"]), shape, need_known=False)
        if "trimap" in files
        else None,
        hint=io.as_hint(files["hint"], shape, name=files["hint"]) if "hint" in files else None,
        foreground=_colours(files["foreground"]) if "foreground" in files else None,
    )
    if scene.foreground is not None and scene.foreground.shape != image.shape:
        raise InvalidMaskError(f"foreground: expected shape {shape} like the image")
    return scene if condition == CLEAN else _corrupted(scene, condition, picture.name, seed)


def _corrupted(scene: Scene, condition: str, name: str, seed: int) -> Scene:
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    image, alpha = corrupt(
        condition,
        scene.image,
        scene.alpha,
        seed=int.from_bytes(digest[:8], "big"),
        foreground=scene.foreground,
    )
    hidden = alpha != scene.alpha

    def uncovered(marks: NDArray[Any] | None) -> Any:
        return None if marks is None else np.where(hidden, marks.dtype.type(0), marks)

    return replace(
        scene,
        image=image,
        alpha=alpha,
        instances=uncovered(scene.instances),
        trimap=uncovered(scene.trimap),
        hint=uncovered(scene.hint),
        foreground=scene.foreground if condition in KEEPS_COLOURS else None,
    )


def _colours(path: str) -> ByteArray:
    """Read a picture as 8-bit sRGB."""
    from hybridbg.core.image import as_dtype
    from hybridbg.io import load

    picture = load(path)
    if picture.encoding == "srgb" and picture.pixels.dtype == np.uint8:
        return picture.pixels.view(np.uint8)
    return as_dtype(picture.srgb(), np.dtype(np.uint8)).view(np.uint8)


def _labels(path: str) -> NDArray[Any]:
    """Read labels as they are: `io.load` would turn the indices of a palette into colours."""
    from PIL import Image as PILImage

    try:
        with PILImage.open(path) as picture:
            values = np.array(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageReadError(f"{path!r} cannot be read: {error}") from error
    if values.ndim == 3:  # a colour for each object, black around them
        values = values[..., :3].astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    if values.ndim != 2 or values.dtype.kind not in "iub":
        raise InvalidMaskError(f"{path!r}: expected labels, got {values.dtype} {values.shape}")
    return values
