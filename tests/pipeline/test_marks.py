"""Points and strokes choose the subject, and what they cover is in or out."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.errors import (
    InvalidImageError,
    InvalidMaskError,
    InvalidOptionError,
)
from hybridbg.pipeline import find_trimap, remove_background
from hybridbg.pipeline.marks import as_marks, bound, chosen, find_marks
from hybridbg.predict import new_session
from tests.predict.tiny_models import instance_graph, saliency_graph

LEFT, RIGHT, BETWEEN = (60, 80), (60, 240), (60, 160)


@pytest.fixture
def two(disc):
    return np.concatenate([disc, disc], axis=1)


@pytest.fixture
def two_objects(tmp_path):
    """A picture and a network that finds two things in it."""
    image = np.full((64, 64, 3), 40, np.uint8)
    masks = np.zeros((2, 64, 64), np.float32)
    for mask, place in zip(masks, (np.s_[4:30, 4:26], np.s_[32:60, 36:60]), strict=True):
        image[place] = 220
        mask[place] = 1
    boxes = [[4, 4, 26, 30], [36, 32, 60, 60]]
    graph = instance_graph(boxes, [1, 1], [0.9, 0.8], masks[:, None])
    (tmp_path / "objects.onnx").write_bytes(graph.SerializeToString())
    (tmp_path / "objects.toml").write_text('kind = "instances"\n', encoding="utf-8")
    return image, new_session(tmp_path / "objects.onnx")


def grey(image, value=128):
    return np.full(image.shape[:2], value, np.uint8)


@pytest.mark.parametrize("method", ["auto", "predict", "grabcut"])
class TestWhichObject:
    def cut_out(self, image, method, session, **said):
        session = None if method == "grabcut" else session
        return remove_background(image, method=method, session=session, **said).alpha

    def test_the_one_under_a_point(self, method, two, tiny_session):
        alpha = self.cut_out(two, method, tiny_session, keep=[LEFT])
        assert (alpha[40:80, 60:100] == 1).all()
        assert (alpha[:, 180:] == 0).all()

    def test_both_under_two_points(self, method, two, tiny_session):
        alpha = self.cut_out(two, method, tiny_session, keep=[LEFT, RIGHT])
        assert (alpha[40:80, 60:100] == 1).all()
        assert (alpha[40:80, 220:260] == 1).all()
        assert alpha[BETWEEN] == 0

    def test_the_one_under_a_thin_stroke(self, method, two, tiny_session):
        strokes = grey(two)
        strokes[60, 220:260] = 255
        alpha = self.cut_out(two, method, tiny_session, scribbles=strokes)
        assert (alpha[40:80, 220:260] == 1).all()
        assert (alpha[:, :140] == 0).all()


class TestTheirWordIsFinal:
    def test_thin_strokes_across_what_was_found(self, disc, tiny_session):
        strokes = grey(disc)
        strokes[10, 20:140] = 255  # on the ground
        strokes[60, 50:110] = 0  # through the disc
        cutout = remove_background(disc, session=tiny_session, scribbles=strokes)
        assert (cutout.alpha[strokes == 255] == 1).all()
        assert (cutout.alpha[strokes == 0] == 0).all()
        assert (cutout.trimap[strokes == 255] == 255).all()

    @pytest.mark.parametrize("method", ["key", "grabcut", "predict"])
    def test_of_every_method(self, method, tiny_session):
        image = np.full((96, 128, 3), (20, 180, 50), np.uint8)
        image[30:70, 40:90] = (220, 200, 190)
        options = {} if method != "predict" else {"session": tiny_session}
        said = {"keep": [(50, 60), (5, 5)], "drop": [(40, 80), (90, 120)]}
        alpha = remove_background(image, method=method, **said, **options).alpha
        assert [alpha[point] for point in said["keep"]] == [1, 1]
        assert [alpha[point] for point in said["drop"]] == [0, 0]

    def test_a_point_counts_more_than_the_stroke_under_it(self, disc):
        strokes = grey(disc)
        strokes[5] = 0
        marks = as_marks([(5, 5)], [], strokes, disc.shape[:2])
        assert (marks[5, 5], marks[5, 6], marks[6, 6]) == (1, 0, 0.5)

    def test_around_what_they_contradict_matting_decides(self):
        trimap = np.zeros((200, 200), np.uint8)
        trimap[50:150, 50:150] = 255
        marks = np.full((200, 200), 0.5, np.float32)
        marks[10, 10], marks[100, 100], marks[60, 60] = 1, 0, 1
        held = bound(trimap, marks)
        assert (held[10, 10], held[10, 11], held[10, 20]) == (255, 128, 0)
        assert (held[100, 100], held[100, 101], held[100, 110]) == (0, 128, 255)
        assert (held[60, 60], held[60, 61]) == (255, 255)  # as it was found

    def test_neighbours_of_either_kind(self):
        trimap = np.zeros((50, 50), np.uint8)
        trimap[:, 25:] = 255
        marks = np.full((50, 50), 0.5, np.float32)
        marks[20, :], marks[21, :] = 1, 0
        held = bound(trimap, marks)
        assert (held[20] == 255).all()
        assert (held[21] == 0).all()

    def test_a_stroke_a_pixel_wide_survives_being_made_smaller(self):
        marks = np.full((3000, 4000), 0.5, np.float32)
        marks[1501, 1000:3000] = 1
        marks[2001, 77] = 0
        found = find_marks(np.zeros((768, 1024, 3), np.float32), marks)
        assert found.kept[384, 260:764].all()
        assert np.argwhere(found.dropped).tolist() == [[512, 19]]


def test_a_drop_takes_a_colour_out(tiny_session):
    image = np.full((120, 160, 3), (30, 40, 60), np.uint8)
    image[40:80, 30:80] = (230, 215, 190)
    image[40:80, 80:130] = (190, 230, 200)  # as bright, and beside it
    both = remove_background(image, session=tiny_session).alpha
    one = remove_background(image, session=tiny_session, drop=[(60, 110)]).alpha
    assert both[60, 110] == 1
    assert one[60, 50] == 1
    assert (one[50:70, 100:120] == 0).mean() > 0.9


class TestOfAKey:
    @pytest.fixture
    def before_green(self):
        """A person, and the foot of a lamp."""
        image = np.full((96, 128, 3), (20, 180, 50), np.uint8)
        image[20:80, 20:60] = (220, 200, 190)
        image[50:80, 100:110] = (60, 60, 70)
        return image

    @pytest.mark.parametrize("said", [{"drop": [(60, 105)]}, {"keep": [(50, 40)]}])
    def test_they_choose_among_its_pieces(self, before_green, said):
        both = remove_background(before_green, method="key").alpha
        one = remove_background(before_green, method="key", **said)
        assert both[60, 105] == 1
        assert (one.alpha[45:, 95:115] == 0).all()
        np.testing.assert_array_equal(one.alpha[:, :70], both[:, :70])
        assert one.diagnostics["warnings"] == []

    def test_ends_of_hair_go_with_what_is_nearer(self, before_green):
        before_green[10:14, 40:43] = (220, 200, 190)
        alpha = remove_background(before_green, method="key", keep=[(50, 40)]).alpha
        assert (alpha[12, 41], alpha[60, 105]) == (1, 0)

    def test_a_hint_beside_them_keeps_what_it_knows(self, before_green):
        hint = np.full(before_green.shape[:2], 0.5)
        hint[55:75, 102:108] = 1
        alpha = remove_background(before_green, method="key", hint=hint, keep=[(50, 40)]).alpha
        assert alpha[60, 105] == alpha[50, 40] == 1

    def test_it_says_where_they_contradict_it(self, before_green):
        said = {"keep": [(50, 40)], "drop": [(60, 30)]}
        cutout = remove_background(before_green, method="key", **said)
        [warning] = cutout.diagnostics["warnings"]
        assert "contradict the key: only what they cover was changed" in warning
        assert (cutout.alpha[50, 40], cutout.alpha[60, 30]) == (1, 0)


def test_marks_beside_a_hint_and_a_rectangle(two, tiny_session):
    hint = np.zeros(two.shape[:2], bool)
    hint[20:100, 40:120] = True
    alpha = remove_background(two, session=tiny_session, hint=hint, drop=[(60, 85)]).alpha
    assert (alpha[60, 70], alpha[60, 85]) == (1, 0)
    alpha = remove_background(two, session=tiny_session, rect=(5, 5, 115, 155), keep=[LEFT]).alpha
    assert (alpha[LEFT], alpha[RIGHT]) == (1, 0)


@pytest.mark.parametrize("method", ["auto", "predict"])
def test_of_objects_found_one_by_one_those_under_points(two_objects, method):
    image, session = two_objects
    first, second = (16, 14), (46, 48)
    for keep, opaque in (([first], [1, 0]), ([second], [0, 1]), ([first, second], [1, 1])):
        alpha = remove_background(image, session=session, method=method, keep=keep).alpha
        assert [alpha[first], alpha[second]] == opaque


def test_a_network_without_a_hint_is_asked_around_the_point(two, tmp_path):
    (tmp_path / "plain.onnx").write_bytes(saliency_graph().SerializeToString())
    (tmp_path / "plain.toml").write_text(
        'kind = "saliency"\nsize = 32\ndynamic = false\nhas_hint = false\n', encoding="utf-8"
    )
    for method in ("auto", "predict"):
        alpha = remove_background(
            two, keep=[LEFT], model=tmp_path / "plain.onnx", method=method
        ).alpha
        assert (alpha[LEFT], alpha[RIGHT]) == (1, 0)


def test_the_trimap_alone(two, tiny_session):
    trimap = find_trimap(two, session=tiny_session, keep=[LEFT]).trimap
    assert (trimap[LEFT], trimap[RIGHT]) == (255, 0)


def test_files_with_transparency(tmp_path, disc, tiny_session):
    from PIL import Image as PILImage

    layer = np.zeros((*disc.shape[:2], 4), np.uint8)
    layer[60, 60:100] = 255
    layer[5, 5:60] = (0, 0, 0, 255)
    PILImage.fromarray(layer).save(tmp_path / "strokes.png")
    marks = as_marks([], [], tmp_path / "strokes.png", disc.shape[:2])
    assert np.count_nonzero(marks == 1) == 40
    assert np.count_nonzero(marks == 0) == 55


class TestChosenAmongWhatWasFound:
    """Two pieces, 50 and 30 pixels, and what marks that fit make of them."""

    FIRST, SECOND, NOWHERE = (5, 5), (5, 25), (15, 15)

    @pytest.fixture
    def found(self):
        trimap = np.zeros((20, 40), np.uint8)
        trimap[2:12, 2:7] = 255
        trimap[2:12, 24:27] = 255
        trimap[2:12, 7] = trimap[2:12, 27] = 128
        return trimap, (trimap / 255).astype(np.float32)

    def choose(self, found, *, keep=(), drop=()):
        return chosen(*found, as_marks(keep, drop, None, found[0].shape))

    def test_the_piece_that_is_kept_alone(self, found):
        trimap = self.choose(found, keep=[self.FIRST])
        np.testing.assert_array_equal(trimap[:, :14], found[0][:, :14])
        assert not trimap[:, 20:].any()

    def test_all_but_the_piece_that_is_dropped(self, found):
        trimap = self.choose(found, drop=[self.SECOND])
        np.testing.assert_array_equal(trimap[:, :14], found[0][:, :14])
        assert not trimap[:, 20:].any()

    def test_marks_that_say_nothing_new_change_nothing(self, found):
        both = {"keep": [self.FIRST, self.SECOND], "drop": [self.NOWHERE]}
        for marks in ({"drop": [self.NOWHERE]}, both):
            np.testing.assert_array_equal(self.choose(found, **marks), found[0])

    @pytest.mark.parametrize(
        "marks",
        [
            {"keep": [NOWHERE]},
            {"keep": [FIRST], "drop": [(4, 5)]},  # one piece, both kept and dropped
            {"drop": [FIRST]},  # most of what was found
        ],
    )
    def test_marks_that_contradict_it(self, found, marks):
        assert self.choose(found, **marks) is None


class TestRefused:
    @pytest.mark.parametrize(
        ("said", "error", "message"),
        [
            ({"keep": [(1, 2, 3)]}, InvalidOptionError, "keep: expected points"),
            ({"keep": (60, 80)}, InvalidOptionError, "keep: expected points"),
            ({"drop": [(0.5, 1)]}, InvalidOptionError, "drop: expected points"),
            ({"keep": [(120, 0)]}, InvalidOptionError, "rows 0 to 119 and columns 0 to 159"),
            ({"drop": [(-1, 0)]}, InvalidOptionError, r"got \(-1, 0\)"),
            ({"keep": [(5, 5)], "drop": [(5, 5)]}, InvalidOptionError, "is in both"),
            ({"keep": [(5, 5)], "rect": (10, 10, 90, 90)}, InvalidOptionError, "outside of rect"),
            ({"keep": [(5, 5)], "quality": "preview"}, InvalidOptionError, "points or scribbles"),
            ({"scribbles": np.zeros((5, 5), np.uint8)}, InvalidMaskError, "like the image"),
            ({"scribbles": np.full((120, 160), 128, np.uint8)}, InvalidMaskError, "no strokes"),
            ({"scribbles": np.zeros((120, 160), np.uint8)}, InvalidMaskError, "is a hint"),
            ({"scribbles": np.zeros((120, 160), bool)}, InvalidMaskError, "a bool array"),
            ({"scribbles": 3}, InvalidImageError, "expected a path"),
        ],
    )
    def test_with_what_to_do(self, said, error, message, disc):
        with pytest.raises(error, match=message):
            remove_background(disc, **said)

    def test_coloured_strokes(self, disc):
        strokes = np.full(disc.shape, 128, np.uint8)
        strokes[5] = (255, 0, 0)
        with pytest.raises(InvalidMaskError, match="coloured"):
            remove_background(disc, scribbles=strokes)

    def test_a_trimap_goes_alone(self, disc):
        trimap = grey(disc)
        with pytest.raises(InvalidOptionError, match="points or scribbles"):
            remove_background(disc, trimap=trimap, keep=[(5, 5)])
