"""hybridbg.predict.spec: descriptions that are read, and those that are refused."""

from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from hybridbg.core.errors import InvalidModelError, ModelNotFoundError
from hybridbg.predict.description import MAX_SPEC_BYTES, load_spec
from hybridbg.predict.spec import ModelSpec, file_sha256

MINIMAL = 'kind = "saliency"\nsize = 320\n'


def described(tmp_path, text, name="net.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_spec(path)


def test_a_minimal_description_takes_its_names_from_the_file(tmp_path):
    spec = described(tmp_path, MINIMAL)
    assert (spec.name, spec.file) == ("net", tmp_path / "net.onnx")
    assert (spec.kind, spec.size, spec.divisor, spec.layout) == ("saliency", 320, 32, None)
    assert (spec.channels, spec.sha256, spec.dynamic) == (3, None, None)


def test_a_full_description(tmp_path):
    digest = "0123456789abcdef" * 4
    spec = described(
        tmp_path,
        f"""
        name = "other"
        file = "weights.onnx"
        sha256 = "{digest}"
        kind = "trimap"
        layout = "NHWC"
        size = 256
        divisor = 16
        dynamic = false
        mean = [0.485, 0.456, 0.406]
        std = [1, 2, 3]
        value_range = [0, 255]
        has_hint = true
        licence = "MIT"
        origin = "here"
        card = "card.md"
        """,
    )
    assert spec == ModelSpec(
        name="other",
        file=tmp_path / "weights.onnx",
        sha256=digest,
        kind="trimap",
        layout="NHWC",
        size=256,
        divisor=16,
        dynamic=False,
        mean=(0.485, 0.456, 0.406),
        std=(1, 2, 3),
        value_range=(0, 255),
        has_hint=True,
        licence="MIT",
        origin="here",
        card="card.md",
    )
    assert spec.channels == 4
    assert hash(spec) == hash(spec)
    with pytest.raises(FrozenInstanceError):
        spec.size = 3


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('name = "../evil"', "name"),
        ('name = "a..b"', "name"),
        ('name = ""', "name"),
        ('name = "a b"', "name"),
        ('name = "-a"', "name"),
        ("name = 3", "name"),
        ('file = "../other.onnx"', "file"),
        ('file = "/etc/passwd"', "file"),
        ('file = "sub/other.onnx"', "file"),
        ("file = 'sub\\other.onnx'", "file"),
        ("file = 'C:other.onnx'", "file"),
        ('file = ""', "file"),
        ('file = ".."', "file"),
        ("file = 3", "file"),
        ('sha256 = "abc"', "sha256"),
        (f'sha256 = "{"A" * 64}"', "sha256"),
        ('layout = "CHWN"', "layout"),
        ("divisor = 0", "divisor"),
        ("divisor = true", "divisor"),
        ("dynamic = 1", "dynamic"),
        ("mean = [0, 0]", "mean"),
        ("mean = 0.5", "mean"),
        ("mean = [0, nan, 0]", "mean"),
        ("mean = [0, inf, 0]", "mean"),
        ('mean = ["a", 0, 0]', "mean"),
        (f"mean = [0, 0, 1{'0' * 400}]", "mean"),
        ("std = [1, 0, 1]", "std"),
        ("value_range = [1, 0]", "value_range"),
        ("has_hint = 'yes'", "has_hint"),
        ("licence = 1", "licence"),
        ("colour = 'red'", "unknown keys colour"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, line, expected):
    with pytest.raises(InvalidModelError, match=expected) as caught:
        described(tmp_path, MINIMAL + line)
    assert "net.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size = 320", "kind missing"),
        ("", "kind missing"),
        ('kind = "mask"\nsize = 320', "kind must be one of trimap"),
        ('kind = ["trimap"]\nsize = 320', "kind must be"),
        ('kind = "trimap"\nsize = 0', "size must be"),
        ('kind = "trimap"\nsize = 1000000', "size must be"),
        ('kind = "trimap"\nsize = 32.5', "size must be"),
        ("kind = ", "not valid TOML"),
        ("[[", "not valid TOML"),
    ],
)
def test_what_is_no_description(tmp_path, text, expected):
    with pytest.raises(InvalidModelError, match=expected):
        described(tmp_path, text)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "net.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidModelError, match="not valid TOML"):
        load_spec(path)


def test_a_long_file_is_not_read_through(tmp_path):
    with pytest.raises(InvalidModelError, match="at most"):
        described(tmp_path, MINIMAL + "#" * MAX_SPEC_BYTES)


def test_missing_and_unreadable_descriptions(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"nowhere\.toml"):
        load_spec(tmp_path / "nowhere.toml")
    with pytest.raises(InvalidModelError, match="cannot be read"):
        load_spec(tmp_path)


def test_digest_of_a_file(tmp_path):
    path = tmp_path / "some"
    path.write_bytes(b"abc")
    assert file_sha256(path) == hashlib.sha256(b"abc").hexdigest()


def test_file_must_be_a_path():
    with pytest.raises(InvalidModelError, match="file must be a path"):
        ModelSpec(name="tiny", file="tiny.onnx", kind="trimap", size=32)
    assert ModelSpec(name="tiny", file=Path("t.onnx"), kind="trimap", size=32).channels == 3
