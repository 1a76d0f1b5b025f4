"""Models of other projects, known by their file names: the table ``known_models.toml``.

rembg and others keep bare ONNX files without descriptions. A file of a known name needs none; its
digest is not insisted on, because files have been replaced under the same name before, but `store`
compares it.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

from hybridbg.predict.description import spec_from_table
from hybridbg.predict.spec import ModelSpec

__all__ = ["KnownModel", "describe", "known_for", "known_models"]

_TABLE: Final = Path(__file__).parent / "known_models.toml"


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    """What is known of a model that is not here.

    Attributes
    ----------
    spec : ModelSpec
        Its description, without digest; `file` is the name it is kept under.
    files : tuple of str
        Names that its file goes by, in lower case; ``*`` stands for anything.
    url : str
        Where it can be fetched; empty where nobody publishes an address with a checksum.
    bytes : int or None
        Length of the file at that address.
    md5, sha256 : str or None
        Published digests of it.
    """

    spec: ModelSpec
    files: tuple[str, ...]
    url: str = ""
    bytes: int | None = None
    md5: str | None = None
    sha256: str | None = None

    def difference(self, file: Path) -> str | None:
        """Say how a file differs from the published one; None where it does not, or none is."""
        for name, published in (("sha256", self.sha256), ("md5", self.md5)):
            if published is not None:
                with file.open("rb") as stream:
                    actual = hashlib.file_digest(stream, name).hexdigest()
                if actual != published:
                    return f"{name} {published} is published, the file has {actual}"
        return None

    @property
    def digest(self) -> str:
        """The best published digest and its name; empty where none is."""
        if self.sha256:
            return f"sha256 {self.sha256}"
        return f"md5 {self.md5}" if self.md5 else ""


@cache
def known_models() -> dict[str, KnownModel]:
    """All models of the table, by name.

    Examples
    --------
    >>> known_models()["u2netp"].bytes
    4574861
    """
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {name: _known(name, own, table["family"]) for name, own in table["model"].items()}


def known_for(file: Path) -> KnownModel | None:
    """Find what is known of a file of this name.

    Examples
    --------
    >>> known_for(Path("BiRefNet-general-epoch_244.onnx")).spec.name
    'birefnet-general'
    >>> known_for(Path("holiday.onnx")) is None
    True
    """
    name = file.name.lower()
    for known in known_models().values():
        if any(fnmatchcase(name, pattern) for pattern in known.files):
            return known
    return None


def describe(file: Path) -> ModelSpec | None:
    """Describe an ONNX file of a known name, under its own name; None for any other file.

    Examples
    --------
    >>> describe(Path("u2netp.onnx")).size
    320
    """
    known = known_for(file)
    return None if known is None else replace(known.spec, name=file.stem, file=file)


def _known(name: str, own: dict[str, Any], families: dict[str, Any]) -> KnownModel:
    own = dict(own)
    table = {**families.get(own.pop("family", ""), {}), **own}
    facts = {key: table.pop(key) for key in ("url", "bytes", "md5", "sha256") if key in table}
    files = tuple(table.pop("files"))
    spec = spec_from_table(
        {"name": name, "file": Path(f"{name}.onnx")} | table, where=f"{_TABLE.name}, {name}"
    )
    return KnownModel(spec=spec, files=files, **facts)
