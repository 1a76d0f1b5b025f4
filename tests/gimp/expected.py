"""What the Python API says about a case of the matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hybridbg as hb
from hybridbg.core import trimap as trimaps
from hybridbg.core.image import as_dtype
from hybridbg.pipeline import Cutout
from hybridbg.worker.pixels import to_pixels
from tests.gimp import cases
from tests.gimp.cases import SELECTION, SIDE, Case


def selection_hint() -> NDArray[np.uint8]:
    left, top, right, bottom = SELECTION
    hint = np.zeros((SIDE, SIDE), np.uint8)
    hint[top:bottom, left:right] = 255
    return hint


def pixels_of(case: Case) -> NDArray[Any]:
    """Return the layer's pixels as they were given to GIMP."""
    image = case["image"]
    values = cases.picture(green=image["layers"][0]["pixels"].startswith("green"))
    native = cases.native(values, image["precision"])
    return native[..., 1] if image["base"] == "gray" else native


def image_of(case: Case) -> hb.Image:
    encoding = "linear" if case["image"]["precision"].endswith("-linear") else "srgb"
    if case["image"]["precision"].endswith("non-linear"):
        encoding = "srgb"
    return hb.Image.from_array(to_pixels(pixels_of(case)), encoding=encoding)  # type: ignore[arg-type]


def cutout_of(case: Case) -> Cutout:
    """Ask the library for what the plug-in was asked for."""
    image, action = image_of(case), case["action"]
    chosen = case["image"]["selection"] is not None
    hint = selection_hint() if chosen else None
    arguments = case["arguments"]
    edge, holes = arguments.get("edge", "auto"), arguments.get("keep-holes", True)
    if action == "remove":
        return hb.remove_background(image, hint=hint, edge=edge, holes=holes)
    if action == "key":
        return hb.remove_background(image, hint=hint, method="key")
    if action == "grabcut":
        left, top, right, bottom = SELECTION
        rect = top, left, bottom, right
        return hb.remove_background(image, rect=rect, method="grabcut", edge=edge, holes=holes)
    if action == "refine":
        guide = selection_hint() if chosen else cases.rough_mask()
        width = max(2.0, 0.02 * np.sqrt(np.count_nonzero(guide)))
        return hb.remove_background(image, trimap=trimaps.from_alpha(guide, pixels=width / 2))
    if action == "clean":
        alpha = np.rint(cases.subject() * 255).astype(np.uint8)
        values = (alpha / np.float32(255)).astype(np.float32)
        colours = hb.estimate_foreground(replace(image, alpha=None), values)
        return Cutout(image, values, colours, np.zeros(alpha.shape, np.uint8), {})
    raise ValueError(action)


def trimap_of(case: Case) -> NDArray[np.uint8]:
    if case["action"] == "trimap":
        chosen = case["image"]["selection"] is not None
        return hb.find_trimap(image_of(case), hint=selection_hint() if chosen else None).trimap
    return cutout_of(case).trimap


def colours_of(case: Case, cutout: Cutout) -> NDArray[Any]:
    """Return a new layer's pixels, alpha last, in float64 in [0, 1]."""
    rgba = as_float64(cutout.rgba(as_pixels_dtype(case)))
    return rgba[..., [0, 3]] if case["image"]["base"] == "gray" else rgba


def as_pixels_dtype(case: Case) -> np.dtype[Any]:
    return to_pixels(np.zeros(1, cases.dtype_of(case["image"]["precision"]))).dtype


def rounded(values: NDArray[Any], case: Case) -> NDArray[np.float64]:
    """Round to the precision's own pixels, as float64 in [0, 1]."""
    return as_float64(as_dtype(values.astype(np.float32), as_pixels_dtype(case)))


def as_float64(values: NDArray[Any]) -> NDArray[np.float64]:
    scale = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
    return values.astype(np.float64) / scale
