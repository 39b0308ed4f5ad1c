"""What a plan and an apply are: from decisions to writes that are announced, made once, and read back."""

from itsm_bridge.writeback.apply import Applied, apply
from itsm_bridge.writeback.clocks import clocks_of
from itsm_bridge.writeback.comparing import current_value
from itsm_bridge.writeback.effort import Efforts, learn
from itsm_bridge.writeback.guards import check_limits
from itsm_bridge.writeback.judging import TicketOutcome, collisions_in
from itsm_bridge.writeback.leftovers import Leftovers, look_for_notes, look_for_shown, open_writes, resolve_leftovers
from itsm_bridge.writeback.loads import Ledger, Loads, loads_of
from itsm_bridge.writeback.moving import what_changed
from itsm_bridge.writeback.notes import Shown
from itsm_bridge.writeback.piles import Pile, gains, piles
from itsm_bridge.writeback.plan import Judged, Plan, TicketPlan, Watch, make_plan, unwatched
from itsm_bridge.writeback.planfile import (
    SavedPlan,
    announced,
    check_configuration,
    plan_document,
    plan_summary,
    read_plan_file,
    restrict,
    write_plan_file,
)
from itsm_bridge.writeback.standing import standing_of

__all__ = [
    "Applied",
    "Efforts",
    "Judged",
    "Ledger",
    "Leftovers",
    "Loads",
    "Pile",
    "Plan",
    "SavedPlan",
    "Shown",
    "TicketOutcome",
    "TicketPlan",
    "Watch",
    "announced",
    "apply",
    "check_configuration",
    "check_limits",
    "clocks_of",
    "collisions_in",
    "current_value",
    "gains",
    "learn",
    "loads_of",
    "look_for_notes",
    "look_for_shown",
    "make_plan",
    "open_writes",
    "piles",
    "plan_document",
    "plan_summary",
    "read_plan_file",
    "resolve_leftovers",
    "restrict",
    "standing_of",
    "unwatched",
    "what_changed",
    "write_plan_file",
]
