"""Frames: what travels between the worker and whoever started it.

A frame is the length of its header (4 bytes, little-endian), the header as one JSON object in
UTF-8, and the bytes of the arrays that ``header["arrays"]`` lists, one after the other, contiguous
and in this machine's byte order. ``{"name", "dtype", "shape"}`` describes an array, with `dtype` as
NumPy writes it ("u1", "u2", "u4", "f2", "f4", "f8"). The plug-in has its own few lines for the same
frames: it cannot import this package.

===========  =========  ==========================================================================
direction    ``type``   else in the header
===========  =========  ==========================================================================
out, first   hello      ``protocol``, ``version``, ``python``, ``pid``
in           warm       loads what the next request will need; answered by ``ready``
in           run        ``id``, ``action``, ``options``, ``encoding``, ``want``; arrays ``image``
                        and what the action takes
in           cancel     ends the request that runs
out          progress   ``id``, ``stage``, ``done`` in [0, 1]
out          result     ``id``, ``diagnostics``; the arrays of ``want``
out          error      ``id``, ``kind``, ``message``, ``hint``
out          cancelled  ``id``
===========  =========  ==========================================================================
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.errors import InvalidInputError
from hybridbg.core.memory import check_memory

__all__ = [
    "PROTOCOL",
    "Arrays",
    "Arriving",
    "begin_frame",
    "read_frame",
    "shape_of",
    "write_frame",
]

Arrays = Mapping[str, NDArray[Any]]

PROTOCOL: Final = 1
"""Raised by every change that an older plug-in would not understand."""

MAX_HEADER: Final = 2**20
"""Bytes; more is no header, but somebody else's output."""

_LENGTH: Final = struct.Struct("<I")
_DTYPES: Final = frozenset({"u1", "u2", "u4", "f2", "f4", "f8"})


class Arriving(Mapping[str, NDArray[Any]]):
    """Arrays of a frame that is still being read: whoever asks for one waits until it is there.

    Parameters
    ----------
    described : list of (name, dtype, shape)
        As they follow one another.
    """

    def __init__(self, described: list[tuple[str, str, tuple[int, ...]]]) -> None:
        self._arrays = {name: np.empty(shape, dtype=dtype) for name, dtype, shape in described}
        self._there = {name: Event() for name in self._arrays}

    def __getitem__(self, name: str) -> NDArray[Any]:
        array = self._arrays[name]
        self._there[name].wait()
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without waiting for it."""
        return self._arrays[name].shape

    def receive(self, stream: BinaryIO) -> None:
        """Read them all.

        Raises
        ------
        EOFError
            The stream ended too early.
        """
        for name, array in self._arrays.items():
            _fill(stream, array.reshape(-1).view(np.uint8).data)
            self._there[name].set()


def shape_of(arrays: Arrays, name: str) -> tuple[int, ...]:
    """Return the shape of an array, which need not have arrived."""
    return arrays.shape(name) if isinstance(arrays, Arriving) else arrays[name].shape


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Read one frame with its arrays; results and errors are those of `begin_frame`."""
    frame = begin_frame(stream)
    if frame is None:
        return None
    header, arrays = frame
    arrays.receive(stream)
    return header, dict(arrays)


def begin_frame(stream: BinaryIO) -> tuple[dict[str, Any], Arriving] | None:
    """Read a frame's header, and make room for the arrays that follow.

    Returns
    -------
    header, arrays
        None at the end of the stream. The arrays have to be received before the next frame.

    Raises
    ------
    InvalidInputError
        This is no frame.
    NotEnoughMemoryError
        The arrays do not fit into memory.
    EOFError
        The stream ended inside a frame.
    """
    prefix = stream.read(_LENGTH.size)
    if not prefix:
        return None
    if len(prefix) < _LENGTH.size:
        raise EOFError("the stream ended inside a frame")
    (length,) = _LENGTH.unpack(prefix)
    if length > MAX_HEADER:
        raise InvalidInputError(f"expected a header below {MAX_HEADER} bytes, got {length}")
    try:
        header = json.loads(_exactly(stream, length))
        described = [
            (str(array["name"]), str(array["dtype"]), tuple(map(int, array["shape"])))
            for array in header.get("arrays", [])
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError(f"this is no header of a frame: {error}") from error
    for name, dtype, shape in described:
        if dtype not in _DTYPES or min(shape, default=0) < 0:
            raise InvalidInputError(f"array {name!r}: cannot be {dtype} of shape {shape}")
    size = sum(math.prod(shape) * np.dtype(dtype).itemsize for _, dtype, shape in described)
    check_memory(size, "receiving the picture", "crop or scale the layer")
    return header, Arriving(described)


def write_frame(stream: BinaryIO, header: Mapping[str, Any], arrays: Arrays | None = None) -> None:
    """Write one frame and flush it; the arrays may be of any layout."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    described = [
        {"name": name, "dtype": array.dtype.str[1:], "shape": array.shape}
        for name, array in contiguous.items()
    ]
    text = json.dumps({**header, "arrays": described}).encode()
    stream.write(_LENGTH.pack(len(text)) + text)
    for array in contiguous.values():
        stream.write(array.reshape(-1).view(np.uint8).data)
    stream.flush()


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the stream ended inside a frame")
    return data


def _fill(stream: BinaryIO, view: memoryview) -> None:
    while view:
        got = stream.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise EOFError("the stream ended inside a frame")
        view = view[got:]
