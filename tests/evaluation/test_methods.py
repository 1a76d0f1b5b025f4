"""hybridbg.evaluation.methods: names, and that each answers as what it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg import estimate_alpha, remove_background
from hybridbg.core.errors import InvalidOptionError, ModelNotFoundError, NoSubjectError
from hybridbg.evaluation.methods import choose_methods
from hybridbg.evaluation.scenes import Scene
from tests.evaluation.made import disc, painted

ALPHA = disc(32, 32, 14, (64, 64))
TRIMAP = np.select([ALPHA == 0, ALPHA == 1], [0, 255], 128).astype(np.uint8)
SCENE = Scene(painted(ALPHA), ALPHA, True, trimap=TRIMAP, hint=ALPHA)


@pytest.mark.parametrize(
    "name",
    ["", "autom", "auto:", "key:model", "grabcut:model", "key+hint", "matte+hint", "matte:magic"],
)
def test_names_nobody_knows(name: str) -> None:
    with pytest.raises(InvalidOptionError, match=r"unknown method .* expected auto, key, grabcut"):
        choose_methods([name])


def test_none_and_twice() -> None:
    with pytest.raises(InvalidOptionError, match="at least one"):
        choose_methods([])
    with pytest.raises(InvalidOptionError, match="'auto' is given twice"):
        choose_methods(["auto", "key", "auto"])


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(ModelNotFoundError, match="no-such-model"):
        choose_methods(["predict:no-such-model"])


def test_what_they_need() -> None:
    names = ["auto", "matte", "grabcut+hint"]
    needs = [set(method.needs) for method in choose_methods(names)]
    assert needs == [set(), {"trimap"}, {"hint"}]


@pytest.mark.parametrize("name", ["grabcut", "auto", "predict:default", "grabcut+hint"])
def test_removals_are_those_of_the_pipeline(name: str) -> None:
    [method] = choose_methods([name])
    method.prepare(1)
    answer = method.answer(SCENE, 1)
    expected = remove_background(
        SCENE.image,
        method=name.partition(":")[0].removesuffix("+hint"),
        hint=SCENE.hint if "hint" in name else None,
        num_threads=1,
    )
    assert (answer.alpha == expected.alpha).all()
    assert (answer.foreground == expected.foreground).all()
    assert answer.certainty == expected.diagnostics["certainty"]
    assert answer.cost is not None
    assert answer.cost.seconds > 0


def test_a_key_without_a_screen_finds_nothing() -> None:
    [method] = choose_methods(["key"])
    method.prepare(1)
    red_everywhere = Scene(np.full((64, 64, 3), (220, 40, 40), np.uint8), ALPHA, True)
    with pytest.raises(NoSubjectError):
        method.answer(red_everywhere, 1)


@pytest.mark.parametrize("name", ["network", "network+hint"])
def test_the_network_alone_has_the_pictures_colours(name: str) -> None:
    [method] = choose_methods([name])
    answer = method.answer(SCENE, 1)
    assert answer.foreground is None
    assert answer.alpha.shape == ALPHA.shape


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("matte", {"refine": True}),
        ("matte:plain", {"refine": False}),
        ("matte:cf-pymatting", {"method": "cf-pymatting", "refine": False}),
    ],
)
def test_matting_solves_the_trimap(name: str, options: dict) -> None:
    [method] = choose_methods([name])
    method.prepare(1)
    answer = method.answer(SCENE, 1)
    assert (answer.alpha == estimate_alpha(SCENE.image, TRIMAP, num_threads=1, **options)).all()
    assert answer.alpha == pytest.approx(ALPHA, abs=0.05)
    assert answer.foreground is not None


def test_what_a_method_is_depends_on_its_model() -> None:
    default, other, cut = choose_methods(
        ["predict", "predict:hybridbg-trimap-small-int8", "grabcut"]
    )
    assert default.identity()["model"] != other.identity()["model"]
    assert "model" not in cut.identity()
