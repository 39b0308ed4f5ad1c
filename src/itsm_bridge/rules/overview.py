"""The rules at a glance: who owns what on a day, and how many tickets each rule matches and decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from itsm_bridge.config.model import Configuration, Environment, Rule, RuleBook
from itsm_bridge.model import Unrouted
from itsm_bridge.rules.classify import SECTION as CLASSIFY
from itsm_bridge.rules.decide import STAGES
from itsm_bridge.rules.eligibility import next_owner, owner_on
from itsm_bridge.rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class OwnerSlot:
    """Who is accountable for one service of an environment on a day, and who follows and when.

    No ``owner`` means nobody, a gap. ``fallback`` takes what the owner cannot.
    """

    environment: str
    service: str
    owner: str | None
    following: str | None
    starts: date | None
    fallback: str | None


@dataclass(frozen=True, slots=True)
class RuleHits:
    """One rule, and how many of the tickets it matched and decided something about."""

    section: str
    rule: Rule[Any]
    matched: int
    decided: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All rules in their order, and the tickets that none of them gives to anybody."""

    tickets: int
    rules: tuple[RuleHits, ...]
    unrouted: tuple[Unrouted, ...]


def owner_map(configuration: Configuration, day: date) -> tuple[OwnerSlot, ...]:
    """Every environment and service of ``vendors.yaml`` on ``day``, in the order of the file."""
    return tuple(
        _ownership(environment, service, day)
        for environment in configuration.environments.values()
        for service in environment.services
    )


def _ownership(environment: Environment, service: str, day: date) -> OwnerSlot:
    owner, coming = owner_on(environment, [service], day), next_owner(environment, [service], day)
    return OwnerSlot(
        environment=environment.name,
        service=service,
        owner=None if owner is None else owner.vendor,
        following=None if coming is None else coming.vendor,
        starts=None if coming is None else coming.start,
        fallback=environment.fallback,
    )


def overview(configuration: Configuration, verdicts: Iterable[Verdict]) -> Overview:
    """What the rules came to over many tickets; a rule counts once a ticket."""
    matched: Counter[tuple[str, str]] = Counter()
    decided: Counter[tuple[str, str]] = Counter()
    unrouted: list[Unrouted] = []
    tickets = 0
    for verdict in verdicts:
        tickets += 1
        matched.update({(entry.section, entry.rule) for entry in verdict.trace})
        decided.update({(entry.section, entry.rule) for entry in verdict.trace if entry.decided})
        if verdict.unrouted is not None:
            unrouted.append(verdict.unrouted)
    rules = tuple(
        RuleHits(section, rule, matched[section, rule.name], decided[section, rule.name])
        for section, rule in every_rule(configuration.rules)
    )
    return Overview(tickets, rules, tuple(unrouted))


def every_rule(book: RuleBook) -> Iterator[tuple[str, Rule[Any]]]:
    """The rules with the names of their sections, in the order in which they run."""
    yield from ((CLASSIFY, rule) for rule in book.classify)
    for section, stage in STAGES.items():
        yield from ((section, rule) for rule in stage.rules(book))
