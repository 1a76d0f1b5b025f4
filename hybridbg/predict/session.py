"""A model loaded into ONNX Runtime, made once and reused from any thread.

The file is read once: its digest is taken over the very bytes that ONNX Runtime is given, and its
inputs and outputs are compared with the description before the first picture (`graph`). A session
serves any number of threads at a time; equal requests share one session.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import numpy as np

from hybridbg.core.errors import InvalidModelError, InvalidOptionError, ModelNotFoundError
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import FloatArray
from hybridbg.predict import providers as execution
from hybridbg.predict.graph import fitted
from hybridbg.predict.onnx_file import names_other_files
from hybridbg.predict.registry import find_model
from hybridbg.predict.spec import ModelSpec

__all__ = ["Session", "new_session"]

# One protobuf message, and so one ONNX file without external weights, cannot be larger.
MAX_MODEL_BYTES: Final = 2**31
# ONNX Runtime's "fatal": what goes wrong comes back as an exception, nothing else is printed.
_LOG_FATAL: Final = 4

# Sessions kept for reuse; the one unused for longest is let go. More than a few at a time is a
# comparison of models, where loading again costs little beside running.
_KEPT_SESSIONS: Final = 4
_cache: dict[tuple[Any, ...], Session] = {}
_cache_lock = threading.Lock()


def new_session(
    model: str | os.PathLike[str] | ModelSpec = "default",
    *,
    providers: Sequence[str] | None = None,
    num_threads: int | None = None,
) -> Session:
    """Load a model, or return the session that already holds it.

    Parameters
    ----------
    model : str, path or ModelSpec
        What `find_model` takes.
    providers : sequence of str, optional
        Execution providers of ONNX Runtime in order of preference, by short names such as "cpu",
        "cuda", "rocm", "migraphx", "directml", "coreml", "openvino", or by ONNX Runtime's. By
        default the best of CUDA, ROCm, DirectML, OpenVINO and CPU that starts;
        `Session.providers` says which.
    num_threads : int, optional
        Threads for one picture on the CPU. By default `OMP_NUM_THREADS`, else all cores allowed.

    Returns
    -------
    Session
        The same object for the same file, providers and threads.

    Raises
    ------
    ModelNotFoundError
        No such model.
    InvalidModelError
        Not ONNX, wrong digest, too large, or inputs and outputs other than described.
    InvalidOptionError
        A provider that is not there or does not start, or `num_threads` below 1.
    """
    spec = find_model(model)
    threads = resolve_num_threads(num_threads)
    wanted = None if providers is None else execution.resolve(providers)
    key = (spec, _fingerprint(spec.file), wanted, threads)
    # Held while loading, so that two threads asking at once do not load twice.
    with _cache_lock:
        for kept, session in _cache.items():
            if kept[1:] == key[1:] and spec in (kept[0], session.spec):
                key = kept
                break
        if key in _cache:
            session = _cache.pop(key)
        else:
            session = Session(spec, providers=wanted, num_threads=threads)
        _cache[key] = session  # at the end: used last
        while len(_cache) > _KEPT_SESSIONS:
            del _cache[next(iter(_cache))]
        return session


class Session:
    """One model in memory. Use `new_session`, which shares sessions.

    Parameters
    ----------
    spec : ModelSpec
        What to load.
    providers, num_threads
        As for `new_session`.

    Attributes
    ----------
    spec : ModelSpec
        What was loaded, with what the description left to the graph.
    takes_many : bool
        Whether `run` takes several pictures at a time.
    sha256 : str
        Digest of the file as it was loaded.
    providers : tuple of str
        Execution providers in use.
    num_threads : int
        Threads for one picture.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        providers: Sequence[str] | None = None,
        num_threads: int | None = None,
    ) -> None:
        self.num_threads = resolve_num_threads(num_threads)
        content = _read(spec)
        self.sha256 = hashlib.sha256(content).hexdigest()
        if spec.sha256 is not None and self.sha256 != spec.sha256:
            raise InvalidModelError(
                f"model {spec.name!r}: expected {spec.file} with SHA-256 {spec.sha256}, got "
                f"{self.sha256}; the file is damaged or another one, get it again"
            )
        self.spec = spec
        self._inference = self._load(content, providers)
        self.providers: tuple[str, ...] = tuple(self._inference.get_providers())
        self.spec, self._ends = fitted(
            spec, self._inference.get_inputs(), self._inference.get_outputs()
        )
        self.takes_many = self._ends.takes_many
        # DirectML's sessions may be shared by threads but not run by two at a time.
        alone = execution.DIRECTML in self.providers
        self._turn: AbstractContextManager[Any] = threading.Lock() if alone else nullcontext()

    def __repr__(self) -> str:
        return (
            f"Session({self.spec.name!r}, providers={self.providers}, "
            f"num_threads={self.num_threads})"
        )

    def run(self, batch: FloatArray) -> dict[str, FloatArray]:
        """Run the network.

        Parameters
        ----------
        batch : ndarray of shape (N, C, H, W) or (N, H, W, C) as `spec.layout` says, float32
            Normalised input; N is 1 unless `takes_many`.

        Returns
        -------
        dict of str to ndarray, float32
            The outputs by their roles; see `hybridbg.predict.spec`.

        Raises
        ------
        InvalidModelError
            The network fails on this input, or answers with NaN.
        """
        ends = self._ends
        if ends.dtype == "uint8":
            batch = batch.round().clip(0, 255)
        fed = np.ascontiguousarray(batch if ends.batched else batch[0], dtype=ends.dtype)
        try:
            with self._turn:
                answers = self._inference.run(list(ends.outputs.values()), {ends.input: fed})
        except Exception as error:  # ONNX Runtime's exceptions have no common base but this
            raise InvalidModelError(
                f"model {self.spec.name!r} failed on an input of shape {fed.shape}: {error}"
            ) from error
        results = {}
        for role, answer in zip(ends.outputs, answers, strict=True):
            values = np.asarray(answer, dtype=np.float32)
            if not np.isfinite(values).all():
                raise InvalidModelError(
                    f"model {self.spec.name!r} answered with NaN or infinity; use another model"
                )
            results[role] = values
        return results

    def _load(self, content: bytes, providers: Sequence[str] | None) -> Any:
        """Start on the first provider asked for, or on the best there is when none was."""
        chosen = (
            execution.preferred_providers()
            if providers is None
            else list(execution.resolve(providers))
        )
        try:
            inference = self._start(content, chosen)
        except InvalidModelError:
            if chosen == [execution.CPU]:
                raise
            # The file or the provider? A sound file starts on the CPU.
            inference = self._start(content, [execution.CPU])
        started = inference.get_providers()
        dropped = [one for one in chosen if one not in started]
        if providers is not None and dropped:
            raise InvalidOptionError(
                f"providers: {' and '.join(dropped)} does not start on this machine, only "
                f"{', '.join(started)}; check its drivers, or name one of these"
            )
        return inference

    def _start(self, content: bytes, providers: list[str]) -> Any:
        runtime = execution.runtime()
        options = runtime.SessionOptions()
        options.log_severity_level = _LOG_FATAL
        options.intra_op_num_threads = self.num_threads
        options.inter_op_num_threads = 1  # the graph is run node after node; see execution_mode
        options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
        # Idle threads would otherwise spin and take the cores from GrabCut and the matting solver.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # What `names_other_files` has seen is an ONNX file, so nothing else may be made of it.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        if execution.DIRECTML in providers:
            options.enable_mem_pattern = False  # DirectML does not support it
        try:
            # ONNX Runtime's own fall-back prints, and changes provider in the middle of a run.
            return runtime.InferenceSession(
                content, options, providers=providers, enable_fallback=0
            )
        except Exception as error:  # as in `run`
            raise InvalidModelError(
                f"model {self.spec.name!r}: {self.spec.file} cannot be loaded by ONNX Runtime "
                f"({error}); expected an intact ONNX file"
            ) from error


def _fingerprint(file: Path) -> tuple[str, int, int]:
    """Tell a file from another that replaces it under the same path."""
    try:
        state = file.stat()
    except OSError as error:
        raise ModelNotFoundError(f"model file {file} cannot be read ({error})") from error
    return str(file.resolve()), state.st_mtime_ns, state.st_size


def _read(spec: ModelSpec) -> bytes:
    """Whole content of the model file, refused before reading when it is too large."""
    _, _, size = _fingerprint(spec.file)
    if not 0 < size < MAX_MODEL_BYTES:
        raise InvalidModelError(
            f"model {spec.name!r}: expected a file of 1 to {MAX_MODEL_BYTES - 1} bytes, "
            f"got {size} bytes in {spec.file}"
        )
    try:
        content = spec.file.read_bytes()
    except OSError as error:
        raise ModelNotFoundError(f"model file {spec.file} cannot be read ({error})") from error
    try:
        scattered = names_other_files(content)
    except ValueError as error:
        raise InvalidModelError(
            f"model {spec.name!r}: {spec.file} cannot be loaded ({error}); expected an intact "
            "ONNX file"
        ) from error
    if scattered:
        raise InvalidModelError(
            f"model {spec.name!r}: {spec.file} cannot be loaded, because it keeps weights in other "
            "files; expected one file with everything (external data is not followed), so save "
            "it again without external data"
        )
    return content
