"""What was decided about tickets, run by run; rows are added and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from itsm_bridge.model import Decision
from itsm_bridge.store.database import Reading
from itsm_bridge.store.rows import DecisionRow
from itsm_bridge.store.schema import decisions

BATCH = 1000
"""Decisions that are held in memory at once."""

DECISION_FIELDS = tuple(field.name for field in fields(Decision))


def add(connection: Connection, run_id: int, made: Iterable[Decision]) -> None:
    """Keep the decisions of a run."""
    rows = ({name: getattr(decision, name) for name in DECISION_FIELDS} | {"run_id": run_id} for decision in made)
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(decisions), batch)


def walk(
    reading: Reading, *, latest: bool, run_id: int | None, source: str | None, external_id: str | None
) -> Iterator[DecisionRow]:
    """Decisions in the order in which they were made; with ``latest`` only the newest of each ticket and field."""
    query = select(*(decisions.c[name] for name in DECISION_FIELDS), decisions.c.run_id).order_by(decisions.c.id)
    of_ticket = _equal({decisions.c.source: source, decisions.c.external_id: external_id})
    if latest:
        by_field = (decisions.c.source, decisions.c.external_id, decisions.c.field)
        newest = select(func.max(decisions.c.id)).where(*of_ticket).group_by(*by_field)
        query = query.where(decisions.c.id.in_(newest))
    query = query.where(*of_ticket, *_equal({decisions.c.run_id: run_id}))
    with reading() as connection, connection.execute(query.execution_options(yield_per=BATCH)) as result:
        for row in result:
            yield DecisionRow(*row)


def _equal(wanted: Mapping[ColumnElement[Any], object]) -> list[ColumnElement[bool]]:
    """The conditions of those columns for which a value is given."""
    return [column == value for column, value in wanted.items() if value is not None]
