"""hybridbg.predict.predictor and letterbox: from a picture to probabilities and a trimap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.core.errors import (
    InvalidImageError,
    InvalidMaskError,
    InvalidModelError,
    InvalidOptionError,
    ModelNotFoundError,
    NoSubjectError,
)
from hybridbg.predict import new_session, predict_probabilities, predict_trimap
from hybridbg.predict.letterbox import Letterbox
from hybridbg.predict.spec import ModelSpec
from tests.predict.tiny_models import GAIN, saliency_graph, trimap_graph


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    powers = np.exp([-x, np.zeros_like(x), x])
    return powers / powers.sum(axis=0)


def halves(rows=64, columns=96):
    """Dark on the left, bright on the right."""
    image = np.zeros((rows, columns, 3), dtype=np.float32)
    image[:, columns // 2 :] = 1
    return image


def spec(**fields):
    values = {"name": "box", "file": Path("box.onnx"), "kind": "trimap", "size": 320}
    return ModelSpec(**(values | fields))


# --- letterbox


@pytest.mark.parametrize(
    ("shape", "inner", "outer"),
    [
        ((320, 320), (320, 320), (320, 320)),
        ((640, 480), (320, 240), (320, 256)),
        ((3000, 4000), (240, 320), (256, 320)),
        ((4, 4), (8, 8), (32, 32)),
        ((5, 1000), (2, 320), (32, 320)),
        ((1000, 5), (320, 2), (320, 32)),
        ((4, 10000), (1, 320), (32, 320)),
        ((100, 120), (200, 240), (224, 256)),
    ],
)
def test_where_a_picture_lies(shape, inner, outer):
    box = Letterbox.of(shape, spec())
    assert (box.inner, box.outer) == (inner, outer)


def test_a_fixed_network_gets_the_picture_stretched():
    box = Letterbox.of((100, 300), spec(dynamic=False))
    assert box.inner == box.outer == (320, 320)


@given(st.tuples(st.integers(4, 3000), st.integers(4, 3000)))
def test_any_size_fits_the_grid(shape):
    box = Letterbox.of(shape, spec())
    for inner, outer in zip(box.inner, box.outer, strict=True):
        assert 1 <= inner <= outer < inner + 32
        assert outer % 32 == 0
        assert outer <= 320
    assert all(inner <= 2 * side + 1 for inner, side in zip(box.inner, shape, strict=True))


@given(
    st.tuples(st.integers(4, 90), st.integers(4, 90)),
    st.booleans(),
    st.sampled_from(["stretch", "letterbox"]),
    st.sampled_from(["NCHW", "NHWC"]),
)
@settings(deadline=None)
def test_enter_and_leave_undo_each_other(shape, dynamic, fit, layout):
    """A picture of constant colour keeps it."""
    box = Letterbox.of(shape, spec(dynamic=dynamic, size=64, fit=fit, layout=layout))
    image = np.full((*shape, 3), (0.2, 0.5, 0.9), dtype=np.float32)
    batch = box.enter(image, None)
    assert batch.shape == ((1, 3, *box.outer) if layout == "NCHW" else (1, *box.outer, 3))
    assert all(inner <= outer for inner, outer in zip(box.inner, box.outer, strict=True))
    assert dynamic or box.outer == (64, 64)
    back = box.back(box.leave(batch, 3)[..., 1])
    assert back.shape == shape
    np.testing.assert_allclose(back, 0.5, atol=1e-6)


def test_padding_repeats_the_border():
    box = Letterbox.of((32, 40), spec(size=40))
    image = np.random.default_rng(0).random((32, 40, 3), dtype=np.float32)
    batch = box.enter(image, np.full((32, 40), 0.25, dtype=np.float32))
    assert batch.shape == (1, 4, 32, 64)
    np.testing.assert_array_equal(batch[0, :3, :, :40], image.transpose(2, 0, 1))
    np.testing.assert_array_equal(batch[0, :3, :, 50], image[:, -1].T)
    np.testing.assert_array_equal(batch[0, 3], 0.25)


def test_normalisation_and_layout():
    described = spec(size=32, layout="NHWC", mean=(10, 20, 30), std=(2, 4, 5), value_range=(0, 255))
    image = np.full((32, 32, 3), (0, 0.5, 1), dtype=np.float32)
    batch = Letterbox.of((32, 32), described).enter(image, None)
    assert batch.shape == (1, 32, 32, 3)
    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch[0, 5, 5], (-10 / 2, (127.5 - 20) / 4, (255 - 30) / 5))


def test_large_pictures_are_averaged_not_sampled():
    """One bright column in eight: sampling sees all or nothing of it."""
    image = np.zeros((256, 2560, 3), dtype=np.float32)
    image[:, ::8] = 1
    batch = Letterbox.of((256, 2560), spec()).enter(image, None)
    np.testing.assert_allclose(batch[0, 0, :, 1:-1], 1 / 8, atol=1e-6)


# --- probabilities


def test_probabilities_are_what_the_network_says(tiny_trimap):
    image = np.random.default_rng(1).random((64, 64, 3), dtype=np.float32)
    hint = np.random.default_rng(2).random((64, 64), dtype=np.float32)
    got = predict_probabilities(image, hint=hint, session=new_session(tiny_trimap))
    x = GAIN * (image.mean(axis=2) - 0.5) + GAIN * (hint - 0.5)
    background, unknown, foreground = softmax(x)
    np.testing.assert_allclose(got.background, background, atol=1e-5)
    np.testing.assert_allclose(got.unknown, unknown, atol=1e-5)
    np.testing.assert_allclose(got.foreground, foreground, atol=1e-5)
    np.testing.assert_allclose(got.alpha, sigmoid(x), atol=1e-5)
    assert got.cell == 1


def test_no_hint_says_dont_know(tiny_trimap):
    session = new_session(tiny_trimap)
    image = halves()
    without = predict_probabilities(image, session=session)
    half = predict_probabilities(image, hint=np.full((64, 96), 0.5, np.float32), session=session)
    np.testing.assert_array_equal(without.foreground, half.foreground)


@given(st.tuples(st.integers(4, 200), st.integers(4, 200)), st.integers(0, 9))
@settings(deadline=None, max_examples=25)
def test_probabilities_of_any_size(shape, seed):
    session = SHARED["session"]
    image = np.random.default_rng(seed).random((*shape, 3), dtype=np.float32)
    got = predict_probabilities(image, session=session)
    for plane in (got.background, got.unknown, got.foreground, got.alpha):
        assert plane.shape == shape
        assert plane.dtype == np.float32
        assert plane.min() >= 0
        assert plane.max() <= 1
    np.testing.assert_allclose(got.background + got.unknown + got.foreground, 1, atol=1e-5)


SHARED = {}


@pytest.fixture(scope="module", autouse=True)
def shared_session(tmp_path_factory):
    """One session for the properties, which may not use fixtures of a single test."""
    folder = tmp_path_factory.mktemp("models")
    path = folder / "tiny.onnx"
    path.write_bytes(trimap_graph().SerializeToString())
    described = spec(name="tiny", file=path, size=64, has_hint=True)
    SHARED["session"] = new_session(described)


@pytest.mark.parametrize("shape", [(4, 4), (5, 1000), (1000, 5), (4, 40000), (33, 31)])
def test_extreme_sizes(tiny_trimap, shape):
    image = halves(*sorted(shape))
    if shape[0] > shape[1]:
        image = image.transpose(1, 0, 2)
    trimap = predict_trimap(image, model=tiny_trimap)
    assert trimap.shape == shape
    assert trimap[0, 0] == 0
    assert trimap[-1, -1] == 255


def test_saliency_is_stretched_and_split(tiny_saliency):
    """Levels 0.2 to 0.8 of the map become 0 to 1; the middle is unknown."""
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, 32, dtype=np.float32), (32, 32))
    image = np.repeat(ramp[:, :, None], 3, axis=2)
    got = predict_probabilities(image, session=new_session(tiny_saliency))
    level = np.linspace(0, 1, 32)
    np.testing.assert_allclose(got.alpha[0], level, atol=1e-5)
    np.testing.assert_allclose(got.foreground[0], (2 * level - 1).clip(0), atol=1e-5)
    np.testing.assert_allclose(got.background[0], (1 - 2 * level).clip(0), atol=1e-5)
    np.testing.assert_allclose(got.unknown[0], 1 - abs(2 * level - 1), atol=1e-5)


def test_a_flat_saliency_map_is_not_blown_up(tiny_saliency):
    image = np.full((32, 32, 3), 0.5, dtype=np.float32)
    image[0, 0] += 1e-5
    got = predict_probabilities(image, session=new_session(tiny_saliency))
    np.testing.assert_allclose(got.alpha, 0.5, atol=1e-4)


def test_saliency_of_a_long_picture_is_stretched_back(tiny_saliency):
    trimap = predict_trimap(halves(20, 300), model=tiny_saliency)
    assert trimap.shape == (20, 300)
    assert (trimap[:, :130] == 0).all()
    assert (trimap[:, 170:] == 255).all()


def test_nhwc_alpha(write_model):
    path = write_model(
        saliency_graph(layout="NHWC"),
        kind="alpha",
        layout="NHWC",
        size=32,
        has_hint=False,
        dynamic=False,
    )
    image = np.full((32, 32, 3), 0.25, dtype=np.float32)
    got = predict_probabilities(image, session=new_session(path))
    np.testing.assert_allclose(got.alpha, 0.25, atol=1e-6)
    np.testing.assert_allclose(got.background, 0.5, atol=1e-6)


# --- trimaps


def test_bright_is_foreground_and_the_edge_is_unknown(tiny_trimap):
    trimap = predict_trimap(halves(), model=tiny_trimap)
    assert set(np.unique(trimap)) == {0, 128, 255}
    np.testing.assert_array_equal(trimap[:, 45], 0)
    np.testing.assert_array_equal(trimap[:, 47:49], 128)
    np.testing.assert_array_equal(trimap[:, 51], 255)


def test_the_band_covers_the_networks_cells(tiny_trimap):
    """At 640 columns a cell is ten pixels, closer by five: no edge can be placed more finely."""
    trimap = predict_trimap(halves(320, 640), model=tiny_trimap)
    assert (trimap[:, 316:324] == 128).all()


def test_the_hint_decides_where_brightness_does_not(tiny_trimap):
    image = np.full((64, 64, 3), 0.5, dtype=np.float32)
    hint = np.zeros((64, 64), dtype=bool)
    hint[16:48, 16:48] = True
    trimap = predict_trimap(image, hint=hint, model=tiny_trimap)
    assert trimap[32, 32] == 255
    assert trimap[4, 4] == 0


def test_files_sessions_and_pil_images(tiny_trimap, tmp_path):
    from PIL import Image

    pixels = (halves() * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    expected = predict_trimap(pixels, model=tiny_trimap)
    session = new_session(tiny_trimap)
    for image in (str(tmp_path / "picture.png"), Image.fromarray(pixels)):
        np.testing.assert_array_equal(predict_trimap(image, model=session), expected)
    Image.fromarray(pixels[..., 0]).save(tmp_path / "hint.png")
    hinted = predict_trimap(pixels, hint=tmp_path / "hint.png", model=session)
    assert hinted[0, -1] == 255


def test_transparent_pixels_are_background(tiny_trimap):
    image = np.ones((64, 64, 4), dtype=np.float32)
    image[:, :20, 3] = 0
    image[:, :10, :3] = 0
    trimap = predict_trimap(image, model=tiny_trimap)
    assert (trimap[:, :17] == 0).all()
    assert (trimap[:, 24:] == 255).all()


def test_inputs_are_not_modified_and_may_be_read_only(tiny_trimap):
    image, hint = halves(), np.zeros((64, 96), dtype=np.float32)
    hint[:, 48:] = 1
    copies = image.copy(), hint.copy()
    image.flags.writeable = hint.flags.writeable = False
    predict_trimap(image, hint=hint, model=tiny_trimap)
    np.testing.assert_array_equal(image, copies[0])
    np.testing.assert_array_equal(hint, copies[1])


def test_the_same_input_gives_the_same_trimap_in_any_thread(tiny_trimap):
    image = np.random.default_rng(3).random((100, 150, 3), dtype=np.float32)
    image[:, 75:] = image[:, 75:] / 4 + 0.75
    image[:, :75] /= 4
    expected = predict_trimap(image, model=tiny_trimap)
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: predict_trimap(image, model=tiny_trimap), range(8)):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("level", [0.0, 1.0, 0.5])
def test_a_picture_without_subject_or_background(tiny_trimap, level):
    image = np.full((64, 64, 3), level, dtype=np.float32)
    with pytest.raises(NoSubjectError, match="give a hint"):
        predict_trimap(image, model=tiny_trimap)


# --- bad input


def test_a_hint_for_a_network_without_one(tiny_saliency):
    with pytest.raises(InvalidOptionError, match="takes no hint"):
        predict_trimap(halves(), hint=np.zeros((64, 96), bool), model=tiny_saliency)


def test_a_hint_of_another_size(tiny_trimap):
    with pytest.raises(InvalidMaskError, match=r"\(64, 96\)"):
        predict_trimap(halves(), hint=np.zeros((64, 95), bool), model=tiny_trimap)


def test_a_bad_picture(tiny_trimap):
    with pytest.raises(InvalidImageError):
        predict_trimap(np.zeros((3, 3, 3), np.uint8), model=tiny_trimap)
    with pytest.raises(ModelNotFoundError):
        predict_trimap(halves(), model="no-such-model")


def test_logits_are_not_taken_for_probabilities(write_model):
    path = write_model(trimap_graph(softmax=False))
    with pytest.raises(InvalidModelError, match=r"within 0\.\.1"):
        predict_trimap(halves(), model=path)


def test_a_map_of_another_size_or_kind(write_model):
    graph = saliency_graph()
    session = new_session(
        write_model(graph, kind="saliency", size=32, has_hint=False, dynamic=False)
    )
    box = Letterbox.of((40, 40), session.spec)
    for shape in ((1, 2, 32, 32), (1, 1, 16, 32), (2, 1, 32, 32), (1,)):
        with pytest.raises(InvalidModelError, match="1 channels of"):
            box.leave(np.zeros(shape, np.float32), 1)
    instances = write_model(graph, "inst", kind="instances", size=32, has_hint=False)
    with pytest.raises(InvalidModelError, match="labels and masks and scores missing"):
        predict_trimap(halves(), model=instances)


def test_a_map_of_half_the_size_is_brought_back():
    box = Letterbox.of((40, 64), spec(size=64, layout="NCHW"))
    answer = np.zeros((1, 1, 32, 32), np.float32)
    answer[:, :, :, 16:] = 1
    plane = box.leave(answer, 1)
    assert plane.shape == (20, 32, 1)
    back = box.back(plane[..., 0])
    assert back.shape == (40, 64)
    assert back[:, :30].max() == 0
    assert back[:, 34:].min() == 1
