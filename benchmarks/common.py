"""What every benchmark shares: where pictures are, fair timing, and tables.

Speed is only ever told as a ratio of two programs that ran in turn on the same machine: absolute
times on a busy machine say more about its other work than about ours.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLES = Path(__file__).parent.parent / "samples"

TINY = (np.full((8, 8, 3), 0.5, np.float32), np.uint8([[0, *[128] * 6, 255]] * 8))
"""A picture and its trimap for a first call, which imports and compiles and is never timed."""


@dataclass(frozen=True)
class Ratio:
    """How many times as long (or large) one thing was as another, over several pairs."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.2f} / {self.median:.2f} / {self.high:.2f}"


@dataclass(frozen=True)
class Goal:
    """What is asked for beside what was measured.

    Attributes
    ----------
    what : str
    limit : float
    measured : float
    least : bool
        Whether the limit is the least that will do; otherwise the most.
    """

    what: str
    limit: float
    measured: float
    least: bool = True

    def row(self) -> list[str]:
        """Return cells of a table: what, asked for, measured, reached or not."""
        reached = self.measured >= self.limit if self.least else self.measured <= self.limit
        sign = ">=" if self.least else "<="
        said = "reached" if reached else "**not reached**"
        return [self.what, f"{sign} {self.limit:.3g}", f"{self.measured:.3f}", said]


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """Compare pair by pair, so that what else the machine does touches both alike."""
    each = np.array(numerators) / np.array(denominators)
    return Ratio(float(each.min()), float(np.median(each)), float(each.max()))


def interleave(
    calls: dict[str, Callable[[], Any]], repeats: int
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Call each in turn, in alternating order; return seconds by name and the last results."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    results = {}
    for repeat in range(repeats):
        order = list(calls) if repeat % 2 == 0 else list(reversed(calls))
        for name in order:
            start = time.perf_counter()
            results[name] = calls[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds, results


def interval(differences: Sequence[float], *, rounds: int = 10_000) -> tuple[float, float]:
    """Where the mean lies in 95 % of bootstrap samples (Efron's percentile interval), seeded."""
    values = np.array(differences)
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(rounds, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def parser(description: str | None, *, data: bool = False) -> argparse.ArgumentParser:
    """Return a parser, with the option `--data` where pictures from elsewhere are needed."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if data:
        made.add_argument(
            "--data",
            type=Path,
            default=os.environ.get("HYBRIDBG_DATA"),
            help="folder of test pictures, see benchmarks/README.md (default: HYBRIDBG_DATA)",
        )
    return made


def folder(given: Path | None, name: str) -> Path:
    """Return a folder of the test pictures, or exit with what to do."""
    if given is None:
        raise SystemExit("where are the pictures? pass --data FOLDER or set HYBRIDBG_DATA")
    found = Path(given) / name
    if not found.is_dir():
        raise SystemExit(f"there is no folder {found}; benchmarks/README.md tells what goes there")
    return found


def read(path: Path, mode: str) -> NDArray[np.uint8]:
    """Read a picture in one of Pillow's modes: "RGB" or "L"."""
    from PIL import Image

    with Image.open(path) as picture:
        return np.array(picture.convert(mode))


def as_float(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring 0..255 to 0..1."""
    return picture.astype(np.float32) / 255


def resized(picture: NDArray[np.floating], megapixels: float) -> NDArray[np.float32]:
    """Enlarge a picture or alpha of 0..1 by cubic interpolation, unless it has the size."""
    import cv2

    height, width = picture.shape[:2]
    scale = (megapixels * 1e6 / (height * width)) ** 0.5
    if abs(scale - 1) < 0.05:
        return picture.astype(np.float32)
    size = (round(width * scale), round(height * scale))
    larger = cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(larger.clip(0, 1))


def marks_of(trimap: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return a trimap the way pymatting takes it: 0, 0.5 and 1."""
    return np.select([trimap == 0, trimap == 255], [0.0, 1.0], 0.5)


def progress(text: str) -> None:
    """Say on the terminal, and only there, what is being done."""
    import sys

    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
