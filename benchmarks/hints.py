"""What a rough hint is worth: alpha of the whole pipeline on alphamatting.com's pictures.

    python -m benchmarks.hints --data FOLDER

The nine pictures' true alpha, cut at one half, is made rough: grown by 2 % of the long side, or
grown and moved until its IoU with itself is .7. SAD, in thousands and over the whole picture, of
`remove_background` told that, beside the same with the given trimaps. "Second look off" leaves out
`pipeline.settling`: the narrow band of the sources, and matting held firmly to them.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.common import as_float, folder, parser, progress, read, table
from benchmarks.network_trimaps import Matte, grown
from hybridbg import new_session, remove_background
from hybridbg.pipeline.settling import Settled
from training.measures import rough_hint


def main() -> None:
    """Measure and print."""
    data = folder(parser(__doc__, data=True).parse_args().data, "alphamatting")
    session = new_session()
    sad: dict[str, list[float]] = {}
    names = sorted(path.stem for path in (data / "image").glob("*.png"))
    for number, name in enumerate(names):
        progress(name)
        image = read(data / "image" / f"{name}.png", "RGB")
        alpha = as_float(read(data / "alpha" / f"{name}.png", "L"))
        trimaps = {
            kind: read(data / f"trimap_{kind}" / f"{name}.png", "L") for kind in ("tight", "loose")
        }
        for kind, trimap in trimaps.items():
            found = remove_background(image, trimap=trimap).alpha
            sad.setdefault(f"{kind} trimap", []).append(off(found, alpha))
        half = alpha >= 0.5
        hints = {
            "hint grown by 2 %": grown(half.astype(np.float32)),
            "hint of IoU .7": rough_hint(half, seed=number),
        }
        for kind, hint in hints.items():
            found = remove_background(image, hint=hint, session=session).alpha
            sad.setdefault(kind, []).append(off(found, alpha))
            with patch("hybridbg.pipeline.strategy.settle", unsettled):
                found = remove_background(image, hint=hint, session=session).alpha
            sad.setdefault(f"{kind}, second look off", []).append(off(found, alpha))
    progress("")
    mean = {kind: float(np.mean(each)) for kind, each in sad.items()}
    rows = [
        [kind, *(f"{value:.2f}" for value in each), f"{mean[kind]:.2f}"]
        + [f"{mean[kind] / mean[f'{given} trimap']:.2f}" for given in ("loose", "tight")]
        for kind, each in sad.items()
    ]
    print(table(["told", *names, "mean", "/ loose", "/ tight"], rows))


def off(found: Matte, alpha: Matte) -> float:
    """Sum the absolute differences, in thousands."""
    return float(np.abs(found - alpha).sum()) / 1000


def unsettled(_image: Any, fused: Any, **_: Any) -> Settled:
    """Take the sources' word as it is."""
    return Settled(fused.narrow, hold=2e-3)


if __name__ == "__main__":
    main()
