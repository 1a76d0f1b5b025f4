"""One control for one question: how soft is the edge, and are holes kept; on painted truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hybridbg.core.distance import distance_to
from hybridbg.core.errors import InvalidOptionError
from hybridbg.pipeline import find_trimap, remove_background
from hybridbg.pipeline.edges import hardened, softened
from hybridbg.pipeline.holes import filled, made_opaque
from hybridbg.pipeline.strategy import Located

GROUND, PAINT = np.float32([0.2, 0.35, 0.6]), np.float32([0.85, 0.45, 0.2])
RECT = (10, 10, 150, 150)


def away(side=160, centre=(80.0, 80.0)):
    """Distance of each pixel's centre from a place."""
    row, column = np.mgrid[:side, :side]
    return np.hypot(row - centre[0], column - centre[1]).astype(np.float32)


def disc(radius, softness=1.0, **place):
    """Alpha of a disc whose edge is so many pixels wide."""
    return ((radius - away(**place)) / softness + 0.5).clip(0, 1)


def painted(alpha):
    noise = np.random.default_rng(5).normal(0, 0.01, (*alpha.shape, 3))
    image = GROUND + alpha[..., None] * (PAINT - GROUND) + noise
    return np.rint(255 * image.clip(0, 1)).astype(np.uint8)


def hairy(radius=36, length=22, hairs=90):
    """Alpha of a disc with hairs all around, a pixel wide."""
    canvas = np.zeros((160 * 8, 160 * 8), np.uint8)
    cv2.circle(canvas, (644, 644), radius * 8, 255, -1)
    for angle in np.linspace(0, 2 * np.pi, hairs, endpoint=False):
        end = 644 + (radius + length) * 8 * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(canvas, (644, 644), tuple(np.rint(end).astype(int).tolist()), 255, 8)
    return cv2.resize(canvas, (160, 160), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


RING = disc(55) - disc(25)


def cut_out(alpha, **options):
    return remove_background(painted(alpha), method="grabcut", rect=RECT, **options)


class TestHoles:
    def test_kept(self):
        alpha = cut_out(RING).alpha
        assert np.abs(alpha - RING).mean() < 0.01
        assert alpha[80, 80] == 0

    def test_filled(self):
        cutout = cut_out(RING, holes=False)
        assert np.abs(cutout.alpha - disc(55)).mean() < 0.01
        assert (cutout.alpha[away() < 45] == 1).all()
        assert (cutout.trimap[away() < 45] == 255).all()  # nothing there is left to solve

    def test_filling_leaves_the_outline_alone(self):
        outside = away() > 50
        np.testing.assert_array_equal(
            cut_out(RING).trimap[outside], cut_out(RING, holes=False).trimap[outside]
        )

    def test_of_a_thin_ring_all_of_which_is_unknown(self):
        ring = np.zeros((60, 60), np.uint8)
        far = away(60, (30.0, 30.0))
        ring[(far > 15) & (far < 25)] = 128
        ring[30, 11:14] = 255  # some of it is known
        likely = ((far > 18) & (far < 22)).astype(np.float32)
        closed = filled(ring, likely)
        assert (closed[far < 19] == 255).all()
        assert (closed[far > 26] == 0).all()
        assert (closed[(far > 22.5) & (far < 24.5)] != 0).all()

    def test_a_bay_and_what_the_border_closes_are_none(self):
        trimap = np.zeros((40, 40), np.uint8)
        trimap[:20, 10:30] = 255
        trimap[:10, 15:25] = 0
        np.testing.assert_array_equal(filled(trimap), trimap)

    def test_unknown_amid_the_subject_is_the_subjects(self):
        trimap = np.zeros((40, 40), np.uint8)
        trimap[5:35, 5:35] = 255
        trimap[15:20, 15:20] = 128
        assert (filled(trimap)[5:35, 5:35] == 255).all()

    def test_what_matting_sees_through_is_filled_too(self, monkeypatch):
        """A hole so near to the edge that all of it is unknown, and called the subject's."""
        place = {"centre": (80.0, 126.0)}
        alpha = disc(55) * (1 - disc(6, **place))
        trimap = np.where(away() < 40, 255, np.where(away() > 60, 0, 128)).astype(np.uint8)
        found = Located("grabcut", trimap, {"grabcut": 1.0}, 1.0, prior=disc(55))
        monkeypatch.setattr("hybridbg.pipeline.trimap.locate", lambda *_: found)
        kept, closed, dropped = (
            cut_out(alpha, holes=holes, drop=drop)
            for holes, drop in ((True, []), (False, []), (False, [(80, 126)]))
        )
        hole = away(**place) < 4
        for cutout in (kept, dropped):
            assert cutout.alpha[hole].mean() < 0.2
        assert (closed.alpha[hole] == 1).all()
        assert np.abs(closed.alpha - disc(55)).mean() < 0.01
        own = painted(alpha)[hole] / 255  # opaque, and so with the picture's own colours
        np.testing.assert_allclose(closed.foreground[hole], own, atol=0.01)

    def test_gaps_between_hairs_are_none(self):
        alpha = disc(60)
        alpha[30:40, 80] = alpha[32:36, 84] = 0  # behind opaque walls
        alpha[120:140, 60:90] = 0.8
        alpha[122:128, 70] = 0.1  # between hairs
        closed = made_opaque(alpha)
        assert (closed[30:40, 78:86] == 1).all()
        np.testing.assert_array_equal(closed[122:128, 68:73], alpha[122:128, 68:73])

    def test_a_hole_with_something_dropped_is_kept_whole(self):
        two = RING.copy()
        two[disc(6, centre=(80.0, 120.0)) > 0] = 0  # a second one, to be filled
        alpha = cut_out(two, holes=False, drop=[(85, 75)]).alpha
        assert (alpha[away() < 22] == 0).all()
        assert np.abs(alpha - RING).mean() < 0.01
        assert alpha[80, 120] == 1


class TestHard:
    @pytest.mark.parametrize("softness", [2.0, 6.0, 15.0])
    def test_a_soft_edge_becomes_a_step_where_it_was_half(self, softness):
        found = hardened(disc(50, softness))
        np.testing.assert_allclose(found, disc(50), atol=0.35)
        assert np.abs(found - disc(50))[np.abs(away() - 50) < 2].mean() < 0.08
        assert (found[away() < 48] == 1).all()
        assert (found[away() > 52] == 0).all()

    def test_an_edge_one_pixel_wide_stays_as_it_is(self):
        np.testing.assert_allclose(hardened(disc(50)), disc(50), atol=0.12)
        square = np.zeros((20, 20), np.float32)
        square[5:15, 5:15] = 1
        np.testing.assert_array_equal(hardened(square), square)

    def test_nothing_translucent_inside_and_nothing_floating_outside(self):
        alpha = disc(50, 3.0)
        alpha[70:90, 70:90] = 0.6
        alpha[4:6, 4:6] = 0.8
        alpha[100:102, 80:82] = 0.3
        found = hardened(alpha)
        assert (found[away() < 47] == 1).all()
        assert (found[away() > 53] == 0).all()

    def test_a_real_hole_stays(self):
        assert hardened(RING)[80, 80] == 0

    def test_colours_inside_are_the_pictures_own(self):
        soft = disc(50, 30.0)
        image = painted(soft)
        hard = remove_background(image, method="grabcut", rect=RECT, edge="hard")
        deep = distance_to(hard.alpha < 1) > 8
        assert np.count_nonzero(deep & (soft < 1)) > 100
        np.testing.assert_allclose(hard.foreground[deep], image[deep] / 255, atol=0.01)

    def test_of_a_picture(self):
        soft = disc(50, 8.0)
        auto, hard = (cut_out(soft, edge=edge) for edge in ("auto", "hard"))
        ring = 2 * np.pi * 50
        mixed = (hard.alpha > 0.01) & (hard.alpha < 0.99)
        assert np.count_nonzero(mixed) < 1.5 * ring
        # It runs where matting saw one half, to a tenth of a pixel.
        halves = np.count_nonzero(auto.alpha >= 0.5)
        assert abs(float(hard.alpha.sum()) - halves) < 0.1 * ring
        np.testing.assert_array_equal(hard.foreground, auto.foreground)  # clean, not the picture's


class TestSoft:
    def test_a_wide_edge_that_was_cut_short_is_found(self):
        blurred = disc(45, 10.0)
        auto, soft = (cut_out(blurred, edge=edge) for edge in ("auto", "soft"))
        assert (soft.trimap[auto.trimap == 128] == 128).all()
        assert np.abs(soft.alpha - blurred).mean() < 0.8 * np.abs(auto.alpha - blurred).mean()

    def test_hair_is_found_further_out(self):
        truth = hairy()
        auto, soft = (cut_out(truth, edge=edge) for edge in ("auto", "soft"))
        assert np.abs(soft.alpha - truth).mean() < np.abs(auto.alpha - truth).mean()

    def test_some_stays_known(self):
        thin = np.zeros((50, 50), np.uint8)
        thin[24:27] = 255
        wider, weight = softened(thin, (thin == 255).astype(np.float32))
        assert (weight > 0).tolist() == (wider != thin).tolist()
        assert set(np.unique(wider)) == {0, 128, 255}
        assert (wider[25] == 255).all()

    def test_the_trimap_alone(self):
        image = painted(disc(40))
        narrow, wide = (
            find_trimap(image, method="grabcut", rect=RECT, edge=edge).trimap
            for edge in ("hard", "soft")
        )
        assert np.count_nonzero(wide == 128) > 1.5 * np.count_nonzero(narrow == 128)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edge": "smooth"}, "edge: expected one of auto, hard, soft"),
        ({"edge": 1}, "edge"),
        ({"holes": "no"}, "holes: expected True or False"),
        ({"edge": "soft", "quality": "preview"}, "edge and holes"),
        ({"holes": False, "quality": "preview"}, "edge and holes"),
        ({"holes": False, "trimap": np.full((160, 160), 128, np.uint8)}, "trimap says itself"),
        ({"edge": "soft", "trimap": np.full((160, 160), 128, np.uint8)}, "trimap says itself"),
    ],
)
def test_refused(options, message):
    with pytest.raises(InvalidOptionError, match=message):
        remove_background(painted(RING), **options)
