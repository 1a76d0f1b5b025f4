"""What `import hybridbg` costs beside `import numpy`, and what it drags in.

python -m benchmarks.import_time

Each import is timed inside a fresh interpreter, and they take turns. `hybridbg` itself loads its
names when they are first used, so the modules behind the main ones are timed as well.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.common import parser, ratio, table

FORBIDDEN = ("cv2", "PIL", "skimage", "onnxruntime", "scipy", "pymatting", "tifffile", "numba")
LIMIT = 1.5

BASE = "numpy"
MODULES = (BASE, "hybridbg", "hybridbg.io", "hybridbg.matting", "hybridbg.pipeline", "hybridbg.cli")

TIMED = """
import sys, time
start = time.perf_counter()
import {module}
spent = time.perf_counter() - start
print(spent, *(name for name in {forbidden} if name in sys.modules))
"""


def main() -> None:
    """Measure and print one table."""
    options = parser(__doc__)
    options.add_argument("--repeats", type=int, default=21)
    repeats = options.parse_args().repeats
    seconds: dict[str, list[float]] = {module: [] for module in MODULES}
    dragged: dict[str, set[str]] = {module: set() for module in MODULES}
    for repeat in range(repeats + 1):
        for module, times in seconds.items():
            spent, found = timed(module)
            dragged[module] |= set(found)
            if repeat:  # the first round fills the file cache
                times.append(spent)
    rows = [
        [
            f"import {module}",
            ratio(seconds[module], seconds[BASE]),
            ", ".join(sorted(dragged[module])) or "none",
        ]
        for module in MODULES[1:]
    ]
    print(f"{repeats} rounds; import hybridbg may take {LIMIT} times as long at the median\n")
    print(table(["", "times import numpy (min / median / max)", "forbidden modules loaded"], rows))


def timed(module: str) -> tuple[float, list[str]]:
    """Import in a fresh interpreter; return seconds and the forbidden modules loaded by it."""
    code = TIMED.format(module=module, forbidden=FORBIDDEN)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    spent, *found = done.stdout.split()
    return float(spent), found


if __name__ == "__main__":
    main()
