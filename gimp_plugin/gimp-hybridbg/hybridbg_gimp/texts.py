"""Translated texts. GIMP binds the catalogue; without GIMP, as in tests, texts stay English."""

try:
    from gi.repository import GLib
except ImportError:  # outside of GIMP
    GLib = None

__all__ = ["DOMAIN", "N_", "_"]

DOMAIN = "gimp-hybridbg"


def N_(text):  # noqa: N802 - gettext's own name
    """Mark a text for translation that is translated elsewhere."""
    return text


def _(text):
    """Translate a text."""
    return text if GLib is None or not text else GLib.dgettext(DOMAIN, text)
