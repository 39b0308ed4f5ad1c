"""Limits that stop a run before its first write, so that a slip in a rule stays a message."""

from __future__ import annotations

from collections import Counter

from itsm_bridge.config.model import Limits
from itsm_bridge.errors import GuardTripped
from itsm_bridge.writeback.plan import Plan

SMALL_ENOUGH = 20
"""So many tickets are never too large a share: a small source may change whole."""


def check_limits(plan: Plan, limits: Limits, allow: int = 0) -> None:
    """Raise ``GuardTripped`` where the plan changes more tickets than a run may.

    ``max_changes`` counts tickets of all sources; the percentage is of one source's open tickets. ``allow`` lifts both
    for one run, up to that many tickets.
    """
    total = len(plan.tickets)
    if total <= allow:
        return
    hint = f"look: itsm-bridge plan; allow it once: itsm-bridge apply --allow-changes {total}"
    if total > limits.max_changes:
        raise GuardTripped(
            f"{total} tickets would change, limit max_changes {limits.max_changes}; nothing was written", hint=hint
        )
    for source, count in Counter(ticket.ticket.source for ticket in plan.tickets).items():
        of = plan.open_tickets[source]
        if count > SMALL_ENOUGH and count * 100 > limits.max_change_percent * of:
            raise GuardTripped(
                f"{count} of {of} open tickets of {source} would change, limit max_change_percent "
                f"{limits.max_change_percent:g} %; nothing was written",
                hint=hint,
            )
