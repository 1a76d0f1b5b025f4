"""Descriptions of models as files: a TOML file beside the ONNX file, read and written here.

Its keys are the fields of `ModelSpec`; only ``kind`` is needed. ``outputs`` is a table.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from hybridbg.core.errors import InvalidModelError, ModelNotFoundError
from hybridbg.predict.spec import ModelSpec

__all__ = ["description_of", "load_spec", "spec_from_table"]

# A description is a few hundred bytes; anything longer is some other file.
MAX_SPEC_BYTES: Final = 64 * 1024


def load_spec(path: Path) -> ModelSpec:
    """Read a model's description.

    Parameters
    ----------
    path : Path
        A TOML file whose keys are the fields of `ModelSpec`. `file` names a file in the same
        folder, without any folder part; left out, it is the description's own name with the
        suffix ``.onnx``. `name` left out is the description's name without suffix.

    Returns
    -------
    ModelSpec
        The model file itself is neither opened nor required to exist.

    Raises
    ------
    ModelNotFoundError
        No such file.
    InvalidModelError
        Not TOML, unknown or missing keys, or a value outside its domain.
    """
    table = read_toml(path)
    file = table.pop("file", f"{path.stem}.onnx")
    if not isinstance(file, str) or not is_plain_file_name(file):
        raise InvalidModelError(
            f"{path}: file must name a file in the same folder, without any folder part, "
            f"got {file!r}"
        )
    table = {"name": path.stem} | table | {"file": path.parent / file}
    return spec_from_table(table, where=str(path))


def spec_from_table(table: dict[str, Any], *, where: str) -> ModelSpec:
    """Make a description of a table as TOML gives it; `where` opens the messages of errors."""
    known = {field.name for field in fields(ModelSpec)}
    if unknown := sorted(table.keys() - known):
        raise InvalidModelError(
            f"{where}: unknown keys {', '.join(unknown)}; a description may hold "
            f"{', '.join(sorted(known))}"
        )
    if "kind" not in table:
        raise InvalidModelError(f"{where}: kind missing; add to the description")
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    if isinstance(table.get("outputs"), dict):
        values["outputs"] = tuple(table["outputs"].items())
    try:
        return ModelSpec(**values)
    except InvalidModelError as error:
        raise InvalidModelError(f"{where}: {error}") from None


def description_of(spec: ModelSpec) -> str:
    """Text of the TOML file for a description: the fields that differ from what is assumed.

    Examples
    --------
    >>> spec = ModelSpec(name="net", file=Path("net.onnx"), kind="alpha", classes=(15,))
    >>> print(description_of(spec), end="")
    name = "net"
    file = "net.onnx"
    kind = "alpha"
    classes = [15]
    """
    lines = []
    for field in fields(ModelSpec):
        value = getattr(spec, field.name)
        if value != field.default:
            lines.append(f"{field.name} = {_toml(value)}\n")
    return "".join(lines)


def is_plain_file_name(name: str) -> bool:
    """Whether a name stays in its folder on every system: no separator, drive or dot-dot."""
    return bool(name) and not re.search(r"[/\\:\0]", name) and name not in (".", "..")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of a sensible length."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_SPEC_BYTES + 1)
    except FileNotFoundError:
        raise ModelNotFoundError(f"no model description at {path}") from None
    except OSError as error:
        raise InvalidModelError(f"{path}: cannot be read ({error})") from error
    if len(content) > MAX_SPEC_BYTES:
        raise InvalidModelError(
            f"{path}: expected a description of at most {MAX_SPEC_BYTES} bytes, got a longer file"
        )
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidModelError(f"{path}: not valid TOML ({error})") from error


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path):
        return _toml(value.name)
    if isinstance(value, str):
        # JSON's strings are TOML's, but for DEL, which TOML wants escaped as well.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return "{ " + ", ".join(f"{role} = {_toml(of)}" for role, of in value) + " }"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)
