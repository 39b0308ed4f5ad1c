"""The clocks of the program beside those of the oracle, and a smallest case where they differ, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from tests.sla.oracle import Answer, Walk
from tests.sla.randomly import Setting, Story
from tests.sla.wall import World

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Not
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.model import TicketRecord
from itsm_bridge.sla import Cycle, cycles

NAMES = tuple(field.name for field in fields(Answer))
PARTS = ("start", "stop", "pause", "resume", "reset", "cancel")


def as_answer(cycle: Cycle) -> Answer:
    return Answer(**{name: getattr(cycle, name) for name in NAMES})


def of_program(records: Sequence[TicketRecord], setting: Setting, now: datetime) -> dict[str, list[Answer]]:
    """The cycles of each ticket by its external id, all of which can be measured."""
    clocked = cycles(records, setting.configuration, now)
    assert clocked.unclocked == [], clocked.unclocked[:2]
    found: dict[str, list[Answer]] = defaultdict(list)
    for cycle in clocked.cycles:
        found[cycle.external_id].append(as_answer(cycle))
    return found


@dataclass(frozen=True)
class Dispute:
    """A ticket of which the oracle and the program say different things."""

    setting: Setting
    story: Story
    now: datetime

    @property
    def answers(self) -> tuple[list[Answer], list[Answer]]:
        """The oracle's, and the program's."""
        record, setting = self.story.record(), self.setting
        world = World(setting.configuration, setting.era, setting.unit)
        expected = Walk(record, setting.configuration.slas, world, self.now).answers
        return expected, of_program([record], setting, self.now)["id-1"]

    @property
    def lasts(self) -> bool:
        expected, found = self.answers
        return expected != found

    def smallest(self) -> Dispute:
        """The dispute without what it does not need."""
        for simpler in self.simpler():
            if simpler.lasts:
                return simpler.smallest()
        return self

    def simpler(self) -> Iterator[Dispute]:
        levels, told = self.setting.configuration.slas, self.story.changes
        for place in range(len(levels)):
            yield self.with_levels(*levels[:place], *levels[place + 1 :])
        for place in range(len(told)):
            yield replace(self, story=replace(self.story, changes=(*told[:place], *told[place + 1 :])))
        for place, level in enumerate(levels):
            for name in PARTS[2:]:
                if getattr(level, name) is not None:
                    simple = replace(level, **{name: None})  # type: ignore[arg-type]  # each of them may be absent
                    yield self.with_levels(*levels[:place], simple, *levels[place + 1 :])

    def with_levels(self, *levels: SlaDefinition) -> Dispute:
        configuration = replace(self.setting.configuration, slas=levels)
        return replace(self, setting=replace(self.setting, configuration=configuration))

    def __str__(self) -> str:
        expected, found = self.answers
        levels = self.setting.configuration.slas
        named = {level.calendar for level in levels}
        every = bool(named & {"environment", "vendor"})
        offices = [office for name, office in self.setting.configuration.calendars.items() if every or name in named]
        return "\n".join(
            [
                *map(in_words, levels),
                *map(str, offices),
                f"{self.story.created} created: " + ", ".join(f"{name} {value}" for name, value in self.story.first),
                *(f"{at} {field} {new or '-'}" for at, field, new in self.story.changes),
                f"{self.now} now",
                *(f"the oracle:  {shown(one)}" for one in expected),
                *(f"the program: {shown(one)}" for one in found),
            ]
        )


def shown(one: Answer) -> str:
    times = f"started {one.started_at} stopped {one.stopped_at or '-'} due {one.due_at or '-'}"
    seconds = f"elapsed {one.elapsed_seconds} paused {one.paused_seconds}"
    held = f"{one.vendor or '-'} {one.environment or '-'} P{one.priority or '-'}"
    return f"{one.sla} {one.stage} {times} {seconds} {'breached' if one.breached else 'good'} ({held})"


def in_words(level: SlaDefinition) -> str:
    parts = [f"{name}: {said(part)}" for name in PARTS if (part := getattr(level, name)) is not None]
    return (
        f"{level.name} ({level.measures}, {level.kind}, {level.calendar}, {level.target.seconds} s, "
        f"on_reopen {level.on_reopen}, on_change {level.on_change}) {'; '.join(parts)}"
    )


def said(condition: Condition) -> str:
    if isinstance(condition, FieldTest):
        values = (value for matcher in condition.matchers for value in matcher.operands)
        return f"{condition.field} {'|'.join(map(str, values))}"
    if isinstance(condition, Not):
        return f"not ({said(condition.part)})"
    word = {AllOf: " and ", AnyOf: " or "}[type(condition)]
    return word.join(map(said, condition.parts)) or "always"
