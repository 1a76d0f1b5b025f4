"""The little that is read of an ONNX file before ONNX Runtime sees it: does it name other files.

A tensor may keep its values in another file ("external data"), named by a path. ONNX Runtime reads
such a path from the current folder when it is given a model as bytes, so a model could bring in any
file below it, unseen by the model's digest. Only self-contained files are accepted.

Protocol buffers: a message is a run of fields, each a key ``number << 3 | wire type`` and a value;
wire type 0 is a variable-length integer, 1 eight bytes, 2 a length and that many bytes, 5 four.
Field numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["names_other_files"]

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
# Message type -> field number -> type of the message in that field. Only these lead to tensors.
_INSIDE: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL_DATA, _DATA_LOCATION, _IN_THE_FILE = 13, 14, 0
# Graphs inside of attributes of nodes inside of graphs: real ones nest a few times.
_MAX_DEPTH: Final = 64


def names_other_files(content: bytes) -> bool:
    """Whether any tensor of a model keeps its values in another file.

    Parameters
    ----------
    content : bytes
        A whole ONNX file.

    Raises
    ------
    ValueError
        This is no protocol buffer, or one with a kind of field that ONNX does not have.
    """
    try:
        return _has_external(memoryview(content), "model", 0)
    except IndexError:
        raise ValueError("truncated") from None


def _has_external(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        return True  # no reader would follow so deep; do not trust it
    if kind == "tensor":
        return any(
            number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != _IN_THE_FILE)
            for number, value in _fields(message)
        )
    inside = _INSIDE[kind]
    return any(
        _has_external(value, inside[number], depth + 1)
        for number, value in _fields(message)
        if number in inside and isinstance(value, memoryview)
    )


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Fields of a message: integers as such, byte runs as views, numbers of fixed width as 0."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        value: memoryview | int = 0
        if wire == _VARINT:
            value, at = _varint(message, at)
        elif wire == _BYTES:
            length, at = _varint(message, at)
            if length > len(message) - at:
                raise ValueError("truncated")
            value = message[at : at + length]
            at += length
        elif wire in (_EIGHT, _FOUR):
            at += 8 if wire == _EIGHT else 4
        else:
            raise ValueError("not a protocol buffer")
        yield key >> 3, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("not a protocol buffer")
