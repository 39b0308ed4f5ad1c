"""Rows that hang on a ticket and change without it: approvers' votes, ServiceNow's own clocks, and notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.connectors.servicenow.columns import EVERY_TASK
from itsm_bridge.connectors.servicenow.query import Scope, joined, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk, by_ids


@dataclass(frozen=True, slots=True)
class Attached:
    """A table of such rows, the columns that are read, the one that leads to the ticket, and that of the walk's order.

    ``ticket_class`` is the column with the table of the ticket: where it is not of the ticket itself, it may name
    ``task`` instead. ``only`` is a column of the row and the values that are wanted of it.
    """

    table: str
    ticket: str
    columns: tuple[str, ...]
    ticket_class: str
    order: str = "sys_updated_on"
    only: tuple[str, tuple[str, ...]] = ("", ())

    @property
    def asked(self) -> tuple[str, ...]:
        """Every column to ask for."""
        return (*self.columns, self.ticket, self.ticket_class)

    @property
    def condition(self) -> str:
        """What is wanted of the rows themselves, empty for all."""
        column, values = self.only
        return term(column, "IN", values) if column else ""

    def is_wanted(self, row: Row) -> bool:
        """Whether a row is one of those."""
        column, values = self.only
        return not column or text_of(row.get(column)) in values

    def ticket_of(self, row: Row) -> str:
        """The ticket that a row hangs on."""
        return text_of(row.get(self.ticket))

    def is_of(self, row: Row, tables: Sequence[str]) -> bool:
        """Whether a row is wanted and its ticket may be of one of ``tables``, as far as the row says."""
        of = text_of(row.get(self.ticket_class))
        return self.is_wanted(row) and (not of or of in self._names(tables))

    def conditions(self, tables: Sequence[str]) -> str:
        """Those on tickets of ``tables``."""
        return joined(self.condition, term(self.ticket_class, "IN", self._names(tables)))

    def in_scope(
        self, transport: SnowTransport, source: str, scope: Scope, tables: Sequence[str], rows: Sequence[Row]
    ) -> Sequence[Row]:
        """The rows on tickets of the scope: the tickets are asked for where a row does not say it."""
        unsure = rows if scope.text else [row for row in rows if text_of(row.get(self.ticket_class)) == EVERY_TASK]
        ids: defaultdict[str, set[str]] = defaultdict(set)
        for row in unsure:
            of = text_of(row.get(self.ticket_class))
            for table in (of,) if of in tables else tables:
                ids[table].add(self.ticket_of(row))
        known: set[str] = set()
        for table, some in ids.items():
            columns = ("sys_id", *scope.columns)
            walk = Walk(source, table, scope.text, columns, order="sys_id", test=scope.takes, scope=scope.columns)
            known |= {text_of(row.get("sys_id")) for row in by_ids(transport, walk, "sys_id", some)}
        asked = {self.ticket_of(row) for row in unsure}
        return [row for row in rows if (ticket := self.ticket_of(row)) in known or ticket not in asked]

    def _names(self, tables: Sequence[str]) -> tuple[str, ...]:
        """What the column with the ticket's table may say."""
        is_of_ticket = self.ticket_class.startswith(f"{self.ticket}.")
        return tuple(tables) if is_of_ticket else (*tables, EVERY_TASK)
