"""Limits that stop a run before its first write, so that a slip in a rule stays a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from itsm_bridge.config.model import Limits
from itsm_bridge.errors import GuardTripped
from itsm_bridge.writeback.plan import Plan

SMALL_ENOUGH = 20
"""So many tickets are never too large a share: a small source may change whole."""


def check_limits(plan: Plan, limits: Limits, allow: int = 0, file: str = "") -> None:
    """Raise ``GuardTripped`` where the plan changes more tickets than a run may; it names every limit that is passed.

    ``max_changes`` counts tickets of all sources; the percentage is of one source's open tickets. ``allow`` lifts both
    for one run, up to that many tickets. ``file`` is the saved plan that is carried out, as a word of a command.
    """
    total = len(plan.tickets)
    passed = () if total <= allow else tuple(_passed(plan, limits))
    if not passed:
        return
    words = f"apply {file} --allow-changes" if file else "apply --allow-changes"
    raise GuardTripped(
        f"{'; '.join(passed)}{_most(plan)}; nothing was written",
        hint=f"look: itsm-bridge plan; allow it once: itsm-bridge {words} {total}",
    )


def _passed(plan: Plan, limits: Limits) -> Iterator[str]:
    """Each limit that the plan would pass, in words."""
    total = len(plan.tickets)
    if total > limits.max_changes:
        yield f"{total} tickets would change, limit max_changes {limits.max_changes}"
    for source, count in Counter(ticket.ticket.source for ticket in plan.tickets).items():
        of = plan.open_tickets[source]
        if count > SMALL_ENOUGH and count * 100 > limits.max_change_percent * of:
            yield (
                f"{count} of {of} open tickets of {source} would change, limit max_change_percent "
                f"{limits.max_change_percent:g} %"
            )


def _most(plan: Plan) -> str:
    """The rule that changes most tickets, of equals one that changes a field: a slip is most likely there."""
    tickets = Counter(rule for ticket in plan.tickets for rule in {change.rule for change in ticket.changes})
    if not tickets:
        return ""
    of_fields = {change.rule for change in plan.changes if change.note is None}
    rule, count = min(tickets.items(), key=lambda one: (-one[1], one[0] not in of_fields, one[0]))
    return f" (most by rule {rule}: {count})"
