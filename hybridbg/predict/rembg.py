"""Descriptions of model files that people already have from rembg, told by their file names.

rembg keeps bare ONNX files without descriptions. All of these are saliency networks that take the
picture stretched to a fixed square: U-2-Net (Qin et al. 2020, Pattern Recognition 106) with
ImageNet normalisation, IS-Net (Qin et al. 2022, ECCV) with mean 0.5. No digests are given, because
rembg has replaced files under the same name before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from hybridbg.predict.spec import ModelSpec

__all__ = ["describe"]

_U2NET: Final[dict[str, Any]] = {
    "size": 320,
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "licence": "Apache-2.0",
    "origin": "https://github.com/xuebinqin/U-2-Net",
}
_ISNET: Final[dict[str, Any]] = {
    "size": 1024,
    "mean": (0.5, 0.5, 0.5),
    "std": (1.0, 1.0, 1.0),
    "licence": "Apache-2.0",
    "origin": "https://github.com/xuebinqin/DIS",
}
_ISNET_ANIME: Final[dict[str, Any]] = {
    **_ISNET,
    "mean": (0.485, 0.456, 0.406),
    "origin": "https://github.com/SkyTNT/anime-segmentation",
}
_FAMILIES: Final = {
    "u2net": _U2NET,
    "u2netp": _U2NET,
    "u2net_human_seg": _U2NET,
    "silueta": _U2NET,
    "isnet-general-use": _ISNET,
    "isnet-anime": _ISNET_ANIME,
}


def describe(file: Path) -> ModelSpec | None:
    """Describe an ONNX file with one of rembg's names; None for any other name.

    Examples
    --------
    >>> describe(Path("u2netp.onnx")).size
    320
    >>> describe(Path("holiday.onnx")) is None
    True
    """
    family = _FAMILIES.get(file.stem)
    if family is None or file.suffix != ".onnx":
        return None
    return ModelSpec(name=file.stem, file=file, kind="saliency", dynamic=False, **family)
