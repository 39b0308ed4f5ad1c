"""From rows of a table to whole tickets: with their history, their votes, and the names that they refer to."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import itsm_bridge.connectors.servicenow.approvers as approvers
import itsm_bridge.connectors.servicenow.audit as audit
from itsm_bridge.config.model import ServiceNow, Vendor
from itsm_bridge.connectors.base import Oddity, Rejected
from itsm_bridge.connectors.oddities import odd_about
from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.connectors.servicenow.choices import labelled
from itsm_bridge.connectors.servicenow.columns import Field, fields_of
from itsm_bridge.connectors.servicenow.names import Names
from itsm_bridge.connectors.servicenow.tickets import Reading
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.values import Values
from itsm_bridge.model import Approval, ApprovalState, Ticket, TicketRecord

_TABLE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Assembled:
    """What some rows of a table turned out to be."""

    records: tuple[TicketRecord, ...]
    rejected: tuple[Rejected, ...]
    oddities: tuple[Oddity, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Some rows of a table, each id once, with all that was asked for besides; their names are known."""

    table: str
    rows: Sequence[Row]
    fields: Sequence[Field]
    unique: Mapping[str, Row]
    audits: audit.Audits
    votes: Mapping[str, Sequence[Row]]


class Assembler:
    """Makes tickets of one instance. It remembers names, not tickets."""

    def __init__(self, source: ServiceNow, vendors: Mapping[str, Vendor], transport: SnowTransport) -> None:
        self._source, self._transport = source, transport
        self.names = Names(source.name, transport)
        self._values = Values(source, vendors, self.names)
        self._fields = {table: fields_of(source, table) for table in source.tables}
        self._labelled: dict[str, tuple[Field, ...]] = {}

    def fields(self, table: str) -> tuple[Field, ...]:
        """What is read from a table."""
        return self._fields.get(table) or fields_of(self._source, table)

    def _read_fields(self, table: str) -> tuple[Field, ...]:
        """How they are read: by the labels of choices where that is configured, which are looked up once."""
        if not self._source.choice_labels:
            return self.fields(table)
        if table not in self._labelled:
            self._labelled[table] = labelled(self._transport, self._source.name, table, self.fields(table))
        return self._labelled[table]

    def gather(self, table: str, rows: Sequence[Row]) -> Gathered:
        """Ask for everything that makes tickets of rows."""
        fields = self._read_fields(table)
        unique = {text_of(row.get("sys_id")): row for row in rows}
        audits = audit.audits_of(self._transport, self._source, _by_class(table, unique), fields)
        votes = approvers.votes_of(self._transport, self._source.name, unique)
        self._resolve(rows, fields, audits, votes)
        return Gathered(table, rows, fields, unique, audits, votes)

    def assemble(self, gathered: Gathered) -> Assembled:
        """Turn rows into tickets; nothing is asked for."""
        records, rejected = [], []
        oddities = _doubled(gathered.rows)
        for sys_id, row in gathered.unique.items():
            reading = Reading(self._source.name, gathered.table, row, gathered.fields, self._values)
            try:
                ticket = reading.ticket()
            except ValueError as error:
                rejected.append(Rejected(sys_id, str(error)))
                continue
            record, more = self._record(ticket, gathered.audits, gathered.votes.get(sys_id, ()))
            records.append(record)
            oddities += [*reading.oddities, *more]
        return Assembled(tuple(records), tuple(rejected), tuple(oddities))

    def _record(self, ticket: Ticket, audits: audit.Audits, votes: Sequence[Row]) -> tuple[TicketRecord, list[Oddity]]:
        name = self._source.name
        history, odd_entries = audit.history_of(ticket, audits, self._values)
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
        audit.want_names(audits, self._values)
        for some in votes.values():
            approvers.want_names(some, self.names)
        self.names.resolve()


def _by_class(table: str, rows: Mapping[str, Row]) -> Mapping[str, Collection[str]]:
    """The ids by the table that each record is of itself, which is one that its audit rows name."""
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
