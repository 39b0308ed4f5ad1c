"""The second section: whether a ticket is ours at all."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_bridge.config.model import Intake, Rule
from itsm_bridge.model import Held
from itsm_bridge.rules.verdict import NO_STEP, Case, CompiledRule, NoteDecision, Step, TraceEntry

SECTION = "intake"


def decide(case: Case, rules: Sequence[CompiledRule[Intake]]) -> Step:
    """Whether the ticket is ours, by the first rule that matches; it is where none does.

    What is declined or redirected gets no other decision. It is held, not unrouted: somebody knows where it belongs.
    A rule with a ``note`` tells so on the ticket.
    """
    return by_rule(case, next(case.matching(rules), None))


def by_rule(case: Case, rule: Rule[Intake] | None) -> Step:
    """What one rule says, or none."""
    if rule is None:
        return NO_STEP
    if rule.then.verdict == "accept":
        accepted = TraceEntry(SECTION, rule.name, decided=True, note="accepted")
        return Step(trace=(accepted,), notes=_notes(rule, "accepted"))
    outcome = "declined" if rule.then.redirect_to is None else f"redirected to {rule.then.redirect_to}"
    why = f"not ours: {outcome} (rule {rule.name})"
    return Step(
        held=(Held(case.ticket.id, "vendor", why),),
        trace=(TraceEntry(SECTION, rule.name, decided=True, note=outcome),),
        ends=why,
        notes=_notes(rule, outcome),
    )


def _notes(rule: Rule[Intake], outcome: str) -> tuple[NoteDecision, ...]:
    """The rule's own words; another place to go to is another note, other words for the same one are not."""
    if rule.then.note is None:
        return ()
    key = f"{SECTION} {outcome}"
    return (NoteDecision(key, rule.then.note, rule.name, rule.because or outcome, public=rule.then.public),)
