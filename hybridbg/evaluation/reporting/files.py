"""The files of a report: the results as JSON, and the page that shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hybridbg.evaluation.reporting.page import make_page
from hybridbg.evaluation.runs import THUMBNAILS
from hybridbg.io import write_bytes

__all__ = ["JSON", "PAGE", "write_report"]

JSON: Final = "report.json"
PAGE: Final = "report.html"


def write_report(results: Mapping[str, Any], output: Path) -> list[Path]:
    """Write both files.

    Parameters
    ----------
    results : mapping
        From `summarise`.
    output : Path
        Folder of the run.

    Returns
    -------
    list of Path
        The page and the JSON file.

    Raises
    ------
    ImageWriteError
        The system refuses.
    """
    text = json.dumps(results, ensure_ascii=False, allow_nan=False, indent=1)
    write_bytes(output / JSON, text.encode())
    write_bytes(output / PAGE, make_page(results, output / THUMBNAILS).encode())
    return [output / PAGE, output / JSON]
