"""Where something stands in a file, and how long something takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a configuration file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of business time: exact seconds, or whole working days of a calendar (one of the two)."""

    seconds: int | None = None
    working_days: int | None = None
