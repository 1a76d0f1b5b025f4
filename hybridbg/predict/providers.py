"""Execution providers of ONNX Runtime: which there are, by which names, and the best of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from hybridbg.core.errors import InvalidOptionError

__all__ = ["CPU", "DIRECTML", "available_providers", "preferred_providers", "resolve", "runtime"]

CPU: Final[str] = "CPUExecutionProvider"
DIRECTML: Final[str] = "DmlExecutionProvider"
# The order in which providers are taken when the caller names none. The others wait to be named:
# TensorRT and MIGraphX compile for minutes, CoreML may compute in half precision.
_PREFERRED: Final[tuple[str, ...]] = (
    "CUDAExecutionProvider",
    "ROCMExecutionProvider",
    DIRECTML,
    "OpenVINOExecutionProvider",
    CPU,
)
_REMOTE: Final = "AzureExecutionProvider"
_SUFFIX: Final = "ExecutionProvider"
# Names that people use beside those of ONNX Runtime without their ending.
_NICKNAMES: Final = {"directml": "dml", "trt": "tensorrt", "nvidia": "cuda", "rtx": "nvtensorrtrtx"}


def available_providers() -> list[str]:
    """List the execution providers that this build of ONNX Runtime has, best first.

    The one that sends pictures to a service (Azure) is left out: hybridbg sends nothing.

    Examples
    --------
    >>> "CPUExecutionProvider" in available_providers()
    True
    """
    return [name for name in runtime().get_available_providers() if name != _REMOTE]


def preferred_providers() -> list[str]:
    """List those that are taken when none is asked for."""
    available = available_providers()
    return [one for one in _PREFERRED if one in available]


def resolve(providers: Sequence[str]) -> tuple[str, ...]:
    """Full names of providers that may be named short, in any case; each must be available.

    Parameters
    ----------
    providers : sequence of str
        Such as "cpu", "cuda", "rocm", "migraphx", "directml", "coreml", "openvino", "tensorrt",
        or ONNX Runtime's own names.

    Raises
    ------
    InvalidOptionError
        One is not there; the message lists those that are.
    """
    available = available_providers()
    by_short_name = {name.removesuffix(_SUFFIX).lower(): name for name in available}
    named = not isinstance(providers, str) and all(isinstance(each, str) for each in providers)
    if not named or not providers:
        raise InvalidOptionError(
            f"providers: expected a list of names such as ['cpu'], got {providers!r}"
        )
    resolved = []
    for provider in providers:
        short = provider.lower().removesuffix(_SUFFIX.lower())
        name = by_short_name.get(_NICKNAMES.get(short, short))
        if name is None:
            raise InvalidOptionError(
                f"providers: {provider!r} is not in this build of ONNX Runtime, which has "
                f"{', '.join(available)}; install the build that has it, or name one of these"
            )
        resolved.append(name)
    return tuple(dict.fromkeys(resolved))  # each once


def runtime() -> Any:
    """ONNX Runtime, told to keep what it learns to itself.

    It reports to its makers unless the environment says otherwise before it is first loaded; what
    can be switched off afterwards is not all of it.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
