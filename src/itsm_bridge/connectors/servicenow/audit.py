"""The history of tickets from ``sys_audit``, asked for by the tickets' ids only: a scan by date starves others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.base import Oddity
from itsm_bridge.connectors.servicenow.cells import Row, instant, text_of
from itsm_bridge.connectors.servicenow.columns import TYPES, Field
from itsm_bridge.connectors.servicenow.query import joined, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.values import Values
from itsm_bridge.connectors.servicenow.walking import Walk, by_ids
from itsm_bridge.connectors.texts import whole
from itsm_bridge.model import HistoryEntry, Ticket

TABLE = "sys_audit"
COLUMNS = (
    "sys_id", "sys_created_on", "documentkey", "tablename", "fieldname", "oldvalue", "newvalue", "user",
    "record_checkpoint",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Audits:
    """The audit rows of some tickets, by ticket, and the fields of ours that each column feeds."""

    rows: Mapping[str, Sequence[Row]]
    fields: Mapping[str, Sequence[Field]]


def audits_of(
    transport: SnowTransport,
    source: ServiceNow,
    tables: Mapping[str, Collection[str]],
    fields: Sequence[Field],
) -> Audits:
    """Read the audit rows of tickets (by the table that each is of) for the columns of ``fields``.

    A ticket that has moved from one table to another keeps its sys_id, and its rows of before name the table of then.
    """
    by_column = _by_column(fields)
    columns = sorted(by_column)
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for table, ids in tables.items():
        family = sorted({table, *source.tables, *TYPES})
        conditions = joined(term("tablename", "IN", family), term("fieldname", "IN", columns))
        walk = Walk(
            source.name, TABLE, conditions, COLUMNS, order="sys_created_on", test=lambda row: _is_asked(row, columns)
        )
        for row in by_ids(transport, walk, "documentkey", ids):
            found[text_of(row.get("documentkey"))].append(row)
    return Audits(found, by_column)


def _is_asked(row: Row, columns: Collection[str]) -> bool:
    return text_of(row.get("fieldname")) in columns


def want_names(audits: Audits, values: Values) -> None:
    """Note the references in old and new values."""
    for rows in audits.rows.values():
        for row in rows:
            for field in audits.fields[text_of(row.get("fieldname"))]:
                values.want(field, row.get("oldvalue"))
                values.want(field, row.get("newvalue"))


def history_of(ticket: Ticket, audits: Audits, values: Values) -> tuple[tuple[HistoryEntry, ...], tuple[Oddity, ...]]:
    """The entries of one ticket, oldest first, and what could not be read of them.

    Entries of one second follow the record's own count of its updates. One audit row gives an entry for each field of
    ours that its column feeds: the assignment group gives the group and the vendor.
    """
    entries: list[HistoryEntry] = []
    oddities = []
    for row in sorted(audits.rows.get(ticket.external_id, ()), key=_order):
        try:
            entries += _entries(ticket, row, audits.fields[text_of(row.get("fieldname"))], values)
        except ValueError:
            which = text_of(row.get("sys_id"))
            oddities.append(Oddity(ticket.external_id, "bad_history", f"audit row {which} has no readable time"))
    return tuple(entry for entry in entries if entry.is_change), tuple(oddities)


def _entries(ticket: Ticket, row: Row, fields: Sequence[Field], values: Values) -> list[HistoryEntry]:
    at = instant(text_of(row.get("sys_created_on")))
    if at is None:
        raise ValueError("an audit row without a time")
    of = text_of(row.get("tablename"))
    table = of if of in TYPES else ticket.project
    number, actor = text_of(row.get("sys_id")), text_of(row.get("user"))
    before, after = text_of(row.get("oldvalue")), text_of(row.get("newvalue"))
    return [
        HistoryEntry(
            source=ticket.source,
            external_id=ticket.external_id,
            entry_id=f"{number}:{field.ours}",
            at=at,
            field=field.ours,
            old=values.text(table, field, before),
            new=values.text(table, field, after),
            source_old=before,
            source_new=after,
            actor=actor,
        )
        for field in fields
    ]


def _order(row: Row) -> tuple[str, int, str]:
    checkpoint = text_of(row.get("record_checkpoint"))
    return (
        text_of(row.get("sys_created_on")),
        whole(checkpoint) or 0,
        text_of(row.get("sys_id")),
    )


def _by_column(fields: Sequence[Field]) -> defaultdict[str, list[Field]]:
    found: defaultdict[str, list[Field]] = defaultdict(list)
    for field in fields:
        if field.is_audited:
            found[field.column].append(field)
    return found
