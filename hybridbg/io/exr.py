"""OpenEXR: linear light in half or float, premultiplied by its convention.

Files are read and written by the package OpenEXR, an extra (``hybridbg[exr]``) that is imported
when the first such file is met. In files R, G, B are linear light and premultiplied by A (OpenEXR,
"Technical Introduction"); here colours become straight, as everywhere. A data window that is not
the display window is cropped or filled with black to it. Values beyond 0..1 are clipped, with a
warning: nothing after this module knows light brighter than white.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.colour import srgb_to_linear
from hybridbg.core.errors import HybridBgError, ImageReadError, ImageWriteError
from hybridbg.core.image import Image, as_float
from hybridbg.core.samples import Samples
from hybridbg.core.types import FloatArray, PixelArray

__all__ = ["INSTALL", "SIGNATURE", "decode", "encode", "installed"]

SIGNATURE: Final = b"v/1\x01"
INSTALL: Final = "OpenEXR files need the package OpenEXR: pip install 'hybridbg[exr]'"
# Rec. 709 primaries and white as x, y of red, green, blue and white; what files without say.
REC709: Final = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
PRIMARIES_TOLERANCE: Final = 0.002  # of x and y, as programs round them


def installed() -> bool:
    """Whether the package is there."""
    return find_spec("OpenEXR") is not None


def decode(stream: BinaryIO, name: str, check: Callable[[int, int], None]) -> Samples:
    """Decode the first part of an OpenEXR file.

    Parameters
    ----------
    stream : seekable binary file
    name : str
        For messages.
    check : function of rows and columns
        Called before pixels are decoded; raises if the picture is too large.

    Returns
    -------
    Samples
        float32 in [0, 1], linear light; straight alpha.

    Raises
    ------
    ImageReadError
        If the package is missing, the file is damaged, or has neither R, G, B nor Y nor A.

    Warns
    -----
    UserWarning
        If values are clipped, or the primaries are not those of Rec. 709 and are taken for them.
    """
    if not installed():
        raise ImageReadError(f"{name}: {INSTALL}")
    import OpenEXR

    try:
        header = OpenEXR.File(stream, header_only=True).header()
        rows, columns = _size(header["dataWindow"])
        check(rows, columns)
        check(*_size(header["displayWindow"]))
        stream.seek(0)
        # Read from memory: the decoder calls back for every piece, from several threads.
        file = OpenEXR.File(io.BytesIO(stream.read()), separate_channels=True)
        channels = {key: channel.pixels for key, channel in file.channels().items()}
    except HybridBgError:
        raise
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        raise ImageReadError(
            f"{name}: the OpenEXR file is damaged or of an unknown kind"
        ) from error
    colours = [key for key in ("R", "G", "B") if key in channels]
    found = colours if len(colours) == 3 else [key for key in ("Y", "A") if key in channels][:1]
    if not found or any(channels[key].shape != (rows, columns) for key in found):
        raise ImageReadError(
            f"{name}: expected the channels R, G, B (and A) or Y of full size, got "
            f"{', '.join(sorted(channels))}"
        )
    planes = np.stack([_framed(channels[key], header) for key in found], axis=2)
    alpha = _framed(channels["A"], header) if "A" in channels and found != ["A"] else None
    straight = planes if alpha is None else _straight(planes, alpha)
    _warn_of_primaries(header, name)
    values = _clipped(straight, name)
    return Samples(
        values if len(found) == 3 else values[:, :, 0],
        None if alpha is None else alpha.clip(0, 1),
        orientation=1,
    )


def encode(
    array: PixelArray, like: Image | None, *, dtype: Any = None, premultiplied: bool = True
) -> bytes:
    """Encode (H, W) as Y, (H, W, 3) as R, G, B, and (H, W, 4), straight, as R, G, B, A.

    Parameters
    ----------
    array : ndarray of uint8, uint16 or float32
        Colours in the encoding of `like`; a matte is written as it is.
    like : Image, optional
    dtype : dtype, optional
        float32 writes 32 bits; by default, and for anything else, half: 11 bits of precision.
    premultiplied : bool
        By convention; False writes straight colours, and nothing in the file says so.
    """
    if not installed():
        raise ImageWriteError(INSTALL)
    import OpenEXR

    values = as_float(array)
    if values.ndim == 3:
        colours = _linear(np.ascontiguousarray(values[:, :, :3]), like)
        if values.shape[2] == 4 and premultiplied:
            colours *= values[:, :, 3:]
        values[:, :, :3] = colours
    depth = np.float32 if dtype is not None and np.dtype(dtype) == np.float32 else np.float16
    name = {2: "Y"}.get(values.ndim) or ("RGBA" if values.shape[2] == 4 else "RGB")
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    buffer = io.BytesIO()
    try:
        OpenEXR.File(header, {name: np.ascontiguousarray(values.astype(depth))}).write(buffer)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ImageWriteError(f"the OpenEXR file cannot be encoded: {error}") from error
    return buffer.getvalue()


def _linear(values: FloatArray, like: Image | None) -> FloatArray:
    if like is None:
        return srgb_to_linear(values)
    return values if like.encoding == "linear" else srgb_to_linear(like.decode(values))


def _size(window: Any) -> tuple[int, int]:
    (left, top), (right, bottom) = window
    return int(bottom) - int(top) + 1, int(right) - int(left) + 1


def _framed(plane: NDArray[Any], header: dict[str, Any]) -> FloatArray:
    """Bring a channel from its data window to the display window."""
    values = plane.astype(np.float32)
    (left, top), (shown_left, shown_top) = header["dataWindow"][0], header["displayWindow"][0]
    shape = _size(header["displayWindow"])
    if (left, top, *plane.shape) == (shown_left, shown_top, *shape):
        return values
    frame = np.zeros(shape, dtype=np.float32)
    row, column = int(top - shown_top), int(left - shown_left)
    part = values[max(0, -row) :, max(0, -column) :]
    place = frame[max(0, row) :, max(0, column) :][: part.shape[0], : part.shape[1]]
    place[:] = part[: place.shape[0], : place.shape[1]]
    return frame


def _straight(planes: FloatArray, alpha: FloatArray) -> FloatArray:
    cover = alpha[:, :, None]
    return np.divide(planes, cover, out=np.zeros_like(planes), where=cover > 0)


def _clipped(values: FloatArray, name: str) -> FloatArray:
    """Clip to 0..1 and say how much of the picture that changed; NaN is left to be refused."""
    beyond = ((values < 0) | (values > 1)).any(axis=2)
    if not beyond.any():
        return values
    warnings.warn(
        f"{name}: {100 * float(beyond.mean()):.2g} % of the pixels were outside 0..1 and were "
        "clipped; lower the exposure if highlights matter",
        UserWarning,
        stacklevel=2,
    )
    return values.clip(0, 1)


def _warn_of_primaries(header: dict[str, Any], name: str) -> None:
    given = header.get("chromaticities")
    if given is None:
        return
    primaries = np.asarray(given, dtype=float).ravel()
    if primaries.shape == (8,) and np.abs(primaries - REC709).max() > PRIMARIES_TOLERANCE:
        warnings.warn(
            f"{name}: its primaries are not those of Rec. 709 and are taken for them; hue and "
            "saturation are judged a little wrongly, and the numbers are kept",
            UserWarning,
            stacklevel=2,
        )
