"""What a graph says of itself, held against its description: `fitted` fills what was left out.

A graph names its inputs and outputs and gives each axis a length, or leaves it free. The axis as
long as there are channels tells NCHW (PyTorch) from NHWC (TensorFlow); fixed sides are the input's
size; a free first axis takes several pictures at a time; no first axis at all takes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from hybridbg.core.errors import InvalidModelError
from hybridbg.predict.spec import ROLES, Layout, ModelSpec

__all__ = ["Ends", "fitted"]

# What ONNX Runtime calls the element types that pictures are handed in as, and NumPy does.
_TYPES: Final = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}


@dataclass(frozen=True)
class Ends:
    """Where a graph is fed and read.

    Attributes
    ----------
    input : str
        Name of the input.
    dtype : str
        NumPy's name of its element type.
    batched : bool
        Whether the input has an axis for pictures at all.
    takes_many : bool
        Whether that axis is free.
    outputs : dict of str to str
        Role, such as "map", to the name of the output that plays it.
    """

    input: str
    dtype: str
    batched: bool
    takes_many: bool
    outputs: dict[str, str]


def fitted(
    spec: ModelSpec, inputs: Sequence[Any], outputs: Sequence[Any]
) -> tuple[ModelSpec, Ends]:
    """Complete a description from the graph, and say how to feed and read it.

    Parameters
    ----------
    spec : ModelSpec
        As described.
    inputs, outputs : sequences of onnxruntime.NodeArg
        As ONNX Runtime lists them.

    Returns
    -------
    spec : ModelSpec
        With `layout`, `dynamic`, `fit`, and `size` or `shape` known.
    ends : Ends

    Raises
    ------
    InvalidModelError
        The graph is not what its description says, or both leave something open.
    """
    fed = _input(spec, inputs)
    axes = list(fed.shape)
    batched = len(axes) == 4
    batch = axes.pop(0) if batched else 1
    layout = _layout(spec, axes, fed)
    sides = axes[1:] if layout == "NCHW" else axes[:2]
    ends = Ends(
        input=fed.name,
        dtype=_TYPES[fed.type],
        batched=batched,
        takes_many=batched and not isinstance(batch, int),
        outputs=_outputs(spec, [one.name for one in outputs]),
    )
    return _sized(replace(spec, layout=layout), sides, fed), ends


def _input(spec: ModelSpec, inputs: Sequence[Any]) -> Any:
    """Find the graph's input that takes the picture."""
    found = [one for one in inputs if not spec.input or one.name == spec.input]
    listed = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
    if len(inputs) != 1 or not found:
        wanted = f"named {spec.input}" if spec.input else ""
        raise InvalidModelError(
            f"model {spec.name!r}: expected one input {wanted}".rstrip()
            + f", got {listed}; correct the description (input) or use another model"
        )
    fed = found[0]
    if fed.type not in _TYPES or len(fed.shape) not in (3, 4):
        raise _unfit(spec, fed)
    return fed


def _layout(spec: ModelSpec, axes: list[Any], fed: Any) -> Layout:
    """Tell the layout by the axis that is as long as there are channels."""
    first, last = axes[0], axes[2]
    possible: dict[Layout, bool] = {
        "NCHW": first == spec.channels or not isinstance(first, int),
        "NHWC": last == spec.channels or not isinstance(last, int),
    }
    certain: dict[Layout, bool] = {"NCHW": first == spec.channels, "NHWC": last == spec.channels}
    if certain["NCHW"] != certain["NHWC"]:
        told: Layout = "NCHW" if certain["NCHW"] else "NHWC"
        if spec.layout in (None, told):
            return told
    elif spec.layout and possible[spec.layout]:
        return spec.layout
    elif any(possible.values()):
        raise InvalidModelError(
            f"model {spec.name!r}: its input {fed.name} {fed.shape} does not tell where its "
            f"{spec.channels} channels are; add layout to the description"
        )
    raise _unfit(spec, fed)


def _unfit(spec: ModelSpec, fed: Any) -> InvalidModelError:
    layout = f" ({spec.layout})" if spec.layout else ""
    return InvalidModelError(
        f"model {spec.name!r}: expected one input, float32, float16 or uint8 with 4 axes{layout} "
        f"and {spec.channels} channels, got {fed.name} {fed.type} {fed.shape}; "
        "correct the description (layout, has_hint) or use another model"
    )


def _sized(spec: ModelSpec, sides: Sequence[Any], fed: Any) -> ModelSpec:
    """Settle on an input of one size or of any."""
    fixed = [side for side in sides if isinstance(side, int) and side > 0]
    if fixed and spec.dynamic:
        raise InvalidModelError(
            f"model {spec.name!r}: described as dynamic, but its input {fed.name} {fed.shape} has "
            "one size; correct the description"
        )
    described = spec.shape
    if described is None and spec.dynamic is False and spec.size is not None:
        described = (spec.size, spec.size)
    if len(fixed) == 2:
        shape = (fixed[0], fixed[1])
        if described not in (None, shape):
            raise InvalidModelError(
                f"model {spec.name!r}: described with an input of {described} rows and columns, "
                f"but the graph takes {shape[0]} rows and {shape[1]} columns; correct the "
                "description (size, shape)"
            )
    elif fixed or described is not None or spec.dynamic is False:
        if described is None:
            raise _sizeless(spec, fed)
        shape = described
        if any(side in fixed and side != own for side, own in zip(sides, shape, strict=True)):
            raise _sizeless(spec, fed)
    elif spec.size is None:
        raise _sizeless(spec, fed)
    else:
        return replace(spec, dynamic=True, fit="letterbox")
    # A size without more is for graphs that leave the choice; this one does not.
    return replace(spec, dynamic=False, shape=shape, size=max(shape), fit=spec.fit or "stretch")


def _sizeless(spec: ModelSpec, fed: Any) -> InvalidModelError:
    return InvalidModelError(
        f"model {spec.name!r}: its input {fed.name} {fed.shape} takes any size, and the "
        "description does not fit one; add size, the side at which it works best, or shape"
    )


def _outputs(spec: ModelSpec, names: list[str]) -> dict[str, str]:
    """Map roles to the names of outputs: as described, else by their own names, else in order."""
    roles = ROLES[spec.kind]
    described = dict(spec.outputs)
    # The maps of a trimap network are of one shape, so that order alone would not be safe.
    by_name = spec.kind == "trimap" or {*roles} <= {*names}
    found = {}
    for place, role in enumerate(roles):
        wanted = described.get(role, role if by_name else place)
        if isinstance(wanted, int) and wanted < len(names):
            found[role] = names[wanted]
        elif wanted in names:
            found[role] = str(wanted)
    if missing := sorted({*roles} - {*found}):
        raise InvalidModelError(
            f"model {spec.name!r}: expected outputs {' and '.join(roles)} of a network of kind "
            f"{spec.kind}, {' and '.join(missing)} missing; got {', '.join(names)}; correct the "
            "description (kind, outputs)"
        )
    return found
