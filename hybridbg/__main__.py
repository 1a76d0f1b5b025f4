"""``python -m hybridbg`` is the command line."""

from __future__ import annotations

from hybridbg.cli import main

if __name__ == "__main__":
    main(prog_name="hybridbg")
