from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core import icc, metrics
from hybridbg.core.errors import (
    InvalidImageError,
    InvalidMaskError,
    InvalidOptionError,
    InvalidTrimapError,
    NoSubjectError,
)
from hybridbg.core.image import Image
from hybridbg.matting import estimate_alpha
from hybridbg.pipeline import find_trimap, remove_background, strategy
from tests.core import icc_profiles
from tests.predict.tiny_models import instance_graph, saliency_graph


def test_the_disc_is_found_and_its_edge_is_clean(disc, disc_mask, tiny_session):
    before = disc.copy()
    cutout = remove_background(disc, session=tiny_session)
    assert metrics.iou(cutout.alpha > 0.5, disc_mask) > 0.98
    assert cutout.alpha.dtype == cutout.foreground.dtype == np.float32
    assert cutout.alpha.min() >= 0
    assert cutout.alpha.max() <= 1
    assert set(np.unique(cutout.trimap)) == {0, 128, 255}
    assert (cutout.alpha[cutout.trimap == 0] == 0).all()
    assert (cutout.alpha[cutout.trimap == 255] == 1).all()
    np.testing.assert_array_equal(disc, before)
    # No dark fringe: wherever anything is seen, the colour is the disc's.
    assert cutout.foreground[cutout.alpha > 0.02].min() > 0.6


def test_a_trimap_that_leaves_nothing_unknown_is_remarked_on(disc, disc_mask):
    hard = np.where(disc_mask, 255, 0).astype(np.uint8)
    cutout = remove_background(disc, trimap=hard)
    np.testing.assert_array_equal(cutout.alpha, disc_mask)
    assert "nothing unknown" in cutout.diagnostics["warnings"][0]
    hard[58:62] = 128
    assert not remove_background(disc, trimap=hard).diagnostics["warnings"]


def test_diagnostics_say_what_was_done(disc, tiny_session):
    diagnostics = remove_background(disc, session=tiny_session).diagnostics
    assert diagnostics["method"] == "auto"
    assert set(diagnostics["sources"]) == {"network", "grabcut"}
    assert sum(diagnostics["sources"].values()) == pytest.approx(1, abs=0.01)
    assert 0.5 < diagnostics["certainty"] <= 1
    assert diagnostics["model"] == {"name": "tiny", "sha256": tiny_session.sha256}
    assert diagnostics["solver"]["iterations"] >= 0
    assert 0 <= diagnostics["solver"]["sampled"] <= 1
    assert 0 <= diagnostics["solver"]["error"] <= 1e-3
    assert 0 <= diagnostics["solver"]["residual"] <= 1e-4
    assert list(diagnostics["seconds"]) == ["find the subject", "matting", "foreground"]
    assert diagnostics["warnings"] == []


@pytest.mark.parametrize("method", ["predict", "grabcut"])
def test_each_method_alone(method, disc, disc_mask, tiny_session):
    told = {"rect": (10, 30, 110, 130)} if method == "grabcut" else {"session": tiny_session}
    cutout = remove_background(disc, method=method, **told)
    assert metrics.iou(cutout.alpha > 0.5, disc_mask) > 0.95
    assert cutout.diagnostics["method"] == method
    assert (cutout.diagnostics["model"] is None) == (method == "grabcut")


def test_a_hint_chooses_between_two_subjects(disc, tiny_session):
    two = np.concatenate([disc, disc], axis=1)
    hint = np.zeros(two.shape[:2], dtype=bool)
    hint[25:95, 50:110] = True
    alpha = remove_background(two, hint=hint, session=tiny_session).alpha
    assert alpha[60, 80] == 1
    assert alpha[60, 240] == 0


def test_a_rectangle_keeps_everything_outside_of_it_out(disc, tiny_session):
    two = np.concatenate([disc, disc], axis=1)
    alpha = remove_background(two, rect=(5, 165, 115, 315), session=tiny_session).alpha
    assert alpha[60, 240] == 1
    assert (alpha[:, :155] == 0).all()


def test_a_trimap_means_matting_only(sample):
    hair = sample("hair")
    cutout = remove_background(hair.image, trimap=hair.trimap)
    np.testing.assert_array_equal(cutout.trimap, hair.trimap)
    truth = hair.alpha / np.float32(np.iinfo(hair.alpha.dtype).max)
    assert np.abs(cutout.alpha - truth)[hair.trimap == 128].mean() < 0.1
    assert cutout.diagnostics["method"] == "trimap"


@pytest.mark.parametrize("name", ["green_even", "green_uneven"])
@pytest.mark.parametrize("method", ["key", "auto"])
def test_a_green_screen_is_keyed(name, method, sample, tiny_session):
    shot = sample(name)
    session = tiny_session if method == "auto" else None
    cutout = remove_background(shot.image, method=method, session=session, screen="green")
    truth = shot.alpha / np.float32(np.iinfo(shot.alpha.dtype).max)
    assert cutout.diagnostics["sources"] == {"key": 1.0}
    assert metrics.mse(cutout.alpha, truth) < 0.01
    mixed = (truth > 0.3) & (truth < 0.9)
    excess = cutout.foreground[..., 1] - cutout.foreground.max(axis=2)
    assert excess[mixed].max() <= 0  # green dominates nowhere along the edge


def test_a_key_hears_the_network_it_is_handed(tiny_session):
    image = np.full((64, 96, 3), (20, 180, 50), np.uint8)
    image[16:48, 20:52] = (200, 60, 40)
    image[6:10, 80:84] = (90, 20, 20)  # dark: this network sees bright things
    alone = remove_background(image, method="key")
    heard = remove_background(image, method="key", session=tiny_session)
    assert (alone.alpha[8, 82], heard.alpha[8, 82]) == (1, 0)
    assert heard.alpha[32, 36] == 1
    assert alone.diagnostics["model"] is None
    assert heard.diagnostics["model"]["name"] == "tiny"
    assert heard.diagnostics["method"] == "key"


def test_what_is_transparent_stays_so(disc, disc_mask, tiny_session):
    opacity = np.full(disc.shape[:2], 255, np.uint8)
    opacity[:, :80] = 0
    alpha = remove_background(np.dstack([disc, opacity]), session=tiny_session).alpha
    assert (alpha[:, :80] == 0).all()
    assert (alpha[50:70, 90:100] == 1).all()


def test_16_bit_float_and_grey_give_the_same_subject(disc, disc_mask, tiny_session):
    for image in (
        disc.astype(np.uint16) * 257,
        disc / np.float32(255),
        disc.mean(axis=2).astype(np.uint8),
    ):
        alpha = remove_background(image, session=tiny_session).alpha
        assert metrics.iou(alpha > 0.5, disc_mask) > 0.95


def test_the_number_of_threads_changes_nothing(sample, tiny_session):
    fur = sample("fur").image
    one, three = (remove_background(fur, session=tiny_session, num_threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one.alpha, three.alpha)
    np.testing.assert_array_equal(one.foreground, three.foreground)


def test_a_network_that_sees_nothing_is_said_and_replaced(disc, disc_mask, tiny_session):
    dark = disc // 4  # too dark for the tiny network, not for GrabCut
    cutout = remove_background(dark, session=tiny_session)
    assert any("network found no subject" in text for text in cutout.diagnostics["warnings"])
    assert metrics.iou(cutout.alpha > 0.5, disc_mask) > 0.9


def test_a_blank_picture_has_no_subject(tiny_session):
    with pytest.raises(NoSubjectError):
        remove_background(np.full((40, 50, 3), 90, np.uint8), session=tiny_session)


def test_progress_rises_and_can_stop_the_work(disc, tiny_session):
    calls = []
    remove_background(disc, session=tiny_session, progress=lambda *call: calls.append(call))
    fractions = [fraction for _, fraction in calls]
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert fractions == sorted(fractions)
    assert [*dict(calls)] == ["find the subject", "matting", "foreground"]

    def stop(stage, fraction):
        if stage == "matting" and fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remove_background(disc, session=tiny_session, progress=stop)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"method": "magic"}, InvalidOptionError),
        ({"num_threads": 0}, InvalidOptionError),
        ({"rect": (10, 10, 500, 20)}, InvalidOptionError),
        ({"method": "grabcut", "screen": "green"}, InvalidOptionError),
        ({"hint": np.zeros((5, 5), bool)}, InvalidMaskError),
        ({"trimap": np.full((120, 160), 7, np.uint8)}, InvalidTrimapError),
        ({"trimap": np.zeros((12, 16), np.uint8)}, InvalidTrimapError),
        ({"method": "key", "screen": "grey"}, InvalidOptionError),
        ({"method": "key"}, NoSubjectError),
    ],
)
def test_bad_options_are_one_clear_error(options, error, disc):
    with pytest.raises(error) as caught:
        remove_background(disc, **options)
    assert len(str(caught.value)) > 20


def test_sampled_colours_help_unless_told_not_to(sample):
    files = sample("hair")
    refined, plain = (
        remove_background(files.image, trimap=files.trimap, refine=refine)
        for refine in (True, False)
    )
    assert refined.diagnostics["solver"]["sampled"] > 0
    assert plain.diagnostics["solver"]["sampled"] == 0
    for cutout, refine in ((refined, True), (plain, False)):
        alpha = estimate_alpha(files.image, files.trimap, refine=refine)
        np.testing.assert_array_equal(cutout.alpha, alpha)


def test_a_profile_is_applied_once_and_to_a_small_copy(disc, monkeypatch):
    converted = []
    real = icc.to_srgb

    def counting(values, profile):
        converted.append(values.shape[0] * values.shape[1])
        return real(values, profile)

    monkeypatch.setattr(icc, "to_srgb", counting)
    monkeypatch.setattr(strategy, "_WORKING_SIDE", 80)
    picture = Image(disc, encoding="icc", icc_profile=icc_profiles.DISPLAY_P3)
    cutout = remove_background(picture, rect=(10, 30, 110, 130), method="grabcut")
    assert sum(converted) == disc.shape[0] * disc.shape[1] + 60 * 80
    assert cutout.alpha[60, 80] == 1


@pytest.mark.parametrize(("known", "expected"), [(128, 0.5), (0, 0), (255, 1)])
def test_one_sided_trimaps_have_an_answer(known, expected, disc):
    trimap = np.full((120, 160), 128, np.uint8)
    trimap[0] = known
    cutout = remove_background(disc, trimap=trimap)
    np.testing.assert_allclose(cutout.alpha, expected, atol=1 / 255)
    doubts = cutout.diagnostics["warnings"]
    assert [("no known pixel" in doubt) for doubt in doubts] == [True] * (known == 128)


def test_hint_or_rect_beside_a_trimap_is_an_error(disc, disc_mask):
    trimap = np.where(disc_mask, 255, 0).astype(np.uint8)
    with pytest.raises(InvalidOptionError, match="alone"):
        remove_background(disc, trimap=trimap, rect=(0, 0, 10, 10))


@pytest.mark.parametrize("shape", [(0, 0, 3), (1, 1, 3), (3, 3, 3), (9,), (9, 9, 5)])
def test_bad_shapes(shape):
    with pytest.raises(InvalidImageError):
        remove_background(np.zeros(shape, np.uint8))


def test_nan_is_refused():
    with pytest.raises(InvalidImageError):
        remove_background(np.full((9, 9, 3), np.nan, np.float32))


def test_find_trimap_stops_before_matting(disc, tiny_session):
    found = find_trimap(disc, session=tiny_session)
    cutout = remove_background(disc, session=tiny_session)
    np.testing.assert_array_equal(found.trimap, cutout.trimap)
    assert set(cutout.diagnostics) - set(found.diagnostics) == {"solver"}


def test_a_hint_for_a_network_without_one_is_not_dropped_silently(disc, disc_mask, tmp_path):
    (tmp_path / "plain.onnx").write_bytes(saliency_graph().SerializeToString())
    (tmp_path / "plain.toml").write_text(
        'kind = "saliency"\nsize = 32\ndynamic = false\nhas_hint = false\n', encoding="utf-8"
    )
    model = tmp_path / "plain.onnx"
    with pytest.raises(InvalidOptionError, match="takes none"):
        remove_background(disc, hint=disc_mask, model=model, method="predict")
    alpha = remove_background(disc, hint=disc_mask, model=model).alpha
    assert metrics.iou(alpha > 0.5, disc_mask) > 0.9


@pytest.mark.parametrize("wanted", ["left", "right"])
@pytest.mark.parametrize("told", ["rect", "hint"])
def test_of_several_objects_the_one_pointed_at_is_cut_out(tmp_path, wanted, told):
    image = np.full((64, 64, 3), 40, np.uint8)
    places = {"left": np.s_[20:44, 4:26], "right": np.s_[16:48, 36:60]}
    masks = np.zeros((2, 64, 64), np.float32)
    for mask, place in zip(masks, places.values(), strict=True):
        image[place] = 220
        mask[place] = 1
    boxes = [[4, 20, 26, 44], [36, 16, 60, 48]]
    (tmp_path / "objects.onnx").write_bytes(
        instance_graph(boxes, [1, 1], [0.9, 0.8], masks[:, None]).SerializeToString()
    )
    (tmp_path / "objects.toml").write_text('kind = "instances"\n', encoding="utf-8")
    truth = masks[list(places).index(wanted)] > 0
    rows, cols = places[wanted]
    rect = (rows.start - 3, cols.start - 3, rows.stop + 3, cols.stop + 3)
    cutout = remove_background(
        image,
        model=tmp_path / "objects.onnx",
        method="predict",
        **({"rect": rect} if told == "rect" else {"hint": truth}),
    )
    assert metrics.iou(cutout.alpha > 0.5, truth) > 0.9


def test_a_key_takes_away_as_much_spill_as_it_is_told():
    image = np.full((64, 64, 3), (60, 170, 70), np.uint8)
    image[16:48, 16:48] = (120, 130, 80)
    core = np.full((64, 64), 0.5)
    core[16:48, 16:48] = 1
    greens = [
        remove_background(
            image, hint=core, method="key", despill=limit, despill_strength=strength
        ).foreground[32, 32, 1]
        for limit, strength in (("average", 1.0), ("max", 1.0), ("max", 0.0))
    ]
    assert greens[0] < greens[1] < greens[2] == pytest.approx(130 / 255, abs=1e-3)
    for wrong in ({"despill": "none"}, {"despill_strength": 2}):
        with pytest.raises(InvalidOptionError):
            remove_background(image, method="key", **wrong)


@pytest.mark.parametrize("method", ["auto", "grabcut"])
def test_nothing_is_left_outside_of_a_rectangle(disc, tiny_session, method):
    """Even of a subject that it cuts through."""
    rect = 10, 30, 110, 108  # the disc reaches further to the right
    told = {"session": tiny_session} if method == "auto" else {}
    cutout = remove_background(disc, rect=rect, method=method, **told)
    outside = np.ones(cutout.alpha.shape, bool)
    outside[10:110, 30:108] = False
    assert not cutout.alpha[outside].any()
    assert cutout.alpha[60, 70] > 0.9


def test_a_cutout_is_told_in_one_line(disc, tiny_session):
    told = repr(remove_background(disc, session=tiny_session))
    assert told.startswith(f"Cutout({disc.shape[1]} x {disc.shape[0]}, method='auto', certainty=")


@pytest.mark.parametrize("model", [123, ["u2net"]])
def test_what_is_no_model_is_refused(disc, model):
    with pytest.raises(InvalidOptionError, match="expected a name, a path or a ModelSpec"):
        remove_background(disc, model=model)
