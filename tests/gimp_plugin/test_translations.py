"""The catalogues hold every text that the plug-in can show, and fit its placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import translate
from hybridbg_gimp.texts import plain

from hybridbg.cli.catalogue import compile_catalogue, parse_catalogue

LANGUAGES = ("de", "es", "fr", "ja")


def test_complete() -> None:
    assert [path.stem for path in sorted(translate.PO.glob("*.po"))] == list(LANGUAGES)
    assert translate.outdated() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_keys(language: str) -> None:
    known = parse_catalogue((translate.PO / f"{language}.po").read_text(encoding="utf-8"))
    for text, translation in known.items():
        if not text:
            continue
        places = [sorted(re.findall(r"\{\w+\}", words)) for words in (text, translation)]
        assert places[0] == places[1], text
        assert text.endswith("...") == translation.endswith("..."), text
        assert ("_" in text) == ("_" in translation), text


def test_compiled(tmp_path: Path) -> None:
    import gettext

    messages = {"": "Content-Type: text/plain; charset=UTF-8\n", "Mask": "Máscara", "b": "ü"}
    path = tmp_path / "x.mo"
    path.write_bytes(compile_catalogue(messages))
    with path.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.gettext("Mask") == "Máscara"
    assert catalogue.gettext("other") == "other"


def test_plain_labels() -> None:
    assert plain("_Remove Background...") == "Remove Background"
    assert plain("背景を削除(_R)...") == "背景を削除"


def test_parse() -> None:
    text = '# note\nmsgid ""\n"two\\n"\n"lines"\nmsgstr "zwei"\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n'
    assert parse_catalogue(text) == {"two\nlines": "zwei"}
