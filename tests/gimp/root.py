"""The folder with GIMP in it, and how tests run things there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import hybridbg

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE_HOME = Path(hybridbg.__file__).resolve().parents[1]
VARIABLE = "HYBRIDBG_GIMP_ROOT"


class GimpRoot:
    """A GIMP with the plug-in, and a home folder of its own.

    Attributes
    ----------
    folder : Path
        To exchange files through; `inside` is what GIMP calls it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "tmp").mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=root / "tmp", prefix="hybridbg-"))
        self.inside = "/" + str(self.folder.relative_to(root))
        self.profile = self.folder / "home/.config/GIMP/3.0"
        self.plugin = self.profile / "plug-ins/gimp-hybridbg"
        self.profile.mkdir(parents=True)
        self.install()

    def install(self) -> None:
        """Install the plug-in as a user does."""
        subprocess.run(
            [sys.executable, "-m", "hybridbg", "gimp", "install", "--profile", str(self.profile)],
            check=True,
            capture_output=True,
            cwd="/",
        )

    def command(self, *words: str) -> list[str]:
        """Return the command that runs something in the folder."""
        path = {folder for folder in sys.path if Path(folder).is_dir()}
        shown = {sys.prefix, sys.base_prefix, str(REPOSITORY), str(PACKAGE_HOME), *path}
        return [
            str(REPOSITORY / ".ci/gimp-run"),
            str(self.root),
            " ".join(sorted(shown)),
            *words,
        ]

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "GIMP_HOME": f"{self.inside}/home", **more}

    def python(self, script: str, timeout: float = 1800, **variables: str) -> str:
        """Run Python inside GIMP and return what was printed."""
        done = subprocess.run(
            self.command(
                "gimp-console-3.0",
                "-i",
                "--batch-interpreter",
                "python-fu-eval",
                "-b",
                script,
                "--quit",
            ),
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
        return done.stdout.decode(errors="replace")

    def run_file(self, script: Path, **variables: str) -> str:
        """Run a file inside GIMP; variables are in its environment."""
        shutil.copy(script, self.folder)
        settings = "; ".join(
            f"os.environ[{name!r}] = {value!r}" for name, value in variables.items()
        )
        path = f"{self.inside}/{script.name}"
        return self.python(f"import os; {settings}; exec(open({path!r}).read())")


def find_root() -> Path:
    """Return the folder with GIMP, or skip."""
    named = os.environ.get(VARIABLE)
    if not named:
        pytest.skip(f"needs a folder with GIMP 3 in {VARIABLE}: make test-gimp")
    if sys.base_prefix == "/usr":
        pytest.skip("needs a Python outside of /usr, which GIMP's system has one of its own of")
    return Path(named)
