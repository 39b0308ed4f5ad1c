"""Runs the ``tests:`` of the rules: made-up tickets, and what must become of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from itsm_bridge.conditions import Facts
from itsm_bridge.config.model import Configuration, RuleTest
from itsm_bridge.model import NOTE, Approval, ApprovalState, State, Ticket, TicketRecord, TicketType
from itsm_bridge.rules.decide import Decider
from itsm_bridge.rules.facts import CUSTOM_PREFIX
from itsm_bridge.rules.verdict import Verdict

SOURCE = "test"
DECIDED = frozenset({"impact", "urgency", "priority", "approval", "vendor"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that did not come out as expected; ``rule`` decided it, empty where none did."""

    field: str
    expected: str | int | None
    got: str | int | None
    rule: str


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test came out."""

    __test__: ClassVar[bool] = False  # not a test class, whatever pytest makes of the name

    name: str
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.differences


def run_tests(configuration: Configuration, now: datetime, name: str | None = None) -> tuple[TestResult, ...]:
    """Decide the ticket of every test, or of those with ``name`` in their name, and compare with ``expect``.

    A ticket is decided at the instant it was created or last updated, so that a test says the same on every day; at
    ``now`` where it gives neither. What it does not give is empty; it is a new task unless it says otherwise. An
    ``approval`` that it gives is the vote of every approver. An expected ``null`` means that nothing is decided; any
    other value may be decided or the ticket's own. An expected ``note`` is words that one of its notes holds.
    """
    decider = Decider(configuration)
    return tuple(TestResult(test.name, tuple(_differences(decider, test, now))) for test in chosen(configuration, name))


def chosen(configuration: Configuration, name: str | None) -> tuple[RuleTest, ...]:
    """The tests with ``name`` in their name, without regard to case; all of them without one."""
    return tuple(test for test in configuration.rules.tests if (name or "").casefold() in test.name.casefold())


def _differences(decider: Decider, test: RuleTest, now: datetime) -> Iterator[Difference]:
    record, at, given = made_up(decider.configuration, test, now)
    reading, _, verdict = decider.walk(record, at, given=given)
    filled = {fill.field: fill.rule.name for fill in reading.filled}
    for field, expected in test.expect.items():
        got, rule = _got(verdict, filled, field, expected)
        if not (_says(expected, got) if field == NOTE else _same(expected, got)):
            shown = got[0] if len(got) == 1 else ", ".join(map(str, got)) or None
            yield Difference(field, expected, shown, rule)


def _got(
    verdict: Verdict, filled: Mapping[str, str], field: str, expected: str | int | None
) -> tuple[tuple[str | int, ...], str]:
    """The values of a field, and the rule that decided it."""
    if field == NOTE:
        return tuple(note.text for note in verdict.notes), ", ".join(dict.fromkeys(n.rule for n in verdict.notes))
    decision = verdict.values.get(field)
    if decision is not None and decision.value is not None:
        return (decision.value,), decision.rule
    if field in DECIDED and expected is None:
        return (), ""
    values = tuple(value if isinstance(value, int) else str(value) for value in verdict.facts.get(field, ()))
    return values, filled.get(field, "")


def _says(expected: str | int | None, notes: tuple[str | int, ...]) -> bool:
    """Whether one of the notes holds these words; without any expected, whether there is none."""
    if expected is None:
        return not notes
    return any(str(expected).casefold() in str(note).casefold() for note in notes)


def _same(expected: str | int | None, got: tuple[str | int, ...]) -> bool:
    if expected is None:
        return not got
    return str(expected).casefold() in {str(value).casefold() for value in got}


# --- the made-up ticket ------------------------------------------------------------------------------------------


def _text(values: tuple[object, ...]) -> str:
    return str(values[0])


def _texts(values: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(map(str, values))


def _level(values: tuple[object, ...]) -> int:
    return int(str(values[0]))


READERS: Mapping[str, Callable[[tuple[object, ...]], object]] = MappingProxyType(
    {
        **dict.fromkeys(("source", "number", "project", "summary", "description"), _text),
        **dict.fromkeys(("environment", "subcategory", "ci", "reporter", "assignee", "group", "vendor"), _text),
        **dict.fromkeys(("service", "category", "labels"), _texts),
        **dict.fromkeys(("impact", "urgency", "priority"), _level),
        "type": lambda values: TicketType(_text(values).casefold()),
        "state": lambda values: State(_text(values).casefold()),
        "approval": lambda values: ApprovalState(_text(values).casefold()),
    }
)
"""Facts that are fields of a ticket, and how each is read from the values of a test; the others stay facts alone."""


def made_up(configuration: Configuration, test: RuleTest, now: datetime) -> tuple[TicketRecord, datetime, Facts]:
    """The ticket of a test, the instant at which it is decided, and its facts as they were given."""
    given: dict[str, tuple[Any, ...]] = {field: tuple(values) for field, values in test.ticket.items()}
    at, created, updated = _instants(given, now)
    fields: dict[str, Any] = {
        "source": SOURCE,
        "number": "TEST-1",
        "type": TicketType.TASK,
        "project": "",
        "state": State.NEW,
        "custom": MappingProxyType(
            {
                field.removeprefix(CUSTOM_PREFIX): _texts(given[field])
                for field in given
                if field.startswith(CUSTOM_PREFIX)
            }
        ),
        "due_at": next(iter(given.get("due", ())), None),
    }
    fields |= {field: read(given[field]) for field, read in READERS.items() if given.get(field)}
    ticket = Ticket(external_id=test.name, version="", created_at=created, updated_at=updated, **fields)
    return TicketRecord(ticket, approvals=_votes(configuration, ticket)), at, given


def _instants(given: Mapping[str, tuple[Any, ...]], now: datetime) -> tuple[datetime, datetime, datetime]:
    """When a test's ticket is decided, was created and was last updated."""
    at = max((value for field in ("created", "updated") for value in given.get(field, ())), default=now)
    age, idle = (timedelta(seconds=next(iter(given.get(field, ())), 0)) for field in ("age", "idle"))
    created = next(iter(given.get("created", ())), at - max(age, idle))
    return at, created, next(iter(given.get("updated", ())), max(created, at - idle))


def _votes(configuration: Configuration, ticket: Ticket) -> tuple[Approval, ...]:
    """A vote by everybody who may be asked, as the test's approval says."""
    if ticket.approval in {None, ApprovalState.NOT_REQUIRED}:
        return ()
    decided_at = None if ticket.approval is ApprovalState.REQUESTED else ticket.created_at
    people = dict.fromkeys(person for rule in configuration.rules.approval for person in rule.then.approvers)
    return tuple(
        Approval(ticket.source, ticket.external_id, person, person, ticket.approval, ticket.created_at, decided_at)
        for person in people
    )
