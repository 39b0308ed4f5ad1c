"""Rows that hang on a ticket and change without it: approvers' votes, and ServiceNow's own clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.connectors.servicenow.query import Scope, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk, by_ids


@dataclass(frozen=True, slots=True)
class Attached:
    """A table of such rows, the columns that are read, and the one that leads to the ticket."""

    table: str
    ticket: str
    columns: tuple[str, ...]

    @property
    def ticket_class(self) -> str:
        """The column with the table of the ticket."""
        return f"{self.ticket}.sys_class_name"

    @property
    def asked(self) -> tuple[str, ...]:
        """Every column to ask for."""
        return (*self.columns, self.ticket, self.ticket_class)

    def ticket_of(self, row: Row) -> str:
        """The ticket that a row hangs on."""
        return text_of(row.get(self.ticket))

    def is_of(self, row: Row, tables: Sequence[str]) -> bool:
        """Whether the ticket may be of one of ``tables``, as far as the row says."""
        of = text_of(row.get(self.ticket_class))
        return not of or of in tables

    def conditions(self, tables: Sequence[str]) -> str:
        """Those on tickets of ``tables``."""
        return term(self.ticket_class, "IN", tables)

    def in_scope(
        self, transport: SnowTransport, source: str, scope: Scope, tables: Sequence[str], rows: Sequence[Row]
    ) -> Sequence[Row]:
        """The rows on tickets of the scope: the tickets are asked for, since a row does not say it."""
        if not scope.text:
            return rows
        ids: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            of = text_of(row.get(self.ticket_class))
            for table in (of,) if of else tables:
                ids[table].add(self.ticket_of(row))
        known: set[str] = set()
        for table, some in ids.items():
            columns = ("sys_id", *scope.columns)
            walk = Walk(source, table, scope.text, columns, order="sys_id", test=scope.takes, scope=scope.columns)
            known |= {text_of(row.get("sys_id")) for row in by_ids(transport, walk, "sys_id", some)}
        return [row for row in rows if self.ticket_of(row) in known]
