"""Whole tables, column by column, as analyses want them.

Columns are those of ``schema`` in its order, named like the model's fields. Values are as they lie in the table:

- instants (``…_at``, ``at``, ``first_seen``, ``last_seen``, ``first_missed``, ``last_missed``) are ``int`` microseconds
  since 1970-01-01T00:00Z;
- ``id``, ``run_id``, ``impact``, ``urgency``, ``priority``, ``attempts``, ``missed``, ``elapsed_seconds``,
  ``target_seconds``, ``paused_seconds``, ``seconds`` are ``int``, and ``percent`` is ``float``;
- ``breached`` and ``paused`` are truth values as the database gives them: ``0`` and ``1`` in SQLite, ``bool`` in
  PostgreSQL;
- lists and maps (``service``, ``category``, ``labels``, ``custom``, ``originals``, ``changes``, ``outcomes``,
  ``summary`` of a run) and ``value`` of a decision are ``str`` of JSON;
- all else is ``str``; a missing value is ``None``.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, Table, select, type_coerce
from sqlalchemy.types import NULLTYPE

from itsm_bridge.store.database import Reading
from itsm_bridge.store.rows import Scan
from itsm_bridge.store.schema import (
    absences,
    approvals,
    decisions,
    history,
    intents,
    journal,
    native_slas,
    oddities,
    quarantine,
    runs,
    tickets,
    worklogs,
)

CHUNK = 10_000
"""Rows in one chunk."""

TABLES = {
    "tickets": (tickets, ("source", "external_id")),
    "history": (history, ("source", "external_id", "at", "entry_id", "field")),
    "approvals": (approvals, ("source", "external_id", "approval_id")),
    "native_slas": (native_slas, ("source", "external_id", "native_id")),
    "worklogs": (worklogs, ("source", "external_id", "started_at", "worklog_id")),
    "journal": (journal, ("source", "external_id", "at", "entry_id")),
    "absences": (absences, ("source", "external_id")),
    "decisions": (decisions, ("id",)),
    "oddities": (oddities, ("source", "external_id", "check", "detail")),
    "quarantine": (quarantine, ("source", "external_id")),
    "intents": (intents, ("id",)),
    "runs": (runs, ("id",)),
}
"""What can be scanned, and the order of its rows: the same on every database."""


def scan(reading: Reading, name: str) -> Scan:
    """The whole table ``name``, in chunks of one transaction that begins with the first. Raises ``KeyError``."""
    table, order = TABLES[name]
    return Scan(tuple(table.columns.keys()), _chunks(reading, _raw(table, order)))


def _raw(table: Table, order: tuple[str, ...]) -> Select[*tuple[object, ...]]:
    columns = [type_coerce(column, NULLTYPE).label(column.name) for column in table.columns]
    return select(*columns).order_by(*(table.c[name] for name in order))


def _chunks(reading: Reading, query: Select[*tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    with reading() as connection, connection.execute(query.execution_options(yield_per=CHUNK)) as result:
        for rows in result.partitions():
            yield [tuple(row) for row in rows]
