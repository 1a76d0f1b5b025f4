"""What the trimap network is worth, against what it must reach.

python -m benchmarks.network --data FOLDER                     all tables
python -m benchmarks.network --data FOLDER --only speed        one of them, or several by commas
python -m benchmarks.network --data FOLDER --model FILE.onnx   another network of the same kind
python -m benchmarks.network --data FOLDER --sheet sheet.png   and every answer, to look at

Without a description beside FILE.onnx that of the packaged network is used. The last table sets
what was measured beside what is asked for.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks import network_masks, network_pointing, network_speed, network_trimaps
from benchmarks.common import Goal, folder, parser, table
from benchmarks.sheet import Sheet
from hybridbg.predict import Session, find_model, new_session

COLUMNS = ["image", "hint", "trimap", "network's alpha", "whole pipeline's alpha", "truth"]
TABLES = ("automatic", "hint", "pointing", "trimap", "speed", "robust")


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, data=True)
    options.add_argument("--only", default=",".join(TABLES), help=f"some of {','.join(TABLES)}")
    options.add_argument("--model", default="default", help="name, or path of an ONNX file")
    options.add_argument("--sheet", type=Path, help="write a contact sheet here")
    options.add_argument("--every", type=int, default=1, help="of so many photographs use one")
    given = options.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # it takes minutes: tables as they come
    wanted = given.only.split(",")
    if not set(wanted) <= set(TABLES):
        raise SystemExit(f"--only takes some of {', '.join(TABLES)}, got {given.only}")
    sheet = Sheet(given.sheet, COLUMNS) if given.sheet else None
    session = session_of(given.model)
    print(f"{session.spec.name}, sha256 {session.sha256[:8]}...")
    photos = []
    if not {"automatic", "hint", "pointing", "robust"}.isdisjoint(wanted):
        photos = network_masks.read_photos(folder(given.data, "photos"))[:: given.every]
    measures: dict[str, Callable[[], list[Goal]]] = {
        "automatic": lambda: network_masks.automatic(photos, session, sheet),
        "hint": lambda: network_masks.hinted(photos, session, sheet),
        "pointing": lambda: network_pointing.measure(photos, session),
        "trimap": lambda: network_trimaps.measure(
            folder(given.data, "alphamatting"), session, sheet
        ),
        "speed": lambda: network_speed.measure(session),
        "robust": lambda: network_masks.robust(photos, session),
    }
    goals = [goal for name in TABLES if name in wanted for goal in measures[name]()]
    print("\n### What it must reach\n")
    print(table(["", "asked for", "measured", ""], [goal.row() for goal in goals]))
    if sheet is not None and sheet.rows:
        sheet.write()


def session_of(model: str) -> Session:
    """Load a model; one without a description is taken to be of the packaged one's kind."""
    path = Path(model)
    if path.suffix == ".onnx" and not path.with_suffix(".toml").is_file():
        spec = replace(find_model(), name=path.stem, file=path, sha256=None, card="")
        return new_session(spec)
    return new_session(model)


if __name__ == "__main__":
    main()
