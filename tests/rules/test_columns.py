from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.conditions.randomly import LONG
from tests.rules.made import (
    ALWAYS,
    NOW,
    approval_by,
    assign,
    contains,
    empty,
    example,
    is_,
    levels,
    on,
    record,
    rule,
    with_rules,
)
from tests.rules.randomly import VENDORS, some_configuration, some_record

import itsm_bridge.rules.approval as approval
from itsm_bridge.conditions import Operator
from itsm_bridge.conditions.columns import RowFacts, flags_of
from itsm_bridge.config.model import Classify, Configuration, RequireApproval, Rule
from itsm_bridge.model import State, TicketRecord
from itsm_bridge.rules import Decider, Verdict, facts_of, standing_fields
from itsm_bridge.rules.columns import ColumnDecider, Outcomes, columns_of
from itsm_bridge.rules.facts import lasting_facts
from itsm_bridge.rules.verdict import Case, Step

BOOKS, BATCH, TICKETS = (10_000 if LONG else 200), 100, 30
LOADS = {"OptIT": 1.5, "GWL": 0.5}


def decided(configuration: Configuration, records: list[TicketRecord]) -> tuple[list[Verdict], Outcomes]:
    """One by one, and by columns."""
    decider = Decider(configuration)
    standing = {
        row: found for row, one in enumerate(records) if (found := standing_fields(one, {}, configuration.ownership))
    }
    verdicts = [
        decider.decide(one, NOW, standing=standing.get(row, {}), loads=LOADS) for row, one in enumerate(records)
    ]
    return verdicts, ColumnDecider(decider).decide(records, NOW, standing=standing, loads=LOADS)


@pytest.mark.parametrize("batch", range(BOOKS // BATCH))
def test_a_population_is_decided_as_its_tickets_are(batch: int) -> None:
    chance = random.Random(batch)
    seen: Counter[str] = Counter()
    for _ in range(BATCH):
        configuration = some_configuration(chance)
        records = [some_record(chance, place) for place in range(TICKETS)]
        verdicts, outcomes = decided(configuration, records)
        assert [outcomes.of(row) for row in range(TICKETS)] == [dict(verdict.values) for verdict in verdicts]
        unrouted = flags_of(outcomes.unrouted)[:TICKETS].tolist()
        assert unrouted == [verdict.unrouted is not None for verdict in verdicts]
        seen.update(field for verdict in verdicts for field in verdict.values)
        seen.update(entry.section for verdict in verdicts for entry in verdict.trace if entry.decided)
        seen["unrouted"] += sum(unrouted)
    expected = {"vendor", "approval", "priority", "impact", "urgency", "unrouted", "classify", "intake", "assignment"}
    assert all(seen[name] > 50 for name in expected), seen


def loads_of(given: Mapping[str, int]) -> dict[str, float]:
    """Loads that differ from the numbers of tickets, as the vendors' sizes do."""
    return {name: given.get(name, 0) / size for name, size in (("OptIT", 3), ("GWL", 2), ("MacroSkies", 1))}


@pytest.mark.parametrize("batch", range(10 if LONG else 1))
def test_a_population_is_replayed_as_its_tickets_are_one_after_the_other(batch: int) -> None:
    chance = random.Random(batch)
    dealt = 0
    for _ in range(60):
        some = some_configuration(chance)
        pool = rule("pool", ALWAYS, assign(among=("OptIT", "GWL"), by="load"))
        decider = Decider(with_rules(some, assignment=(*some.rules.assignment[:3], pool)))
        records = [some_record(chance, place) for place in range(TICKETS)]
        instants = [NOW + timedelta(hours=chance.choice((0, 13, 30, 24 * 70))) for _ in records]
        given: Counter[str] = Counter()
        expected = []
        for one, at in zip(records, instants, strict=True):
            verdict = decider.decide(one, at, loads=loads_of(given))
            expected.append(dict(verdict.values))
            if "vendor" in verdict.values:
                given[str(verdict.values["vendor"].value)] += 1
                dealt += "the least load" in verdict.values["vendor"].because
        outcomes = ColumnDecider(decider).decide(records, instants, loads=loads_of)
        assert [outcomes.of(row) for row in range(TICKETS)] == expected
    assert dealt > 50


def test_columns_of_facts_are_the_facts_of_each_ticket() -> None:
    chance = random.Random(5)
    records = [some_record(chance, place) for place in range(300)]
    zone = example().zone
    columns = columns_of(records, NOW, zone)
    for row, one in enumerate(records):
        facts = facts_of(one, NOW, zone) | {"custom.release": one.ticket.custom.get("release", ())}
        seen = RowFacts(columns, row)
        assert {field: seen[field] for field in facts} == facts


def test_a_population_says_which_rule_decided() -> None:
    configuration = with_rules(
        example(),
        classify=(rule("filled", contains("text", "pb-"), Classify({"environment": "ap"})),),
        assignment=(
            rule("mine", is_("environment", "punjab"), assign(vendor="OptIT")),
            rule("all", ALWAYS, assign(vendor="GWL")),
        ),
    )
    records = [
        record(environment="punjab"),
        record(environment=None, summary="pb-db is down"),
        record(environment="bihar"),
        record(environment="punjab", state=State.CLOSED),
    ]
    _, outcomes = decided(configuration, records)
    assert outcomes.first["assignment"].tolist() == [0, 1, 1, -1]
    assert [RowFacts(outcomes.facts, row)["environment"] for row in range(3)] == [
        ("punjab",),
        ("ap",),
        ("bihar",),
    ]


def test_hundreds_of_rules_that_fill_fields_are_read_as_well() -> None:
    rules = tuple(rule(f"r{step}", is_("number", str(step)), Classify({"category": str(step)})) for step in range(700))
    configuration = with_rules(
        example(), classify=rules, assignment=(rule("late", is_("category", "699"), assign(vendor="GWL")),)
    )
    records = [record(number=str(step), category=()) for step in range(700)]
    outcomes = ColumnDecider(Decider(configuration)).decide(records, NOW)
    assert [RowFacts(outcomes.facts, row)["category"] for row in range(700)] == [(str(row),) for row in range(700)]
    assert [row for row in range(700) if "vendor" in outcomes.of(row)] == [699]


def test_many_rules_that_fill_fields_are_read_as_often_as_it_takes() -> None:
    chain = [
        rule(f"step-{step}", is_("custom.step", str(step)), Classify({f"custom.seen{step}": "yes", "category": "late"}))
        for step in range(3)
    ]
    backwards = (
        rule("third", is_("subcategory", "second"), Classify({"ci": "third"})),
        rule("second", is_("category", "first"), Classify({"subcategory": "second"})),
        rule("first", empty("category"), Classify({"category": "first"})),
        *chain,
    )
    configuration = with_rules(
        example(), classify=backwards, assignment=(rule("all", is_("ci", "third"), assign(vendor="GWL")),)
    )
    records = [record(category=()), record(category=("first",)), record(category=("other",))]
    verdicts, outcomes = decided(configuration, records)
    assert [sorted(verdict.values) for verdict in verdicts] == [sorted(outcomes.of(row)) for row in range(3)]
    assert [("vendor" in verdict.values) for verdict in verdicts] == [True, True, False]


def test_a_population_reads_the_same_at_any_time_and_then_sees_how_old_it_is() -> None:
    old = on("age", Operator.GT, 0)
    configuration = with_rules(
        example(),
        classify=(rule("never", old, Classify({"category": "late"})),),
        assignment=(rule("late", old, assign(vendor="GWL")),),
    )
    verdicts, outcomes = decided(configuration, [record(category=())])
    assert RowFacts(outcomes.facts, 0)["category"] == verdicts[0].facts["category"] == ()
    assert outcomes.of(0)["vendor"] == verdicts[0].values["vendor"]


def test_nobody_is_decided_in_an_empty_population() -> None:
    _, outcomes = decided(example(), [])
    assert outcomes.values["vendor"].codes.tolist() == []


def test_a_rotation_is_asked_ticket_by_ticket() -> None:
    configuration = with_rules(
        example(),
        priority=(rule("low", ALWAYS, levels(3, 3)),),
        assignment=(rule("turns", ALWAYS, assign(among=("OptIT", "GWL"), by="rotation")),),
    )
    records = [record(external_id=str(place)) for place in range(60)]
    verdicts, outcomes = decided(configuration, records)
    vendors = [outcomes.of(row)["vendor"].value for row in range(60)]
    assert vendors == [verdict.values["vendor"].value for verdict in verdicts]
    assert set(vendors) == {"OptIT", "GWL"} <= set(VENDORS)


def test_a_ticket_that_is_asked_for_itself_is_asked_as_classified(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str | None, tuple[object, ...]]] = []

    def spied(case: Case, rule: Rule[RequireApproval] | None) -> Step:
        asked.append((case.ticket.environment, case.facts["environment"]))
        return by_rule(case, rule)

    by_rule = approval.by_rule
    monkeypatch.setattr(approval, "by_rule", spied)
    configuration = with_rules(example(), approval=(rule("all", ALWAYS, approval_by("infra-head@egov.example")),))
    ColumnDecider(Decider(configuration)).decide([record(environment=None, summary="pb-db is slow")], NOW)
    assert asked == [("punjab", ("punjab",))]


def test_facts_that_a_source_leaves_blank_are_none() -> None:
    one = record(environment=" ", category=("", "a"))
    columns = columns_of([one], NOW, example().zone)
    assert [RowFacts(columns, 0)[field] for field in ("environment", "category")] == [(), ("a",)]
    assert lasting_facts(one, example().zone)["category"] == ("a",)
