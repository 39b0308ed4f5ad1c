"""ServiceNow's own clocks from ``task_sla``: a stream of its own, since a clock moves and its ticket does not."""

from __future__ import annotations

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
        "planned_end_time", "business_duration", "has_breached",
    ),
    ticket_class="task.sys_class_name",
)  # fmt: skip

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
"""A duration is kept as the instant that lies so long after this one."""

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
    lasted = instant(text_of(row.get("business_duration")))
    return NativeSla(
        source=source,
        external_id=ticket,
        native_id=text_of(row.get("sys_id")),
        name=cut(text_of(row.get("sla.name")) or text_of(row.get("sla")), LONGEST_LINE),
        stage=cut(text_of(row.get("stage")), LONGEST_LINE),
        started_at=instant(text_of(row.get("start_time"))),
        stopped_at=instant(text_of(row.get("end_time"))),
        due_at=instant(text_of(row.get("planned_end_time"))),
        elapsed_seconds=None if lasted is None else round((lasted - _ZERO).total_seconds()),
        breached=_BREACHED.get(text_of(row.get("has_breached")).casefold()),
    )
