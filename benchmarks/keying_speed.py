"""Speed of the key at 1080p: the preview against FFmpeg, full quality against pymatting.

Run `python -m benchmarks.keying_speed`. FFmpeg (on the path or in HYBRIDBG_FFMPEG) runs chromakey
and despill on raw frames to nowhere; its time per frame is that of many frames less that of one.
Ours keys the same number of frames with the screen estimated once. Pymatting's closed form gets our
trimap, and only its matting is timed; ours is the whole of `remove_background`, network included.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import interleave, marks_of, parser, progress, ratio, table
from benchmarks.keying_peers import code, ffmpeg
from benchmarks.screen_scenes import scenes

SIZE = 1080, 1920
FRAMES = 40
PREVIEWED = ("hair_even", "motion_red")


def ffmpeg_frame(frame: Path, colour: str) -> float:
    """Return FFmpeg's seconds per frame."""

    def run(count: int) -> float:
        chain = (
            f"format=yuva444p,chromakey={colour}:0.1:0.1,format=gbrap,despill=type=green:mix=0.5"
        )
        command = [str(ffmpeg()), "-v", "error", "-stream_loop", str(count - 1), "-f", "rawvideo",
                   "-pix_fmt", "rgb24", "-s", f"{SIZE[1]}x{SIZE[0]}", "-i", str(frame),
                   "-vf", chain, "-f", "null", "-"]  # fmt: skip
        start = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return time.perf_counter() - start

    return (run(FRAMES + 1) - run(1)) / FRAMES


def preview_speed(image: NDArray[np.uint8], repeats: int) -> str:
    """Compare frames per second."""
    from hybridbg.core.colour import linear_to_srgb
    from hybridbg.keying import estimate_screen, key_preview

    screen = estimate_screen(image)
    theirs, ours = [], []
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.rgb"
        frame.write_bytes(image.tobytes())
        key_preview(image, screen)
        for _ in range(repeats):
            theirs.append(ffmpeg_frame(frame, code(linear_to_srgb(screen.colour))))
            start = time.perf_counter()
            for _ in range(FRAMES):
                key_preview(image, screen)
            ours.append((time.perf_counter() - start) / FRAMES)
            progress(f"FFmpeg {1 / theirs[-1]:.1f} frames/s, preview {1 / ours[-1]:.1f}")
    return str(ratio(theirs, ours))


def full_speed(image: NDArray[np.uint8], repeats: int) -> dict[str, list[float]]:
    """Time whole removals and a closed form's matting, in turns."""
    import pymatting

    from hybridbg import new_session, remove_background

    session = new_session()
    marks = marks_of(remove_background(image, session=session).trimap)
    coded = image / 255.0
    calls = {
        "pymatting": lambda: pymatting.estimate_alpha_cf(coded, marks),
        "ours": lambda: remove_background(image, session=session),
    }
    seconds, _ = interleave(calls, repeats)
    progress(str(seconds))
    return seconds


def main() -> None:
    """Print the ratios."""
    arguments = parser(__doc__)
    arguments.add_argument("scenes", nargs="*", help="default: every scene of benchmarks.keying")
    arguments.add_argument("--repeats", type=int, default=3)
    given = arguments.parse_args()
    rows, total = [], {"pymatting": 0.0, "ours": 0.0}
    for name, shot in scenes(given.scenes, SIZE):
        if ffmpeg() and name in PREVIEWED:
            rows.append([name, "preview, FFmpeg / ours", preview_speed(shot.image, given.repeats)])
        seconds = full_speed(shot.image, given.repeats)
        rows.append([name, "full, pymatting / ours", str(ratio(*seconds.values()))])
        for who, taken in seconds.items():
            total[who] += float(np.median(taken))
    print(table(["scene", "seconds", "least / median / most"], rows))
    print(f"\nAll scenes: {total['pymatting']:.1f} s and {total['ours']:.1f} s, pymatting / ours "
          f"{total['pymatting'] / total['ours']:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
