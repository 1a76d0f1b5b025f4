"""The models that ship: whole, described, and small enough."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.predict import DEFAULT_MODEL, find_model, new_session, predict_probabilities
from hybridbg.predict.registry import _PACKAGED
from hybridbg.predict.spec import file_sha256

INT8 = f"{DEFAULT_MODEL}-int8"
NAMES = sorted(path.stem for path in _PACKAGED.glob("*.onnx"))
MAX_BYTES = 6_000_000


def packaged(name):
    return find_model(_PACKAGED / f"{name}.toml")


def test_there_are_a_default_and_its_int8_variant():
    assert sorted([DEFAULT_MODEL, INT8]) == NAMES
    assert find_model().file == packaged(DEFAULT_MODEL).file


@pytest.mark.parametrize("name", NAMES)
def test_description_fits_the_file(name):
    spec = packaged(name)
    assert (spec.name, spec.file.stem) == (name, name)
    assert (spec.kind, spec.has_hint, spec.divisor, spec.dynamic) == ("trimap", True, 32, True)
    assert spec.sha256 == file_sha256(spec.file), "put the digest on the right into the TOML file"
    assert spec.file.stat().st_size <= MAX_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_card_is_there_and_is_of_this_file(name):
    spec = packaged(name)
    assert spec.sha256 in (spec.file.parent / spec.card).read_text(encoding="utf-8")


def test_int8_is_made_of_the_model_that_ships():
    spec = packaged(INT8)
    card = (spec.file.parent / spec.card).read_text(encoding="utf-8")
    assert file_sha256(find_model().file) in card, "run python -m training.quantise again"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 4, 32, 32), (2, 4, 64, 96)])
def test_runs_at_any_size_and_number(name, shape):
    session = new_session(packaged(name))
    answers = session.run(np.random.default_rng(0).random(shape, np.float32))
    assert answers["probabilities"].shape == (shape[0], 3, *shape[2:])
    assert answers["alpha"].shape == (shape[0], 1, *shape[2:])
    assert np.allclose(answers["probabilities"].sum(axis=1), 1, atol=1e-5)


def test_int8_answers_as_the_float_model_does():
    image = np.full((120, 160, 3), (0.2, 0.4, 0.7), np.float32)
    hint = np.zeros((120, 160), np.float32)
    image[30:90, 50:110], hint[25:95, 45:115] = (0.8, 0.3, 0.1), 1
    float_, int8 = (
        predict_probabilities(image, hint=hint, session=new_session(packaged(name))).alpha
        for name in (DEFAULT_MODEL, INT8)
    )
    assert np.abs(float_ - int8).mean() < 0.03
