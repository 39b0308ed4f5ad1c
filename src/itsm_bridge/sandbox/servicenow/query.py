"""ServiceNow's encoded queries: read, planned over the indexes, and answered.

``A^B^ORC^NQD`` means (A and (B or C)) or D: ``^OR`` binds to the condition before it alone, ``^NQ`` begins a whole
new query. A literal ``^`` is ``^^``. What names no column or no operator is dropped and the rest runs, as on a real
instance that keeps its defaults; so a query may answer more than was meant, which callers must notice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt

from .tables import ORDER, Instance, Row, Table

_TERM = re.compile(
    r"(?P<path>[a-z_][a-z0-9_.]*)"
    r"(?P<operator>ISNOTEMPTY|ISEMPTY|NOT IN|NOT LIKE|STARTSWITH|ENDSWITH|LIKE|IN|!=|>=|<=|=|>|<)"
    r"(?P<value>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a column (or a path over references), an operator and a literal."""

    path: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Query:
    """Alternatives (``^NQ``) of conjunctions (``^``) of alternatives (``^OR``), the order, and what was dropped."""

    alternatives: tuple[tuple[tuple[Term, ...], ...], ...]
    order: tuple[tuple[str, bool], ...]
    dropped: tuple[str, ...] = ()


def parse(text: str, known: Callable[[str], bool]) -> Query:
    """Read an encoded query; ``known`` says whether a path names a column. Nothing is an error."""
    order: list[tuple[str, bool]] = []
    alternatives: list[list[list[Term]]] = [[]]
    dropped: list[str] = []
    for piece in _pieces(text):
        if piece.startswith("ORDERBY"):
            order += _order(piece, known)
            continue
        joint = piece[:2] if piece[:2] in ("OR", "NQ") else ""
        term = _term(piece.removeprefix(joint), known)
        dropped += [] if term else [piece]
        if joint == "OR":
            _extend(alternatives[-1], term)
        elif joint == "NQ":
            alternatives.append([term])
        else:
            alternatives[-1].append(term)
    kept = tuple(tuple(tuple(group) for group in groups if group) for groups in alternatives)
    return Query(kept, tuple(order), tuple(dropped))


def _extend(groups: list[list[Term]], alternative: list[Term]) -> None:
    """Join a condition to the one before it, which may have been dropped and then left an empty place."""
    if not groups:
        groups.append([])
    groups[-1].extend(alternative)


def _pieces(text: str) -> list[str]:
    pieces, start = [], 0
    position = 0
    while (position := text.find("^", position)) >= 0:
        if text.startswith("^^", position):
            position += 2
            continue
        pieces.append(text[start:position])
        start = position = position + 1
    pieces.append(text[start:])
    return [piece.replace("^^", "^") for piece in pieces if piece and piece != "EQ"]


def _order(piece: str, known: Callable[[str], bool]) -> list[tuple[str, bool]]:
    descending = piece.startswith("ORDERBYDESC")
    path = piece.removeprefix("ORDERBYDESC" if descending else "ORDERBY")
    return [(path, descending)] if known(path) else []


def _term(piece: str, known: Callable[[str], bool]) -> list[Term]:
    """The one condition that a piece is, or none where its column or operator does not exist."""
    match = _TERM.fullmatch(piece)
    if match is None or not known(match["path"]):
        return []
    return [Term(match["path"], match["operator"], match["value"])]


_COMPARISONS: dict[str, Callable[..., bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}


def _comparison(operator: str, wanted: str) -> Callable[[str], bool]:
    compare = _COMPARISONS[operator]
    number = _number(wanted)

    def holds(value: str) -> bool:
        if not value:
            return False
        mine = _number(value) if number is not None else None
        return compare(value, wanted) if mine is None else compare(mine, number)

    return holds


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isdecimal() else None


def _test(term: Term) -> Callable[[str], bool]:
    """Whether a value holds. ``!=`` and its kin do not find empty values, as in the database behind a real instance."""
    wanted = term.value
    if term.operator in _COMPARISONS:
        return _comparison(term.operator, wanted)
    listed = frozenset(wanted.split(","))
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: value == wanted,
        "!=": lambda value: value not in ("", wanted),
        "IN": lambda value: value in listed,
        "NOT IN": lambda value: value != "" and value not in listed,
        "LIKE": lambda value: wanted in value,
        "NOT LIKE": lambda value: value != "" and wanted not in value,
        "STARTSWITH": lambda value: value.startswith(wanted),
        "ENDSWITH": lambda value: value.endswith(wanted),
        "ISEMPTY": lambda value: not value,
        "ISNOTEMPTY": bool,
    }
    return tests[term.operator]


def _compiled(instance: Instance, table: Table, term: Term) -> Callable[[Row], bool]:
    test, path = _test(term), term.path
    if "." not in path:
        return lambda row: test(row.get(path, ""))
    return lambda row: test(instance.value(table, row, path) or "")


def _conjunction(instance: Instance, table: Table, groups: Sequence[Sequence[Term]]) -> Callable[[Row], bool]:
    compiled = [[_compiled(instance, table, term) for term in group] for group in groups]

    def holds(row: Row) -> bool:
        return all(any(test(row) for test in group) for group in compiled)

    return holds


def _candidates(table: Table, groups: Sequence[Sequence[Term]]) -> list[Row]:
    """As few rows as the indexes allow: by a hashed column, else by the bounds of sys_updated_on."""
    alone = [group[0] for group in groups if len(group) == 1]
    for term in alone:
        if term.operator in ("=", "IN"):
            values = [term.value] if term.operator == "=" else term.value.split(",")
            rows = table.with_value(term.path, values)
            if rows is not None:
                return rows
    stamps = [term for term in alone if term.path == ORDER[0]]
    lower = max((term.value for term in stamps if term.operator in (">", ">=", "=")), default="")
    upper = min((term.value for term in stamps if term.operator in ("<", "<=", "=")), default="")
    return table.between(lower, upper)


def answer(instance: Instance, table: Table, query: Query) -> list[Row]:
    """Every row that the query finds, in its order (without one: in the order of ``ORDER``)."""
    found: dict[str, Row] = {}
    for groups in query.alternatives:
        holds = _conjunction(instance, table, groups)
        found.update((row["sys_id"], row) for row in _candidates(table, groups) if holds(row))
    return _sorted(instance, table, list(found.values()), query.order)


def _sorted(instance: Instance, table: Table, rows: list[Row], order: Sequence[tuple[str, bool]]) -> list[Row]:
    if not order or order == tuple((column, False) for column in ORDER):
        rows.sort(key=lambda row: (row.get("sys_updated_on", ""), row["sys_id"]))
        return rows
    for path, descending in reversed(order):
        rows.sort(key=lambda row: _sortable(instance.value(table, row, path) or ""), reverse=descending)
    return rows


def _sortable(text: str) -> tuple[int, int, str]:
    """Empty first, then numbers by size, then text."""
    if not text:
        return (0, 0, "")
    number = _number(text) if len(text) < 12 else None
    return (1, number, "") if number is not None else (2, 0, text)
