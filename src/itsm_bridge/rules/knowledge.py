"""The seventh section: which articles help whoever works on the ticket."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_bridge.config.model import Knowledge, Rule
from itsm_bridge.rules.verdict import Case, CompiledRule, NoteDecision, Step, TraceEntry, because

SECTION = "knowledge"


def decide(case: Case, rules: Sequence[CompiledRule[Knowledge]]) -> Step:
    """The articles of all rules that match, each one once however many rules name it."""
    notes: dict[str, NoteDecision] = {}
    trace = []
    for rule in case.matching(rules):
        note = _note(rule)
        notes.setdefault(note.key, note)
        trace.append(TraceEntry(SECTION, rule.name, decided=True, note=f"article {rule.then.article}"))
    return Step(notes=tuple(notes.values()), trace=tuple(trace))


def _note(rule: Rule[Knowledge]) -> NoteDecision:
    article, words = rule.then.article, rule.then.note
    text = f"Knowledge article {article}" + (f": {words}" if words else "")
    return NoteDecision(f"{SECTION} {article.casefold()}", text, rule.name, because(rule, f"(article {article})"))
