"""What the matrix leaves out: places, groups, several layers, alpha, profiles, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hybridbg as hb
from hybridbg.core import trimap as trimaps
from hybridbg.worker.pixels import Picture
from tests.gimp import cases, odd_cases
from tests.gimp.cases import SELECTION, SIDE
from tests.gimp.conftest import Results

SIZE = [SIDE, SIDE]
LEFT, TOP, RIGHT, BOTTOM = SELECTION
PICTURE = cases.native(cases.picture(), "u8")


def by_name(found: dict[str, Any]) -> dict[str, Any]:
    return {layer["name"]: layer for layer in found["image"]["layers"]}


def mask_of(results: Results, layer: dict[str, Any]) -> Any:
    return results.read(layer["mask"], layer["mask_format"], SIZE)


def in_bytes(values: Any) -> Any:
    return np.rint(np.asarray(values, np.float64) * 255) / 255


def cut(**options: Any) -> hb.Cutout:
    return hb.remove_background(PICTURE, method="grabcut", **options)


def refined(image: Any = PICTURE) -> hb.Cutout:
    guide = cases.rough_mask()
    width = max(2.0, 0.02 * np.sqrt(np.count_nonzero(guide)))
    return hb.remove_background(image, trimap=trimaps.from_alpha(guide, pixels=width / 2))


@pytest.mark.parametrize("output", cases.OUTPUTS)
def test_place_group_and_name(results: Results, output: str) -> None:
    found = results[f"offset-{output}"]
    layers = by_name(found)
    made_of = {"layer": "layer cut out", "trimap": "layer trimap"}
    assert found["selected"] == [made_of.get(output, "layer")]
    assert layers["layer"]["parent"] == "folder"
    assert layers["layer"]["offset"] == list(odd_cases.SMALL)
    wanted = cut(rect=(TOP, LEFT, BOTTOM, RIGHT))
    if output in ("layer", "trimap"):
        name = "layer cut out" if output == "layer" else "layer trimap"
        made = layers[name]
        assert made["parent"] == "folder"
        assert made["offset"] == list(odd_cases.SMALL)
        assert made["opacity"] == (60 if output == "layer" else 100)
        assert [layer["name"] for layer in found["image"]["layers"]] == ["folder", name, "layer"]
    if output == "selection":
        whole = results.read(found["image"]["selection"], "Y u8", [110, 90])
        column, row = odd_cases.SMALL
        assert np.array_equal(
            whole[row : row + SIDE, column : column + SIDE], in_bytes(wanted.alpha)
        )
        assert whole.sum() == pytest.approx(in_bytes(wanted.alpha).sum())
    elif output == "mask":
        assert np.array_equal(mask_of(results, layers["layer"]), in_bytes(wanted.alpha))


def test_a_layer_larger_than_the_canvas(results: Results) -> None:
    hint = np.zeros((SIDE, SIDE), np.uint8)
    hint[TOP:BOTTOM, LEFT:RIGHT] = 255
    column, row = odd_cases.LARGE
    # The selection ends where the canvas does.
    hint[: -row or None, :][: max(0, -row)] = 0
    hint[48 - row :], hint[:, 50 - column :] = 0, 0
    wanted = in_bytes(cut(hint=hint).alpha)
    found = results["larger-mask"]
    assert np.array_equal(mask_of(results, by_name(found)["layer"]), wanted)
    found = results["larger-selection"]
    whole = results.read(found["image"]["selection"], "Y u8", [50, 48])
    assert np.array_equal(whole, wanted[-row : 48 - row, -column : 50 - column])


def test_two_layers(results: Results) -> None:
    layers = by_name(results["two-layers"])
    for name in ("one", "two"):
        assert np.array_equal(mask_of(results, layers[name]), in_bytes(refined().alpha))
    assert [entry["layer"] for entry in results["two-layers"]["report"]] == ["one", "two"]


def test_alpha_is_respected(results: Results) -> None:
    native = np.frombuffer((results.folder / "opacity.u8").read_bytes(), np.uint8)
    native = native.reshape(SIDE, SIDE, 4)
    wanted = hb.remove_background(native, method="grabcut")
    found = by_name(results["opacity-mask"])["layer"]
    assert np.array_equal(mask_of(results, found), in_bytes(wanted.mask()))
    assert (results.folder / found["pixels"]).read_bytes() == native.tobytes()
    found = by_name(results["opacity-alpha"])["layer"]
    pixels = results.read(found["pixels"], found["format"], SIZE)
    assert np.array_equal(pixels[..., 3], in_bytes(wanted.alpha))
    assert np.array_equal(pixels[..., :3], native[..., :3] / 255)  # not cleaned: not asked for
    made = by_name(results["opacity-layer"])["layer cut out"]
    pixels = results.read(made["pixels"], made["format"], SIZE)
    assert np.array_equal(pixels, wanted.rgba() / 255)


def test_alpha_becomes_the_mask(results: Results) -> None:
    found = by_name(results["refine-alpha"])["layer"]
    pixels = results.read(found["pixels"], found["format"], SIZE)
    assert (pixels[..., 3] == 1).all()
    guide = np.rint(cases.subject() * 255).astype(np.uint8)
    width = max(2.0, 0.02 * np.sqrt(np.count_nonzero(guide >= 127.5)))
    trimap = trimaps.from_alpha(guide, pixels=width / 2)
    wanted = hb.remove_background(PICTURE, trimap=trimap)
    assert np.array_equal(mask_of(results, found), in_bytes(wanted.alpha))


def test_a_mask_that_is_edited_stands_for_its_layer(results: Results) -> None:
    found = by_name(results["edited-mask"])["layer"]
    assert np.array_equal(mask_of(results, found), in_bytes(refined().alpha))


@pytest.mark.parametrize("kind", ["layer", "painted", "channel"])
def test_trimaps(results: Results, kind: str) -> None:
    found = by_name(results[f"trimap-{kind}"])["layer"]
    wanted = hb.remove_background(PICTURE, trimap=cases.trimap())
    assert np.array_equal(mask_of(results, found), in_bytes(wanted.alpha))


@pytest.mark.parametrize("precision", ["u8", "u16", "float"])
def test_profile(results: Results, precision: str) -> None:
    native = cases.native(cases.picture(), precision)
    image = Picture(native, profile=odd_cases.PROFILE).image
    assert image.encoding == "icc"
    wanted = refined(image)
    found = by_name(results[f"profile-{precision}-mask"])["layer"]
    steps = {"u8": 255, "u16": 65535, "float": 1 << 24}[precision]
    assert np.abs(mask_of(results, found) - wanted.alpha).max() <= 0.51 / steps
    made = by_name(results[f"profile-{precision}-layer"])["layer cut out"]
    pixels = results.read(made["pixels"], made["format"], SIZE)
    assert np.abs(pixels - wanted.rgba(np.float32)).max() <= 0.51 / steps


@pytest.mark.parametrize("precision", ["u8", "u16", "float"])
def test_a_feathered_selection_is_kept(results: Results, precision: str) -> None:
    found = results[f"feathered-{precision}"]
    assert found["status"] == "success", found
    before = results.read(f"feathered-{precision}.before", f"Y {precision}", SIZE)
    after = results.read(found["image"]["selection"], f"Y {precision}", SIZE)
    assert ((before > 0.1) & (before < 0.9)).any()
    assert np.array_equal(after, before)


def test_screen_colour(results: Results) -> None:
    green = cases.native(cases.picture(green=True), "u8")
    wanted = hb.remove_background(green, method="key", screen="#299e38")
    found = by_name(results["screen-colour"])["layer"]
    assert np.array_equal(mask_of(results, found), in_bytes(wanted.alpha))


def test_last_values(results: Results) -> None:
    assert results["last-values"]["status"] == "success"


def test_a_groups_mask(results: Results) -> None:
    found = by_name(results["group-mask"])["folder"]
    wanted = cut()
    assert np.array_equal(mask_of(results, found), in_bytes(wanted.alpha))


def test_a_layer_of_more_than_20000_pixels_across(results: Results) -> None:
    found = results["wide"]
    assert found["status"] == "success", found
    layer = by_name(found)["layer"]
    mask = results.read(layer["mask"], layer["mask_format"], list(odd_cases.WIDE))
    marks = np.tile(cases.trimap(), (8, 320))
    assert (mask[marks == 255] == 1).all()
    truth = np.tile(cases.subject(), (8, 320))
    assert np.abs(mask - truth).mean() < 0.01


@pytest.mark.parametrize("name", odd_cases.REFUSED)
def test_refused_with_a_reason(results: Results, name: str) -> None:
    found = results[name]
    case, words = odd_cases.REFUSED[name]
    assert found["status"] in ("calling-error", "execution-error")
    assert words in found["error"]
    layers = found["image"]["layers"]
    assert len(layers) == len(case["image"]["layers"])
    for layer in layers:
        source = next(part for part in case["image"]["layers"] if part["name"] == layer["name"])
        if source.get("mask") is None:
            assert layer["mask"] is None
        else:
            before = (results.folder / source["mask"]).read_bytes()
            assert (results.folder / layer["mask"]).read_bytes() == before
    base = case["image"].get("base", "rgb")
    assert found["base"] == ("indexed" if name == "indexed" else base)
    for layer in layers:
        source = next(part for part in case["image"]["layers"] if part["name"] == layer["name"])
        if source.get("pixels") == "white":
            assert np.fromfile(results.folder / layer["pixels"], np.uint8).min() == 255
        elif "pixels" in source and name != "indexed":
            before = (results.folder / source["pixels"]).read_bytes()
            assert (results.folder / layer["pixels"]).read_bytes() == before
