"""What of the plug-in needs no GIMP is imported as GIMP does: from its own folder."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "gimp_plugin"
sys.path[:0] = [str(FOLDER / "gimp-hybridbg"), str(FOLDER)]
