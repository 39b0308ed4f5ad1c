"""The second section: whether a ticket is ours at all."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_bridge.config.model import Intake
from itsm_bridge.model import Held
from itsm_bridge.rules.verdict import Case, CompiledRule, Step, TraceEntry

SECTION = "intake"


def decide(case: Case, rules: Sequence[CompiledRule[Intake]]) -> Step:
    """Whether the ticket is ours, by the first rule that matches; it is where none does.

    What is declined or redirected gets no other decision. It is held, not unrouted: somebody knows where it belongs.
    """
    rule = next(case.matching(rules), None)
    if rule is None:
        return Step()
    if rule.then.verdict == "accept":
        return Step(trace=(TraceEntry(SECTION, rule.name, decided=True, note="accepted"),))
    outcome = "declined" if rule.then.redirect_to is None else f"redirected to {rule.then.redirect_to}"
    why = f"not ours: {outcome} (rule {rule.name})"
    return Step(
        held=(Held(case.ticket.id, "vendor", why),),
        trace=(TraceEntry(SECTION, rule.name, decided=True, note=outcome),),
        ends=why,
    )
