"""A population on its way through the sections: what it looks like by now, and who is still on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np

from itsm_bridge.conditions import Value
from itsm_bridge.conditions.columns import (
    NONE,
    Answers,
    Bits,
    Column,
    Columns,
    Places,
    RowFacts,
    no_rows,
    rows_in,
    rows_of,
)
from itsm_bridge.config.model import Rule
from itsm_bridge.model import OPEN_STATES, TicketRecord
from itsm_bridge.rules.columns.facts import passing_columns
from itsm_bridge.rules.columns.outcomes import Draft, Outcomes
from itsm_bridge.rules.decide import Decider
from itsm_bridge.rules.facts import lasting_facts
from itsm_bridge.rules.verdict import NOBODY, Case, Standing, Step

VALUES = ("impact", "urgency", "priority", "approval", "vendor")

Deal = Callable[[Mapping[str, int]], Mapping[str, float]]
"""What makes each vendor's load of how many tickets it was given so far."""


class Course:
    """The way of one population. ``left`` are the tickets that later sections still decide."""

    def __init__(
        self,
        decider: Decider,
        *,
        rules: Mapping[str, Sequence[Rule[Any]]],
        records: Sequence[TicketRecord],
        now: datetime | Sequence[datetime],
        standing: Mapping[int, Mapping[str, Standing]],
        loads: Mapping[str, float] | Deal,
        answers: Answers,
    ) -> None:
        self._decider, self.rules, self.answers = decider, rules, answers
        self._records, self._standing, self.loads = records, standing, loads
        self.size = len(records)
        self._now = [now] * self.size if isinstance(now, datetime) else now
        self._at_once = isinstance(now, datetime)
        self.left: Bits = where(answers.columns["state"], lambda values: values[0] in OPEN_STATES)
        self.unrouted = no_rows(self.size)
        self.first: dict[str, Places] = {}
        self.values = {field: Draft(self.size) for field in VALUES}
        self._classified = np.zeros(self.size, dtype=np.bool_)

    def outcomes(self) -> Outcomes:
        """What it came to."""
        values = {field: draft.decided for field, draft in self.values.items()}
        return Outcomes(self.answers.columns, values, self.first, self.unrouted)

    # --- asking --------------------------------------------------------------------------------------------------

    def where(self, section: str, place: int, among: Bits) -> Bits:
        """The tickets for which one rule of a section matches."""
        return self.answers.where(self._start(section) + place, among)

    def first_of(self, section: str, places: Iterable[int] | None = None) -> Places:
        """For each ticket the first rule of a section that matches, or of some of its rules; else ``NONE``."""
        start = self._start(section)
        asked = range(len(self.rules[section])) if places is None else places
        found = self.answers.first((start + place for place in asked), self.left)
        return np.where(found == NONE, NONE, found - start)

    def standing(self, field: str) -> Bits:
        """The tickets of which a person decided a field."""
        rows = [row for row, fields in self._standing.items() if field in fields]
        return rows_in(np.array(rows, dtype=np.int64), self.size)

    def codes(self, field: str) -> Places:
        """Which value of a field each ticket has, as a number."""
        return self.answers.columns[field].codes.astype(np.int64)

    @property
    def days(self) -> Places:
        """The day on which each ticket is decided, as a number."""
        if self._at_once:
            return np.zeros(self.size, dtype=np.int64)
        zone = self._decider.configuration.zone
        return np.array([now.astimezone(zone).toordinal() for now in self._now], dtype=np.int64)

    def case(self, row: int) -> Case:
        """One ticket before the next section, whose facts are read when somebody asks for them."""
        record = self._records[row]
        if self._classified[row]:
            record = self._decider.reader.read(record, lasting_facts(record, self._decider.reader.zone)).record
        decider = self._decider
        return Case(
            decider.configuration,
            record,
            RowFacts(self.answers.columns, row),
            self._now[row],
            self._standing.get(row, NOBODY),
            NOBODY if callable(self.loads) else self.loads,
            calendars=lambda: decider.calendars,
        )

    def _start(self, section: str) -> int:
        names = list(self.rules)
        return sum(len(self.rules[name]) for name in names[: names.index(section)])

    # --- going on ------------------------------------------------------------------------------------------------

    def fill(self, rows: Bits, changed: Mapping[str, Callable[[], Column]]) -> None:
        """Read some tickets with other values."""
        self.answers = self.answers.after(changed)
        self._classified[rows_of(rows)] = True

    def let_time_in(self) -> None:
        """Give ``age`` and ``idle`` their values, which reading a ticket must not depend on."""
        self.answers = self.answers.after(passing_columns(self._records, self._now))

    def take(self, rows: Places, group: Places, steps: Sequence[Step]) -> None:
        """Go on from a section: each of ``rows`` by that of ``steps`` whose place stands beside it in ``group``."""
        for field in {field for step in steps for field in step.values}:
            self.values[field].give(rows, group, [step.values.get(field) for step in steps])
        fields = {field for step in steps for field in step.facts}
        changed = {field: partial(_changed, self.answers.columns, field, rows, group, steps) for field in fields}
        self.answers = self.answers.after(changed)
        stopped = np.array([bool(step.ends or step.waits) for step in steps], dtype=np.bool_)
        self.left = self.left & ~rows_in(rows[stopped[group]], self.size)


def _changed(columns: Columns, field: str, rows: Places, group: Places, steps: Sequence[Step]) -> Column:
    """A field after a section, of whose ``steps`` some changed it."""
    told = np.array([field in step.facts for step in steps], dtype=np.bool_)[group]
    return columns[field].added(rows[told], group[told], [step.facts.get(field, ()) for step in steps])


def where(column: Column, holds: Callable[[tuple[Value, ...]], bool]) -> Bits:
    """The tickets whose values are such."""
    return column.rows_where(np.fromiter(map(holds, column.values), np.bool_, len(column.counts)))
