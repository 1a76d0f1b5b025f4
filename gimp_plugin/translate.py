"""Extract the plug-in's texts into the template, and bring the catalogues of `po/` up to date.

``python gimp_plugin/translate.py`` writes; with ``--check`` it only says whether the template is
what the sources ask for and every catalogue is complete. Texts are the constant arguments of `_`
and `N_` in the plug-in and in the worker's hints. The order is that of the sources, so that a
catalogue reads like the dialogs it is for.
"""

import argparse
import ast
import json
import sys
from pathlib import Path

from hybridbg.cli.catalogue import parse_catalogue

HERE = Path(__file__).resolve().parent
SOURCES = (HERE / "gimp-hybridbg/hybridbg_gimp", HERE.parent / "hybridbg/worker/hints.py")
PO = HERE / "po"
TEMPLATE = PO / "gimp-hybridbg.pot"

HEADER = """\
Project-Id-Version: hybridbg
Language: {language}
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
"""


def extract():
    """Return every text with the files it stands in."""
    found = {}
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
                if getattr(call.func, "id", "") not in ("_", "N_") or len(call.args) != 1:
                    continue
                [text] = call.args
                if isinstance(text, ast.Constant) and text.value:
                    found.setdefault(text.value, []).append(path.name)
    return found


def catalogue(texts, translations, language):
    """Return the text of a .po file."""
    blocks = [_entry("", HEADER.format(language=language))]
    for text, files in texts.items():
        where = "#: " + " ".join(sorted(set(files)))
        blocks.append(f"{where}\n{_entry(text, translations.get(text, ''))}")
    return "\n\n".join(blocks) + "\n"


def _entry(text, translation):
    return f"msgid {_quoted(text)}\nmsgstr {_quoted(translation)}"


def _quoted(text):
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return json.dumps(text, ensure_ascii=False)
    return "\n".join(['""', *(json.dumps(line, ensure_ascii=False) for line in lines)])


def outdated():
    """Return what is wrong with the template and the catalogues, a line each."""
    texts = extract()
    found = []
    if not TEMPLATE.exists() or TEMPLATE.read_text(encoding="utf-8") != catalogue(texts, {}, ""):
        found.append(f"{TEMPLATE.name} is not what the sources ask for: make translations")
    for path in sorted(PO.glob("*.po")):
        known = parse_catalogue(path.read_text(encoding="utf-8"))
        missing = [text for text in texts if text not in known]
        if missing:
            found.append(f"{path.name} lacks {len(missing)} texts, the first is {missing[0]!r}")
        surplus = [text for text in known if text and text not in texts]
        if surplus:
            found.append(f"{path.name} has texts that nobody asks for: {surplus[0]!r}")
    return found


def main():
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        texts = extract()
        PO.mkdir(exist_ok=True)
        TEMPLATE.write_text(catalogue(texts, {}, ""), encoding="utf-8")
        for path in sorted(PO.glob("*.po")):
            known = parse_catalogue(path.read_text(encoding="utf-8"))
            path.write_text(catalogue(texts, known, path.stem), encoding="utf-8")
    problems = outdated()
    print("\n".join(problems), file=sys.stderr) if problems else print("translations are complete")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
