"""The registry of the report's tables: a new one is a file beside this one and a line below."""

from __future__ import annotations

from itsm_bridge.analysis import (
    bandwidth,
    data_quality,
    decisions,
    definitions,
    history,
    open_tickets,
    sla_at_risk,
    sla_attainment,
    sla_breaches,
    sla_cycles,
    summary,
    tickets,
    traction,
)
from itsm_bridge.analysis.columns import Table

DESCRIBED: dict[str, Table] = {
    "summary": summary.TABLE,
    "tickets": tickets.TABLE,
    "open_tickets": open_tickets.TABLE,
    "sla_cycles": sla_cycles.TABLE,
    "sla_attainment": sla_attainment.TABLE,
    "sla_breaches": sla_breaches.TABLE,
    "sla_at_risk": sla_at_risk.TABLE,
    "bandwidth": bandwidth.TABLE,
    "traction": traction.TABLE,
    "history": history.TABLE,
    "decisions": decisions.TABLE,
    "data_quality": data_quality.TABLE,
}
"""In the order of the workbook's sheets."""

TABLES: dict[str, Table] = {**DESCRIBED, "definitions": definitions.table(DESCRIBED.values())}
