"""The sixth section: who is told, once, that a share of a clock is used up.

The only way to tell somebody is a note on the ticket that begins with their address; the run lists whom it told. Each
rule tells once for each clock: a clock that starts again is another clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC

from itsm_bridge.config.model import Escalate, Rule
from itsm_bridge.model import NOTE, Held
from itsm_bridge.rules.contacts import UNTOLD, of_vendor
from itsm_bridge.rules.facts import read_fact
from itsm_bridge.rules.verdict import Case, CompiledRule, NoteDecision, RunningClock, Step, TraceEntry, because

SECTION = "escalation"


def decide(case: Case, rules: Sequence[CompiledRule[Escalate]]) -> Step:
    """A note for each rule that matches and each clock of its ``of`` that has used the share up.

    Clocks that run and clocks that are paused count, ended ones do not: nothing can be saved there any more.
    """
    notes: list[NoteDecision] = []
    held: list[Held] = []
    trace: list[TraceEntry] = []
    for rule in case.matching(rules):
        told = of_vendor(case, rule.then.tell) if rule.then.tell else ()
        due = tuple(_due(case, rule.then))
        if rule.then.tell and not told and due:
            held.append(Held(case.ticket.id, NOTE, f"{_nobody(case, rule.then.tell)} (rule {rule.name})", UNTOLD))
        if told or rule.then.note:
            notes += (_note(rule, clock, told) for clock in due)
        trace.append(TraceEntry(SECTION, rule.name, decided=bool(due), note=_course(case, rule.then, told)))
    return Step(notes=tuple(notes), held=tuple(held), trace=tuple(trace))


def _due(case: Case, then: Escalate) -> Iterator[RunningClock]:
    return (clock for clock in case.clocks if clock.measures == then.of and clock.used >= then.at)


def _note(rule: Rule[Escalate], clock: RunningClock, told: Sequence[str]) -> NoteDecision:
    used = f"{rule.then.at:g} % of {clock.sla} is used up"
    addressed = f"{', '.join(told)}: " if told else ""
    reason = f" {rule.because}" if rule.because else ""
    key = f"{SECTION} {rule.name} {clock.sla} {clock.started_at.astimezone(UTC).isoformat()}"
    text = f"{addressed}{used}.{reason}"
    return NoteDecision(key, text, rule.name, because(rule, f"({clock.used:.0f} % of {clock.sla})"), told=tuple(told))


def _nobody(case: Case, tell: str) -> str:
    vendor = next(iter(read_fact(case.facts, "vendor")), "")
    whose = f"{vendor} has no {tell} contact" if vendor else "nobody has the ticket"
    return f"nobody can be told: {whose}, and nobody is named for its environment"


def _course(case: Case, then: Escalate, told: Sequence[str]) -> str:
    clocks = [clock for clock in case.clocks if clock.measures == then.of]
    if not clocks:
        return f"no clock of {then.of} runs"
    used = ", ".join(f"{clock.used:.0f} % of {clock.sla}" for clock in clocks)
    whom = f"; tells {', '.join(told)}" if told else ""
    return f"{used} used, of {then.at:g} %{whom}"
