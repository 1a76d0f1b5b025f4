"""Catalogues of translations: gettext's text form (.po) read, its binary form (.mo) written.

The plug-in's catalogues ship as text and are compiled when it is installed. Only what our own
catalogues use is understood: no plural forms, no contexts.

The binary form is that of the GNU gettext manual, "The Format of GNU MO Files": a header of seven
words, a table of (length, offset) for the sorted originals, one for the translations, the strings.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Mapping

__all__ = ["compile_catalogue", "parse_catalogue"]

_MAGIC = 0x950412DE
_HEADER_WORDS = 7


def parse_catalogue(text: str) -> dict[str, str]:
    r"""Read a .po file; what is marked fuzzy or has no translation is left out.

    Returns
    -------
    dict
        Original to translation; "" is the catalogue's header.

    Examples
    --------
    >>> parse_catalogue('msgid "Mask"\nmsgstr "Maske"\n')
    {'Mask': 'Maske'}
    """
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        lines = [line.strip() for line in block.splitlines()]
        if any(line.startswith("#,") and "fuzzy" in line for line in lines):
            continue
        parts: dict[str, str] = {}
        current = ""
        for line in lines:
            if not line or line.startswith("#"):
                continue
            word, _, rest = line.partition(" ")
            if word in ("msgid", "msgstr"):
                current, line = word, rest  # noqa: PLW2901 - the string that follows the word
            parts[current] = parts.get(current, "") + ast.literal_eval(line)
        if parts.get("msgstr"):
            found[parts["msgid"]] = parts["msgstr"]
    return found


def compile_catalogue(messages: Mapping[str, str]) -> bytes:
    """Return the .mo file of some messages."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items())
    start = 4 * _HEADER_WORDS
    offset = start + 16 * len(pairs)
    tables: tuple[list[bytes], list[bytes]] = ([], [])
    strings = b""
    for side, table in enumerate(tables):
        for pair in pairs:
            table.append(struct.pack("<II", len(pair[side]), offset + len(strings)))
            strings += pair[side] + b"\0"
    header = struct.pack("<7I", _MAGIC, 0, len(pairs), start, start + 8 * len(pairs), 0, offset)
    return header + b"".join(tables[0]) + b"".join(tables[1]) + strings
