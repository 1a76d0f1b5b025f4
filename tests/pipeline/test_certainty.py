"""How sure the pipeline is, by looking again in other frames."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.io import as_image
from hybridbg.pipeline import certainty as module
from hybridbg.pipeline.certainty import NOT_SURE, certainty, decidedness, reframed
from hybridbg.pipeline.fusion import Fused
from hybridbg.pipeline.options import Options, Subject
from hybridbg.pipeline.strategy import locate


def found(mask, sure=1.0) -> Fused:
    probability = np.where(mask, sure, 1 - sure).astype(np.float32)
    blank = np.zeros(mask.shape, np.uint8)
    return Fused(blank, blank, probability, {})


def as_float(image):
    return (image / np.float32(255)).astype(np.float32)


@pytest.fixture
def corner(disc_mask):
    """Where nothing is."""
    mask = np.zeros_like(disc_mask)
    mask[:30, :40] = True
    return mask


class TestReframed:
    def test_the_subject_is_found_again_in_every_frame(self, disc, disc_mask, corner, tiny_session):
        image = as_float(disc)
        right = reframed(image, found(disc_mask).probability, tiny_session)
        wrong = reframed(image, found(corner).probability, tiny_session)
        assert 1 >= right > 0.7 > 0.3 > wrong >= 0

    def test_frames_show_different_parts_but_hold_most_of_the_subject(
        self, disc, disc_mask, corner, tiny_session, monkeypatch
    ):
        asked = []
        real = module.predict_batch

        def spy(images, **options):
            asked.append([image.shape[:2] for image in images])
            assert options["size"] == round(0.6 * tiny_session.spec.size)
            assert "hints" not in options
            return real(images, **options)

        monkeypatch.setattr(module, "predict_batch", spy)
        reframed(as_float(disc), found(disc_mask).probability, tiny_session)
        reframed(as_float(disc), found(corner).probability, tiny_session)
        assert asked[0] == [(84, 112)] * 5 + [(120, 126 + 1)]
        assert asked[1] == [(84, 112), (39, 52)]  # its own corner's, and around it

    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2)])
    def test_tiny_pictures(self, shape, tiny_session):
        image = np.full((*shape, 3), 0.9, np.float32)
        assert 0 <= reframed(image, np.ones(shape, np.float32), tiny_session) <= 1


class TestCertainty:
    def test_it_grows_with_the_agreement(self, disc, disc_mask, corner, tiny_session):
        image = as_float(disc)
        right, wrong = (certainty(image, found(mask), tiny_session) for mask in (disc_mask, corner))
        assert 1 >= right > NOT_SURE > wrong >= 0

    def test_a_network_of_one_size_is_not_asked_again(self, disc, disc_mask, monkeypatch):
        class Spec:
            dynamic, size = False, 320

        class Network:
            spec = Spec()

        monkeypatch.setattr(module, "predict_batch", None)
        said = found(disc_mask, 0.9)
        assert certainty(as_float(disc), said, Network()) == decidedness(said)

    def test_without_any_network_the_middle_was_only_guessed(self, disc, disc_mask):
        assert certainty(as_float(disc), found(disc_mask), None) < NOT_SURE

    def test_how_decided(self, disc_mask):
        assert decidedness(found(disc_mask)) == 1
        share = np.count_nonzero(~disc_mask) / np.count_nonzero(disc_mask)
        assert decidedness(found(disc_mask, 0.9)) == pytest.approx(1 - 0.1 * (1 + share), abs=1e-3)
        assert decidedness(found(disc_mask, 0.6)) == 0
        assert decidedness(found(np.zeros_like(disc_mask))) == 0


@pytest.mark.parametrize("agreement", [0.0, 1.0])
def test_a_doubtful_result_is_delivered_with_a_warning(disc, tiny_session, monkeypatch, agreement):
    monkeypatch.setattr(module, "reframed", lambda *_: agreement)
    located = locate(as_image(disc), Subject(), Options(session=tiny_session))
    assert located.trimap[60, 80] == 255
    assert any("not sure what" in text for text in located.warnings) == (agreement == 0)
    assert (located.certainty < NOT_SURE) == (agreement == 0)


def test_nobody_is_asked_again_where_the_caller_pointed(disc, disc_mask, tiny_session, monkeypatch):
    monkeypatch.setattr(module, "reframed", None)
    hint = disc_mask.astype(np.float32)
    located = locate(as_image(disc), Subject(hint=hint), Options(session=tiny_session))
    assert located.certainty > 0.5
