"""hybridbg.evaluation.datasets: what belongs together, what manifests say, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hybridbg.core.errors import HybridBgError, ImageReadError, InvalidOptionError
from hybridbg.evaluation.datasets import read_dataset, read_datasets
from tests.evaluation.made import make_dataset, write

GREY = np.zeros((8, 8), np.uint8)


def test_one_folder_for_each_kind(dataset: Path) -> None:
    found = read_dataset(dataset)
    assert found.name == "discs"
    assert [each.name for each in found.pictures] == ["a", "b", "c"]
    assert set(found.pictures[0].files) == {"image", "alpha", "trimap", "foreground"}
    assert found.pictures[0].files["alpha"] == str(dataset / "alpha" / "a.png")


def test_one_folder_for_each_picture(tmp_path: Path) -> None:
    for kind in ("image", "mask", "notes"):
        write(tmp_path / "cat" / f"{kind}.png", GREY)
    (tmp_path / "README").mkdir()
    [picture] = read_dataset(tmp_path).pictures
    assert (picture.name, set(picture.files)) == ("cat", {"image", "mask"})


def test_suffixes_may_differ_and_other_files_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "image" / "cat.jpg", GREY)
    write(tmp_path / "mask" / "cat.png", GREY)
    write(tmp_path / "mask" / "dog.png", GREY)  # of no picture
    (tmp_path / "image" / "notes.txt").write_text("no picture")
    [picture] = read_dataset(tmp_path).pictures
    assert Path(picture.files["image"]).name == "cat.jpg"


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_a_manifest_of_either_kind(dataset: Path, suffix: str) -> None:
    (dataset / "trimap").rename(dataset / "wide")
    if suffix == "toml":
        text = """
            name = "round things"
            licence = "CC0"
            folders = { trimap = "wide" }
            slices = { early = ["a", "b"] }
            [pictures.c]
            slices = ["late"]
            tags = ["large"]
            licence = "MIT"
        """
    else:
        text = json.dumps(
            {
                "name": "round things",
                "licence": "CC0",
                "folders": {"trimap": "wide"},
                "slices": {"early": ["a", "b"]},
                "pictures": {"c": {"slices": ["late"], "tags": ["large"], "licence": "MIT"}},
            }
        )
    (dataset / f"manifest.{suffix}").write_text(text)
    found = read_dataset(dataset)
    a, _, c = found.pictures
    assert (found.name, found.licence) == ("round things", "CC0")
    assert (a.slices, a.tags, a.licence) == (("early",), (), "CC0")
    assert (c.slices, c.tags, c.licence) == (("late",), ("large",), "MIT")
    assert a.files["trimap"] == str(dataset / "wide" / "a.png")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("licence = ", "manifest.toml.*cannot be read"),
        ("license = 'CC0'", "unknown 'license'; expected name, licence"),
        ("name = 3", "name: expected a text"),
        ("folders = { truth = 'x' }", "folders: unknown 'truth'"),
        ("folders = { trimap = 3 }", "expected names of folders"),
        ("folders = { trimap = 'nowhere' }", "no folder .*nowhere.* for trimap"),
        ("slices = { early = 'a' }", "slices.early: expected a list of texts"),
        ("slices = 3", "slices: expected a table"),
        ("[pictures.d]\ntags = []", "no picture 'd'"),
        ("[pictures.a]\ntag = []", "pictures.a: unknown 'tag'"),
    ],
)
def test_a_manifest_with_a_mistake(dataset: Path, text: str, message: str) -> None:
    (dataset / "manifest.toml").write_text(text)
    with pytest.raises(HybridBgError, match=message):
        read_dataset(dataset)


def test_two_manifests(dataset: Path) -> None:
    (dataset / "manifest.toml").touch()
    (dataset / "manifest.json").write_text("{}")
    with pytest.raises(InvalidOptionError, match="two manifests"):
        read_dataset(dataset)


def test_what_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="does not exist"):
        read_dataset(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(ImageReadError, match="is a file"):
        read_dataset(tmp_path / "file")
    with pytest.raises(ImageReadError, match=r"no picture.*expected image/NAME"):
        read_dataset(tmp_path)
    write(tmp_path / "image" / "a.png", GREY)
    with pytest.raises(InvalidOptionError, match=r"no picture has a truth.*alpha"):
        read_dataset(tmp_path)
    write(tmp_path / "image" / "a.jpg", GREY)
    with pytest.raises(InvalidOptionError, match="one name"):
        read_dataset(tmp_path)


def test_several_are_told_apart(tmp_path: Path) -> None:
    make_dataset(tmp_path / "first", "ab")
    make_dataset(tmp_path / "second", "a")
    first, second = read_datasets([str(tmp_path / name) for name in ("first", "second")])
    assert [each.name for each in first.pictures] == ["first/a", "first/b"]
    assert second.pictures[0].slices == ("second",)
    with pytest.raises(InvalidOptionError, match="one name"):
        read_datasets([str(tmp_path / "first")] * 2)


def test_a_limit_takes_pictures_from_all_over(tmp_path: Path) -> None:
    make_dataset(tmp_path / "many", "abcdefgh")
    [found] = read_datasets([str(tmp_path / "many")], limit=3)
    assert [each.name for each in found.pictures] == ["a", "c", "f"]
    [found] = read_datasets([str(tmp_path / "many")], limit=99)
    assert len(found.pictures) == 8


def test_trimaps_of_another_folder(dataset: Path) -> None:
    (dataset / "trimap").rename(dataset / "trimap_tight")
    [found] = read_datasets([str(dataset)], trimaps="trimap_tight")
    assert "trimap_tight" in found.pictures[0].files["trimap"]
    with pytest.raises(ImageReadError, match="trimap_loose"):
        read_datasets([str(dataset)], trimaps="trimap_loose")
