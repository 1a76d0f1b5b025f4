"""The key on pictures as cameras and shops hand them on: JPEG, with chroma whole or halved.

Run `python -m benchmarks.keying_jpeg`. Scenes of `benchmarks.keying` are stored at some quality
with chroma whole (4:4:4), halved along the rows (4:2:2) and halved both ways (4:2:0).
Peers as there: each figure is the least over their grid, scene by scene.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import parser, progress, table
from benchmarks.keying import FIGURES, OURS, measure
from benchmarks.keying_peers import ffmpeg
from benchmarks.screen_scenes import scenes

SCENES = ["hair_even", "hair_uneven", "hair_blue", "green_clothing", "motion_red", "glass_even"]
SAMPLINGS = {
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
}


def stored(image: NDArray[np.uint8], quality: int, sampling: str) -> NDArray[np.uint8]:
    """Give an image, (H, W, 3) uint8, as it comes back from a JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling]]
    data = cv2.imencode(".jpg", image[..., ::-1], options)[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], dtype=np.uint8)


def main() -> None:
    """Print the means over the scenes, for each way to store them."""
    arguments = parser(__doc__)
    arguments.add_argument("--qualities", type=int, nargs="+", default=[95, 85])
    arguments.add_argument("--alone", action="store_true", help="no peers")
    given = arguments.parse_args()
    from hybridbg import new_session

    session, shots, rows = new_session(), dict(scenes(SCENES)), []
    for quality in given.qualities:
        for sampling in SAMPLINGS:
            ours, others = [], []
            for shot in shots.values():
                image = stored(shot.image, quality, sampling)
                found = measure(replace(shot, image=image), session, alone=given.alone)
                ours.append(found["ours"])
                others.append([found[name] for name in found if name not in OURS])
            means = np.mean(ours, axis=0)
            best = [] if given.alone else np.mean(others, axis=0).min(axis=0)
            beside = [f"{means[i] / best[i]:.2f}" for i in (0, 1)] if len(best) else []
            rows.append([f"{sampling}, {quality}", *(f"{v:.3f}" for v in means), *beside])
            progress(" ".join(rows[-1]))
    if not given.alone and not ffmpeg():
        print("FFmpeg was not found; its filters are left out.\n")
    ratios = [] if given.alone else ["SAD / best", "MSE / best"]
    print(table(["stored", *FIGURES, *ratios], rows))


if __name__ == "__main__":
    main()
