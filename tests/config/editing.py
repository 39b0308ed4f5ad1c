"""The project's own example configuration, copied and spoiled in one place at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

from itsm_bridge.config import FILES, check
from itsm_bridge.errors import Finding

ACCESS = "{category: access, not: {type: change, environment: {not: internal}}}"
"""A condition of the example that stands in one line, for tests to put another in its place."""

EXAMPLE = Path(__file__).resolve().parents[2] / "config"


def copy_example(folder: Path) -> Path:
    """A copy of the example in ``folder``/config."""
    config = folder / "config"
    config.mkdir()
    for name in FILES:
        shutil.copyfile(EXAMPLE / name, config / name)
    return config


def edit(config: Path, file: str, old: str, new: str) -> None:
    """Replace the first ``old`` in a file, which must be there."""
    text = (config / file).read_text(encoding="utf-8")
    assert old in text, f"the example no longer holds {old!r}"
    (config / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def errors_of(config: Path) -> list[Finding]:
    """The findings that are no mere information."""
    return [finding for finding in check(config)[1] if finding.severity != "info"]


def place_of(text: str, index: int) -> tuple[int, int]:
    """Line and column, counted from 1, of a character."""
    before = text[:index]
    return before.count("\n") + 1, index - before.rfind("\n")
