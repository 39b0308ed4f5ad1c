from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis import made
from tests.analysis.lives import Life, lives
from tests.analysis.made import NOW, ago, ticket
from tests.history.stretches import remembered, stretches

from itsm_bridge.conditions import AllOf, Condition, FieldTest, Matcher, Operator, Value
from itsm_bridge.config.model import Configuration, HolderKind, HoldRule, Position
from itsm_bridge.history import Holder, Holders, Moment, timeline

REASON = "custom.hold_reason"


@pytest.fixture(scope="session")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """MacroSkies is one of our own teams; three reasons of a hold say whom it waits for."""
    plain = made.configuration(tmp_path_factory.mktemp("project") / "config")
    ours = replace(plain.vendors["MacroSkies"], internal=True)
    rules = (
        rule({REASON: "awaiting vendor"}, HolderKind.VENDOR),
        rule({REASON: "awaiting board"}, HolderKind.APPROVER),
        rule({REASON: "awaiting parts"}, HolderKind.NOBODY),
        rule({"priority": 1}, HolderKind.VENDOR),
        rule({"category": "change", REASON: "awaiting parts"}, HolderKind.REQUESTER),
    )
    return replace(plain, vendors={**plain.vendors, "MacroSkies": ours}, holders=rules)


def rule(fields: Mapping[str, Value], holder: HolderKind) -> HoldRule:
    tests: list[Condition] = [FieldTest(name, (Matcher(Operator.ONE_OF, (value,)),)) for name, value in fields.items()]
    return HoldRule(AllOf(tuple(tests)), holder, Position("sla.yaml", 1, 1))


def values(**fields: str) -> dict[str, str]:
    plain = {"state": "in_progress", "approval": "not_required", "vendor": "GWL", "priority": "3", "category": ""}
    reason = fields.pop("reason", "")
    return plain | {REASON: reason} | fields


@pytest.mark.parametrize(
    ("seen", "name", "kind"),
    [
        (values(), "GWL", "vendor"),
        (values(state="new"), "GWL", "vendor"),
        (values(vendor=""), "nobody", "nobody"),
        (values(vendor="MacroSkies"), "MacroSkies", "internal"),
        (values(vendor="macroskies"), "macroskies", "internal"),
        (values(vendor="Somebody else"), "Somebody else", "vendor"),
        (values(state="on_hold"), "requester", "requester"),
        (values(state="on_hold", vendor=""), "requester", "requester"),
        (values(state="on_hold", reason="for lunch"), "requester", "requester"),
        (values(state="on_hold", reason="Awaiting Vendor"), "GWL", "vendor"),
        (values(state="on_hold", reason="awaiting vendor", vendor=""), "nobody", "nobody"),
        (values(state="on_hold", reason="awaiting vendor", vendor="MacroSkies"), "MacroSkies", "internal"),
        (values(state="on_hold", reason="awaiting board"), "approver", "approver"),
        (
            values(state="on_hold", reason="awaiting parts, awaiting board"),
            "approver",
            "approver",
        ),  # in the rules' order
        (
            values(state="on_hold", reason="awaiting parts", category="change"),
            "nobody",
            "nobody",
        ),  # the first that holds
        (values(state="on_hold", priority="1"), "GWL", "vendor"),
        (values(reason="awaiting board"), "GWL", "vendor"),  # not on hold
        (values(approval="requested"), "approver", "approver"),
        (values(approval="requested", vendor="", state="new"), "approver", "approver"),
        (values(approval="requested", state="on_hold", reason="awaiting vendor"), "approver", "approver"),
        (values(approval="approved"), "GWL", "vendor"),
        (values(approval="rejected", vendor=""), "nobody", "nobody"),
    ],
)
def test_a_ticket_has_the_holder_that_the_contract_says(
    configured: Configuration, seen: dict[str, str], name: str, kind: str
) -> None:
    assert Holders(configured).at(seen) == Holder(name, HolderKind(kind))


def test_only_the_fields_that_rules_look_at_are_followed(configured: Configuration) -> None:
    assert Holders(configured).fields == ("approval", "category", REASON, "priority", "state", "vendor")
    assert Holders(replace(configured, holders=())).fields == ("approval", "state", "vendor")


def test_time_counts_until_the_ticket_is_done_and_again_after_it_is_reopened(configured: Configuration) -> None:
    holders = Holders(replace(configured, holders=()))
    one = ticket(
        "INC1",
        ago(hours=9),
        (ago(hours=8), "vendor", "OptIT"),
        (ago(hours=7), "state", "resolved"),
        (ago(hours=6), "state", "closed"),
        (ago(hours=4), "state", "new"),
        (ago(hours=3), "state", "unknown"),
        (ago(hours=2), "state", "in_progress"),
    )
    found = stretches(holders, timeline(one, holders.fields), NOW)
    assert [(part.start, part.end, part.holder.name) for part in found] == [
        (ago(hours=9), ago(hours=8), "GWL"),
        (ago(hours=8), ago(hours=7), "OptIT"),
        (ago(hours=4), ago(hours=3), "OptIT"),
        (ago(hours=2), NOW, "OptIT"),
    ]


def is_open(life: Life, at: datetime) -> bool:
    states = ["new", *(new for when, field, new in life[1] if field == "state" and when <= at)]
    return states[-1] in {"new", "in_progress", "on_hold"}


@given(lives())
def test_every_part_of_the_open_time_has_one_holder_and_no_other_time_has(
    configured: Configuration, life: Life
) -> None:
    holders = Holders(configured)
    created, changes = life
    hours = [created + timedelta(hours=hour) for hour in range(24 * 42)]  # changes fall on these, and none is later
    course = timeline(ticket("INC1", created, *changes), holders.fields)
    found = list(stretches(holders, course, hours[-1] + timedelta(hours=1)))
    covered = [hour for part in found for hour in hours if part.start <= hour < part.end]
    assert covered == [hour for hour in hours if is_open(life, hour)]


@given(st.lists(st.sampled_from(["", "punjab", "ap"]), min_size=1))
def test_a_place_stays_known_once_it_is_and_the_first_one_holds_from_the_beginning(places: list[str]) -> None:
    course = [Moment(NOW + timedelta(hours=hour), {"environment": place}) for hour, place in enumerate(places)]
    found = [moment.values["environment"] for moment in remembered(course, ("environment",))]
    for index, place in enumerate(found):
        before = [known for known in places[: index + 1] if known]
        assert place == (before[-1] if before else next(filter(None, places), ""))
