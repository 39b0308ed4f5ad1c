"""The registry of the report's tables: a new one is a file beside this one and a line below."""

from __future__ import annotations

import itsm_bridge.analysis.approvals as approvals
import itsm_bridge.analysis.bandwidth as bandwidth
import itsm_bridge.analysis.bandwidth_environments as bandwidth_environments
import itsm_bridge.analysis.bandwidth_skills as bandwidth_skills
import itsm_bridge.analysis.checks as checks
import itsm_bridge.analysis.corrections as corrections
import itsm_bridge.analysis.data_quality as data_quality
import itsm_bridge.analysis.decisions as decisions
import itsm_bridge.analysis.decisions_needed as decisions_needed
import itsm_bridge.analysis.definitions as definitions
import itsm_bridge.analysis.forecast as forecast
import itsm_bridge.analysis.history as history
import itsm_bridge.analysis.inputs as inputs
import itsm_bridge.analysis.open_tickets as open_tickets
import itsm_bridge.analysis.quality as quality
import itsm_bridge.analysis.recurring as recurring
import itsm_bridge.analysis.relief as relief
import itsm_bridge.analysis.scorecard as scorecard
import itsm_bridge.analysis.sla_at_risk as sla_at_risk
import itsm_bridge.analysis.sla_attainment as sla_attainment
import itsm_bridge.analysis.sla_breach_holders as sla_breach_holders
import itsm_bridge.analysis.sla_breach_shares as sla_breach_shares
import itsm_bridge.analysis.sla_breaches as sla_breaches
import itsm_bridge.analysis.sla_cycles as sla_cycles
import itsm_bridge.analysis.sla_flips as sla_flips
import itsm_bridge.analysis.sla_native as sla_native
import itsm_bridge.analysis.sla_trend as sla_trend
import itsm_bridge.analysis.summary as summary
import itsm_bridge.analysis.tickets as tickets
import itsm_bridge.analysis.time_in_hand as time_in_hand
import itsm_bridge.analysis.traction as traction
from itsm_bridge.analysis.columns import Table

DESCRIBED: dict[str, Table] = {
    "summary": summary.TABLE,
    "decisions_needed": decisions_needed.TABLE,
    "corrections": corrections.TABLE,
    "tickets": tickets.TABLE,
    "open_tickets": open_tickets.TABLE,
    "sla_cycles": sla_cycles.TABLE,
    "sla_attainment": sla_attainment.TABLE,
    "sla_trend": sla_trend.TABLE,
    "sla_breaches": sla_breaches.TABLE,
    "sla_at_risk": sla_at_risk.TABLE,
    "sla_flips": sla_flips.TABLE,
    "sla_breach_shares": sla_breach_shares.TABLE,
    "sla_breach_holders": sla_breach_holders.TABLE,
    "time_in_hand": time_in_hand.TABLE,
    "sla_native": sla_native.TABLE,
    "bandwidth": bandwidth.TABLE,
    "bandwidth_environments": bandwidth_environments.TABLE,
    "bandwidth_skills": bandwidth_skills.TABLE,
    "relief": relief.TABLE,
    "traction": traction.TABLE,
    "history": history.TABLE,
    "approvals": approvals.TABLE,
    "quality": quality.TABLE,
    "recurring": recurring.TABLE,
    "scorecard": scorecard.TABLE,
    "inputs": inputs.TABLE,
    "forecast": forecast.TABLE,
    "decisions": decisions.TABLE,
    "data_quality": data_quality.TABLE,
    "checks": checks.TABLE,
}
"""In the order of the workbook's sheets."""

TABLES: dict[str, Table] = {**DESCRIBED, "definitions": definitions.table(DESCRIBED.values())}
