"""What the configuration says about fields: which it names, which values they have, and when that turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Kind, Not, Value
from itsm_bridge.config.model import Configuration, Jira, RuleBook
from itsm_bridge.model import ApprovalState, State, TicketType
from itsm_bridge.rules import every_rule

REQUIRED = frozenset(
    {"source", "number", "project", "type", "state", "approval", "created", "updated", "age", "idle"}
    | {"reopened", "reassigned", "weekday", "time"}
)
"""Fields that no ticket is without; a ticket without an approval counts as ``not_required``."""

ALWAYS = ("type", "state", "environment", "service", "impact", "urgency", "priority", "approval")
"""Fields that the sections read, whatever the conditions."""

CLOCKS = ("created", "updated", "age", "idle", "time", "weekday")
TEXTS = ("summary", "description")
LEVELS: Mapping[str, int] = MappingProxyType({"impact": 3, "urgency": 3, "priority": 5})


def tests_of(book: RuleBook) -> dict[str, tuple[FieldTest, ...]]:
    """All tests of all rules, by field, in the order of the file."""
    return tests_in(rule.when for _, rule in every_rule(book))


def tests_in(conditions: Iterable[Condition]) -> dict[str, tuple[FieldTest, ...]]:
    """All tests of some conditions, by field, in their order."""
    found: dict[str, dict[FieldTest, None]] = {}
    for condition in conditions:
        for test in _leaves(condition):
            found.setdefault(test.field, {})[test] = None
    return {name: tuple(tests) for name, tests in found.items()}


def _leaves(condition: Condition) -> Iterator[FieldTest]:
    match condition:
        case FieldTest():
            yield condition
        case Not(part):
            yield from _leaves(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _leaves(part)


def domain_of(configuration: Configuration, name: str, kind: Kind) -> Sequence[Value] | None:
    """All values that a field can have; ``None`` where they are open."""
    if name in LEVELS:
        return range(1, LEVELS[name] + 1)
    if name == "project":
        return [project for source in configuration.sources.values() for project in projects_of(source)] or None
    domains: Mapping[Kind, Sequence[Value]] = {
        Kind.TYPE: list(TicketType),
        Kind.STATE: list(State),
        Kind.APPROVAL: list(ApprovalState),
        Kind.SOURCE: list(configuration.sources) or ["test"],
        Kind.ENVIRONMENT: list(configuration.environments),
        Kind.SERVICE: services_of(configuration),
        Kind.VENDOR: list(configuration.vendors),
    }
    return domains.get(kind)


def services_of(configuration: Configuration) -> list[str]:
    """The services of all environments."""
    environments = configuration.environments.values()
    return list(dict.fromkeys(service for environment in environments for service in environment.services))


def projects_of(source: object) -> tuple[str, ...]:
    """The projects of a Jira site, or the tables of a ServiceNow instance."""
    return source.projects if isinstance(source, Jira) else getattr(source, "tables", ())


def turning_days(configuration: Configuration) -> set[date]:
    """The days on which an ownership begins or ends, or an NDA is signed."""
    owners = [owner for environment in configuration.environments.values() for owner in environment.owners]
    days = {day for owner in owners for day in (owner.start, owner.end)}
    days |= {vendor.nda_signed for vendor in configuration.vendors.values()}
    return {day for day in days if day is not None}
