"""A ticket's course in words: what a condition saw at an instant, what changed there, and by whom."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from itsm_bridge.calendars import epoch, instant
from itsm_bridge.conditions import Condition, Judgement, explain, shown
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.history import DERIVED, Moment, current, timeline
from itsm_bridge.model import HistoryEntry, TicketRecord
from itsm_bridge.sla.readings import REPORTED, follows, seen_at

CREATED = "created"
DATES = " (by the ticket's own dates)"
UNRECORDED = " (in no entry of the history)"


class Course:
    """One ticket up to an instant, as the clocks see it: in whole seconds, each change from its own second on."""

    def __init__(
        self, record: TicketRecord, definitions: Iterable[SlaDefinition], zone: ZoneInfo, until: datetime
    ) -> None:
        read = frozenset().union(*map(fields_behind, definitions))
        self._record = record
        self._zone = zone
        self._moments = [moment for moment in timeline(record, read | {"state", *REPORTED}) if moment.at <= until]
        self.at = [epoch(moment.at) for moment in self._moments]
        """When the ticket was created and when anything changed, in epoch seconds, oldest first."""

    def judge(self, condition: Condition, at: int) -> Judgement:
        """How a condition comes out from ``at`` on."""
        moment = self._from(at)
        return explain(condition, seen_at(self._record, moment.values, moment.at, condition, self._zone))

    def value(self, field: str, at: int) -> str:
        """What a field is from ``at`` on; where it is empty, what it was last."""
        kept = [moment.values[field] for moment in self._moments[: bisect_right(self.at, at)] if moment.values[field]]
        return kept[-1] if kept else ""

    def day(self, at: int) -> date:
        """The day of an instant, by which it is told whether a version of a level is in force."""
        return instant(at).astimezone(self._zone).date()

    def since(self, begin: int, end: int) -> list[int]:
        """The instants within ``[begin, end)`` from which anything was otherwise, ``begin`` always among them."""
        return [begin, *dict.fromkeys(at for at in self.at if begin < at < end)]

    def change(self, at: int, fields: Collection[str]) -> str:
        """What became of some fields at an instant and by whom: ``priority became 1, by asha``; empty for nothing."""
        if at <= self.at[0]:
            return CREATED
        before, after = self._moments[max(bisect_left(self.at, at) - 1, 0)].values, self._from(at).values
        changed = [field for field in after if field in fields and after[field] != before[field]]
        whose = {field: self._whose(at, field, after[field]) for field in changed}
        return "; ".join(
            " and ".join(f"{shown(field)} became {shown(after[field]) or 'empty'}" for field in fields) + who
            for who, fields in groupby(changed, key=whose.__getitem__)
        )

    def _from(self, at: int) -> Moment:
        return self._moments[max(bisect_right(self.at, at) - 1, 0)]

    def _whose(self, at: int, field: str, value: str) -> str:
        """Whose change of a field it was, as far as the history says."""
        entries = [entry for entry in self._record.history if entry.field == field and epoch(entry.at) == at]
        if not entries:
            return UNRECORDED if value == current(self._record.ticket, field) else ""
        return _author(entries[-1])


def conditions_of(definition: SlaDefinition) -> tuple[Condition, ...]:
    """All conditions of a definition."""
    given = (
        definition.start, definition.stop, definition.pause, definition.resume, definition.reset, definition.cancel,
    )  # fmt: skip
    return tuple(condition for condition in given if condition is not None)


def fields_behind(definition: SlaDefinition) -> frozenset[str]:
    """The fields with a history on which a definition's conditions rest."""
    return frozenset(field for condition in conditions_of(definition) for field in follows(condition))


def _author(entry: HistoryEntry) -> str:
    if entry.entry_id == DERIVED:
        return DATES
    return f", by {shown(entry.actor)}" if entry.actor else ""
