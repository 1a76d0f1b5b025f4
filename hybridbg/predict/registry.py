"""Where models are looked for, in the order of the design: the first of a name wins.

1. an explicit path; 2. the folders of ``HYBRIDBG_MODELS``; 3. the user's cache folder; 4. the
models of the package; 5. rembg's folder (``U2NET_HOME``, or ``.u2net`` in ``XDG_DATA_HOME`` or the
home). A model is an ONNX file with a description beside it (see `description`); well-known files
need none (see `known`). Names never reach the file system as paths: a name is compared with the
names of the models found.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from hybridbg.core.errors import (
    InvalidModelError,
    InvalidOptionError,
    ModelError,
    ModelNotFoundError,
)
from hybridbg.predict.description import load_spec
from hybridbg.predict.known import describe, known_models
from hybridbg.predict.spec import ModelSpec

__all__ = ["DEFAULT_MODEL", "find_model", "list_models", "scan_models", "search_folders"]

DEFAULT_MODEL: Final = "hybridbg-trimap-small"
"""Name of the model that ``"default"`` stands for."""

_PACKAGED: Final = Path(__file__).parent / "models"
_MODEL_SUFFIX: Final = ".onnx"
_SPEC_SUFFIX: Final = ".toml"


def find_model(name: str | os.PathLike[str] | ModelSpec = "default") -> ModelSpec:
    """Find a model's description by name or path.

    Parameters
    ----------
    name : str, path or ModelSpec
        ``"default"`` for the model of the package; a name that `list_models` shows; or the path
        of an ONNX file or of its description. Text is taken as a path when it ends in ``.onnx``
        or ``.toml``. A `ModelSpec` is returned as it is.

    Returns
    -------
    ModelSpec
        Its file exists, and has not been opened.

    Raises
    ------
    ModelNotFoundError
        No such name or file; the message says which names there are and where they were looked
        for.
    InvalidModelError
        The description beside the file is missing or wrong.
    InvalidOptionError
        `name` is something else altogether.

    Examples
    --------
    >>> find_model("no-such-model")
    Traceback (most recent call last):
    ...
    hybridbg.core.errors.ModelNotFoundError: no model named 'no-such-model'; ...
    """
    if isinstance(name, ModelSpec):
        return _with_file(name)
    if not isinstance(name, str | os.PathLike):
        raise InvalidOptionError(
            f"model: expected a name, a path or a ModelSpec, got {type(name).__name__}; a session "
            "goes to session="
        )
    if isinstance(name, os.PathLike) or name.endswith((_MODEL_SUFFIX, _SPEC_SUFFIX)):
        return _at_path(_expanded(name))
    if name == "default":
        return _at_path(_PACKAGED / f"{DEFAULT_MODEL}{_SPEC_SUFFIX}")
    models, problems = scan_models()
    for spec in models:
        if spec.name == name:
            return spec
    for path, problem in problems:
        if path.stem == name:
            raise problem
    raise ModelNotFoundError(
        f"no model named {name!r}; there are: "
        f"{', '.join(spec.name for spec in models) or 'none'}; looked in "
        f"{', '.join(str(folder) for folder in search_folders())}; "
        "give one of these names or the path of an ONNX file"
        f"{_where_to_get(name)}"
    )


def _where_to_get(name: str) -> str:
    known = known_models().get(name)
    if known is None:
        return ""
    get = f"`hybridbg models fetch {name}` gets it" if known.url else f"see {known.spec.origin}"
    return f"; {name!r} is known but not here, {get}"


def list_models() -> list[ModelSpec]:
    """Descriptions of all usable models, in the order of the search, one for each name.

    Examples
    --------
    >>> all(spec.file.exists() for spec in list_models())
    True
    """
    return scan_models()[0]


def scan_models() -> tuple[list[ModelSpec], list[tuple[Path, ModelError]]]:
    """Look through all folders for models, and for what looks like one but cannot be used.

    Returns
    -------
    models : list of ModelSpec
        In the order of the search, one for each name.
    problems : list of (path, ModelError)
        Descriptions that are wrong or whose file is missing, and ONNX files that nothing
        describes.
    """
    models: dict[str, ModelSpec] = {}
    problems: list[tuple[Path, ModelError]] = []
    for folder in search_folders():
        for path in _candidates(folder):
            try:
                spec = _at_path(path)
            except ModelError as error:
                problems.append((path, error))
            else:
                models.setdefault(spec.name, spec)
    return list(models.values()), problems


def search_folders() -> list[Path]:
    """Folders that are searched for models, in order; they need not exist.

    Examples
    --------
    >>> search_folders()[-2].name
    'models'
    """
    environment = os.environ.get("HYBRIDBG_MODELS", "")
    return [
        *(_expanded(part) for part in environment.split(os.pathsep) if part.strip()),
        user_folder(),
        _PACKAGED,
        rembg_folder(),
    ]


def rembg_folder() -> Path:
    """Where rembg keeps its models."""
    own = os.environ.get("U2NET_HOME")
    return _expanded(own) if own else _expanded(os.environ.get("XDG_DATA_HOME") or "~") / ".u2net"


def user_folder() -> Path:
    """Cache folder of this user for models, by the habit of the operating system."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return _expanded(base) / "hybridbg" / "models"


def _expanded(path: str | os.PathLike[str]) -> Path:
    # pathlib's expanduser raises where a user has no home, as in many containers; this leaves "~".
    return Path(os.path.expanduser(path))  # noqa: PTH111


def _candidates(folder: Path) -> list[Path]:
    """Descriptions in a folder, then ONNX files that none of them is named after."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:  # a folder of the search that is not there, or not ours to read, has no models
        return []
    specs = [path for path in paths if path.suffix == _SPEC_SUFFIX]
    described = {path.stem for path in specs}
    bare = [path for path in paths if path.suffix == _MODEL_SUFFIX and path.stem not in described]
    return specs + bare


def _at_path(path: Path) -> ModelSpec:
    """Describe the model at the path of its ONNX file or of its description."""
    beside = path.with_suffix(_SPEC_SUFFIX)
    if path.suffix == _SPEC_SUFFIX or beside.is_file():
        return _with_file(load_spec(beside))
    if not path.is_file():
        raise ModelNotFoundError(f"no model file at {path}; check the path")
    spec = describe(path)
    if spec is None:
        raise InvalidModelError(
            f"{path}: expected a description of the model in {beside.name} beside it, found none; "
            "write one with at least its kind (docs/models.md), or let `hybridbg models add` do so"
        )
    return spec


def _with_file(spec: ModelSpec) -> ModelSpec:
    if not spec.file.is_file():
        raise ModelNotFoundError(f"model {spec.name!r}: its file {spec.file} does not exist")
    return spec
