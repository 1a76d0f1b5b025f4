"""Other programs: they succeed, fail, hang, answer nonsense, and never stay behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hybridbg.core.errors import ExternalCommandError, InvalidOptionError
from hybridbg.evaluation import supervisor
from hybridbg.evaluation.command import Command
from hybridbg.evaluation.scenes import Scene
from tests.evaluation.made import KNOWS_RED, disc, painted, program

ALPHA = disc(20, 20, 8)
SCENE = Scene(painted(ALPHA), ALPHA, True, trimap=np.full(ALPHA.shape, 128, np.uint8))

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for(condition) -> bool:
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_grey_answer_is_alpha(tmp_path: Path) -> None:
    answer = Command("red", program(tmp_path, KNOWS_RED)).answer(SCENE, 1)
    assert answer.alpha == pytest.approx(ALPHA, abs=0.01)
    assert answer.foreground is None
    assert answer.cost is not None
    assert answer.cost.seconds > 0
    assert sys.platform == "win32" or (answer.cost.megabytes or 0) > 1


def test_a_transparent_answer_is_alpha_and_colours_even_where_it_is_grey(tmp_path: Path) -> None:
    code = """
import sys
from PIL import Image
Image.new("RGBA", Image.open(sys.argv[1]).size, (9, 9, 9, 51)).save(sys.argv[2])
"""
    answer = Command("flat", program(tmp_path, code)).answer(SCENE, 1)
    assert answer.alpha == pytest.approx(0.2)
    assert answer.foreground == pytest.approx(9 / 255)


def test_it_gets_the_trimap_if_it_asks_for_it(tmp_path: Path) -> None:
    code = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    template = program(tmp_path, code).replace("{image}", "{trimap}")
    command = Command("trimap", template + " {image}")
    assert command.needs == {"trimap"}
    assert command.answer(SCENE, 1).alpha == pytest.approx(128 / 255)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('no licence')", "ended with code 1: no licence"),
        ("print('done')", "left no {output}"),
        ("import sys; open(sys.argv[2], 'w').write('text')", "no answer.*not a picture"),
        (
            "import sys; from PIL import Image; Image.new('L', (9, 9)).save(sys.argv[2])",
            r"no answer.*\(40, 48\).*\(9, 9\)",
        ),
        (
            "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])",
            "no answer: output: expected a grey picture",
        ),
    ],
)
def test_failures_say_what_happened(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(ExternalCommandError, match=message):
        Command("bad", program(tmp_path, code)).answer(SCENE, 1)


@linux
def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""
    with pytest.raises(ExternalCommandError, match="did not end within 2 seconds"):
        Command("slow", program(tmp_path, code), time_limit=2).answer(SCENE, 1)
    both = [int(pid) for pid in pids.read_text().split()]
    assert len(both) == 2
    assert wait_for(lambda: not any(map(alive, both)))


@linux
def test_a_program_ends_when_whoever_asked_for_it_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    asking = f"""
import subprocess, sys
words = [sys.executable, "-c", {code!r}]
report = [{str(tmp_path / "report")!r}, {str(tmp_path / "said")!r}]
start = [sys.executable, {supervisor.__file__!r}, "600", *report, *words]
subprocess.Popen(start, stdin=subprocess.PIPE, start_new_session=True).wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", asking])
    try:
        assert wait_for(lambda: pid.is_file() and pid.read_text())
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert wait_for(lambda: not alive(int(pid.read_text())))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("cp {image}", "expected {image} and {output}"),
        ("", "expected {image} and {output}"),
        ("no-such-program-here {image} {output}", "there is no program 'no-such-program-here'"),
        ("cp '{image} {output}", "No closing quotation"),
    ],
)
def test_a_template_with_a_mistake(template: str, message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        Command("bad", template)


def test_what_a_program_is_depends_on_its_files(tmp_path: Path) -> None:
    before = Command("red", program(tmp_path, "print(1)")).identity()
    assert before == Command("red", program(tmp_path, "print(1)")).identity()
    assert before != Command("red", program(tmp_path, "print(2)")).identity()


def test_it_runs_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "red.py").write_text(KNOWS_RED)
    monkeypatch.chdir(tmp_path)
    answer = Command("red", f"'{sys.executable}' red.py {{image}} {{output}}").answer(SCENE, 1)
    assert answer.alpha == pytest.approx(ALPHA, abs=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["red.py"]


def test_no_shell_reads_the_template(tmp_path: Path) -> None:
    code = "import sys; sys.exit(repr(sys.argv[3:]))"
    template = program(tmp_path, code) + " '$HOME' ';' '*'"
    with pytest.raises(ExternalCommandError, match=r"\['\$HOME', ';', '\*'\]"):
        Command("words", template).answer(SCENE, 1)
