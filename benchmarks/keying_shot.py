"""Flicker and error of mattes over a shot: each frame alone, the shot's one plate, and FFmpeg.

Run `python -m benchmarks.keying_shot`. Somebody stands still before an uneven screen while a ball
flies past, the camera's noise is new in every frame, and exposure drifts. Flicker is the standard
deviation of alpha over time where the true alpha does not change, error the mean against the truth
in all frames, both in thousandths. FFmpeg's chromakey is told the screen's true colour and has the
one setting of its grid that errs least over the whole shot.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import parser, progress, table
from benchmarks.keying_peers import ffmpeg, ffmpeg_mattes
from benchmarks.screens import SIZE, Array, Canvas, Shot, ball, moving, over, person, shot, wall

DRIFT = 0.06
"""Exposure goes so far up and down once over the shot."""


def frames(size: tuple[int, int], count: int, seed: int) -> list[Shot]:
    """Paint the shot."""
    random = np.random.RandomState(seed)
    canvas = Canvas(size)
    person(canvas, random, middle=0.35)
    still, plate = canvas.layer(), wall(size, random, uneven=0.4)
    step = 0.9 / count
    painted = []
    for index in range(count):
        canvas = Canvas(size)
        ball(canvas, (0.95 + step * index, 0.2 + 0.03 * (index - count / 2) ** 2 / count), 0.09,
             "#c8102e")  # fmt: skip
        layer = over(still, moving(canvas.layer(), step * size[0]))
        exposure = 1 + DRIFT * np.sin(2 * np.pi * index / count)
        lit = layer * np.float32([exposure, exposure, exposure, 1])
        painted.append(shot(lit, plate * np.float32(exposure), random))
    return painted


def alone(shots: list[Shot], session: Any) -> Array:
    """Key each frame by itself."""
    from hybridbg import remove_background

    return np.stack([remove_background(s.image, method="key", session=session).alpha
                     for s in shots])  # fmt: skip


def together(shots: list[Shot], session: Any) -> Array:
    """Key the frames with one plate, as `hybridbg key shot.####.png` does."""
    from hybridbg import remove_background
    from hybridbg.io import save
    from hybridbg.studio.sequence import estimate_shot_plate

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, f"shot.{index:04}.png")) for index in range(len(shots))]
        for path, each in zip(paths, shots, strict=True):
            save(path, each.image)
        plate = estimate_shot_plate(paths)
        return np.stack([
            remove_background(path, method="key", session=session, screen=plate.screen,
                              plate=plate.at(path), plate_registered=True).alpha
            for path in paths
        ])  # fmt: skip


def chromakey(shots: list[Shot]) -> Array:
    """Give FFmpeg's mattes at its best setting."""
    from hybridbg.core.colour import linear_to_srgb

    colour = linear_to_srgb(np.median(shots[0].plate, axis=(0, 1)))
    mattes = [
        np.stack([alpha for alpha, _ in ffmpeg_mattes(s.image, "chromakey", colour)]) for s in shots
    ]
    errors = sum(
        np.abs(found - s.alpha).mean(axis=(1, 2)) for found, s in zip(mattes, shots, strict=True)
    )
    best = int(np.argmin(errors))
    return np.stack([found[best] for found in mattes])


def figures(alpha: Array, shots: list[Shot]) -> list[str]:
    """Flicker on still screen, mixed and opaque pixels, and error of mixed ones and of all."""
    truth = np.stack([s.alpha for s in shots])
    still = np.ptp(truth, axis=0) < 1e-3
    level = truth.mean(axis=0)
    flicker = alpha.std(axis=0)
    parts: list[NDArray[np.bool_]] = [level < 1e-3, (level > 0.02) & (level < 0.98), level > 0.999]
    error = np.abs(alpha - truth)
    mixed = (truth > 0.02) & (truth < 0.98)
    values = [*(flicker[still & part].mean() for part in parts), error[mixed].mean(), error.mean()]
    return [f"{1000 * value:.2f}" for value in values]


def main() -> None:
    """Print the table."""
    arguments = parser(__doc__)
    arguments.add_argument("--size", type=int, default=SIZE[0], help="rows of a picture")
    arguments.add_argument("--frames", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    from hybridbg import new_session

    size = given.size, round(given.size * SIZE[1] / SIZE[0])
    shots, session = frames(size, given.frames, given.seed), new_session()
    progress(f"{len(shots)} frames painted")
    found = {"each frame alone": alone(shots, session), "one plate": together(shots, session)}
    if ffmpeg():
        found["ffmpeg chromakey"] = chromakey(shots)
    header = ["keyer", "flicker, screen", "flicker, mixed", "flicker, opaque", "error, mixed",
              "error"]  # fmt: skip
    print(table(header, [[name, *figures(alpha, shots)] for name, alpha in found.items()]))


if __name__ == "__main__":
    main()
