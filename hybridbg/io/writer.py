"""Turn arrays into files."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from hybridbg.core.image import Image, as_dtype
from hybridbg.core.types import PixelArray

__all__ = ["encode", "save", "write_bytes"]


def encode(
    array: PixelArray,
    format: str,  # noqa: A002
    *,
    like: Image | None = None,
    dtype: Any = None,
    quality: int = 95,
) -> bytes:
    """Encode an array."""
    from PIL import Image as PILImage

    buffer = io.BytesIO()
    PILImage.fromarray(as_dtype(array, "uint8")).save(buffer, format, quality=quality)
    return buffer.getvalue()


def save(
    path: str | os.PathLike[str],
    array: PixelArray,
    *,
    like: Image | None = None,
    format: str | None = None,  # noqa: A002
    dtype: Any = None,
    quality: int = 95,
) -> None:
    """Save an array."""
    data = encode(array, format or Path(path).suffix[1:], like=like, dtype=dtype, quality=quality)
    write_bytes(path, data)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file."""
    Path(path).write_bytes(data)
