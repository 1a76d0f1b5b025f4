"""The matrix: every action, kind of image, precision, selection and output; and the odd ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 64
PRECISIONS = ("u8-non-linear", "u16-non-linear", "float-non-linear")
WIDE = ("u32-non-linear", "half-non-linear", "double-non-linear")
OUTPUTS = ("mask", "layer", "alpha", "selection", "trimap")
SELECTION = (10, 12, 54, 52)
"""left, top, right, bottom: around the subject."""

DTYPES = {
    "u8": np.dtype("u1"),
    "u16": np.dtype("u2"),
    "u32": np.dtype("u4"),
    "half": np.dtype("f2"),
    "float": np.dtype("f4"),
    "double": np.dtype("f8"),
}

Case = dict[str, Any]


def dtype_of(precision: str) -> np.dtype[Any]:
    return DTYPES[precision.partition("-")[0]]


def subject() -> NDArray[np.float64]:
    """Coverage of a disc with a soft rim."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    distance = np.hypot(rows - SIDE / 2, columns - SIDE / 2)
    return np.clip((SIDE * 0.28 - distance) / 3 + 0.5, 0, 1)


def picture(*, green: bool = False) -> NDArray[np.float64]:
    """An orange disc before blue, or before a green screen; (H, W, 3) in [0, 1]."""
    noise = np.random.default_rng(11).normal(0, 0.002, (SIDE, SIDE, 3))
    ground = np.array((0.16, 0.62, 0.22) if green else (0.23, 0.35, 0.62))
    alpha = subject()[..., None]
    mixed = alpha * np.array((0.8, 0.3, 0.2)) + (1 - alpha) * ground
    return np.clip(mixed + noise, 0, 1)


def native(values: NDArray[np.float64], precision: str) -> NDArray[Any]:
    """Round to a precision's own type."""
    dtype = dtype_of(precision)
    if dtype.kind == "f":
        return values.astype(dtype)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


def rough_mask() -> NDArray[np.uint8]:
    """A square that holds most of the disc, off its middle."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[16:48, 14:46] = 255
    return mask


def trimap() -> NDArray[np.uint8]:
    marks = np.full((SIDE, SIDE), 128, np.uint8)
    alpha = subject()
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    distance = np.hypot(rows - SIDE / 2, columns - SIDE / 2)
    marks[distance < SIDE * 0.28 - 6] = 255
    marks[distance > SIDE * 0.28 + 6] = 0
    assert alpha.shape == marks.shape
    return marks


def _image(precision: str, base: str, selection: bool, **layer: Any) -> Case:
    kind = "green" if layer.pop("green", False) else base
    return {
        "base": base,
        "size": [SIDE, SIDE],
        "precision": precision,
        "selection": list(SELECTION) if selection else None,
        "layers": [
            {
                "name": "layer",
                "size": [SIDE, SIDE],
                "pixels": f"{kind}.{precision.partition('-')[0]}",
                **layer,
            }
        ],
    }


def matrix() -> list[Case]:
    """Every action x RGB and grey x precision x selection x output, where there is such a thing."""
    cases: list[Case] = []

    def add(action: str, base: str, precision: str, chosen: bool, output: str, **more: Any) -> None:
        arguments = dict(more.pop("arguments", {}))
        if action != "trimap":
            arguments["output"] = output
        where = "selection" if chosen else "none"
        cases.append(
            {
                "name": f"{action}-{base}-{precision}-{where}-{output}{more.pop('label', '')}",
                "action": action,
                "output": output,
                "image": _image(precision, base, chosen, **more),
                "arguments": arguments,
            }
        )

    for base in ("rgb", "gray"):
        for precision in PRECISIONS:
            for chosen in (False, True):
                add("trimap", base, precision, chosen, "trimap")
                for output in ("alpha", "layer"):
                    add("clean", base, precision, chosen, output, mask="soft.mask")
                for output in OUTPUTS:
                    add("remove", base, precision, chosen, output)
                    source = {"arguments": {"source": "selection"}} if chosen else {}
                    mask = {} if chosen else {"mask": "rough.mask"}
                    add("refine", base, precision, chosen, output, **source, **mask)
                    if chosen:
                        add("grabcut", base, precision, chosen, output)
                    if base == "rgb":
                        add("key", base, precision, chosen, output, green=True)
    for edge, holes in (("hard", False), ("soft", True)):
        shape = {"edge": edge, "keep-holes": holes}
        for action in ("remove", "grabcut"):
            precision, label = "u8-non-linear", f"-{edge}"
            add(action, "rgb", precision, True, "mask", arguments=shape, label=label)
    for precision in WIDE:
        for output in ("mask", "layer", "alpha"):
            add("refine", "rgb", precision, False, output, mask="rough.mask")
    for precision in ("u8-linear", "u16-linear", "float-linear", "u16-perceptual"):
        for output in ("mask", "layer"):
            add("refine", "rgb", precision, False, output, mask="rough.mask")
    return cases
