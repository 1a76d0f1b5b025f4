"""Networks of every kind of output, layout and element type, as graphs of one line each."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.errors import InvalidModelError, InvalidOptionError
from hybridbg.predict import Choice, new_session, predict_batch, predict_probabilities
from tests.predict.tiny_models import GAIN, channel_graph, class_graph, saliency_graph, trimap_graph

PICTURE = np.random.default_rng(5).uniform(0.05, 0.95, (32, 32, 3)).astype(np.float32)


def alpha(path, image=PICTURE, **options):
    return predict_probabilities(image, session=new_session(path), **options).alpha


def bare(write_model, graph, name="tiny", **fields):
    """Write a model with as little description as will do."""
    return write_model(graph, name, **({"kind": "alpha", "size": None, "has_hint": None} | fields))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_layout_and_size_are_read_from_the_graph(write_model, layout):
    path = bare(write_model, channel_graph(0, layout=layout, sides=(16, 32)))
    session = new_session(path)
    spec = session.spec
    assert (spec.layout, spec.shape, spec.dynamic, spec.fit) == (layout, (16, 32), False, "stretch")
    image = np.repeat(np.repeat(PICTURE[:8, :16], 2, axis=0), 2, axis=1)
    np.testing.assert_allclose(alpha(path, image), image[..., 0], atol=1e-6)
    assert new_session(session.spec) is session


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_free_axes_take_any_size(write_model, layout):
    path = bare(write_model, channel_graph(1, layout=layout, sides=("h", "w")), size=32)
    image = np.tile(PICTURE, (2, 1, 1))[:40]
    got = predict_probabilities(image, session=new_session(path))
    assert got.alpha.shape == (40, 32)
    assert new_session(path).spec.dynamic


@pytest.mark.parametrize(("order", "channel"), [("RGB", 0), ("BGR", 2)])
def test_channel_order_and_its_mean(write_model, order, channel):
    path = bare(
        write_model, channel_graph(0), order=order, mean=(-0.05, 0.0, 0.0), std=(2.0, 1.0, 1.0)
    )
    np.testing.assert_allclose(alpha(path), (PICTURE[..., channel] + 0.05) / 2, atol=1e-6)


def test_division_by_the_maximum(write_model):
    path = bare(write_model, channel_graph(0), by_maximum=True)
    np.testing.assert_allclose(alpha(path, PICTURE / 2), PICTURE[..., 0] / PICTURE.max(), atol=1e-6)
    assert alpha(path, np.zeros((32, 32, 3), np.float32)).max() == 0


@pytest.mark.parametrize(("element", "scale"), [("FLOAT16", 1.0), ("UINT8", 255.0)])
def test_other_element_types(write_model, element, scale):
    path = bare(write_model, channel_graph(2, element=element), value_range=(0.0, scale))
    if element == "UINT8":
        with pytest.raises(InvalidModelError, match=r"within 0\.\.1"):
            alpha(path)
        path = bare(write_model, channel_graph(2, element=element), "other", kind="saliency")
        image = (PICTURE > 0.5).astype(np.float32)
        np.testing.assert_array_equal(alpha(path, image), image[..., 2])
    else:
        np.testing.assert_allclose(alpha(path), PICTURE[..., 2], atol=1e-3)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_an_input_without_an_axis_for_pictures(write_model, layout):
    path = bare(write_model, channel_graph(1, batch=None, layout=layout))
    np.testing.assert_allclose(alpha(path), PICTURE[..., 1], atol=1e-6)
    assert not new_session(path).takes_many


def test_a_sigmoid_that_the_graph_lacks(write_model):
    graph = channel_graph(0, logit=True)
    with pytest.raises(InvalidModelError, match="add activation"):
        alpha(bare(write_model, graph))
    path = bare(write_model, graph, "with", activation="sigmoid")
    np.testing.assert_allclose(alpha(path), PICTURE[..., 0], atol=1e-5)


@pytest.mark.parametrize("which", ["map", 1])
def test_one_of_several_outputs(write_model, which):
    graph = channel_graph(0, decoy=True)
    path = bare(write_model, graph, outputs={"map": which})
    np.testing.assert_allclose(alpha(path), PICTURE[..., 0], atol=1e-6)


@pytest.mark.parametrize("which", ["nothing", 2])
def test_an_output_that_is_not_there(write_model, which):
    path = bare(write_model, channel_graph(0, decoy=True), outputs={"map": which})
    with pytest.raises(InvalidModelError, match="map missing; got first, map"):
        new_session(path)


def test_an_input_by_name(write_model):
    assert new_session(bare(write_model, channel_graph(0), input="picture"))
    with pytest.raises(InvalidModelError, match="named photo"):
        new_session(bare(write_model, channel_graph(0), "other", input="photo"))


def test_a_letterbox_of_one_size(write_model):
    """The picture keeps its aspect, and the padding does not come back."""
    path = bare(write_model, channel_graph(0), fit="letterbox")
    image = PICTURE[:16]
    np.testing.assert_allclose(alpha(path, image), image[..., 0], atol=1e-6)


def test_the_short_side_decides(write_model):
    path = bare(write_model, channel_graph(0, sides=("h", "w")), size=32, size_of="short")
    session = new_session(path)
    for shape, cell in (((64, 96), 2.0), ((64, 640), 10.0)):
        image = np.zeros((*shape, 3), np.float32)
        got = predict_probabilities(image, session=session)
        assert got.cell == pytest.approx(cell, rel=0.05)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("softmax", [False, True])
def test_scores_of_classes(write_model, layout, softmax):
    fields = {"kind": "classes", "size": 32, "activation": "none" if softmax else "softmax"}
    graph = class_graph(layout=layout, softmax=softmax)
    powers = np.exp(GAIN * (PICTURE - 0.5))
    red, blue = powers[..., 0], powers[..., 2]
    both = bare(write_model, graph, "both", **fields)
    np.testing.assert_allclose(alpha(both), (red + blue) / (1 + red + blue), atol=1e-5)
    one = bare(write_model, graph, "one", classes=(2,), **fields)
    np.testing.assert_allclose(alpha(one), blue / (1 + red + blue), atol=1e-5)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_numbers_of_classes(write_model, layout):
    graph = class_graph(layout=layout, numbers=True)
    scores = np.stack((np.zeros((32, 32)), PICTURE[..., 0] - 0.5, PICTURE[..., 2] - 0.5))
    fields = {"kind": "classes", "size": 32}
    np.testing.assert_array_equal(
        alpha(bare(write_model, graph, "any", **fields)), scores.argmax(axis=0) > 0
    )
    np.testing.assert_array_equal(
        alpha(bare(write_model, graph, "red", classes=(1,), **fields)), scores.argmax(axis=0) == 1
    )


def test_scores_without_softmax_or_classes_that_are_not_there(write_model):
    fields = {"kind": "classes", "size": 32}
    with pytest.raises(InvalidModelError, match="add activation"):
        alpha(bare(write_model, class_graph(), "raw", **fields))
    with pytest.raises(InvalidModelError, match=r"\[7\] are not among its 3"):
        alpha(bare(write_model, class_graph(), "far", classes=(1, 7), **fields))
    with pytest.raises(InvalidModelError, match="map of class numbers"):
        alpha(bare(write_model, channel_graph(0), "map", kind="classes"))


def test_a_graph_that_does_not_tell(write_model):
    free = channel_graph(0, layout="NHWC", sides=("h", "w"))
    free.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "c"
    with pytest.raises(InvalidModelError, match="add layout"):
        new_session(bare(write_model, free, size=32))
    assert new_session(bare(write_model, free, "told", size=32, layout="NHWC"))
    with pytest.raises(InvalidModelError, match="add size"):
        new_session(bare(write_model, channel_graph(0, sides=("h", "w")), "sizeless"))
    with pytest.raises(InvalidModelError, match="32 rows and 32 columns"):
        new_session(bare(write_model, channel_graph(0), "sized", size=64, dynamic=False))
    with pytest.raises(InvalidModelError, match="described as dynamic"):
        new_session(bare(write_model, channel_graph(0), "dynamic", dynamic=True))
    with pytest.raises(InvalidModelError, match="float32, float16 or uint8"):
        new_session(bare(write_model, channel_graph(0, element="DOUBLE"), "double"))


@pytest.mark.parametrize(
    ("sides", "fields", "expected"),
    [
        ((32, "w"), {"shape": (32, 48)}, (32, 48)),
        (("h", "w"), {"shape": (24, 48)}, (24, 48)),
        (("h", "w"), {"size": 40, "dynamic": False}, (40, 40)),
        ((16, 32), {"size": 520}, (16, 32)),
        ((16, 32), {"size": 800, "size_of": "short"}, (16, 32)),
    ],
)
def test_one_size_as_described(write_model, sides, fields, expected):
    session = new_session(bare(write_model, channel_graph(0, sides=sides), **fields))
    assert (session.spec.shape, session.spec.dynamic) == (expected, False)
    assert predict_probabilities(PICTURE, session=session).alpha.shape == (32, 32)


@pytest.mark.parametrize(
    ("sides", "fields"),
    [
        ((32, "w"), {}),
        ((32, "w"), {"shape": (30, 48)}),
        (("h", "w"), {"dynamic": False}),
        ((16, 32), {"shape": (32, 16)}),
        ((16, 32), {"size": 320, "dynamic": False}),
    ],
)
def test_one_size_that_is_not_told_or_another(write_model, sides, fields):
    with pytest.raises(InvalidModelError, match="size"):
        new_session(bare(write_model, channel_graph(0, sides=sides), **fields))


# --- several pictures at a time


def pictures():
    rng = np.random.default_rng(8)
    shapes = [(64, 48), (64, 48), (30, 40), (64, 48), (48, 64)]
    return [rng.random((*shape, 3), dtype=np.float32) for shape in shapes]


@pytest.mark.parametrize("batch", ["n", 1])
def test_a_batch_gives_what_each_gives_alone(write_model, monkeypatch, batch):
    path = bare(write_model, channel_graph(0, batch=batch, sides=("h", "w")), size=64, divisor=1)
    session = new_session(path)
    alone = [predict_probabilities(image, session=session) for image in pictures()]
    runs, run = [], session.run
    monkeypatch.setattr(session, "run", lambda batch: runs.append(len(batch)) or run(batch))
    together = predict_batch(pictures(), session=session)
    assert sorted(runs) == ([2, 3] if batch == "n" else [1] * 5)
    for one, other in zip(alone, together, strict=True):
        for plane in ("background", "unknown", "foreground", "alpha"):
            np.testing.assert_array_equal(getattr(one, plane), getattr(other, plane))
        assert one.cell == other.cell


@pytest.mark.parametrize("way", ["fails", "answers with one"])
def test_a_first_axis_that_is_only_called_free(write_model, way):
    """It runs one by one, and so it does from then on."""
    from onnx import helper, numpy_helper

    graph = channel_graph(0, sides=(32, 32))
    [last] = [node for node in graph.graph.node if node.output[0] == "map"]
    last.output[0] = "each"
    if way == "fails":
        shape = numpy_helper.from_array(np.array([1, 1, 32, 32]), "shape")
        node = helper.make_node("Reshape", ["each", "shape"], ["map"])
    else:
        shape = numpy_helper.from_array(np.array([0]), "shape")
        node = helper.make_node("ReduceMean", ["each", "shape"], ["map"], keepdims=1)
    graph.graph.node.append(node)
    graph.graph.initializer.append(shape)
    session = new_session(bare(write_model, graph))
    assert session.takes_many
    images = [np.full((32, 32, 3), level, np.float32) for level in (0.25, 0.5, 0.75)]
    for image, got in zip(images, predict_batch(images, session=session), strict=True):
        np.testing.assert_allclose(got.alpha, image[..., 0], atol=1e-6)
    assert not session.takes_many


def test_a_batch_with_hints(write_model):
    session = new_session(write_model(trimap_graph()))
    hints = [None, *(np.full(image.shape[:2], 0.9, np.float32) for image in pictures()[1:])]
    together = predict_batch(pictures(), hints=hints, session=session)
    for image, hint, got in zip(pictures(), hints, together, strict=True):
        alone = predict_probabilities(image, hint=hint, session=session)
        np.testing.assert_allclose(got.alpha, alone.alpha, atol=1e-6)
    with pytest.raises(InvalidOptionError, match="expected 5, one a picture, got 1"):
        predict_batch(pictures(), hints=[None], session=session)
    assert predict_batch([], session=session) == []


def test_more_pictures_than_go_into_one_run(write_model):
    session = new_session(
        write_model(saliency_graph(), kind="saliency", size=32, has_hint=False, dynamic=False)
    )
    many = [np.full((32, 32, 3), level / 20, np.float32) for level in range(20)]
    for level, got in enumerate(predict_batch(many, session=session)):
        np.testing.assert_allclose(got.alpha, level / 20, atol=1e-6)


def test_a_choice_is_only_for_networks_that_find_objects(tiny_saliency):
    with pytest.raises(InvalidOptionError, match="does not find objects"):
        alpha(tiny_saliency, choice=Choice())
