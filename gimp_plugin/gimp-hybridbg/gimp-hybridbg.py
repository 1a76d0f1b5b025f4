#!/usr/bin/env python3
"""The plug-in's executable: GIMP starts it, and everything is in the package beside it."""

import sys

if "-run" in sys.argv:  # and not to be asked what there is in the menu
    from hybridbg_gimp import starting

    starting.start_early()  # it greets before the libraries are there that follow

import gi

gi.require_version("Babl", "0.1")
gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")

from gi.repository import Gimp  # noqa: E402 - after its version
from hybridbg_gimp.plugin import HybridBackground  # noqa: E402

Gimp.main(HybridBackground.__gtype__, sys.argv)
