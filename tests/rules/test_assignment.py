from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import (
    ALWAYS,
    CREATED,
    NOW,
    assign,
    environment,
    is_,
    owner,
    record,
    rule,
    ticket,
    with_rules,
    with_vendor,
)

from itsm_bridge.config.model import Configuration, Ownership, VendorStatus
from itsm_bridge.rules import Decider, Standing, Verdict
from itsm_bridge.rules.assignment import by_rotation


def decided(configuration: Configuration, now: datetime = NOW, **changed: Any) -> Verdict:  # noqa: ANN401  # any field
    return Decider(configuration).decide(record(**changed), now)


def given_to(verdict: Verdict) -> tuple[object, str]:
    return verdict.values["vendor"].value, verdict.values["vendor"].rule


def with_assignment(configuration: Configuration, **how: object) -> Configuration:
    return with_rules(configuration, assignment=(rule("only", ALWAYS, assign(**how)),))  # type: ignore[arg-type]  # of assign


# --- owners ------------------------------------------------------------------------------------------------------


def test_the_owner_of_the_environment_is_given_the_ticket(configuration: Configuration) -> None:
    verdict = decided(configuration, environment="Punjab", service=("erp",))
    assert given_to(verdict) == ("OptIT", "owner")
    assert verdict.values["vendor"].because == "Every environment has one accountable owner. (OptIT owns punjab)"


def test_of_two_owners_the_one_that_names_the_service_wins(configuration: Configuration) -> None:
    verdict = decided(configuration, service=("erp", "PORTAL"))
    assert given_to(verdict) == ("GWL", "owner")
    assert "(GWL owns punjab for portal)" in verdict.values["vendor"].because


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 31, 18, 29, 59, tzinfo=UTC), "eGov DevOps"),  # still March in India: the fallback
        (datetime(2026, 3, 31, 18, 30, tzinfo=UTC), "OptIT"),  # midnight in India: from is inclusive
        (datetime(2026, 6, 30, 18, 30, tzinfo=UTC), "GWL"),
    ],
)
def test_ownership_changes_at_midnight_in_the_configurations_zone(
    configuration: Configuration, now: datetime, expected: str
) -> None:
    assert given_to(decided(configuration, now, service=("portal",)))[0] == expected


def test_an_ownership_ends_before_its_last_day(configuration: Configuration) -> None:
    ready = with_vendor(configuration, "MacroSkies", status=VendorStatus.ACTIVE, nda_signed=date(2026, 1, 1))
    last, first = datetime(2026, 12, 31, 12, tzinfo=UTC), datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert given_to(decided(ready, last, environment="bihar"))[0] == "eGov DevOps"
    assert given_to(decided(ready, first, environment="bihar"))[0] == "MacroSkies"


def test_an_owner_that_cannot_take_work_is_replaced_by_the_fallback(configuration: Configuration) -> None:
    verdict = decided(configuration, datetime(2027, 1, 1, 12, tzinfo=UTC), environment="bihar")
    assert given_to(verdict)[0] == "eGov DevOps"
    assert "(fallback of bihar, since MacroSkies is onboarding, not active)" in verdict.values["vendor"].because


def test_before_the_first_ownership_the_fallback_is_given_the_ticket(configuration: Configuration) -> None:
    verdict = decided(configuration, datetime(2026, 3, 1, tzinfo=UTC), service=())
    assert given_to(verdict)[0] == "eGov DevOps"
    assert (
        "nobody owns punjab on 2026-03-01; OptIT's ownership begins only on 2026-04-01"
        in verdict.values["vendor"].because
    )


def test_a_rule_whose_vendors_cannot_work_leaves_the_ticket_to_the_next(configuration: Configuration) -> None:
    broken = with_vendor(configuration, "OptIT", nda_signed=None)
    broken = with_vendor(broken, "eGov DevOps", status=VendorStatus.ENDED)
    verdict = decided(broken)
    assert given_to(verdict) == ("GWL", "shared-pool")
    (passed,) = [line for line in verdict.trace if line.rule == "owner"]
    assert not passed.decided
    assert passed.note == ("OptIT has no NDA on file; its fallback cannot either: eGov DevOps is ended, not active")


def test_an_environment_that_nobody_configured_goes_to_the_pool(configuration: Configuration) -> None:
    verdict = decided(configuration, environment="goa\x1b[2J")
    assert given_to(verdict)[1] == "shared-pool"
    assert verdict.trace[-2].note == "environment goa\\x1b[2J is not in vendors.yaml"


# --- who can take work -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"status": VendorStatus.OFFBOARDING}, "OptIT is offboarding, not active"),
        ({"nda_signed": None}, "OptIT has no NDA on file"),
        ({"nda_signed": date(2026, 11, 3)}, "OptIT's NDA is signed only on 2026-11-03"),
        ({"skills": ("postgres",)}, "OptIT lacks Kubernetes"),
    ],
)
def test_a_vendor_that_cannot_take_work_is_given_none(
    configuration: Configuration, changed: dict[str, object], why: str
) -> None:
    only = with_assignment(with_vendor(configuration, "OptIT", **changed), vendor="OptIT", skills=("Kubernetes",))
    verdict = decided(only)
    assert "vendor" not in verdict.values
    assert verdict.unrouted is not None
    assert verdict.unrouted.why == f"rule only matched, but {why}"


def test_an_nda_counts_from_the_day_it_is_signed(configuration: Configuration) -> None:
    only = with_assignment(with_vendor(configuration, "OptIT", nda_signed=date(2026, 11, 2)), vendor="OptIT")
    assert given_to(decided(only))[0] == "OptIT"


def test_an_internal_team_needs_no_nda(configuration: Configuration) -> None:
    assert given_to(decided(configuration, category=("security",))) == ("eGov DevOps", "security-stays-in")


def test_a_vendor_whose_ownership_has_not_begun_is_not_named_either(configuration: Configuration) -> None:
    ready = with_vendor(configuration, "MacroSkies", status=VendorStatus.ACTIVE, nda_signed=date(2026, 1, 1))
    only = with_assignment(ready, vendor="MacroSkies")
    assert given_to(decided(only, environment="punjab"))[0] == "MacroSkies"  # which it does not own at all
    verdict = decided(only, environment="bihar")
    assert verdict.unrouted is not None
    assert verdict.unrouted.why.endswith("MacroSkies's ownership begins only on 2027-01-01")


# --- one among several -------------------------------------------------------------------------------------------


def test_the_least_loaded_is_given_the_ticket(configuration: Configuration) -> None:
    pool = with_assignment(configuration, among=("OptIT", "GWL"), by="load")
    decider = Decider(pool)
    assert given_to(decider.decide(record(), NOW, loads={"OptIT": 0.5, "GWL": 0.2}))[0] == "GWL"
    assert given_to(decider.decide(record(), NOW, loads={"OptIT": 0.5, "GWL": float("inf")}))[0] == "OptIT"
    assert given_to(decider.decide(record(), NOW, loads={"OptIT": 0.3, "GWL": 0.3}))[0] == "OptIT"
    assert given_to(decider.decide(record(), NOW, loads={"OptIT": 0.1}))[0] == "GWL"


def test_a_ticket_in_the_pool_is_not_passed_around_as_loads_change(configuration: Configuration) -> None:
    pool = with_assignment(configuration, among=("OptIT", "GWL"), by="load")
    verdict = Decider(pool).decide(record(vendor="OptIT"), NOW, loads={"OptIT": 0.9, "GWL": 0.1})
    assert given_to(verdict)[0] == "OptIT"
    ended = with_vendor(pool, "OptIT", status=VendorStatus.ENDED)
    assert given_to(Decider(ended).decide(record(vendor="OptIT"), NOW))[0] == "GWL"


def test_who_cannot_take_work_is_not_in_the_pool(configuration: Configuration) -> None:
    pool = with_assignment(configuration, among=("MacroSkies", "OptIT", "GWL"), by="load", skills=("portal",))
    assert given_to(decided(pool))[0] == "GWL"


def test_rotation_spreads_tickets_evenly_and_for_good() -> None:
    vendors = ["OptIT", "GWL", "MacroSkies"]
    chosen = [by_rotation(ticket(external_id=str(number)), vendors) for number in range(3000)]
    assert {name: 900 < chosen.count(name) < 1100 for name in vendors} == dict.fromkeys(vendors, True)


@given(
    st.text(),
    st.text(),
    st.lists(st.text(), min_size=1, max_size=5, unique=True),
)
def test_rotation_always_names_one_and_the_order_does_not_matter(source: str, external: str, names: list[str]) -> None:
    made = ticket(source=source, external_id=external)
    chosen = by_rotation(made, names)
    assert chosen in names
    assert by_rotation(made, names[::-1]) == chosen
    others = [name for name in names if name != chosen]
    assert all(by_rotation(made, [name for name in names if name != gone]) == chosen for gone in others)


def test_a_renamed_ticket_keeps_its_turn(configuration: Configuration) -> None:
    pool = with_assignment(configuration, among=("OptIT", "GWL"), by="rotation")
    assert given_to(decided(pool, number="OPS-1")) == given_to(decided(pool, number="ENV-7"))


# --- nobody ------------------------------------------------------------------------------------------------------


def test_what_no_rule_routes_names_the_rule_that_failed_by_the_fewest_conditions(configuration: Configuration) -> None:
    rules = (
        rule("far", is_("type", "change"), assign(vendor="GWL")),
        rule("near", is_("category", "database", "storage"), assign(vendor="OptIT")),
    )
    far = replace(rules[0], when=replace(ALWAYS, parts=(rules[0].when, is_("service", "portal"))))
    verdict = decided(with_rules(configuration, assignment=(far, rules[1])), category=("net\nwork",))
    assert verdict.unrouted is not None
    assert verdict.unrouted.ticket == "snow:INC0010023"
    assert verdict.unrouted.why == (
        "no rule matches; nearest is near, if category is one of database, storage (seen 'net\\nwork')"
    )


def test_without_rules_nobody_is_given_anything(configuration: Configuration) -> None:
    verdict = decided(with_rules(configuration, assignment=()))
    assert verdict.unrouted is not None
    assert verdict.unrouted.why == "there are no assignment rules"


def test_an_environment_without_a_fallback_says_so(configuration: Configuration) -> None:
    bare = replace(configuration, environments={"punjab": environment("punjab", owner("MacroSkies"))})
    verdict = decided(with_assignment(bare, owner=True))
    assert verdict.unrouted is not None
    assert verdict.unrouted.why == "rule only matched, but MacroSkies is onboarding, not active; punjab has no fallback"


# --- persons -----------------------------------------------------------------------------------------------------


def test_a_persons_choice_stands_even_where_it_is_nobody(configuration: Configuration) -> None:
    standing = {"vendor": Standing("asha", CREATED, Ownership.YIELD)}
    for chosen in ("GWL", None):
        verdict = Decider(configuration).decide(record(vendor=chosen), NOW, standing=standing)
        assert "vendor" not in verdict.values
        assert verdict.held == ()
    empty = with_rules(configuration, assignment=())
    assert Decider(empty).decide(record(), NOW, standing=standing).unrouted is None


def test_a_persons_choice_is_held_where_the_configuration_says_so(configuration: Configuration) -> None:
    standing = {"vendor": Standing("", CREATED, Ownership.HOLD)}
    verdict = Decider(configuration).decide(record(vendor="GWL"), NOW, standing=standing)
    (held,) = verdict.held
    assert held.field == "vendor"
    assert held.why == (
        "changed by somebody unknown on 2026-11-02 04:30 UTC, which is held; the rules want OptIT (rule owner)"
    )
    assert Decider(configuration).decide(record(vendor="OptIT"), NOW, standing=standing).held == ()
