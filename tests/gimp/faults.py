"""Workers that something is wrong with: their commands, and words of what must be said about it."""

from __future__ import annotations

RUN = "import runpy; runpy.run_module('hybridbg.worker', run_name='__main__')"
KILLED = f"""
import os, signal, threading
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
{RUN}"""
NO_MEMORY = f"""
from hybridbg.core import memory
memory.available_memory = lambda: 1000
{RUN}"""
SMALL_MEMORY = f"""
import resource
from hybridbg.worker import actions
actions.load()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**27, used + 2**27))
{RUN}"""
OTHER_MODELS = """
import pathlib, shutil, tempfile
from hybridbg.predict import registry
folder = pathlib.Path(tempfile.mkdtemp())
for path in registry._PACKAGED.glob("*.toml"):
    shutil.copy(path, folder)
for path in registry._PACKAGED.glob("*.onnx"):
    {keep}
registry._PACKAGED = folder
"""
NO_MODEL = OTHER_MODELS.format(keep="pass") + RUN
HALF_A_MODEL = (
    OTHER_MODELS.format(keep="(folder / path.name).write_bytes(path.read_bytes()[:5000])") + RUN
)
FAULTS: dict[str, tuple[list[str] | str | None, str]] = {
    "worker-unknown": (None, "hybridbg gimp install"),
    "record-garbled": ("{\x00 no json", "hybridbg gimp install"),
    "record-of-other-things": ('{"command": "python"}', "hybridbg gimp install"),
    "model-missing": (["python", "-c", NO_MODEL], "trimap-small.onnx does not exist"),
    "model-damaged": (["python", "-c", HALF_A_MODEL], "install hybridbg again"),
    "worker-gone": (["/nowhere/bin/python", "-m", "hybridbg.worker"], "is gone"),
    "worker-is-another": (["/bin/echo", "hello"], "ended before"),
    "worker-killed": (["python", "-c", KILLED], "Memory may have run out"),
    "worker-without-memory": (["python", "-c", NO_MEMORY], "Crop the layer"),
    "worker-crashes": (["python", "-c", "raise SystemExit('oh dear')"], "oh dear"),
}
