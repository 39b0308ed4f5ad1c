"""Writing rows on both dialects: INSERT … ON CONFLICT replaces a row whose content differs, and no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, insert, or_
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
"""One row's values by column."""

Insert = sqlite.Insert | postgresql.Insert

INSERT: Mapping[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

STAMPS = frozenset({"saved_at"})
"""Columns that say when the content was stored: written with it, and no content themselves."""

ORDERED_BY = {"tickets": "updated_at"}
"""Columns by which a row may not go back in time."""


def put(connection: Connection, table: Table, rows: Sequence[Row], *, in_order: bool = True) -> int:
    """Insert or replace ``rows`` by their primary key; how many were inserted or differed from what was there.

    With ``in_order`` a row of a table in ``ORDERED_BY`` does not go back in time.
    """
    if not rows:
        return 0
    return connection.execute(_replacing(table, connection.dialect.name, in_order), list(rows)).rowcount


def put_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert those of ``rows`` whose primary key is not there yet."""
    if rows:
        connection.execute(_keeping(table, connection.dialect.name), list(rows))


def add(connection: Connection, table: Table, row: Row) -> int:
    """Insert one row into a table that numbers its rows; its number."""
    key = connection.execute(insert(table).values(row)).inserted_primary_key
    return int(key[0]) if key else 0


@cache
def _replacing(table: Table, dialect: str, in_order: bool) -> Insert:  # noqa: FBT001 (a key of the cache)
    statement = INSERT[dialect](table)
    values = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    replacing = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_=values, where=_is_news(table, statement, in_order=in_order)
    )
    return replacing.execution_options(preserve_rowcount=True)


@cache
def _keeping(table: Table, dialect: str) -> Insert:
    return INSERT[dialect](table).on_conflict_do_nothing(index_elements=list(table.primary_key.columns))


def _is_news(table: Table, statement: Insert, *, in_order: bool) -> ColumnElement[bool]:
    """Whether the new row says something else and, with ``in_order``, is not older."""
    content = [column for column in table.columns if not column.primary_key and column.name not in STAMPS]
    differs = or_(*(column.is_distinct_from(statement.excluded[column.name]) for column in content))
    order = ORDERED_BY.get(table.name) if in_order else None
    return differs if order is None else and_(table.c[order] <= statement.excluded[order], differs)
