"""A ticket that looks as if a rule would match it: most rules need no solver to be found reachable, only the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Operator, Value
from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.boxes import Box, Boxes
from itsm_bridge.proofs.domains import CLOCKS, projects_of
from itsm_bridge.proofs.engine import PLAINEST
from itsm_bridge.proofs.reading import MadeUp
from itsm_bridge.proofs.texts import written
from itsm_bridge.proofs.views import Atom, OneValue, SomeValues, atoms_of


def guess(ticket: AnyTicket, boxes: Boxes, condition: Condition) -> MadeUp | None:
    """The plainest ticket in the first box of a condition, with the texts that it names; ``None`` for an empty one."""
    box = next(iter(boxes.of(condition)), None)
    if box is None:
        return None
    fields = {name: _values(ticket, box, name) for name in ticket.views if name not in CLOCKS}
    for name, wording in ticket.wordings.items():
        atoms = [atom for test in _wanted(condition) if test.field in {name, "text"} for atom in _first(test)]
        fields[name] = (_text(atoms, wording.mark),) if atoms else ()
    return MadeUp(fields, ticket.now) if _is_possible(ticket, fields) else None


def _is_possible(ticket: AnyTicket, fields: Mapping[str, tuple[Value, ...]]) -> bool:
    """Whether the project is one of the source's."""
    sources = ticket.configuration.sources
    named = [sources[str(source)] for source in fields.get("source", ()) if source in sources]
    return all(project in projects_of(source) for source in named for project in fields.get("project", ()))


def _values(ticket: AnyTicket, box: Box, name: str) -> tuple[Value, ...]:
    view = ticket.views[name]
    if isinstance(view, OneValue):
        bits = box.values.get(name, ~0)
        allowed = [value for place, (value, _) in enumerate(view.alternatives) if bits >> place & 1]
        plain = PLAINEST.get(name)
        value = plain if plain in allowed else None if None in allowed else allowed[0]
        return () if value is None else (value,)
    if isinstance(view, SomeValues):
        bits = box.several.get(name, 1)
        return () if bits & 1 else tuple(v for place, (v, _) in enumerate(view.members, 1) if bits >> place & 1)[:1]
    return ()


def _wanted(condition: Condition) -> Iterator[FieldTest]:
    """Tests on texts that have to hold, of each ``any`` the first."""
    match condition:
        case FieldTest():
            yield condition
        case AllOf(parts):
            for part in parts:
                yield from _wanted(part)
        case AnyOf(parts):
            yield from _wanted(parts[0])


def _first(test: FieldTest) -> Iterator[Atom]:
    for matcher in test.matchers:
        if matcher.operator is not Operator.NOT:
            atoms = tuple(atoms_of(matcher))
            yield from atoms if matcher.operator is Operator.CONTAINS_ALL else atoms[:1]


def _text(atoms: list[Atom], mark: str) -> str:
    exact = next((text for operator, text in atoms if operator is Operator.ONE_OF), None)
    parts: dict[Operator, list[str]] = {}
    for operator, text in atoms:
        parts.setdefault(operator, []).append(text)
    return exact or next(written(parts, mark))
