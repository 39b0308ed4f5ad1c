"""A model check of approvals: every state that people, time and the bridge can bring about, with the real decider.

The model is small and whole: two approvers, one other person, one bridge, and time that is up or not. What is checked:
nobody is given a ticket that was not approved, and from every state there is a way to the approval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import pytest
from tests.rules.made import (
    ALWAYS,
    APPROVERS,
    CREATED,
    HERE,
    NOW,
    approval_by,
    entry,
    example,
    record,
    rule,
    vote,
    with_rules,
)

from itsm_bridge.config.model import ServiceNow, ServiceNowWrite
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, TicketRecord
from itsm_bridge.rules import Decider, Verdict, roll_up, standing_fields
from itsm_bridge.writeback.comparing import unasked

APPROVED, REJECTED, REQUESTED = ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.REQUESTED
NOT_REQUIRED = ApprovalState.NOT_REQUIRED
LATER = CREATED + timedelta(days=10)
SETTINGS = [(policy, on_timeout) for policy in ("all", "any") for on_timeout in (None, "escalate", "reject")]


@cache
def decider(policy: str, on_timeout: str | None) -> Decider:
    asked = replace(approval_by(*APPROVERS, kind=policy), on_timeout=on_timeout)
    asked = asked if on_timeout else replace(asked, timeout=None)
    return Decider(with_rules(example(), approval=(rule("gate", ALWAYS, asked),)))


@cache
def by_records(policy: str, on_timeout: str | None) -> Decider:
    """The same where votes are records of a ServiceNow instance."""
    write = ServiceNowWrite(approval="approver_records")
    snow = ServiceNow("snow", "https://egov.service-now.com", ("incident",), "", {}, {}, write, HERE)
    return Decider(replace(decider(policy, on_timeout).configuration, sources={"snow": snow}))


def decided(model: Decider, made: TicketRecord, *, late: bool) -> Verdict:
    standing = standing_fields(made, {}, model.configuration.ownership, accounts=["bridge"])
    return model.decide(made, LATER if late else NOW, standing=standing)


def released(verdict: Verdict) -> bool:
    return verdict.values.get("vendor") is not None


# --- votes as records of their own -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Votes:
    """``cast`` is each approver's record, with whether it came after the other person's edit; ``None``: no record."""

    cast: tuple[tuple[ApprovalState, bool] | None, ...] = (None, None)
    own: ApprovalState = NOT_REQUIRED
    edited: bool = False
    late: bool = False

    @property
    def record(self) -> TicketRecord:
        edit = [entry("approval", "x", self.own.value, minutes=20, actor="somebody")] if self.edited else []
        return record(*edit, approvals=self.approvals, approval=self.own)

    @property
    def approvals(self) -> list[Approval]:
        return [
            vote(person, given[0], minutes=30 if given[1] else 10)
            for person, given in zip(APPROVERS, self.cast, strict=True)
            if given is not None
        ]

    @property
    def votes(self) -> Mapping[str, ApprovalState]:
        return {one.approver: one.state for one in self.approvals}

    def after(self, model: Decider) -> Iterator[Votes]:
        """All that may happen next."""
        yield replace(self, late=True)
        for own in ApprovalState:
            yield replace(self, own=own, edited=True, cast=tuple(one and (one[0], False) for one in self.cast))
        for place, given in enumerate(self.cast):
            for state in ApprovalState if given is not None else ():
                cast = (*self.cast[:place], (state, self.edited), *self.cast[place + 1 :])
                yield replace(self, cast=cast, own=_source_says(cast))
        yield self.run(model)

    def run(self, model: Decider) -> Votes:
        """What the bridge does: it asks those who are to be asked, and nothing else."""
        verdict = decided(model, self.record, late=self.late)
        wanted = verdict.values.get("approval")
        missing = unasked(self.record, verdict.approvers)
        if wanted is None or wanted.value != REQUESTED or (self.own is REQUESTED and not missing):
            return self
        cast = tuple(
            (REQUESTED, self.edited) if person in missing else given
            for person, given in zip(APPROVERS, self.cast, strict=True)
        )
        return Votes(cast, REQUESTED, edited=self.edited, late=False)


def _source_says(cast: tuple[tuple[ApprovalState, bool] | None, ...]) -> ApprovalState:
    """What ServiceNow makes of the votes."""
    states = [given[0] for given in cast if given is not None and given[0] is not NOT_REQUIRED]
    if not states:
        return NOT_REQUIRED
    if REJECTED in states:
        return REJECTED
    return APPROVED if set(states) == {APPROVED} else REQUESTED


def reachable(model: Decider) -> dict[Votes, set[Votes]]:
    """Every state from a new ticket on, with those that may follow."""
    found: dict[Votes, set[Votes]] = {}
    waiting = [Votes()]
    while waiting:
        state = waiting.pop()
        if state not in found:
            found[state] = set(state.after(model))
            waiting.extend(found[state])
    return found


@pytest.mark.parametrize(("policy", "on_timeout"), SETTINGS)
def test_from_every_state_of_the_votes_there_is_a_way_to_the_approval(policy: str, on_timeout: str | None) -> None:
    model = by_records(policy, on_timeout)
    graph = reachable(model)
    good = {state for state in graph if released(decided(model, state.record, late=state.late))}
    assert 0 < len(good) < len(graph)
    assert len(graph) > 100
    while more := {state for state, nexts in graph.items() if state not in good and nexts & good}:
        good |= more
    assert set(graph) - good == set()


@pytest.mark.parametrize(("policy", "on_timeout"), SETTINGS)
def test_no_state_of_the_votes_releases_what_the_approvers_did_not_approve(policy: str, on_timeout: str | None) -> None:
    model = by_records(policy, on_timeout)
    wanted = model.configuration.rules.approval[0].then
    for state in reachable(model):
        verdict = decided(model, state.record, late=state.late)
        rolled_up = roll_up(state.votes, APPROVERS, wanted.policy)
        assert not released(verdict) or rolled_up is APPROVED, state
        assert released(verdict) or verdict.held, state  # whoever waits is listed with the reason


# --- votes in a plain field --------------------------------------------------------------------------------------

ACTORS = (*APPROVERS, "somebody", "bridge")
WORDS = ("approved", "rejected", "requested", "")


def in_field(steps: tuple[tuple[str, str], ...]) -> TicketRecord:
    history: list[HistoryEntry] = []
    for place, (actor, word) in enumerate(steps):
        before = steps[place - 1][1] if place else ""
        history.append(entry("approval", before, word, minutes=place + 1, actor=actor))
    own = ApprovalState(steps[-1][1]) if steps and steps[-1][1] else None
    return record(*history, approval=own)


def courses(length: int) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every course of a field up to ``length`` changes; the bridge never says anything but ``requested``."""
    yield ()
    if length:
        for course in courses(length - 1):
            for actor in ACTORS:
                for word in WORDS if actor != "bridge" else ("requested",):
                    if word != (course[-1][1] if course else ""):
                        yield (*course, (actor, word))


def approved_by_both(course: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What the approvers do: each sets the field to ``approved``, clearing it first where it says so already."""
    for person in APPROVERS:
        if course and course[-1][1] == "approved":
            course = (*course, (person, ""))
        course = (*course, (person, "approved"))
    return course


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("policy", "on_timeout"), SETTINGS)
def test_whatever_was_said_in_a_field_its_approvers_can_release_the_ticket(
    policy: str, on_timeout: str | None, *, late: bool
) -> None:
    model = decider(policy, on_timeout)
    every = set(courses(2))
    assert len(every) > 60
    for course in every:
        assert released(decided(model, in_field(approved_by_both(course)), late=late)), course


@pytest.mark.parametrize(("policy", "on_timeout"), SETTINGS)
def test_nobody_but_the_approvers_can_release_the_ticket(policy: str, on_timeout: str | None) -> None:
    model = decider(policy, on_timeout)
    for course in set(courses(2)):
        strangers = tuple(step for step in course if step[0] not in APPROVERS)
        if strangers == course:
            assert not released(decided(model, in_field(course), late=False)), course
