"""One cell of an answer of the Table API: plain, a reference, or a pair of value and label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from itsm_bridge.connectors.texts import clean

Row = Mapping[str, object]

_TABLE_IN_LINK = re.compile(r"/table/([a-z][a-z0-9_]*)/")
_SYS_ID = re.compile(r"[0-9a-f]{32}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_STAMP = "%Y-%m-%d %H:%M:%S"


def is_cell(cell: object) -> bool:
    """Whether this is a value of the Table API: plain, or a mapping that holds a plain one."""
    if isinstance(cell, dict):
        cell = cell.get("value")
    return cell is None or isinstance(cell, str | int | float)


def text_of(cell: object) -> str:
    """The database value as text, without control characters; empty for what is no cell."""
    if type(cell) is str:  # most are, and there are a hundred in each ticket
        return cell if cell.isprintable() else clean(cell)
    if isinstance(cell, dict):
        cell = cell.get("value")
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell) if isinstance(cell, int | float) else ""


def table_of(cell: object) -> str:
    """The table that a reference says it points into; the rest of its link is never used."""
    link = cell.get("link") if isinstance(cell, dict) else None
    found = _TABLE_IN_LINK.search(link) if isinstance(link, str) else None
    return found[1] if found else ""


def is_sys_id(text: str) -> bool:
    """Whether a text has the form of a record's id."""
    return _SYS_ID.fullmatch(text) is not None


def instant(text: str) -> datetime | None:
    """A database date, which is UTC; ``None`` where empty. Raises ``ValueError`` for another form."""
    if not text:
        return None
    if not _DATE.fullmatch(text):
        raise ValueError("not a date of the database")
    return datetime.fromisoformat(f"{text}+00:00")


def stamp(at: datetime) -> str:
    """An instant in the form of the database."""
    return at.astimezone(UTC).strftime(_STAMP)
