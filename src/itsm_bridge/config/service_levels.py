"""One service level of ``sla.yaml``: its target, its conditions and its period, and what contradicts what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from itsm_bridge.conditions import Condition
from itsm_bridge.config.atoms import DAY, TEXT, Percent
from itsm_bridge.config.condition_decoding import When
from itsm_bridge.config.decoding import Context, Decoder, OneOf, Reference, SequenceOf, one_of
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.findings import Code, quote
from itsm_bridge.config.literals import LiteralError, parse_date
from itsm_bridge.config.model import OnChange, OnReopen, Position, SlaDefinition
from itsm_bridge.config.names import Named
from itsm_bridge.config.records import Key, Record
from itsm_bridge.config.targets import Promise

T = TypeVar("T")

WHOSE: Final = ("environment", "vendor")
"""What a service level may name in place of a calendar: that of the environment's owner, or of the vendor at work."""

KINDS: Final = MappingProxyType({kind: kind for kind in ("sla", "ola", "uc")})
CONDITIONS: Final = ("start", "stop", "pause", "resume", "reset", "cancel")


@dataclass(frozen=True, slots=True)
class Placed(Decoder[tuple[T, Position]]):
    """What ``inner`` reads, and where its key stands: proofs point at one condition of several."""

    inner: Decoder[T]

    def _decode(self, node: Node, context: Context) -> tuple[T, Position]:
        return self.inner.read(node, context), context.key.position if context.key else node.position


_CLOCK: Final[Decoder[tuple[Condition, Position]]] = Placed(When(clock=True))


def _level(**values: object) -> SlaDefinition:
    places: list[tuple[str, Position]] = []
    for name in CONDITIONS:
        match values[name]:
            case (condition, Position() as place):
                values[name] = condition
                places.append((name, place))
    return SlaDefinition(**values, places=tuple(places))  # type: ignore[arg-type]  # each key's decoder gives its type


# --- what contradicts what ---------------------------------------------------------------------------------------


def _check(sla: SlaDefinition, node: MappingNode, context: Context) -> None:
    if sla.resume is not None and sla.pause is None:
        context.refuse(sla.place_of("resume"), Code.CONTRADICTION, "resume needs a pause to end")
    if sla.target.field is not None:
        _check_due(sla, node, context)
    if sla.start_day is not None and sla.end_day is not None and sla.start_day >= sla.end_day:
        message = f"a period from {sla.start_day} to {sla.end_day} has no day: its end is the first day after it"
        context.refuse(_place(node, "to"), Code.CONTRADICTION, message)


def _check_due(sla: SlaDefinition, node: MappingNode, context: Context) -> None:
    """A due date stands still: neither a pause nor the time used under another service level moves it."""
    for name in ("pause", "resume"):
        if getattr(sla, name) is not None:
            message = f"{name} where the target is the ticket's due date, which no pause moves: leave {name} out"
            context.refuse(sla.place_of(name), Code.CONTRADICTION, message)
    if sla.on_change is OnChange.CARRY:
        message = (
            "on_change: carry, which is also meant where nothing is said, hands over the time used, "
            "and a due date does not move by that: write on_change: restart, or retroactive"
        )
        suggestion = "restart" if node.get("on_change") is not None else None
        place = _place(node, "on_change", "target")
        context.refuse(place, Code.CONTRADICTION, message, suggestion=suggestion)


def _place(node: MappingNode, *names: str) -> Position:
    """Where the value of the first of these keys that is given stands."""
    values = (node.get(name) for name in names)
    return next((value.position for value in values if value is not None), node.position)


SLA: Final = Record(
    "a service level",
    _level,
    (
        Key("name", TEXT),
        Key("measures", TEXT),
        Key("kind", OneOf("a kind", KINDS), "sla"),
        Key("target", Promise()),
        Key("calendar", Reference(Named.CALENDAR, also=WHOSE)),
        Key("start", _CLOCK),
        Key("stop", _CLOCK),
        Key("pause", _CLOCK, None),
        Key("resume", _CLOCK, None),
        Key("reset", _CLOCK, None),
        Key("cancel", _CLOCK, None),
        Key("on_reopen", one_of("a way to treat a reopened ticket", OnReopen), OnReopen.CONTINUE),
        Key("on_change", one_of("a way to treat a change of definition", OnChange), OnChange.CARRY),
        Key("warn", SequenceOf(Percent(1, 1000), "percentages", distinct=True), ()),
        Key("from", DAY, None, into="start_day"),
        Key("to", DAY, None, into="end_day"),
        Key("native", SequenceOf(TEXT, "names", least=1, distinct=True), ()),
    ),
    placed=True,
    check=_check,
)


# --- periods -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dated:
    """A name and the days for which it is given; ``end`` is exclusive."""

    name: ScalarNode
    start: date
    end: date

    def overlap(self, other: _Dated) -> str | None:
        """The days that both have, in words; ``None`` for none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        if start >= end:
            return None
        last = end - timedelta(days=1)
        if end == date.max:
            return "" if start == date.min else f" from {start} on"
        if start == date.min:
            return f" up to {last}"
        return f" on {start}" if start == last else f" from {start} to {last}"


def note_doubled_levels(node: Node, context: Context) -> None:
    """Note each name that another service level has on one of the same days, without regard to case."""
    seen: dict[str, list[_Dated]] = {}
    for level in _dated(node):
        namesakes = seen.setdefault(level.name.text.casefold(), [])
        found = ((other, days) for other in namesakes if (days := level.overlap(other)) is not None)
        for other, days in found:
            message = (
                f"{quote(level.name.text)} stands twice among the service levels{days}; "
                f"first in line {other.name.position.line}"
            )
            context.refuse(level.name.position, Code.DOUBLED_NAME, message)
            break
        namesakes.append(level)


def _dated(node: Node) -> Iterator[_Dated]:
    """The service levels whose names and days can be read."""
    for item in node.items if isinstance(node, SequenceNode) else ():
        name = item.get("name") if isinstance(item, MappingNode) else None
        if isinstance(item, MappingNode) and isinstance(name, ScalarNode):
            try:
                yield _Dated(name, _day(item.get("from"), date.min), _day(item.get("to"), date.max))
            except LiteralError:
                continue  # which is a finding already


def _day(node: Node | None, otherwise: date) -> date:
    if not isinstance(node, ScalarNode) or node.value is None:
        return otherwise
    return parse_date(node.text)
