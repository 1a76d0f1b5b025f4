"""Every action in a real GIMP, pixel by pixel against the Python API."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.gimp import cases, expected
from tests.gimp.cases import SIDE, Case
from tests.gimp.conftest import Results

MATRIX = {case["name"]: case for case in cases.matrix()}


@cache
def cutout(name: str) -> Any:
    return expected.cutout_of(MATRIX[name])


def close(found: Any, wanted: Any, case: Case) -> None:
    """Compare to the rounding of the precision."""
    precision = case["image"]["precision"].partition("-")[0]
    # Integers of 8 and 16 bits and float are what the library itself has; the others are rounded.
    steps = {"u8": 0, "u16": 0, "float": 0, "u32": 2**-24, "half": 2**-11, "double": 2**-24}
    assert np.abs(found - wanted).max() <= steps[precision]


@pytest.mark.parametrize("name", MATRIX)
def test_as_the_python_api(results: Results, name: str) -> None:
    case, found = MATRIX[name], results[name]
    assert found["status"] == "success", found
    layers = found["image"]["layers"]
    original = next(layer for layer in layers if layer["name"] == "layer")
    size = [SIDE, SIDE]
    output = case["output"]
    if output == "mask":
        mask = results.read(original["mask"], original["mask_format"], size)
        close(mask, expected.rounded(cutout(name).mask(), case), case)
    elif output == "layer":
        assert [layer["name"] for layer in layers] == ["layer cut out", "layer"]
        assert not original["visible"]
        made = layers[0]
        pixels = results.read(made["pixels"], made["format"], size)
        close(pixels, expected.colours_of(case, cutout(name)), case)
    elif output == "alpha":
        pixels = results.read(original["pixels"], original["format"], size)
        answer = cutout(name)
        close(pixels[..., -1], expected.rounded(answer.alpha, case), case)
        seen = answer.alpha > 0
        colours = expected.rounded(answer.visible_colours(), case)[..., : pixels.shape[2] - 1]
        close(pixels[seen][:, :-1], colours[seen], case)
    elif output == "selection":
        selection = read_selection(results, found, case)
        close(selection, expected.rounded(cutout(name).alpha, case), case)
    else:
        made = layers[0]
        assert made["name"] == "layer trimap"
        check_trimap(results, made, case)
    check_the_rest(results, found, case, original)


def read_selection(results: Results, found: Any, case: Case) -> Any:
    kind = case["image"]["precision"].partition("-")[0]
    return results.read(found["image"]["selection"], f"Y {kind}", found["image"]["size"])


def check_trimap(results: Results, made: Any, case: Case) -> None:
    pixels = results.read(made["pixels"], made["format"], [SIDE, SIDE])
    values = pixels if pixels.ndim == 2 else pixels[..., 0]
    wanted = expected.trimap_of(case) / 255
    assert np.abs(values - wanted).max() < 1 / 255


def check_the_rest(results: Results, found: Any, case: Case, original: Any) -> None:
    """What was not asked for is as it was."""
    chosen = case["image"]["selection"]
    if case["output"] != "selection":
        bounds = list(chosen) if chosen else [0, 0, SIDE, SIDE]
        assert found["image"]["bounds"][-4:] == bounds
        if chosen:
            assert np.array_equal(
                read_selection(results, found, case) > 0.5, expected.selection_hint() > 0
            )
    if case["output"] not in ("alpha",):
        before = expected.as_float64(expected.pixels_of(case))
        pixels = results.read(original["pixels"], original["format"], [SIDE, SIDE])
        assert np.array_equal(pixels, before)
    assert found["channels"] == []
    assert found["base"] == case["image"]["base"]
