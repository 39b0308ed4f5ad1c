"""Why a ticket is where it is: every rule in order, each condition with the values seen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itsm_bridge.conditions import Facts, Judgement, describe, miss_text, misses, seen_text, shown
from itsm_bridge.conditions import explain as judge
from itsm_bridge.model import TicketRecord
from itsm_bridge.rules.classify import SECTION as CLASSIFY
from itsm_bridge.rules.classify import Reading
from itsm_bridge.rules.decide import Decider, Run, json_value
from itsm_bridge.rules.verdict import NOBODY, CompiledRule, RunningClock, Standing, TraceEntry, Verdict

WIDTH = 100
LONGEST = 400
"""Characters of one text of a rule or a ticket that the rendering repeats."""


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """One rule on one ticket: whether it matched, whether it decided something, and the judgement of its condition."""

    name: str
    because: str
    matched: bool
    decided: bool
    note: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class SectionExplanation:
    """One section. ``skipped`` says why it did not run; ``notes`` are about no single rule.

    ``nearest`` is given where nothing matched: the rule that failed by the fewest conditions, and what it wanted.
    """

    name: str
    skipped: str
    rules: tuple[RuleExplanation, ...]
    notes: tuple[str, ...]
    nearest: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole way of one ticket through the rules, and where it ended."""

    ticket: str
    summary: str
    now: datetime
    sections: tuple[SectionExplanation, ...]
    verdict: Verdict


def explain(
    decider: Decider,
    record: TicketRecord,
    now: datetime,
    *,
    standing: Mapping[str, Standing] = NOBODY,
    loads: Mapping[str, float] = NOBODY,
    clocks: tuple[RunningClock, ...] = (),
    given: Facts = NOBODY,
) -> Explanation:
    """Decide a ticket as ``Decider.walk`` does, and keep every judgement on the way."""
    reading, runs, verdict = decider.walk(record, now, standing=standing, loads=loads, clocks=clocks, given=given)
    sections = (_classification(decider, reading), *(_section(run, decider.rules[run.section]) for run in runs))
    return Explanation(record.ticket.id, record.ticket.summary, now, sections, verdict)


def _classification(decider: Decider, reading: Reading) -> SectionExplanation:
    """Each rule on the facts on which it filled something, else on the facts at the end."""
    seen = {fill.rule.name: fill.seen for fill in reversed(reading.filled)}
    rules = [
        _rule(compiled, seen.get(compiled.rule.name, reading.facts), reading.trace) for compiled in decider.reader.rules
    ]
    return SectionExplanation(CLASSIFY, "", tuple(rules), (), "")


def _section(run: Run, rules: Sequence[CompiledRule[Any]]) -> SectionExplanation:
    explained = tuple(_rule(compiled, run.facts, run.step.trace) for compiled in rules)
    notes = tuple(entry.note for entry in run.step.trace if not entry.rule)
    missed = explained and not any(rule.matched for rule in explained)
    return SectionExplanation(run.section, run.skipped, explained, notes, _nearest(explained) if missed else "")


def _rule(
    compiled: CompiledRule[Any],
    facts: Facts,
    trace: Sequence[TraceEntry],
) -> RuleExplanation:
    rule, judgement = compiled.rule, judge(compiled.rule.when, facts)
    entries = [entry for entry in trace if entry.rule == rule.name]
    idle = "decided above" if any(entry.decided for entry in trace) else "not asked"
    return RuleExplanation(
        name=rule.name,
        because=rule.because,
        matched=judgement.held,
        decided=any(entry.decided for entry in entries),
        note="; ".join(entry.note for entry in entries) or (idle if judgement.held else ""),
        judgement=judgement,
    )


def _nearest(rules: Sequence[RuleExplanation]) -> str:
    nearest = min(rules, key=lambda rule: rule.judgement.failed)
    return f"{nearest.name} would have matched {miss_text(misses(nearest.judgement))}"


# --- as text -----------------------------------------------------------------------------------------------------


def render_text(explanation: Explanation, width: int | None = None) -> str:
    """The explanation as text: at most ``width`` characters a line (default 100), foreign text escaped and cut."""
    lines = [f"{explanation.ticket}  {explanation.summary}", f"decided as of {explanation.now.isoformat()}"]
    for section in explanation.sections:
        lines += ["", *_section_lines(section)]
    lines += ["", "outcome", *_outcome_lines(explanation.verdict)]
    return "\n".join(line for text in lines for line in _wrapped(text, width or WIDTH)) + "\n"


def _section_lines(section: SectionExplanation) -> Iterator[str]:
    yield section.name + (f": did not run, {section.skipped}" if section.skipped else "")
    if not section.rules:
        yield "  no rules"
    for rule in section.rules:
        yield f"  {_mark(rule)} {rule.name}" + (f": {rule.note}" if rule.note else "")
        if rule.because:
            yield f"      {rule.because}"
        yield from _judgement_lines(rule.judgement, 6)
    for note in section.notes:
        yield f"  {note}"
    if section.nearest:
        yield f"  nearest: {section.nearest}"


def _mark(rule: RuleExplanation) -> str:
    if rule.decided:
        return "[decides]"
    return "[matches]" if rule.matched else "[no]"


def _judgement_lines(judgement: Judgement, indent: int) -> Iterator[str]:
    space, outcome = " " * indent, "yes" if judgement.held else "no"
    if judgement.test is not None:
        yield f"{space}{describe(judgement.test)}: seen {seen_text(judgement)} — {outcome}"
        return
    if not judgement.path and judgement.kind == "all":
        if not judgement.parts:
            yield f"{space}every ticket — yes"
        for part in judgement.parts:
            yield from _judgement_lines(part, indent)
        return
    yield f"{space}{judgement.kind} of: {outcome}" if judgement.kind != "not" else f"{space}not: {outcome}"
    for part in judgement.parts:
        yield from _judgement_lines(part, indent + 2)


def _outcome_lines(verdict: Verdict) -> Iterator[str]:
    for field, decision in verdict.values.items():
        rule = f" by rule {decision.rule}" if decision.rule else ""
        yield f"  {field} = {decision.value}{rule}" + (f": {decision.because}" if decision.because else "")
    for held in verdict.held:
        yield f"  {held.field} is held: {held.why}"
    if verdict.unrouted is not None:
        yield f"  nobody is given the ticket: {verdict.unrouted.why}"
    if not (verdict.values or verdict.held or verdict.unrouted):
        yield "  nothing is decided"


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of one text, those after the first indented by as much and two more."""
    safe = shown(text, LONGEST)
    indent = " " * (len(safe) - len(safe.lstrip(" ")))
    return textwrap.wrap(safe, width, subsequent_indent=indent + "  ", break_on_hyphens=False) or [""]


# --- as JSON -----------------------------------------------------------------------------------------------------


def to_json(explanation: Explanation) -> dict[str, object]:
    """The explanation as plain mappings, lists and values, with nothing cut."""
    verdict = explanation.verdict
    return {
        "ticket": explanation.ticket,
        "now": explanation.now.isoformat(),
        "facts": {field: _plain(values) for field, values in sorted(verdict.facts.items())},
        "sections": [_section_json(section) for section in explanation.sections],
        "values": {
            field: {"value": decision.value, "rule": decision.rule, "because": decision.because}
            for field, decision in verdict.values.items()
        },
        "held": [{"ticket": held.ticket, "field": held.field, "why": held.why} for held in verdict.held],
        "unrouted": None if verdict.unrouted is None else {"ticket": explanation.ticket, "why": verdict.unrouted.why},
        "approvers": list(verdict.approvers),
    }


def _section_json(section: SectionExplanation) -> dict[str, object]:
    return {
        "section": section.name,
        "skipped": section.skipped or None,
        "rules": [
            {
                "rule": rule.name,
                "because": rule.because,
                "matched": rule.matched,
                "decided": rule.decided,
                "note": rule.note,
                "failed": rule.judgement.failed,
                "condition": _judgement_json(rule.judgement),
            }
            for rule in section.rules
        ],
        "notes": list(section.notes),
        "nearest": section.nearest or None,
    }


def _judgement_json(judgement: Judgement) -> dict[str, object]:
    document: dict[str, object] = {"kind": judgement.kind, "path": judgement.path, "held": judgement.held}
    if judgement.test is None:
        return document | {"parts": [_judgement_json(part) for part in judgement.parts]}
    matchers = [
        {"operator": matcher.operator.value, "operands": _plain(matcher.operands)}
        for matcher in judgement.test.matchers
    ]
    return document | {"field": judgement.test.field, "matchers": matchers, "seen": _plain(judgement.seen)}


def _plain(values: Sequence[object]) -> list[object]:
    return [value if isinstance(value, str | int | float) else json_value(value) for value in values]
