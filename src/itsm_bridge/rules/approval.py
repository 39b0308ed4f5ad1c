"""The fourth section: whether a ticket needs an approval, and what the votes so far come to.

A timeout (``timeout``, ``on_timeout``) is read but not carried out by this version: an approval that nobody answers
stays requested.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.conditions import shown
from itsm_bridge.config.model import Ownership, Policy, RequireApproval, Rule
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.model import Approval, ApprovalState, Held, TicketRecord
from itsm_bridge.rules.ownership import who
from itsm_bridge.rules.verdict import Case, CompiledRule, FieldDecision, Step, TraceEntry, because

SECTION = "approval"
BLOCKING = frozenset({ApprovalState.REQUESTED, ApprovalState.REJECTED})
"""An approval in one of these states keeps a ticket from being given to anybody."""


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What the rules say. ``since`` is the last vote that counts; ``objection`` why an ``approved`` does not count."""

    state: ApprovalState
    rule: Rule[RequireApproval] | None
    detail: str
    since: datetime | None = None
    objection: str = ""

    @property
    def decision(self) -> FieldDecision:
        name, why = ("", self.detail) if self.rule is None else (self.rule.name, because(self.rule, f"({self.detail})"))
        return FieldDecision(self.state.value, name, why)


def decide(case: Case, rules: Sequence[CompiledRule[RequireApproval]]) -> Step:
    """The approval by the first rule that matches; ``not_required`` where none does.

    A person's own change of the field stands where that binds, but it never lets a ticket through that a rule stops:
    only the votes of the configured approvers do.
    """
    rule = next(case.matching(rules), None)
    ruling = _ruling(case.record, rule)
    trace = () if rule is None else (TraceEntry(SECTION, rule.name, decided=True, note=_note(ruling)),)
    approvers = rule.then.approvers if rule is not None and ruling.state is ApprovalState.REQUESTED else ()
    own = case.ticket.approval or ApprovalState.NOT_REQUIRED
    stands = own is not ruling.state and _binds(case, ruling)
    effective = _effective(ruling, own) if stands else ruling.state
    return Step(
        values={} if stands else {"approval": ruling.decision},
        held=_held(case, ruling, own) if stands else (),
        approvers=approvers,
        facts={"approval": (effective.value,)},
        trace=trace,
        waits=_waits(effective, ruling) if effective in BLOCKING else "",
    )


def roll_up(votes: Mapping[str, ApprovalState], approvers: Sequence[str], policy: Policy) -> ApprovalState:
    """What ``votes`` (by approver) come to under ``policy``; pure, and made anew from all votes each time.

    Only the votes of ``approvers`` count; addresses compare without regard to case. Approved as soon as enough have
    approved (``all``: everybody, ``any``: one, ``count``: so many, ``percent``: at least that share); rejected as soon
    as that can no longer be reached; else requested. Raises ``ConfigurationInvalid`` where there are no approvers, or
    where the policy asks for none of them or for more than there are: nothing is ever approved by nobody.
    """
    people = {_person(approver) for approver in approvers}
    needed = _needed(policy, len(people))
    cast = {_person(voter): vote for voter, vote in votes.items()}
    approved = sum(cast.get(person) is ApprovalState.APPROVED for person in people)
    rejected = sum(cast.get(person) is ApprovalState.REJECTED for person in people)
    if approved >= needed:
        return ApprovalState.APPROVED
    return ApprovalState.REJECTED if len(people) - rejected < needed else ApprovalState.REQUESTED


def _needed(policy: Policy, people: int) -> int:
    amount = policy.amount or 0
    wanted = {"all": people, "any": 1, "count": amount, "percent": amount * people / 100}.get(policy.kind, 0)
    needed = math.ceil(wanted)
    if not 1 <= needed <= people:
        raise ConfigurationInvalid(
            f"an approval by {policy.kind} {policy.amount or ''} of {people} approvers can be given by nobody; "
            "nothing was decided"
        )
    return needed


def latest_votes(approvals: Iterable[Approval], approvers: Iterable[str]) -> dict[str, Approval]:
    """The last vote of each of ``approvers``, by casefolded address; who is asked again has not voted yet."""
    people = {_person(approver) for approver in approvers}
    ordered = sorted(approvals, key=lambda vote: (vote.decided_at or vote.requested_at, vote.approval_id))
    return {person: vote for vote in ordered if (person := _person(vote.approver)) in people}


def _person(address: str) -> str:
    return address.strip().casefold()


# --- what the rules say ------------------------------------------------------------------------------------------


def _ruling(record: TicketRecord, rule: Rule[RequireApproval] | None) -> _Ruling:
    if rule is None:
        return _Ruling(ApprovalState.NOT_REQUIRED, None, "no rule asks for an approval")
    return _by_votes(record, rule) if record.approvals else _by_field(record, rule)


def _by_votes(record: TicketRecord, rule: Rule[RequireApproval]) -> _Ruling:
    votes = latest_votes(record.approvals, rule.then.approvers)
    states = {person: vote.state for person, vote in votes.items()}
    approved = sum(state is ApprovalState.APPROVED for state in states.values())
    rejected = sum(state is ApprovalState.REJECTED for state in states.values())
    detail = f"{approved} of {len(set(map(_person, rule.then.approvers)))} approved, {rejected} rejected"
    since = max((vote.decided_at for vote in votes.values() if vote.decided_at is not None), default=None)
    return _Ruling(roll_up(states, rule.then.approvers, rule.then.policy), rule, detail, since)


def _by_field(record: TicketRecord, rule: Rule[RequireApproval]) -> _Ruling:
    """The ticket's own word, where its source keeps no votes: an approval counts only if an approver gave it."""
    roll_up({}, rule.then.approvers, rule.then.policy)  # refuses a policy that nobody can fulfil
    own = record.ticket.approval
    if own is ApprovalState.REJECTED:
        return _Ruling(own, rule, "the ticket says rejected")
    if own is not ApprovalState.APPROVED:
        return _Ruling(ApprovalState.REQUESTED, rule, "nobody has voted")
    last = next((entry for entry in reversed(record.history) if entry.field == "approval"), None)
    if last is None or last.new != ApprovalState.APPROVED or not last.actor.strip():
        return _Ruling(ApprovalState.REQUESTED, rule, why := "approved by nobody known", objection=why)
    if _person(last.actor) not in {_person(approver) for approver in rule.then.approvers}:
        why = f"approved by {shown(last.actor)}, who is not an approver"
        return _Ruling(ApprovalState.REQUESTED, rule, why, objection=why)
    return _Ruling(ApprovalState.APPROVED, rule, f"approved by {shown(last.actor)}", last.at)


# --- what a person says ------------------------------------------------------------------------------------------


def _binds(case: Case, ruling: _Ruling) -> bool:
    """Whether a person's change of the field stands against the rules: unless an approver has voted since."""
    standing = case.standing.get("approval")
    return standing is not None and (ruling.since is None or ruling.since < standing.at)


def _effective(ruling: _Ruling, own: ApprovalState) -> ApprovalState:
    """The stricter of the two; where no rule asks for an approval, the person's."""
    if ruling.rule is None:
        return own
    return own if own in BLOCKING and ruling.state not in BLOCKING else ruling.state


def _held(case: Case, ruling: _Ruling, own: ApprovalState) -> tuple[Held, ...]:
    """A line where a person's word stands against a rule's; without a rule only under ``hold``."""
    standing = case.standing["approval"]
    if ruling.rule is None and standing.mode is not Ownership.HOLD:
        return ()
    why = ruling.objection or f"{own.value} since a change by {who(standing)}; the rules say {ruling.state.value}"
    return (Held(case.ticket.id, "approval", why),)


def _waits(state: ApprovalState, ruling: _Ruling) -> str:
    by = "" if ruling.rule is None else f" (rule {ruling.rule.name})"
    if state is ApprovalState.REJECTED:
        return f"its approval was rejected{by}"
    whom = "" if ruling.rule is None else f" by {', '.join(ruling.rule.then.approvers)}"
    objection = f"; {ruling.objection}" if ruling.objection else ""
    return f"waits for approval{whom}{by}{objection}"


def _note(ruling: _Ruling) -> str:
    return f"approval = {ruling.state.value} ({ruling.detail})"
