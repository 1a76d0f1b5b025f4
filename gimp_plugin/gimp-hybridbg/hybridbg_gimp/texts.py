"""Translated texts. GIMP binds the catalogue; without GIMP, as in tests, texts stay English."""

import re

try:
    from gi.repository import GLib
except ImportError:  # outside of GIMP
    GLib = None

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
    return text if GLib is None or not text else GLib.dgettext(DOMAIN, text)
