from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.proofs.tables import NOW, clean_table, found, table, to, witness
from tests.rules.made import ALWAYS, all_of, approval_by, assign, contains, is_, on, record, rule

from itsm_bridge.conditions import Operator, fields_of
from itsm_bridge.config import load
from itsm_bridge.config.model import Escalate, RuleTest
from itsm_bridge.model import State, TicketRecord, TicketType
from itsm_bridge.proofs import Budget, prove
from itsm_bridge.rules import run_tests

CONFIG = Path(__file__).resolve().parents[2] / "config"
CHANGE, PUNJAB = is_("type", "change"), is_("environment", "punjab")
CROSSING = (to("OptIT", "changes", CHANGE), to("GWL", "punjab", PUNJAB), to("eGov DevOps", "rest", ALWAYS))


def test_nothing_is_wrong_with_the_shipped_rules() -> None:
    configuration = load(CONFIG)
    assert len(configuration.rules.assignment) > 1

    assert prove(configuration, NOW) == ()


def test_the_example_of_the_contract_only_has_rules_that_cross(shared: Path) -> None:
    findings = prove(load(shared / "example-config"), NOW)

    assert [(one.code, one.severity) for one in findings] == [("R302", "warning")] * 2


def test_a_clean_table_of_500_rules_over_8_fields_has_no_finding() -> None:
    rules = clean_table()
    assert len(rules) == 500
    assert len({name for one in rules for name in fields_of(one.when)}) == 8

    assert found(table(assignment=rules)) == []


def recent(*days: int, **fields: Any) -> list[TicketRecord]:  # noqa: ANN401  # any field of a ticket
    return [record(created_at=NOW - timedelta(days=back), **fields) for back in days]


def test_a_finding_says_how_many_tickets_of_the_last_90_days_it_concerns() -> None:
    both = recent(1, 89, 91, type=TicketType.CHANGE) + recent(2)

    findings = [one for one in prove(table(assignment=CROSSING), NOW, lambda: both) if one.code == "R302"]

    assert [one.message.rpartition("; ")[2] for one in findings] == ["2 tickets of the last 90 days"]


def test_a_closed_ticket_counts_as_if_it_were_new() -> None:
    closed = recent(3, type=TicketType.CHANGE, state=State.CLOSED)

    (finding,) = [one for one in prove(table(assignment=CROSSING), NOW, lambda: closed) if one.code == "R302"]

    assert finding.message.endswith("; 1 ticket of the last 90 days")


def test_what_concerns_more_tickets_comes_first_within_a_code() -> None:
    rules = (*CROSSING[:2], to("eGov DevOps", "ledger", contains("text", "ledger")), CROSSING[2])
    tickets = recent(1, 2)  # of Punjab, about the ledger, and no changes

    findings = [one for one in prove(table(assignment=rules), NOW, lambda: tickets) if one.code == "R302"]

    assert [one.line for one in findings] == [3, 2, 3]
    assert findings[0].message.endswith("; 2 tickets of the last 90 days")


def test_the_store_is_not_asked_where_there_is_nothing_to_count() -> None:
    def never() -> Iterator[TicketRecord]:
        yield from ()
        raise AssertionError("nobody asked for tickets")

    assert prove(load(CONFIG), NOW, never) == ()


def test_a_witness_can_be_pasted_into_the_tests_of_the_rules() -> None:
    old = on("age", Operator.GT, 86_400)
    configuration = table(assignment=(to("OptIT", "old", old), to("GWL", "punjab", PUNJAB), to("GWL", "rest", ALWAYS)))
    (finding,) = found(configuration, "R302")
    given = {name: value for name, value in witness(finding).items() if name != "age"}
    assert witness(finding)["age"].endswith("s")
    facts = {name: (value,) for name, value in given.items()} | {"age": (int(witness(finding)["age"][:-1]),)}

    test = RuleTest("witness", facts, {"vendor": "OptIT"}, configuration.rules.assignment[0].position)
    (result,) = run_tests(replace(configuration, rules=replace(configuration.rules, tests=(test,))), NOW)

    assert result.passed, result.differences


def test_a_budget_that_is_used_up_is_said_and_nothing_is_hidden() -> None:
    texts = [to("OptIT" if n % 2 else "GWL", f"t{n}", all_of(contains("text", f"word{n}x"), PUNJAB)) for n in range(6)]
    configuration = table(assignment=(*texts, *CROSSING))

    findings = found(configuration, budget=Budget(steps=1))

    assert {one.code for one in findings} == {"R309"}
    assert {one.severity for one in findings} == {"info"}
    assert any('"punjab" crosses another rule' in one.message for one in findings)
    assert all("was not decided" in one.message for one in findings)


def test_the_same_configuration_gives_the_same_findings() -> None:
    configuration = table(assignment=CROSSING)

    assert prove(configuration, NOW) == prove(configuration, NOW)


def test_escalations_are_reached_whatever_the_load_of_the_day() -> None:
    then = Escalate(50, "resolution", "lead", note=False)
    pool = rule("pool", ALWAYS, assign(among=("OptIT", "GWL"), by="load"))
    told = (rule("second", is_("vendor", "GWL"), then), rule("nobody", is_("vendor", "MacroSkies"), then))
    waiting = (rule("all", is_("type", "change"), approval_by("a@x")),)

    findings = found(table(assignment=(pool,), escalation=told), "R301", "R309")
    kept = found(table(approval=waiting, assignment=(pool,), escalation=told), "R301", "R309")

    assert [one.line for one in findings] == [3]
    assert kept == []  # who holds a ticket keeps it while it waits
