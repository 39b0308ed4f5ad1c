"""Configured columns that no row of an answer has: hidden or of other tables, which is survived, or not there at all.

The server leaves out of a row what it does not know and what the account may not see, alike. A column is taken to be
there if the dictionary has it for ``task`` or one of the source's tables, or if a row of another of these tables shows
it: a table may lack what the others have. Else it is misspelt, renamed or gone, and what rests on it (where a ticket
is routed) would be decided without it. A dictionary that is closed to the account knows nothing, so that the rows
decide alone; it knows nothing of dot-walked columns either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.checks import suggestion
from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.connectors.servicenow.columns import EVERY_TASK
from itsm_bridge.connectors.servicenow.query import Scope, UnsafeValue, joined, ordered, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.errors import NeedsPerson

DICTIONARY = "sys_dictionary"
FEW = 20
"""Rows that are looked at where one would do: the account's permissions are applied after the limit."""

_MOST = 1_000


class Missing:
    """Looks up columns that were asked for and did not come."""

    def __init__(self, source: ServiceNow, transport: SnowTransport, scope: Scope) -> None:
        self._source, self._transport, self._scope = source, transport, scope
        self._family = tuple(dict.fromkeys((EVERY_TASK, *source.tables)))

    def require(self, table: str, columns: Collection[str]) -> None:
        """Raise ``NeedsPerson`` for those of ``columns``, missing from every row of ``table``, that are nowhere."""
        gone = self.nowhere(table, columns)
        if not gone:
            return
        told = ", ".join(f"{self._field(column)} ({column}{self.nearest(column)})" for column in gone)
        raise NeedsPerson(
            f"{self._source.name}: {table} has no column, or hides it from the account, for {told}; "
            "nothing of this page was stored",
            hint="correct fields: in bridge.yaml, or grant the account read on the column; look: itsm-bridge doctor",
        )

    def nowhere(self, table: str, columns: Collection[str]) -> tuple[str, ...]:
        """The columns that neither the dictionary nor a row of another table has."""
        unknown = sorted(set(columns) - self._in_dictionary(columns, self._family))
        others = [other for other in self._source.tables if other != table]
        for other in others if unknown else ():
            shown = self._shown(other, unknown)
            unknown = [column for column in unknown if column not in shown]
        return tuple(unknown)

    def hidden(self, table: str, columns: Collection[str]) -> set[str]:
        """The columns that the dictionary has for ``table`` itself: if no row shows one, the account may not see it."""
        return self._in_dictionary(columns, (EVERY_TASK, table))

    def nearest(self, column: str) -> str:
        """The nearest column of these tables as a half-sentence, if the dictionary may be read."""
        query = joined(term("name", "IN", self._family), ordered("sys_id"))
        return suggestion(column, filter(None, (text_of(row.get("element")) for row in self._entries(query))))

    def _field(self, column: str) -> str:
        return next((name for name, mapping in self._source.fields.items() if mapping.name == column), column)

    def _in_dictionary(self, columns: Collection[str], family: Sequence[str]) -> set[str]:
        """Which of them an active entry of one of the tables of ``family`` stands for."""
        plain = sorted(column for column in columns if "." not in column)
        if not plain:
            return set()
        try:
            query = joined(term("name", "IN", family), term("element", "IN", plain), ordered("sys_id"))
        except UnsafeValue:
            return set()  # no name of a column
        return {
            text_of(row.get("element"))
            for row in self._entries(query)
            if text_of(row.get("name")) in family and text_of(row.get("active")) != "false"
        }

    def _entries(self, query: str) -> Sequence[Row]:
        try:
            return self._transport.get(DICTIONARY, query, ("sys_id", "name", "element", "active"), _MOST).rows
        except ReadRefused:
            return ()

    def _shown(self, table: str, columns: Sequence[str]) -> set[str]:
        try:
            rows = self._transport.get(table, self._scope.text, ("sys_id", *columns), FEW).rows
        except ReadRefused:
            return set()
        return {column for row in rows for column in row}
