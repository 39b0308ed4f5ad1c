"""A subset of JQL: read, checked against the site, and turned into a test of one issue.

Fields: project, key/issuekey/issue/id, status, statusCategory, issuetype/type, priority, labels, component, created,
updated and every single-select custom field. Operators: ``= != in, not in, is [not] empty`` and, for instants,
``> >= < <=`` with ``"yyyy-MM-dd HH:mm"`` (in the account's zone, exact to the minute), ``"-37m"`` and milliseconds
since 1970. ``AND OR NOT ( )`` and ``ORDER BY``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .site import Field, Issue, Site

Test = Callable[[Issue], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<symbol>!=|>=|<=|!~|[=<>~(),])|(?P<word>[^\s"'=<>!~(),]+))"""
)
_RELATIVE = re.compile(r"([+-]?\d+)([wdhm])")
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_INSTANTS = ("created", "updated")
_SAME = {"issuekey": "key", "issue": "key", "id": "key", "type": "issuetype", "component": "components"}
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


class JqlError(ValueError):
    """The query does not make sense; the text is what Jira would say."""


@dataclass(frozen=True, slots=True)
class Search:
    """A query: which issues, and in what order (field, descending)."""

    holds: Test
    order: tuple[tuple[str, bool], ...]

    def run(self, site: Site) -> list[Issue]:
        """The issues of the site that hold, in order; without ``ORDER BY`` the newest first, as Jira does."""
        return self.among(site.issues.values())

    def among(self, every: Iterable[Issue]) -> list[Issue]:
        """Those of ``every`` issue that hold, in order."""
        issues = sorted((one for one in every if self.holds(one)), key=lambda one: one.id, reverse=True)
        for name, descending in reversed(self.order):
            issues.sort(key=_ORDERS[name], reverse=descending)
        return issues


_ORDERS: dict[str, Callable[[Issue], tuple[object, ...]]] = {
    "updated": lambda one: (one.updated,),
    "created": lambda one: (one.created,),
    "key": lambda one: (one.project, int(one.key.rpartition("-")[2])),
    "priority": lambda one: (-int((one.fields.get("priority") or {"id": "9"})["id"]),),
}


Find = Callable[[str], "Issue | None"]


def read(
    text: str,
    site: Site,
    now: datetime,
    *,
    find: Find | None = None,
    hidden: Collection[str] = (),
    bounded: bool = True,
) -> Search:
    """Read a query against a site at an instant. Raises ``JqlError``.

    ``find`` is how an issue that the query names is looked up, ``hidden`` are keys of projects that the caller may not
    see; ``bounded`` refuses a query without a restriction.
    """
    return _Reader(text, site, now, find or site.find, hidden).search(bounded=bounded)


class _Reader:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str, site: Site, now: datetime, find: Find, hidden: Collection[str]) -> None:
        self._find = find
        self._hidden = hidden
        self._tokens = _tokens(text)
        self._at = 0
        self._site = site
        self._now = now

    def search(self, *, bounded: bool) -> Search:
        unbounded = not self._tokens or self._is("order")
        if unbounded and bounded:
            raise JqlError(UNBOUNDED)
        holds: Test = (lambda _issue: True) if unbounded else self._either()
        order = self._order()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return Search(holds, order)

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda issue: any(test(issue) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda issue: all(test(issue) for test in tests)

    def _one(self) -> Test:
        if self._take("not"):
            test = self._one()
            return lambda issue: not test(issue)
        if self._take("("):
            test = self._either()
            self._expect(")")
            return test
        return self._clause()

    def _clause(self) -> Test:
        name = self._next()
        if self._take("is"):
            wanted_empty = not self._take("not")
            if not (self._take("empty") or self._take("null")):
                raise self._unexpected()
            read_values = self._reader_of(name)
            return lambda issue: (not read_values(issue)) == wanted_empty
        negated = self._take("not")
        if self._take("in"):
            return self._membership(name, self._list(), negated=negated)
        operator = self._next()
        if operator in (">", ">=", "<", "<="):
            return self._comparison(name, operator, self._next())
        if operator not in ("=", "!="):
            raise JqlError(f"Error in the JQL Query: The operator '{operator}' is not supported by the '{name}' field.")
        return self._membership(name, [self._next()], negated=operator == "!=")

    def _membership(self, name: str, values: Sequence[str], *, negated: bool) -> Test:
        read_values = self._reader_of(name)
        wanted = {self._known(name, value) for value in values}
        if negated:
            return lambda issue: bool(found := read_values(issue)) and not (found & wanted)
        return lambda issue: bool(read_values(issue) & wanted)

    def _comparison(self, name: str, operator: str, value: str) -> Test:
        if name.casefold() not in _INSTANTS:
            raise JqlError(f"Error in the JQL Query: The operator '{operator}' is not supported by the '{name}' field.")
        bound = self._instant(name, value)
        read_instant: Callable[[Issue], datetime] = (
            (lambda issue: issue.updated) if name.casefold() == "updated" else (lambda issue: issue.created)
        )
        return {
            ">": lambda issue: read_instant(issue) > bound,
            ">=": lambda issue: read_instant(issue) >= bound,
            "<": lambda issue: read_instant(issue) < bound,
            "<=": lambda issue: read_instant(issue) <= bound,
        }[operator]

    def _instant(self, name: str, value: str) -> datetime:
        relative = _RELATIVE.fullmatch(value)
        if relative:
            return self._now + int(relative[1]) * _UNITS[relative[2]]
        if value.isdecimal() and len(value) > 10:
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        for layout in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
            try:
                return datetime.strptime(value, layout).replace(tzinfo=self._site.zone)
            except ValueError:
                continue
        raise JqlError(
            f"Date value '{value}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    def _reader_of(self, name: str) -> Callable[[Issue], frozenset[str]]:
        canonical = _SAME.get(name.casefold(), name.casefold())
        if canonical == "key":
            return lambda issue: frozenset({str(issue.id)})
        if canonical == "statuscategory":
            return lambda issue: _named(issue.fields["status"]["statusCategory"])
        column = self._site.field_named(canonical) or self._custom(name)
        if column is None:
            raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
        field_id = column.id
        return lambda issue: _named(issue.fields.get(field_id))

    def _custom(self, name: str) -> Field | None:
        match = re.fullmatch(r"cf\[(\d+)\]", name)
        return self._site.fields.get(f"customfield_{match[1]}") if match else None

    def _known(self, name: str, value: str) -> str:
        """The value as issues are compared with it. One issue, project or status that is not there spoils the query."""
        canonical = _SAME.get(name.casefold(), name.casefold())
        if canonical == "key":
            issue = self._find(value)
            if issue is None:
                raise JqlError(f"An issue with key '{value}' does not exist for field '{name}'.")
            return str(issue.id)
        projects = [one for one in self._site.projects.values() if one["key"] not in self._hidden]
        names = {
            "project": [text for one in projects for text in (one["key"], one["name"], one["id"])],
            "status": [text for one in self._site.statuses.values() for text in (one["name"], one["id"])],
        }.get(canonical)
        if names is not None and value.casefold() not in {text.casefold() for text in names}:
            raise JqlError(f"The value '{value}' does not exist for the field '{name}'.")
        return value.casefold()

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._take("order"):
            return ()
        self._expect("by")
        keys = [self._order_key()]
        while self._take(","):
            keys.append(self._order_key())
        return tuple(keys)

    def _order_key(self) -> tuple[str, bool]:
        name = self._next()
        canonical = _SAME.get(name.casefold(), name.casefold())
        if canonical not in _ORDERS:
            raise JqlError(f"Field '{name}' does not support sorting.")
        descending = self._take("desc")
        if not descending:
            self._take("asc")
        return (canonical, descending)

    def _list(self) -> list[str]:
        self._expect("(")
        values = [self._next()]
        while self._take(","):
            values.append(self._next())
        self._expect(")")
        return values

    def _is(self, word: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        quoted, text = self._tokens[self._at]
        return not quoted and text.casefold() == word

    def _take(self, word: str) -> bool:
        if not self._is(word):
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._unexpected()

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise JqlError(
                "Error in the JQL Query: Expecting a value or a field name but reached the end of the query."
            )
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _unexpected(self) -> JqlError:
        seen = self._tokens[self._at][1] if self._at < len(self._tokens) else "the end of the query"
        return JqlError(f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{seen}'.")


def _tokens(text: str) -> list[tuple[bool, str]]:
    """The words of a query and whether each was quoted."""
    tokens: list[tuple[bool, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise JqlError(f"Error in the JQL Query: The character at position {position + 1} is not expected.")
        quoted = match["text"]
        tokens.append((True, _unquoted(quoted)) if quoted is not None else (False, match["symbol"] or match["word"]))
        position = match.end()
    return tokens


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _named(value: object) -> frozenset[str]:
    """Everything that a field's value may be called in a query, casefolded."""
    if isinstance(value, list):
        return frozenset(name for one in value for name in _named(one))
    if isinstance(value, dict):
        return frozenset(
            str(value[key]).casefold() for key in ("id", "key", "name", "value", "accountId") if key in value
        )
    return frozenset({str(value).casefold()}) if value not in (None, "") else frozenset()
