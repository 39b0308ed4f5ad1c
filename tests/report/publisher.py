"""A process that publishes without end, until somebody kills it: ``python -m tests.report.publisher FOLDER``."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from itsm_bridge.report.publishing import published

FILES = 12


def main() -> None:
    """Publish generation after generation, and say each number."""
    for generation in count():
        with published(Path(sys.argv[1])) as staged:
            for place in range(FILES):
                (staged / f"{place}.txt").write_text(str(generation) * 2000, encoding="ascii")
            names = ",".join(f'{{"path": "{place}.txt"}}' for place in range(FILES))
            (staged / "manifest.json").write_text(f'{{"files": [{names}]}}', encoding="ascii")
        sys.stdout.write(f"{generation}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
