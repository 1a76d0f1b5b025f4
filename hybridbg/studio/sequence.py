"""Image sequences: the frames of a shot, their numbers, and the one plate that serves them all.

A sequence is written ``shot.####.exr`` (any number of ``#``) or ``shot.%04d.exr``; or it is a
folder with one such sequence. Frame numbers are kept as they are, with their zeros.

The plate of a shot is the median, pixel by pixel, of the plates of several frames spread over it,
each brought to the same brightness first: what the subject hides in one frame another may show, and
the edge of the subject cannot flicker with a plate that is guessed anew in every frame. Where those
plates differ by more than brightness, a frame gets their mean weighted by nearness in time instead.
The subject's shadow is no part of them: each frame finds its own (`keying.shadow`).
Each frame has its own smooth gain besides (`keying.clean_plate`), which follows exposure and lamps.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hybridbg.core.errors import (
    ImageFileError,
    ImageReadError,
    InvalidImageError,
    InvalidOptionError,
    NoSubjectError,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hybridbg.core.image import Image
    from hybridbg.core.types import FloatArray, Shape
    from hybridbg.keying import Screen

__all__ = ["Frames", "ShotPlate", "estimate_shot_plate", "find_frames", "is_pattern", "numbered"]

_LOOKED_AT: Final = 7
"""Frames of a shot whose screen is estimated."""

_WORKING_SIDE: Final = 480
"""Long side, in pixels, at which plates are kept: they are estimated no finer."""

_SCREEN_POSSIBLE: Final = 0.2
"""Confidence below which a frame shows no screen; as `pipeline.keyed` has it for one picture."""

_DRIFT: Final = 0.1
"""Distance of a frame's plate from the shot's, relative to its brightest, that one cannot serve."""

_DARKEST: Final = 0.2
"""Light that every shadow leaves."""

_MARK: Final = re.compile(r"#+|%0?(\d*)d")
_NUMBER: Final = re.compile(r"\d+(?=\.[^.]*$)")


@dataclass(frozen=True)
class Frames:
    """Frames of a shot: paths by their numbers as written, in order, and what is missing."""

    paths: dict[str, str]
    missing: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ShotPlate:
    """One plate for a shot, or several that follow each other smoothly.

    Attributes
    ----------
    plates : ndarray of shape (K, h, w, 3), float32
        Linear light, at a working size; K is 1 where one serves the whole shot.
    centres : ndarray of shape (K,), float
        Positions in the shot to which they belong.
    positions : dict of str to int
        Position of each frame's path.
    shape : (int, int)
        Rows and columns of the frames.
    screen : str
        As `estimate_screen` takes it.
    confidence : float in [0, 1]
        Median of the frames that were looked at.
    warnings : tuple of str
    """

    plates: FloatArray
    centres: NDArray[Any]
    positions: dict[str, int]
    shape: Shape
    screen: str
    confidence: float
    warnings: tuple[str, ...]

    def at(self, path: str) -> Image:
        """Give the plate of a frame, in linear light."""
        import numpy as np

        from hybridbg.core.image import Image
        from hybridbg.core.resample import resample

        apart = float(np.diff(self.centres).max(initial=1))
        weights = np.exp(-0.5 * ((self.positions[path] - self.centres) / apart) ** 2)
        plate = np.tensordot(weights / weights.sum(), self.plates, 1).astype(np.float32)
        return Image.from_array(resample(plate, self.shape).clip(0, 1), encoding="linear")


def is_pattern(path: str) -> bool:
    """Whether a path stands for numbered frames.

    Examples
    --------
    >>> is_pattern("shot.####.exr"), is_pattern("shot.%04d.exr"), is_pattern("shot.png")
    (True, True, False)
    """
    return not Path(path).exists() and len(_MARK.findall(Path(path).name)) == 1


def numbered(pattern: str, number: str) -> str:
    """Put a frame's number, as written, in the place of a pattern's mark.

    Examples
    --------
    >>> numbered("out/key.####.png", "0012")
    'out/key.0012.png'
    """
    path = Path(pattern)
    return str(path.with_name(_MARK.sub(lambda _: number, path.name)))


def find_frames(source: str) -> Frames:
    """Find the frames of a sequence.

    Parameters
    ----------
    source : str
        A pattern, or a folder with one sequence.

    Raises
    ------
    ImageReadError
        There are no such frames.
    InvalidOptionError
        A folder holds several sequences, or two frames bear one number.

    Examples
    --------
    >>> find_frames("nowhere/shot.####.exr")
    Traceback (most recent call last):
    ...
    hybridbg.core.errors.ImageReadError: no frame matches 'nowhere/shot.####.exr'
    """
    names = _in_folder(Path(source)) if Path(source).is_dir() else _matching(Path(source))
    if not names:
        raise ImageReadError(f"no frame matches {source!r}")
    by_number: dict[int, tuple[str, str]] = {}
    for number, path in names:
        if int(number) in by_number:
            raise InvalidOptionError(
                f"{by_number[int(number)][1]!r} and {path!r} are both frame {int(number)}"
            )
        by_number[int(number)] = number, path
    numbers = sorted(by_number)
    missing = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    return Frames(dict(by_number[number] for number in numbers), tuple(missing))


def _matching(pattern: Path) -> list[tuple[str, str]]:
    mark = _MARK.search(pattern.name)
    if mark is None:
        raise ImageReadError(f"expected #### or %04d for the number of a frame, got '{pattern}'")
    digits = len(mark[0]) if mark[0][0] == "#" else int(mark[1] or 1)
    before, after = pattern.name[: mark.start()], pattern.name[mark.end() :]
    # Fewer digits than marks are another sequence; more are numbers that outgrew them.
    name = re.compile(f"{re.escape(before)}(\\d{{{digits},}}){re.escape(after)}")
    files = pattern.parent.iterdir() if pattern.parent.is_dir() else iter(())
    matches = ((name.fullmatch(file.name), file) for file in files)
    return [(match[1], str(file)) for match, file in matches if match]


def _in_folder(folder: Path) -> list[tuple[str, str]]:
    from hybridbg.io import readable

    shots: dict[str, list[tuple[str, str]]] = {}
    for file in folder.iterdir():
        number = _NUMBER.search(file.name)
        if number and file.name[0] != "." and readable(file):
            shot = file.name[: number.start()] + "#" + file.name[number.end() :]
            shots.setdefault(shot, []).append((number[0], str(file)))
    if len(shots) > 1:
        raise InvalidOptionError(
            f"{str(folder)!r} holds {len(shots)} sequences ({', '.join(sorted(shots)[:3])}, ...); "
            "name one by its pattern"
        )
    return next(iter(shots.values()), [])


def estimate_shot_plate(
    paths: list[str], *, screen: str = "auto", max_pixels: int | None = None
) -> ShotPlate:
    """Estimate the plate of a shot from several of its frames.

    Parameters
    ----------
    paths : list of str
        The frames in order; at most seven, spread over the shot, are read.
    screen : "auto", "green", "blue" or a colour
    max_pixels : int, optional
        As of `io.load`.

    Raises
    ------
    NoSubjectError
        None of the frames shows a screen.
    InvalidOptionError
        Frames differ in size.
    """
    import numpy as np

    from hybridbg.core.resample import fit_inside, resample
    from hybridbg.io import load
    from hybridbg.keying import estimate_screen

    last = len(paths) - 1
    looked_at = sorted({round(last * step / (_LOOKED_AT - 1)) for step in range(_LOOKED_AT)})
    found: list[tuple[int, Screen]] = []
    shapes = set()
    for index in looked_at:
        try:
            picture = load(paths[index], max_pixels=max_pixels)
        except (ImageFileError, InvalidImageError):
            continue  # its own turn will come, and say so
        shapes.add(picture.shape)
        estimate = estimate_screen(picture, screen=screen)
        if estimate.confidence >= _SCREEN_POSSIBLE:
            found.append((index, estimate))
    if len(shapes) > 1:
        raise InvalidOptionError(f"frames differ in size: {', '.join(map(str, sorted(shapes)))}")
    if not found:
        raise NoSubjectError(
            f"key: no screen in the {len(looked_at)} frames that were looked at; give its colour "
            "or a clean plate"
        )
    channel = Counter(estimate.channel for _, estimate in found).most_common(1)[0][0]
    found = [(index, estimate) for index, estimate in found if estimate.channel == channel]
    [shape] = shapes
    size = fit_inside(shape, _WORKING_SIDE)
    plates = np.stack([resample(_without_shadow(estimate), size) for _, estimate in found])
    levels = np.median(plates, axis=(1, 2), keepdims=True)
    plates *= np.median(levels, axis=0) / levels
    centres = np.array([index for index, _ in found], dtype=float)
    median = np.median(plates, axis=0, keepdims=True)
    change = float(np.median(np.abs(plates - median).max(axis=3), axis=(1, 2)).max())
    drift = change / float(median.max())
    warnings = []
    if drift > _DRIFT:
        warnings.append(
            f"the plate changes by {100 * drift:.0f} % over the shot and is followed smoothly; if "
            "the camera moves, key the frames one by one (hybridbg batch --method key)"
        )
    else:
        plates, centres = median, centres[:1]
    return ShotPlate(
        plates=plates,
        centres=centres,
        positions={path: index for index, path in enumerate(paths)},
        shape=shape,
        screen={1: "green", 2: "blue"}.get(channel, screen) if screen == "auto" else screen,
        confidence=round(float(np.median([estimate.confidence for _, estimate in found])), 3),
        warnings=tuple(warnings),
    )


def _without_shadow(estimate: Screen) -> FloatArray:
    """Light the plate fully: each frame finds the subject's shadow on it by itself."""
    if estimate.shadow is None:
        return estimate.plate
    lit: FloatArray = estimate.plate / (1 - estimate.shadow)[..., None].clip(_DARKEST, 1)
    return lit.clip(0, 1)
