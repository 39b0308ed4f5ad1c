"""What is wrong with a rule set, found by deciding every ticket: slow, simple, and independent of any solver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.proofs.random_rules import Fields

from itsm_bridge.conditions import Facts
from itsm_bridge.config.model import Assign, Configuration, Position, RuleTest, VendorStatus
from itsm_bridge.rules.assignment import choose
from itsm_bridge.rules.decide import Decider
from itsm_bridge.rules.eligibility import refusal
from itsm_bridge.rules.testing import made_up
from itsm_bridge.rules.verdict import NOBODY, Case

DECIDING = ("classify", "intake", "priority", "approval", "assignment")
ALL = (*DECIDING, "escalation", "knowledge")


@dataclass
class Findings:
    """Names of rules that decide nothing, pairs that cross, sections with gaps, vendors without work."""

    unreachable: set[str]
    crossing: set[tuple[str, str]]
    gaps: set[str] = field(default_factory=set)
    idle_vendors: set[str] = field(default_factory=set)


@dataclass
class Seen:
    """What became of one ticket."""

    matched: dict[str, list[str]]
    decided: set[str]
    differing: set[tuple[str, str]]
    unranked: bool
    unrouted: bool
    takers: set[str]


def decide_all(configuration: Configuration, tickets: Iterable[tuple[Fields, datetime]]) -> Findings:
    """Everything that is wrong, as far as ``tickets`` show it."""
    decider = Decider(configuration)
    rules = {name: list(getattr(configuration.rules, name)) for name in ALL}
    found = Findings({rule.name for section in rules.values() for rule in section}, set())
    found.idle_vendors = {one.name for one in configuration.vendors.values() if one.status is VendorStatus.ACTIVE}
    parted: set[tuple[str, str]] = set()
    meeting: set[tuple[str, str]] = set()
    for fields, now in tickets:
        seen = look(decider, fields, now)
        found.unreachable -= seen.decided
        found.idle_vendors -= seen.takers
        found.gaps |= {"priority"} if seen.unranked and rules["priority"] else set()
        found.gaps |= {"assignment"} if seen.unrouted and rules["assignment"] else set()
        if all(len(values) < 2 for values in fields.values()):
            meeting |= seen.differing
        for section, names in seen.matched.items():
            parted |= {(name, other.name) for name in names for other in rules[section] if other.name not in names}
    found.crossing = {(one, other) for one, other in meeting if {(one, other), (other, one)} <= parted}
    if not rules["assignment"]:
        found.idle_vendors = set()
    return found


def look(decider: Decider, fields: Fields, now: datetime) -> Seen:
    """Decide one ticket, and note what could have been decided otherwise."""
    test = RuleTest("oracle", fields, {}, Position("rules.yaml", 1, 1))
    record, _, given = made_up(decider.configuration, test, now)
    reading, runs, verdict = decider.walk(record, now, given=given)
    first = reading.filled[0].seen if reading.filled else reading.facts
    matched = {"classify": [one for one in decider.reader.rules if one.holds(first)]}
    waits = any(run.step.waits for run in runs)
    asked: dict[str, Facts] = {run.section: run.facts for run in runs if not run.skipped}
    for section, facts in asked.items():
        blocked = section == "assignment" and waits
        matched[section] = [] if blocked else [one for one in decider.rules[section] if one.holds(facts)]
    filled = {fill.field: fill.rule.name for fill in reading.filled}
    takers: dict[str, frozenset[str]] = {}
    if "assignment" in asked:
        given_work: list[Any] = list(matched["assignment"])
        case = Case(decider.configuration, reading.record, asked["assignment"], now, NOBODY, NOBODY)
        takers = {one.rule.name: _takers(case, one.rule.then) for one in given_work}
    section_rules = {section: [one.rule for one in found] for section, found in matched.items()}
    decided, differing = _decided(section_rules, filled, takers, decider.configuration)
    winner = next((rule.name for rule in section_rules.get("assignment", ()) if takers[rule.name]), None)
    return Seen(
        {section: [rule.name for rule in found] for section, found in section_rules.items()},
        decided,
        differing,
        "priority" in asked and "priority" not in verdict.values and not verdict.facts.get("priority"),
        verdict.unrouted is not None,
        set(takers[winner]) if winner else set(),
    )


def _takers(case: Case, then: Assign) -> frozenset[str]:
    if then.among:
        return frozenset(name for name in then.among if refusal(case, name, then.skills) is None)
    vendor = choose(case, then).vendor
    return frozenset([vendor] if vendor else ())


def _decided(
    matched: dict[str, list[Any]],
    filled: dict[str, str],
    takers: dict[str, frozenset[str]],
    configuration: Configuration,
) -> tuple[set[str], set[tuple[str, str]]]:
    decided: set[str] = set(filled.values())
    differing: set[tuple[str, str]] = set()
    names = {rule.name for rule in matched["classify"]}
    for rule in matched["classify"]:
        for name, by in filled.items():
            above = next((one for one in configuration.rules.classify if one.name == by), None)
            if above and by in names and rule.then.fields.get(name, above.then.fields[name]) != above.then.fields[name]:
                differing |= _pair(configuration.rules.classify, by, rule.name)
    for section in ("intake", "approval"):
        for rule in matched.get(section, ())[:1]:
            decided.add(rule.name)
            differing |= {(rule.name, other.name) for other in matched[section] if other.then != rule.then}
    more, pairs = _levels(matched.get("priority", ()), configuration)
    for place, rule in enumerate(matched.get("assignment", ())):
        decided.add(rule.name)
        if takers[rule.name]:
            below = matched["assignment"][place + 1 :]
            pairs |= {
                (rule.name, other.name)
                for other in below
                if other.then != rule.then and takers[other.name] and takers[other.name] != takers[rule.name]
            }
            break
    acting = {rule.name for section in ("escalation", "knowledge") for rule in matched.get(section, ())}
    return decided | more | acting, differing | pairs


def _pair(rules: Sequence[Any], one: str, other: str) -> set[tuple[str, str]]:
    order = [rule.name for rule in rules]
    return {(one, other)} if order.index(one) < order.index(other) else set()


def _levels(matched: Sequence[Any], configuration: Configuration) -> tuple[set[str], set[tuple[str, str]]]:
    """Impact, urgency and priority each by the first that sets it; a priority not below both others."""
    first: dict[str, tuple[int, Any]] = {}
    for place, rule in enumerate(matched):
        for name in ("impact", "urgency", "priority"):
            if getattr(rule.then, name) is not None:
                first.setdefault(name, (place, rule))
    if "priority" in first and all(
        name in first and first[name][0] < first["priority"][0] for name in ("impact", "urgency")
    ):
        del first["priority"]
    differing = {
        (rule.name, other.name)
        for name, (place, rule) in first.items()
        for other in matched[place + 1 :]
        if getattr(other.then, name) not in {None, getattr(rule.then, name)}
    }
    for place, rule in enumerate(matched):
        whole = all(first.get(name, (None, None))[1] is rule for name in ("impact", "urgency"))
        if whole:
            made = configuration.rules.matrix[rule.then.impact - 1][rule.then.urgency - 1]
            differing |= {
                (rule.name, other.name) for other in matched[place + 1 :] if other.then.priority not in {None, made}
            }
    return {rule.name for _, rule in first.values()}, differing
