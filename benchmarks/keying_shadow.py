"""The shadow matte of a key against the shadows that were painted.

Run `python -m benchmarks.keying_shadow`. Only what shows the screen counts: under the subject
nobody sees a shadow. In scenes without one, every shadow that is found is a crease or uneven light.
"""

from __future__ import annotations

import numpy as np

from benchmarks.common import parser, progress, table
from benchmarks.screen_scenes import SCENES, scenes
from benchmarks.screens import SIZE

FAINT = 0.02
"""Part of the light from which on a shadow is one."""

FALSE = 0.05
"""Part of the light that shows where no shadow is."""


def main() -> None:
    """Print one row for each scene and seed."""
    arguments = parser(__doc__)
    names = [paint.__name__ for paint in SCENES]
    arguments.add_argument("scenes", nargs="*", help="default: all of " + ", ".join(names))
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments.add_argument("--size", type=int, default=SIZE[0], help="rows of a picture")
    given = arguments.parse_args()
    from hybridbg import estimate_screen

    rows = []
    for seed in given.seeds:
        for name, shot in scenes(
            given.scenes, (given.size, round(given.size * SIZE[1] / SIZE[0])), seed
        ):
            found = estimate_screen(shot.image).shadow
            bare = shot.alpha == 0
            truth = np.zeros_like(shot.alpha) if shot.shadow is None else shot.shadow
            matte = np.zeros_like(truth) if found is None else found
            error = np.abs(matte - truth)
            dark, light = bare & (truth > FAINT), bare & (truth == 0)
            inside = ["", ""]
            if dark.any():
                inside = [f"{value:.4f}" for value in (truth[dark].mean(), error[dark].mean())]
            rows.append(
                [
                    name,
                    seed,
                    *inside,
                    f"{error[light].mean():.5f}",
                    f"{100 * np.mean(matte[light] > FALSE):.2f}",
                ]
            )
            progress(f"{name}, seed {seed}")
    header = ["scene", "seed", "depth", "error in it", "error elsewhere", "% false"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
