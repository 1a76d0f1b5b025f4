"""Datasets as folders: pictures, their truths, and what a manifest says of them.

Either one folder for each kind of file, or one folder for each picture:

    DATASET/image/NAME.jpg             DATASET/NAME/image.jpg
            alpha/NAME.png                          alpha.png
            ...                                     ...

Kinds: ``image``; the truth, one at least of ``alpha`` (soft), ``mask`` (foreground from one half)
and ``instances`` (0 background, every other value or colour an object); and where there are any
``trimap``, ``hint`` and ``foreground`` (the subject's true colours).

``manifest.toml`` or ``manifest.json``, if there is one, may say ``name``, ``licence``, ``source``,
``folders`` (kind = the name of its folder), ``slices`` (name = patterns of pictures) and
``pictures`` (name = a table of ``tags``, ``slices``, ``licence``).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from hybridbg.core.errors import ImageReadError, InvalidOptionError

__all__ = ["KINDS", "TRUTHS", "Dataset", "Picture", "read_dataset", "read_datasets"]

TRUTHS: Final = ("alpha", "mask", "instances")
KINDS: Final = ("image", *TRUTHS, "trimap", "hint", "foreground")

_MANIFESTS: Final = ("manifest.toml", "manifest.json")
_MANIFEST_KEYS: Final = ("name", "licence", "source", "folders", "slices", "pictures")
_PICTURE_KEYS: Final = ("tags", "slices", "licence")


@dataclass(frozen=True)
class Picture:
    """One picture of a dataset.

    Attributes
    ----------
    name : str
        Unlike that of every other picture of a run.
    files : mapping of str to str
        Kind (`KINDS`) to path.
    slices, tags : tuples of str
        Slices it belongs to, which tables tell apart; and words about it.
    licence : str
    """

    name: str
    files: Mapping[str, str]
    slices: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True)
class Dataset:
    """Pictures with truths, and where they are from."""

    name: str
    pictures: tuple[Picture, ...]
    licence: str = ""
    source: str = ""


def read_datasets(
    folders: Sequence[str], *, limit: int | None = None, trimaps: str | None = None
) -> list[Dataset]:
    """Read several datasets for one run.

    Parameters
    ----------
    folders : sequence of str
        At least one; of several, each is a slice as well, and pictures are called DATASET/NAME.
    limit : int, optional
        Of each dataset take no more pictures than this, evenly spread over their names.
    trimaps : str, optional
        Folder of each dataset in which trimaps lie, in place of ``trimap``.

    Raises
    ------
    InvalidOptionError, ImageReadError
        As `read_dataset`; or two datasets of one name.
    """
    datasets = [read_dataset(Path(folder), trimaps=trimaps) for folder in folders]
    names = [dataset.name for dataset in datasets]
    if len(set(names)) < len(names):
        raise InvalidOptionError(
            f"two datasets have one name, got {', '.join(names)}; give them names in manifest.toml"
        )
    if limit is not None:
        datasets = [replace(each, pictures=_spread(each.pictures, limit)) for each in datasets]
    return datasets if len(datasets) == 1 else [_told_apart(each) for each in datasets]


def read_dataset(folder: Path, *, trimaps: str | None = None) -> Dataset:
    """Read a folder and its manifest; pictures and truths are opened later.

    A picture without a truth is kept: it is for the run to report it.

    Raises
    ------
    ImageReadError
        There is no such folder, or no picture in it.
    InvalidOptionError
        The manifest is not one, two pictures have one name, or no picture has a truth.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise ImageReadError(f"expected a folder with a dataset, {str(folder)!r} {what}")
    manifest = _Manifest.read(folder)
    folders = {**manifest.folders, **({"trimap": trimaps} if trimaps else {})}
    if "image" in folders or (folder / "image").is_dir():
        found = _by_kind(folder, folders)
    else:
        found = _by_picture(folder, folders)
    if not found:
        raise ImageReadError(
            f"no picture in {str(folder)!r}; expected image/NAME.png beside alpha/NAME.png or "
            "mask/NAME.png, or NAME/image.png beside NAME/alpha.png"
        )
    if not any(set(files) & set(TRUTHS) for files in found.values()):
        raise InvalidOptionError(
            f"{str(folder)!r}: no picture has a truth; expected alpha, mask or instances beside "
            f"image, for example {folder / 'alpha' / next(iter(found))}.png"
        )
    return Dataset(
        name=manifest.name or folder.resolve().name,
        pictures=tuple(manifest.pictures_of(found)),
        licence=manifest.licence,
        source=manifest.source,
    )


@dataclass(frozen=True)
class _Manifest:
    """What a manifest says, checked."""

    path: Path
    name: str = ""
    licence: str = ""
    source: str = ""
    folders: Mapping[str, str] = field(default_factory=dict)
    slices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pictures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> _Manifest:
        found = [folder / name for name in _MANIFESTS if (folder / name).is_file()]
        if len(found) > 1:
            raise InvalidOptionError(f"{str(folder)!r} has two manifests; keep one of them")
        if not found:
            return cls(folder)
        path = found[0]
        try:
            text = path.read_text(encoding="utf-8")
            said = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        except (OSError, ValueError) as error:  # both decoders' errors are ValueErrors
            raise InvalidOptionError(f"{str(path)!r} cannot be read: {error}") from error
        _check_keys(path, "", said, _MANIFEST_KEYS)
        for key in ("name", "licence", "source"):
            if not isinstance(said.get(key, ""), str):
                raise InvalidOptionError(f"{str(path)!r}: {key}: expected a text")
        folders = said.get("folders", {})
        _check_keys(path, "folders", folders, KINDS)
        if not all(isinstance(name, str) for name in folders.values()):
            raise InvalidOptionError(f"{str(path)!r}: folders: expected names of folders")
        slices, pictures = said.get("slices", {}), said.get("pictures", {})
        _check_keys(path, "slices", slices, None)
        _check_keys(path, "pictures", pictures, None)
        lists = [(f"slices.{name}", patterns) for name, patterns in slices.items()]
        for name, facts in pictures.items():
            _check_keys(path, f"pictures.{name}", facts, _PICTURE_KEYS)
            lists += [(f"pictures.{name}.{key}", facts.get(key, [])) for key in ("tags", "slices")]
        for where, words in lists:
            if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
                raise InvalidOptionError(f"{str(path)!r}: {where}: expected a list of texts")
        texts = {key: said.get(key, "") for key in ("name", "licence", "source")}
        return cls(path, **texts, folders=folders, slices=slices, pictures=pictures)

    def pictures_of(self, found: Mapping[str, dict[str, str]]) -> Iterable[Picture]:
        """Join files and what is said of them."""
        unknown = sorted(set(self.pictures) - set(found))
        if unknown:
            raise InvalidOptionError(
                f"'{self.path}': there is no picture {', '.join(map(repr, unknown))}"
            )
        for name, files in sorted(found.items()):
            facts = self.pictures.get(name, {})
            slices = [
                each
                for each, patterns in self.slices.items()
                if any(fnmatch(name, pattern) for pattern in patterns)
            ]
            yield Picture(
                name,
                files,
                slices=tuple(dict.fromkeys([*slices, *facts.get("slices", [])])),
                tags=tuple(facts.get("tags", [])),
                licence=facts.get("licence", self.licence),
            )


def _check_keys(path: Path, where: str, said: Any, expected: Sequence[str] | None) -> None:
    """Refuse what is no table, and keys nobody reads: most likely they are misspelt."""
    place = f"'{path}'" + (f": {where}" if where else "")
    if not isinstance(said, dict):
        raise InvalidOptionError(f"{place}: expected a table")
    unknown = [] if expected is None else [key for key in said if key not in expected]
    if expected is not None and unknown:
        raise InvalidOptionError(
            f"{place}: unknown {', '.join(map(repr, unknown))}; expected {', '.join(expected)}"
        )


def _by_kind(folder: Path, folders: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """One folder for each kind; truths have the names of their pictures, whatever the suffix."""
    found: dict[str, dict[str, str]] = {}
    for kind in KINDS:
        place = folder / folders.get(kind, kind)
        if kind in folders and not place.is_dir():
            raise ImageReadError(f"there is no folder '{place}' for {kind}")
        for name, path in _pictures_in(place).items():
            if kind == "image":
                found[name] = {}
            if name in found:
                found[name][kind] = str(path)
    return found


def _by_picture(folder: Path, names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """One folder for each picture; other folders are passed over."""
    found = {}
    for place in sorted(folder.iterdir()):
        if place.is_dir() and place.name[0] != ".":
            inside = _pictures_in(place)
            kinds = {kind: inside.get(names.get(kind, kind)) for kind in KINDS}
            if kinds["image"] is not None:
                files = {kind: str(path) for kind, path in kinds.items() if path is not None}
                found[place.name] = files
    return found


def _pictures_in(folder: Path) -> dict[str, Path]:
    """Pictures of a folder by their stems."""
    from hybridbg.io import readable

    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name[0] != "." and readable(path) and path.is_file():
            if path.stem in found:
                raise InvalidOptionError(
                    f"'{found[path.stem]}' and '{path}' have one name; rename or remove one"
                )
            found[path.stem] = path
    return found


def _spread(pictures: tuple[Picture, ...], limit: int) -> tuple[Picture, ...]:
    """Take so many, evenly spread: the first of a sorted folder are often alike.

    Examples
    --------
    >>> [each.name for each in _spread(tuple(Picture(n, {}) for n in "abcdef"), 3)]
    ['a', 'c', 'e']
    """
    if limit >= len(pictures):
        return pictures
    return tuple(pictures[place * len(pictures) // limit] for place in range(limit))


def _told_apart(dataset: Dataset) -> Dataset:
    """Give pictures of one of several datasets its name, as a slice and before their own."""
    return replace(
        dataset,
        pictures=tuple(
            replace(
                each,
                name=f"{dataset.name}/{each.name}",
                slices=tuple(dict.fromkeys([dataset.name, *each.slices])),
            )
            for each in dataset.pictures
        ),
    )
