"""The whole of it at 12 megapixels: reading, removing, writing, beside only reading and writing.

    python -m benchmarks.whole --data FOLDER [--repeats N]

Photographs, and a painted shot before a green screen, are enlarged to twelve megapixels, with a
sensor's noise upon them, and stored as PNG.
Pillow decodes one and encodes it again with an alpha channel; ours does the same and removes the
background between, automatically. Both in turn, in one process that is warm; memory is the peak of
a process that does nothing else, Python and all libraries included (Linux tells it).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import folder, interleave, parser, progress, ratio, read, table
from benchmarks.screen_scenes import scenes

MEGAPIXELS = 12
NOISE = 3.0
"""Standard deviation, of 255."""
NAMES = ("bear", "cat_oup1062_jpeg", "cat_roup0905_jpg", "cows")
SCREEN = "hair_even"
SCREEN_SIZE = 1080, 1620
ALONE = """
import sys
import hybridbg
hybridbg.remove_background(sys.argv[1]).save(sys.argv[2])
from benchmarks.memory import TO_MEGABYTES, peak
print(peak() * TO_MEGABYTES)
"""


def main() -> None:
    """Measure and print."""
    made = parser(__doc__, data=True)
    made.add_argument("--repeats", type=int, default=3)
    options = made.parse_args()
    images = folder(options.data, "photos") / "image"
    paths = [path for path in sorted(images.iterdir()) if path.stem in NAMES]
    chosen = {path.stem: read(path, "RGB") for path in paths}
    chosen |= {name: shot.image for name, shot in scenes([SCREEN], SCREEN_SIZE)}
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        large, result = Path(scratch, "large.png"), Path(scratch, "result.png")
        for name, image in chosen.items():
            progress(name)
            enlarge(image, large)
            calls: dict[str, Callable[[], Any]] = {
                "ours": partial(remove, large, result),
                "pillow": partial(copy, large, result),
            }
            interleave(calls, 1)
            seconds, _ = interleave(calls, options.repeats)
            told = ratio(seconds["ours"], seconds["pillow"])
            rows.append([name, told, f"{peak(large, result):.0f}"])
    progress("")
    print(table(["picture", "ours / Pillow's copy (min / median / max)", "peak memory, MB"], rows))


def enlarge(image: NDArray[np.uint8], large: Path) -> None:
    """Make a picture of twelve megapixels and store it."""
    from PIL import Image

    scale = (MEGAPIXELS * 1e6 / (image.shape[0] * image.shape[1])) ** 0.5
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    pixels = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    noise = np.random.default_rng(0).normal(0, NOISE, pixels.shape)
    Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(large)


def remove(large: Path, result: Path) -> None:
    """Read, remove the background, write."""
    import hybridbg

    hybridbg.remove_background(large).save(result)


def copy(large: Path, result: Path) -> None:
    """Read and write."""
    from PIL import Image

    with Image.open(large) as picture:
        picture.convert("RGBA").save(result)


def peak(large: Path, result: Path) -> float:
    """Megabytes that a process of its own needs at most."""
    command = [sys.executable, "-c", ALONE, str(large), str(result)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(told)


if __name__ == "__main__":
    main()
