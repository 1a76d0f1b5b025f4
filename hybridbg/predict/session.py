"""A model loaded into ONNX Runtime, made once and reused from any thread.

The file is read once: its digest is taken over the very bytes that ONNX Runtime is given, and its
inputs and outputs are compared with the description before the first picture. A session serves any
number of threads at a time; equal requests share one session.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from hybridbg.core.errors import InvalidModelError, InvalidOptionError, ModelNotFoundError
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.types import FloatArray
from hybridbg.predict.registry import find_model
from hybridbg.predict.spec import ModelSpec

__all__ = ["Session", "available_providers", "new_session"]

# One protobuf message, and so one ONNX file without external weights, cannot be larger.
MAX_MODEL_BYTES: Final = 2**31
# The order in which execution providers are taken when the caller names none. The others wait to be
# named: TensorRT compiles for minutes, and some compute in half precision.
_CPU: Final[str] = "CPUExecutionProvider"
_PREFERRED: Final[tuple[str, ...]] = ("CUDAExecutionProvider", "ROCMExecutionProvider", _CPU)
_REMOTE: Final = "AzureExecutionProvider"
_SUFFIX: Final = "ExecutionProvider"
# ONNX Runtime's "fatal": what goes wrong comes back as an exception, nothing else is printed.
_LOG_FATAL: Final = 4
_PROBABILITIES: Final = "probabilities"
_ALPHA: Final = "alpha"

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
        Execution providers of ONNX Runtime in order of preference, with or without the ending
        ``ExecutionProvider`` and in any case. By default the best of CUDA, ROCm and CPU that
        starts; `Session.providers` says which.
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
    wanted = None if providers is None else _resolve(providers)
    key = (spec, _fingerprint(spec.file), wanted, threads)
    # Held while loading, so that two threads asking at once do not load twice.
    with _cache_lock:
        session = _cache.pop(key, None) or Session(spec, providers=wanted, num_threads=threads)
        _cache[key] = session  # at the end: used last
        while len(_cache) > _KEPT_SESSIONS:
            del _cache[next(iter(_cache))]
        return session


def available_providers() -> list[str]:
    """List the execution providers that this build of ONNX Runtime has, best first.

    The one that sends pictures to a service (Azure) is left out: hybridbg sends nothing.

    Examples
    --------
    >>> "CPUExecutionProvider" in available_providers()
    True
    """
    return [name for name in _runtime().get_available_providers() if name != _REMOTE]


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
        What was loaded.
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
        self.spec = spec
        self.num_threads = resolve_num_threads(num_threads)
        content = _read(spec)
        self.sha256 = hashlib.sha256(content).hexdigest()
        if spec.sha256 is not None and self.sha256 != spec.sha256:
            raise InvalidModelError(
                f"model {spec.name!r}: expected {spec.file} with SHA-256 {spec.sha256}, got "
                f"{self.sha256}; the file is damaged or another one, get it again"
            )
        self._inference = self._load(content, providers)
        self.providers: tuple[str, ...] = tuple(self._inference.get_providers())
        self._input = self._check_input()
        self._outputs = self._check_outputs()

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
            Normalised input.

        Returns
        -------
        dict of str to ndarray, float32
            For the kind ``trimap`` the outputs ``probabilities`` and ``alpha``, for the others the
            first output under the name ``map``.

        Raises
        ------
        InvalidModelError
            The network fails on this input, or answers with NaN.
        """
        names = list(self._outputs.values())
        try:
            answers = self._inference.run(names, {self._input: np.ascontiguousarray(batch)})
        except Exception as error:  # ONNX Runtime's exceptions have no common base but this
            raise InvalidModelError(
                f"model {self.spec.name!r} failed on an input of shape {batch.shape}: {error}"
            ) from error
        results = {}
        for name, answer in zip(self._outputs, answers, strict=True):
            values = np.asarray(answer, dtype=np.float32)
            if not np.isfinite(values).all():
                raise InvalidModelError(
                    f"model {self.spec.name!r} answered with NaN or infinity; use another model"
                )
            results[name] = values
        return results

    def _load(self, content: bytes, providers: Sequence[str] | None) -> Any:
        """Start on the first provider asked for, or on the best there is when none was."""
        available = available_providers()
        chosen = (
            [one for one in _PREFERRED if one in available]
            if providers is None
            else list(_resolve(providers))
        )
        try:
            inference = self._start(content, chosen)
        except InvalidModelError:
            if chosen == [_CPU]:
                raise
            # The file or the provider? A sound file starts on the CPU.
            inference = self._start(content, [_CPU])
        started = inference.get_providers()
        if providers is not None and started[0] != chosen[0]:
            raise InvalidOptionError(
                f"providers: {chosen[0]} does not start on this machine, only "
                f"{', '.join(started)}; check its drivers, or name one of these"
            )
        return inference

    def _start(self, content: bytes, providers: list[str]) -> Any:
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.log_severity_level = _LOG_FATAL
        options.intra_op_num_threads = self.num_threads
        options.inter_op_num_threads = 1  # the graph is run node after node; see execution_mode
        options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
        # Idle threads would otherwise spin and take the cores from GrabCut and the matting solver.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
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

    def _check_input(self) -> str:
        """Name of the one input, which must be float32 with the described number of channels."""
        inputs = self._inference.get_inputs()
        axis = 1 if self.spec.layout == "NCHW" else 3
        found = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        fits = (
            len(inputs) == 1
            and inputs[0].type == "tensor(float)"
            and len(inputs[0].shape) == 4
            and inputs[0].shape[axis] == self.spec.channels
        )
        if not fits:
            raise InvalidModelError(
                f"model {self.spec.name!r}: expected one input, float32 with 4 axes "
                f"({self.spec.layout}) and {self.spec.channels} channels, got {found}; "
                "correct the description (layout, has_hint) or use another model"
            )
        return str(inputs[0].name)

    def _check_outputs(self) -> dict[str, str]:
        """Map our names of the outputs to those of the graph."""
        names = [one.name for one in self._inference.get_outputs()]
        if self.spec.kind != "trimap":
            return {"map": names[0]}
        if missing := {_PROBABILITIES, _ALPHA} - set(names):
            raise InvalidModelError(
                f"model {self.spec.name!r}: expected outputs named {_PROBABILITIES} and {_ALPHA} "
                f"of a trimap network, {' and '.join(sorted(missing))} missing; got "
                f"{', '.join(names)}"
            )
        return {_PROBABILITIES: _PROBABILITIES, _ALPHA: _ALPHA}


def _runtime() -> Any:
    """ONNX Runtime, told to keep what it learns to itself."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _resolve(providers: Sequence[str]) -> tuple[str, ...]:
    """Full names of providers that may be named short, in any case; each must be available."""
    available = available_providers()
    by_short_name = {name.removesuffix(_SUFFIX).lower(): name for name in available}
    if isinstance(providers, str) or not providers:
        raise InvalidOptionError(
            f"providers: expected a list of names such as ['cpu'], got {providers!r}"
        )
    resolved = []
    for provider in providers:
        name = by_short_name.get(provider.lower().removesuffix(_SUFFIX.lower()))
        if name is None:
            raise InvalidOptionError(
                f"providers: {provider!r} is not in this build of ONNX Runtime, which has "
                f"{', '.join(available)}; install the build that has it, or name one of these"
            )
        resolved.append(name)
    return tuple(dict.fromkeys(resolved))  # each once


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
        return spec.file.read_bytes()
    except OSError as error:
        raise ModelNotFoundError(f"model file {spec.file} cannot be read ({error})") from error
