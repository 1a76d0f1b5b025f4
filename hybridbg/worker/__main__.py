"""``python -m hybridbg.worker``."""

from __future__ import annotations

from hybridbg.worker.service import main

if __name__ == "__main__":
    main()
