"""Runs a whole population through the sections.

They run as they do for one ticket, but each over all tickets at once. What a section makes of the rules that matched
is asked once for all tickets that agree in everything it rests on. Where a ticket's own history or identity counts
(votes, a person's change, a rotation) it is asked for itself. Either way the code that decides single tickets answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import itsm_bridge.rules.approval as approval
import itsm_bridge.rules.assignment as assignment
import itsm_bridge.rules.intake as intake
import itsm_bridge.rules.priority as priority
from itsm_bridge.conditions.columns import ColumnConditions
from itsm_bridge.config.model import Rule
from itsm_bridge.model import TicketRecord
from itsm_bridge.rules.classify import SECTION as CLASSIFY
from itsm_bridge.rules.columns.course import Course, Deal
from itsm_bridge.rules.columns.facts import lasting_columns
from itsm_bridge.rules.columns.outcomes import Outcomes
from itsm_bridge.rules.columns.sections import ask_approvals, assign, classify_all, rank, take_in
from itsm_bridge.rules.decide import Decider
from itsm_bridge.rules.verdict import NOBODY, Standing

NO_STANDING: Mapping[int, Mapping[str, Standing]] = MappingProxyType({})
"""No person decided anything."""


class ColumnDecider:
    """The rules of a decider that set values, ready to be asked of whole populations."""

    def __init__(self, decider: Decider) -> None:
        book = decider.configuration.rules
        self._decider = decider
        self._rules: Mapping[str, Sequence[Rule[Any]]] = {
            CLASSIFY: book.classify,
            intake.SECTION: book.intake,
            priority.SECTION: book.priority,
            approval.SECTION: book.approval,
            assignment.SECTION: book.assignment,
        }
        self._conditions = ColumnConditions(rule.when for rules in self._rules.values() for rule in rules)

    def decide(
        self,
        records: Sequence[TicketRecord],
        now: datetime | Sequence[datetime],
        *,
        standing: Mapping[int, Mapping[str, Standing]] = NO_STANDING,
        loads: Mapping[str, float] | Deal = NOBODY,
    ) -> Outcomes:
        """What ``Decider.decide`` makes of each of ``records``, all at one instant or each at its own.

        ``standing`` is by the place of a record, for those that have any. ``loads`` are those of all tickets, or a
        function that makes them of how many tickets each vendor was given so far: then the tickets are dealt out in
        their order. Raises ``ConfigurationInvalid`` for an approval that nobody can give.
        """
        answers = self._conditions.on(lasting_columns(records, self._decider.configuration.zone))
        course = Course(
            self._decider,
            rules=self._rules,
            records=records,
            now=now,
            standing=standing,
            loads=loads,
            answers=answers,
        )
        classify_all(course)
        course.let_time_in()
        take_in(course)
        rank(course)
        ask_approvals(course)
        assign(course)
        return course.outcomes()
