"""Camera RAW: developed by LibRaw through the package rawpy, as a camera would do it.

The package is an extra (``hybridbg[raw]``) and is imported when the first such file is met. What
comes out has 16 bits and is sRGB-coded, with the camera's white balance and no automatic
brightness, so that pictures of a series stay alike. The sensor data stay as they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, BinaryIO, Final

from hybridbg.core.errors import HybridBgError, ImageReadError
from hybridbg.core.samples import Samples

__all__ = ["INSTALL", "SUFFIXES", "decode", "installed", "recognises"]

SUFFIXES: Final = (
    ".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw", ".x3f",
)  # fmt: skip
"""By which such files are found in a folder."""

INSTALL: Final = (
    "this is camera RAW, or begins with a preview as RAW does, and needs the package rawpy: pip "
    "install 'hybridbg[raw]', or develop it and save a 16-bit TIFF first"
)
# First bytes of those that are not TIFF: Fujifilm, Olympus, Panasonic, Minolta, Sigma.
SIGNATURES: Final = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"\0MRM", b"FOVb")
SRGB_CURVE: Final = (2.4, 12.92)  # IEC 61966-2-1 in LibRaw's terms: power, slope at black


def installed() -> bool:
    """Whether the package is there."""
    return find_spec("rawpy") is not None


def recognises(head: bytes) -> bool:
    """Whether a file begins as camera RAW does; many begin as TIFF, which `tiff` tells."""
    canon = head[8:10] == b"CR" or head[4:12] == b"ftypcrx "
    return canon or head.startswith(SIGNATURES)


def decode(stream: BinaryIO, name: str, check: Callable[[int, int], None]) -> Samples:
    """Develop a camera RAW file.

    Raises
    ------
    ImageReadError
        If the package is missing, or LibRaw does not know the file.
    """
    if not installed():
        raise ImageReadError(f"{name}: {INSTALL}")
    import rawpy

    stream.seek(0)
    try:
        with rawpy.imread(io.BytesIO(stream.read())) as file:
            check(file.sizes.height, file.sizes.width)
            values: Any = file.postprocess(
                use_camera_wb=True,
                no_auto_bright=True,
                output_color=rawpy.ColorSpace.sRGB,
                output_bps=16,
                gamma=SRGB_CURVE,
            )
    except HybridBgError:
        raise
    except (rawpy.LibRawError, OSError, ValueError) as error:
        raise ImageReadError(f"{name}: the RAW file cannot be developed: {error}") from error
    return Samples(values, orientation=1)  # LibRaw has turned it upright
