"""Values as the dashboard says them, and tables as it shows them: right on a phone, where a row becomes a card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.columns import Kind
from itsm_bridge.analysis.messages import percent
from itsm_bridge.report.page import text

NONE = "–"
"""What stands where there is nothing to measure."""

NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.PERCENT})
FEW_COLUMNS = 4
"""Columns that a phone can show beside each other."""


def is_missing(value: object) -> bool:
    """Whether there is nothing in a cell."""
    return bool(pd.isna(cast("Any", value)))


def _number(value: object) -> float:
    return float(cast("Any", value))


def count(value: object) -> str:
    """A number of things: ``1,234``."""
    return NONE if is_missing(value) else f"{_number(value):,.0f}"


def share(value: object) -> str:
    """A fraction of 1 in percent: ``95.4%``."""
    return NONE if is_missing(value) else percent(_number(value))


def amount(value: object) -> str:
    """A measured number: ``12.5``."""
    return NONE if is_missing(value) else f"{_number(value):,.1f}"


def duration(seconds: object) -> str:
    """Seconds as hours and minutes: ``7 h 41 min``."""
    if is_missing(seconds):
        return NONE
    hours, minutes = divmod(int(_number(seconds)) // 60, 60)
    return f"{hours:,} h {minutes:02} min" if hours else f"{minutes} min"


def moment(at: object, zone: ZoneInfo) -> str:
    """An instant in the report's zone: ``23 Nov 2026, 10:48``."""
    if is_missing(at):
        return NONE
    local: datetime = pd.Timestamp(cast("Any", at)).to_pydatetime().astimezone(zone)
    return f"{local:%d %b %Y, %H:%M}"


def figure(value: object, unit: str) -> str:
    """A figure of the summary in its unit, without the unit's name."""
    if is_missing(value):
        return "no data"
    return {"share": share, "hours": amount, "days": amount}.get(unit, count)(value)


def value_of(value: object, kind: Kind, zone: ZoneInfo) -> str:
    """A value of any table, by the kind of its column, as markup."""
    match kind:
        case Kind.TEXT:
            return text(str(value), 160)
        case Kind.BOOLEAN:
            return NONE if is_missing(value) else "yes" if value else "no"
        case Kind.INSTANT:
            return moment(value, zone)
        case Kind.PERCENT:
            return share(value)
        case Kind.INTEGER:
            return count(value)
        case Kind.NUMBER:
            return NONE if is_missing(value) else f"{_number(value):,.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a shown table: its name, and whether numbers stand in it."""

    name: str
    number: bool = False


def heads(*names: str) -> tuple[Head, ...]:
    """Columns by their names; those of numbers begin with ``#``."""
    return tuple(Head(name.removeprefix("#"), name.startswith("#")) for name in names)


def shown_table(columns: Sequence[Head], rows: Iterable[Sequence[str]], of: str = "") -> str:
    """A table of markup; ``of`` names the report's table that it shows, for those who compare."""
    body = "".join(f"<tr>{''.join(map(_cell, columns, row))}</tr>\n" for row in rows)
    head = "".join(f'<th scope="col"{_kind(column)}>{text(column.name)}</th>' for column in columns)
    kind = "cards" if len(columns) > FEW_COLUMNS else "plain"
    data = f' data-of="{text(of)}"' if of else ""
    whole = f"<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody>"
    return f'<div class="wide"><table class="{kind}"{data}>{whole}</table></div>'


def _cell(column: Head, content: str) -> str:
    return f'<td{_kind(column)} data-label="{text(column.name)}">{content}</td>'


def _kind(column: Head) -> str:
    return ' class="number"' if column.number else ""
