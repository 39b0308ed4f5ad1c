"""Reading ServiceNow: tables, votes, clocks and notes walked from a bookmark, and tickets read anew by their ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import itsm_bridge.connectors.servicenow.approvers as approvers
import itsm_bridge.connectors.servicenow.journals as journals
import itsm_bridge.connectors.servicenow.task_slas as task_slas
from itsm_bridge.config.model import ServiceNow, Vendor
from itsm_bridge.connectors.ahead import one_ahead
from itsm_bridge.connectors.answers import PageTooLarge, PageTooSlow
from itsm_bridge.connectors.base import Bookmark, Oddity, Page, Rejected
from itsm_bridge.connectors.http import GuardedSession
from itsm_bridge.connectors.servicenow.assembling import Assembler, Gathered
from itsm_bridge.connectors.servicenow.attached import Attached
from itsm_bridge.connectors.servicenow.cells import Row, instant, stamp, text_of
from itsm_bridge.connectors.servicenow.columns import INSTANTS, SYSTEM, TYPES
from itsm_bridge.connectors.servicenow.missing import Missing
from itsm_bridge.connectors.servicenow.query import Scope, joined, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import PAGE, Step, Walk, by_ids, require_scope
from itsm_bridge.errors import NeedsPerson, RecordRejected
from itsm_bridge.model import JournalEntry, Ticket, TicketRecord

OVERLAP = timedelta(seconds=120)
"""A row stamped by a transaction that is not yet over appears late: this much is read again at the start of a run."""

Unfinished = Callable[[], Page]
"""A page for which everything was asked; what is left is to make it."""


class Reader:
    """All reading of one instance."""

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
        self._assembler = Assembler(source, vendors, transport)
        self._missing = Missing(source, transport, scope)
        self._attached = {attached.table: attached for attached in attached_of(source)}
        self.streams = (*source.tables, *self._attached)
        self._digests = {stream: self._digest(stream, vendors) for stream in self.streams}

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:
        """See ``Connector.fetch``. While a page is out, what the next one is made of may already be asked for."""
        for finish in one_ahead(self._asked(stream, bookmark)):
            yield finish()

    def _asked(self, stream: str, bookmark: Bookmark | None) -> Iterator[Unfinished]:
        """Step by step, all that a page is made of."""
        place = self._start(stream, bookmark)
        walk = self._walk(stream, _since(place["at"]))
        unreadable: set[str] = set()
        for step in walk.steps(self._transport):
            place = self._moved(place, step, walk)
            yield self._page_of(stream, step, place, unreadable)

    def fetch_ids(self, stream: str, external_ids: Collection[str]) -> Page:
        """See ``Connector.fetch_ids``. For votes, clocks and notes the ids are their own, or those of their tickets."""
        walk = replace(self._walk(stream, ""), order="sys_id")
        attached = self._attached.get(stream)
        large: list[str] = []
        columns = ("sys_id", attached.ticket) if attached else ("sys_id",)
        found = (row for column in columns for row in by_ids(self._transport, walk, column, external_ids, large))
        rows = list(found) if attached is None else list({text_of(row.get("sys_id")): row for row in found}.values())
        page = self._page_of(stream, Step(rows, None), {}, set())()
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
        found = self._assembler.assemble(self._assembler.gather(table, rows[:1]))
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
                attached.order,
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

    def _page_of(self, stream: str, step: Step, place: Bookmark, unreadable: set[str]) -> Unfinished:
        large = _too_large((step.too_large,))
        attached = self._attached.get(stream)
        if attached:
            found = self._page_of_attached(attached, step.rows, place)
            return lambda: replace(found, rejected=large + found.rejected, expected=step.expected)
        hidden = self._unreadable(stream, step.rows, unreadable)
        gathered = self._assembler.gather(stream, step.rows)
        journal, unread = self._journal_of(gathered.unique)
        return lambda: self._page_of_tickets(
            gathered,
            Page((), place, oddities=hidden, journal=journal, rejected=large + unread, expected=step.expected),
        )

    def _page_of_tickets(self, gathered: Gathered, beside: Page) -> Page:
        """The tickets, and what came ``beside`` them."""
        some = self._assembler.assemble(gathered)
        return replace(
            beside,
            records=some.records,
            rejected=some.rejected + beside.rejected,
            oddities=beside.oddities + some.oddities,
        )

    def _page_of_attached(self, attached: Attached, rows: Sequence[Row], place: Bookmark) -> Page:
        name = self._source.name
        rows = attached.in_scope(self._transport, name, self._scope, self._source.tables, rows)
        if attached is task_slas.ATTACHED:
            natives, unread = task_slas.natives_of(name, rows)
            return Page((), place, natives=natives, rejected=unread)
        if attached is journals.ATTACHED:
            journal, unread = journals.entries_of(name, rows)
            return Page((), place, journal=journal, rejected=unread)
        names = self._assembler.names
        approvers.want_names(rows, names)
        names.resolve()
        approvals, rejected, oddities = approvers.approvals_of(name, rows, names)
        return Page((), place, approvals=approvals, rejected=rejected, oddities=oddities)

    def _journal_of(self, ids: Collection[str]) -> tuple[tuple[JournalEntry, ...], tuple[Rejected, ...]]:
        """The notes on these tickets, where notes are read."""
        if not self._source.journals:
            return (), ()
        return journals.entries_of(self._source.name, journals.notes_of(self._transport, self._source.name, ids))

    def _unreadable(self, table: str, rows: Sequence[Row], told: set[str]) -> tuple[Oddity, ...]:
        """Columns that no row of the page has: not empty, but hidden from the account, or not of this table.

        Raises ``NeedsPerson`` for a configured one that the instance does not seem to have at all.
        """
        fields = self._assembler.fields(table)
        configured = {field.column for field in fields if field.configured}
        wanted = configured | {field.column for field in fields if field.ours in _ALWAYS}
        missing = sorted(wanted - {column for row in rows for column in row} - told) if rows else []
        self._missing.require(table, configured.intersection(missing))
        told |= set(missing)
        first = text_of(rows[0].get("sys_id")) if rows else ""
        return tuple(
            Oddity(first, "unreadable_field", f"{table}.{column} is hidden from the account, or does not exist")
            for column in missing
        )

    def _columns(self, table: str) -> tuple[str, ...]:
        fields = self._assembler.fields(table)
        columns = (*SYSTEM, *INSTANTS, *(field.column for field in fields), *self._scope.columns)
        return tuple(dict.fromkeys(columns))

    def _digest(self, stream: str, vendors: Mapping[str, Vendor]) -> str:
        """What the reading of a stream depends on: when it changes, the stream is read from its start."""
        name = self._source.name
        fields = {ours: [one.name, dict(one.values)] for ours, one in self._source.fields.items()}
        groups = {vendor.names[name]: vendor.name for vendor in vendors.values() if name in vendor.names}
        tables = [stream] if stream not in self._attached else list(self._source.tables)
        states = {table: dict(self._source.states.get(table, {})) for table in tables}
        labels = ["choice_labels"] if self._source.choice_labels else []
        clocks = [task_slas.ATTACHED.columns] if stream == task_slas.ATTACHED.table else []
        parts = [self._scope.text, tables, fields, states, groups, self._source.write.vendor, *labels, *clocks]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def attached_of(source: ServiceNow) -> tuple[Attached, ...]:
    """The tables beside the tickets that are read from a source."""
    clocks = (task_slas.ATTACHED,) if source.native_slas else ()
    notes = (journals.ATTACHED,) if source.journals else ()
    return (approvers.ATTACHED, *clocks, *notes)


def _too_large(ids: Sequence[str]) -> tuple[Rejected, ...]:
    return tuple(Rejected(sys_id, "it is larger than an answer may be") for sys_id in ids if sys_id)


def _since(at: str) -> str:
    try:
        start = instant(at)
    except ValueError:
        return ""  # not one of our bookmarks: read everything
    return stamp(start - OVERLAP) if start else ""


_ALWAYS = frozenset({"state", "impact", "urgency", "priority", "approval", "group", "summary"})
"""Fields that every table has: one that is missing is hidden."""
