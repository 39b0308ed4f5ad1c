"""ServiceNow's own clocks from ``task_sla``: a stream of its own, since a clock moves and its ticket does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from itsm_bridge.connectors.base import Rejected
from itsm_bridge.connectors.servicenow.attached import Attached
from itsm_bridge.connectors.servicenow.cells import Row, instant, text_of
from itsm_bridge.connectors.servicenow.columns import SLAS
from itsm_bridge.connectors.texts import LONGEST_LINE, cut
from itsm_bridge.model import NativeSla

ATTACHED = Attached(
    SLAS,
    "task",
    (
        "sys_id", "sys_updated_on", "sys_mod_count", "sla", "sla.name", "stage", "start_time", "end_time",
        "planned_end_time", "business_duration", "has_breached", "sla.duration", "sla.duration_type", "schedule.name",
        "schedule.time_zone", "timezone", "pause_time", "business_pause_duration", "business_percentage",
    ),
    ticket_class="task.sys_class_name",
)  # fmt: skip

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
"""A duration is kept as the instant that lies so long after this one."""

_PERCENT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")

_FLOATING = "floating"
"""The zone of a schedule whose hours are read in the zone of whoever uses it."""

_STAGES = {"paused": True, "in_progress": False, "completed": False, "cancelled": False, "breached": False}
"""Whether a clock of that stage is paused; ``breached`` is a stage of engines before 2011."""

_BREACHED = {"true": True, "1": True, "false": False, "0": False}


def natives_of(source: str, rows: Sequence[Row]) -> tuple[tuple[NativeSla, ...], tuple[Rejected, ...]]:
    """The clocks in ``rows``, and those that cannot be read."""
    natives, rejected = [], []
    for row in rows:
        try:
            natives.append(_native(source, row))
        except ValueError as error:
            rejected.append(Rejected(text_of(row.get("sys_id")), f"{SLAS}: {error}"))
    return tuple(natives), tuple(rejected)


def _native(source: str, row: Row) -> NativeSla:
    ticket = ATTACHED.ticket_of(row)
    if not ticket:
        raise ValueError("it hangs on no ticket")
    return NativeSla(
        source=source,
        external_id=ticket,
        native_id=text_of(row.get("sys_id")),
        name=cut(text_of(row.get("sla.name")) or text_of(row.get("sla")), LONGEST_LINE),
        stage=cut(text_of(row.get("stage")), LONGEST_LINE),
        started_at=instant(text_of(row.get("start_time"))),
        stopped_at=instant(text_of(row.get("end_time"))),
        due_at=instant(text_of(row.get("planned_end_time"))),
        elapsed_seconds=_seconds(row, "business_duration"),
        breached=_BREACHED.get(text_of(row.get("has_breached")).casefold()),
        measured_at=instant(text_of(row.get("sys_updated_on"))),
        target_seconds=_target(row),
        schedule=_line(row, "schedule.name"),
        zone=_zone(row),
        paused=_STAGES.get(text_of(row.get("stage")).casefold()),
        paused_at=instant(text_of(row.get("pause_time"))),
        paused_seconds=_seconds(row, "business_pause_duration"),
        percent=_percent(row),
    )


def _seconds(row: Row, column: str) -> int | None:
    lasted = instant(text_of(row.get(column)))
    return None if lasted is None else round((lasted - _ZERO).total_seconds())


def _target(row: Row) -> int | None:
    """The duration of the definition; one that is relative (until a time of a day) is none of so many seconds."""
    return None if text_of(row.get("sla.duration_type")) else _seconds(row, "sla.duration")


def _zone(row: Row) -> str | None:
    """The zone of the schedule, or where that has none of its own the one that the clock took from elsewhere."""
    own = _line(row, "schedule.time_zone")
    return own if own is not None and own.casefold() != _FLOATING else _line(row, "timezone")


def _line(row: Row, column: str) -> str | None:
    return cut(text_of(row.get(column)).strip(), LONGEST_LINE) or None


def _percent(row: Row) -> float | None:
    text = text_of(row.get("business_percentage")).replace(",", "")
    return float(text) if _PERCENT.fullmatch(text) else None
