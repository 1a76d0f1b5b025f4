"""The other process: asked in frames of JSON and raw pixels, watched, ended with all it started.

The frames are described in hybridbg's `worker/protocol.py`. Two threads read what the worker says,
so that nobody waits for a pipe and a worker that dies or hangs is noticed; a third one writes, so
that the next pixels are fetched from GIMP meanwhile. When this process is
killed, which is what GIMP's cancel button does, the worker sees the end of its input and ends.
"""

import collections
import json
import math
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress

from hybridbg_gimp.texts import N_, _

__all__ = ["PROTOCOL", "Frame", "Worker", "WorkerError"]

PROTOCOL = 1

_LENGTH = struct.Struct("<I")
_ITEM_BYTES = {"u1": 1, "u2": 2, "u4": 4, "f2": 2, "f4": 4, "f8": 8}

_GREETING_SECONDS = 60
"""A cold disk and a virus scanner may need this long."""

_SILENCE_SECONDS = 1200
"""No request is silent for so long: the largest layers report several times a minute."""

_PIPE_BYTES = 2**20
"""Room in a pipe, where the system lets one choose: layers travel in fewer turns."""

_CHUNKS_AHEAD = 16
"""How many pieces of a layer may wait for the worker; one is about as large as a pipe."""

_KEPT_LINES = 12
"""Of what the worker printed before it died."""

_REINSTALL = N_("Run in a terminal: hybridbg gimp install")


class WorkerError(Exception):
    """The worker could not do it.

    Attributes
    ----------
    kind : str
        The error's name in hybridbg, or "WorkerDied", "WorkerMissing", "WorkerSilent".
    hint : str
        What to do about it, translated; may be empty.
    """

    def __init__(self, kind, message, hint=""):
        super().__init__(message)
        self.kind = kind
        self.hint = hint

    def __str__(self):
        message = super().__str__()
        return f"{message}\n\n{self.hint}" if self.hint else message


class Frame(collections.namedtuple("Frame", "header arrays")):
    """What came: a header, and arrays as (dtype, shape, bytes)."""

    __slots__ = ()


class Worker:
    """A running worker.

    Parameters
    ----------
    command : sequence of str
    environment : mapping
    silence : float
        Seconds without a word after which a request is given up.

    Attributes
    ----------
    hello : dict
        What it said of itself, from when it has been entered.
    """

    def __init__(self, command, environment, *, silence=_SILENCE_SECONDS):
        self._silence = silence
        self._number = 0
        self._frames = queue.Queue()
        self._printed = collections.deque(maxlen=_KEPT_LINES)
        try:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                **_own_group(),
            )
        except OSError as error:
            raise WorkerError(
                "WorkerMissing",
                _("hybridbg could not be started: {error}").format(error=error),
                _(_REINSTALL),
            ) from error
        for pipe in (self._process.stdin, self._process.stdout):
            _widen(pipe)
        self._readers = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_frames, self._read_errors)
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self):
        """Wait for the greeting."""
        try:
            self.hello = self._hear(_GREETING_SECONDS).header
            self._check_greeting()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_error):
        self.end()

    def warm(self):
        """Let it load what it will need, without waiting for it."""
        self._say({"type": "warm", "id": 0}, [])

    def ask(self, action, arrays=(), *, progress=None, **header):
        """Ask for something and wait for the answer.

        Parameters
        ----------
        action : str
        arrays : sequence of (name, dtype, shape, chunks)
            Chunks is an iterable of bytes.
        progress : callable, optional
            Called with the fraction done.
        **header
            ``options``, ``want`` and so on.

        Returns
        -------
        Frame

        Raises
        ------
        WorkerError
        """
        number = self.begin(action, arrays, **header)
        while True:
            frame = self._hear(self._silence)
            if frame.header.get("id") not in (number, None):
                continue
            if frame.header["type"] == "progress":
                if progress is not None:
                    progress(frame.header["done"])
                continue
            return _checked(frame)

    def begin(self, action, arrays=(), **header):
        """Ask for something and return its number without waiting; `poll` brings the answer."""
        self._number += 1
        self._say({"type": "run", "id": self._number, "action": action, **header}, arrays)
        return self._number

    def poll(self):
        """Return the next frame, or None if there is none yet."""
        try:
            return self._next(self._frames.get_nowait())
        except queue.Empty:
            return None

    def cancel(self):
        """Tell it that the last request is not wanted any more."""
        with suppress(WorkerError):
            self._say({"type": "cancel", "id": self._number}, [])

    def end(self):
        """End the process and whatever it started."""
        with suppress(OSError):
            self._process.stdin.close()
        if self._process.poll() is None:
            _end_group(self._process)
        self._process.wait()
        for reader in self._readers:
            reader.join(2)
        for stream in (self._process.stdout, self._process.stderr):
            with suppress(OSError, ValueError):
                stream.close()

    def _check_greeting(self):
        spoken = self.hello.get("protocol") if self.hello.get("type") == "hello" else None
        if spoken != PROTOCOL:
            raise WorkerError(
                "WorkerMissing",
                _("The plug-in and the installed hybridbg are of different versions."),
                _(_REINSTALL),
            )

    def _say(self, header, arrays):
        described = [
            {"name": name, "dtype": dtype, "shape": list(shape)}
            for name, dtype, shape, _c in arrays
        ]
        text = json.dumps({**header, "arrays": described}).encode()
        with _Feeder(self._process.stdin) as feeder:
            feeder.put(_LENGTH.pack(len(text)) + text)
            for _name, _dtype, _shape, chunks in arrays:
                for chunk in chunks:
                    feeder.put(chunk)
                    if feeder.failed:
                        break
        if feeder.failed:
            # It refused or died while it was fed: its last words say why, and then `_hear` raises.
            while True:
                _checked(self._hear(10), passing=("progress", "ready", "result", "cancelled"))

    def _hear(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self._next(self._frames.get(timeout=0.2))
            except queue.Empty:
                if time.monotonic() < deadline:
                    continue
            self.end()
            raise WorkerError(
                "WorkerSilent",
                _("hybridbg gave no answer for {seconds} seconds and was ended.").format(
                    seconds=round(seconds)
                ),
                _("Try a smaller layer, or see in a terminal: hybridbg doctor"),
            )

    def _next(self, frame):
        if frame is None:
            self._frames.put(None)  # for whoever asks again
            raise self._died()
        return frame

    def _died(self):
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.end()
            code = self._process.returncode
        self._readers[1].join(2)  # its last words
        printed = "\n".join(self._printed)
        if code is not None and code < 0:
            reason = _(
                "hybridbg was ended by the system (signal {number}) in the middle of its work."
            )
            hint = _("Memory may have run out: crop or scale the layer, or close other programs.")
            return WorkerError("WorkerDied", reason.format(number=-code), hint)
        reason = _("hybridbg ended before its work was done (exit code {code}).")
        message = reason.format(code=code)
        return WorkerError(
            "WorkerDied", f"{message}\n{printed}".strip(), _("See in a terminal: hybridbg doctor")
        )

    def _read_frames(self):
        stream = self._process.stdout
        try:
            while prefix := stream.read(_LENGTH.size):
                (length,) = _LENGTH.unpack(prefix)
                header = json.loads(stream.read(length))
                arrays = {}
                for array in header.pop("arrays", []):
                    size = math.prod(array["shape"]) * _ITEM_BYTES[array["dtype"]]
                    data = stream.read(size)
                    if len(data) < size:
                        raise EOFError
                    arrays[array["name"]] = (array["dtype"], array["shape"], data)
                self._frames.put(Frame(header, arrays))
        except Exception as error:  # no frames, or half of one: it is dead or somebody else
            self._printed.append(f"{type(error).__name__}: {error}")
        self._frames.put(None)

    def _read_errors(self):
        for line in self._process.stderr:
            self._printed.append(line.decode(errors="replace").rstrip())


class _Feeder:
    """Writes what it is given, in order, in a thread of its own; leaving it waits for the end.

    Attributes
    ----------
    failed : bool
        Nobody reads any more; what is given from now on is dropped.
    """

    def __init__(self, stream):
        self.failed = False
        self._stream = stream
        self._chunks = queue.Queue(_CHUNKS_AHEAD)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.put = self._chunks.put

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self.put(None)
        self._thread.join()

    def _write(self):
        while (chunk := self._chunks.get()) is not None:
            self._try(self._stream.write, chunk)
        self._try(self._stream.flush)

    def _try(self, write, *chunk):
        if self.failed:
            return
        try:
            write(*chunk)
        except (OSError, ValueError):
            self.failed = True


def _checked(frame, passing=("result", "ready", "cancelled")):
    header = frame.header
    if header["type"] == "error":
        raise WorkerError(header["kind"], header["message"], _(header["hint"]))
    if header["type"] not in passing:
        raise WorkerError("WorkerDied", f"unexpected answer {header['type']!r}", _(_REINSTALL))
    return frame


def _widen(pipe):
    """Make room in a pipe; only Linux can, and only as far as the user may."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _own_group():
    """Arguments that put the worker and its children into a group of their own."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": flags}
    return {"start_new_session": True}


def _end_group(process):
    if sys.platform == "win32":
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)],  # noqa: S607 - Windows's own
            capture_output=True,
            check=False,
        )
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
