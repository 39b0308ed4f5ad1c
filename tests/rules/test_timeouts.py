"""Approvals that nobody answers: when the time is up, and what becomes of them then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.rules.made import (
    ALWAYS,
    APPROVERS,
    CREATED,
    HERE,
    NOW,
    approval_by,
    entry,
    record,
    rule,
    vote,
    with_rules,
    with_vendor,
)

from itsm_bridge.config.model import Configuration, Contacts, Duration, ServiceNow, ServiceNowWrite
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry
from itsm_bridge.rules import Decider, Verdict, inputs_json

APPROVED, REJECTED, REQUESTED = ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.REQUESTED
SPOC, HEAD = APPROVERS
LAST_GOOD = CREATED + timedelta(hours=8)
"""Eight hours after Monday, 10:00 in India: that office closes at 18:30."""
LATE = LAST_GOOD + timedelta(seconds=1)


def stopped(configuration: Configuration, on_timeout: str, *, timeout: Duration | None = None) -> Configuration:
    """Everything needs both approvers within eight hours, and Punjab has a contact."""
    asked = replace(approval_by(*APPROVERS), on_timeout=on_timeout)
    asked = asked if timeout is None else replace(asked, timeout=timeout)
    punjab = replace(configuration.environments["punjab"], contact="contact@egov.example")
    known = replace(configuration, environments={**configuration.environments, "punjab": punjab})
    return with_rules(known, approval=(rule("gate", ALWAYS, asked),))


def decided(
    configuration: Configuration,
    now: datetime,
    *history: HistoryEntry,
    approvals: Sequence[Approval] = (),
    own: ApprovalState | None = REQUESTED,
    environment: str | None = "punjab",
) -> Verdict:
    made = record(*history, approvals=approvals, approval=own, environment=environment)
    return Decider(configuration).decide(made, now)


PENDING = [vote(SPOC, REQUESTED), vote(HEAD, REQUESTED)]


def test_the_last_good_instant_is_still_in_time(configuration: Configuration) -> None:
    escalating = stopped(configuration, "escalate")
    assert decided(escalating, LAST_GOOD, approvals=PENDING).notes == ()
    assert len(decided(escalating, LATE, approvals=PENDING).notes) == 1


def test_nights_and_weekends_do_not_count(configuration: Configuration) -> None:
    friday = CREATED + timedelta(days=4)
    asked = [replace(one, requested_at=friday + timedelta(hours=6)) for one in PENDING]
    escalating = stopped(configuration, "escalate")
    monday = friday + timedelta(days=3)
    assert decided(escalating, monday + timedelta(hours=5), approvals=asked).notes == ()
    assert len(decided(escalating, monday + timedelta(hours=6, seconds=1), approvals=asked).notes) == 1


def test_working_days_count_from_the_day_after(configuration: Configuration) -> None:
    escalating = stopped(configuration, "escalate", timeout=Duration(working_days=2))
    due = CREATED + timedelta(days=2)
    assert decided(escalating, due, approvals=PENDING).notes == ()
    assert len(decided(escalating, due + timedelta(seconds=1), approvals=PENDING).notes) == 1


def test_escalation_tells_the_contact_and_goes_on_waiting(configuration: Configuration) -> None:
    verdict = decided(stopped(configuration, "escalate"), LATE, approvals=PENDING)
    (note,) = verdict.notes
    assert note.told == ("contact@egov.example",)
    assert note.text == (
        "contact@egov.example: the approval by punjab-spoc@egov.example, infra-head@egov.example was not given within "
        "8 h of business time since it was asked for on 2026-11-02 04:30 UTC."
    )
    assert verdict.values["approval"].value == "requested"
    assert "vendor" not in verdict.values
    (held,) = (held for held in verdict.held if held.field == "approval")
    assert (held.why.endswith("; told contact@egov.example (rule gate)"), held.kind) == (True, "")


def test_where_an_environment_has_no_contact_the_lead_of_its_owner_is_told(configuration: Configuration) -> None:
    silent = replace(stopped(configuration, "escalate"), environments=configuration.environments)
    led = with_vendor(silent, "OptIT", contacts=Contacts("lead@optit.example"))
    assert decided(led, LATE, approvals=PENDING).notes[0].told == ("lead@optit.example",)


def test_where_nobody_is_named_at_all_that_is_a_finding(configuration: Configuration) -> None:
    silent = replace(stopped(configuration, "escalate"), environments=configuration.environments)
    verdict = decided(silent, LATE, approvals=PENDING)
    assert [note.told for note in verdict.notes] == [()]
    assert [held.kind for held in verdict.held if held.field == "approval"] == ["untold"]


def test_who_is_told_once_is_told_again_only_after_another_request(configuration: Configuration) -> None:
    escalating = stopped(configuration, "escalate")
    first, later = (decided(escalating, now, approvals=PENDING).notes[0] for now in (LATE, LATE + timedelta(days=9)))
    assert first.key == later.key
    again = [replace(one, requested_at=CREATED + timedelta(days=1)) for one in PENDING]
    assert decided(escalating, LATE + timedelta(days=9), approvals=again).notes[0].key != first.key


def test_silence_is_a_rejection_where_the_rule_says_so_and_is_never_written(configuration: Configuration) -> None:
    verdict = decided(stopped(configuration, "reject"), LATE, approvals=PENDING)
    assert verdict.values["approval"].value == "rejected"  # the plan writes nothing but requests
    assert "vendor" not in verdict.values
    assert verdict.notes == ()
    waiting = next(held.why for held in verdict.held if held.field == "vendor")
    assert waiting.startswith("its approval was rejected (rule gate); not given within 8 h of business time")


@pytest.mark.parametrize("on_timeout", ["escalate", "reject"])
def test_a_late_vote_still_counts(configuration: Configuration, on_timeout: str) -> None:
    given = [vote(SPOC, APPROVED, minutes=9_000), vote(HEAD, APPROVED, minutes=9_001)]
    verdict = decided(stopped(configuration, on_timeout), LATE + timedelta(days=9), approvals=given, own=APPROVED)
    assert verdict.values["vendor"].value == "OptIT"
    assert verdict.notes == ()


@pytest.mark.parametrize("on_timeout", ["escalate", "reject"])
def test_a_vote_does_not_stop_the_clock_of_those_who_are_silent(configuration: Configuration, on_timeout: str) -> None:
    half = [vote(SPOC, APPROVED), vote(HEAD, REQUESTED)]
    verdict = decided(stopped(configuration, on_timeout), LATE, approvals=half)
    assert verdict.values["approval"].value == {"escalate": "requested", "reject": "rejected"}[on_timeout]


def test_who_was_asked_last_has_the_whole_time(configuration: Configuration) -> None:
    later = [vote(SPOC, REQUESTED), replace(vote(HEAD, REQUESTED), requested_at=CREATED + timedelta(hours=4))]
    rejecting = stopped(configuration, "reject")
    assert decided(rejecting, LATE, approvals=later).values["approval"].value == "requested"


def test_nobody_is_late_before_anybody_was_asked(configuration: Configuration) -> None:
    verdict = decided(stopped(configuration, "reject"), LATE + timedelta(days=9), own=None)
    assert verdict.values["approval"].value == "requested"


def test_a_plain_field_is_asked_for_when_it_becomes_requested(configuration: Configuration) -> None:
    rejecting, asked = stopped(configuration, "reject"), entry("approval", "", "requested", minutes=60)
    in_time, late = (LAST_GOOD + timedelta(minutes=30), CREATED + timedelta(days=1, hours=1))
    assert decided(rejecting, in_time, asked).values["approval"].value == "requested"
    assert decided(rejecting, late, asked).values["approval"].value == "rejected"


def test_a_plain_field_that_was_always_requested_counts_from_the_creation(configuration: Configuration) -> None:
    assert decided(stopped(configuration, "reject"), LATE).values["approval"].value == "rejected"


def test_asking_again_starts_the_time_anew(configuration: Configuration) -> None:
    again = [entry("approval", "", "requested"), entry("approval", "requested", "requested", minutes=8 * 60)]
    assert decided(stopped(configuration, "reject"), LATE, *again).values["approval"].value == "requested"


def test_a_field_that_somebody_set_where_nobody_was_asked_starts_no_clock(configuration: Configuration) -> None:
    write = ServiceNowWrite(approval="approver_records")
    snow = ServiceNow("snow", "https://egov.service-now.com", ("incident",), "", {}, {}, write, HERE)
    rejecting = replace(stopped(configuration, "reject"), sources={"snow": snow})
    assert decided(rejecting, LATE + timedelta(days=9)).values["approval"].value == "requested"


def test_where_no_calendar_is_known_the_time_is_never_up(configuration: Configuration) -> None:
    rejecting = stopped(configuration, "reject")
    for environment in (None, "elsewhere"):
        verdict = decided(rejecting, LATE, approvals=PENDING, environment=environment)
        assert verdict.values["approval"].value == "requested"


def test_without_a_timeout_an_approval_waits_for_ever(configuration: Configuration) -> None:
    asked = replace(approval_by(*APPROVERS), timeout=None, on_timeout=None)
    verdict = decided(with_rules(configuration, approval=(rule("gate", ALWAYS, asked),)), LATE, approvals=PENDING)
    assert (verdict.values["approval"].value, verdict.notes) == ("requested", ())


def test_a_decision_keeps_when_the_silent_were_asked(configuration: Configuration) -> None:
    kept = json.loads(inputs_json(decided(stopped(configuration, "escalate"), NOW, approvals=PENDING)))
    assert kept["asked"] == dict.fromkeys(APPROVERS, CREATED.isoformat())
