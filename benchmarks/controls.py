"""What a soft, an automatic and a hard edge are worth, on the samples.

    python -m benchmarks.controls

Each sample's true alpha, cut at one half and grown by 2 % of the subject's size, is the hint. The
error is the mean absolute difference of alpha; of a hard edge, from the true alpha cut at one half.
Mixed is the share of pixels that are neither opaque nor transparent, time that of the whole removal
as a multiple of the automatic edge's.
"""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np

from benchmarks.common import SAMPLES, parser, read, table
from hybridbg import new_session, remove_background

WAYS: dict[str, dict[str, Any]] = {
    "auto": {},
    "soft": {"edge": "soft"},
    "hard": {"edge": "hard"},
}
GROWN = 0.02
MIXED = 0.02
"""From which distance to 0 and 1 a pixel is mixed."""


def main() -> None:
    """Measure and print."""
    parser(__doc__).parse_args()
    session = new_session()
    rows = []
    for sample in sorted(path.parent for path in SAMPLES.glob("*/alpha.png")):
        image = read(sample / "image.png", "RGB")
        alpha = read(sample / "alpha.png", "L").astype(np.float32) / 255
        half = alpha >= 0.5
        reach = max(1, round(GROWN * np.sqrt(np.count_nonzero(half))))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
        hint = cv2.dilate(half.astype(np.uint8), disc) > 0
        cells, first = [], 0.0
        for name, way in WAYS.items():
            began = time.perf_counter()
            found = remove_background(image, hint=hint, session=session, **way).alpha
            taken = time.perf_counter() - began
            first = first or taken
            truth = half if name == "hard" else alpha
            mixed = np.mean((found > MIXED) & (found < 1 - MIXED))
            cells.append(f"{np.abs(found - truth).mean():.4f}, {mixed:.1%}, {taken / first:.1f}")
        rows.append([sample.name, *cells])
    print(table(["sample: error, mixed, time", *WAYS], rows))


if __name__ == "__main__":
    main()
