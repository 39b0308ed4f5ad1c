"""Walking a table by its keyset (instant, sys_id): nothing is left out, and nothing that was not asked for is taken.

ServiceNow applies the limit before the account's permissions, so that a page may be short, or empty, with more rows
behind it; the end is where neither the count nor the Link header says more. It also drops a condition that it does
not understand and answers with more, so each row is held against what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from itsm_bridge.connectors.answers import PageTooLarge, PageTooSlow
from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.connectors.servicenow.query import Mark, after, chunks, joined, ordered, term
from itsm_bridge.connectors.servicenow.transport import Rows, SnowTransport
from itsm_bridge.errors import NeedsPerson

PAGE = 1_000

_PLAIN_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PLAIN_ORDER = re.compile(r"[0-9A-Za-z_: -]{0,64}")

Test = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One page of a walk. ``too_large`` is the id of a record that does not fit into an answer."""

    rows: Sequence[Row]
    expected: int | None
    too_large: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """What to walk: a table, conditions, columns, and the column of the order (``sys_id`` alone, or before it).

    ``since`` is an inclusive lower bound of that column, empty for none. ``test`` holds a row against the conditions;
    ``scope`` names the columns of the operator's scope, without which it cannot.
    """

    source: str
    table: str
    conditions: str
    columns: Sequence[str]
    order: str = "sys_updated_on"
    since: str = ""
    test: Test = lambda _: True
    page: int = PAGE
    scope: Sequence[str] = ()

    def mark(self, row: Row) -> Mark:
        """Where a row stands in the order."""
        return (text_of(row.get(self.order)), text_of(row.get("sys_id")))

    def query(self, mark: Mark | None) -> str:
        """The encoded query for what lies behind ``mark``."""
        return joined(self.conditions, self._bound(mark), ordered(self.order))

    def _bound(self, mark: Mark | None) -> str:
        if mark is None:
            return term(self.order, ">=", self.since) if self.since else ""
        return term("sys_id", ">", mark[1]) if self.order == "sys_id" else after(self.order, mark)

    def steps(self, transport: SnowTransport) -> Iterator[Step]:
        """Page after page to the end. Raises ``NeedsPerson`` for rows that were not asked for, or out of order."""
        mark: Mark | None = None
        offset, limit, expected = 0, self.page, None
        while True:
            try:
                answer = transport.get(self.table, self.query(mark), self.columns, limit, offset)
            except PageTooLarge as problem:
                if limit == 1:
                    if isinstance(problem, PageTooSlow):
                        raise
                    mark, large = self._skipped(transport, mark, offset)
                    yield Step((), expected, large)
                    offset = 0
                limit = max(1, limit // 2)
                continue
            self._check(answer.rows, mark)
            expected = answer.total if expected is None else expected
            yield Step(answer.rows, expected)
            if not _is_more(answer, offset + limit):
                return
            if answer.rows:
                mark, offset = self.mark(answer.rows[-1]), 0
            else:
                offset += max(1, limit * 3 // 4)  # less than a page: rows that left meanwhile moved the others up
            limit = min(self.page, limit * 2)

    def _skipped(self, transport: SnowTransport, mark: Mark | None, offset: int) -> tuple[Mark, str]:
        """The place and the id of a record that is too large to be read, found without its texts."""
        rows = transport.get(self.table, self.query(mark), ("sys_id", self.order), 1, offset).rows
        if not rows:
            raise PageTooLarge(f"{self.source}: a record of {self.table} is too large to be read, and has gone")
        place = self.mark(rows[0])
        return place, place[1]

    def _check(self, rows: Sequence[Row], mark: Mark | None) -> None:
        require_scope(self.source, self.table, self.scope, rows)
        known = None if mark is None else self._key(mark)
        before = self._key(("", ""))
        for row in rows:
            place = self.mark(row)
            key = self._key(place)
            is_place = _is_place(place)
            if is_place and place[0] < self.since:
                raise unbounded(self.source, self.table, self.order)
            if not is_place or (known is not None and key <= known) or not self.test(row):
                raise widened(self.source, self.table)
            if key < before:
                raise unordered(self.source, self.table, self.order)
            before = key

    def _key(self, place: Mark) -> tuple[str, ...]:
        return (place[1],) if self.order == "sys_id" else place


def _is_place(place: Mark) -> bool:
    """Whether both can stand in the next query: a row's own words are as foreign as its texts."""
    return _PLAIN_ID.fullmatch(place[1]) is not None and _PLAIN_ORDER.fullmatch(place[0]) is not None


def _is_more(answer: Rows, reached: int) -> bool:
    if answer.total is None and not answer.has_next:
        return bool(answer.rows)  # a server that tells nothing: go on until it has no more
    return answer.has_next or (answer.total or 0) > reached


def by_ids(
    transport: SnowTransport, walk: Walk, column: str, ids: Collection[str], too_large: list[str] | None = None
) -> Iterator[Row]:
    """The rows whose ``column`` is one of ``ids``, asked for in short lists; rows of other ids end the run.

    ``too_large`` takes the ids of records that do not fit into an answer.
    """
    for some in chunks(sorted(set(filter(_PLAIN_ID.fullmatch, ids)))):
        wanted = frozenset(some)

        def asked(row: Row, wanted: frozenset[str] = wanted) -> bool:
            return text_of(row.get(column)) in wanted and walk.test(row)

        part = Walk(
            walk.source,
            walk.table,
            joined(walk.conditions, term(column, "IN", some)),
            walk.columns,
            walk.order,
            test=asked,
            page=walk.page,
            scope=walk.scope,
        )
        for step in part.steps(transport):
            if step.too_large and too_large is not None:
                too_large.append(step.too_large)
            yield from step.rows


def require_scope(source: str, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Raise ``NeedsPerson`` where a column of the scope was asked for and no row has it.

    The server drops a condition on a column that it does not know, and leaves that column out of its rows. One that is
    hidden from the account looks the same, and the scope cannot be checked either.
    """
    lost = [column for column in columns if rows and not any(column in row for row in rows)]
    if lost:
        raise NeedsPerson(
            f"{source}: the scope names {lost[0]}, which {table} does not have, or hides from the account; "
            "the server ignores it and would answer with other tickets too; nothing of them was kept",
            hint="correct scope: in bridge.yaml, or grant the account read on the column; look: itsm-bridge doctor",
        )


def widened(source: str, table: str) -> NeedsPerson:
    """The server answered with rows that were not asked for."""
    return NeedsPerson(
        f"{source}: the server widened the query for {table}: it answered with rows that were not asked for, "
        "as it does when a column of the scope or of the order is gone or may not be used; nothing of them was kept"
    )


def unbounded(source: str, table: str, column: str) -> NeedsPerson:
    """The server dropped the bound that a walk begins at."""
    return NeedsPerson(
        f"{source}: the server widened the query for {table}: it answered with rows from before the bound on {column}; "
        f"nothing of them was kept; {_needed(table, column)}"
    )


def unordered(source: str, table: str, column: str) -> NeedsPerson:
    """The server did not keep the order that nothing-left-out depends on."""
    return NeedsPerson(
        f"{source}: the server did not sort {table} by {column}, so that rows could be left out; "
        f"{_needed(table, column)}"
    )


def _needed(table: str, column: str) -> str:
    return f"the account needs a query_range permission on {table}.{column}"
