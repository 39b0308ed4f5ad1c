from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import ALWAYS, APPROVERS, CREATED, NOW, approval_by, entry, record, rule, vote, with_rules

from itsm_bridge.config.model import Configuration, Ownership, Policy
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, TicketType
from itsm_bridge.rules import Decider, Verdict, roll_up, standing_fields

APPROVED, REJECTED, REQUESTED = ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.REQUESTED
NOT_REQUIRED = ApprovalState.NOT_REQUIRED
SPOC, HEAD = APPROVERS
LETTERS = {"A": APPROVED, "R": REJECTED, "-": REQUESTED}


def votes(letters: str) -> dict[str, ApprovalState]:
    return {str(place): LETTERS[letter] for place, letter in enumerate(letters)}


@pytest.mark.parametrize(
    ("policy", "letters", "expected"),
    [
        (Policy("all"), "-", REQUESTED),
        (Policy("all"), "A", APPROVED),
        (Policy("all"), "AA", APPROVED),
        (Policy("all"), "A-", REQUESTED),
        (Policy("all"), "AR", REJECTED),
        (Policy("all"), "R-", REJECTED),
        (Policy("any"), "A-", APPROVED),
        (Policy("any"), "AR", APPROVED),
        (Policy("any"), "RA", APPROVED),
        (Policy("any"), "R-", REQUESTED),
        (Policy("any"), "RR", REJECTED),
        (Policy("percent", 50), "A-", APPROVED),
        (Policy("percent", 50), "R-", REQUESTED),
        (Policy("percent", 50), "RR", REJECTED),
        (Policy("percent", 50), "A--", REQUESTED),
        (Policy("percent", 50), "AA-", APPROVED),
        (Policy("percent", 50), "RR-", REJECTED),
        (Policy("percent", 100), "AA-", REQUESTED),
        (Policy("percent", 14), "A" * 7 + "-" * 43, APPROVED),
        (Policy("percent", 1), "-" * 3, REQUESTED),
        (Policy("count", 2), "A--", REQUESTED),
        (Policy("count", 2), "AA-", APPROVED),
        (Policy("count", 2), "AAR", APPROVED),
        (Policy("count", 2), "AR-", REQUESTED),
        (Policy("count", 2), "RR-", REJECTED),
    ],
)
def test_votes_roll_up_by_policy(policy: Policy, letters: str, expected: ApprovalState) -> None:
    assert roll_up(votes(letters), list(votes(letters)), policy) is expected


@pytest.mark.parametrize("policy", [Policy("all"), Policy("any"), Policy("count", 1), Policy("percent", 50)])
def test_nobody_approves_nothing(policy: Policy) -> None:
    with pytest.raises(ConfigurationInvalid, match="of 0 approvers"):
        roll_up({"0": APPROVED}, [], policy)


@pytest.mark.parametrize(
    "policy",
    [
        Policy("count", 3),
        Policy("count", 0),
        Policy("count"),
        Policy("percent", 0),
        Policy("percent", 101),
        Policy("most"),
    ],
)
def test_a_policy_that_cannot_be_fulfilled_or_asks_for_nothing_is_a_mistake(policy: Policy) -> None:
    with pytest.raises(ConfigurationInvalid, match="nothing was decided"):
        roll_up(votes("AA"), ["0", "1"], policy)


def test_only_the_configured_approvers_count_and_case_does_not() -> None:
    cast = {"Mallory@egov.example": APPROVED, "HEAD@egov.example ": APPROVED}
    assert roll_up(cast, ["head@egov.example", "spoc@egov.example"], Policy("all")) is REQUESTED
    assert roll_up(cast, ["head@egov.example", "Head@egov.example"], Policy("all")) is APPROVED


@given(
    st.text("AR-", min_size=1, max_size=6), st.sampled_from(["all", "any"]) | st.integers(1, 6) | st.floats(0.5, 100)
)
def test_a_verdict_is_final_for_those_who_have_not_voted(letters: str, how: str | float) -> None:
    policy = Policy(how) if isinstance(how, str) else Policy("percent" if isinstance(how, float) else "count", how)
    if isinstance(how, int) and how > len(letters):
        return
    now = roll_up(votes(letters), list(votes(letters)), policy)
    later = {roll_up(votes(letters.replace("-", each)), list(votes(letters)), policy) for each in "AR"}
    assert later == {now} if now is not REQUESTED else later == {APPROVED, REJECTED}


# --- on a ticket -------------------------------------------------------------------------------------------------


def decided(
    configuration: Configuration, *history: HistoryEntry, approvals: tuple[Approval, ...] = (), **ticket: object
) -> Verdict:
    made = record(*history, approvals=approvals, **({"type": TicketType.CHANGE, "environment": "ap"} | ticket))
    standing = standing_fields(made, {}, configuration.ownership)
    return Decider(configuration).decide(made, NOW, standing=standing)


def held(verdict: Verdict) -> Mapping[str, str]:
    return {line.field: line.why for line in verdict.held}


def test_a_ticket_that_no_rule_stops_needs_no_approval(configuration: Configuration) -> None:
    verdict = decided(configuration, type=TicketType.INCIDENT)
    assert verdict.values["approval"].value == "not_required"
    assert verdict.values["vendor"].value == "GWL"
    assert verdict.approvers == ()


def test_a_ticket_that_a_rule_stops_waits_with_nobody(configuration: Configuration) -> None:
    verdict = decided(configuration)
    assert verdict.values["approval"].value == "requested"
    assert verdict.values["approval"].rule == "production-change"
    assert verdict.approvers == APPROVERS
    assert "vendor" not in verdict.values
    assert verdict.unrouted is None
    assert held(verdict) == {"vendor": f"waits for approval by {SPOC}, {HEAD} (rule production-change)"}


def test_all_votes_let_it_through(configuration: Configuration) -> None:
    verdict = decided(configuration, approvals=(vote(SPOC.upper(), APPROVED), vote(HEAD, APPROVED)), approval=REQUESTED)
    assert verdict.values["approval"].value == "approved"
    assert verdict.values["approval"].because.endswith("(2 of 2 approved, 0 rejected)")
    assert verdict.values["vendor"].value == "GWL"
    assert verdict.held == ()


def test_one_rejection_stops_it_for_good(configuration: Configuration) -> None:
    verdict = decided(configuration, approvals=(vote(SPOC, APPROVED), vote(HEAD, REJECTED)))
    assert verdict.values["approval"].value == "rejected"
    assert held(verdict) == {"vendor": "its approval was rejected (rule production-change)"}
    assert verdict.approvers == ()


def test_the_votes_of_others_do_not_count(configuration: Configuration) -> None:
    verdict = decided(configuration, approvals=(vote("mallory@egov.example", APPROVED), vote(HEAD, APPROVED)))
    assert verdict.values["approval"].value == "requested"


def test_the_last_vote_of_a_person_counts(configuration: Configuration) -> None:
    changed = (vote(SPOC, REJECTED, minutes=5), vote(SPOC, APPROVED, minutes=9), vote(HEAD, APPROVED))
    assert decided(configuration, approvals=changed).values["approval"].value == "approved"
    assert decided(configuration, approvals=changed[::-1]).values["approval"].value == "approved"


def test_who_is_asked_again_has_not_voted_yet(configuration: Configuration) -> None:
    again = replace(vote(SPOC, REQUESTED), approval_id="again", requested_at=CREATED + timedelta(minutes=30))
    verdict = decided(configuration, approvals=(vote(SPOC, APPROVED), vote(HEAD, APPROVED), again), approval=APPROVED)
    assert verdict.values["approval"].value == "requested"
    assert "vendor" not in verdict.values


# --- sources whose approval is a plain field -----------------------------------------------------------------------


def on_field(*changes: tuple[str, str, str]) -> tuple[HistoryEntry, ...]:
    """The changes of the field, a minute apart: who, from what, to what."""
    return tuple(
        entry("approval", old, new, minutes=minute, actor=actor)
        for minute, (actor, old, new) in enumerate(changes, start=1)
    )


def test_a_field_set_by_every_approver_counts(configuration: Configuration) -> None:
    history = on_field((HEAD.title(), "requested", "approved"), (SPOC, "approved", ""), (SPOC, "", "approved"))
    verdict = decided(configuration, *history, approval=APPROVED)
    assert verdict.values["approval"].value == "approved"
    assert verdict.values["approval"].because.endswith(f"(approved by {SPOC}, {HEAD})")
    assert verdict.values["vendor"].value == "GWL"


@pytest.mark.parametrize("mode", Ownership)
def test_a_field_set_by_one_of_two_approvers_releases_nothing_and_is_left_as_it_is(
    configuration: Configuration, mode: Ownership
) -> None:
    changed = replace(configuration, ownership={"approval": mode})
    verdict = decided(changed, *on_field((HEAD, "requested", "approved")), approval=APPROVED)
    so_far = f"1 of 2 have approved: {HEAD}; missing: {SPOC}"
    assert set(verdict.values) & {"approval", "vendor"} == set()
    assert held(verdict) == {
        "approval": f"{so_far}; the field stays approved, and who is missing can clear it and set it again",
        "vendor": f"waits for approval by {SPOC}, {HEAD} (rule production-change); {so_far}",
    }
    noted = next(one for one in verdict.trace if one.rule == "production-change")
    assert not noted.decided
    assert noted.note == f"would set approval = requested ({so_far}), but the field is left as it is"


def test_one_person_who_sets_the_field_twice_is_one_vote(configuration: Configuration) -> None:
    history = on_field((HEAD, "requested", "approved"), (HEAD, "approved", ""), (HEAD.upper(), "", "approved"))
    assert held(decided(configuration, *history, approval=APPROVED))["approval"].startswith("1 of 2 have approved")


def test_the_second_approver_may_pass_through_requested(configuration: Configuration) -> None:
    history = on_field(
        (HEAD, "requested", "approved"), (SPOC, "approved", "requested"), (SPOC, "requested", "approved")
    )
    assert decided(configuration, *history, approval=APPROVED).values["approval"].value == "approved"
    waiting = decided(configuration, *history[:2], approval=REQUESTED)
    assert "vendor" not in waiting.values


@pytest.mark.parametrize("asker", ["bridge", "asha", SPOC])
def test_votes_before_the_last_request_do_not_count(configuration: Configuration, asker: str) -> None:
    history = on_field(
        (SPOC, "requested", "approved"), (asker, "approved", "requested"), (HEAD, "requested", "approved")
    )
    verdict = decided(configuration, *history, approval=APPROVED)
    assert "vendor" not in verdict.values
    assert f"1 of 2 have approved: {HEAD}; missing: {SPOC}" in held(verdict)["approval"]


def test_an_approver_takes_an_approval_back_by_clearing_the_field(configuration: Configuration) -> None:
    history = on_field(
        (SPOC, "requested", "approved"), (SPOC, "approved", "not_required"), (HEAD, "not_required", "approved")
    )
    assert "vendor" not in decided(configuration, *history, approval=APPROVED).values


def test_an_approver_who_rejected_outweighs_the_word_of_the_other(configuration: Configuration) -> None:
    history = on_field((SPOC, "requested", "rejected"), (HEAD, "rejected", "approved"))
    verdict = decided(configuration, *history, approval=APPROVED)
    so_far = f"1 of 2 have approved: {HEAD}; rejected: {SPOC}"
    assert "approval" not in verdict.values
    assert held(verdict) == {
        "approval": f"{so_far}; the field stays approved",
        "vendor": f"its approval was rejected (rule production-change); {so_far}",
    }


def test_what_others_set_in_between_is_no_vote_and_takes_none_away(configuration: Configuration) -> None:
    history = on_field(
        (SPOC, "requested", "approved"), ("asha", "approved", ""), ("asha", "", "approved"), (HEAD, "", "approved")
    )
    assert decided(configuration, *history, approval=APPROVED).values["approval"].value == "approved"
    verdict = decided(configuration, *history[:3], approval=APPROVED)
    assert held(verdict)["approval"] == "approved by asha, who is not an approver"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(Policy("any"), ""), (Policy("percent", 50), ""), (Policy("count", 2), f"missing: {SPOC}")],
)
def test_votes_in_a_field_roll_up_by_policy(configuration: Configuration, policy: Policy, expected: str) -> None:
    asked = replace(approval_by(*APPROVERS), policy=policy)
    changed = with_rules(configuration, approval=(rule("change", ALWAYS, asked),))
    verdict = decided(changed, *on_field((HEAD, "requested", "approved")), approval=APPROVED)
    assert expected in held(verdict).get("approval", "")
    assert ("vendor" in verdict.values) is (not expected)


def test_a_count_says_how_many_of_whom_are_missing(configuration: Configuration) -> None:
    asked = approval_by("a@egov.example", "b@egov.example", HEAD, kind="count", amount=2)
    changed = with_rules(configuration, approval=(rule("change", ALWAYS, asked),))
    verdict = decided(changed, *on_field((HEAD, "requested", "approved")), approval=APPROVED)
    assert held(verdict)["approval"].startswith(
        f"1 of 2 have approved: {HEAD}; missing: 1 of a@egov.example, b@egov.example;"
    )


def test_a_field_that_no_longer_says_approved_asks_on(configuration: Configuration) -> None:
    history = on_field((HEAD, "requested", "approved"), ("workflow", "approved", ""))
    made = record(*history, type=TicketType.CHANGE, environment="ap", approval=None)
    verdict = Decider(configuration).decide(made, NOW)
    assert verdict.values["approval"].value == "requested"
    assert verdict.values["approval"].because.endswith(
        f"(1 of 2 have approved: {HEAD}; missing: {SPOC}; the field no longer says so)"
    )
    assert "vendor" not in verdict.values


def test_a_field_set_by_somebody_else_does_not(configuration: Configuration) -> None:
    verdict = decided(configuration, entry("approval", "requested", "approved", actor="asha"), approval=APPROVED)
    assert "approval" not in verdict.values
    assert "vendor" not in verdict.values
    assert held(verdict)["approval"] == "approved by asha, who is not an approver"
    assert held(verdict)["vendor"].startswith("waits for approval")
    assert verdict.approvers == APPROVERS


@pytest.mark.parametrize("actor", ["infra-head", "infra-head@egov.example.evil.example", "", " "])
def test_nothing_but_the_whole_address_is_an_approver(configuration: Configuration, actor: str) -> None:
    verdict = decided(configuration, entry("approval", "requested", "approved", actor=actor), approval=APPROVED)
    assert "vendor" not in verdict.values
    assert "approval" in held(verdict)


def test_what_a_ticket_was_created_with_is_asked_for_anew(configuration: Configuration) -> None:
    verdict = decided(configuration, approval=APPROVED)
    assert verdict.values["approval"].value == "requested"
    assert held(verdict) == {
        "vendor": f"waits for approval by {SPOC}, {HEAD} (rule production-change); approved by nobody known"
    }


def test_an_approval_older_than_the_last_word_does_not_count(configuration: Configuration) -> None:
    history = (
        entry("approval", "", "approved", minutes=1, actor=HEAD),
        entry("approval", "approved", "rejected", minutes=2, actor=HEAD),
    )
    assert held(decided(configuration, *history, approval=APPROVED))["approval"] == "approved by nobody known"


def test_a_rejected_field_stops_the_ticket_whoever_set_it(configuration: Configuration) -> None:
    verdict = decided(configuration, approval=REJECTED)
    assert verdict.values["approval"].value == "rejected"
    assert "vendor" not in verdict.values


# --- a person's change and the votes -------------------------------------------------------------------------------


def test_a_person_cannot_lift_an_approval_that_a_rule_wants(configuration: Configuration) -> None:
    history = entry("approval", "requested", "not_required", minutes=20)
    verdict = decided(configuration, history, approvals=(vote(HEAD, APPROVED),), approval=NOT_REQUIRED)
    assert "approval" not in verdict.values
    assert held(verdict)["approval"].startswith("not_required since a change by asha on")
    assert held(verdict)["vendor"].startswith("waits for approval")


def test_a_person_can_stop_a_ticket_that_the_votes_let_through(configuration: Configuration) -> None:
    history = entry("approval", "approved", "rejected", minutes=20)
    everybody = (vote(SPOC, APPROVED), vote(HEAD, APPROVED))
    verdict = decided(configuration, history, approvals=everybody, approval=REJECTED)
    assert "approval" not in verdict.values
    assert held(verdict)["vendor"] == "its approval was rejected (rule production-change)"


def test_a_vote_after_the_change_has_the_last_word(configuration: Configuration) -> None:
    history = entry("approval", "", "requested", minutes=5, actor="workflow")
    everybody = (vote(SPOC, APPROVED, minutes=8), vote(HEAD, APPROVED, minutes=9))
    verdict = decided(configuration, history, approvals=everybody, approval=REQUESTED)
    assert verdict.values["approval"].value == "approved"
    assert verdict.values["vendor"].value == "GWL"


def test_a_change_in_the_second_of_a_vote_stands_as_nobody_knows_which_came_first(configuration: Configuration) -> None:
    history = entry("approval", "requested", "not_required", minutes=8)
    votes = (vote(SPOC, APPROVED, minutes=8),)
    verdict = decided(configuration, history, approvals=votes, approval=NOT_REQUIRED)
    assert "approval" not in verdict.values
    assert held(verdict)["approval"].startswith("not_required since a change by asha on")


def test_a_persons_request_stands_where_no_rule_asks(configuration: Configuration) -> None:
    verdict = decided(configuration, entry("approval", "", "requested"), approval=REQUESTED, type=TicketType.INCIDENT)
    assert "approval" not in verdict.values
    assert held(verdict) == {"vendor": "waits for approval"}


def test_force_overrules_a_person(configuration: Configuration) -> None:
    made = record(
        entry("approval", "requested", "approved"), type=TicketType.CHANGE, environment="ap", approval=APPROVED
    )
    standing = standing_fields(made, {}, {"approval": Ownership.FORCE})
    verdict = Decider(configuration).decide(made, NOW, standing=standing)
    assert verdict.values["approval"].value == "requested"
    assert set(held(verdict)) == {"vendor"}


def test_an_approval_rule_without_approvers_is_a_mistake_and_never_an_approval(configuration: Configuration) -> None:
    nobody = with_rules(configuration, approval=(rule("nobody", ALWAYS, approval_by()),))
    for state in ApprovalState:
        with pytest.raises(ConfigurationInvalid):
            Decider(nobody).decide(record(approval=state), NOW)


POLICIES = {
    "`all`": Policy("all"),
    "`any`": Policy("any"),
    "`2` of three": Policy("count", 2),
    "`50%`": Policy("percent", 50),
}


def told_in_the_docs() -> Iterator[tuple[str, Policy, str]]:
    """Each cell of the table in ``docs/approvals.md``: the votes, the policy and what they come to."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "approvals.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    for line, *outcomes in rows[2:]:
        letters = "" if line.startswith("nobody") else re.sub("[^AR-]", "", line.replace("–", "-"))
        for name, outcome in zip(rows[0][1:], outcomes, strict=True):
            if outcome != "–":
                yield letters, POLICIES[name], outcome


@pytest.mark.parametrize(("letters", "policy", "outcome"), list(told_in_the_docs()))
def test_what_the_page_on_approvals_says_is_so(letters: str, policy: Policy, outcome: str) -> None:
    given = votes(letters)
    if not letters:
        with pytest.raises(ConfigurationInvalid):
            roll_up(given, list(given), policy)
    else:
        assert roll_up(given, list(given), policy) == ApprovalState(outcome)


def test_a_vote_that_is_taken_back_counts_as_not_given(configuration: Configuration) -> None:
    back = [vote(SPOC, APPROVED), vote(HEAD, NOT_REQUIRED)]
    made = record(type=TicketType.CHANGE, environment="ap", approvals=back, approval=APPROVED)
    verdict = Decider(configuration).decide(made, NOW)
    assert verdict.values["approval"].value == "requested"
    assert "vendor" not in verdict.values
