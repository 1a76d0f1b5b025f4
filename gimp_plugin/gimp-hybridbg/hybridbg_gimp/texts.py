"""Translated texts. GIMP binds the catalogue; without GIMP, as in tests, texts stay English.

GLib is imported with the first text: the worker is started before it.
"""

import functools
import re

__all__ = ["DOMAIN", "N_", "_", "plain"]

DOMAIN = "gimp-hybridbg"


def N_(text):  # noqa: N802 - gettext's own name
    """Mark a text for translation that is translated elsewhere."""
    return text


def plain(label):
    """Return a menu entry's words: without key and dots.

    Examples
    --------
    >>> plain("_Remove..."), plain("削除(_R)...")
    ('Remove', '削除')
    """
    return re.sub(r"\(_\w\)", "", label).replace("_", "").removesuffix("...")


def _(text):
    """Translate a text."""
    glib = _glib()
    return text if glib is None or not text else glib.dgettext(DOMAIN, text)


@functools.cache
def _glib():
    try:
        from gi.repository import GLib
    except ImportError:  # outside of GIMP
        return None
    return GLib
