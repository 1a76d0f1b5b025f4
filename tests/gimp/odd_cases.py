"""Cases beside the matrix: offsets, groups, several layers, alpha, profiles, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.core.icc_profiles import gamma, matrix_profile
from tests.gimp import cases
from tests.gimp.cases import SELECTION, SIDE, Case
from tests.gimp.faults import FAULTS, SMALL_MEMORY

ADOBE = [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
PROFILE = matrix_profile(ADOBE, gamma(2.19921875))

BROKEN_PROFILE = PROFILE.replace(b"curv", b"none")
"""Header and tags as they should be, so that GIMP takes it, and curves of no known kind."""


def write_files(folder: Path) -> None:
    """Write the pixels that the odd cases need."""
    colours = cases.native(cases.picture(), "u8")
    opacity = np.full((SIDE, SIDE), 255, np.uint8)
    opacity[:, :20] = 0
    opacity[:, 20:30] = 102
    alpha = np.rint(cases.subject() * 255).astype(np.uint8)
    painted = np.zeros((SIDE, SIDE, 2), np.uint8)
    painted[..., 0] = cases.trimap()
    painted[..., 1] = np.where(cases.trimap() == 128, 0, 255)
    files = {
        "opacity.u8": np.dstack([colours, opacity]),
        "soft-alpha.u8": np.dstack([colours, alpha]),
        "flat.u8": np.full((SIDE, SIDE, 3), 90, np.uint8),
        "trimap.u8": cases.trimap(),
        "painted.u8": painted,
        "tiny.u8": np.zeros((3, 3, 3), np.uint8),
    }
    for name, values in files.items():
        (folder / name).write_bytes(np.ascontiguousarray(values).tobytes())
    (folder / "adobe.icc").write_bytes(PROFILE)
    (folder / "broken.icc").write_bytes(BROKEN_PROFILE)
    across = WIDE[0] // SIDE
    wide = np.tile(colours, (WIDE[1] // SIDE, across, 1))
    (folder / "wide.u8").write_bytes(wide.tobytes())
    marks = np.tile(cases.trimap(), (WIDE[1] // SIDE, across))
    (folder / "wide.mask").write_bytes(marks.tobytes())


def layer(name: str = "layer", **more: Any) -> dict[str, Any]:
    return {"name": name, "size": [SIDE, SIDE], "pixels": "rgb.u8", **more}


def image(*layers: dict[str, Any], size: tuple[int, int] = (SIDE, SIDE), **more: Any) -> Case:
    return {"size": list(size), "layers": list(layers), **more}


def moved(offset: tuple[int, int]) -> list[int]:
    """Return the selection, where it lies on a layer at an offset."""
    left, top, right, bottom = SELECTION
    return [left + offset[0], top + offset[1], right + offset[0], bottom + offset[1]]


SMALL, LARGE = (20, 15), (-6, -8)
IN_GROUP = (
    {"name": "folder", "group": True},
    layer(parent="folder", offset=SMALL, opacity=60),
)

WIDE = (320 * SIDE, 8 * SIDE)
"""Columns and rows: more than 20,000 across."""

ODD: list[Case] = [
    {
        "name": "wide",
        "action": "refine",
        "image": image(layer(pixels="wide.u8", size=list(WIDE), mask="wide.mask"), size=WIDE),
        "arguments": {"edge-width": 1},
    },
    *(
        {
            "name": f"offset-{output}",
            "action": "grabcut",
            "image": image(*IN_GROUP, size=(110, 90), selection=moved(SMALL)),
            "arguments": {"output": output},
        }
        for output in cases.OUTPUTS
    ),
    *(
        {
            "name": f"larger-{output}",
            "action": "remove",
            "image": image(layer(offset=LARGE), size=(50, 48), selection=moved(LARGE)),
            "arguments": {"output": output, "method": "grabcut"},
        }
        for output in ("mask", "selection")
    ),
    {
        "name": "two-layers",
        "action": "refine",
        "layers": ["one", "two"],
        "image": image(layer("one", mask="rough.mask"), layer("two", mask="rough.mask")),
    },
    *(
        {
            "name": f"opacity-{output}",
            "action": "remove",
            "image": image(layer(pixels="opacity.u8", alpha=True)),
            "arguments": {
                "output": output,
                "method": "grabcut",
                "clean-colours": output == "layer",
            },
        }
        for output in ("mask", "alpha", "layer")
    ),
    {
        "name": "refine-alpha",
        "action": "refine",
        "image": image(layer(pixels="soft-alpha.u8", alpha=True)),
        "arguments": {"source": "alpha", "output": "mask"},
    },
    {
        "name": "edited-mask",
        "action": "refine",
        "edit_mask": True,
        "image": image(layer(mask="rough.mask")),
    },
    *(
        {
            "name": f"trimap-{kind}",
            "action": "refine",
            "image": image(
                layer(),
                *(
                    [layer("marks", pixels=pixels, format=form, alpha=alpha)]
                    if kind != "channel"
                    else []
                ),
                channels={"marks": "trimap.u8"} if kind == "channel" else {},
            ),
            "arguments": {"source": "trimap", "trimap": "marks"},
        }
        for kind, pixels, form, alpha in (
            ("layer", "trimap.u8", "Y' u8", False),
            ("painted", "painted.u8", "Y'A u8", True),
            ("channel", "", "", False),
        )
    ),
    *(
        {
            "name": f"profile-{precision}-{output}",
            "action": "refine",
            "image": image(
                layer(pixels=f"rgb.{precision}", mask="rough.mask"),
                precision=f"{precision}-non-linear",
                profile="adobe.icc",
            ),
            "arguments": {"output": output},
        }
        for precision in ("u8", "u16", "float")
        for output in ("mask", "layer")
    ),
    *(
        {
            "name": f"feathered-{precision}",
            "action": "remove",
            "image": image(
                layer(pixels=f"rgb.{precision}"),
                precision=f"{precision}-non-linear",
                selection=list(SELECTION),
                feather=9,
            ),
            "arguments": {"output": "alpha", "method": "grabcut"},
        }
        for precision in ("u8", "u16", "float")
    ),
    {
        "name": "screen-colour",
        "action": "key",
        "image": image(layer(pixels="green.u8")),
        "arguments": {"screen": "colour", "screen-colour": "#299e38"},
    },
    {
        "name": "last-values",
        "action": "refine",
        "run_mode": "with-last-vals",
        "image": image(layer(mask="rough.mask")),
    },
    {
        "name": "group-mask",
        "action": "remove",
        "layers": ["folder"],
        "image": image({"name": "folder", "group": True}, layer(parent="folder")),
        "arguments": {"method": "grabcut"},
    },
]

REFUSED: dict[str, tuple[Case, str]] = {
    case["name"]: (case, words)
    for case, words in (
        (
            {"name": "indexed", "action": "remove", "image": image(layer(), indexed=True)},
            "Image > Mode > RGB",
        ),
        (
            {
                "name": "selection-elsewhere",
                "action": "remove",
                "image": image(layer(), size=(200, 64), selection=[100, 10, 150, 50]),
            },
            "does not touch",
        ),
        (
            {"name": "no-rectangle", "action": "grabcut", "image": image(layer())},
            "rectangle selection",
        ),
        ({"name": "no-guide", "action": "refine", "image": image(layer())}, "neither a mask"),
        (
            {
                "name": "no-trimap",
                "action": "refine",
                "image": image(layer()),
                "arguments": {"source": "trimap"},
            },
            "holds the trimap",
        ),
        (
            {
                "name": "locked",
                "action": "remove",
                "image": image(layer(locked=True)),
                "arguments": {"output": "alpha"},
            },
            "locked",
        ),
        (
            {
                "name": "locked-group",
                "action": "remove",
                "image": image(
                    {"name": "folder", "group": True, "locked": True}, layer(parent="folder")
                ),
                "arguments": {"output": "alpha"},
            },
            "locked",
        ),
        (
            {
                "name": "group-alpha",
                "action": "remove",
                "layers": ["folder"],
                "image": image({"name": "folder", "group": True}, layer(parent="folder")),
                "arguments": {"output": "alpha"},
            },
            "layer group",
        ),
        (
            {
                "name": "a-channel",
                "action": "remove",
                "layers": ["marks"],
                "image": image(layer(), channels={"marks": "trimap.u8"}),
            },
            "no layer",
        ),
        (
            {"name": "no-screen", "action": "key", "image": image(layer(pixels="flat.u8"))},
            "Select the subject",
        ),
        (
            {
                "name": "no-such-model",
                "action": "remove",
                "image": image(layer()),
                "arguments": {"model": "none-such"},
            },
            "hybridbg models list",
        ),
        (
            {
                "name": "profile-broken",
                "action": "refine",
                "image": image(layer(mask="rough.mask"), profile="broken.icc"),
            },
            "Image > Color Management",
        ),
        (
            {
                "name": "tiny",
                "action": "remove",
                "image": image(layer(pixels="tiny.u8", size=[3, 3]), size=(3, 3)),
            },
            "4 x 4",
        ),
    )
}
HUGE = [20_000, 20_000]
REFUSED |= {
    name: (
        {
            "name": name,
            "action": "refine",
            "image": image(
                layer(pixels=pixels, size=size, mask=None if size == HUGE else "wide.mask"),
                size=(size[0], size[1]),
                base="gray" if size == HUGE else "rgb",
                selection=[2000, 2000, 9000, 9000] if size == HUGE else None,
            ),
            "arguments": {"edge-width": 1},
            "worker": ["python", "-c", SMALL_MEMORY],
        },
        "Crop the layer",
    )
    for name, pixels, size in (
        ("huge", "white", HUGE),
        ("out-of-memory", "wide.u8", list(WIDE)),
    )
}
REFUSED |= {
    name: ({"name": name, "action": "remove", "image": image(layer()), "worker": command}, words)
    for name, (command, words) in FAULTS.items()
}
ODD += [case for case, _ in REFUSED.values()]
