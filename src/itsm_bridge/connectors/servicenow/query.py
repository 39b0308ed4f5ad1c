"""Encoded queries of ServiceNow, built from checked parts and never from foreign text.

``^`` joins conditions, ``^OR`` binds to the condition before it alone, ``^NQ`` would begin a second query beside the
operator's scope, and a value that begins with ``javascript:`` would be run by the server. None of these can come in
with a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.errors import ConfigurationInvalid

_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_OPERATORS = frozenset({"=", "!=", ">", ">=", "<", "<=", "IN", "LIKE", "STARTSWITH"})

Mark = tuple[str, str]
"""A place in a keyset order: an instant as ServiceNow writes it, and a sys_id."""

LONGEST_LIST = 100
"""Ids in one ``IN``: 32 characters each, in a URL that some proxies cut at 8,000."""


class UnsafeValue(ValueError):
    """A value that cannot stand in a query without being more than a value."""


def term(path: str, operator: str, value: str | Sequence[str]) -> str:
    """One condition. Raises ``UnsafeValue`` for a value that would change the query, ``ValueError`` for a bad path."""
    if not _PATH.fullmatch(path) or operator not in _OPERATORS:
        raise ValueError(f"not a condition: {path!r} {operator!r}")
    values = [value] if isinstance(value, str) else list(value)
    for one in values:
        _require_plain(one, listed=operator == "IN")
    return f"{path}{operator}{','.join(values)}"


def _require_plain(value: str, *, listed: bool) -> None:
    bad = "^" in value or _CONTROL.search(value) or value.strip().lower().startswith("javascript:")
    if bad or (listed and ("," in value or not value)):
        raise UnsafeValue("it holds characters that cannot stand in a ServiceNow query")


def joined(*parts: str) -> str:
    """All of the conditions; empty ones are left out."""
    return "^".join(part for part in parts if part)


def after(column: str, mark: Mark) -> str:
    """What lies behind ``mark`` in the order of ``column``, then sys_id."""
    at, sys_id = mark
    return f"{term(column, '>=', at)}^{term(column, '>', at)}^OR{term('sys_id', '>', sys_id)}"


def ordered(column: str) -> str:
    """The keyset order."""
    return f"ORDERBY{column}^ORDERBYsys_id" if column != "sys_id" else "ORDERBYsys_id"


def chunks(ids: Sequence[str], size: int = LONGEST_LIST) -> list[Sequence[str]]:
    """``ids`` in pieces that fit into a query."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


# --- the operator's scope ----------------------------------------------------------------------------------------

_JOINT = re.compile(r"(?<!\^)\^(?!\^)")
_CONDITION = re.compile(
    r"(?P<path>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)"
    r"(?P<operator>ISNOTEMPTY|ISEMPTY|NOT IN|NOT LIKE|STARTSWITH|ENDSWITH|LIKE|CONTAINS|IN|!=|>=|<=|=|>|<)"
    r"(?P<value>.*)",
    re.DOTALL,
)
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "IN": lambda value, wanted: value in wanted.split(","),
    "STARTSWITH": lambda value, wanted: value.startswith(wanted),
    "ENDSWITH": lambda value, wanted: value.endswith(wanted),
    "LIKE": lambda value, wanted: wanted in value,
    "CONTAINS": lambda value, wanted: wanted in value,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The operator's condition, ANDed to every query for tickets.

    A server that knows no such column drops the condition and answers with more. So each row is looked at again, as
    far as that can be done here: ``columns`` must be asked for and be seen, and ``takes`` doubts a row only where it is
    certain.
    """

    text: str
    groups: tuple[tuple[re.Match[str], ...], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return tuple(dict.fromkeys(one["path"] for group in self.groups for one in group))

    def takes(self, row: Row) -> bool:
        """Whether a row may lie in the scope, as far as it can be seen."""
        return self.admits({column: text_of(row[column]) for column in self.columns if column in row})

    def admits(self, texts: Mapping[str, str]) -> bool:
        """Whether a row (its readable columns as text) may lie in the scope."""
        return all(any(_may_hold(one, texts) for one in group) for group in self.groups)


def _may_hold(condition: re.Match[str], texts: Mapping[str, str]) -> bool:
    test = _TESTS.get(condition["operator"])
    value = texts.get(condition["path"])
    if test is None or value is None:
        return True
    return test(value.casefold(), condition["value"].replace("^^", "^").casefold())


def read_scope(source: str, text: str) -> Scope:
    """The scope of ``bridge.yaml``. Raises ``ConfigurationInvalid`` for what would undo the AND, or be run."""
    text = text.strip()
    if not text:
        return Scope("")
    pieces = _JOINT.split(text)
    if _CONTROL.search(text) or "javascript:" in text.lower():
        raise _refused(source, "it holds a control character or a script; write plain values")
    if any(piece.startswith(("NQ", "ORDERBY", "GROUPBY", "EQ")) for piece in pieces):
        raise _refused(source, "^NQ, ^ORDERBY, ^GROUPBY and ^EQ cannot stand in it")
    groups: list[list[re.Match[str]]] = []
    for place, piece in enumerate(pieces):
        alternative = piece.startswith("OR")
        condition = _CONDITION.fullmatch(piece.removeprefix("OR") if alternative else piece)
        if condition is None or (alternative and place == 0):
            raise _refused(source, f"condition {place + 1} is not column, operator and value")
        if alternative:
            groups[-1].append(condition)
        else:
            groups.append([condition])
    return Scope(text, tuple(tuple(group) for group in groups))


def _refused(source: str, why: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"{source}: the scope in bridge.yaml is refused: {why}", hint="itsm-bridge check")
