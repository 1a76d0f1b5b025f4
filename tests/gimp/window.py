"""A GIMP in a real window, on a screen that nobody sees: driven by xdotool, asked by files."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.gimp.root import GimpRoot

HERE = Path(__file__).parent
SIZE = "1280x900x24"

# The server chooses a free number and says it once it answers: with a number of ours, a server that
# was just ending could answer in its place.
_START = """
Xvfb -displayfd 3 -screen 0 {size} -nolisten tcp >/dev/null 2>&1 3>{inside}/display.draft &
for _ in $(seq 300); do [ -s {inside}/display.draft ] && break; sleep 0.1; done
DISPLAY=:$(cat {inside}/display.draft)
export DISPLAY
mv {inside}/display.draft {inside}/display
openbox >/dev/null 2>&1 &
exec gimp --no-splash {picture} --batch-interpreter python-fu-eval -b {script}
"""


class GimpWindow:
    """A running GIMP with one picture open.

    Parameters
    ----------
    gimp : GimpRoot
    picture : Path
        Copied where GIMP sees it.
    language : str
        As `LANG`.
    """

    def __init__(self, gimp: GimpRoot, picture: Path, *, language: str = "C.UTF-8") -> None:
        self.gimp = gimp
        self.language = language
        self.shots: list[Path] = []
        self._asked = 0
        for old in gimp.folder.glob("ask-*"):
            old.unlink()
        # GIMP welcomes whoever is new with a window of its own.
        (gimp.profile / "gimprc").write_text('(config-version "3.0.4")\n(show-welcome-dialog no)\n')
        # The values of the last dialog.
        shutil.rmtree(gimp.profile / "plug-in-settings", ignore_errors=True)
        shutil.copy(picture, gimp.folder / "open.png")
        shutil.copy(HERE / "inside.py", gimp.folder)
        shutil.copy(HERE / "inside_window.py", gimp.folder)
        script = (
            f"import os; os.environ['HYBRIDBG_CASES'] = '{gimp.inside}'; "
            f"exec(open('{gimp.inside}/inside_window.py').read())"
        )
        start = _START.format(
            inside=gimp.inside,
            size=SIZE,
            picture=f"{gimp.inside}/open.png",
            script=f'"{script}"',
        )
        self._log = (gimp.folder / "window.log").open("wb")
        self._process = subprocess.Popen(
            gimp.command("bash", "-c", start),
            env=gimp.environment(GIMP_LANG=language),
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self.ask("1", seconds=90)
            self._display = ":" + (gimp.folder / "display").read_text().strip()
            self._arrange()
        except BaseException:
            self.__exit__()
            raise

    def _arrange(self) -> None:
        self.main = self.find("imported")
        self.focus(self.main)
        self.run("xdotool", "windowsize", "--sync", self.main, "1270", "860")
        self.run("xdotool", "windowmove", self.main, "0", "0")

    def __enter__(self) -> GimpWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def ask(self, expression: str, *, seconds: float = 60) -> Any:
        """Evaluate an expression inside GIMP; `image` is the open one."""
        self._asked += 1
        question = self.gimp.folder / f"ask-{self._asked}"
        answer = self.gimp.folder / f"ask-{self._asked}.answer"
        draft = question.with_suffix(".draft")
        draft.write_text(expression)
        draft.rename(question)
        deadline = time.monotonic() + seconds
        while not answer.exists():
            assert self._process.poll() is None, self._said()
            assert time.monotonic() < deadline, f"no answer to {expression}"
            time.sleep(0.1)
        return json.loads(answer.read_text())

    def _said(self) -> str:
        """Return what GIMP printed, as far as it is text."""
        return (self.gimp.folder / "window.log").read_text(errors="replace")

    def run(self, *words: str) -> str:
        """Run something that sees the screen."""
        done = subprocess.run(
            self.gimp.command(*words),
            env=self.gimp.environment(DISPLAY=self._display, GIMP_LANG=self.language),
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.stdout.decode().strip()

    def keys(self, *names: str, pause: float = 0.3) -> None:
        """Press keys, one after the other."""
        for name in names:
            self.run("xdotool", "key", "--clearmodifiers", name)
            time.sleep(pause)

    def find(self, title: str, *, seconds: float = 40) -> str:
        """Wait for a window whose title matches and return its id."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.run("xdotool", "search", "--onlyvisible", "--name", title).split()
            if found:
                return found[-1]
            time.sleep(0.3)
        self.shot("not-found")
        raise AssertionError(f"no window {title!r}")

    def gone(self, title: str, *, seconds: float = 60) -> None:
        """Wait until no window's title matches."""
        deadline = time.monotonic() + seconds
        while self.run("xdotool", "search", "--onlyvisible", "--name", title):
            assert time.monotonic() < deadline, f"{title} is still there"
            time.sleep(0.3)

    def menu(self, mnemonic: str) -> None:
        """Choose an entry of our menu: the last of Filters, opened to the right."""
        self.focus(self.main)
        self.keys("alt+r", "Up", "Right", mnemonic)

    def wait_for(self, expression: str, wanted: Any, *, seconds: float = 60) -> None:
        """Wait until an expression has a value inside GIMP."""
        deadline = time.monotonic() + seconds
        while (found := self.ask(expression)) != wanted:
            if time.monotonic() > deadline:
                self.shot("waited-in-vain")
                raise AssertionError(f"{expression} is {found}")
            time.sleep(0.3)

    def focus(self, window: str) -> None:
        self.run("xdotool", "windowactivate", "--sync", window)

    def shot(self, name: str) -> Path:
        """Take a screenshot."""
        self.run("import", "-window", "root", f"{self.gimp.inside}/{name}.png")
        self.shots.append(self.gimp.folder / f"{name}.png")
        return self.shots[-1]
