from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.proofs.tables import found, table, to, witness
from tests.rules.made import (
    ALWAYS,
    approval_by,
    assign,
    contains,
    empty,
    environment,
    is_,
    levels,
    on,
    owner,
    rule,
    vendor,
    with_vendor,
)

from itsm_bridge.conditions import AnyOf, Operator
from itsm_bridge.config.model import VendorStatus


def test_a_gap_between_two_text_rules_is_found_with_a_ticket_in_it() -> None:
    rules = (to("OptIT", "disk", contains("text", "disk full")), to("GWL", "ledger", contains("text", "ledger")))

    (finding,) = found(table(assignment=rules), "R303")

    assert (finding.severity, finding.file, finding.line) == ("error", "rules.yaml", 2)
    assert finding.message.startswith("tickets are given to nobody: no rule matches them")
    assert "summary" not in witness(finding)


def test_what_covers_every_value_of_a_closed_field_leaves_no_gap() -> None:
    environments = ("punjab", "ap", "bihar", "internal")
    rules = [to("OptIT", name, is_("environment", name)) for name in environments]

    assert len(found(table(assignment=rules), "R303")) == 1
    assert found(table(assignment=(*rules, to("OptIT", "none", empty("environment")))), "R303") == []


def test_an_open_field_has_always_another_value() -> None:
    rules = (to("OptIT", "a", is_("subcategory", "a")), to("GWL", "none", empty("subcategory")))

    (finding,) = found(table(assignment=rules), "R303")

    assert witness(finding)["subcategory"] not in {"a", ""}


def test_a_rule_that_finds_nobody_leaves_a_gap() -> None:
    (finding,) = found(table(assignment=(rule("owner", ALWAYS, assign(owner=True)),)), "R303")

    assert "rules match them, and nobody whom those name can take the work" in finding.message
    assert "the ticket names no environment" in finding.message


def test_a_gap_that_only_begins_on_a_later_day_names_the_day() -> None:
    ending = environment("punjab", owner("OptIT", end=date(2027, 1, 1)))
    rules = (
        rule("owner", is_("environment", "punjab"), assign(owner=True)),
        to("GWL", "rest", AnyOf((empty("environment"), is_("environment", "ap", "bihar", "internal")))),
    )
    configuration = table(assignment=rules)
    configuration = replace(configuration, environments={**configuration.environments, "punjab": ending})

    (finding,) = found(configuration, "R303")

    assert "nobody owns punjab on 2027-01-01" in finding.message
    assert finding.message.endswith("from 2027-01-01 on")


def test_what_waits_for_approval_is_in_no_gap() -> None:
    asking = (rule("all", ALWAYS, approval_by("a@x", kind="any")),)

    (finding,) = found(table(approval=asking, assignment=(to("OptIT", "some", is_("impact", 1)),)), "R303")

    assert witness(finding)["approval"] == "approved"


def test_tickets_that_come_out_without_a_priority_are_a_warning() -> None:
    (finding,) = found(table(priority=(rule("changes", is_("type", "change"), levels(2, 2)),)), "R303")

    assert (finding.severity, finding.line) == ("warning", 1)
    assert not {"impact", "urgency", "priority"} <= witness(finding).keys()


def test_one_level_is_enough_where_the_ticket_has_the_other() -> None:
    by_impact = rule("impact", empty("impact"), levels(impact=3))
    by_urgency = rule("urgency", empty("urgency"), levels(urgency=3))

    assert found(table(priority=(by_impact, by_urgency)), "R303") == []
    assert len(found(table(priority=(by_impact,)), "R303")) == 1


def test_a_section_without_rules_has_no_gaps() -> None:
    assert found(table()) == []


def test_ages_between_two_rules_are_a_gap() -> None:
    rules = (to("OptIT", "young", on("age", Operator.LT, 3600)), to("GWL", "old", on("age", Operator.GT, 3600)))

    (finding,) = found(table(assignment=rules), "R303")

    assert witness(finding)["age"] == "3600s"


def test_an_active_vendor_that_no_rule_and_no_ownership_reaches_is_a_warning() -> None:
    (finding,) = found(table(assignment=(to("OptIT", "all", ALWAYS),)), "R306")[:1]

    assert (finding.severity, finding.witness) == ("warning", None)
    assert finding.message == '"GWL" is active, and no rule and no ownership ever gives it a ticket'


def test_a_rule_that_names_nobody_who_can_take_work_is_a_warning() -> None:
    rules = (
        to("MacroSkies", "new partner", is_("type", "change")),
        rule("pool", ALWAYS, assign(among=("OptIT", "GWL", "eGov DevOps"), by="load")),
    )

    (finding,) = found(table(assignment=rules), "R306")

    assert (finding.line, finding.severity) == (1, "warning")
    assert finding.message.startswith('"new partner" never finds anybody')


def test_a_vendor_whose_nda_is_signed_later_is_reached_later() -> None:
    configuration = with_vendor(
        table(assignment=(rule("pool", ALWAYS, assign(among=("OptIT", "GWL", "eGov DevOps"), by="load")),)),
        "GWL",
        nda_signed=date(2027, 5, 1),
    )

    assert found(configuration) == []


def test_who_is_not_active_is_not_expected_to_get_work() -> None:
    configuration = table(assignment=(rule("pool", ALWAYS, assign(among=("OptIT", "GWL", "eGov DevOps"), by="load")),))
    ended = {**configuration.vendors, "Old": vendor("Old", status=VendorStatus.ENDED)}

    assert found(replace(configuration, vendors=ended)) == []
