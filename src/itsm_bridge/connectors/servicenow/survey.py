"""What ServiceNow holds, to compare the store with: every id and version, why one is gone, and how many came on a day.

All of it rests on ``X-Total-Count``, which counts rows before the account's permissions are applied: a query for one
sys_id that finds a row and shows none says that the record is there, and hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import itsm_bridge.connectors.servicenow.audit as audit
from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Absence, Census, DayCount
from itsm_bridge.connectors.servicenow.cells import Row, is_sys_id, stamp, text_of
from itsm_bridge.connectors.servicenow.columns import EVERY_TASK, OPENED, VERSION, version_of
from itsm_bridge.connectors.servicenow.query import Scope, joined, term
from itsm_bridge.connectors.servicenow.transport import Rows, SnowTransport
from itsm_bridge.connectors.servicenow.walking import Step, Walk, require_scope, widened
from itsm_bridge.errors import NeedsPerson

MOST_DAYS = 60
"""Days that are counted, one request each; the latest ones where more are asked for."""

ARCHIVE = "ar_{}"
"""Where ServiceNow's data archiving puts the rows of a table, under the same sys_id."""

_DELETED = "DELETED"
"""What stands for the field in the ``sys_audit`` row of a deletion (KB0634666; not of those by a table cleaner)."""

_CLOSED = frozenset({400, 403, 404})
_PERMISSION = {
    400: "the table is not there under this name",
    403: "the account needs a role with read on it",
    404: "the table is not there, or the account needs a role with read on it",
}


class Survey:
    """Counting and looking up in one instance. ``asked`` tells whether a row of a table is one of the scope."""

    def __init__(
        self, source: ServiceNow, transport: SnowTransport, scope: Scope, asked: Callable[[str, Row], bool], page: int
    ) -> None:
        self._source, self._tables = source.name, source.tables
        self._transport, self._scope, self._asked, self._page = transport, scope, asked, page

    def census(self, table: str) -> Iterator[Census]:
        """See ``Connector.census``: by sys_id, which no change of a record moves."""
        columns = tuple(dict.fromkeys((*VERSION, "sys_class_name", *self._scope.columns)))
        walk = Walk(
            self._source,
            table,
            self._scope.text,
            columns,
            order="sys_id",
            test=lambda row: self._asked(table, row),
            page=self._page,
            scope=self._scope.columns,
        )
        for step in self._open(table, walk.steps(self._transport)):
            yield Census({text_of(row.get("sys_id")): version_of(row) for row in step.rows}, step.expected)

    def _open(self, table: str, steps: Iterator[Step]) -> Iterator[Step]:
        """The steps, with an explanation where the table as a whole is closed to the account."""
        try:
            yield from steps
        except ReadRefused as refusal:
            if refusal.status not in _CLOSED:
                raise
            raise NeedsPerson(
                f"{self._source}: the table {table} answered {refusal.status}: {_PERMISSION[refusal.status]}; "
                "nothing was concluded about its tickets"
            ) from None

    # --- one record that is missing ---

    def absence(self, table: str, sys_id: str) -> Absence | None:
        """See ``Connector.absence``. What exists is looked for first: a record may be deleted and restored."""
        if not is_sys_id(sys_id):
            return Absence.UNKNOWN
        if self._one(table, self._scope.text, sys_id).rows:
            return None
        found = self._one(table, "", sys_id)
        if found.rows:
            return Absence.MOVED  # it left the scope
        if found.total:
            return Absence.HIDDEN
        return self._elsewhere(table, sys_id) or self._archived(table, sys_id) or self._ended(sys_id)

    def absence_of_row(self, table: str, sys_id: str) -> Absence | None:
        """The same of a row that hangs on a ticket, and has neither a scope nor another table to go to."""
        if not is_sys_id(sys_id):
            return Absence.UNKNOWN
        found = self._one(table, "", sys_id)
        if found.rows:
            return None
        return Absence.HIDDEN if found.total else self._ended(sys_id)

    def _ended(self, sys_id: str) -> Absence:
        return Absence.DELETED if self._is_deleted(sys_id) else Absence.UNKNOWN

    def _elsewhere(self, table: str, sys_id: str) -> Absence | None:
        """Whether the record is one of another table now: asked of ``task``, or where that is closed of ours."""
        try:
            return self._at(EVERY_TASK, table, sys_id)
        except ReadRefused:
            places = (self._at(other, table, sys_id) for other in self._tables if other != table)
            return next((place for place in places if place), None)

    def _at(self, other: str, table: str, sys_id: str) -> Absence | None:
        found = self._one(other, "", sys_id)
        if not found.rows:
            return Absence.HIDDEN if found.total else None
        return Absence.HIDDEN if text_of(found.rows[0].get("sys_class_name")) == table else Absence.MOVED

    def _archived(self, table: str, sys_id: str) -> Absence | None:
        """Whether the record lies in the table's archive, where there is one that the account may read."""
        try:
            found = self._one(ARCHIVE.format(table), "", sys_id)
        except ReadRefused:
            return None
        return Absence.ARCHIVED if found.rows or found.total else None

    def _is_deleted(self, sys_id: str) -> bool:
        query = joined(term("documentkey", "=", sys_id), term("fieldname", "=", _DELETED))
        try:
            rows = self._transport.get(audit.TABLE, query, ("sys_id", "documentkey", "fieldname"), 1).rows
        except ReadRefused:
            return False
        wanted = (sys_id, _DELETED)
        if any((text_of(row.get("documentkey")), text_of(row.get("fieldname"))) != wanted for row in rows):
            raise widened(self._source, audit.TABLE)
        return bool(rows)

    def _one(self, table: str, conditions: str, sys_id: str) -> Rows:
        """What is seen, and counted, of one record."""
        query = joined(conditions, term("sys_id", "=", sys_id))
        columns = tuple(dict.fromkeys(("sys_id", "sys_class_name", *self._scope.columns)))
        found = self._transport.get(table, query, columns, 2)
        if conditions:
            require_scope(self._source, table, self._scope.columns, found.rows)
        strange = any(text_of(row.get("sys_id")) != sys_id for row in found.rows)
        if strange or (found.total or 0) > 1 or (conditions and not all(self._asked(table, row) for row in found.rows)):
            raise widened(self._source, table)
        return found

    # --- how many came when ---

    def count_by_day(self, table: str, since: date, now: datetime) -> Sequence[DayCount]:
        """See ``Connector.count_by_day``: the last ``MOST_DAYS`` days at most, up to that of ``now``.

        Days are those of ``opened_at``, which is when a ticket begins in the model too. Hidden rows are counted.
        """
        first = max(since, now.date() - timedelta(days=MOST_DAYS - 1))
        counts = []
        for number in range((now.date() - first).days + 1):
            day = first + timedelta(days=number)
            total = self._count(table, day)
            if total is None:
                return ()
            counts.append(DayCount(table, day, total))
        return counts

    def _count(self, table: str, day: date) -> int | None:
        start, end = _midnight(day), _midnight(day + timedelta(days=1))
        query = joined(self._scope.text, term(OPENED, ">=", start), term(OPENED, "<", end))
        columns = tuple(dict.fromkeys(("sys_id", "sys_class_name", OPENED, *self._scope.columns)))
        found = self._transport.get(table, query, columns, 1)
        require_scope(self._source, table, self._scope.columns, found.rows)
        for row in found.rows:
            at = text_of(row.get(OPENED))
            if (OPENED in row and not start <= at < end) or not self._asked(table, row):
                raise widened(self._source, table)
        return found.total


def _midnight(day: date) -> str:
    return stamp(datetime.combine(day, time(), UTC))
