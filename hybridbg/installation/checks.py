"""Is everything here that hybridbg needs, and does it work.

Each check answers with what it found.  "ok" works; "note" is worth knowing and stops nobody, such
as an absent GIMP; "BROKEN" makes hybridbg unusable: a dependency that does not load, kernels that
do not solve, a default model that does not run.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal

from hybridbg.core.error_text import describe
from hybridbg.core.errors import ModelError
from hybridbg.installation.gimp_places import find_gimp

__all__ = ["DEPENDENCIES", "EXTRAS", "Finding", "findings"]

State = Literal["ok", "note", "BROKEN"]

DEPENDENCIES: Mapping[str, str] = {
    "numpy": "numpy",
    "opencv-contrib-python-headless": "cv2",
    "scikit-image": "skimage",
    "pillow": "PIL",
    "scipy": "scipy",
    "tifffile": "tifffile",
    "pymatting": "pymatting",
    "onnxruntime": "onnxruntime",
    "click": "click",
}
"""Distribution and module of every run-time dependency in pyproject.toml."""

EXTRAS: Mapping[str, tuple[str, str, str]] = {
    "openexr": ("OpenEXR", "exr", "OpenEXR files"),
    "rawpy": ("rawpy", "raw", "camera RAW files"),
}
"""Distribution of an extra: its module, the extra's name, and what it is for."""

# Importing pymatting compiles for up to a minute the first time, so it is only looked up.
LOOKED_UP_ONLY = frozenset({"pymatting"})


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"ok", "note", "BROKEN"}
        How it is.
    text : str
        The finding in words.
    facts : mapping
        The finding for machines.
    """

    name: str
    state: State
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def findings() -> Iterator[Finding]:
    """Run every check; one that raises is a finding itself."""
    yield _system()
    for distribution, module in DEPENDENCIES.items():
        yield from _guarded(distribution, partial(_dependency, distribution, module))
    for distribution, extra in EXTRAS.items():
        yield from _guarded(distribution, partial(_extra, distribution, *extra))
    yield from _guarded("kernels", _kernels)
    yield from _guarded("network runtime", _providers)
    yield from _guarded("models", _models)
    yield from _guarded("default model", _default_model)
    yield from _guarded("GIMP 3", _gimp)
    yield from _guarded("pixel limit", _pixel_limit)


def _guarded(name: str, check: Callable[[], Finding | list[Finding]]) -> Iterator[Finding]:
    try:
        found = check()
        yield from found if isinstance(found, list) else [found]
    except Exception as error:
        yield Finding(name, "BROKEN", describe(error), {"error": type(error).__name__})


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        # Another distribution may bring the same module, as the four of OpenCV do.
        return "version unknown"


def _system() -> Finding:
    facts = {
        "hybridbg": _version("hybridbg"),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    text = f"{facts['hybridbg']}, Python {facts['python']}, {facts['system']}"
    return Finding("hybridbg", "ok", text, facts)


def _dependency(distribution: str, module: str) -> Finding:
    if module not in LOOKED_UP_ONLY:
        importlib.import_module(module)
    elif importlib.util.find_spec(module) is None:
        raise ModuleNotFoundError(f"no module named {module!r}; reinstall hybridbg")
    version = _version(distribution)
    return Finding(distribution, "ok", version, {"version": version})


def _extra(distribution: str, module: str, extra: str, purpose: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        text = f"not installed; {purpose} need it: pip install 'hybridbg[{extra}]'"
        return Finding(distribution, "note", text)
    return _dependency(distribution, module)


def _kernels() -> Finding:
    import numpy as np

    from hybridbg._kernels import simd, threads
    from hybridbg.core.threads import resolve_num_threads
    from hybridbg.matting import estimate_alpha

    trimap = np.repeat(np.array([[0, 128, 128, 255]], np.uint8), 4, axis=0)
    estimate_alpha(trimap, trimap)
    openmp = threads.openmp_version()
    used = resolve_num_threads(None) if openmp else 1
    text = f"OpenMP {openmp}, {used} threads" if openmp else "without OpenMP, 1 thread"
    details = {"openmp": openmp, "threads": used, "simd": simd()}
    return Finding("kernels", "ok", f"{text}, {simd()} vectors", details)


def _providers() -> Finding:
    from hybridbg.predict import available_providers

    providers = available_providers()
    return Finding("network runtime", "ok", ", ".join(providers), {"providers": providers})


def _models() -> list[Finding]:
    from hybridbg.predict import scan_models
    from hybridbg.predict.store import verify_model

    found, problems = scan_models()
    results = []
    for spec in found:
        verdict = verify_model(spec)
        state: State = "ok"
        if verdict.state == "wrong":
            # Another version of a well-known file may be meant; another than described is not.
            state = "note" if spec.sha256 is None else "BROKEN"
        facts = {"file": str(spec.file), "checksum": verdict.text}
        text = f"{spec.file}, checksum {verdict.text}"
        results.append(Finding(f"model {spec.name}", state, text, facts))
    # Somebody else's unusable file does not make hybridbg unusable.
    for path, problem in problems:
        facts = {"file": str(path)}
        results.append(Finding(f"model {path.stem}", "note", f"not used: {problem}", facts))
    return results


def _default_model() -> Finding:
    import numpy as np

    from hybridbg.predict import new_session, predict_probabilities

    try:
        session = new_session()
        predict_probabilities(np.zeros((32, 32, 3), np.float32), session=session)
    except ModelError as error:
        text = f"{describe(error)}; it comes with hybridbg: install hybridbg again"
        return Finding("default model", "BROKEN", text, {"error": type(error).__name__})
    return Finding("default model", "ok", f"{session.spec.name} loads and runs")


def _gimp() -> Finding:
    places = find_gimp()
    text = "; ".join(
        f"{place.kind}: "
        + ", ".join(map(str, (place.program or "program not found", *place.profiles)))
        for place in places
    )
    facts = {"places": [asdict(place) for place in places]}
    return Finding("GIMP 3", "ok" if places else "note", text or "not found (optional)", facts)


def _pixel_limit() -> Finding:
    from hybridbg.io import MAX_PIXELS_VARIABLE
    from hybridbg.io.limits import PixelLimit

    most = PixelLimit().max_pixels
    text = f"{most:,} a picture; --max-pixels or {MAX_PIXELS_VARIABLE} sets another"
    return Finding("pixel limit", "ok", text, {"max_pixels": most})
