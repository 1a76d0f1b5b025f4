"""The keyer against every free one, on painted screen shots with exact alpha and foreground.

Run `python -m benchmarks.keying`. Peers are tuned scene by scene: each figure is the least over a
grid of their settings, whichever setting that was for this figure. Ours has no settings and sees
each picture as `remove_background` gets it. FFmpeg is looked for on the path and in
HYBRIDBG_FFMPEG.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import parser, progress, table
from benchmarks.keying_peers import Matte, color_to_alpha, ffmpeg, ffmpeg_mattes
from benchmarks.screen_scenes import SCENES, scenes
from benchmarks.screens import SIZE, Shot

FIGURES = ("SAD", "MSE", "mixed", "background", "opaque", "foreground")
"""SAD in thousands; MSE x 1000; mean error of mixed pixels; % of background above 2 % alpha; % of
opaque foreground below 98 %; error of the premultiplied linear foreground on mixed pixels."""

OURS = ("ours", "ours, preview")


def score(shot: Shot, matte: Matte) -> NDArray[np.float64]:
    """Return the figures of one matte."""
    from hybridbg.core.colour import srgb_to_linear

    alpha, colours = matte
    truth = shot.alpha
    mixed = (truth > 0.02) & (truth < 0.98)
    error = np.abs(alpha - truth)
    light = srgb_to_linear(colours[mixed].clip(0, 1)) * alpha[mixed][:, None]
    wanted = shot.foreground[mixed] * truth[mixed][:, None]
    return np.array(
        [
            error.sum(dtype=np.float64) / 1000,
            1000 * np.mean(error**2, dtype=np.float64),
            error[mixed].mean(),
            100 * np.mean(alpha[truth == 0] > 0.02),
            100 * np.mean(alpha[truth == 1] < 0.98),
            np.abs(light - wanted).mean(),
        ]
    )


def best(shot: Shot, mattes: Iterable[Matte]) -> NDArray[np.float64]:
    """Return each figure's least over a grid of settings."""
    return np.min([score(shot, matte) for matte in mattes], axis=0)


def ours(image: NDArray[np.uint8], session: Any, **options: Any) -> Any:
    """Cut a picture out, the way a user would."""
    from hybridbg import remove_background

    return remove_background(image, session=session, **options)


def peers(shot: Shot, trimap: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Return the peers' figures; plain closed form gets our own trimap."""
    from hybridbg import estimate_alpha, estimate_foreground
    from hybridbg.core.colour import linear_to_srgb

    colour = linear_to_srgb(np.median(shot.plate, axis=(0, 1)))
    image = shot.image / np.float32(255)
    found = {}
    if ffmpeg():
        for name in ("chromakey", "colorkey"):
            found[f"ffmpeg {name}"] = best(shot, ffmpeg_mattes(shot.image, name, colour))
    found["color-to-alpha"] = best(shot, color_to_alpha(shot.image, colour))
    alpha = estimate_alpha(image, trimap, refine=False)
    found["closed form"] = score(shot, (alpha, estimate_foreground(image, alpha)))
    return found


def measure(shot: Shot, session: Any, *, alone: bool) -> dict[str, NDArray[np.float64]]:
    """Return all figures of one scene."""
    cutout = ours(shot.image, session)
    preview = ours(shot.image, session, method="key", quality="preview")
    found = {
        name: score(shot, (made.alpha, made.foreground))
        for name, made in zip(OURS, (cutout, preview), strict=True)
    }
    return found if alone else {**found, **peers(shot, cutout.trimap)}


def per_scene(results: dict[str, dict[str, NDArray[np.float64]]]) -> str:
    """Return the table of scenes: our figures, and how many times the best peer's SAD and MSE."""
    rows = []
    for name, found in results.items():
        others = [figures for key, figures in found.items() if key not in OURS]
        mine = found["ours"]
        ratio = [f"{mine[i] / min(o[i] for o in others):.2f}" for i in (0, 1)] if others else []
        rows.append([name, *(f"{value:.3f}" for value in mine), *ratio])
    return table(["scene", *FIGURES, "SAD / best", "MSE / best"], rows)


def means(results: dict[str, dict[str, NDArray[np.float64]]]) -> str:
    """Return the table of keyers: means over the scenes."""
    names = list(next(iter(results.values())))
    rows = [
        [name, *(f"{v:.3f}" for v in np.mean([found[name] for found in results.values()], axis=0))]
        for name in names
    ]
    return table(["keyer", *FIGURES], rows)


def main() -> None:
    """Print both tables."""
    arguments = parser(__doc__)
    names = [paint.__name__ for paint in SCENES]
    arguments.add_argument("scenes", nargs="*", help="default: all of " + ", ".join(names))
    arguments.add_argument("--size", type=int, default=SIZE[0], help="rows of a picture")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--alone", action="store_true", help="no peers")
    given = arguments.parse_args()
    from hybridbg import new_session

    session = new_session()
    size = given.size, round(given.size * SIZE[1] / SIZE[0])
    results = {}
    for name, shot in scenes(given.scenes, size, given.seed):
        start = time.perf_counter()
        results[name] = measure(shot, session, alone=given.alone)
        progress(f"{name}: {time.perf_counter() - start:.1f} s")
    if not given.alone and not ffmpeg():
        print("FFmpeg was not found; its filters are left out.\n")
    print(means(results), per_scene(results), sep="\n\n")


if __name__ == "__main__":
    main()
