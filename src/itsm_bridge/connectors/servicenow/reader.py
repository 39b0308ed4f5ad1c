"""Reading ServiceNow: tables, votes and clocks walked from a bookmark, and tickets read anew by their ids."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import itsm_bridge.connectors.servicenow.approvers as approvers
import itsm_bridge.connectors.servicenow.audit as audit
import itsm_bridge.connectors.servicenow.task_slas as task_slas
from itsm_bridge.config.model import ServiceNow, Vendor
from itsm_bridge.connectors.answers import PageTooLarge, PageTooSlow
from itsm_bridge.connectors.base import Bookmark, Oddity, Page, Rejected
from itsm_bridge.connectors.http import GuardedSession
from itsm_bridge.connectors.oddities import odd_about
from itsm_bridge.connectors.servicenow.attached import Attached
from itsm_bridge.connectors.servicenow.cells import Row, instant, stamp, text_of
from itsm_bridge.connectors.servicenow.columns import APPROVERS, INSTANTS, SLAS, SYSTEM, TYPES, Field, fields_of
from itsm_bridge.connectors.servicenow.missing import Missing
from itsm_bridge.connectors.servicenow.names import Names
from itsm_bridge.connectors.servicenow.query import Scope, joined, term
from itsm_bridge.connectors.servicenow.tickets import Reading
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.values import Values
from itsm_bridge.connectors.servicenow.walking import PAGE, Step, Walk, by_ids, require_scope
from itsm_bridge.errors import NeedsPerson, RecordRejected
from itsm_bridge.model import Approval, ApprovalState, Ticket, TicketRecord

OVERLAP = timedelta(seconds=120)
"""A row stamped by a transaction that is not yet over appears late: this much is read again at the start of a run."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """What some rows of a table turned out to be."""

    records: tuple[TicketRecord, ...]
    rejected: tuple[Rejected, ...]
    oddities: tuple[Oddity, ...]


class Reader:
    """All reading of one instance. It remembers names, not tickets."""

    def __init__(
        self,
        source: ServiceNow,
        vendors: Mapping[str, Vendor],
        *,
        transport: SnowTransport,
        session: GuardedSession,
        scope: Scope,
        page: int = PAGE,
    ) -> None:
        self._source, self._transport, self._session, self._scope, self._page = source, transport, session, scope, page
        self.names = Names(source.name, transport)
        self._values = Values(source, vendors, self.names)
        self._missing = Missing(source, transport, scope)
        self._fields = {table: fields_of(source, table) for table in source.tables}
        self._attached = {APPROVERS: approvers.ATTACHED} | ({SLAS: task_slas.ATTACHED} if source.native_slas else {})
        self.streams = (*source.tables, *self._attached)
        self._digests = {stream: self._digest(stream, vendors) for stream in self.streams}

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:
        """See ``Connector.fetch``."""
        place = self._start(stream, bookmark)
        walk = self._walk(stream, _since(place["at"]))
        unreadable: set[str] = set()
        for step in walk.steps(self._transport):
            place = self._moved(place, step, walk)
            yield self._page_of(stream, step, place, unreadable)

    def fetch_ids(self, stream: str, external_ids: Collection[str]) -> Page:
        """See ``Connector.fetch_ids``. For votes and clocks the ids are those of their tickets."""
        walk = replace(self._walk(stream, ""), order="sys_id")
        attached = self._attached.get(stream)
        large: list[str] = []
        rows = list(by_ids(self._transport, walk, attached.ticket if attached else "sys_id", external_ids, large))
        page = self._page_of(stream, Step(rows, None), {}, set())
        return replace(page, rejected=_too_large(large) + page.rejected)

    def read(self, ticket: Ticket) -> TicketRecord:
        """See ``Connector.read``. Raises ``RecordRejected`` where the ticket is gone, hidden, or out of the scope."""
        table = ticket.project
        query = joined(self._scope.text, term("sys_id", "=", ticket.external_id))
        rows = self._row(ticket, query)
        if not rows:
            raise RecordRejected(
                f"{ticket.id} is gone, hidden from the account, or no longer in the scope; nothing was written"
            )
        require_scope(self._source.name, table, self._scope.columns, rows)
        if any(text_of(row.get("sys_id")) != ticket.external_id for row in rows):
            raise NeedsPerson(f"{ticket.id}: the server answered with another record; nothing was written")
        found = self._assemble(table, rows[:1])
        if not found.records:
            raise RecordRejected(f"{ticket.id} cannot be read: {found.rejected[0].reason}")
        return found.records[0]

    def _row(self, ticket: Ticket, query: str) -> Sequence[Row]:
        try:
            return self._transport.get(ticket.project, query, self._columns(ticket.project), 2).rows
        except PageTooSlow:
            raise
        except PageTooLarge:
            raise RecordRejected(f"{ticket.id} is larger than an answer may be; nothing was written") from None

    # --- walking ---

    def _start(self, stream: str, bookmark: Bookmark | None) -> Bookmark:
        """Where to begin: at the bookmark if it is one of today's scope, else at the start."""
        digest = self._digests[stream]
        if bookmark is None or bookmark.get("scope") != digest:
            return {"at": "", "id": "", "scope": digest}
        return {"at": bookmark.get("at", ""), "id": bookmark.get("id", ""), "scope": digest}

    def _walk(self, stream: str, since: str) -> Walk:
        name, attached = self._source.name, self._attached.get(stream)
        if attached:
            conditions = attached.conditions(self._source.tables)
            return Walk(
                name,
                stream,
                conditions,
                attached.asked,
                since=since,
                test=lambda row: attached.is_of(row, self._source.tables),
                page=self._page,
            )
        return Walk(
            name,
            stream,
            self._scope.text,
            self._columns(stream),
            since=since,
            test=lambda row: self.is_asked(stream, row),
            page=self._page,
            scope=self._scope.columns,
        )

    def _moved(self, place: Bookmark, step: Step, walk: Walk) -> Bookmark:
        """The bookmark after a step: never behind where it was, never ahead of the server's clock."""
        if not step.rows:
            return place
        at, sys_id = walk.mark(step.rows[-1])
        return {**place, "at": max(place["at"], min(at, stamp(self._session.now()))), "id": sys_id}

    def is_asked(self, table: str, row: Row) -> bool:
        """Whether a row is one that was asked for: of this table, and in the scope as far as that can be seen."""
        of = text_of(row.get("sys_class_name")) or table
        if of != table and of in {*TYPES, *self._source.tables} and table in TYPES:
            return False
        return self._scope.takes(row)

    def _page_of(self, stream: str, step: Step, place: Bookmark, unreadable: set[str]) -> Page:
        large = _too_large((step.too_large,))
        attached = self._attached.get(stream)
        if attached:
            found = self._page_of_attached(attached, step.rows, place)
        else:
            hidden = self._unreadable(stream, step.rows, unreadable)
            some = self._assemble(stream, step.rows)
            found = Page(some.records, place, rejected=some.rejected, oddities=hidden + some.oddities)
        return replace(found, rejected=large + found.rejected, expected=step.expected)

    def _page_of_attached(self, attached: Attached, rows: Sequence[Row], place: Bookmark) -> Page:
        name = self._source.name
        rows = attached.in_scope(self._transport, name, self._scope, self._source.tables, rows)
        if attached is task_slas.ATTACHED:
            natives, unread = task_slas.natives_of(name, rows)
            return Page((), place, natives=natives, rejected=unread)
        approvers.want_names(rows, self.names)
        self.names.resolve()
        approvals, rejected, oddities = approvers.approvals_of(name, rows, self.names)
        return Page((), place, approvals=approvals, rejected=rejected, oddities=oddities)

    def _unreadable(self, table: str, rows: Sequence[Row], told: set[str]) -> tuple[Oddity, ...]:
        """Columns that no row of the page has: not empty, but hidden from the account, or not of this table.

        Raises ``NeedsPerson`` for a configured one that the instance does not seem to have at all.
        """
        configured = {field.column for field in self._fields[table] if field.configured}
        wanted = configured | {field.column for field in self._fields[table] if field.ours in _ALWAYS}
        missing = sorted(wanted - {column for row in rows for column in row} - told) if rows else []
        self._missing.require(table, configured.intersection(missing))
        told |= set(missing)
        first = text_of(rows[0].get("sys_id")) if rows else ""
        return tuple(
            Oddity(first, "unreadable_field", f"{table}.{column} is hidden from the account, or does not exist")
            for column in missing
        )

    # --- assembling ---

    def _columns(self, table: str) -> tuple[str, ...]:
        columns = (*SYSTEM, *INSTANTS, *(field.column for field in self._fields_of(table)), *self._scope.columns)
        return tuple(dict.fromkeys(columns))

    def _fields_of(self, table: str) -> tuple[Field, ...]:
        return self._fields.get(table) or fields_of(self._source, table)

    def _assemble(self, table: str, rows: Sequence[Row]) -> Assembled:
        """Turn rows into tickets, with their history, their votes and the names that they refer to."""
        fields = self._fields_of(table)
        unique = {text_of(row.get("sys_id")): row for row in rows}
        audits = audit.audits_of(self._transport, self._source.name, _by_class(table, unique), fields)
        votes = approvers.votes_of(self._transport, self._source.name, unique)
        self._resolve(rows, fields, audits, votes)
        records, rejected = [], []
        oddities = _doubled(rows)
        for sys_id, row in unique.items():
            reading = Reading(self._source.name, table, row, fields, self._values)
            try:
                ticket = reading.ticket()
            except ValueError as error:
                rejected.append(Rejected(sys_id, str(error)))
                continue
            record, more = self._record(ticket, audits.rows.get(sys_id, ()), votes.get(sys_id, ()), fields)
            records.append(record)
            oddities += [*reading.oddities, *more]
        return Assembled(tuple(records), tuple(rejected), tuple(oddities))

    def _record(
        self, ticket: Ticket, audits: Sequence[Row], votes: Sequence[Row], fields: Sequence[Field]
    ) -> tuple[TicketRecord, list[Oddity]]:
        name = self._source.name
        history, odd_entries = audit.history_of(ticket, audits, fields, self._values)
        approvals, _, odd_votes = approvers.approvals_of(name, votes, self.names)
        record = TicketRecord(_asked(ticket, approvals), history, approvals)
        return record, [*odd_entries, *odd_votes, *odd_about(record)]

    def _resolve(
        self, rows: Sequence[Row], fields: Sequence[Field], audits: audit.Audits, votes: Mapping[str, Sequence[Row]]
    ) -> None:
        """Look up every name that these rows will need, together."""
        for row in rows:
            for field in fields:
                self._values.learn(row, field)
        audit.want_names(audits, fields, self._values)
        for some in votes.values():
            approvers.want_names(some, self.names)
        self.names.resolve()

    def _digest(self, stream: str, vendors: Mapping[str, Vendor]) -> str:
        """What the reading of a stream depends on: when it changes, the stream is read from its start."""
        name = self._source.name
        fields = {ours: [one.name, dict(one.values)] for ours, one in self._source.fields.items()}
        groups = {vendor.names[name]: vendor.name for vendor in vendors.values() if name in vendor.names}
        tables = [stream] if stream not in self._attached else list(self._source.tables)
        states = {table: dict(self._source.states.get(table, {})) for table in tables}
        parts = [self._scope.text, tables, fields, states, groups, self._source.write.vendor]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _too_large(ids: Sequence[str]) -> tuple[Rejected, ...]:
    return tuple(Rejected(sys_id, "it is larger than an answer may be") for sys_id in ids if sys_id)


def _since(at: str) -> str:
    try:
        start = instant(at)
    except ValueError:
        return ""  # not one of our bookmarks: read everything
    return stamp(start - OVERLAP) if start else ""


_TABLE = re.compile(r"[a-z][a-z0-9_]*")
_ALWAYS = frozenset({"state", "impact", "urgency", "priority", "approval", "group", "summary"})
"""Fields that every table has: one that is missing is hidden."""


def _by_class(table: str, rows: Mapping[str, Row]) -> Mapping[str, Collection[str]]:
    """The ids by the table that each record is of itself, which is the one that its audit rows name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for sys_id, row in rows.items():
        of = text_of(row.get("sys_class_name"))
        found[of if _TABLE.fullmatch(of) else table].append(sys_id)
    return found


def _asked(ticket: Ticket, approvals: Sequence[Approval]) -> Ticket:
    """The ticket, waiting for approval where somebody is asked and its own field, on some tables, does not follow."""
    silent = ticket.approval in {None, ApprovalState.NOT_REQUIRED}
    if silent and any(approval.state is ApprovalState.REQUESTED for approval in approvals):
        return replace(ticket, approval=ApprovalState.REQUESTED)
    return ticket


def _doubled(rows: Sequence[Row]) -> list[Oddity]:
    """Records that came twice in one page, and numbers that two records share."""
    ids = Counter(text_of(row.get("sys_id")) for row in rows)
    numbers = Counter(number for row in rows if (number := _number_of(row)))
    twice = [Oddity(sys_id, "duplicate", "it came twice in one answer") for sys_id, count in ids.items() if count > 1]
    shared = {number for number, count in numbers.items() if count > 1}
    same = {text_of(row.get("sys_id")): _number_of(row) for row in rows if _number_of(row) in shared}
    several = Counter(same.values())
    return twice + [
        Oddity(sys_id, "duplicate_number", f"{number} is the number of {several[number]} records")
        for sys_id, number in same.items()
        if several[number] > 1
    ]


def _number_of(row: Row) -> str:
    return text_of(row.get("number"))
