"""The third section: impact, urgency, and the priority that the matrix makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from itsm_bridge.config.model import Ownership, Rule, SetPriority
from itsm_bridge.model import Held
from itsm_bridge.rules.ownership import whose
from itsm_bridge.rules.verdict import Case, CompiledRule, FieldDecision, Step, TraceEntry, because

SECTION = "priority"
MATRIX = "matrix"
"""The name of the rule where the matrix alone decides, from the impact and urgency of the ticket itself."""

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Pick:
    """The value of one field by the first rule that sets it, and how far down that rule stands."""

    value: int
    rule: Rule[SetPriority]
    place: int

    @property
    def decision(self) -> FieldDecision:
        return FieldDecision(self.value, self.rule.name, because(self.rule))


def decide(case: Case, rules: Sequence[CompiledRule[SetPriority]]) -> Step:
    """Impact and urgency each by the first rule that sets it, else the ticket's own; priority from the matrix.

    A rule may set a priority directly. It counts unless the rules above it have settled both impact and urgency, and
    then with them the priority. Since some sources compute priority themselves, impact and urgency follow a direct
    priority through the matrix. A person's priority that stands is left as it is.
    """
    return by_rules(case, tuple(case.matching(rules)))


def by_rules(case: Case, matched: Sequence[Rule[SetPriority]]) -> Step:
    """The same by the rules that match; of them only those count that set something first."""
    picks = _picks(matched)
    wanted = _wanted(case, picks)
    standing = case.standing.get("priority")
    trace = _trace(matched, picks, stands=standing is not None)
    if standing is None:
        facts = {field: (decision.value,) for field, decision in wanted.items() if decision.value is not None}
        return Step(values=wanted, facts=facts, trace=trace)
    entry = TraceEntry(SECTION, "", decided=False, note=f"{whose(standing)}: that stands")
    held = _held(case, wanted) if standing.mode is Ownership.HOLD else ()
    return Step(held=held, trace=(*trace, entry))


def priority_of(matrix: Matrix, impact: int | None, urgency: int | None) -> int | None:
    """The cell of the matrix; ``None`` where one of the two is unknown or outside it."""
    if impact is None or urgency is None or not 1 <= impact <= len(matrix):
        return None
    row = matrix[impact - 1]
    return row[urgency - 1] if 1 <= urgency <= len(row) else None


def levels_for(matrix: Matrix, priority: int, impact: int | None, urgency: int | None) -> tuple[int, int] | None:
    """The impact and urgency nearest to the given ones that make ``priority``; ``None`` where no cell holds it."""
    cells = [(i, u) for i in range(1, 4) for u in range(1, 4) if priority_of(matrix, i, u) == priority]
    return min(cells, key=lambda cell: (_distance(cell[0], impact) + _distance(cell[1], urgency), cell), default=None)


def _distance(level: int, wanted: int | None) -> int:
    return 0 if wanted is None else abs(level - wanted)


def _picks(matched: Sequence[Rule[SetPriority]]) -> dict[str, _Pick]:
    picks: dict[str, _Pick] = {}
    for place, rule in enumerate(matched):
        for field in ("impact", "urgency", "priority"):
            value = getattr(rule.then, field)
            if value is not None:
                picks.setdefault(field, _Pick(value, rule, place))
    return picks


def _wanted(case: Case, picks: Mapping[str, _Pick]) -> dict[str, FieldDecision]:
    impact = picks["impact"].value if "impact" in picks else case.ticket.impact
    urgency = picks["urgency"].value if "urgency" in picks else case.ticket.urgency
    matrix = case.configuration.rules.matrix
    decisions = {field: pick.decision for field, pick in picks.items() if field != "priority"}
    direct = picks.get("priority")
    if direct is not None and not _settled_above(direct, picks):
        return decisions | {"priority": direct.decision} | _following(matrix, direct, picks, impact, urgency)
    level = priority_of(matrix, impact, urgency)
    if level is None:
        return decisions
    return decisions | {"priority": _from_matrix(level, f"impact {impact} and urgency {urgency}", picks)}


def _counts(field: str, pick: _Pick, picks: Mapping[str, _Pick]) -> bool:
    return field != "priority" or not _settled_above(pick, picks)


def _settled_above(direct: _Pick, picks: Mapping[str, _Pick]) -> bool:
    return all(field in picks and picks[field].place < direct.place for field in ("impact", "urgency"))


def _following(
    matrix: Matrix, direct: _Pick, picks: Mapping[str, _Pick], impact: int | None, urgency: int | None
) -> dict[str, FieldDecision]:
    """Impact and urgency that make the direct priority, where they do not already and its own rule sets neither."""
    own = any(picks[field].rule is direct.rule for field in ("impact", "urgency") if field in picks)
    if own or priority_of(matrix, impact, urgency) == direct.value:
        return {}
    cell = levels_for(matrix, direct.value, impact, urgency)
    if cell is None:
        return {}
    why = because(direct.rule, f"(impact {cell[0]} and urgency {cell[1]} make priority {direct.value})")
    return {
        field: FieldDecision(level, direct.rule.name, why)
        for field, level in zip(("impact", "urgency"), cell, strict=True)
    }


def _from_matrix(level: int, detail: str, picks: Mapping[str, _Pick]) -> FieldDecision:
    pick = picks.get("impact") or picks.get("urgency")
    if pick is None:
        return FieldDecision(level, MATRIX, detail)
    return FieldDecision(level, pick.rule.name, because(pick.rule, f"({detail})"))


def _trace(matched: Sequence[Rule[SetPriority]], picks: Mapping[str, _Pick], *, stands: bool) -> tuple[TraceEntry, ...]:
    """What each rule that matched sets, or would set where a person's priority ``stands``."""
    entries = []
    for rule in matched:
        counting = {field: pick for field, pick in picks.items() if pick.rule is rule and _counts(field, pick, picks)}
        set_here = ", ".join(f"{field} = {pick.value}" for field, pick in counting.items())
        note = f"would set {set_here}, but a person's change stands" if stands and set_here else set_here
        decided = bool(set_here) and not stands
        entries.append(TraceEntry(SECTION, rule.name, decided, note or "all that it sets is decided above"))
    return tuple(entries)


def _held(case: Case, wanted: Mapping[str, FieldDecision]) -> tuple[Held, ...]:
    changes = [
        f"{field} {decision.value} (rule {decision.rule})"
        for field, decision in wanted.items()
        if decision.value != getattr(case.ticket, field)
    ]
    if not changes:
        return ()
    why = f"{whose(case.standing['priority'])}, which is held; the rules want {', '.join(changes)}"
    return (Held(case.ticket.id, "priority", why),)
