"""Is the network's trimap one to matte with: nine pictures with true alpha, and a grown hint.

The hint is the true alpha dilated by 2 % of the long side, as it is (grey) or cut at one half
(mask). A pixel is mixed where .05 <= alpha <= .95. "mixed left unknown" is the share of mixed
pixels that the trimap calls unknown; "confidently wrong" the share of all pixels that it calls
foreground where alpha < .95, or background where alpha > .05; "unknown / mixed" the area that it
calls unknown over that of the mixed pixels grown by 10 pixels. All are means over the pictures.
"known above" shows what other limits of the probability than the package's own would give.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Goal, as_float, progress, read, table
from benchmarks.sheet import Sheet
from hybridbg import predict_trimap, remove_background
from hybridbg.core.distance import distance_to
from hybridbg.core.errors import NoSubjectError
from hybridbg.pipeline import find_trimap
from hybridbg.predict import Session, look

GROWN = 0.02
"""Of the long side."""
FREE = 10
"""Pixels around mixed ones that may be unknown at no cost."""
MIXED = (0.05, 0.95)
LIMITS = (0.5, 0.8, 0.95, 0.98)
"""Of the probability above which a class is taken as known."""
BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255

Matte = NDArray[np.float32]
Trimap = NDArray[np.uint8]


def measure(data: Path, session: Session, sheet: Sheet | None) -> list[Goal]:
    """Measure the network's own trimap and the one that the pipeline makes of it."""
    compared: dict[str, Callable[[Trimap, Matte], Trimap]] = {
        "network": lambda image, hint: predict_trimap(image, hint=hint, model=session),
        "pipeline": lambda image, hint: find_trimap(image, hint=hint, session=session).trimap,
    }
    scores: dict[tuple[str, str], list[list[float]]] = {}
    for path in sorted((data / "image").iterdir()):
        progress(path.stem)
        image = read(path, "RGB")
        alpha = as_float(read(data / "alpha" / path.name, "L"))
        hints = {"grey": grown(alpha), "mask": grown((alpha > 0.5).astype(np.float32))}
        for kind, hint in hints.items():
            for name, find in compared.items():
                try:
                    trimap = find(image, hint)
                except NoSubjectError:
                    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
                scores.setdefault((name, kind), []).append(judge(trimap, alpha))
        hint = hints["grey"]
        found = look(as_float(image), hint=hint, session=session)
        for limit in LIMITS:
            known = [found.background > limit, found.foreground > limit]
            trimap = np.select(known, [BACKGROUND, FOREGROUND], UNKNOWN)
            key = f"network, known above {limit}", "grey"
            scores.setdefault(key, []).append(judge(trimap, alpha))
        if sheet is not None:
            whole = remove_background(image, hint=hint, session=session).alpha
            trimap = compared["network"](image, hint)
            sheet.add(path.stem, [image, hint, trimap, found.alpha, whole, alpha])
    progress("")
    print("\n### As a trimap, from the true alpha grown by 2 %\n")
    heads = ["mixed left unknown (lowest)", "confidently wrong (highest)"]
    heads.append(f"unknown / mixed grown by {FREE} px (highest)")
    print(table(["trimap", "hint", *heads], [row(*key, each) for key, each in scores.items()]))
    goals = []
    for name in compared:
        left, wrong, area = np.mean(scores[name, "grey"], axis=0).tolist()
        goals += [
            Goal(f"{name}'s trimap, mixed left unknown", 0.95, left),
            Goal(f"{name}'s trimap, confidently wrong", 0.01, wrong, least=False),
            Goal(f"{name}'s trimap, unknown / mixed grown", 3.0, area, least=False),
        ]
    return goals


def grown(alpha: Matte) -> Matte:
    """Dilate by a disc."""
    import cv2

    size = 2 * round(GROWN * max(alpha.shape)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    dilated: Matte = cv2.dilate(alpha, disc)
    return dilated


def judge(trimap: Trimap, alpha: Matte) -> list[float]:
    """Return the three scores of one trimap; the module's head defines them."""
    low, high = MIXED
    mixed = (alpha >= low) & (alpha <= high)
    unknown = trimap == UNKNOWN
    wrong = ((trimap == FOREGROUND) & (alpha < high)) | ((trimap == BACKGROUND) & (alpha > low))
    allowed = np.count_nonzero(distance_to(mixed) <= FREE)
    return [
        float(unknown[mixed].mean()),
        float(wrong.mean()),
        np.count_nonzero(unknown) / allowed,
    ]


def row(name: str, kind: str, each: list[list[float]]) -> list[str]:
    """Format means and the worst picture."""
    means, low, high = np.mean(each, axis=0), np.min(each, axis=0), np.max(each, axis=0)
    return [
        name,
        kind,
        f"{means[0]:.1%} ({low[0]:.1%})",
        f"{means[1]:.2%} ({high[1]:.2%})",
        f"{means[2]:.2f} ({high[2]:.2f})",
    ]
