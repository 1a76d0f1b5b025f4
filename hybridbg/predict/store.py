"""The user's folder of models: adding a file, fetching a known one, and verifying what is there.

A model gets its name only when all about it is right, by a rename, its description last: whatever
fails before leaves nothing but, for a fetched file, the beginning to go on from.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from hybridbg.core.errors import (
    InvalidModelError,
    InvalidOptionError,
    ModelFetchError,
    ModelNotFoundError,
    NoSubjectError,
)
from hybridbg.predict.description import (
    description_of,
    is_plain_file_name,
    load_spec,
    read_toml,
)
from hybridbg.predict.description import spec_from_table as described
from hybridbg.predict.known import KnownModel, known_for, known_models
from hybridbg.predict.registry import user_folder
from hybridbg.predict.spec import ModelSpec, file_sha256

__all__ = ["Verdict", "add_model", "fetch_model", "find_known", "verify_model"]

# Sides of the picture that an added model is tried on: small, and not of the same length.
_TRIAL: Final = (96, 128)
# A model card is a few pages.
_MAX_CARD_BYTES: Final = 2**20


@dataclass(frozen=True)
class Verdict:
    """What comparing a model's file with its digest gives.

    Attributes
    ----------
    state : "ok", "unknown" or "wrong"
        The digests agree, there is none to compare with, or they do not agree.
    text : str
        The same in words.
    """

    state: Literal["ok", "unknown", "wrong"]
    text: str


def add_model(
    file: str | os.PathLike[str],
    fields: Mapping[str, Any] | None = None,
    *,
    replacing: bool = False,
) -> ModelSpec:
    """Check a model file and copy it, with a description, to the user's folder.

    Parameters
    ----------
    file : path
        An ONNX file. A description beside it is taken, or that of a known file name.
    fields : mapping, optional
        Fields of `ModelSpec` that go before the description's; with ``kind`` at least where there
        is no description.
    replacing : bool
        Whether a model of the same name may be replaced.

    Returns
    -------
    ModelSpec
        Of the copy, with its digest and with what the graph says.

    Raises
    ------
    ModelNotFoundError
        No such file.
    InvalidModelError
        ONNX Runtime does not load it, it is too large, or a small picture run through it does not
        come out as its description says.
    InvalidOptionError
        The name is taken.
    """
    source = Path(file)
    if not source.is_file():
        raise ModelNotFoundError(f"no model file at {source}; check the path")
    spec = _description(source, dict(fields or {}))
    folder = user_folder()
    _check_free(folder, spec.name, replacing=replacing)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".adding-") as scratch:
        # The copy is what is checked, so that nobody can change it between check and use.
        copy = Path(scratch) / f"{spec.name}.onnx"
        shutil.copyfile(source, copy)
        spec = _tried(replace(spec, file=copy))
        card = source.parent / spec.card if is_plain_file_name(spec.card) else None
        if card is None or not card.is_file() or card.stat().st_size > _MAX_CARD_BYTES:
            return _installed(copy, spec, folder)
        kept = Path(shutil.copyfile(card, copy.with_suffix(".md")))
        spec = _installed(copy, replace(spec, card=kept.name), folder)
        kept.replace(folder / kept.name)
        return spec


def fetch_model(known: KnownModel, *, url: str | None = None, progress: Any = None) -> ModelSpec:
    """Get a known model from its address, after the person at the keyboard has agreed.

    Parameters
    ----------
    known : KnownModel
        From `find_known`.
    url : str, optional
        Another address of the same file, such as a mirror's.
    progress : callable, optional
        As for `hybridbg.predict.fetch.download`.

    Returns
    -------
    ModelSpec
        Of the file in the user's folder.

    Raises
    ------
    ModelFetchError
        It cannot be fetched, or is not the published file.
    InvalidOptionError
        Another model of this name is there; the same one is returned as it is.
    """
    from hybridbg.predict.fetch import download
    from hybridbg.predict.session import MAX_MODEL_BYTES

    address = url or known.url
    if not address or not known.digest:
        raise ModelFetchError(
            f"model {known.spec.name!r} has no published address and checksum; get its file from "
            f"{known.spec.origin} and add it with `hybridbg models add FILE`"
        )
    folder = user_folder()
    there = folder / f"{known.spec.name}.toml"
    if there.is_file():
        spec = load_spec(there)
        if spec.file.is_file() and known.difference(spec.file) is None:
            return spec
    _check_free(folder, known.spec.name, replacing=False)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{known.spec.name}.onnx.part"
    download(
        address,
        part,
        length=known.bytes,
        max_bytes=known.bytes or MAX_MODEL_BYTES - 1,
        progress=progress,
    )
    if difference := known.difference(part):
        part.unlink()
        raise ModelFetchError(
            f"{address}: not the published file ({difference}); it was thrown away. Try again, and "
            "if it stays so, the file was replaced"
        )
    return _installed(part, replace(known.spec, sha256=file_sha256(part)), folder)


def find_known(name: str) -> KnownModel:
    """Find a model of the table by name."""
    known = known_models().get(name)
    if known is None:
        raise ModelNotFoundError(
            f"no known model named {name!r}; known are {', '.join(known_models())}"
        )
    return known


def verify_model(spec: ModelSpec) -> Verdict:
    """Compare a model's file with the digest of its description, else with the published one."""
    try:
        if spec.sha256 is not None:
            actual = file_sha256(spec.file)
            if actual == spec.sha256:
                return Verdict("ok", "ok")
            return Verdict("wrong", f"wrong: the file has {actual}")
        known = known_for(spec.file)
        if known is None or not known.digest:
            return Verdict("unknown", "none given")
        difference = known.difference(spec.file)
    except OSError as error:
        return Verdict("wrong", f"wrong: the file cannot be read ({error})")
    if difference is None:
        return Verdict("ok", "ok, as published")
    return Verdict(
        "wrong", f"wrong: {difference}; if this is meant, `hybridbg models add` describes it"
    )


def _description(source: Path, fields: dict[str, Any]) -> ModelSpec:
    """Put together what is said of a file: by the caller, beside it, or in the table."""
    beside = source.with_suffix(".toml")
    known = known_for(source)
    table: dict[str, Any] = {"name": source.stem}
    if beside.is_file():
        table |= read_toml(beside)
    elif known is not None:
        table |= {key: value for key, value in vars(known.spec).items() if key != "file"}
    elif "kind" not in fields:
        raise InvalidModelError(
            f"{source}: nothing is known of this file; say what kind of answer it gives (--kind), "
            f"or describe it in {beside.name} beside it"
        )
    # A digest that comes with the file is checked when it is loaded.
    return described(table | fields | {"file": source}, where=str(source))


def _tried(spec: ModelSpec) -> ModelSpec:
    """Run a small picture through a model; its description with digest and graph's facts."""
    from hybridbg.predict.predictor import predict_probabilities
    from hybridbg.predict.session import Session

    session = Session(spec, providers=["cpu"])
    rows, columns = np.indices(_TRIAL, dtype=np.float32)
    # A bright disc before a dark ramp: something to see for whatever kind of network.
    disc = np.hypot(rows - _TRIAL[0] / 2, columns - _TRIAL[1] / 2) < _TRIAL[0] / 3
    grey = np.where(disc, np.float32(0.9), columns / (4 * _TRIAL[1]))
    picture = np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2), dtype=np.float32)
    # A network for people finds none here, and has answered as it should.
    with suppress(NoSubjectError):
        predict_probabilities(picture, session=session)
    return replace(session.spec, sha256=session.sha256)


def _check_free(folder: Path, name: str, *, replacing: bool) -> None:
    if name == "default" or name.endswith((".onnx", ".toml")):
        raise InvalidOptionError(
            f"name: {name!r} already means something where models are asked for; give another name"
        )
    for suffix in (".onnx", ".toml"):
        if (folder / f"{name}{suffix}").exists() and not replacing:
            raise InvalidOptionError(
                f"a model named {name!r} is in {folder} already; give another name, or ask for it "
                "to be replaced"
            )


def _installed(file: Path, spec: ModelSpec, folder: Path) -> ModelSpec:
    """Give a finished file and its description their names."""
    spec = replace(spec, file=folder / f"{spec.name}.onnx")
    written = file.with_name(f"{file.name}.toml.new")
    try:
        written.write_text(description_of(spec), encoding="utf-8")
        file.replace(spec.file)
        written.replace(folder / f"{spec.name}.toml")
    finally:
        written.unlink(missing_ok=True)
    return spec
